"""One clone of whole copies of both alleles in a share of the cells, fitted to all segments of a genome at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp

from genostab.arrays import Float64, Int64
from genostab.karyotype.allele_chain import (
    backward_pass,
    by_segment,
    chains_of,
    fitted_shares,
    forward_pass,
    log_prior_of,
    marginal_likelihood,
    rough_modes,
)
from genostab.karyotype.allele_model import (
    CloneResponse,
    CloneSegments,
    Model,
    Point,
    States,
    copies,
    cost_terms,
    likelihood_at,
    models_of,
    of_alleles,
    of_depth,
    states_of,
)
from genostab.karyotype.allele_state import USUAL_STATES, shift_and_ratio
from genostab.karyotype.settings import Settings
from genostab.kernels.clone_fit import clone_cost, refine_clone

_FRACTIONS, _LEVELS = 48, 80  # of the grid on which the search for optima begins
# Of levels [log2] and of responses, round by round: a step of the grid, then less, so that no narrow optimum is missed.
_BLURS = ((0.04, 0.1), (0.015, 0.05), (0.0, 0.0), (0.0, 0.0))
_SIZES = (1.0, 0.5, 0.25, 0.1)  # of the simplex in each round
_STARTS, _KEPT = 12, 8  # optima of the grid of each kind of clone, and of both after the first round
_APART = np.array([0.03, 0.02, 0.5, 0.5])  # parameters of two optima, in at least one
_TOLERANCE = np.array([1e-3, 1e-2])  # of parameters and of the likelihood, at which a simplex is one point
_EVALUATIONS = 120  # of the likelihood in a round; optima stand still to 0.01 after three
_EVERYWHERE = 0.98  # of the cells: all of them
_FURTHEST = 3.0  # steps and standard deviations of a parameter, in its own unit
_INSIDE = 1.01  # of the least share of cells
_SAME_SHARE = 0.9  # of segments with the same copies: one solution


@dataclass(frozen=True, kw_only=True)
class AlleleClone:
    """A clone in a share of the cells, the others being normal; or every change in a share of its own.

    cell_fraction : float, None where every change has its own
    baseline_log2 : float, ratio of two copies; depth_response, allele_response : float, fitted
    ploidy : float, mean copies of the clone; doubled : bool, whether its unchanged state has two copies of each allele
    minor, major : int64, shape (n_segments,), likeliest copies; probability : float64, of these, given the clone
    in_clone : float64, shape (n_segments,), chance that a segment is whole copies of this clone
    log_likelihood : float, its parameters integrated over, relative to changes each in a share of cells of its own
    """

    cell_fraction: float | None
    baseline_log2: float
    depth_response: float
    allele_response: float
    ploidy: float
    doubled: bool
    minor: Int64
    major: Int64
    probability: Float64
    in_clone: Float64
    log_likelihood: float


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A clone being fitted.

    x : share of cells, baseline, and both responses in standard deviations from what is expected
    """

    x: Float64
    states: States
    share: Float64
    log_likelihood: float


def clone_solutions(
    segments: CloneSegments, response: CloneResponse, settings: Settings
) -> tuple[AlleleClone, ...]:
    """Every clone that explains alleles and depth of all segments, and changes in shares of cells of their own.

    Parameters
    ----------
    segments : CloneSegments
    response : CloneResponse
    settings : Settings, tables [allele], [clone] and [ploidy]

    Returns
    -------
    tuple of AlleleClone
        Clones within `decisive_odds` squared of the likeliest, and changes each in a share of their own, which has a
        `log_likelihood` of 0 and stands first where no clone passes it by `decisive_odds`; else by likelihood.

    Notes
    -----
    With a share f of cells that have m and M copies of the two alleles, the others one of each, there are
    a = 1 + f (m - 1) and b = 1 + f (M - 1) copies of either per cell (ASCAT: Van Loo et al. 2010, doi
    10.1073/pnas.1009843107). Depth shows d + g log2((a + b) / 2), alleles the log odds r log(b / a); the baseline d is
    free, the responses g and r have priors, and both may differ from place to place. A segment is of the clone, or,
    with a share of `subclonal_share`, of any level and shift. How many segments have which state is learnt from them
    all, beginning with shares that fall with every copy (posterior mode under a Dirichlet prior that weighs
    `clone_prior_segments`); a segment has the state of its neighbour with the chance `clone_stay`. Solutions
    are compared with all of that integrated over: shares of states by the Cheeseman-Stutz approximation, the other
    parameters by Laplace's method, where the share of cells has the same prior as that of single changes.

    A doubled genome in a share f of the cells, with x copies more or less than (2, 2) in its regions, shows the same
    as one that is not doubled in f / (1 + f) with x copies more or less than (1, 1), unless a region has lost two
    copies of an allele: only the share of doubled cultures ranks such solutions. O(grid x states x segments).
    """
    models = models_of(segments, response, _BLURS, settings)
    candidates = _starts(models[0])
    for model, size in zip(models, _SIZES, strict=True):
        candidates = _distinct(_refined(model, each, size) for each in candidates)[:_KEPT]
    model = models[-1]
    plain, log_plain = _plain(model)
    found = [_clone(model, each, _evidence(model, each) - log_plain) for each in candidates]
    found.sort(key=lambda each: -each.log_likelihood)
    decisive = math.log(settings.decisive_odds)
    distinct: list[AlleleClone] = [plain]
    for each in found:
        # The likelihood of what stands at the least share still grows towards none: no optimum.
        is_optimum = (each.cell_fraction or 0.0) > _INSIDE * settings.min_clone_fraction
        is_near = is_optimum and _is_clone(each, segments)
        is_near &= each.log_likelihood > max(found[0].log_likelihood, 0.0) - 2.0 * decisive
        if is_near and not any(_is_same(each, other) for other in distinct[1:]):
            distinct.append(each)
    return tuple(sorted(distinct, key=lambda each: -(decisive if each is plain else each.log_likelihood)))


def _is_clone(clone: AlleleClone, segments: CloneSegments) -> bool:
    """Changes on two chromosomes: one level lies on a grid of any step; those of one chromosome may be one event."""
    unchanged = 2 if clone.doubled else 1
    changed = (clone.minor != unchanged) | (clone.major != unchanged)
    return np.unique(segments.chrom[changed & (clone.in_clone > 0.5)]).size >= 2


def _is_same(clone: AlleleClone, other: AlleleClone) -> bool:
    """Same copies but for a segment or two."""
    same = (clone.minor == other.minor) & (clone.major == other.major)
    return float(same.mean()) > _SAME_SHARE


def _starts(model: Model) -> list[_Candidate]:
    """Maxima of the likelihood on a grid of shares of cells and baselines."""
    settings, depth = model.settings, model.response.depth
    fraction = np.geomspace(settings.min_clone_fraction, 1.0, _FRACTIONS)
    baseline = _baselines(model)
    kinds = [states_of(doubled, settings) for doubled in (False, True)]
    shift, ratio = copies(fraction, kinds[0], 1.0)
    log_prior = np.array([states.log_prior for states in kinds])
    value = np.full((len(kinds), _FRACTIONS + 2, _LEVELS + 2), -np.inf)
    for i in range(_FRACTIONS):
        log_likelihood = of_alleles(model, shift[i]) + of_depth(model, ratio[i], baseline, depth)
        value[:, i + 1, 1:-1] = rough_modes(model, log_likelihood, log_prior)
    return [
        _Candidate(
            x=np.array([fraction[i], baseline[j], 0.0, 0.0]),
            states=states,
            share=np.exp(states.log_prior),
            log_likelihood=float(each[i + 1, j + 1]),
        )
        for states, each in zip(kinds, value, strict=True)
        for i, j in _tops(each)
    ]


def _distinct(candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """The likeliest first, without those that a likelier one of their kind stands beside."""
    distinct: list[_Candidate] = []
    for each in sorted(candidates, key=lambda each: -each.log_likelihood):
        likelier = [other for other in distinct if other.states.doubled == each.states.doubled]
        if all((np.abs(each.x - other.x) > _APART).any() for other in likelier):
            distinct.append(each)
    return distinct


def _point(model: Model, x: Float64) -> Point:
    response = model.response
    return Point(
        fraction=float(x[0]),
        baseline=float(x[1]),
        depth=response.depth * math.exp(x[2] * response.depth_cv),
        allele=math.exp(x[3] * response.allele_cv),
    )


def _baselines(model: Model) -> Float64:
    """Levels of two copies under which every segment has copies that a clone may have."""
    known = model.segments.ratio_log2[np.isfinite(model.segments.sd_log2)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    reach = model.response.depth * math.log2(model.settings.clone_max_copies / 2.0)
    return np.linspace(max(low, high - reach) - reach, min(high, low + reach) + reach, _LEVELS)


def _tops(value: Float64) -> list[tuple[int, int]]:
    """Points, the highest first, that none of their eight neighbours exceeds; `value` has a rim of -inf."""
    inner = value[1:-1, 1:-1]
    n, m = inner.shape
    is_top = np.ones_like(inner, dtype=bool)
    for i in range(3):
        for j in range(3):
            is_top &= inner >= value[i : n + i, j : m + j]
    tops = sorted(np.argwhere(is_top).tolist(), key=lambda at: -inner[at[0], at[1]])
    return [(i, j) for i, j in tops[:_STARTS]]


def _refined(model: Model, candidate: _Candidate, size: float) -> _Candidate:
    """The candidate nearer to its optimum: the point for its shares of states, then the shares for that point."""
    settings, states = model.settings, candidate.states

    step = size * np.array([-0.03 if candidate.x[0] > 0.5 else 0.03, 0.03, 0.5, 0.5])
    simplex = np.vstack((candidate.x, candidate.x + np.diag(step)))
    terms = cost_terms(model, states, candidate.share)
    refine_clone(simplex, settings.min_clone_fraction, _TOLERANCE, _EVALUATIONS, *terms)
    x = simplex[0]
    chains = chains_of(model, likelihood_at(model, _point(model, x), states), states.log_prior)
    share = fitted_shares(chains, candidate.share, settings, np.arange(candidate.share.size))
    cost = clone_cost(x, *cost_terms(model, states, share))
    return replace(candidate, x=x, share=share, log_likelihood=log_prior_of(chains, share, settings) - cost)


def _evidence(model: Model, candidate: _Candidate) -> float:
    """Log-likelihood with shares of states, of cells, baseline and responses integrated over (Laplace's method)."""
    settings, states = model.settings, candidate.states
    chains = chains_of(model, likelihood_at(model, _point(model, candidate.x), states), states.log_prior)
    log_likelihood = marginal_likelihood(chains, candidate.share, settings, np.arange(candidate.share.size))
    log_likelihood -= 0.5 * float(candidate.x[2] ** 2 + candidate.x[3] ** 2) + math.log(2.0 * math.pi)
    is_everywhere = candidate.x[0] > _EVERYWHERE
    terms = cost_terms(model, states, candidate.share)

    def cost(u: Float64) -> float:
        x = (
            np.concatenate((candidate.x[:1], u))
            if is_everywhere
            else np.concatenate(([math.exp(u[0])], u[1:]))
        )
        return clone_cost(x, *terms)

    if is_everywhere:
        return log_likelihood + math.log(settings.clonal_share) + _log_volume(cost, candidate.x[1:])
    log_density = math.log((1.0 - settings.clonal_share) / -math.log(settings.least_fraction))
    u = np.concatenate(([math.log(candidate.x[0])], candidate.x[1:]))
    return log_likelihood + log_density + _log_volume(cost, u)


def _log_volume(cost: Callable[[Float64], float], at: Float64) -> float:
    """Logarithm of the integral of exp(cost at a minimum - cost) about it, as of a Gaussian.

    The curvature is that at steps which raise the cost by about a half.
    """
    least, n = cost(at), at.size
    steps = np.eye(n) * 1e-3
    for i in range(n):
        while cost(at + steps[i]) + cost(at - steps[i]) - 2.0 * least < 1.0 and steps[i, i] < _FURTHEST:
            steps[i] *= 1.5
    curvature = np.empty((n, n))
    for i in range(n):
        for j in range(i + 1):
            up, across = steps[i] + steps[j], steps[i] - steps[j]
            mixed = cost(at + up) + cost(at - up) - cost(at + across) - cost(at - across)
            curvature[i, j] = curvature[j, i] = mixed / 4.0 / (steps[i, i] * steps[j, j])
    values = np.maximum(np.linalg.eigvalsh(curvature), _FURTHEST**-2)
    return 0.5 * n * math.log(2.0 * math.pi) - 0.5 * float(np.log(values).sum())


def _plain(model: Model) -> tuple[AlleleClone, float]:
    """Changes each in a share of cells of its own, and the log-likelihood of that without any cost."""
    settings, depth = model.settings, model.response.depth
    fraction = np.geomspace(settings.least_fraction, 1.0, settings.n_fractions)
    usual = len(USUAL_STATES)
    shift, ratio = (np.concatenate(([0.0], each[:usual].ravel())) for each in shift_and_ratio(fraction))
    unchanged = float(np.exp(states_of(False, settings).log_prior.max()))
    of_fraction = np.full(fraction.size, (1.0 - settings.clonal_share) / fraction.size)
    of_fraction[-1] += settings.clonal_share
    changed = np.concatenate([weight * of_fraction for weight in settings.state_shares[:usual]])
    log_prior = np.log(np.concatenate(([unchanged], (1.0 - unchanged) * changed)))
    alleles, seen = of_alleles(model, shift), model.segments.ratio_log2

    def at(level: float) -> Float64:
        return alleles + of_depth(model, ratio, np.array(level), depth)

    levels = np.unique(np.where(np.isfinite(model.segments.sd_log2), seen, 0.0)).tolist()
    off, weight = settings.subclonal_share, log_prior[:, np.newaxis] + math.log1p(-settings.subclonal_share)
    elsewhere = math.log(off) + model.elsewhere

    def rough(level: float) -> float:
        return float(np.logaddexp(logsumexp(weight + at(level), axis=0), elsewhere).sum())

    level = max(levels, key=rough)
    chains = chains_of(model, at(level), log_prior)
    # Shares are learnt of states, not of fractions.
    state = np.concatenate(([0], 1 + np.repeat(np.arange(usual), fraction.size)))
    share = fitted_shares(chains, np.exp(log_prior), settings, state)
    forward, scale, _ = forward_pass(chains, share, settings)
    by_fraction = by_segment(chains, backward_pass(chains, share, forward, scale, settings)[0])
    probability = np.add.reduceat(by_fraction, np.unique(state, return_index=True)[1], axis=0)
    best = np.argmax(probability, axis=0)
    pairs = np.array([(1, 1), *((state.minor, state.major) for state in USUAL_STATES)], dtype=np.int64)
    minor, major = pairs[best].T
    plain = AlleleClone(
        cell_fraction=None,
        baseline_log2=level,
        depth_response=depth,
        allele_response=1.0,
        ploidy=float(np.average(minor + major, weights=model.segments.length_bp)),
        doubled=False,
        minor=minor,
        major=major,
        probability=probability.max(axis=0),
        in_clone=np.zeros(best.size),
        log_likelihood=0.0,
    )
    log_likelihood = marginal_likelihood(chains, share, settings, state)

    def cost(baseline: Float64) -> float:
        return -forward_pass(chains_of(model, at(float(baseline[0])), log_prior), share, settings)[2]

    return plain, log_likelihood + _log_volume(cost, np.array([level]))


def _clone(model: Model, candidate: _Candidate, log_likelihood: float) -> AlleleClone:
    settings, states, point = model.settings, candidate.states, _point(model, candidate.x)
    log_likelihoods = likelihood_at(model, point, states)
    chains = chains_of(model, log_likelihoods, states.log_prior)
    forward, scale, _ = forward_pass(chains, candidate.share, settings)
    probability = by_segment(chains, backward_pass(chains, candidate.share, forward, scale, settings)[0])
    best = np.argmax(probability, axis=0)
    odds = settings.subclonal_share / (1.0 - settings.subclonal_share)
    in_clone = 1.0 / (1.0 + odds * np.exp(np.minimum(model.elsewhere - log_likelihoods, 700.0)))
    share = settings.doubled_share if states.doubled else 1.0 - settings.doubled_share
    return AlleleClone(
        cell_fraction=point.fraction,
        baseline_log2=point.baseline,
        depth_response=point.depth,
        allele_response=point.allele,
        ploidy=float(np.average((states.minor + states.major)[best], weights=model.segments.length_bp)),
        doubled=states.doubled,
        minor=states.minor[best],
        major=states.major[best],
        probability=probability.max(axis=0),
        in_clone=(probability * in_clone).sum(axis=0),
        log_likelihood=log_likelihood + math.log(share),
    )
