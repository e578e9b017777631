"""Coverage of many normals at once without what composition does to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from genostab.arrays import Bins, Bool, Float64, Floats, Genome
from genostab.karyotype.bins import autosomes
from genostab.karyotype.settings import Settings

_HALF_READ = 0.5


def gc_trend(values: Floats, gc_fraction: Float64, trained_on: Bool, settings: Settings) -> Floats:
    """Expected coverage by GC, as a factor around 1.

    Parameters
    ----------
    values : ndarray of float, shape (n_bins,) or (n_bins, n_samples), coverage, linear scale
    gc_fraction : ndarray of float64, shape (n_bins,), 0..1, NaN where unknown
    trained_on : ndarray of bool, shape (n_bins,), bins of one ploidy to learn from
    settings : Settings, table [gc]

    Returns
    -------
    ndarray of float, shape and dtype of values, 1 where GC is unknown

    Notes
    -----
    Medians of coverage in quantile strata of GC, joined by straight lines, constant beyond the outer strata.
    O(n log n).
    """
    of_samples = values.reshape(values.shape[0], -1)
    known = np.isfinite(gc_fraction)
    learnt = np.flatnonzero(trained_on & known & np.isfinite(of_samples.sum(axis=1)))
    n = learnt.size
    n_strata = min(settings.strata, n // settings.min_bins_per_stratum)
    if n_strata < 2:
        return np.ones_like(values)
    learnt = learnt[np.argsort(gc_fraction[learnt], kind="stable")]
    gc, coverage = gc_fraction[learnt], np.ascontiguousarray(of_samples[learnt].T)
    strata = np.array_split(np.arange(n), n_strata)
    centre = np.array([np.median(gc[s]) for s in strata])
    level: Floats = np.array([row_medians(coverage[:, s[0] : s[-1] + 1]) for s in strata], values.dtype)
    overall = row_medians(coverage)
    if not np.all(overall > 0):
        return np.ones_like(values)
    distinct = np.concatenate(([True], np.diff(centre) > 0))
    factor = _between_knots(gc_fraction, centre[distinct], level[distinct] / overall)
    factor[~known] = 1.0
    factor[factor <= 0] = 1.0
    shaped: Floats = factor if values.ndim > 1 else factor[:, 0]
    return shaped


def row_medians(values: Floats) -> Floats:
    """Median of each row; ndarray of float, shape (n_rows,).

    Sorting whole rows is several times as fast here as NumPy's selection.
    """
    n = values.shape[1]
    ordered = np.sort(values, axis=1)
    middle: Floats = ordered[:, (n - 1) // 2] + ordered[:, n // 2]
    middle /= 2
    return middle


def _between_knots(x: Float64, knots: Float64, height: Floats) -> Floats:
    """Straight lines through heights at knots, constant beyond; `numpy.interp`, (n_bins, n_samples) at once."""
    if knots.size == 1:
        return np.repeat(height, x.size, 0)
    at = np.clip(np.nan_to_num(x), knots[0], knots[-1])
    left = np.minimum(np.searchsorted(knots, at, side="right") - 1, knots.size - 2)
    slope = np.diff(height, axis=0) / per_bin(np.diff(knots), height)
    line: Floats = slope[left]
    line *= per_bin(at - knots[left], height)
    line += height[left]
    return line


def per_bin(values: Any, like: Floats) -> Any:
    """Values per bin that broadcast over the samples of `like`, floats in its precision."""
    values = values.astype(like.dtype) if values.dtype.kind == "f" else values
    return values if like.ndim == 1 else values[:, np.newaxis]


def corrected_log2(
    n_reads: Floats, bins: Bins, usable: Bool, genome: Genome, settings: Settings, *, is_counts: bool
) -> Floats:
    """log2 of coverage after width, MAPQ 0 and GC of the bins.

    Parameters
    ----------
    n_reads : ndarray of float, shape (n_bins,) or (n_bins, n_samples), reads, or depth without a unit
    bins : Bins, their extent, GC and share of MAPQ 0
    usable : ndarray of bool, shape (n_bins,)
    genome : Genome
    settings : Settings, tables [gc] and [mask]
    is_counts : bool, as in `profile_alone`

    Returns
    -------
    ndarray of float, shape and dtype of n_reads

    Notes
    -----
    Half a read more, or a share of the median depth, keeps zero finite. log2(n + 1/2) is free of the bias of log2(n)
    up to order 1 / n^2 (Anscombe 1948, doi 10.1093/biomet/35.3-4.246 [m]).
    """
    trained_on = usable & autosomes(genome)[bins.chrom]
    if is_counts:
        width = (bins.end - bins.start).astype(np.float64)
        coverage = n_reads + n_reads.dtype.type(_HALF_READ)
        coverage *= per_bin(np.median(width) / width, n_reads)
    else:
        known = n_reads[usable & np.isfinite(n_reads.reshape(usable.size, -1)).any(1)]
        level = np.nanmedian(known, axis=0) if known.size else 1.0
        coverage = np.maximum(n_reads, settings.least_depth_share * level)
    unique = 1.0 - np.clip(np.nan_to_num(bins.mapq0_fraction), 0.0, 0.99)
    coverage /= per_bin(unique, n_reads)
    coverage /= gc_trend(coverage, bins.gc_fraction, trained_on, settings)
    log2: Floats = np.log2(coverage, out=coverage)
    return log2
