"""How noisy a profile is: independent noise per bin, and waves that more bins do not average away.

Everything is estimated from differences between neighbours or by medians, so that copy-number changes in the sample
do not count as noise.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erfinv

from genostab.arrays import Bool, Float64, Int16, Int64

# Median of a chi-square with one degree of freedom, and the share of information that a median of squares keeps.
CHI2_MEDIAN = 2.0 * float(erfinv(0.5)) ** 2
_MEDIAN_EFFICIENCY = 0.37


def _extra_variance(squares: Float64, known: Float64) -> float:
    """The variance v >= 0 at which the median of squares / (known + v) is that of a chi-square with one degree."""
    if squares.size == 0 or not squares.any():
        return 0.0
    low, high = 0.0, float(squares.max()) / CHI2_MEDIAN + 1e-12
    if np.median(squares / np.maximum(known, 1e-300)) <= CHI2_MEDIAN:
        return 0.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        if np.median(squares / (known + middle)) > CHI2_MEDIAN:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def independent_sd(chrom: Int16, ratio_log2: Float64, counting_variance: Float64) -> Float64:
    """Standard deviation of each bin: counting noise plus one overdispersion for all.

    Parameters
    ----------
    chrom : ndarray of int16, shape (n_bins,)
    ratio_log2 : ndarray of float64, shape (n_bins,), no NaN
    counting_variance : ndarray of float64, shape (n_bins,), Poisson variance [log2 squared], 0 where unknown

    Returns
    -------
    ndarray of float64, shape (n_bins,), > 0

    Notes
    -----
    v_i = counting_i + tau^2, with tau^2 from the median of squared differences of neighbours. O(n).
    """
    same = chrom[1:] == chrom[:-1]
    squares = np.square(np.diff(ratio_log2))[same]
    known = (counting_variance[1:] + counting_variance[:-1])[same]
    extra = _extra_variance(squares, known) / 2.0
    return np.sqrt(np.maximum(counting_variance + extra, 1e-12))


def _block_means(
    chrom: Int16, ratio_log2: Float64, weight: Float64, n_bins: int
) -> tuple[Int16, Float64, Float64]:
    """Chromosome, weighted mean and its independent variance of consecutive blocks of `n_bins` bins."""
    change = np.flatnonzero(np.diff(chrom)) + 1
    starts = np.concatenate(([0], change))
    ends = np.concatenate((change, [chrom.size]))
    first = np.concatenate([np.arange(a, b - n_bins + 1, n_bins) for a, b in zip(starts, ends, strict=True)])
    if first.size == 0:
        return np.empty(0, dtype=np.int16), np.empty(0), np.empty(0)
    total = np.concatenate(([0.0], np.cumsum(weight)))
    total_wx = np.concatenate(([0.0], np.cumsum(weight * ratio_log2)))
    w = total[first + n_bins] - total[first]
    return chrom[first], (total_wx[first + n_bins] - total_wx[first]) / w, 1.0 / w


def wave_noise(
    chrom: Int16, ratio_log2: Float64, sd_log2: Float64, arm: Int16
) -> tuple[Int64, Float64, Float64]:
    """Noise of the mean of 2, 4, 8 .. bins and of whole arms, beyond what independent bins explain.

    Parameters
    ----------
    chrom : ndarray of int16, shape (n_bins,)
    ratio_log2, sd_log2 : ndarray of float64, shape (n_bins,)
    arm : ndarray of int16, shape (n_bins,), arm number, ascending

    Returns
    -------
    wave_bins : ndarray of int64, shape (n_scales,)
    wave_sd_log2 : ndarray of float64, shape (n_scales,)
    wave_df : ndarray of float64, shape (n_scales,), degrees of freedom of the estimate

    Notes
    -----
    For blocks of L bins: Var(mean) = 1/sum(1/sd^2) + wave(L)^2, solved for wave by the median of squared differences
    of neighbouring blocks; for arms by the median of squared deviations from the median arm. The noise of a mean of
    several scales is at least what a longer one shows. O(n log n).
    """
    weight = 1.0 / np.square(sd_log2)
    scales: list[tuple[int, float, float]] = []
    n_bins = 2
    while True:
        block_chrom, mean, variance = _block_means(chrom, ratio_log2, weight, n_bins)
        same = block_chrom[1:] == block_chrom[:-1]
        if same.sum() < 2 * len(np.unique(chrom)):
            break
        squares = np.square(np.diff(mean))[same]
        extra = _extra_variance(squares, (variance[1:] + variance[:-1])[same]) / 2.0
        scales.append((n_bins, extra, _MEDIAN_EFFICIENCY * float(same.sum())))
        n_bins *= 2
    arms, first = np.unique(arm, return_index=True)
    last = np.append(first[1:], arm.size)
    if arms.size >= 4:
        w = np.array([weight[a:b].sum() for a, b in zip(first, last, strict=True)])
        mean = np.array([np.dot(weight[a:b], ratio_log2[a:b]) for a, b in zip(first, last, strict=True)]) / w
        extra = _extra_variance(np.square(mean - np.median(mean)), 1.0 / w)
        longest = max(int(np.median(last - first)), scales[-1][0] * 2 if scales else 2)
        scales.append((longest, extra, _MEDIAN_EFFICIENCY * float(arms.size - 1)))
    if not scales:
        scales = [(2, 0.0, 1.0)]
    variances = np.array([v for _, v, _ in scales])
    variances = np.maximum.accumulate(variances[::-1])[::-1]
    return (
        np.array([n for n, _, _ in scales], dtype=np.int64),
        np.sqrt(variances),
        np.array([df for _, _, df in scales]),
    )


def noise_by_class(
    chrom: Int16, ratio_log2: Float64, counting_variance: Float64, is_autosome: Bool, arm: Int16
) -> tuple[Float64, Int64, Float64, Float64]:
    """Independent and wave noise, each for the autosomes and for X and Y by themselves.

    Parameters
    ----------
    chrom, arm : ndarray of int16, shape (n_bins,)
    ratio_log2, counting_variance : ndarray of float64, shape (n_bins,)
    is_autosome : ndarray of bool, shape (n_bins,)

    Returns
    -------
    sd_log2 : ndarray of float64, shape (n_bins,)
    wave_bins : ndarray of int64, shape (n_scales,)
    wave_sd_log2, wave_df : ndarray of float64, shape (2, n_scales), autosomes, then X and Y

    Notes
    -----
    X and Y get at least the waves of the autosomes: they are too few to show that they have less.
    """
    main = is_autosome if is_autosome.any() else np.ones(chrom.size, dtype=bool)
    sd = np.ones(chrom.size)
    for own in (main, ~main):
        sd[own] = independent_sd(chrom[own], ratio_log2[own], counting_variance[own])
    bins, wave, df = wave_noise(chrom[main], ratio_log2[main], sd[main], arm[main])
    other_wave, other_df = wave, df
    if (~main).any():
        own_bins, own_wave, own_df = wave_noise(chrom[~main], ratio_log2[~main], sd[~main], arm[~main])
        seen, seen_df = wave_at(bins.astype(np.float64), own_bins, own_wave, own_df)
        other_wave = np.maximum(wave, seen)
        other_df = np.where(seen > wave, seen_df, df)
    return sd, bins, np.stack((wave, other_wave)), np.stack((df, other_df))


def wave_at(
    n_bins: Float64, wave_bins: Int64, wave_sd_log2: Float64, wave_df: Float64
) -> tuple[Float64, Float64]:
    """Wave noise and its degrees of freedom for the mean of `n_bins` bins, between the scales on a log axis.

    Parameters
    ----------
    n_bins : ndarray of float64, shape (n,), >= 1
    wave_bins, wave_sd_log2, wave_df : ndarray, shape (n_scales,), as of `wave_noise`

    Returns
    -------
    ndarray of float64, shape (n,), twice: sd [log2], degrees of freedom

    Examples
    --------
    >>> sd, df = wave_at(np.array([2.0]), np.array([1, 4]), np.array([0.2, 0.1]), np.array([50.0, 10.0]))
    >>> round(float(sd[0]), 6), round(float(df[0]), 6)
    (0.15, 30.0)
    """
    at = np.log(np.maximum(n_bins, 1.0))
    scale = np.log(wave_bins.astype(np.float64))
    return np.interp(at, scale, wave_sd_log2), np.interp(at, scale, wave_df)
