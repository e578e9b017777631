"""One clone of whole copies of both alleles in a share of the cells, fitted to all segments of a genome at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from genostab.arrays import Bool, Float64, Int16, Int64
from genostab.karyotype.allele_state import STATES, ShiftCurve, shift_and_ratio
from genostab.karyotype.settings import Settings

_FRACTIONS, _LEVELS = 48, 80  # of the grid on which the search for optima begins
_BLURS = ((0.04, 0.1), (0.015, 0.05), (0.0, 0.0), (0.0, 0.0))  # of levels [log2] and responses, so that it misses none
_STARTS, _KEPT, _EVALUATIONS = 8, 6, 120  # optima of the grid of each kind, of both once refined, and steps of it
_ROUNDS = 6  # of the shares of states; a seventh changes the likelihood by less than 0.01
_FINE, _COARSE = 4000, 400  # points of shift, in equal ratios: 0.14 % and 1.4 % apart
_FLOOR = 1e-290  # of a likelihood, before its logarithm
_SAME_SHARE = 0.9  # of segments with the same copies: one solution
_LEAST_COPIES = 1e-3  # of one allele per cell


@dataclass(frozen=True, kw_only=True)
class CloneSegments:
    """Autosomal segments of one genome, sorted by place.

    chrom : int16, shape (n_segments,)
    curve : tuple of ShiftCurve, n_segments, what the alleles of each say; `no_curve` where there are none
    ratio_log2, sd_log2 : float64, shape (n_segments,), mean and standard error, the latter inf where depth says nothing
    length_bp : float64, shape (n_segments,)
    """

    chrom: Int16
    curve: tuple[ShiftCurve, ...]
    ratio_log2: Float64
    sd_log2: Float64
    length_bp: Float64


@dataclass(frozen=True, kw_only=True)
class CloneResponse:
    """How depth and alleles answer to copies: means and relative uncertainties.

    depth, depth_cv : log2 ratio per log2 of copies; allele_cv : of the logarithm of B over A per logarithm of their
    copies, whose mean is 1; place_cv : of either, from place to place
    """

    depth: float
    depth_cv: float
    allele_cv: float
    place_cv: float


@dataclass(frozen=True, kw_only=True)
class AlleleClone:
    """A clone in a share of the cells, the others being normal; or every change in a share of its own.

    cell_fraction : float, None where every change has its own; baseline_log2 : float, ratio of two copies; depth_response, allele_response : float, fitted
    ploidy : float, mean copies of the clone; doubled : bool, whether its unchanged state has two copies of each allele
    minor, major : int64, shape (n_segments,), likeliest copies; probability : float64, of these, given the clone
    in_clone : float64, shape (n_segments,), chance that a segment is whole copies of this clone
    log_likelihood : float, with the costs of its parameters, relative to changes each in a share of cells of its own
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
class _States:
    """Copies of both alleles of every state that a clone may have, and their logarithm of shares before any data."""

    minor: Int64
    major: Int64
    log_prior: Float64
    doubled: bool


@dataclass(frozen=True, kw_only=True)
class _Point:
    fraction: float
    baseline: float
    depth: float
    allele: float


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A clone being fitted: `x` is its share of cells, baseline, and both responses in standard deviations from expected."""

    x: Float64
    states: _States
    share: Float64
    log_likelihood: float


@dataclass(frozen=True, kw_only=True)
class _Model:
    """Segments with their smoothed curves, `log_ratio` at no shift and at `_COARSE` shifts, shape (n_segments, ..).

    `steps` are the first, second .. segment of each chromosome, shape (n_steps, n_chroms), n_segments where there is none;
    `elsewhere` is the log-likelihood of a segment that is not of the clone.
    """

    segments: CloneSegments
    response: CloneResponse
    log_ratio: Float64
    elsewhere: Float64
    steps: Int64
    settings: Settings


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
    free, the responses g and r have priors, and both may differ from place to place. A segment is of the clone, or, with
    a share of `subclonal_share`, of any level and shift. How many segments have which state is learnt from them all,
    beginning with shares that fall with every copy (posterior mode under a Dirichlet prior that weighs
    `clone_prior_segments`). The share of cells and the baseline cost half a log of the number of segments each
    (Schwarz 1978, doi 10.1214/aos/1176344136).

    Doubling all copies in f / (1 + f) ... of the cells changes neither signal unless a region has lost both copies of
    an allele: such solutions are all listed, and only the share of doubled cultures ranks them.
    """
    models = [_model(segments, response, blur, settings) for blur in _BLURS]
    candidates = [_refined(models[0], each, 1.0, _EVALUATIONS // 2) for each in _starts(models[0])]
    candidates = sorted(candidates, key=lambda each: -each.log_likelihood)[:_KEPT]
    for model, size in zip(models[1:], (0.5, 0.25, 0.1), strict=True):
        candidates = [_refined(model, each, size, _EVALUATIONS) for each in candidates]
    model = models[-1]
    plain, log_plain = _plain(model)
    # A clone has its share of cells and its baseline, changes by themselves the baseline only.
    cost = log_plain + 0.5 * math.log(segments.ratio_log2.size)
    found = [_clone(model, each, each.log_likelihood - cost) for each in candidates]
    found.sort(key=lambda each: -each.log_likelihood)
    decisive = math.log(settings.decisive_odds)
    distinct: list[AlleleClone] = [plain]
    for each in found:
        is_near = each.log_likelihood > max(found[0].log_likelihood, 0.0) - 2.0 * decisive
        if is_near and not any(_is_same(each, other) for other in distinct[1:]):
            distinct.append(each)
    return tuple(
        sorted(distinct, key=lambda each: -(decisive if each is plain else each.log_likelihood))
    )


def _is_same(clone: AlleleClone, other: AlleleClone) -> bool:
    """Same copies but for a segment or two."""
    same = (clone.minor == other.minor) & (clone.major == other.major)
    return float(same.mean()) > _SAME_SHARE


def _states(doubled: bool, settings: Settings) -> _States:
    most = settings.clone_max_copies
    pairs = [(minor, total - minor) for total in range(most + 1) for minor in range(total // 2 + 1)]
    minor, major = np.array(pairs, dtype=np.int64).T
    unchanged = 2 if doubled else 1
    away = np.abs(minor - unchanged) + np.abs(major - unchanged)
    log_prior = away * math.log(settings.clone_step_share)
    return _States(minor=minor, major=major, log_prior=log_prior - logsumexp(log_prior), doubled=doubled)


def _model(
    segments: CloneSegments, response: CloneResponse, blur: tuple[float, float], settings: Settings
) -> _Model:
    response = replace(response, place_cv=max(response.place_cv, blur[1]))
    segments = replace(segments, sd_log2=np.hypot(segments.sd_log2, blur[0]))
    fine = np.geomspace(settings.least_shift, 0.5, _FINE)
    coarse = np.geomspace(settings.least_shift, 0.5, _COARSE)
    away = (fine - coarse[:, None]) / (response.place_cv * coarse[:, None])
    weight = fine * np.exp(-0.5 * np.square(away))
    weight /= weight.sum(axis=1, keepdims=True)
    curves = np.array([np.interp(fine**2, each.shift**2, each.log_ratio) for each in segments.curve])
    most = curves.max(axis=1, keepdims=True)
    likelihood = np.exp(curves - most)
    smooth = np.log(np.maximum(likelihood @ weight.T, _FLOOR)) + most
    anywhere = np.log(np.maximum(likelihood @ (fine / fine.sum()), _FLOOR)) + most[:, 0]
    span = math.log2(2.0 * settings.clone_max_copies)
    known = np.isfinite(segments.sd_log2)
    return _Model(
        segments=segments,
        response=response,
        log_ratio=np.column_stack((np.zeros(len(curves)), smooth)),
        # Balanced or any shift, alike; any level.
        elsewhere=np.logaddexp(0.0, anywhere) - math.log(2.0) - np.where(known, math.log(span), 0.0),
        steps=_steps(segments.chrom),
        settings=settings,
    )


def _steps(chrom: Int16) -> Int64:
    present, first, count = np.unique(chrom, return_index=True, return_counts=True)
    steps = np.full((int(count.max()), present.size), chrom.size, dtype=np.int64)
    for column, (a, n) in enumerate(zip(first, count, strict=True)):
        steps[:n, column] = np.arange(a, a + n)
    return steps


def _copies(fraction: Float64, states: _States, allele: float) -> tuple[Float64, Float64]:
    """Shift, and log2 of copies over two; shape of fraction + (n_states,)."""
    f = fraction[..., np.newaxis]
    a = np.maximum(1.0 + f * (states.minor - 1.0), _LEAST_COPIES)
    b = np.maximum(1.0 + f * (states.major - 1.0), _LEAST_COPIES)
    return 0.5 * np.tanh(0.5 * allele * np.log(b / a)), np.log2((a + b) / 2.0)


def _of_alleles(model: _Model, shift: Float64) -> Float64:
    """Log-likelihood ratio of every segment at each shift; shape of shift + (n_segments,)."""
    least = model.settings.least_shift
    step = math.log(0.5 / least) / (_COARSE - 1)
    place = np.where(shift < least, shift / least, 1.0 + np.log(np.maximum(shift, least) / least) / step)
    low = np.minimum(place.astype(np.int64), _COARSE - 1)
    share = (place - low)[..., np.newaxis]
    table = model.log_ratio.T
    return np.asarray(table[low] * (1.0 - share) + table[low + 1] * share)


def _of_depth(model: _Model, ratio: Float64, baseline: Float64, depth: float) -> Float64:
    """Log density of every segment's ratio; shape of baseline + of ratio + (n_segments,)."""
    seen, sd = model.segments.ratio_log2, model.segments.sd_log2
    spread = np.hypot(sd, (model.response.place_cv * depth * ratio)[..., np.newaxis])
    level = (depth * ratio)[..., np.newaxis]
    away = (seen - level - baseline.reshape(*baseline.shape, *(1 for _ in level.shape))) / spread
    return np.where(np.isfinite(sd), -0.5 * away**2 - np.log(spread * math.sqrt(2.0 * math.pi)), 0.0)


def _rough(model: _Model, log_likelihood: Float64, log_prior: Float64) -> Float64:
    """Log posterior mode over the shares of states, each segment for itself; log_likelihood (..., n_states, n_segments)."""
    settings, prior = model.settings, np.exp(log_prior)
    most = np.maximum(log_likelihood.max(axis=-2), model.elsewhere)
    likelihood = np.exp(log_likelihood - most[..., np.newaxis, :]) * (1.0 - settings.subclonal_share)
    off = settings.subclonal_share * np.exp(model.elsewhere - most)
    share = np.broadcast_to(prior, likelihood.shape[:-1])
    for _ in range(_ROUNDS):
        total = np.einsum("...k,...ks->...s", share, likelihood) + off
        share = settings.clone_prior_segments * prior + share * np.einsum("...ks,...s->...k", likelihood, 1.0 / total)
        share = share / share.sum(axis=-1, keepdims=True)
    total = np.einsum("...k,...ks->...s", share, likelihood) + off
    penalty = settings.clone_prior_segments * (prior * (np.log(share) - log_prior)).sum(axis=-1)
    return np.asarray((np.log(total) + most).sum(axis=-1) + penalty)


@dataclass(frozen=True, kw_only=True)
class _Chains:
    """Likelihoods of every state, shape (n_states, n_steps, n_chroms), over the exponential of `log_scale`, and what the
    shares are thought to be beforehand."""

    likelihood: Float64
    log_scale: float
    steps: Int64
    is_there: Bool
    log_prior: Float64


def _chains(model: _Model, log_likelihood: Float64, log_prior: Float64) -> _Chains:
    """Segments of one chromosome as a chain; log_likelihood of shape (n_states, n_segments)."""
    most = np.maximum(log_likelihood.max(axis=0), model.elsewhere)
    off = model.settings.subclonal_share
    likelihood = (1.0 - off) * np.exp(log_likelihood - most) + off * np.exp(model.elsewhere - most)
    # A segment that is not there agrees with anything.
    padded = np.column_stack((likelihood, np.ones(log_prior.size)))
    return _Chains(
        likelihood=padded[:, model.steps],
        log_scale=float(most.sum()),
        steps=model.steps,
        is_there=model.steps < len(most),
        log_prior=log_prior,
    )


def _forward(chains: _Chains, share: Float64, settings: Settings) -> tuple[Float64, Float64, float]:
    """Chance of each state given the segments so far, its scale, and the log posterior of the shares.

    A segment has the state of the one before with the chance `clone_stay`, else one drawn from the shares.
    """
    likelihood, stay = chains.likelihood, settings.clone_stay
    fresh = share[:, np.newaxis]
    forward, scale = np.empty_like(likelihood), np.empty(likelihood.shape[1:])
    before = fresh
    for step in range(likelihood.shape[1]):
        now = likelihood[:, step] * before
        scale[step] = now.sum(axis=0)
        forward[:, step] = now / scale[step]
        before = stay * forward[:, step] + (1.0 - stay) * fresh
    penalty = settings.clone_prior_segments * np.exp(chains.log_prior) @ (np.log(share) - chains.log_prior)
    return forward, scale, float(np.log(scale).sum() + penalty) + chains.log_scale


def _backward(
    chains: _Chains, share: Float64, forward: Float64, scale: Float64, settings: Settings
) -> tuple[Float64, Float64]:
    """Chance of each state at every step given all segments, and how often each was drawn anew."""
    stay = settings.clone_stay
    fresh = share[:, np.newaxis]
    drawn, probability = np.zeros(share.size), np.empty_like(forward)
    after = np.ones_like(forward[:, 0])
    for step in range(forward.shape[1] - 1, -1, -1):
        probability[:, step] = forward[:, step] * after
        seen = chains.likelihood[:, step] * after / scale[step]
        drawn += (seen * fresh * chains.is_there[step]).sum(axis=1) * (1.0 - stay if step else 1.0)
        after = stay * seen + (1.0 - stay) * (fresh * seen).sum(axis=0)
    return probability, drawn


def _by_segment(chains: _Chains, by_step: Float64) -> Float64:
    """From shape (n_states, n_steps, n_chroms) to (n_states, n_segments)."""
    by_segment = np.empty((by_step.shape[0], int(chains.is_there.sum())))
    by_segment[:, chains.steps[chains.is_there]] = by_step[:, chains.is_there]
    return by_segment


def _shares(chains: _Chains, share: Float64, settings: Settings) -> Float64:
    """Shares of states nearer to their posterior mode, by expectation and maximisation."""
    for _ in range(_ROUNDS):
        forward, scale, _ = _forward(chains, share, settings)
        _, drawn = _backward(chains, share, forward, scale, settings)
        share = settings.clone_prior_segments * np.exp(chains.log_prior) + drawn
        share = share / share.sum()
    return share


def _at(model: _Model, point: _Point, states: _States) -> Float64:
    """Log-likelihood of every state and segment; shape (n_states, n_segments)."""
    shift, ratio = _copies(np.array(point.fraction), states, point.allele)
    return _of_alleles(model, shift) + _of_depth(model, ratio, np.array(point.baseline), point.depth)


def _starts(model: _Model) -> list[_Candidate]:
    """Maxima of the likelihood on a grid of shares of cells and baselines."""
    settings, depth = model.settings, model.response.depth
    fraction = np.geomspace(settings.min_clone_fraction, 1.0, _FRACTIONS)
    baseline = _baselines(model)
    kinds = [_states(doubled, settings) for doubled in (False, True)]
    shift, ratio = _copies(fraction, kinds[0], 1.0)
    value = np.full((len(kinds), _FRACTIONS + 2, _LEVELS + 2), -np.inf)
    for i in range(_FRACTIONS):
        log_likelihood = _of_alleles(model, shift[i]) + _of_depth(model, ratio[i], baseline, depth)
        for kind, states in enumerate(kinds):
            value[kind, i + 1, 1:-1] = _rough(model, log_likelihood, states.log_prior)
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


def _point(model: _Model, x: Float64) -> _Point:
    response = model.response
    return _Point(
        fraction=float(x[0]),
        baseline=float(x[1]),
        depth=response.depth * math.exp(x[2] * response.depth_cv),
        allele=math.exp(x[3] * response.allele_cv),
    )


def _baselines(model: _Model) -> Float64:
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


def _refined(model: _Model, candidate: _Candidate, simplex_size: float, evaluations: int) -> _Candidate:
    """The candidate nearer to its optimum: the point for its shares of states, then the shares for that point."""
    settings, log_prior = model.settings, candidate.states.log_prior

    def chains_at(x: Float64) -> _Chains:
        return _chains(model, _at(model, _point(model, x), candidate.states), log_prior)

    def cost(x: Float64) -> float:
        return 0.5 * float(x[2] ** 2 + x[3] ** 2) - _forward(chains_at(x), candidate.share, settings)[2]

    step = simplex_size * np.array([-0.03 if candidate.x[0] > 0.5 else 0.03, 0.03, 0.5, 0.5])
    found = minimize(
        cost,
        candidate.x,
        method="Nelder-Mead",
        bounds=[(settings.min_clone_fraction, 1.0), (None, None), (None, None), (None, None)],
        options={
            "initial_simplex": np.vstack((candidate.x, candidate.x + np.diag(step))),
            "xatol": 1e-3,
            "fatol": 1e-2,
            "maxfev": evaluations,
        },
    )
    chains = chains_at(found.x)
    share = _shares(chains, candidate.share, settings)
    value = _forward(chains, share, settings)[2] - 0.5 * float(found.x[2] ** 2 + found.x[3] ** 2)
    return replace(candidate, x=found.x, share=share, log_likelihood=value)


def _plain(model: _Model) -> tuple[AlleleClone, float]:
    """Changes each in a share of cells of its own, and the log-likelihood of that without any cost."""
    settings, depth = model.settings, model.response.depth
    fraction = np.geomspace(settings.least_fraction, 1.0, settings.n_fractions)
    shift, ratio = (np.concatenate(([0.0], each.ravel())) for each in shift_and_ratio(fraction))
    unchanged = float(np.exp(_states(False, settings).log_prior.max()))
    log_prior = np.log(np.concatenate(([unchanged], (1.0 - unchanged) * np.array(settings.state_shares))))
    log_fraction = np.full(fraction.size, math.log((1.0 - settings.clonal_share) / fraction.size))
    log_fraction[-1] = np.logaddexp(log_fraction[-1], math.log(settings.clonal_share))
    weight = np.concatenate(([0.0], np.tile(log_fraction, len(STATES))))[:, np.newaxis]
    alleles, first = weight + _of_alleles(model, shift), [0, *range(1, shift.size, fraction.size)]

    def by_state(level: float) -> Float64:
        each = alleles + _of_depth(model, ratio, np.array(level), depth)
        return np.asarray(np.logaddexp.reduceat(each, first, axis=0))

    levels = np.unique(np.where(np.isfinite(model.segments.sd_log2), model.segments.ratio_log2, 0.0))
    level = max(levels.tolist(), key=lambda level: float(_rough(model, by_state(level), log_prior)))
    chains = _chains(model, by_state(level), log_prior)
    share = _shares(chains, np.exp(log_prior), settings)
    forward, scale, log_likelihood = _forward(chains, share, settings)
    probability = _by_segment(chains, _backward(chains, share, forward, scale, settings)[0])
    best = np.argmax(probability, axis=0)
    minor, major = np.array([(1, 1), *((state.minor, state.major) for state in STATES)], dtype=np.int64)[best].T
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
    return plain, log_likelihood


def _clone(model: _Model, candidate: _Candidate, log_likelihood: float) -> AlleleClone:
    settings, states, point = model.settings, candidate.states, _point(model, candidate.x)
    log_likelihoods = _at(model, point, states)
    chains = _chains(model, log_likelihoods, states.log_prior)
    forward, scale, _ = _forward(chains, candidate.share, settings)
    probability = _by_segment(chains, _backward(chains, candidate.share, forward, scale, settings)[0])
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
