"""Simulated SNP arrays: the model of the project's array simulator in NumPy, one sample at a time.

700,000 SNPs, frequency of B uniform in 0.05 to 0.5, Gaussian noise of B allele fraction (0.035 at heterozygous, 0.012
at homozygous SNPs) and of the Log R ratio (0.18), which is 0.45 log2(copies / 2); phase switches at each SNP that is
heterozygous with a given chance. On request the Log R ratio has waves along the genome, and the noise of B allele
fraction another scale in each megabase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from genostab.arrays import Float64, Int16, Phase, SnpTable
from genostab.io.genome import load_genome
from genostab.karyotype.call import Karyotype
from genostab.karyotype.settings import load_settings
from genostab.karyotype.sex_calls import add_sex_chromosomes, changes_of_a_part_of_x
from genostab.karyotype.sex_chromosomes import SexChromosomes, call_sex_chromosomes
from genostab.karyotype.snp import array_sex, call_array
from genostab.results import Call

GENOME = load_genome("GRCh38")
SETTINGS = load_settings()


@dataclass(frozen=True, kw_only=True)
class Event:
    """A change of one copy, in all cells of its clone: gain, loss or copy-neutral LOH."""

    chrom: str
    start: int
    end: int
    kind: str


# The ten events of the simulator behind research/karyotype.md, section 3c.
EVENTS = (
    Event(chrom="chr12", start=0, end=133_275_309, kind="gain"),
    Event(chrom="chr20", start=0, end=64_444_167, kind="gain"),
    Event(chrom="chr21", start=0, end=46_709_983, kind="gain"),
    Event(chrom="chr17", start=50_000_000, end=70_000_000, kind="gain"),
    Event(chrom="chr1", start=150_000_000, end=154_000_000, kind="gain"),
    Event(chrom="chr8", start=100_000_000, end=101_000_000, kind="gain"),
    Event(chrom="chr5", start=100_000_000, end=120_000_000, kind="cnloh"),
    Event(chrom="chr9", start=0, end=138_394_717, kind="loss"),
    Event(chrom="chr4", start=60_000_000, end=64_000_000, kind="loss"),
    Event(chrom="chr10", start=0, end=133_797_422, kind="cnloh"),
)
_CHANGE = {"gain": (1.0, 0.0), "loss": (-1.0, 0.0), "cnloh": (1.0, -1.0)}
# Length [bp] and sd of the waves of the Log R ratio, as in the PennCNV trio (see karyotype_genomes).
_WAVES = ((3e5, 0.03), (3e6, 0.02), (2e7, 0.01))
_BLOCK_BP = 1_000_000


def simulate_array(
    seed: int,
    *,
    fraction: float | Sequence[float] = 0.0,
    events: Sequence[Event] = EVENTS,
    n_snps: int = 700_000,
    switch_rate: float | None = 0.005,
    baf_sd: float = 0.035,
    lrr_sd: float = 0.18,
    response: float = 0.45,
    wave_scale: float = 0.0,
    block_cv: float = 0.0,
    replicate: int = 0,
    x_level: float | None = None,
) -> SnpTable:
    """Array of a female whose events are in `fraction` of the cells; without phase where `switch_rate` is None.

    X is there where the Log R ratio that its clusters give two copies, `x_level`, is.

    Arrays of one seed are of one donor; another `replicate` has other noise.
    """
    donor, rng = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1, replicate])
    n_chroms = 22 if x_level is None else 23
    length = GENOME.length_bp[:n_chroms].astype(float)
    n_per = (n_snps * length / length.sum()).astype(int)
    chrom = np.repeat(np.arange(n_chroms, dtype=np.int16), n_per)
    step = np.repeat(length / n_per, n_per)
    index = np.arange(chrom.size) - np.repeat(np.cumsum(n_per) - n_per, n_per)
    position = (step * (index + donor.random(chrom.size))).astype(np.int64)
    frequency = donor.uniform(0.05, 0.5, chrom.size)
    first, second = donor.random((2, chrom.size)) < frequency
    copies_first, copies_second = np.ones((2, chrom.size))
    fractions = [fraction] * len(events) if isinstance(fraction, float) else fraction
    for event, share in zip(events, fractions, strict=True):
        inside = (
            (chrom == GENOME.names.index(event.chrom)) & (position >= event.start) & (position < event.end)
        )
        up, down = _CHANGE[event.kind]
        copies_first[inside] += up * share
        copies_second[inside] += down * share
    total = copies_first + copies_second
    is_het = first != second
    baf = (first * copies_first + second * copies_second) / np.maximum(total, 0.02)
    scale = 1.0 + block_cv * rng.standard_normal((n_chroms, 300))[chrom, position // _BLOCK_BP]
    baf += np.where(is_het, baf_sd, 0.012) * scale * rng.standard_normal(chrom.size)
    lrr = response * np.log2(np.maximum(total, 0.1) / 2.0) + lrr_sd * rng.standard_normal(chrom.size)
    lrr += wave_scale * _waves(chrom, step, rng) + np.where(chrom == 22, x_level or 0.0, 0.0)
    phase = None
    if switch_rate is not None:
        flips = np.cumsum(is_het & (rng.random(chrom.size) < switch_rate)) % 2
        haplotype = np.where(is_het, np.where(first ^ flips.astype(bool), 1, 2), 0)
        phase = Phase(haplotype=haplotype.astype(np.int8), block=np.where(is_het, 0, -1))
    return SnpTable(
        sample=f"seed {seed}",
        name=tuple(map(str, range(chrom.size))),
        chrom=chrom,
        position=position,
        log_r_ratio=lrr,
        b_allele_fraction=np.clip(baf, 0.0, 1.0),
        genotype=(first.astype(np.int8) + second.astype(np.int8))
        if switch_rate is not None
        else np.full(chrom.size, -1, np.int8),
        phase=phase,
    )


def _waves(chrom: Int16, step: Float64, rng: np.random.Generator) -> Float64:
    """Autoregressive noise of each length along every chromosome."""
    total = np.zeros(chrom.size)
    for length_bp, sd in _WAVES:
        for number in np.unique(chrom):
            own = np.flatnonzero(chrom == number)
            rho = float(np.exp(-step[own[0]] / length_bp))
            shocks = rng.normal(0.0, np.sqrt(1.0 - rho * rho), own.size)
            shocks[0] = rng.normal()
            total[own] += sd * lfilter([1.0], [1.0, -rho], shocks)
    return total


def karyotype_of(sample: SnpTable, parents: Sequence[SnpTable] = ()) -> Karyotype:
    return call_array(
        sample=sample, parents=parents, sex="female", genome=GENOME, hotspots=(), settings=SETTINGS
    )


def call_over(event: Event, karyotype: Karyotype) -> Call | None:
    """The reported call that covers most of the event, at least a fifth of it: what the table of MoChA counts."""
    shared = {
        min(call.end, event.end) - max(call.start, event.start): call
        for call in karyotype.calls
        if call.reported and call.chrom == event.chrom
    }
    most = max(shared, default=0)
    return shared[most] if most >= 0.2 * (event.end - event.start) else None


def with_sex_chromosomes(sample: SnpTable) -> tuple[Karyotype, SexChromosomes]:
    """The karyotype of an array with whole X and Y, and what these alone showed."""
    sex = array_sex(sample, GENOME, SETTINGS)
    karyotype = call_array(sample=sample, parents=(), sex=sex, genome=GENOME, hotspots=(), settings=SETTINGS)
    parts = changes_of_a_part_of_x(karyotype, GENOME)
    found = call_sex_chromosomes(sample, (), sex, GENOME, (), SETTINGS, parts)
    return add_sex_chromosomes(karyotype, found, GENOME, SETTINGS), found
