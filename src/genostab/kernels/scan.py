"""The interval that deviates most from a level, by an exact search that skips what cannot win."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel

_LEAF = 2  # levels of 2^k edges below which every interval is looked at


@kernel
def strongest_interval(
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    base: float,
    base_share: float,
    wave_variance: NDArray[np.float64],
    least_z2: NDArray[np.float64],
    min_bins: int,
) -> tuple[int, int, float]:
    """The bins [first, last) whose squared deviation exceeds what is asked of their number by most.

    Parameters
    ----------
    values : ndarray of float64, shape (n,), no NaN
    weights : ndarray of float64, shape (n,), inverse variances of independent noise, > 0
    base : float, level that the mean is compared with
    base_share : float, variance of that level where it is the mean of these values; 0 where it is known
    wave_variance : ndarray of float64, shape (n + 1,), variance that a mean of so many bins has besides, >= 0
    least_z2 : ndarray of float64, shape (n + 1,), squared deviation asked of so many bins, >= 0
    min_bins : int, >= 1

    Returns
    -------
    first, last : int
    excess : float, z^2 - least_z2 of the interval; 0, with first = last = 0, where none exceeds

    Notes
    -----
    z^2 = D^2 / (W - base_share W^2 + wave W^2), with W the weight inside and D the weighted deviation: the epidemic
    likelihood ratio (Levin and Kline 1985, Stat Med 4:469 [m]; the circular statistic of Olshen
    et al. 2004, Biostatistics 5:557, doi 10.1093/biostatistics/kxh008) with waves. Exact, by branch
    and bound: edges are grouped in blocks of 2^k, the extremes of the running sum in two blocks bound every interval
    between them, and what cannot exceed the best so far is not split further. O(n) to O(n log n) in practice, O(n^2)
    at worst.
    """
    n = values.size
    sum_w, sum_wx = np.zeros(n + 1), np.zeros(n + 1)
    for i in range(n):
        sum_w[i + 1] = sum_w[i] + weights[i]
        sum_wx[i + 1] = sum_wx[i] + weights[i] * (values[i] - base)
    least_wave, least_asked = wave_variance.copy(), least_z2.copy()
    for i in range(2, n + 1):
        least_wave[i] = min(least_wave[i], least_wave[i - 1])
        least_asked[i] = min(least_asked[i], least_asked[i - 1])
    top, level_at, low, high = _extremes(sum_wx)
    stack = np.empty((3 * top + 8, 3), dtype=np.int64)
    stack[0, 0], stack[0, 1], stack[0, 2] = top, 0, 0
    n_waiting = 1
    best, best_first, best_last = 0.0, 0, 0
    while n_waiting:
        n_waiting -= 1
        level, a, b = stack[n_waiting, 0], stack[n_waiting, 1], stack[n_waiting, 2]
        most = min(((b + 1) << level) - 1, n) - (a << level)
        if most < min_bins:
            continue
        fewest = (b << level) - (((a + 1) << level) - 1)
        if fewest > 0:
            i, j = level_at[level] + a, level_at[level] + b
            reach = max(high[j] - low[i], high[i] - low[j])
            w_low = sum_w[b << level] - sum_w[((a + 1) << level) - 1]
            w_high = sum_w[min(((b + 1) << level) - 1, n)] - sum_w[a << level]
            share = least_wave[most] - base_share
            variance = min(w_low + share * w_low * w_low, w_high + share * w_high * w_high)
            if reach * reach <= (best + least_asked[most]) * variance:
                continue
        if level <= _LEAF:
            for first in range(a << level, min((a + 1) << level, n + 1)):
                for last in range(max(b << level, first + min_bins), min((b + 1) << level, n + 1)):
                    d, w = sum_wx[last] - sum_wx[first], sum_w[last] - sum_w[first]
                    variance = w - base_share * w * w + wave_variance[last - first] * w * w
                    if d * d > (best + least_z2[last - first]) * variance and variance > 0:
                        best = d * d / variance - least_z2[last - first]
                        best_first, best_last = first, last
            continue
        for k in range(4):
            left, right = 2 * a + k // 2, 2 * b + k % 2
            if left <= right and right << (level - 1) <= n:
                stack[n_waiting, 0], stack[n_waiting, 1], stack[n_waiting, 2] = level - 1, left, right
                n_waiting += 1
    return best_first, best_last, best


@kernel
def _extremes(
    sums: NDArray[np.float64],
) -> tuple[int, NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Number of the top level, where each level starts, and least and greatest sum in every block of 2^level edges."""
    n = sums.size
    top = 0
    while 1 << top < n:
        top += 1
    level_at = np.zeros(top + 2, dtype=np.int64)
    for level in range(top + 1):
        level_at[level + 1] = level_at[level] + ((n - 1) >> level) + 1
    low, high = np.empty(level_at[top + 1]), np.empty(level_at[top + 1])
    low[:n], high[:n] = sums, sums
    for level in range(1, top + 1):
        below, size_below = level_at[level - 1], level_at[level] - level_at[level - 1]
        for i in range(level_at[level + 1] - level_at[level]):
            left, right = below + 2 * i, below + min(2 * i + 1, size_below - 1)
            low[level_at[level] + i] = min(low[left], low[right])
            high[level_at[level] + i] = max(high[left], high[right])
    return top, level_at, low, high
