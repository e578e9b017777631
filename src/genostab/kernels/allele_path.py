"""Allelic imbalance along a chromosome: hidden paths of balance and of imbalance with a sign that may switch."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel

# After so many SNPs, sums of products of likelihood ratios are scaled where they have left this range, long before they
# leave that of a float.
_LOOK, _LEAST, _MOST = 7, 1e-30, 1e30


@kernel
def imbalance_likelihood(
    symbol: NDArray[np.int32],
    log_plus: NDArray[np.float64],
    log_minus: NDArray[np.float64],
    switch: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Log-likelihood ratio of one imbalance over all SNPs against balance, for each size of it.

    Parameters
    ----------
    symbol : ndarray of int32, shape (n,), what each SNP shows, row of the tables
    log_plus, log_minus : ndarray of float64, shape (n_symbols, n_sizes), log-likelihood ratio of a shift of that size
        up, and down, against none
    switch : ndarray of float64, shape (n,), chance that the sign turns before this SNP; 0.5 where phase is unknown

    Returns
    -------
    ndarray of float64, shape (n_sizes,), natural logarithm

    Notes
    -----
    L = sum over signs s of P(s) prod exp(log_{s_i}), with s a Markov chain that turns with chance switch: the forward
    algorithm, O(n n_sizes). With switch 0.5 everywhere it is the product of the two signs' mean.
    """
    n, n_sizes = symbol.size, log_plus.shape[1]
    plus, minus = _ratios(symbol, log_plus, log_minus)
    up, down = np.full(n_sizes, 0.5), np.full(n_sizes, 0.5)
    log_scale = np.zeros(n_sizes)
    for i in range(n):
        turn = switch[i] if i else 0.0
        of_plus, of_minus = plus[symbol[i]], minus[symbol[i]]
        for k in range(n_sizes):
            a, b = up[k], down[k]
            up[k] = (a + turn * (b - a)) * of_plus[k]
            down[k] = (b + turn * (a - b)) * of_minus[k]
        if i % _LOOK != _LOOK - 1:
            continue
        n_far = 0
        for k in range(n_sizes):
            n_far += not _LEAST < up[k] + down[k] < _MOST
        if n_far:
            for k in range(n_sizes):
                scale = up[k] + down[k]
                log_scale[k] += math.log(scale)
                up[k], down[k] = up[k] / scale, down[k] / scale
    total: NDArray[np.float64] = log_scale + np.log(up + down)
    return total


@kernel
def _ratios(
    symbol: NDArray[np.int32], log_plus: NDArray[np.float64], log_minus: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Exponentials of the rows of two tables that occur; the others are left as they are found."""
    occurs = np.zeros(log_plus.shape[0], dtype=np.bool_)
    for row in symbol:
        occurs[row] = True
    plus, minus = np.empty(log_plus.shape), np.empty(log_plus.shape)
    for row in range(occurs.size):
        if occurs[row]:
            for k in range(log_plus.shape[1]):
                plus[row, k], minus[row, k] = math.exp(log_plus[row, k]), math.exp(log_minus[row, k])
    return plus, minus


@kernel
def imbalance_posterior(
    symbol: NDArray[np.int32],
    log_plus: NDArray[np.float64],
    log_minus: NDArray[np.float64],
    switch: NDArray[np.float64],
    enter: float,
    leave: float,
) -> tuple[NDArray[np.float64], float]:
    """Chance that each SNP lies in an imbalance, and how much the SNPs speak for any imbalance at all.

    Parameters
    ----------
    symbol : ndarray of int32, shape (n,), row of the tables
    log_plus, log_minus : ndarray of float64, shape (n_symbols, n_sizes), log-likelihood ratio of a shift of that size
        up, and down, against none
    switch : ndarray of float64, shape (n,), chance that the sign turns before this SNP
    enter, leave : float, chance to pass from balance into imbalance, and back, from one SNP to the next

    Returns
    -------
    posterior : ndarray of float64, shape (n,), 0..1
    log_evidence : float, log-likelihood of all paths over that of balance throughout

    Notes
    -----
    Forward and backward algorithm over 1 + 2 n_sizes states, O(n n_sizes). Without imbalance the mean of
    exp(log_evidence) is 1, so that it passes 1 / alpha with a chance of at most alpha (Markov's inequality).
    """
    n, n_sizes = symbol.size, log_plus.shape[1]
    plus, minus = _ratios(symbol, log_plus, log_minus)
    share, stay = enter / (2.0 * n_sizes), 1.0 - leave
    up, down = np.full(n_sizes, 0.0), np.full(n_sizes, 0.0)
    balanced, left, log_evidence = 1.0, 0.0, 0.0
    forward = np.empty((n, 2 * n_sizes), dtype=np.float32)
    at_rest = np.empty(n)
    for i in range(n):
        turn = switch[i] if i else 0.0
        of_plus, of_minus, row, begun = plus[symbol[i]], minus[symbol[i]], forward[i], balanced * share
        for k in range(n_sizes):
            a, b = up[k], down[k]
            up[k] = (stay * (a + turn * (b - a)) + begun) * of_plus[k]
            down[k] = (stay * (b + turn * (a - b)) + begun) * of_minus[k]
        changed = 0.0
        for k in range(n_sizes):
            changed += up[k] + down[k]
        balanced = balanced * (1.0 - enter) + leave * left
        total = balanced + changed
        log_evidence += math.log(total)
        one = 1.0 / total
        balanced, left = balanced * one, changed * one
        at_rest[i] = balanced
        for k in range(n_sizes):
            up[k] *= one
            down[k] *= one
            row[k], row[n_sizes + k] = up[k], down[k]
    return 1.0 - _smoothed(symbol, plus, minus, switch, enter, leave, forward, at_rest), log_evidence


@kernel
def _smoothed(
    symbol: NDArray[np.int32],
    plus: NDArray[np.float64],
    minus: NDArray[np.float64],
    switch: NDArray[np.float64],
    enter: float,
    leave: float,
    forward: NDArray[np.float32],
    at_rest: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Chance of balance at each SNP, given all of them: the backward half."""
    n, n_sizes = symbol.size, plus.shape[1]
    share, stay = enter / (2.0 * n_sizes), 1.0 - leave
    up, down = np.ones(n_sizes), np.ones(n_sizes)
    balanced = 1.0
    found = np.empty(n)
    for i in range(n - 1, -1, -1):
        of_plus, of_minus, row, turn = plus[symbol[i]], minus[symbol[i]], forward[i], switch[i]
        changed, into, total = 0.0, 0.0, 0.0
        for k in range(n_sizes):
            changed += row[k] * up[k] + row[n_sizes + k] * down[k]
        found[i] = at_rest[i] * balanced / (at_rest[i] * balanced + changed)
        ended = leave * balanced
        for k in range(n_sizes):
            up[k] *= of_plus[k]
            down[k] *= of_minus[k]
        for k in range(n_sizes):
            into += up[k] + down[k]
        for k in range(n_sizes):
            a, b = up[k], down[k]
            up[k] = stay * (a + turn * (b - a)) + ended
            down[k] = stay * (b + turn * (a - b)) + ended
        balanced = (1.0 - enter) * balanced + share * into
        for k in range(n_sizes):
            total += up[k] + down[k]
        one = 1.0 / (total + balanced)
        balanced *= one
        for k in range(n_sizes):
            up[k] *= one
            down[k] *= one
    return found
