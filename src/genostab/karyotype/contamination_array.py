"""The share of foreign DNA in an array, from its homozygous probes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import ndtri

from genostab.arrays import Float64, Genome, SnpTable
from genostab.karyotype.contamination import (
    Contamination,
    Influence,
    called_shares,
    foreign_dose,
    inside_calls,
    not_measured,
    settle,
)
from genostab.karyotype.contamination_bands import (
    N_NOISE,
    N_SHARED,
    Side,
    block_scores,
    given_shift,
    log_chances,
    log_chances_and_slopes,
    of_all,
    pooled,
    sides_of,
)
from genostab.karyotype.genotypes import fitted_spectrum
from genostab.karyotype.sample_settings import SampleSettings
from genostab.results import Call

_STARTS = (0.0, 0.15)
_BAND_STARTS = (0.03, 0.2)
_ROUNDS = 4
_NEWTON_STEPS = 12
_CLOSE = 1e-7  # a fraction that stays within this is settled
_WORSE = 1.0  # natural logarithm of odds that the noise, which is fitted to all probes, may cost
_FAR = 0.05  # a step of Newton beyond this has left the maximum that was found
_STEPS = np.array([1e-5, 1e-4, *((1e-6, 1e-4, 1e-4, 1e-4) * 2)])  # of numerical second derivatives
# Of the noise (offset, log width, log of how much wider, logit of its share). Weak: where the noise has one width, how
# wide the other is and how frequent mean nothing.
_PRIOR_MEAN = np.array([0.0, -4.5, 0.5, -2.0])
_PRIOR_SD = np.array([1.0, 5.0, 1.0, 2.0])
_NOISE_BOUNDS = np.array([(-0.1, 0.1), (-9.0, -2.0), (-3.0, 3.0), (-8.0, 2.0)])
_FIXED = 1e12  # precision of what is not fitted
_START = np.array([0.0, 0.0, *((0.0, np.log(0.01), 0.5, -2.0) * 2)])


def array_contamination(
    snps: SnpTable,
    dose: tuple[Float64, Float64],
    genome: Genome,
    settings: SampleSettings,
    *,
    wrong_doses: float = 0.0,
    left_out: Sequence[Call] = (),
) -> Contamination:
    """Share of foreign DNA in an array.

    Parameters
    ----------
    snps : SnpTable
    dose : two float64, shape (n_snps, 3), of `foreign_dose` or `known_dose`
    genome : Genome
    settings : SampleSettings
    wrong_doses : float, how far the share of wrong doses may be from that in `dose`, standard deviation; it is then
        fitted along
    left_out : sequence of Call, whose regions are not looked at

    Notes
    -----
    A fraction c of DNA with h copies of the other allele shifts a homozygous probe by c h / 2 from 0 or 1; noise moves
    it too, is cut at 0 and 1, and differs from array to array. The likelihood is therefore that of the stratum of
    the expected h given the shift: noise that does not depend on how frequent an allele is, of whatever shape, makes
    no fraction. The shape, two normal distributions with an offset, cut at 0, scales the fraction; it is fitted to all
    strata. From `apart_fraction` on the modes c / 2 and c stand out of the noise and their places tell more: the
    likelihood is then that of the shift itself; where the two differ beyond noise, the interval spans both. Variance
    is that between blocks, of all these equations together, and that of the array's response. Heterozygous probes
    take no part: a mosaic shifts those only. The dependence on frequency is that of BAFRegress (Jun et al. 2012, doi
    10.1016/j.ajhg.2012.09.004).
    """
    sides, chrom = sides_of(snps, dose, inside_calls(snps, left_out, genome), genome, settings)
    n = int(sum(side.members.sum() for side in sides))
    if n < settings.least_sites:
        return not_measured("too few homozygous probes", n, settings)
    prior = _precision(wrong_doses)
    start, is_large = _start(sides, settings)
    values = _newton(sides, start, prior, settings)
    by_block = _influence(sides, values, prior, settings)
    probes = np.asarray(sum(side.count.sum(axis=(1, 2)) for side in sides))
    strata = Influence(fraction=float(values[0]), by_block=by_block, weight=probes, chrom=chrom, n_sites=n)
    response = settings.array_response_cv
    if not is_large:
        if not _tells(strata):
            return not_measured("the shift of the homozygous probes has no fit", n, settings)
        method = "stratum of the foreign allele given the shift of homozygous probes"
        found = settle(strata, genome, method, settings, response_cv=response)
        return replace(found, log_odds=_log_odds(sides, values, settings)[0])
    values = _refined(sides, values, prior, settings)
    by_block = _refined_influence(sides, values, prior, settings)
    modes = replace(strata, fraction=float(values[0]), by_block=by_block)
    if not _tells(modes):
        return not_measured("the shift of the homozygous probes has no fit", n, settings)
    found = settle(modes, genome, "modes of the shift of homozygous probes", settings, response_cv=response)
    found = replace(found, log_odds=_log_odds(sides, values, settings)[0])
    if not _tells(strata) or _agree(modes, strata, settings):
        return found
    return _spanned(found, settle(strata, genome, "", settings, response_cv=response))


def bands_contamination(
    snps: SnpTable,
    genome: Genome,
    settings: SampleSettings,
    *,
    left_out: Sequence[Call] = (),
) -> Contamination:
    """Share of foreign DNA in an array without anybody's frequencies or genotypes.

    Notes
    -----
    As the modes of `array_contamination`, with one expected dose for all probes: that of a frequency whose Beta
    distribution explains the sample's own genotypes. Noise of whatever shape has one mode: a fraction is detected
    where the second, c / 2, is `modes_apart_sd` of the noise away, and above `systematic_band_fraction`, what the shape
    of clean bands has been seen to fake; the interval holds that too.
    """
    dose = foreign_dose(fitted_spectrum(called_shares(snps, settings), variants_only=False))
    sides, chrom = sides_of(snps, dose, inside_calls(snps, left_out, genome), genome, settings)
    n = int(sum(side.members.sum() for side in sides))
    if n < settings.least_sites:
        return not_measured("too few homozygous probes", n, settings)
    prior = _precision(0.0)
    tries = [_refined(sides, np.append(start, _START[1:]), prior, settings) for start in _BAND_STARTS]
    values = max(tries, key=lambda each: _modes_likelihood(sides, each, prior, settings)[0])
    # Below what the shape can fake the fraction is not to be told from it, and its noise without meaning.
    at_least = np.append(max(values[0], settings.systematic_band_fraction), values[1:])
    each = Influence(
        fraction=float(values[0]),
        by_block=_refined_influence(sides, at_least, prior, settings),
        weight=np.asarray(sum(side.count.sum(axis=(1, 2)) for side in sides)),
        chrom=chrom,
        n_sites=n,
    )
    if not _tells(each):
        return not_measured("the shift of the homozygous probes has no fit", n, settings)
    return settle(
        each,
        genome,
        "modes of the shift of homozygous probes, frequencies unknown",
        settings,
        response_cv=settings.array_response_cv,
        systematic=settings.systematic_band_fraction,
        floor=2.0 * settings.modes_apart_sd * _core_sd(values, settings),
    )


def _core_sd(values: Float64, settings: SampleSettings) -> float:
    """Narrow standard deviation of the noise, the other being that of its tails, on the better side."""
    narrow = values[N_SHARED:].reshape(-1, N_NOISE)[:, 1]
    return float(settings.shift_bin / 2.0 + np.exp(narrow.min()))


def _tells(found: Influence) -> bool:
    return bool(np.isfinite(found.by_block).all() and np.square(found.by_block).sum() > 0.0)


def _agree(one: Influence, two: Influence, settings: SampleSettings) -> bool:
    """Whether two fractions of the same probes differ by no more than noise."""
    sd = float(np.sqrt(np.square(one.by_block - two.by_block).sum()))
    return abs(one.fraction - two.fraction) <= -float(ndtri(settings.detection_alpha / 2.0)) * sd


def _spanned(found: Contamination, other: Contamination) -> Contamination:
    """The first fraction, with an interval that spans both."""
    one, two = found.fraction, other.fraction
    if one.low is None or one.high is None or two.low is None or two.high is None:
        return found
    method = f"{one.method}; the interval spans that of the strata given the shift, which differs"
    low, high = min(one.low, two.low), max(one.high, two.high)
    return replace(found, fraction=replace(one, low=low, high=high, method=method))


def _precision(wrong_doses: float) -> Float64:
    """Of the prior of all values; that of wrong doses is endless where they are not fitted."""
    doses = wrong_doses**-2.0 if wrong_doses > 0.0 else 2.0 * _FIXED
    return np.array([0.0, doses, *(_PRIOR_SD**-2.0), *(_PRIOR_SD**-2.0)])


_MEAN = np.array([0.0, 0.0, *_PRIOR_MEAN, *_PRIOR_MEAN])


def _own(values: Float64, i: int) -> Float64:
    """Fraction, share of wrong doses, and the noise of one side."""
    first = N_SHARED + N_NOISE * i
    return np.concatenate([values[:N_SHARED], values[first : first + N_NOISE]])


def _rows(i: int) -> list[int]:
    first = N_SHARED + N_NOISE * i
    return [*range(N_SHARED), *range(first, first + N_NOISE)]


def _start(sides: Sequence[Side], settings: SampleSettings) -> tuple[Float64, bool]:
    """Values close to the fit, and whether the modes stand apart and the strata bear them out."""
    starts = [_alternated(sides, start, settings) for start in _STARTS]
    odds = [_log_odds(sides, each, settings) for each in starts]
    large = [
        (seen, i)
        for i, (seen, expected) in enumerate(odds)
        # Bands with tails have modes too, but no strata.
        if starts[i][0] >= settings.apart_fraction
        and seen > max(settings.least_explained * expected, -np.log(settings.detection_alpha))
    ]
    if large:
        return starts[max(large)[1]], True
    if odds[0][0] >= 0.0:
        return starts[0], False
    none = _START.copy()
    for i, side in enumerate(sides):
        none[_rows(i)[N_SHARED:]] = _noise(side, _own(none, i), settings)
    return none, False


def _likelihood(sides: Sequence[Side], values: Float64, settings: SampleSettings) -> float:
    """Of the strata given the shifts, logarithm."""
    return sum(
        float((side.by_stratum * given_shift(log_chances(_own(values, i), side, settings), side)).sum())
        for i, side in enumerate(sides)
    )


def _log_odds(sides: Sequence[Side], values: Float64, settings: SampleSettings) -> tuple[float, float]:
    """What the strata say for the fit over no foreign DNA, and what they would say on average if it is right."""
    seen, expected = 0.0, 0.0
    for i, side in enumerate(sides):
        gain = given_shift(log_chances(_own(values, i), side, settings), side)
        chance = np.exp(gain)
        gain -= np.log(side.members / side.members.sum())
        seen += float((side.by_stratum * gain).sum())
        expected += float((side.by_stratum.sum(axis=0) * (chance * gain).sum(axis=0)).sum())
    return seen, expected


def _alternated(sides: Sequence[Side], start: float, settings: SampleSettings) -> Float64:
    """Noise to all probes and fraction to the strata, in turns."""
    values = np.append(start, _START[1:])
    grid = np.linspace(settings.fraction_low, settings.fraction_high, 25)

    def loss(fraction: float) -> float:
        return -_likelihood(sides, np.append(fraction, values[1:]), settings)

    for _ in range(_ROUNDS):
        for i, side in enumerate(sides):
            values[_rows(i)[N_SHARED:]] = _noise(side, _own(values, i), settings)
        best = float(grid[int(np.argmin([loss(c) for c in grid.tolist()]))])
        step = float(grid[1] - grid[0])
        found = minimize_scalar(
            loss, bounds=(best - step, best + step), method="bounded", options={"xatol": 1e-4}
        )
        settled = abs(float(found.x) - values[0]) < 1e-3
        values[0] = float(found.x)
        if settled:
            break
    return values


def _noise(side: Side, values: Float64, settings: SampleSettings) -> Float64:
    """Noise of the greatest likelihood of all probes of a side."""
    seen = side.by_stratum.sum(axis=0)
    n = max(float(seen.sum()), 1.0)

    def loss(noise: Float64) -> tuple[float, Float64]:
        log, slopes = log_chances_and_slopes(np.append(values[:N_SHARED], noise), side, settings)
        away = (noise - _PRIOR_MEAN) / _PRIOR_SD
        value = float((seen * np.log(pooled(log, side))).sum()) - float((away * away).sum()) / 2.0
        slope = of_all(slopes[N_SHARED:], log, side) @ seen - away / _PRIOR_SD
        return -value / n, -slope / n

    options: Any = {"ftol": 1e-9, "gtol": 1e-6, "maxiter": 40}
    bounds: Any = _NOISE_BOUNDS
    start = np.clip(values[N_SHARED:], *_NOISE_BOUNDS.T)
    found: Any = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return np.asarray(found, dtype=np.float64)


def _equations(sides: Sequence[Side], values: Float64, prior: Float64, settings: SampleSettings) -> Float64:
    """What is zero at the fit: derivatives of the strata's likelihood, then of that of all probes by their noise."""
    total: Float64 = -prior * (values - _MEAN)
    for i, side in enumerate(sides):
        log, slopes = log_chances_and_slopes(_own(values, i), side, settings)
        per_bin = _per_bin(slopes, log, side)
        total[_rows(i)] += (per_bin * side.by_stratum).sum(axis=(1, 2))
    return total


def _per_bin(slopes: Float64, log: Float64, side: Side) -> Float64:
    """Share of a probe of each stratum and bin in the equations; float64, shape (6, n_strata, n_bins)."""
    mean = of_all(slopes, log, side)[:, None, :]
    per_bin = np.broadcast_to(mean, slopes.shape).copy()
    per_bin[:N_SHARED] = slopes[:N_SHARED] - mean[:N_SHARED]
    return per_bin


def _jacobian(sides: Sequence[Side], values: Float64, prior: Float64, settings: SampleSettings) -> Float64:
    columns = []
    for k, step in enumerate(_STEPS.tolist()):
        moved = step * (np.arange(values.size) == k)
        ahead, behind = (_equations(sides, at, prior, settings) for at in (values + moved, values - moved))
        columns.append((ahead - behind) / (2.0 * step))
    return np.stack(columns, axis=1)


def _newton(sides: Sequence[Side], start: Float64, prior: Float64, settings: SampleSettings) -> Float64:
    """All values together, from close by; the start where that leads away."""
    values = start
    for _ in range(_NEWTON_STEPS):
        jacobian = _jacobian(sides, values, prior, settings)
        try:
            step = -np.linalg.solve(jacobian, _equations(sides, values, prior, settings))
        except np.linalg.LinAlgError:
            return start
        # The noise may be far from a quadratic: no step beyond one of its prior.
        step /= max(1.0, float(np.abs(step[N_SHARED:] / np.tile(_PRIOR_SD, 2)).max()))
        values = values + step
        if not np.isfinite(values).all() or abs(values[0] - start[0]) > _FAR:
            return start
        if abs(step[0]) < _CLOSE:
            break
    # A root of the equations may be no maximum.
    gain = _log_odds(sides, values, settings)[0] - _log_odds(sides, start, settings)[0]
    return values if gain > -_WORSE else start


def _influence(sides: Sequence[Side], values: Float64, prior: Float64, settings: SampleSettings) -> Float64:
    """What each block adds to the fraction; float64, shape (n_blocks,)."""
    scores = np.zeros((values.size, sides[0].count.shape[0]))
    for i, side in enumerate(sides):
        log, slopes = log_chances_and_slopes(_own(values, i), side, settings)
        scores[_rows(i)] += block_scores(_per_bin(slopes, log, side), side)
    return _to_fraction(-_jacobian(sides, values, prior, settings), scores)


def _to_fraction(information: Float64, scores: Float64) -> Float64:
    """Scores of all values in each block as what they add to the fraction; NaN where it is not told."""
    try:
        return np.asarray(np.linalg.solve(information, scores)[0], dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full(scores.shape[1], np.nan)


def _refined(sides: Sequence[Side], start: Float64, prior: Float64, settings: SampleSettings) -> Float64:
    """All values of the greatest likelihood of the shift given the stratum."""
    n = sum(float(side.members.sum()) for side in sides)
    free = prior < _FIXED

    def loss(some: Float64) -> tuple[float, Float64]:
        values = _MEAN.copy()
        values[free] = some
        total, slope = _modes_likelihood(sides, values, prior, settings)
        return -total / n, -slope[free] / n

    limits = np.array([(0.0, settings.fraction_high), (-1.0, 1.0), *_NOISE_BOUNDS, *_NOISE_BOUNDS])
    bounds: Any = limits[free]
    start = np.clip(start, *limits.T)
    options: Any = {"ftol": 1e-11, "gtol": 1e-7, "maxiter": 150}
    found = minimize(loss, start[free], jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    values = _MEAN.copy()
    values[free] = found
    return values


def _modes_likelihood(
    sides: Sequence[Side], values: Float64, prior: Float64, settings: SampleSettings
) -> tuple[float, Float64]:
    """Of the shift given the stratum, with the prior, and its derivatives."""
    away = values - _MEAN
    total, slope = -float((prior * away * away).sum()) / 2.0, -prior * away
    for i, side in enumerate(sides):
        log, slopes = log_chances_and_slopes(_own(values, i), side, settings)
        total += float((side.by_stratum * log).sum())
        slope[_rows(i)] += (slopes * side.by_stratum).sum(axis=(1, 2))
    return total, slope


def _refined_influence(
    sides: Sequence[Side], values: Float64, prior: Float64, settings: SampleSettings
) -> Float64:
    """What each block adds to the fraction of `_refined`; float64, shape (n_blocks,)."""
    scores, information = np.zeros((values.size, sides[0].count.shape[0])), np.diag(prior)
    for i, side in enumerate(sides):
        _, slopes = log_chances_and_slopes(_own(values, i), side, settings)
        scores[_rows(i)] += block_scores(slopes, side)
        # Expected information: squares of the slopes where probes are.
        flat = slopes.reshape(len(slopes), -1)
        information[np.ix_(_rows(i), _rows(i))] += (flat * side.by_stratum.ravel()) @ flat.T
    return _to_fraction(information, scores)
