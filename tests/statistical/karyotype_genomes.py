"""Simulated genomes whose truth is known: Poisson counts, overdispersed bins, waves of several lengths, events."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import settings as hypothesis_settings
from scipy.signal import lfilter

from genostab.arrays import Bins, Float64, Genome
from genostab.io.genome import load_genome
from genostab.karyotype.call import Karyotype, call_depth
from genostab.karyotype.normalise import profile_alone, profile_paired
from genostab.karyotype.settings import load_settings
from genostab.run.hotspots import load_hotspots

SETTINGS = load_settings()
OVERDISPERSION_LOG2 = 0.05
# Correlation length [bp] and sd [log2] of the waves of one library, as long and as large as those measured in the
# PennCNV trio and the CNVkit panels (0.05 over a few bins, 0.01 to 0.03 over an arm).
WAVES = ((3e5, 0.03), (3e6, 0.02), (2e7, 0.01))
WIDTHS = {50_000: 250.0, 200_000: 1000.0}  # bin width [bp], mean reads per bin


@dataclass(frozen=True, kw_only=True)
class Event:
    """Copies of all cells of an interval on average: 2 + f for a gain in f of the cells."""

    chrom: str
    start: int
    end: int
    copies: float


@functools.cache
def genome() -> Genome:
    return load_genome("GRCh38")


@functools.cache
def tile(width_bp: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Chromosome, start and end of bins that tile GRCh38."""
    known = genome()
    n_bins = -(-known.length_bp // width_bp)
    first = np.concatenate(([0], np.cumsum(n_bins)))
    chrom = np.repeat(np.arange(len(known.names), dtype=np.int16), n_bins)
    start = (np.arange(first[-1]) - np.repeat(first[:-1], n_bins)) * width_bp
    return chrom, start, np.minimum(start + width_bp, known.length_bp[chrom])


def waves(width_bp: int, scale: float, rng: np.random.Generator) -> Float64:
    """Sum of autoregressive noise of each length, chromosome by chromosome [log2]."""
    chrom, _, _ = tile(width_bp)
    total = np.zeros(chrom.size)
    for length_bp, sd in WAVES:
        rho = np.exp(-width_bp / length_bp)
        for number in range(int(chrom[-1]) + 1):
            own = np.flatnonzero(chrom == number)
            shocks = rng.normal(0.0, np.sqrt(1.0 - rho * rho), own.size)
            shocks[0] = rng.normal()
            total[own] += scale * sd * lfilter([1.0], [1.0, -rho], shocks)
    return total


def sample(
    width_bp: int, rng: np.random.Generator, events: Sequence[Event] = (), wave_scale: float = 1.0
) -> Bins:
    """Bins of a female genome; centromeres hold no read."""
    known = genome()
    chrom, start, end = tile(width_bp)
    copies = np.where(chrom == known.names.index("chrY"), 0.0, 2.0)
    middle = (start + end) / 2.0
    for event in events:
        inside = (chrom == known.names.index(event.chrom)) & (middle >= event.start) & (middle < event.end)
        copies[inside] = event.copies
    copies[(middle >= known.centromere_start[chrom]) & (middle < known.centromere_end[chrom])] = 0.0
    log2 = rng.normal(0.0, OVERDISPERSION_LOG2, chrom.size) + waves(width_bp, wave_scale, rng)
    reads = rng.poisson(WIDTHS[width_bp] * (end - start) / width_bp * copies / 2.0 * np.exp2(log2))
    unknown = np.full(chrom.size, np.nan)
    return Bins(
        chrom=chrom,
        start=start,
        end=end,
        n_reads=reads.astype(np.float64),
        ratio_log2=unknown,
        weight=np.ones(chrom.size),
        gc_fraction=np.full(chrom.size, 0.41),
        mapq0_fraction=np.zeros(chrom.size),
        n_duplicates=np.zeros(chrom.size),
    )


def with_event(bins: Bins, event: Event, rng: np.random.Generator) -> Bins:
    """The same library with an event: reads of a euploid interval added or taken away one by one."""
    middle = (bins.start + bins.end) / 2.0
    chrom = genome().names.index(event.chrom)
    inside = (bins.chrom == chrom) & (middle >= event.start) & (middle < event.end)
    reads = bins.n_reads.copy()
    if event.copies > 2.0:
        reads[inside] += rng.poisson(reads[inside] * (event.copies / 2.0 - 1.0))
    else:
        reads[inside] = rng.binomial(reads[inside].astype(np.int64), event.copies / 2.0)
    return replace(bins, n_reads=reads)


def karyotype(lot: Bins, parent: Bins | None = None) -> Karyotype:
    """Calls through the whole room; with a parent only the comparison, so that one family of tests is counted."""
    known = genome()
    paired = None
    if parent is not None:
        paired = profile_paired(lot, parent, known, "female", SETTINGS, is_counts=True)
    return call_depth(
        alone=profile_alone(lot, known, "female", SETTINGS, is_counts=True) if parent is None else None,
        paired=paired,
        parents=[],
        genome=known,
        hotspots=load_hotspots(known),
        platform="seq",
        response_cv=0.0,
        sex_sd_log2=SETTINGS.alone_sd_log2,
        settings=SETTINGS,
    )


def is_soak() -> bool:
    """Whether the long forms run: pytest --hypothesis-profile=soak."""
    return hypothesis_settings.get_current_profile_name() == "soak"
