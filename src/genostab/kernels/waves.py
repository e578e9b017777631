"""Means of overlapping runs of bins, their steps, and bounded sums of squares, each in one pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel

_LANES, _LEAF, _DEEPEST = 8, 128, 64


@kernel
def block_means(
    weight: NDArray[np.float64],
    weighted: NDArray[np.float64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    n_bins: int,
    out_mean: NDArray[np.float64],
    out_variance: NDArray[np.float64],
) -> int:
    """Weighted means of blocks of bins that overlap by half, arm by arm.

    Parameters
    ----------
    weight, weighted : ndarray of float64, shape (n_all + 1,), running sums of weights, and of values times these
    first, last : ndarray of int64, shape (n_arms,), bins [first, last) of each arm
    n_bins : int, even, of a block
    out_mean, out_variance : ndarray of float64, shape (n_room,), set from the front: mean, and inverse weight

    Returns
    -------
    int, blocks

    Notes
    -----
    O(n_all / n_bins).
    """
    at = 0
    for arm in range(first.size):
        for start in range(first[arm], last[arm] - n_bins + 1, n_bins // 2):
            variance = 1.0 / (weight[start + n_bins] - weight[start])
            out_mean[at] = (weighted[start + n_bins] - weighted[start]) * variance
            out_variance[at] = variance
            at += 1
    return at


@kernel
def half_squares(
    values: NDArray[np.float64], n_blocks: NDArray[np.int64], lag: int, out_square: NDArray[np.float64]
) -> int:
    """Half the squared steps between values `lag` apart in one arm.

    Parameters
    ----------
    values : ndarray of float64, shape (n,), arm by arm
    n_blocks : ndarray of int64, shape (n_arms,), values of each arm
    lag : int, > 0
    out_square : ndarray of float64, shape (n_room,), set from the front

    Returns
    -------
    int, steps

    Notes
    -----
    O(n).
    """
    at, start = 0, 0
    for n in n_blocks:
        for i in range(start, start + n - lag):
            step = values[i + lag] - values[i]
            out_square[at] = step * step / 2.0
            at += 1
        start += n
    return at


@kernel
def bounded_sums(
    squares: NDArray[np.float64], known: NDArray[np.float64], more: float, limit: float
) -> tuple[float, float, int]:
    """Sums over squares in units of their variances, but for those beyond a limit.

    Parameters
    ----------
    squares : ndarray of float64, shape (n,), >= 0
    known : ndarray of float64, shape (n,) or (1,), the part of each variance, or of all, that is known
    more : float, what all variances have beyond that
    limit : float

    Returns
    -------
    total : float, sum of u = squares / (known + more) where u < limit
    slope : float, sum of u / (known + more) there
    n_beyond : int, others, NaN not among them

    Notes
    -----
    Added pairwise (Higham 1993, SIAM J Sci Comput 14:783, doi 10.1137/0914050), in the order of NumPy's sum. O(n).
    """
    ratio, slope = np.empty(_LEAF), np.empty(_LEAF)
    waiting, done = np.empty((_DEEPEST, 3), dtype=np.int64), np.empty(_DEEPEST, dtype=np.int64)
    totals, slopes = np.empty(_DEEPEST), np.empty(_DEEPEST)
    waiting[0] = 0, squares.size, 0
    n_waiting, n_done, n_beyond = 1, 0, 0
    while n_waiting:
        n_waiting -= 1
        start, n, depth = waiting[n_waiting]
        while n > _LEAF:
            half = n // 2 - n // 2 % _LANES
            depth += 1
            waiting[n_waiting] = start + half, n - half, depth
            n_waiting, n = n_waiting + 1, half
        _invert(known[start : start + n] if known.size > 1 else known, more, slope[:n])
        n_beyond += _fill(squares[start : start + n], limit, ratio, slope)
        total, along = _sum(ratio, n), _sum(slope, n)
        while n_done and done[n_done - 1] == depth:
            n_done, depth = n_done - 1, depth - 1
            total, along = totals[n_done] + total, slopes[n_done] + along
        done[n_done], totals[n_done], slopes[n_done] = depth, total, along
        n_done += 1
    return totals[0], slopes[0], n_beyond


@kernel
def _invert(known: NDArray[np.float64], more: float, inverse: NDArray[np.float64]) -> None:
    """One over each variance; over the one of all where there is one."""
    if known.size == 1:
        inverse[:] = 1.0 / (known[0] + more)
        return
    for i in range(inverse.size):
        inverse[i] = 1.0 / (known[i] + more)


@kernel
def _fill(
    squares: NDArray[np.float64], limit: float, ratio: NDArray[np.float64], slope: NDArray[np.float64]
) -> int:
    """What is to be added of each square, 0 beyond the limit; `slope` holds the inverse variances before."""
    n_beyond = 0
    for i in range(squares.size):
        u = squares[i] * slope[i]
        ratio[i] = 0.0 if u >= limit else u
        slope[i] = ratio[i] * slope[i]
        n_beyond += u >= limit
    return n_beyond


@kernel
def _sum(values: NDArray[np.float64], n: int) -> float:
    """Sum of the first n values in eight lanes."""
    whole = n - n % _LANES
    a, b, c, d, e, f, g, h = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(0, whole, _LANES):
        a += values[i]
        b += values[i + 1]
        c += values[i + 2]
        d += values[i + 3]
        e += values[i + 4]
        f += values[i + 5]
        g += values[i + 6]
        h += values[i + 7]
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for i in range(whole, n):
        total += values[i]
    return total
