"""The likelihood of a clone: what depth and alleles of every segment say of every state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logsumexp

from genostab.arrays import Float64, Int16, Int64
from genostab.karyotype.allele_state import ShiftCurve
from genostab.karyotype.settings import Settings

_FINE, _COARSE = 4000, 400  # points of shift, in equal ratios: 0.14 % and 1.4 % apart
_FLOOR = 1e-290  # of a likelihood, before its logarithm
_LEAST_COPIES = 1e-3  # of one allele per cell
CostTerms = tuple[Float64, Int64, Int64, Float64, Int16, Float64, Float64, Float64, Float64, Float64, float]


@dataclass(frozen=True, kw_only=True)
class CloneSegments:
    """Autosomal segments of one genome, sorted by place.

    chrom : int16, shape (n_segments,)
    curve : tuple of ShiftCurve, n_segments, what the alleles of each say
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
class States:
    """Copies of both alleles of every state that a clone may have, and their logarithm of shares before any data."""

    minor: Int64
    major: Int64
    log_prior: Float64
    doubled: bool


@dataclass(frozen=True, kw_only=True)
class Point:
    fraction: float
    baseline: float
    depth: float
    allele: float


@dataclass(frozen=True, kw_only=True)
class Model:
    """Segments with their smoothed curves, `log_ratio` at no shift and at `_COARSE` shifts, shape (n_segments, ..).

    `steps` are the first, second .. segment of each chromosome, shape (n_steps, n_chroms), n_segments where there is
    none; `elsewhere` is the log-likelihood of a segment that is not of the clone.
    """

    segments: CloneSegments
    response: CloneResponse
    log_ratio: Float64
    elsewhere: Float64
    steps: Int64
    settings: Settings


def states_of(doubled: bool, settings: Settings) -> States:
    """States of up to `clone_max_copies`, rarer by `clone_step_share` for every copy off the unchanged state."""
    most = settings.clone_max_copies
    pairs = [(minor, total - minor) for total in range(most + 1) for minor in range(total // 2 + 1)]
    minor, major = np.array(pairs, dtype=np.int64).T
    unchanged = 2 if doubled else 1
    away = np.abs(minor - unchanged) + np.abs(major - unchanged)
    log_prior = away * math.log(settings.clone_step_share)
    return States(minor=minor, major=major, log_prior=log_prior - logsumexp(log_prior), doubled=doubled)


def models_of(
    segments: CloneSegments, response: CloneResponse, blurs: Sequence[tuple[float, float]], settings: Settings
) -> list[Model]:
    """Segments with the responses of their place averaged over, and with blurred levels [log2] and responses.

    Parameters
    ----------
    segments : CloneSegments
    response : CloneResponse
    blurs : sequence of tuple of float, least standard deviation of levels, and least `place_cv`; a model of each
    settings : Settings, tables [allele] and [clone]
    """
    tables: dict[float, tuple[Float64, Float64]] = {}
    models = []
    for level_sd, place_cv in blurs:
        blurred = replace(response, place_cv=max(response.place_cv, place_cv))
        if blurred.place_cv not in tables:
            tables[blurred.place_cv] = _of_curves(segments.curve, blurred.place_cv, settings)
        smooth, anywhere = tables[blurred.place_cv]
        sd_log2 = np.hypot(segments.sd_log2, level_sd)
        of_level = np.where(np.isfinite(sd_log2), math.log2(2.0 * settings.clone_max_copies), 1.0)
        models.append(
            Model(
                segments=replace(segments, sd_log2=sd_log2),
                response=blurred,
                log_ratio=np.column_stack((np.zeros(len(smooth)), smooth)),
                # Balanced or any shift, alike; any level.
                elsewhere=np.logaddexp(0.0, anywhere) - math.log(2.0) - np.log(of_level),
                steps=_steps(segments.chrom),
                settings=settings,
            )
        )
    return models


def _of_curves(curves: Sequence[ShiftCurve], place_cv: float, settings: Settings) -> tuple[Float64, Float64]:
    """Logarithms of the curves' means about each of `_COARSE` shifts, a row of them each, and over all shifts."""
    fine = np.geomspace(settings.least_shift, 0.5, _FINE)
    coarse = np.geomspace(settings.least_shift, 0.5, _COARSE)
    away = (fine - coarse[:, None]) / (place_cv * coarse[:, None])
    weight = fine * np.exp(-0.5 * np.square(away))
    weight /= weight.sum(axis=1, keepdims=True)
    values = np.array([np.interp(fine**2, each.shift**2, each.log_ratio) for each in curves])
    most = values.max(axis=1, keepdims=True)
    likelihood = np.exp(values - most)
    # Matrix products wake other threads, whose waiting costs more than their help.
    smooth = np.log(np.maximum(np.einsum("ij,kj->ik", likelihood, weight), _FLOOR)) + most
    anywhere = np.log(np.maximum((likelihood * (fine / fine.sum())).sum(axis=1), _FLOOR)) + most[:, 0]
    return smooth, anywhere


def _steps(chrom: Int16) -> Int64:
    """The first, second .. segment of each chromosome, shape (n_steps, n_chroms)."""
    present, first, count = np.unique(chrom, return_index=True, return_counts=True)
    steps = np.full((int(count.max()), present.size), chrom.size, dtype=np.int64)
    for column, (a, n) in enumerate(zip(first, count, strict=True)):
        steps[:n, column] = np.arange(a, a + n)
    return steps


def copies(fraction: Float64, states: States, allele: float) -> tuple[Float64, Float64]:
    """Shift, and log2 of copies over two; shape of fraction + (n_states,)."""
    f = fraction[..., np.newaxis]
    a = np.maximum(1.0 + f * (states.minor - 1.0), _LEAST_COPIES)
    b = np.maximum(1.0 + f * (states.major - 1.0), _LEAST_COPIES)
    return 0.5 * np.tanh(0.5 * allele * np.log(b / a)), np.log2((a + b) / 2.0)


def place_of(model: Model, shift: Float64) -> Float64:
    """Column of `log_ratio` that stands for each shift, between two columns in proportion; shape of shift."""
    least = model.settings.least_shift
    step = math.log(0.5 / least) / (_COARSE - 1)
    place = np.where(shift < least, shift / least, 1.0 + np.log(np.maximum(shift, least) / least) / step)
    return np.asarray(place)


def of_alleles(model: Model, shift: Float64) -> Float64:
    """Log-likelihood ratio of every segment at each shift; shape of shift + (n_segments,)."""
    place = place_of(model, shift)
    low = np.minimum(place.astype(np.int64), _COARSE - 1)
    share = (place - low)[..., np.newaxis]
    table = model.log_ratio.T
    return np.asarray(table[low] * (1.0 - share) + table[low + 1] * share)


def of_depth(model: Model, ratio: Float64, baseline: Float64, depth: float) -> Float64:
    """Log density of every segment's ratio; shape of baseline + of ratio + (n_segments,)."""
    seen, sd = model.segments.ratio_log2, model.segments.sd_log2
    spread = np.hypot(sd, (model.response.place_cv * depth * ratio)[..., np.newaxis])
    level = (depth * ratio)[..., np.newaxis]
    away = (seen - level - baseline.reshape(*baseline.shape, *(1 for _ in level.shape))) / spread
    return np.where(np.isfinite(sd), -0.5 * away**2 - np.log(spread * math.sqrt(2.0 * math.pi)), 0.0)


def cost_terms(model: Model, states: States, share: Float64) -> CostTerms:
    """What `clone_cost` asks for beside a point."""
    response, settings, segments = model.response, model.settings, model.segments
    return (
        np.array([response.depth, response.depth_cv, response.allele_cv, response.place_cv]),
        states.minor,
        states.major,
        share,
        segments.chrom,
        model.log_ratio,
        segments.ratio_log2,
        segments.sd_log2,
        model.elsewhere,
        np.array([settings.subclonal_share, settings.clone_stay]),
        settings.least_shift,
    )


def likelihood_at(model: Model, point: Point, states: States) -> Float64:
    """Log-likelihood of every state and segment; shape (n_states, n_segments)."""
    shift, ratio = copies(np.array(point.fraction), states, point.allele)
    return of_alleles(model, shift) + of_depth(model, ratio, np.array(point.baseline), point.depth)
