"""Arrays after the simulator of the peers' figures, and reads, with a share of another person's DNA."""

from __future__ import annotations

import numpy as np

from genostab.arrays import AlleleDepths, SnpTable
from tests.statistical.sample_genomes import Float64, Int8, person, places

HET_SD, HOM_SD = 0.035, 0.012
OFTEN_WRONG, RARELY_WRONG = 0.002, 0.02  # share of wrong reads at most sites, and at one in a hundred


def contaminated_array(n: int, fraction: float, rng: np.random.Generator) -> tuple[SnpTable, Float64, Int8]:
    """Array, frequencies of B in a panel, and the other person's genotypes: B allele fractions cut at 0 and 1."""
    chrom, position = places(n)
    frequency = rng.uniform(0.02, 0.98, chrom.size)  # either allele may be called B
    own, foreign = (person(frequency, rng).sum(axis=0).astype(np.int8) for _ in range(2))
    mean = (1.0 - fraction) * own / 2.0 + fraction * foreign / 2.0
    baf = mean + np.where(own == 1, HET_SD, HOM_SD) * rng.standard_normal(chrom.size)
    array = SnpTable(
        sample="lot",
        name=tuple(f"s{i}" for i in range(chrom.size)),
        chrom=chrom,
        position=position,
        log_r_ratio=np.zeros(chrom.size),
        b_allele_fraction=np.clip(baf, 0.0, 1.0).round(4),
        genotype=np.full(chrom.size, -1, dtype=np.int8),
    )
    return array, panel(frequency, rng), foreign


def panel(frequency: Float64, rng: np.random.Generator) -> Float64:
    """What the alleles of 100 people give for the frequencies, as `frequency_alleles` supposes."""
    return rng.binomial(200, frequency) / 200.0


def contaminated_reads(
    n: int, fraction: float, depth: float, rng: np.random.Generator
) -> tuple[AlleleDepths, Float64, Int8]:
    """Reads, frequencies of ALT in a panel, and the other person's genotypes."""
    chrom, position = places(n)
    frequency = rng.uniform(0.02, 0.98, chrom.size)  # either allele may be called B
    own, foreign = (person(frequency, rng).sum(axis=0).astype(np.int8) for _ in range(2))
    wrong = np.where(rng.random(chrom.size) < 0.01, RARELY_WRONG, OFTEN_WRONG)
    share = wrong + (1.0 - 2.0 * wrong) * ((1.0 - fraction) * own + fraction * foreign) / 2.0
    reads = rng.poisson(depth, chrom.size)
    alt = rng.binomial(reads, share)
    table = AlleleDepths(
        sample="lot",
        chrom=chrom,
        position=position,
        ref_depth=reads - alt,
        alt_depth=alt,
        genotype=np.full(chrom.size, -1, dtype=np.int8),
    )
    return table, panel(frequency, rng), foreign
