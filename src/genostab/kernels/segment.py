"""Exact penalised change-point search by functional pruning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel


@kernel
def find_breaks(
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    penalty: float,
    out_breaks: NDArray[np.int64],
) -> int:
    """Number of breaks of the piecewise-constant mean that minimises weighted squared error plus penalty per break.

    Parameters
    ----------
    values : ndarray of float64, shape (n,), n >= 1, no NaN
    weights : ndarray of float64, shape (n,), inverse variances, > 0
    penalty : float, cost of one break, > 0
    out_breaks : ndarray of int64, shape (n,), filled from the front with the ascending index at which each new
        segment starts

    Returns
    -------
    n_breaks : int

    Notes
    -----
    F(t) = min over s < t of F(s) + sum of w (y - mu)^2 over s..t-1, at the best mu, plus the penalty; exact. The
    candidates s are kept as pieces of the lower envelope over mu (FPOP: Maidstone, Hocking, Rigaill, Fearnhead 2017,
    Stat Comput 27:519, doi 10.1007/s11222-016-9636-3); O(n log n) in practice, O(n^2) at worst.
    """
    n = values.size
    best_start = np.zeros(n + 1, dtype=np.int64)
    # One row a piece: low, high, and the quadratic a mu^2 - 2 b mu + c; `start` names the candidate behind it.
    room = 64
    piece = np.empty((room, 5))
    start = np.empty(room, dtype=np.int64)
    fresh = np.empty((room, 5))
    fresh_start = np.empty(room, dtype=np.int64)
    # Centred, so that the quadratics do not cancel; a margin, so that a constant has a piece to stand on.
    centre = values.mean()
    piece[0, 0], piece[0, 1] = values.min() - centre - 1.0, values.max() - centre + 1.0
    piece[0, 2:] = 0.0
    start[0] = 0
    n_pieces = 1
    for t in range(1, n + 1):
        y, w = values[t - 1] - centre, weights[t - 1]
        best = np.inf
        for k in range(n_pieces):
            piece[k, 2] += w
            piece[k, 3] += w * y
            piece[k, 4] += w * y * y
            mu = min(max(piece[k, 3] / piece[k, 2], piece[k, 0]), piece[k, 1])
            cost = (piece[k, 2] * mu - 2.0 * piece[k, 3]) * mu + piece[k, 4]
            if cost < best:
                best = cost
                best_start[t] = start[k]
        ceiling = best + penalty
        if 3 * n_pieces + 2 > room:
            room = 6 * n_pieces + 4
            grown, grown_start = np.empty((room, 5)), np.empty(room, dtype=np.int64)
            grown[:n_pieces], grown_start[:n_pieces] = piece[:n_pieces], start[:n_pieces]
            piece, start = grown, grown_start
            fresh, fresh_start = np.empty((room, 5)), np.empty(room, dtype=np.int64)
        n_fresh = 0
        for k in range(n_pieces):
            low, high, a, b, c = piece[k, 0], piece[k, 1], piece[k, 2], piece[k, 3], piece[k, 4]
            keep_low, keep_high = low, high
            # Convex: what is below the ceiling at both ends is so between them.
            if max((a * low - 2.0 * b) * low, (a * high - 2.0 * b) * high) + c > ceiling:
                root2 = b * b - a * (c - ceiling)
                root = np.sqrt(max(root2, 0.0))
                keep_low, keep_high = max(low, (b - root) / a), min(high, (b + root) / a)
            if keep_low >= keep_high:
                n_fresh = _push(fresh, fresh_start, n_fresh, low, high, ceiling, t)
                continue
            if keep_low > low:
                n_fresh = _push(fresh, fresh_start, n_fresh, low, keep_low, ceiling, t)
            fresh[n_fresh, 0], fresh[n_fresh, 1] = keep_low, keep_high
            fresh[n_fresh, 2], fresh[n_fresh, 3], fresh[n_fresh, 4] = a, b, c
            fresh_start[n_fresh] = start[k]
            n_fresh += 1
            if keep_high < high:
                n_fresh = _push(fresh, fresh_start, n_fresh, keep_high, high, ceiling, t)
        piece, fresh = fresh, piece
        start, fresh_start = fresh_start, start
        n_pieces = n_fresh
    n_breaks = 0
    t = best_start[n]
    while t > 0:
        out_breaks[n_breaks] = t
        n_breaks += 1
        t = best_start[t]
    out_breaks[:n_breaks] = out_breaks[:n_breaks][::-1].copy()
    return n_breaks


@kernel
def _push(
    fresh: NDArray[np.float64],
    fresh_start: NDArray[np.int64],
    n_fresh: int,
    low: float,
    high: float,
    ceiling: float,
    t: int,
) -> int:
    if n_fresh and fresh_start[n_fresh - 1] == t:
        fresh[n_fresh - 1, 1] = high
        return n_fresh
    fresh[n_fresh, 0], fresh[n_fresh, 1] = low, high
    fresh[n_fresh, 2], fresh[n_fresh, 3], fresh[n_fresh, 4] = 0.0, 0.0, ceiling
    fresh_start[n_fresh] = t
    return n_fresh + 1
