"""Rough likelihood of clones: each segment for itself, shares of states at their likeliest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel


@kernel
def rough_likelihood(
    log_likelihood: NDArray[np.float64],
    elsewhere: NDArray[np.float64],
    log_prior: NDArray[np.float64],
    off: float,
    n_prior: float,
    n_rounds: int,
    out_value: NDArray[np.float64],
) -> None:
    """Log posterior of many points at once, at shares of states by expectation and maximisation.

    Parameters
    ----------
    log_likelihood : ndarray of float64, shape (n_points, n_states, n_segments)
    elsewhere : ndarray of float64, shape (n_segments,), log-likelihood of a segment that is not of the clone
    log_prior : ndarray of float64, shape (n_kinds, n_states), logarithm of shares before any data
    off : float, share of segments that are not of the clone
    n_prior : float, segments that the prior of shares weighs
    n_rounds : int, of the shares, from those before any data
    out_value : ndarray of float64, shape (n_kinds, n_points), set

    Notes
    -----
    sum over segments of log((1 - off) sum over states of share L + off exp(elsewhere)), and the Dirichlet penalty
    n_prior sum of prior log(share / prior); a round is share ~ n_prior prior + expected segments (Dempster et al.
    1977). O(n_kinds n_points n_states n_segments n_rounds).
    """
    n_points, n_states, n_segments = log_likelihood.shape
    likelihood, turned = np.empty((n_states, n_segments)), np.empty((n_segments, n_states))
    most, outside, total = np.empty(n_segments), np.empty(n_segments), np.empty(n_segments)
    share, seen, prior = np.empty(n_states), np.empty(n_states), np.exp(log_prior)
    for point in range(n_points):
        most[:] = elsewhere
        for k in range(n_states):
            for s in range(n_segments):
                most[s] = max(most[s], log_likelihood[point, k, s])
        for s in range(n_segments):
            outside[s] = off * np.exp(elsewhere[s] - most[s])
        for k in range(n_states):
            for s in range(n_segments):
                likelihood[k, s] = np.exp(log_likelihood[point, k, s] - most[s]) * (1.0 - off)
                turned[s, k] = likelihood[k, s]
        for kind in range(log_prior.shape[0]):
            share[:] = prior[kind]
            for _ in range(n_rounds):
                total[:] = outside
                _add_rows(likelihood, share, total)
                total[:] = 1.0 / total
                seen[:] = 0.0
                _add_rows(turned, total, seen)
                share[:] = n_prior * prior[kind] + share * seen
                share /= share.sum()
            total[:] = outside
            _add_rows(likelihood, share, total)
            value = 0.0
            for s in range(n_segments):
                value += np.log(total[s]) + most[s]
            for k in range(n_states):
                value += n_prior * prior[kind, k] * (np.log(share[k]) - log_prior[kind, k])
            out_value[kind, point] = value


@kernel
def _add_rows(rows: NDArray[np.float64], times: NDArray[np.float64], total: NDArray[np.float64]) -> None:
    """Add every row so many times."""
    for i in range(rows.shape[0]):
        factor = times[i]
        for j in range(rows.shape[1]):
            total[j] += rows[i, j] * factor
