"""Counts or ratios to a log2 copy-ratio profile with its noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from genostab.arrays import Bins, Bool, Float64, Floats, Genome, Profile
from genostab.errors import InputError
from genostab.karyotype.bins import autosomes, expected_ploidy, usable_bins
from genostab.karyotype.noise import excess_variance, independent_sd
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex

_LOG2_VARIANCE = 1.0 / np.log(2.0) ** 2
_HALF_READ = 0.5
_KNOWN_DF = 1e6  # of noise that is not estimated


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


def counting_variance(n_reads: Floats, *, is_counts: bool) -> Floats:
    """Poisson variance of log2 reads [log2 squared], 0 where the values are no reads; shape and dtype of n_reads."""
    if not is_counts:
        return np.zeros_like(n_reads)
    kind = n_reads.dtype.type
    variance: Floats = kind(_LOG2_VARIANCE) / (n_reads + kind(_HALF_READ))
    return variance


def make_profile(
    *,
    bins: Bins,
    ratio_log2: Float64,
    counting_variance: Float64,
    usable: Bool,
    ploidy: np.ndarray[tuple[int], np.dtype[np.int8]],
    genome: Genome,
    settings: Settings,
) -> Profile:
    """A profile from ratios: centred on the autosomes, with its noise estimated.

    Parameters
    ----------
    bins : Bins
    ratio_log2 : ndarray of float64, shape (n_bins,), relative to the expected copies
    counting_variance : ndarray of float64, shape (n_bins,), [log2 squared], 0 where unknown
    usable : ndarray of bool, shape (n_bins,)
    ploidy : ndarray of int8, shape (n_bins,)
    genome : Genome
    settings : Settings, table [noise]

    Raises
    ------
    InputError
        GS-2104 where fewer than `min_usable_bins` bins are usable.
    """
    keep = usable & np.isfinite(ratio_log2) & (ploidy > 0)
    if keep.sum() < settings.min_usable_bins:
        raise InputError(
            "GS-2104",
            what="too few usable bins",
            where="copy-number profile",
            found=f"{int(keep.sum())} of {keep.size} bins",
            expected=f"at least {settings.min_usable_bins}",
            action="check the depth, the assembly and the masks",
        )
    chrom, start = bins.chrom[keep], bins.start[keep]
    is_autosome = autosomes(genome)[chrom]
    centred_on = is_autosome if is_autosome.any() else np.ones(chrom.size, dtype=bool)
    ratio = ratio_log2[keep]
    ratio = ratio - np.median(ratio[centred_on])
    sd = np.ones(ratio.size)
    for own in (is_autosome, ~is_autosome):
        sd[own] = independent_sd(chrom[own], ratio[own], counting_variance[keep][own], settings.noise_clip_sd)
    return Profile(
        chrom=chrom,
        start=start,
        end=bins.end[keep],
        ratio_log2=ratio,
        sd_log2=sd,
        ploidy=ploidy[keep],
        autosome=is_autosome,
        wave_bins=np.array([2], dtype=np.int64),
        wave_sd_log2=np.zeros((2, 1)),
        wave_df=np.full((2, 1), _KNOWN_DF),
    )


def profile_alone(bins: Bins, genome: Genome, sex: Sex, settings: Settings, *, is_counts: bool) -> Profile:
    """Profile of coverage against its own genome: GC-corrected, relative to the autosomal median.

    `is_counts` says that `n_reads` are reads, so that Poisson noise holds; otherwise all noise is estimated.

    Raises
    ------
    InputError
        GS-2104 where too few bins are usable.
    """
    ploidy = expected_ploidy(bins, genome, sex)
    usable = usable_bins(bins, bins.n_reads, ploidy, genome, settings)
    log2 = corrected_log2(bins.n_reads, bins, usable, genome, settings, is_counts=is_counts)
    return make_profile(
        bins=bins,
        ratio_log2=log2 - np.log2(np.maximum(ploidy, 1) / 2.0),
        counting_variance=counting_variance(bins.n_reads, is_counts=is_counts),
        usable=usable,
        ploidy=ploidy,
        genome=genome,
        settings=settings,
    )


def profile_paired(
    sample: Bins, parent: Bins, genome: Genome, sex: Sex, settings: Settings, *, is_counts: bool
) -> Profile:
    """Profile of coverage against a parent line: what changed between the two; `is_counts` as in `profile_alone`.

    Raises
    ------
    InputError
        GS-2203 where the two do not have the same bins; GS-2104 where too few are usable.
    """
    check_same_bins(sample, parent)
    ploidy = expected_ploidy(sample, genome, sex)
    usable = usable_bins(sample, parent.n_reads, ploidy, genome, settings)
    log2 = corrected_log2(sample.n_reads, sample, usable, genome, settings, is_counts=is_counts)
    log2 -= corrected_log2(parent.n_reads, parent, usable, genome, settings, is_counts=is_counts)
    counting = counting_variance(sample.n_reads, is_counts=is_counts)
    counting += counting_variance(parent.n_reads, is_counts=is_counts)
    return make_profile(
        bins=sample,
        ratio_log2=log2,
        counting_variance=counting,
        usable=usable,
        ploidy=ploidy,
        genome=genome,
        settings=settings,
    )


def profile_from_ratios(
    sample: Bins, parent: Bins | None, genome: Genome, sex: Sex, settings: Settings
) -> Profile:
    """Profile of log2 ratios that another program made, less those of a parent where one is given.

    The ratios of a program that does not know the sex (CNVkit's default) are relative to two copies; those on X and Y
    of a male are moved to one.

    Raises
    ------
    InputError
        GS-2203 where the two do not have the same bins; GS-2104 where too few are usable.
    """
    ploidy = expected_ploidy(sample, genome, sex)
    ratio = sample.ratio_log2.copy()
    if parent is not None:
        check_same_bins(sample, parent)
        ratio -= parent.ratio_log2
    else:
        ratio -= np.log2(np.maximum(ploidy, 1) / 2.0)
    usable = np.isfinite(ratio) & (sample.ratio_log2 > settings.min_ratio_log2) & (ploidy > 0)
    usable &= sample.weight > 0
    counting = np.zeros(ratio.size)
    counting[usable] = _variance_by_weight(ratio[usable], sample.weight[usable], settings.noise_clip_sd)
    return make_profile(
        bins=sample,
        ratio_log2=ratio,
        counting_variance=counting,
        usable=usable,
        ploidy=ploidy,
        genome=genome,
        settings=settings,
    )


def _variance_by_weight(ratio_log2: Float64, weight: Float64, clip_sd: float) -> Float64:
    """c / weight, with c from the squared differences of neighbours."""
    inverse = 1.0 / weight
    scaled = np.square(np.diff(ratio_log2)) / (inverse[1:] + inverse[:-1])
    return inverse * excess_variance(scaled, np.zeros(scaled.size), clip_sd)


def check_same_bins(sample: Bins, parent: Bins) -> None:
    """Refuse a parent whose bins differ from the sample's.

    Raises
    ------
    InputError
        GS-2203.
    """
    same = sample.chrom.size == parent.chrom.size and all(
        bool((getattr(sample, name) == getattr(parent, name)).all()) for name in ("chrom", "start", "end")
    )
    if not same:
        raise InputError(
            "GS-2203",
            what="sample and parent do not have the same bins",
            where="binned input",
            found=f"{sample.chrom.size} and {parent.chrom.size} bins, or other edges",
            expected="the same chromosomes, starts and ends in both files",
            action="count both with the same regions",
        )
