"""Alleles and depth of one region together: which copies it has, in what share of the cells, and how sure that is."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from genostab.arrays import Float64
from genostab.karyotype.settings import Settings
from genostab.results import CallKind, Estimate
from genostab.units import FRACTION


@dataclass(frozen=True, kw_only=True)
class CopyState:
    """Copies of the two alleles in the changed cells; `kind` by total copies, copy-neutral where that is two."""

    minor: int
    major: int
    kind: CallKind


STATES = (
    CopyState(minor=1, major=2, kind="gain"),
    CopyState(minor=0, major=1, kind="loss"),
    CopyState(minor=0, major=2, kind="cnloh"),
    CopyState(minor=1, major=3, kind="gain"),
)
"""What a call may be. Two copies more, or none left, with balanced alleles in a part of the cells are left out: a level
of intensity that no allele confirms is far more often an artefact."""


_TWO_MORE = STATES[3]
_LEAST_COPIES = 1e-3  # of two: the logarithm of no copy at all
_REFINEMENTS, _MORE_POINTS, _FINE = 8, 17, 0.3  # until neighbours of the maximum differ by less than so much


@dataclass(frozen=True, kw_only=True)
class Depth:
    """Mean log2 ratio of a region and its standard error; `sd_log2` inf where depth says nothing."""

    ratio_log2: float
    sd_log2: float


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a region is: states with their probabilities, and the best one's share of cells.

    probability : tuple of float, shape (n_states,), given that there is a change
    log_total : float, log evidence of both together for a change
    log_allele, log_depth : float, that of either, weighed by what the other makes of it
    """

    state: CopyState
    probability: tuple[float, ...]
    cell_fraction: Estimate
    log_total: float
    log_allele: float
    log_depth: float


def shift_and_ratio(fraction: Float64) -> tuple[Float64, Float64]:
    """Allele shift and log2 ratio of every state at each fraction.

    Parameters
    ----------
    fraction : ndarray of float64, shape (n_fractions,), of the cells, 0..1

    Returns
    -------
    ndarray of float64, shape (n_states, n_fractions), twice
    """
    minor = np.array([state.minor for state in STATES])[:, np.newaxis]
    major = np.array([state.major for state in STATES])[:, np.newaxis]
    total = np.maximum(2.0 + fraction * (minor + major - 2.0), 2.0 * _LEAST_COPIES)
    return (1.0 + fraction * (major - 1.0)) / total - 0.5, np.log2(total / 2.0)


@dataclass(frozen=True, kw_only=True)
class ShiftCurve:
    """Log-likelihood ratio of allele shifts against none.

    shift, log_ratio : float64, shape (n,), ascending from 0, close together where it matters
    """

    shift: Float64
    log_ratio: Float64


def shift_curve(log_ratio_of: Callable[[Float64], Float64], settings: Settings) -> ShiftCurve:
    """A function of the shift on a grid that grows denser about its maximum.

    Parameters
    ----------
    log_ratio_of : function of float64, shape (n,), to float64, shape (n,)
    settings : Settings, table [allele]
    """
    shift = np.geomspace(settings.least_shift, 0.5, settings.n_shifts)
    log_ratio = log_ratio_of(shift)
    for _ in range(_REFINEMENTS):
        best = int(np.argmax(log_ratio))
        low, high = max(best - 1, 0), min(best + 1, shift.size - 1)
        if log_ratio[best] - min(log_ratio[low], log_ratio[high]) < _FINE:
            break
        more = np.linspace(shift[low], shift[high], _MORE_POINTS)[1:-1]
        more = more[~np.isin(more, shift)]
        order = np.argsort(np.concatenate((shift, more)))
        log_ratio = np.concatenate((log_ratio, log_ratio_of(more)))[order]
        shift = np.concatenate((shift, more))[order]
    return ShiftCurve(shift=np.concatenate(([0.0], shift)), log_ratio=np.concatenate(([0.0], log_ratio)))


def read_region(
    curve: ShiftCurve, depth: Depth, response: float, response_cv: float, n: int, settings: Settings
) -> Reading:
    """Copies and cell fraction of a region that is taken to be changed.

    Parameters
    ----------
    curve : ShiftCurve of its heterozygous SNPs
    depth : Depth
    response : float, log2 ratio shown per log2 of copies
    response_cv : float, its relative uncertainty in this region
    n : int, SNPs behind it
    settings : Settings, table [allele]

    Notes
    -----
    p(state, f | alleles, depth) ~ prior(state) prior(f) L(shift(state, f)) N(ratio; response r(state, f), sd), the
    prior of f even in log f but for a share of clones that fill all cells. The evidence of alleles is weighed by the
    posterior of depth alone, and the other way round, so that either is a likelihood ratio whose mean without a change
    is 1 whatever the other shows.
    """
    fraction, at = _terms(curve, depth, response, response_cv, settings)
    log_total = float(_log_sum(at.joint.ravel()))
    by_state = np.exp(_log_sum(at.joint) - log_total)
    chosen = int(np.argmax(by_state))
    return Reading(
        state=STATES[chosen],
        probability=tuple(by_state.tolist()),
        cell_fraction=_estimate(fraction, at.joint[chosen], n, settings),
        log_total=log_total,
        log_allele=log_total - float(_log_sum((at.prior + at.of_depth).ravel())),
        log_depth=log_total - float(_log_sum((at.prior + at.of_alleles).ravel())),
    )


def log_evidence(
    curve: ShiftCurve, depth: Depth, response: float, response_cv: float, settings: Settings
) -> float:
    """Log evidence of both together for a change, as `read_region` has it; arguments as there."""
    _, at = _terms(curve, depth, response, response_cv, settings)
    return float(_log_sum(at.joint.ravel()))


def _log_sum(x: Float64) -> Float64:
    """Logarithm of the sum of exponentials over the last axis, on which some value is finite."""
    most = x.max(axis=-1)
    return np.asarray(most + np.log(np.exp(x - most[..., np.newaxis]).sum(axis=-1)))


@dataclass(frozen=True, kw_only=True)
class _Grid:
    """Shares of cells, shape (n_fractions,), and what each state shows there, shape (n_states, n_fractions)."""

    fraction: Float64
    square_shift: Float64
    ratio_log2: Float64
    log_prior: Float64


@functools.lru_cache(maxsize=4)
def _first_grid(settings: Settings) -> _Grid:
    return _grid(np.geomspace(settings.least_fraction, 1.0, settings.n_fractions), settings)


def _grid(fraction: Float64, settings: Settings) -> _Grid:
    shift, ratio = shift_and_ratio(fraction)
    prior = np.log(np.array(settings.state_shares))[:, np.newaxis] + _log_prior(fraction, settings)
    # Two copies more of one allele in a share of the cells are one copy more in twice as many, to the last digit.
    prior[STATES.index(_TWO_MORE)] += np.where(fraction > 0.5, 0.0, -np.inf)
    return _Grid(fraction=fraction, square_shift=np.square(shift), ratio_log2=ratio, log_prior=prior)


@dataclass(frozen=True, kw_only=True)
class _Terms:
    """Logarithms of prior and likelihood ratios, float64, shape (n_states, n_fractions), each."""

    prior: Float64
    of_alleles: Float64
    of_depth: Float64
    joint: Float64


def _terms(
    curve: ShiftCurve, depth: Depth, response: float, response_cv: float, settings: Settings
) -> tuple[Float64, _Terms]:
    """Shares of cells, closer together about the maximum, and the terms there."""
    grid = _first_grid(settings)
    at = _terms_on(grid, curve, depth, response, response_cv)
    for _ in range(_REFINEMENTS):
        state, best = divmod(int(np.argmax(at.joint)), grid.fraction.size)
        low, high = max(best - 1, 0), min(best + 1, grid.fraction.size - 1)
        likelihood = at.of_alleles[state] + at.of_depth[state]
        if likelihood[best] - min(likelihood[low], likelihood[high]) < _FINE:
            break
        finer = np.linspace(grid.fraction[low], grid.fraction[high], _MORE_POINTS)
        grid = _grid(np.union1d(grid.fraction, finer), settings)
        at = _terms_on(grid, curve, depth, response, response_cv)
    return grid.fraction, at


def _terms_on(grid: _Grid, curve: ShiftCurve, depth: Depth, response: float, response_cv: float) -> _Terms:
    # Linear in the square of the shift, as the logarithm is where it is small.
    of_alleles = np.interp(grid.square_shift, np.square(curve.shift), curve.log_ratio)
    of_depth = np.zeros_like(grid.ratio_log2)
    if math.isfinite(depth.sd_log2):
        expected = response * grid.ratio_log2
        sd = np.hypot(depth.sd_log2, response_cv * expected)
        of_depth = -0.5 * np.square((depth.ratio_log2 - expected) / sd) - np.log(sd)
        of_depth += 0.5 * (depth.ratio_log2 / depth.sd_log2) ** 2 + math.log(depth.sd_log2)
    return _Terms(
        prior=grid.log_prior,
        of_alleles=of_alleles,
        of_depth=of_depth,
        joint=grid.log_prior + of_alleles + of_depth,
    )


def _log_prior(fraction: Float64, settings: Settings) -> Float64:
    """A share of clones fills all cells; the others are even in log fraction."""
    x = np.log(fraction)
    edges = np.concatenate(([x[0]], (x[1:] + x[:-1]) / 2.0, [x[-1]]))
    width = np.diff(edges)
    prior = (1.0 - settings.clonal_share) * width / width.sum()
    prior[-1] += settings.clonal_share
    return np.asarray(np.log(prior))


def _estimate(fraction: Float64, log_posterior: Float64, n: int, settings: Settings) -> Estimate:
    """Posterior median with the interval of equal tails, between the points of the grid by their running sum."""
    weight = np.exp(log_posterior - log_posterior.max())
    running = np.concatenate(([0.0], np.cumsum(weight))) / weight.sum()
    x = np.log(fraction)
    edges = np.concatenate(([x[0]], (x[1:-1] + x[:-2]) / 2.0, [x[-1], x[-1]]))  # all cells: one point
    tail = (1.0 - settings.level) / 2.0
    low, middle, high = np.exp(np.interp([tail, 0.5, 1.0 - tail], running, edges))
    return Estimate(
        estimate=float(middle),
        low=float(low),
        high=float(high),
        unit=FRACTION,
        level=settings.level,
        method="allele fractions and depth together, posterior median",
        n=n,
    )
