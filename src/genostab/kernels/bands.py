"""Bands of heterozygous probes over bins of the B allele fraction, and their share among homozygous ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel

_FLOOR = 1e-5  # of each bin's share, before they are made to sum to 1
_LEAST_CURVATURE = 1e-12
_LEAST_SHARE, _MOST_SHARE = 0.01, 0.99
_LANES = 8


@kernel
def band_shares(
    residual: NDArray[np.float64],
    below: NDArray[np.int64],
    edges: NDArray[np.float64],
    split: NDArray[np.float64],
    shift: NDArray[np.float64],
    scale: NDArray[np.float64],
    out_share: NDArray[np.float64],
) -> None:
    """Share of each bin in two bands that are the same but for their place.

    Parameters
    ----------
    residual : ndarray of float64, shape (n_values,), ascending, each once, what a band scatters by about its place
    below : ndarray of int64, shape (n_values + 1,), how many lie below each, and how many there are
    edges : ndarray of float64, shape (n_bins + 1,), of the bins from the middle, ascending, the outer ones infinite
    split : ndarray of float64, shape (n_splits,), distance of both bands from the middle
    shift : ndarray of float64, shape (n_splits,), of the middle
    scale : ndarray of float64, shape (n_splits,), > 0, of the residuals
    out_share : ndarray of float64, shape (n_splits, n_bins), set

    Notes
    -----
    Share of bin (u, v): (F(v) - F(u) + 1e-5) / (1 + 1e-5 n_bins), with F the mean of both bands' distributions, each
    that of the residuals. O(n_splits n_bins log n_values).
    """
    n_bins, total = edges.size - 1, below[-1]
    for row in range(split.size):
        up, down, before = 0, 0, 0.0
        for j in range(n_bins + 1):
            away = edges[j] - shift[row]
            up = _first_from(residual, (away - split[row]) / scale[row], up)
            down = _first_from(residual, (away + split[row]) / scale[row], down)
            now = 0.5 * (below[up] / total + below[down] / total)
            if j:
                out_share[row, j - 1] = (now - before + _FLOOR) / (1.0 + n_bins * _FLOOR)
            before = now


@kernel
def _first_from(values: NDArray[np.float64], value: float, low: int) -> int:
    """First of ascending values, from `low` on, that is not below a value."""
    high = values.size
    if low == high or values[low] >= value:
        return low
    if values[high - 1] < value:
        return high
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def best_shares(
    counts: NDArray[np.float64],
    het: NDArray[np.float64],
    homozygous: NDArray[np.float64],
    start: float,
    n_steps: int,
    out_share: NDArray[np.float64],
) -> None:
    """Share of heterozygous probes of greatest likelihood in a mixture with homozygous ones.

    Parameters
    ----------
    counts : ndarray of float64, shape (n_bins,), probes
    het : ndarray of float64, shape (n_splits, n_bins), share of each bin in the bands of each split
    homozygous : ndarray of float64, shape (n_bins,), share of each bin in homozygous probes
    start : float, 0.01..0.99, share to begin with
    n_steps : int, of Newton's method
    out_share : ndarray of float64, shape (n_splits,), set, 0.01..0.99

    Notes
    -----
    Greatest sum of counts log(w het + (1 - w) homozygous), which is concave in w. O(n_splits n_bins n_steps).
    """
    n_bins = counts.size
    first, second = np.empty(n_bins), np.empty(n_bins)
    for row in range(het.shape[0]):
        share = start
        for _ in range(n_steps):
            for j in range(n_bins):
                step = het[row, j] - homozygous[j]
                slope = step / (homozygous[j] + share * step)
                first[j] = slope * counts[j]
                second[j] = slope * first[j]
            after = share + _sum(first) / max(_sum(second), _LEAST_CURVATURE)
            after = min(max(after, _LEAST_SHARE), _MOST_SHARE)
            if after == share:
                break
            share = after
        out_share[row] = share


@kernel
def _sum(values: NDArray[np.float64]) -> float:
    """Sum by lanes, as the processor takes them, which is also how NumPy adds up to 128 values."""
    lanes = np.zeros(_LANES)
    whole = values.size - values.size % _LANES
    for i in range(0, whole, _LANES):
        for k in range(_LANES):
            lanes[k] += values[i + k]
    total = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))
    for i in range(whole, values.size):
        total += values[i]
    return float(total)
