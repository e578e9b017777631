"""Alleles and depth of one region together: which copies it has, in what share of the cells, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from genostab.arrays import Float64, Int64
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
    *(CopyState(minor=1, major=major, kind="gain") for major in range(3, 8)),
    CopyState(minor=0, major=3, kind="gain"),
    CopyState(minor=0, major=4, kind="gain"),
    CopyState(minor=2, major=3, kind="gain"),
    CopyState(minor=2, major=2, kind="gain"),
    CopyState(minor=0, major=0, kind="loss"),
)
"""What a call may be; how common each is, is in `state_shares`."""
USUAL_STATES = STATES[:4]
MOST_COPIES = max(state.minor + state.major for state in STATES)


@dataclass(frozen=True, kw_only=True)
class Response:
    """Log2 ratio shown per log2 of copies, how uncertain that is, and how it differs from place to place.

    `stands_alone` says whether a level of depth may be a change with balanced alleles (2 + 2 copies, or none left): of
    reads it may; a level of intensity that no allele bears out is far more often an artefact.
    """

    mean: float
    cv: float
    place_cv: float
    stands_alone: bool = False


_MINOR = np.array([state.minor for state in STATES])[:, np.newaxis]
_MAJOR = np.array([state.major for state in STATES])[:, np.newaxis]
_MORE = _MINOR + _MAJOR - 2.0
_USUAL = np.array([state in USUAL_STATES for state in STATES])
# k copies more of one allele in f of the cells are one copy more in k f, to the last digit; the nearest is meant.
_LEAST_FRACTION_OF = np.where(_MINOR == 1, (_MAJOR - 2.0) / np.maximum(_MAJOR - 1.0, 1.0), 0.0)[:, 0]
_LEAST_COPIES = 1e-3  # of two: the logarithm of no copy at all
_REFINEMENTS, _MORE_POINTS, _FINE = 12, 9, 2.0  # until neighbours of the maximum differ by less than so much
# The maximum as far down as its logarithm falls by so much, on so many points: a step of 0.3 standard errors.
_FALL, _PEAK_POINTS = 12.0, 41
# Of rare states one in so many of the points about a maximum is tried: 0.9 standard errors apart.
_THINNED = 3
_DECIMALS = 9  # of the logarithm of a share of cells: closer ones are one
# Of ratios tried about that of the depth, in standard errors.
_DEVIATES = np.linspace(-5.0, 5.0, 33)


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
    return _shift_and_ratio(fraction, _MINOR, _MAJOR)


def _shift_and_ratio(fraction: Float64, minor: Int64, major: Int64) -> tuple[Float64, Float64]:
    total = np.maximum(2.0 + fraction * (minor + major - 2.0), 2.0 * _LEAST_COPIES)
    return fraction * (major - minor) / (2.0 * total), np.log2(total / 2.0)


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
    shift = _spaced(settings.least_shift, 0.5, settings.n_shifts)
    log_ratio = log_ratio_of(shift)
    for _ in range(_REFINEMENTS):
        best = int(np.argmax(log_ratio))
        low, high = max(best - 1, 0), min(best + 1, shift.size - 1)
        if log_ratio[best] - min(log_ratio[low], log_ratio[high]) < _FINE:
            break
        shift, log_ratio = _with_more(shift, log_ratio, shift[low], shift[high], _MORE_POINTS, log_ratio_of)
    near = np.flatnonzero(log_ratio > log_ratio.max() - _FALL)
    low, high = max(int(near[0]) - 1, 0), min(int(near[-1]) + 1, shift.size - 1)
    shift, log_ratio = _with_more(shift, log_ratio, shift[low], shift[high], _PEAK_POINTS, log_ratio_of)
    return ShiftCurve(shift=np.concatenate(([0.0], shift)), log_ratio=np.concatenate(([0.0], log_ratio)))


def _with_more(
    shift: Float64,
    log_ratio: Float64,
    low: float,
    high: float,
    n: int,
    log_ratio_of: Callable[[Float64], Float64],
) -> tuple[Float64, Float64]:
    """A curve with `n` points more, evenly between two shifts."""
    more = np.setdiff1d(np.linspace(low, high, n), shift)
    if not more.size:
        return shift, log_ratio
    order = np.argsort(np.concatenate((shift, more)))
    of_more = log_ratio_of(more)
    return np.concatenate((shift, more))[order], np.concatenate((log_ratio, of_more))[order]


def read_region(curve: ShiftCurve, depth: Depth, response: Response, n: int, settings: Settings) -> Reading:
    """Copies and cell fraction of a region that is taken to be changed.

    Parameters
    ----------
    curve : ShiftCurve of its heterozygous SNPs
    depth : Depth
    response : Response; `cv` is its uncertainty in this region
    n : int, SNPs behind it
    settings : Settings, table [allele]

    Notes
    -----
    p(state, f | alleles, depth) ~ prior(state) prior(f) L(shift(state, f)) N(ratio; response r(state, f), sd), the
    prior of f even in log f but for a share of clones that fill all cells. The evidence of alleles is weighed by the
    posterior of depth alone, and the other way round, so that either is a likelihood ratio whose mean without a change
    is 1 whatever the other shows.
    """
    fraction = _fractions(curve, depth, response, settings)
    at = _Terms.at(fraction, curve, depth, response, settings)
    log_total = _log_sum(at.joint)
    n_pairs = fraction.size - at.first
    begins = np.cumsum(n_pairs) - n_pairs
    by_state = np.zeros(len(STATES))
    by_state[at.states] = np.add.reduceat(np.exp(at.joint - log_total), begins)
    best = int(np.argmax(by_state[at.states]))
    chosen = int(at.states[best])
    log_posterior = np.full(fraction.size, -np.inf)
    log_posterior[at.first[best] :] = at.joint[begins[best] : begins[best] + n_pairs[best]]
    return Reading(
        state=STATES[chosen],
        probability=tuple(by_state.tolist()),
        cell_fraction=_estimate(fraction, log_posterior, n, settings),
        log_total=log_total,
        log_allele=log_total - _log_sum(at.prior + at.of_depth),
        log_depth=log_total - _log_sum(at.prior + at.of_alleles),
    )


def log_evidence(curve: ShiftCurve, depth: Depth, response: Response, settings: Settings) -> float:
    """Log evidence of both together for a change, as `read_region` has it; arguments as there."""
    fraction = _fractions(curve, depth, response, settings)
    return _log_sum(_Terms.at(fraction, curve, depth, response, settings).joint)


def _fractions(curve: ShiftCurve, depth: Depth, response: Response, settings: Settings) -> Float64:
    """Shares of cells, dense wherever alleles or depth have their maximum for any of the states."""
    tried = [_spaced(settings.least_fraction, 1.0, settings.n_fractions)]
    levels, shift = np.empty(0), curve.shift[curve.shift < 0.5]
    near = shift[curve.log_ratio[: shift.size] > curve.log_ratio.max() - _FALL]
    if np.isfinite(depth.sd_log2):
        sd = np.hypot(depth.sd_log2, response.cv * depth.ratio_log2)
        levels = 2.0 * np.exp2((depth.ratio_log2 + sd * _DEVIATES) / response.mean)
    for rows, shifts, level in (
        (_USUAL, shift, levels),
        (~_USUAL, near[::_THINNED], levels[::_THINNED]),
    ):
        is_seen, is_more = rows & (_MINOR < _MAJOR)[:, 0], rows & (_MORE != 0.0)[:, 0]
        tried.append((2.0 * shifts / (_MAJOR[is_seen] - 1.0 - (shifts + 0.5) * _MORE[is_seen])).ravel())
        tried.append((level / _MORE[is_more] - 2.0 / _MORE[is_more]).ravel())
    fraction = np.concatenate(tried)
    kept = fraction[(fraction >= settings.least_fraction) & (fraction <= 1.0)]
    return np.asarray(np.exp(np.unique(np.round(np.log(kept), _DECIMALS))))


@lru_cache(maxsize=8)
def _spaced(low: float, high: float, n: int) -> Float64:
    return np.geomspace(low, high, n)


def _log_sum(values: Float64) -> float:
    """Logarithm of a sum of exponentials.

    SciPy's, which asks what kind of array it is given, takes four times as long as all of it.
    """
    most = values.max()
    return float(np.log(np.exp(values - most).sum()) + most)


@dataclass(frozen=True, kw_only=True)
class _Terms:
    """Logarithms of prior and likelihood ratios, of one state after the other at the shares of cells it may have.

    states : int64, shape (n_states,), which of STATES may be there at all
    first : int64, shape (n_states,), the first share of cells that each may have; all later ones follow
    prior, of_alleles, of_depth : float64, shape (n_pairs,)
    """

    states: Int64
    first: Int64
    prior: Float64
    of_alleles: Float64
    of_depth: Float64

    @property
    def joint(self) -> Float64:
        return self.prior + self.of_alleles + self.of_depth

    @staticmethod
    def at(
        fraction: Float64,
        curve: ShiftCurve,
        depth: Depth,
        response: Response,
        settings: Settings,
    ) -> _Terms:
        states = np.flatnonzero(response.stands_alone | (_MINOR < _MAJOR))
        first = np.searchsorted(fraction, _LEAST_FRACTION_OF[states], side="right")
        minor, major = (np.repeat(each[states, 0], fraction.size - first) for each in (_MINOR, _MAJOR))
        shift, ratio = _shift_and_ratio(np.concatenate([fraction[i:] for i in first]), minor, major)
        # Linear in the square of the shift, as the logarithm is where it is small.
        of_alleles = np.interp(shift**2, curve.shift**2, curve.log_ratio)
        of_depth = np.zeros_like(ratio)
        if np.isfinite(depth.sd_log2):
            expected = response.mean * ratio
            variance = depth.sd_log2**2 + np.square(response.cv * expected)
            of_depth = -0.5 * (np.square(depth.ratio_log2 - expected) / variance + np.log(variance))
            of_depth += 0.5 * (depth.ratio_log2 / depth.sd_log2) ** 2 + np.log(depth.sd_log2)
        log_share, of_fraction = np.log(settings.state_shares)[states], _log_prior(fraction, settings)
        prior = np.concatenate([one + of_fraction[i:] for one, i in zip(log_share, first, strict=True)])
        return _Terms(states=states, first=first, prior=prior, of_alleles=of_alleles, of_depth=of_depth)


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
