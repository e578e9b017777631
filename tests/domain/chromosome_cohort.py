"""Simulated cohorts of reads per chromosome whose truth is known, drawn from the model's own assumptions or beyond."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genostab.arrays import ChromosomeCounts, Float64, Int64
from genostab.io.genome import load_genome
from genostab.karyotype.chromosome_settings import load_chromosome_settings

SETTINGS = load_chromosome_settings()
CHROM = tuple(f"chr{number}" for number in range(1, 23))
_LENGTH = load_genome("GRCh38").length_bp[:22].astype(np.float64)
# GC content in percent of chr1 to chr22 (GRCh38), from memory; only the pattern matters: one axis that all share.
_GC = np.array(
    [
        [41.7, 40.2, 39.7, 38.2, 39.5, 39.6, 40.7, 40.2, 41.4, 41.6, 41.6],
        [40.8, 38.5, 40.9, 42.2, 44.7, 45.3, 39.8, 48.4, 44.2, 40.9, 47.0],
    ]
).ravel()
GC_SD, SECOND_SD, NOISE_SD = 0.08, 0.01, 0.004  # of log counts, as measured in cn_ancient_chr_counts
EXCESS = 0.1  # counting variance beyond Poisson's


def log_means(
    rng: np.random.Generator, n: int, *, fewest: float = 1e4, most: float = 3e6, noise_df: float | None = None
) -> Float64:
    """Logarithm of the expected reads, shape (n, 22): depth, a heavy-tailed GC factor, a second factor, noise.

    With `noise_df` the noise differs between libraries, as an inverse chi-square with so many degrees of freedom.
    """
    depth = rng.uniform(np.log(fewest), np.log(most), (n, 1))
    gc = (_GC - _GC.mean()) / _GC.std()
    second = np.random.default_rng(1).normal(size=22)
    sd = NOISE_SD * (1.0 if noise_df is None else np.sqrt(noise_df / rng.chisquare(noise_df, (n, 1))))
    return np.asarray(
        depth
        + np.log(_LENGTH / _LENGTH.sum())
        + GC_SD * rng.standard_t(5, (n, 1)) * gc
        + SECOND_SD * rng.normal(size=(n, 1)) * second
        + sd * rng.normal(size=(n, 22)),
        dtype=np.float64,
    )


def drawn(rng: np.random.Generator, log_mean: Float64) -> Int64:
    """Counts of mean exp(log_mean) and variance 1 + EXCESS times that (negative binomial)."""
    return np.asarray(rng.negative_binomial(np.exp(log_mean) / EXCESS, 1.0 / (1.0 + EXCESS)), dtype=np.int64)


def changed(
    log_mean: Float64, rows: Sequence[int] | Int64, chrom: Sequence[int] | Int64, copies: Float64
) -> Float64:
    """`log_mean` with the mean copies of one chromosome (index) of each of the libraries `rows`."""
    out = log_mean.copy()
    out[rows, chrom] += np.log(np.asarray(copies) / 2.0)
    return out


def cohort(n_reads: Int64, protocol: Sequence[str] | None = None) -> ChromosomeCounts:
    """Counts with made-up names."""
    return ChromosomeCounts(
        library=tuple(f"L{i}" for i in range(len(n_reads))),
        protocol=tuple(protocol) if protocol is not None else ("",) * len(n_reads),
        chrom=CHROM,
        n_reads=n_reads,
    )
