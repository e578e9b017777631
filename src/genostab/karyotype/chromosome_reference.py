"""What libraries of one protocol have in common: shares of chromosomes, the factors that move them, and the noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtr, chdtrc

from genostab.arrays import Bool, Float64, Int64
from genostab.karyotype.chromosome_settings import ChromosomeSettings

_FIRST_VARIANCE, _LEAST_VARIANCE = 1e-4, 1e-8  # of log counts: 1 % to begin with, 0.01 % at least
# Newton's steps of a library at most: from its total, from the last sweep, and alone.
_FIRST_STEPS, _NEXT_STEPS, _LAST_STEPS = 6, 2, 60
_CONVERGED = 1e-5  # of the logarithm of depth, and of a factor's standard deviation
_SCORE_DF = 8.0  # of the t density that compares numbers of factors: bounded influence of single libraries
_RIDGE = 1e-9
_LEAST_FREE = 0.05  # of a residual, after what the fit took


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Reads of a library per chromosome: mean exp(a + log_share + scores @ loading), scores standard normal.

    log_share : float64, shape (n_chromosomes,), logarithm of the expected share of reads
    loading : float64, shape (n_factors, n_chromosomes), change of the logarithm per standard deviation of a factor
    variance : float64, shape (n_chromosomes,), of the logarithm that no factor explains
    variance_df : float64, shape (n_chromosomes,), degrees of freedom of `variance`
    excess : float64, counting variance beyond Poisson's, as a share of it
    uncertainty : float64, shape (n_chromosomes, n_factors + 1, n_factors + 1), covariance of log_share and loading
    n_libraries : int, behind it
    """

    log_share: Float64
    loading: Float64
    variance: Float64
    variance_df: Float64
    excess: float
    uncertainty: Float64
    n_libraries: int


@dataclass(frozen=True, kw_only=True)
class LibraryFit:
    """Depth and factors of each library, with what they expect.

    scores : float64, shape (n_libraries, n_factors + 1), logarithm of depth, then the factors
    expected : float64, shape (n_libraries, n_chromosomes), reads
    residual : float64, same shape, reads / expected - 1
    weight : float64, same shape, inverse variance of the residual, less for outliers, 0 for what was left out
    covariance : float64, shape (n_libraries, n_factors + 1, n_factors + 1), of the scores
    """

    scores: Float64
    expected: Float64
    residual: Float64
    weight: Float64
    covariance: Float64


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What the other chromosomes of a library expect of each chromosome.

    expected : float64, shape (n_libraries, n_chromosomes), reads
    dispersion : float64, same shape, variance of its logarithm, without counting noise
    """

    expected: Float64
    dispersion: Float64


def fit_references(counts: Float64, fold: Int64, settings: ChromosomeSettings) -> tuple[Reference, ...]:
    """References of one protocol, one for each fold of its libraries, made of those in other folds.

    Parameters
    ----------
    counts : float64, shape (n_libraries, n_chromosomes), reads
    fold : int64, shape (n_libraries,), 0..n_folds - 1
    settings : ChromosomeSettings, table [reference]

    Notes
    -----
    n_ic has mean m_ic = exp(a_i + mu_c + sum_k b_ik L_kc) and variance (1 + excess) m_ic + s_c^2 m_ic^2: a factor
    analysis of log counts with counting noise. Depth and scores of a library, then mu, L, s and the excess are found in
    turn, by Newton's steps with Huber's weights and, for L and s, the expectation over the scores (EM; Rubin and
    Thayer 1982, doi 10.1007/BF02293851). Factors are added one by one as long as they predict chromosomes that are
    left out, in libraries of the fold that is left out, better by so many standard errors. O(n_libraries n_chromosomes
    n_factors^2) per sweep.
    """
    reads = counts.sum(axis=1)
    order = np.argsort(reads, kind="stable")
    order = order[reads[order] >= settings.min_reads]
    n_folds = int(fold.max()) + 1
    inside = [counts[_evenly(order[fold[order] != i], settings.max_libraries)] for i in range(n_folds)]
    outside = [counts[_evenly(order[fold[order] == i], settings.max_libraries)] for i in range(n_folds)]
    fits = [_sweeps(own, *_without_factor(own), settings) for own in inside]
    density = _held_out_density(outside, fits, settings)
    for _ in range(settings.max_factors):
        wider = [
            _sweeps(own, *_with_factor(own, *fit, settings), settings)
            for own, fit in zip(inside, fits, strict=True)
        ]
        wider_density = _held_out_density(outside, wider, settings)
        gain = wider_density - density
        if gain.mean() < settings.factor_z * gain.std(ddof=1) / np.sqrt(len(gain)):
            break
        fits, density = wider, wider_density
    return tuple(reference for reference, _ in fits)


def fit_libraries(
    counts: Float64,
    reference: Reference,
    settings: ChromosomeSettings,
    *,
    left_out: Bool | None = None,
    scores: Float64 | None = None,
    steps: int = _LAST_STEPS,
) -> LibraryFit:
    """Depth and factor scores of each library: Newton's steps with Huber's weights and a standard normal prior.

    Parameters
    ----------
    counts : float64, shape (n_libraries, n_chromosomes), reads
    left_out : bool, same shape, chromosomes that have no say; None for none
    scores : float64, shape (n_libraries, n_factors + 1), to begin with; None for the total alone
    """
    if scores is None:
        scores = np.zeros((len(counts), len(reference.loading) + 1))
        scores[:, 0] = np.log(np.maximum(counts.sum(axis=1), 0.5))
    left_out = np.zeros(counts.shape, dtype=np.bool_) if left_out is None else left_out
    moving = np.arange(len(counts))
    scores = scores.copy()
    for _ in range(steps):
        fit = _evaluate(counts[moving], scores[moving], left_out[moving], reference, settings)
        design = np.vstack([np.ones(counts.shape[1]), reference.loading])
        slope = (fit.weight * fit.residual) @ design.T
        slope[:, 1:] -= fit.scores[:, 1:]
        step = np.einsum("ikl,il->ik", fit.covariance, slope)
        scores[moving] += np.clip(step, -1.0, 1.0)
        moving = moving[np.abs(step).max(axis=1) > _CONVERGED]
        if not moving.size:
            break
    return _evaluate(counts, scores, left_out, reference, settings)


def _evaluate(
    counts: Float64, scores: Float64, left_out: Bool, reference: Reference, settings: ChromosomeSettings
) -> LibraryFit:
    design = np.vstack([np.ones(counts.shape[1]), reference.loading])
    n_scores = len(design)
    products = (design[:, None, :] * design[None, :, :]).reshape(n_scores * n_scores, -1).T
    expected = np.exp(reference.log_share + scores @ design)
    residual = counts / expected - 1.0
    variance = residual_variance(expected, reference)
    deviation = np.abs(residual) / np.sqrt(variance)
    weight = np.minimum(1.0, settings.clip_sd / np.maximum(deviation, _RIDGE)) / variance
    weight = np.where(left_out, 0.0, weight)
    precision = (weight @ products).reshape(-1, n_scores, n_scores)
    precision += np.diag([0.0] + [1.0] * (n_scores - 1))
    return LibraryFit(
        scores=scores,
        expected=expected,
        residual=residual,
        weight=weight,
        covariance=np.linalg.inv(precision),
    )


def predict(
    counts: Float64,
    reference: Reference,
    settings: ChromosomeSettings,
    *,
    left_out: Bool | None = None,
) -> Prediction:
    """Each chromosome as expected from the others of its library, and from a reference made of other libraries.

    Parameters
    ----------
    counts : float64, shape (n_libraries, n_chromosomes), reads
    reference : Reference
    left_out : bool, shape of counts, chromosomes that predict none; None for none

    Notes
    -----
    Leaving an observation with leverage h out of a weighted fit moves its fitted value by -h r / (1 - h) and adds
    h / (1 - h) of its variance (Cook and Weisberg 1982, Residuals and Influence in Regression, section 2.2). A change
    of the chromosome itself thus moves nothing that it is compared with.
    """
    fit = fit_libraries(counts, reference, settings, left_out=left_out)
    design = np.vstack([np.ones(counts.shape[1]), reference.loading])
    spread = np.einsum("ikc,kc->ic", fit.covariance @ design, design)
    terms = np.column_stack([np.ones(len(counts)), fit.scores[:, 1:]])
    spread_reference = np.einsum("ik,ckl,il->ic", terms, reference.uncertainty, terms, optimize=True)
    leverage = np.minimum(fit.weight * spread, 1.0 - _RIDGE)
    shift = np.clip(leverage * fit.residual / (1.0 - leverage), -2.0, 2.0)
    dispersion = reference.variance + spread / (1.0 - leverage) + spread_reference
    return Prediction(expected=fit.expected * np.exp(-shift), dispersion=dispersion)


def residual_variance(expected: Float64, reference: Reference) -> Float64:
    """Variance of reads / expected - 1 in a library whose scores are known."""
    return np.asarray((1.0 + reference.excess) / expected + reference.variance, dtype=np.float64)


def _normalised(log_share: Float64) -> Float64:
    return np.asarray(log_share - np.log(np.exp(log_share).sum()), dtype=np.float64)


def _sweeps(
    counts: Float64, reference: Reference, scores: Float64, settings: ChromosomeSettings
) -> tuple[Reference, Float64]:
    for sweep in range(settings.sweeps):
        steps = _NEXT_STEPS if sweep else _FIRST_STEPS
        fit = fit_libraries(counts, reference, settings, scores=scores, steps=steps)
        reference, scores = _sweep(fit, reference, settings)
    return reference, scores


def _sweep(fit: LibraryFit, reference: Reference, settings: ChromosomeSettings) -> tuple[Reference, Float64]:
    """One turn: shares and loadings by weighted regression over libraries, scores to unit variance, then the noise."""
    n_factors = len(reference.loading)
    design = np.vstack([np.ones(fit.expected.shape[1]), reference.loading])
    terms = np.column_stack([np.ones(len(fit.scores)), fit.scores[:, 1:]])
    hidden = np.zeros_like(fit.covariance)
    hidden[:, 1:, 1:] = fit.covariance[:, 1:, 1:]
    spread = np.tensordot(fit.weight.T, hidden, axes=(1, 0))  # of scores, per chromosome
    products = (terms[:, :, None] * terms[:, None, :]).reshape(len(terms), -1)
    information = (fit.weight.T @ products).reshape(-1, n_factors + 1, n_factors + 1) + spread
    slope = (fit.weight * fit.residual).T @ terms - np.einsum("ckl,lc->ck", spread, design)
    uncertainty = np.linalg.inv(information + _RIDGE * np.eye(n_factors + 1))
    step = np.einsum("ckl,cl->ck", uncertainty, slope)
    loading = reference.loading + step[:, 1:].T
    second_moment = np.square(fit.scores[:, 1:]) + np.diagonal(hidden, axis1=1, axis2=2)[:, 1:]
    scale = np.sqrt(np.minimum(second_moment, (settings.clip_sd + 1.0) ** 2).mean(axis=0))
    scores = fit.scores.copy()
    scores[:, 1:] /= scale
    return replace(
        _with_noise(fit, design, reference, settings),
        log_share=_normalised(reference.log_share + step[:, 0]),
        loading=loading * scale[:, None],
        uncertainty=uncertainty,
    ), scores


def _with_noise(
    fit: LibraryFit, design: Float64, reference: Reference, settings: ChromosomeSettings
) -> Reference:
    """One scoring step of the excess and of the variance per chromosome, from clipped squared residuals.

    A variance that is only a share of each residual's has as many degrees of freedom as those shares squared add up to.
    The median of all chromosomes counts as some more: else a factor that fits one chromosome takes its noise to 0, and
    that chromosome then decides for all others (Heywood's case of factor analysis).
    """
    variance = residual_variance(fit.expected, reference)
    leverage = fit.weight * np.einsum("ikc,kc->ic", fit.covariance @ design, design)
    squared = np.square(fit.residual) / variance / np.maximum(1.0 - leverage, _LEAST_FREE)
    bound = settings.clip_sd**2
    surplus = np.minimum(squared, bound) - (chdtr(3, bound) + bound * chdtrc(1, bound))
    efficiency = chdtr(3, bound)  # slope of the clipped square's mean against the variance
    share, counting = reference.variance / variance, 1.0 / (fit.expected * variance)
    freedom = efficiency * (np.square(share) * (1.0 - leverage)).sum(axis=0)
    prior = settings.variance_prior_df
    slope = (share * surplus).sum(axis=0) + prior * (np.median(reference.variance) / reference.variance - 1.0)
    step = slope / (efficiency * np.square(share).sum(axis=0) + prior)
    excess = reference.excess + (counting * surplus).sum() / (efficiency * np.square(counting).sum())
    return replace(
        reference,
        variance=np.maximum(reference.variance * np.exp(np.clip(step, -1.0, 1.0)), _LEAST_VARIANCE),
        variance_df=freedom + prior,
        excess=max(float(excess), 0.0),
    )


def _evenly(libraries: Int64, n: int) -> Int64:
    """At most n of them, evenly over their order."""
    taken = np.linspace(0, libraries.size - 1, min(libraries.size, n)).astype(np.int64)
    return np.asarray(libraries[taken], dtype=np.int64)


def _without_factor(counts: Float64) -> tuple[Reference, Float64]:
    """Median shares, with the depth of each library as its only score."""
    reads, n_chromosomes = counts.sum(axis=1), counts.shape[1]
    share = np.median(counts / reads[:, None], axis=0)
    return Reference(
        log_share=_normalised(np.log(np.maximum(share, _RIDGE))),
        loading=np.zeros((0, n_chromosomes)),
        variance=np.full(n_chromosomes, _FIRST_VARIANCE),
        variance_df=np.ones(n_chromosomes),
        excess=0.0,
        uncertainty=np.zeros((n_chromosomes, 1, 1)),
        n_libraries=len(counts),
    ), np.log(reads)[:, None]


def _with_factor(
    counts: Float64, reference: Reference, scores: Float64, settings: ChromosomeSettings
) -> tuple[Reference, Float64]:
    """The leading direction of the residuals as one more factor, its scores 0."""
    fit = fit_libraries(counts, reference, settings, scores=scores, steps=_NEXT_STEPS)
    variance = residual_variance(fit.expected, reference)
    share = reference.variance / variance
    bound = settings.clip_sd + 1.0
    weighted = np.clip(fit.residual / np.sqrt(variance), -bound, bound) * np.sqrt(share)
    values, vectors = np.linalg.eigh(weighted.T @ weighted / share.sum(axis=0).mean())
    direction = vectors[:, -1] * np.sqrt(values[-1] * reference.variance)
    direction *= np.sign(direction[np.argmax(np.abs(direction))])
    wider = replace(reference, loading=np.vstack([reference.loading, direction]))
    return wider, np.column_stack([scores, np.zeros(len(scores))])


def _held_out_density(
    outside: Sequence[Float64], fits: Sequence[tuple[Reference, Float64]], settings: ChromosomeSettings
) -> Float64:
    """Log density of each library's chromosomes as predicted by the others, without its worst ones.

    A t density without the share of chromosomes that may be changed: no library, and no change in it, decides alone.
    """
    found = []
    for counts, (reference, _) in zip(outside, fits, strict=True):
        predicted = predict(counts, reference, settings)
        variance = (1.0 + reference.excess) / predicted.expected + predicted.dispersion
        squared = np.square(counts / predicted.expected - 1.0) / variance
        density = -0.5 * np.log(variance) - 0.5 * (_SCORE_DF + 1.0) * np.log1p(squared / _SCORE_DF)
        worst = int(settings.trim_share * counts.shape[1])
        found.append(np.sort(density, axis=1)[:, worst:].sum(axis=1))
    return np.concatenate(found)
