"""Counts or ratios to a log2 copy-ratio profile with its noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from genostab.arrays import Bins, Bool, Float64, Floats, Genome, Profile
from genostab.errors import InputError
from genostab.karyotype.bins import autosomes, expected_ploidy
from genostab.karyotype.mask import in_exclusion_list, usable_bins
from genostab.karyotype.noise import excess_variance, independent_sd
from genostab.karyotype.regions import arm_of
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.karyotype.trend import trend_log2

_LOG2_VARIANCE = 1.0 / np.log(2.0) ** 2
_HALF_READ = 0.5
_KNOWN_DF = 1e6  # of noise that is not estimated


def uncorrected_log2(bins: Bins, usable: Bool, settings: Settings, *, is_counts: bool) -> Float64:
    """log2 of coverage after width and mappability; half a read, or a share of the median depth, keeps zero finite.

    Parameters
    ----------
    bins : Bins
    usable : ndarray of bool, shape (n_bins,), bins whose median is the level of a depth
    settings : Settings
    is_counts : bool, whether `n_reads` are reads

    Returns
    -------
    ndarray of float64, shape (n_bins,)

    Notes
    -----
    log2(n + 1/2) is free of the bias of log2(n) up to order 1 / n^2 (Anscombe 1948, doi 10.1093/biomet/35.3-4.246 [m]).
    """
    if is_counts:
        width = (bins.end - bins.start).astype(np.float64)
        coverage = (bins.n_reads + _HALF_READ) * (np.median(width) / width)
    else:
        known = bins.n_reads[usable & np.isfinite(bins.n_reads)]
        level = float(np.median(known)) if known.size else 1.0
        coverage = np.maximum(bins.n_reads, settings.least_depth_share * level)
    return np.log2(coverage / (1.0 - np.clip(np.nan_to_num(bins.mapq0_fraction), 0.0, 0.99)))


def _corrected_log2(bins: Bins, usable: Bool, genome: Genome, settings: Settings, is_counts: bool) -> Float64:
    """log2 of coverage after width, mappability and GC content."""
    values = uncorrected_log2(bins, usable, settings, is_counts=is_counts)
    trained_on = usable & autosomes(genome)[bins.chrom]
    arm = arm_of(bins.chrom, bins.start, genome)
    return values - trend_log2(values, (bins.gc_fraction,), trained_on, arm, settings)


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
    log2 = _corrected_log2(bins, usable, genome, settings, is_counts)
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
    # Gaps inside a bin are the same in both, so that the ratio stays true.
    usable = usable_bins(replace(sample, unread_fraction=None), parent.n_reads, ploidy, genome, settings)
    log2 = _corrected_log2(sample, usable, genome, settings, is_counts)
    log2 -= _corrected_log2(parent, usable, genome, settings, is_counts)
    counting = counting_variance(sample.n_reads, is_counts=is_counts) + counting_variance(
        parent.n_reads, is_counts=is_counts
    )
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
    usable &= (sample.weight > 0) & ~in_exclusion_list(sample, settings)
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
