"""Counts at the base width to the width that the reads carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genostab.arrays import Bins, Bool, Float64, Genome, Int8, Int64
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex


def diploid_chromosomes(genome: Genome, sex: Sex) -> Bool:
    """Chromosomes of which a normal cell has two, bool, shape (n_chroms,): autosomes, and X of a female."""
    is_x = np.array([name == "chrX" for name in genome.names])
    return autosomes(genome) | (is_x & (sex == "female"))


def autosomes(genome: Genome) -> Bool:
    """True for each chromosome of the genome that is neither X nor Y; bool, shape (n_chromosomes,)."""
    return np.array([name not in ("chrX", "chrY") for name in genome.names])


def choose_bin_width(samples: Sequence[Bins], genome: Genome, settings: Settings) -> int:
    """The least offered bin width at which the median autosomal bin of every sample has enough reads.

    Parameters
    ----------
    samples : sequence of Bins, all at the base width
    genome : Genome
    settings : Settings, `bin_widths_bp` and `min_reads_per_bin`

    Returns
    -------
    int, bp; the largest width offered where none is enough
    """
    for width in settings.bin_widths_bp:
        if median_reads(samples, width, genome, settings) >= settings.min_reads_per_bin:
            return width
    return settings.bin_widths_bp[-1]


def median_reads(samples: Sequence[Bins], width: int, genome: Genome, settings: Settings) -> float:
    """Reads in the median autosomal bin that holds any, at a width, of the sample that has least.

    Parameters
    ----------
    samples : sequence of Bins, all at the base width
    width : int, bp, a multiple of the base width
    genome : Genome
    settings : Settings
    """
    medians = []
    for bins in samples:
        joined = join_bins(bins, width // settings.base_bin_bp)
        reads = joined.n_reads[autosomes(genome)[joined.chrom]]
        medians.append(float(np.median(reads[reads > 0])) if (reads > 0).any() else 0.0)
    return min(medians)


def join_bins(bins: Bins, factor: int) -> Bins:
    """Every `factor` consecutive bins of a chromosome as one: counts added, shares weighted by reads.

    Parameters
    ----------
    bins : Bins of one width that tile chromosomes from 0
    factor : int, >= 1

    Returns
    -------
    Bins, shape (n_joined,); masks of lists and sequence belong to the joined bins and are not carried over
    """
    if factor == 1:
        return bins
    at = joined_starts(bins, factor)
    last = np.append(at[1:], bins.chrom.size) - 1
    seen = bins.n_reads / np.where(bins.mapq0_fraction < 1, 1 - bins.mapq0_fraction, 1.0)
    return Bins(
        chrom=bins.chrom[at],
        start=bins.start[at],
        end=bins.end[last],
        n_reads=np.add.reduceat(bins.n_reads, at),
        ratio_log2=np.full(at.size, np.nan),
        weight=np.ones(at.size),
        gc_fraction=_weighted(bins.gc_fraction, bins.n_reads, at),
        mapq0_fraction=_weighted(bins.mapq0_fraction, seen, at),
        n_duplicates=np.add.reduceat(bins.n_duplicates, at),
    )


def with_unread(joined: Bins, bins: Bins, factor: int, settings: Settings) -> Bins:
    """Joined bins that know how much of them holds no read at all, which gaps smaller than a bin leave.

    Parameters
    ----------
    joined : Bins, of `join_bins`
    bins : Bins that they were joined from
    factor : int, as given there
    settings : Settings, `gap_z`

    Notes
    -----
    Of N narrower bins with n reads together, chance leaves N e without one, e = exp(-n / N), with variance
    N e (1 - (1 + n / N) e) (occupancy; Feller 1968, An Introduction to Probability Theory I, section IV.2 [m]). What
    lies `gap_z` standard deviations beyond is a gap. A loss of copies lowers n, and so is none.
    """
    at = joined_starts(bins, factor)
    size = np.diff(np.append(at, bins.chrom.size)).astype(np.float64)
    unread = np.add.reduceat(np.where(bins.n_reads > 0, 0.0, 1.0), at)
    mean_reads = joined.n_reads / size
    empty = np.exp(-mean_reads)
    sd = np.sqrt(np.maximum(size * empty * (1.0 - (1.0 + mean_reads) * empty), 0.0))
    is_gap = (unread >= 1.0) & (mean_reads > 0) & (unread - size * empty > settings.gap_z * sd)
    share: Float64 = np.where(is_gap, unread / size - empty, 0.0)
    return replace(joined, unread_fraction=share)


def joined_starts(bins: Bins, factor: int) -> Int64:
    """First bin of every group of `factor` bins of a chromosome; ndarray of int64, shape (n_groups,)."""
    width = int(bins.end[0] - bins.start[0])
    group = bins.start // (width * factor)
    return np.flatnonzero(np.concatenate(([True], (np.diff(bins.chrom) != 0) | (np.diff(group) != 0))))


def _weighted(values: Float64, weight: Float64, at: Int64) -> Float64:
    known = ~np.isnan(values) & (weight > 0)
    total = np.add.reduceat(np.where(known, weight, 0.0), at)
    summed = np.add.reduceat(np.where(known, weight * np.nan_to_num(values), 0.0), at)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, summed / total, np.nan)


def expected_ploidy(bins: Bins, genome: Genome, sex: Sex) -> Int8:
    """Copies expected in a normal cell of that sex; int8, shape (n_bins,), 0 on Y of a female.

    Unknown sex counts two X and no Y, so that nothing is called on Y.
    """
    by_name = {"chrX": 1 if sex == "male" else 2, "chrY": 1 if sex == "male" else 0}
    return np.array([by_name.get(name, 2) for name in genome.names], dtype=np.int8)[bins.chrom]


def why_not_alone(bins: Bins, settings: Settings) -> str:
    """Why the coverage of these bins is no copy number without a comparison; "" where it is.

    Parameters
    ----------
    bins : Bins
    settings : Settings, table [alone]
    """
    same = bins.chrom[1:] == bins.chrom[:-1]
    adjoins = bins.start[1:] == bins.end[:-1]
    if same.any() and adjoins[same].mean() < settings.min_adjoining_share:
        return "coverage of capture targets, whose yields differ: give a parent, a panel, or log2 ratios to a reference"
    covered = bins.n_reads > 0
    if covered.any() and np.isfinite(bins.gc_fraction[covered]).mean() < settings.min_gc_share:
        return (
            "coverage without GC content, whose waves look like changes: give the FASTA, a parent or a panel"
        )
    return ""
