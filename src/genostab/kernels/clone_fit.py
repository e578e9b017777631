"""A clone's share of cells, baseline and responses: what they cost, and the least of it near a start."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel
from genostab.kernels.clone_chain import clone_likelihood

_LEAST_COPIES = 1e-3  # of one allele per cell


@kernel
def clone_cost(
    x: NDArray[np.float64],
    response: NDArray[np.float64],
    minor: NDArray[np.int64],
    major: NDArray[np.int64],
    share: NDArray[np.float64],
    chrom: NDArray[np.int16],
    table: NDArray[np.float64],
    seen: NDArray[np.float64],
    sd: NDArray[np.float64],
    elsewhere: NDArray[np.float64],
    chances: NDArray[np.float64],
    least_shift: float,
) -> float:
    """Negative log posterior of a point, but for a constant, given the shares of states.

    Parameters
    ----------
    x : ndarray of float64, shape (4,), share of cells, log2 ratio of two copies, and the responses of depth and of
        alleles in standard deviations from what is expected
    response : ndarray of float64, shape (4,), expected response of depth, its relative standard deviation, that of the
        response of alleles, and that of either from place to place
    minor, major : ndarray of int64, shape (n_states,), copies of both alleles
    share : ndarray of float64, shape (n_states,), chance of each state where it is drawn anew
    chrom : ndarray of int16, shape (n_segments,), sorted
    table : ndarray of float64, shape (n_segments, n_columns), log-likelihood of no shift, and of n_columns - 1 shifts
        from `least_shift` to 0.5 in equal ratios
    seen, sd : ndarray of float64, shape (n_segments,), log2 ratio and standard error, inf where depth says nothing
    elsewhere : ndarray of float64, shape (n_segments,), log-likelihood of a segment that is not of the clone
    chances : ndarray of float64, shape (2,), `off` and `stay` of `clone_likelihood`
    least_shift : float, > 0

    Returns
    -------
    float, natural logarithm

    Notes
    -----
    With f the share of cells there are a = 1 + f (minor - 1) and b = 1 + f (major - 1) copies per cell (Van Loo et al.
    2010, doi 10.1073/pnas.1009843107); they show the shift tanh(r log(b / a) / 2) / 2 and the level
    d + g log2((a + b) / 2). Responses have Gaussian priors. O(n_segments n_states).
    """
    n_states, n_columns = minor.size, table.shape[1]
    place, level, level_sd = np.empty(n_states), np.empty(n_states), np.empty(n_states)
    depth = response[0] * math.exp(x[2] * response[1])
    allele = math.exp(x[3] * response[2])
    step = math.log(0.5 / least_shift) / (n_columns - 2)
    for k in range(n_states):
        a = max(1.0 + x[0] * (minor[k] - 1.0), _LEAST_COPIES)
        b = max(1.0 + x[0] * (major[k] - 1.0), _LEAST_COPIES)
        shift = 0.5 * math.tanh(0.5 * allele * math.log(b / a))
        is_least = shift < least_shift
        place[k] = shift / least_shift if is_least else 1.0 + math.log(shift / least_shift) / step
        # States of as many copies have one level to the last bit, unless an allele is at its least.
        total = 2.0 + x[0] * (minor[k] + major[k] - 2.0) if min(a, b) > _LEAST_COPIES else a + b
        change = depth * math.log2(total / 2.0)
        level[k], level_sd[k] = change + x[1], abs(response[3] * change)
    log_likelihood = clone_likelihood(
        place, level, level_sd, share, chrom, table, seen, sd, elsewhere, chances[0], chances[1]
    )
    return float(0.5 * (x[2] ** 2 + x[3] ** 2) - log_likelihood)


@kernel
def refine_clone(
    simplex: NDArray[np.float64],
    least: float,
    tolerance: NDArray[np.float64],
    n_most: int,
    response: NDArray[np.float64],
    minor: NDArray[np.int64],
    major: NDArray[np.int64],
    share: NDArray[np.float64],
    chrom: NDArray[np.int16],
    table: NDArray[np.float64],
    seen: NDArray[np.float64],
    sd: NDArray[np.float64],
    elsewhere: NDArray[np.float64],
    chances: NDArray[np.float64],
    least_shift: float,
) -> int:
    """Walk downhill to the point of least cost, by a simplex.

    Parameters
    ----------
    simplex : ndarray of float64, shape (5, 4), corners to begin with; set to those at the end, the best first
    least : float, of the share of cells, which is at most 1
    tolerance : ndarray of float64, shape (2,), of points and of costs, at which corners are one
    n_most : int, evaluations of the cost, at least 5
    response : ndarray of float64, shape (4,)
    minor, major : ndarray of int64, shape (n_states,)
    share : ndarray of float64, shape (n_states,)
    chrom : ndarray of int16, shape (n_segments,)
    table : ndarray of float64, shape (n_segments, n_columns)
    seen, sd, elsewhere : ndarray of float64, shape (n_segments,)
    chances : ndarray of float64, shape (2,)
    least_shift : float, as all from `response` on of `clone_cost`

    Returns
    -------
    int, evaluations

    Notes
    -----
    Nelder and Mead (1965, Comput J 7:308, doi 10.1093/comjnl/7.4.308): reflection 1, expansion 2, contraction and
    shrinkage 1/2; points out of bounds are drawn to them, first corners above are mirrored there.
    O(n_most n_segments n_states).
    """
    given = (response, minor, major, share, chrom, table, seen, sd, elsewhere, chances, least_shift)
    n = int(simplex.shape[1])
    cost = np.empty(n + 1)
    for j in range(n + 1):
        if simplex[j, 0] > 1.0:
            simplex[j, 0] = 2.0 - simplex[j, 0]
        _bound(simplex[j], least)
        cost[j] = clone_cost(simplex[j], *given)
    n_calls: int = n + 1
    _sort(simplex, cost)
    while n_calls < n_most and not _is_one(simplex, cost, tolerance):
        middle, worst = _middle(simplex), simplex[n].copy()
        point = _bound(2.0 * middle - worst, least)
        value = clone_cost(point, *given)
        n_calls += 1
        is_best, is_inner = value < cost[0], cost[0] <= value < cost[n]
        if is_best or not value < cost[n - 1]:
            if n_calls == n_most:
                break
            along = 2.0 if is_best else 0.5 if is_inner else -0.5
            other = _bound((1.0 + along) * middle - along * worst, least)
            further = clone_cost(other, *given)
            n_calls += 1
            limit = value if is_best or is_inner else cost[n]
            if further < limit or (is_inner and further == limit):
                point, value = other, further
            elif not is_best:
                n_calls += _shrink(simplex, cost, least, n_most - n_calls, given)
                point, value = simplex[n].copy(), cost[n]
        simplex[n] = point
        cost[n] = value
        _sort(simplex, cost)
    return n_calls


@kernel
def _shrink(
    simplex: NDArray[np.float64],
    cost: NDArray[np.float64],
    least: float,
    n_most: int,
    given: tuple[Any, ...],
) -> int:
    """Draw up to `n_most` corners half the way to the best; how many."""
    n_drawn = min(cost.size - 1, n_most)
    for j in range(1, n_drawn + 1):
        simplex[j] = _bound(simplex[0] + 0.5 * (simplex[j] - simplex[0]), least)
        cost[j] = clone_cost(simplex[j], *given)
    return n_drawn


@kernel
def _bound(point: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """The point itself, with its share of cells within bounds."""
    point[0] = min(max(point[0], least), 1.0)
    return point


@kernel
def _middle(simplex: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of all corners but the last."""
    total = np.zeros(simplex.shape[1])
    for j in range(simplex.shape[1]):
        total += simplex[j]
    return total / total.size


@kernel
def _is_one(simplex: NDArray[np.float64], cost: NDArray[np.float64], tolerance: NDArray[np.float64]) -> bool:
    """Whether all corners are the best one, in place and in cost."""
    for j in range(1, cost.size):
        if not abs(cost[j] - cost[0]) <= tolerance[1]:
            return False
        for k in range(simplex.shape[1]):
            if not abs(simplex[j, k] - simplex[0, k]) <= tolerance[0]:
                return False
    return True


@kernel
def _sort(simplex: NDArray[np.float64], cost: NDArray[np.float64]) -> None:
    """Corners by their cost; equal ones keep their order."""
    for j in range(1, cost.size):
        corner, value, i = simplex[j].copy(), cost[j], j
        while i > 0 and cost[i - 1] > value:
            simplex[i], cost[i] = simplex[i - 1], cost[i - 1]
            i -= 1
        simplex[i], cost[i] = corner, value
