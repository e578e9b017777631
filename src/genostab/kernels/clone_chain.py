"""A clone's states along the chromosomes: one likelihood of all segments, by depth and alleles."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel

_LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)


@kernel
def clone_likelihood(
    place: NDArray[np.float64],
    level: NDArray[np.float64],
    level_sd: NDArray[np.float64],
    share: NDArray[np.float64],
    chrom: NDArray[np.int16],
    table: NDArray[np.float64],
    seen: NDArray[np.float64],
    sd: NDArray[np.float64],
    elsewhere: NDArray[np.float64],
    off: float,
    stay: float,
) -> float:
    """Log-likelihood of segments whose states form a chain along every chromosome.

    Parameters
    ----------
    place : ndarray of float64, shape (n_states,), column of `table` that a state's alleles show, between two columns
        in proportion
    level, level_sd : ndarray of float64, shape (n_states,), log2 ratio that a state shows, and its standard deviation
    share : ndarray of float64, shape (n_states,), chance of each state where it is drawn anew
    chrom : ndarray of int16, shape (n_segments,), sorted
    table : ndarray of float64, shape (n_segments, n_columns), log-likelihood of what the alleles of a segment show
    seen, sd : ndarray of float64, shape (n_segments,), log2 ratio and standard error, inf where depth says nothing
    elsewhere : ndarray of float64, shape (n_segments,), log-likelihood of a segment that is not of the clone
    off : float, chance of that
    stay : float, chance that a segment keeps the state of the one before on its chromosome

    Returns
    -------
    float, natural logarithm

    Notes
    -----
    L = prod over chromosomes of sum over paths of prod P(s_i | s_i-1) ((1 - off) L_i(s_i) + off exp(elsewhere_i)), by
    the forward algorithm; P(s | r) = stay [s = r] + (1 - stay) share(s). O(n_segments n_states).
    """
    n_segments, n_states, n_columns = seen.size, share.size, table.shape[1]
    before, now, value = np.empty(n_states), np.empty(n_states), np.empty(n_states)
    log_likelihood = 0.0
    for i in range(n_segments):
        most, cost = elsewhere[i], 0.0
        for k in range(n_states):
            low = min(int(place[k]), n_columns - 2)
            part = place[k] - low
            value[k] = table[i, low] * (1.0 - part) + table[i, low + 1] * part
            if sd[i] < math.inf:
                if k == 0 or level[k] != level[k - 1] or level_sd[k] != level_sd[k - 1]:
                    variance = sd[i] * sd[i] + level_sd[k] * level_sd[k]
                    away = seen[i] - level[k]
                    cost = 0.5 * (away * away / variance + math.log(variance)) + _LOG_ROOT_TWO_PI
                value[k] -= cost
            most = max(most, value[k])
        is_first = i == 0 or chrom[i] != chrom[i - 1]
        outside, total = off * math.exp(elsewhere[i] - most), 0.0
        for k in range(n_states):
            drawn = share[k] if is_first else stay * before[k] + (1.0 - stay) * share[k]
            now[k] = drawn * ((1.0 - off) * math.exp(value[k] - most) + outside)
            total += now[k]
        for k in range(n_states):
            before[k] = now[k] / total
        log_likelihood += math.log(total) + most
    return log_likelihood
