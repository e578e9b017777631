"""Where a change begins and ends: intervals of positions that the bins around a break cannot tell apart."""

from __future__ import annotations

import math

import numpy as np

from genostab.arrays import Float64, Profile, Segments


def position_threshold(level: float) -> float:
    """Loss of twice the log likelihood that the true position of a break exceeds with chance 1 - level.

    Notes
    -----
    To either side of a break the log likelihood walks down; its highest point there is exponential, so that the larger
    of the two is below y with chance (1 - exp(-y))^2 (Siegmund 1988, Int Stat Rev 56:31, doi 10.2307/1403360 [m]).

    Examples
    --------
    >>> round(position_threshold(0.95), 2)
    7.35
    """
    return -2.0 * math.log(1.0 - math.sqrt(level))


def break_interval(
    profile: Profile, outside: tuple[int, int], inside: tuple[int, int], level: float
) -> tuple[int, int]:
    """Positions that the break between two stretches may have [bp].

    Parameters
    ----------
    profile : Profile
    outside, inside : (int, int), bins [first, last) of the two stretches, which adjoin in either order
    level : float, coverage, 0..1

    Returns
    -------
    low, high : int, bp; the bins on both sides of the break may each hold it

    Notes
    -----
    Every position whose log likelihood, at the means of the two stretches, is within half of `position_threshold` of
    the best. O(bins of both).
    """
    (first, middle), (_, last) = sorted((outside, inside))
    is_start = outside < inside
    values, weight = profile.ratio_log2[first:last], 1.0 / np.square(profile.sd_log2[first:last])
    cut = middle - first
    left = float((weight[:cut] * values[:cut]).sum() / weight[:cut].sum())
    right = float((weight[cut:] * values[cut:]).sum() / weight[cut:].sum())
    gain: Float64 = weight * (np.square(values - right) - np.square(values - left))
    loss = -np.concatenate(
        ([0.0], np.cumsum(gain))
    )  # of a break before the first bin, after one, after two, ..
    # The change itself keeps a bin; what is outside may be nothing.
    loss[-1 if is_start else 0] = np.inf
    allowed = np.flatnonzero(loss <= loss.min() + position_threshold(level))
    low, high = first + max(allowed[0] - 1, 0), first + min(allowed[-1], loss.size - 2)
    return int(profile.start[low]), int(profile.end[high])


def ends_of(
    profile: Profile, segments: Segments, first: int, last: int, level: float
) -> tuple[int, int, int, int]:
    """Intervals of the start and of the end of bins [first, last) [bp].

    Parameters
    ----------
    profile : Profile
    segments : Segments of the profile
    first, last : int
    level : float, coverage, 0..1

    Returns
    -------
    start_low, start_high, end_low, end_high : int, bp; of no width where the chromosome ends or nothing adjoins
    """
    start, end = int(profile.start[first]), int(profile.end[last - 1])
    start_low = start_high = start
    end_low = end_high = end
    if first > 0 and profile.chrom[first - 1] == profile.chrom[first]:
        at = int(np.searchsorted(segments.first, first - 1, side="right")) - 1
        start_low, start_high = break_interval(
            profile, (int(segments.first[at]), first), (first, last), level
        )
    if last < profile.chrom.size and profile.chrom[last] == profile.chrom[last - 1]:
        at = int(np.searchsorted(segments.first, last, side="right")) - 1
        end_low, end_high = break_interval(profile, (last, int(segments.last[at])), (first, last), level)
    return start_low, start_high, end_low, end_high
