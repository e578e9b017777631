"""Optimal partitioning (Jackson et al. 2005, doi 10.1109/LSP.2001.838216), straight from the recursion, O(n^2)."""

import numpy as np


def find_breaks(values, weights, penalty, out_breaks):
    n = len(values)
    sum_w = np.concatenate(([0.0], np.cumsum(weights)))
    sum_wy = np.concatenate(([0.0], np.cumsum(weights * values)))
    sum_wyy = np.concatenate(([0.0], np.cumsum(weights * values**2)))
    total = np.full(n + 1, np.inf)
    total[0] = -penalty
    best_start = np.zeros(n + 1, dtype=int)
    for t in range(1, n + 1):
        s = np.arange(t)
        error = (sum_wyy[t] - sum_wyy[s]) - (sum_wy[t] - sum_wy[s]) ** 2 / (sum_w[t] - sum_w[s])
        candidates = total[s] + error + penalty
        best_start[t] = int(np.argmin(candidates))
        total[t] = candidates[best_start[t]]
    breaks = []
    t = best_start[n]
    while t > 0:
        breaks.append(t)
        t = best_start[t]
    out_breaks[: len(breaks)] = breaks[::-1]
    return len(breaks)
