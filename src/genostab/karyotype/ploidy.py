"""Ploidy and cell fraction: every reading that the depth allows, since depth knows ratios of copy numbers only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genostab.arrays import Bool, Float64, Genome, Int16, Int64, Profile, Segments
from genostab.karyotype.fraction import fraction_at
from genostab.karyotype.settings import Settings
from genostab.karyotype.significance import standard_error
from genostab.results import Call, Solution
from genostab.units import percent_from_fraction

_ROUNDS = 6  # of weighted least squares at each width; it stands still after three or four
_WIDTHS = (1.0, 0.5, 0.0)  # of search_width: from the basin of an optimum down to the noise itself
_NORMAL, _DOUBLED = 2, 4
_Reading = tuple[float, float | None, float, str]  # ploidy, cell fraction, log likelihood, note


@dataclass(frozen=True, kw_only=True)
class _Levels:
    """Levels of changed autosomal segments over the normal level, shape (n_changed,): offset from 1 and its noise.

    `mean` is that of the whole autosomal genome, `has_normal` whether any segment is unchanged.
    """

    chrom: Int16
    offset: Float64
    sd: Float64
    mean: float
    has_normal: bool


@dataclass(frozen=True, kw_only=True)
class _Optima:
    """Clones whose one copy is `step` of the normal level, which is `normal` copies; arrays of shape (n_optima,).

    `precision` is 1 / variance of the step, `log_likelihood` that of the levels against levels anywhere, `n_on` how
    many levels are whole copy numbers of the clone.
    """

    step: Float64
    normal: Int64
    precision: Float64
    log_likelihood: Float64
    n_on: Int64


def ploidy_solutions(
    *,
    profile: Profile,
    segments: Segments,
    calls: Sequence[Call],
    genome: Genome,
    response_cv: float,
    settings: Settings,
) -> tuple[Solution, ...]:
    """Every reading of the segments as a clone of whole copy numbers in a share of the cells, best first.

    Parameters
    ----------
    profile, segments : of one karyotype; X and Y are left out
    calls : sequence of Call, of that karyotype; segments under reported ones are changed, the others normal
    genome : Genome
    response_cv : float, relative uncertainty of the ratio that a copy gives, 0 for counts
    settings : Settings, table [ploidy]

    Returns
    -------
    tuple of Solution
        Always with the plain reading (normal cells with two copies, each change in its own share of cells) and the
        same with every copy number doubled, which no depth can tell from it; none where no autosome was seen.

    Notes
    -----
    A clone in a fraction a of the cells, the others having two copies, gives a segment of c copies the level
    (a c + 2 (1 - a)) / D of the sample's mean, with D = a P + 2 (1 - a) and P its ploidy (ABSOLUTE: Carter 2012, Nat
    Biotechnol 30:413, doi 10.1038/nbt.2203; ACE: doi 10.1093/bioinformatics/bty1055; rascal: doi
    10.1101/2021.07.19.452658). If the unchanged genome has c0 copies, all levels over its own lie at 1 + (c - c0) u
    with the step u = a / (a c0 + 2 (1 - a)). One offset d from the nearest such level has the likelihood, relative to
    a level anywhere, (1 - e) u N(d; sd) + e, where e is the share of levels in other clones: dense levels explain
    little. The log likelihood of an optimum is that of its levels, integrated over its peak with u uniform in 0..1
    (Laplace's method). The plain reading has 0 on that scale; optima that are less likely by more than `decisive_odds`
    are left out: a grid that dense fits any levels.

    Readings that those odds do not tell apart from the best are ordered by what is usual in cultured cells: the plain
    one, then the ploidy nearest to two. O(grid x segments).
    """
    called = _is_called(segments, calls, genome)
    levels = _levels_of(profile, segments, called, response_cv, settings)
    if levels is None:
        return ()
    mean_copies = _NORMAL * levels.mean
    plain = "normal cells with 2 copies, each change in its own share of cells as in calls.tsv"
    doubled = "the same with all cells doubled to 4 copies: depth cannot tell"
    found: list[_Reading] = [(mean_copies, None, 0.0, plain), (_DOUBLED * levels.mean, None, 0.0, doubled)]
    if levels.has_normal and levels.offset.size:
        found += _clones(levels, settings)
    return _ranked(found, settings)


def _ranked(found: list[_Reading], settings: Settings) -> tuple[Solution, ...]:
    best = max(log_likelihood for _, _, log_likelihood, _ in found)

    def order(reading: _Reading) -> tuple[float, bool, float]:
        ploidy, fraction, log_likelihood, _ = reading
        if best - log_likelihood > math.log(settings.decisive_odds):
            return best - log_likelihood, False, 0.0
        return 0.0, fraction is not None, abs(ploidy - _NORMAL)

    return tuple(
        Solution(
            rank=rank,
            ploidy=ploidy,
            cell_fraction=fraction,
            log_likelihood=log_likelihood - best,
            relative_likelihood=math.exp(log_likelihood - best),
            note=note,
        )
        for rank, (ploidy, fraction, log_likelihood, note) in enumerate(sorted(found, key=order), start=1)
    )


def _is_called(segments: Segments, calls: Sequence[Call], genome: Genome) -> Bool:
    """Segments of which reported calls cover more than half; ndarray of bool, shape (n_segments,)."""
    covered = np.zeros(segments.first.size, dtype=np.int64)
    for call in calls:
        if call.reported and call.kind != "cnloh":
            shared = np.minimum(segments.end, call.end) - np.maximum(segments.start, call.start)
            covered += np.where(segments.chrom == genome.names.index(call.chrom), np.maximum(shared, 0), 0)
    return 2 * covered > segments.end - segments.start


def _levels_of(
    profile: Profile, segments: Segments, called: Bool, response_cv: float, settings: Settings
) -> _Levels | None:
    """Levels of the called autosomal segments; None without autosomal segments.

    Below the normal level, noise falls no faster than that of counts: as the square root of the level.
    """
    kept = profile.autosome[segments.first] & (segments.last - segments.first >= settings.min_bins)
    if not kept.any():
        return None
    n_bins = (segments.last - segments.first)[kept].astype(np.float64)
    mean, changed = segments.mean_log2[kept], called[kept]
    se, _ = standard_error(profile, segments.se_log2[kept], n_bins, np.ones(n_bins.size, dtype=bool))
    centre_variance = 0.0 if changed.all() else 1.0 / float(np.sum(se[~changed] ** -2.0))
    level, total = np.exp2(mean), np.sqrt(np.square(se) + centre_variance + np.square(response_cv * mean))
    return _Levels(
        chrom=segments.chrom[kept][changed],
        offset=level[changed] - 1.0,
        sd=(np.log(2.0) * total * np.maximum(level, np.sqrt(level)))[changed],
        mean=float(np.average(level, weights=n_bins)),
        has_normal=not changed.all(),
    )


def _clones(levels: _Levels, settings: Settings) -> list[_Reading]:
    """Every optimum that explains the levels better than chance, as a reading."""
    at = _refined(levels, _candidate_steps(levels, settings), settings)
    fraction = 2.0 * at.step / (1.0 + (2.0 - at.normal) * at.step)
    evidence = at.log_likelihood + 0.5 * np.log(2.0 * np.pi / at.precision)
    readings: list[_Reading] = []
    taken: list[int] = []
    ploidy = at.normal + (levels.mean - 1.0) / at.step
    possible = (
        (evidence >= -math.log(settings.decisive_odds))
        & (fraction >= settings.min_clone_fraction)
        & (ploidy >= settings.min_ploidy)
    )
    for i in np.argsort(-evidence, kind="stable"):
        if not possible[i]:
            continue
        width = 1.0 / math.sqrt(at.precision[i])
        if any(at.normal[i] == at.normal[j] and abs(at.step[i] - at.step[j]) < width for j in taken):
            continue
        taken.append(int(i))
        on = f"{at.n_on[i]} of {levels.offset.size} changed segments at whole copy numbers"
        note = f"{on}; unchanged genome {at.normal[i]} {'copy' if at.normal[i] == 1 else 'copies'}"
        readings.append((float(ploidy[i]), min(float(fraction[i]), 1.0), float(evidence[i]), note))
    return readings


def _candidate_steps(levels: _Levels, settings: Settings) -> Float64:
    """Steps at the local maxima of the likelihood on a grid, its peaks widened so that the grid misses none."""
    least = settings.min_clone_fraction
    least_step = least / (least * settings.max_normal_copies + 2.0 * (1.0 - least))
    # The farthest level moves by half a width of search from one point of the grid to the next.
    ratio = 1.0 + 0.5 * settings.search_width / settings.max_copies
    step = np.geomspace(1.0, least_step, math.ceil(-math.log(least_step) / math.log(ratio)) + 1)
    value = np.full(step.size + 2, -np.inf)
    value[1:-1] = _log_likelihood(levels, step, _copies_off(levels, step, settings), 1.0, settings)[0]
    maxima = np.flatnonzero((value[1:-1] >= value[:-2]) & (value[1:-1] > value[2:]))
    return step[maxima]


def _copies_off(levels: _Levels, step: Float64, settings: Settings) -> Float64:
    """Nearest whole number of copies off the normal level; float64, shape (n_steps, n_levels)."""
    copies: Float64 = np.round(levels.offset / step[:, None])
    return np.clip(copies, -settings.max_copies, settings.max_copies)


def _log_likelihood(
    levels: _Levels, step: Float64, copies: Float64, width: float, settings: Settings
) -> tuple[Float64, Float64]:
    """Log likelihood of all levels against levels anywhere, and the weight of each that is on the grid.

    `copies` is shape (n_steps, n_levels), NaN where the clone cannot have so many; the weight is the chance of being
    on the grid over the variance.
    """
    sd = np.maximum(levels.sd, width * settings.search_width * step[:, None])
    z = (levels.offset - copies * step[:, None]) / sd
    share = settings.subclonal_share
    on = np.nan_to_num((1.0 - share) * step[:, None] * np.exp(-0.5 * z * z) / (sd * math.sqrt(2.0 * math.pi)))
    return np.log(on + share).sum(axis=1), on / (on + share) / np.square(sd)


def _refined(levels: _Levels, steps: Float64, settings: Settings) -> _Optima:
    """Optima of each candidate step for each number of copies of the normal level, by weighted least squares.

    A step above 1 / c0 needs more than all cells; within its error it means all of them.
    """
    copies_of_normal = np.arange(1, settings.max_normal_copies + 1)
    step = np.repeat(steps, copies_of_normal.size)
    normal = np.tile(copies_of_normal, steps.size)
    for width in np.repeat(_WIDTHS, _ROUNDS):
        copies, _, weight = _at(levels, step, normal, width, settings)
        copies = np.nan_to_num(copies)
        precision = (weight * copies**2).sum(axis=1)
        fitted = (weight * copies * levels.offset).sum(axis=1) / np.maximum(precision, 1e-300)
        step = np.where((precision > 0) & (fitted > 0), fitted, step)
    most = 1.0 / normal
    allowed = step <= most + settings.quiet_z / np.sqrt(np.maximum(precision, 1e-300))
    step = np.minimum(step, most)
    copies, likelihood, weight = _at(levels, step, normal, 0.0, settings)
    precision = (weight * np.nan_to_num(copies) ** 2).sum(axis=1)
    on = weight * np.square(levels.sd) > 0.5
    # One level lies on a grid of any step, and the levels of one chromosome may be one event.
    kept = allowed & np.array(
        [np.unique(levels.chrom[row]).size >= 2 for row in on & (copies != 0)], dtype=bool
    )
    return _Optima(
        step=step[kept],
        normal=normal[kept],
        precision=precision[kept],
        log_likelihood=likelihood[kept],
        n_on=on.sum(axis=1)[kept],
    )


def _at(
    levels: _Levels, step: Float64, normal: Int64, width: float, settings: Settings
) -> tuple[Float64, Float64, Float64]:
    """Copies off the normal level (NaN where the clone cannot have so many), log likelihood and weights."""
    copies = _copies_off(levels, step, settings)
    total = copies + normal[:, None]
    copies = np.where((total >= 0) & (total <= settings.max_copies), copies, np.nan)
    return copies, *_log_likelihood(levels, step, copies, width, settings)


def alternatives(
    ratio_log2: float, half_width_log2: float, ploidy: int, copy_number: int, settings: Settings
) -> str:
    """Other copy numbers that explain a called ratio as well, each in its own share of cells, nearest first.

    Parameters
    ----------
    ratio_log2 : float, mean log2 ratio relative to `ploidy` copies
    half_width_log2 : float, of its interval
    ploidy : int, copies of the unchanged cells, 1 or 2
    copy_number : int, as called
    settings : Settings, table [ploidy]

    Returns
    -------
    str
        ``""`` where no other copy number can explain the ratio.

    Notes
    -----
    f (c - ploidy) is all that the ratio tells; a copy number is left out where even the nearer end of the interval
    needs more than all cells.

    Examples
    --------
    >>> from genostab.karyotype.settings import load_settings
    >>> alternatives(math.log2(1.2), 0.02, 2, 3, load_settings())
    'CN 4 in 20 %, CN 5 in 13 %'
    >>> alternatives(math.log2(0.5), 0.02, 2, 1, load_settings())
    'CN 0 in 50 %'
    >>> alternatives(math.log2(0.9), 0.02, 1, 0, load_settings())
    ''
    """
    step = 1 if copy_number > ploidy else -1
    nearer = ratio_log2 - step * half_width_log2
    texts: list[str] = []
    for other in range(ploidy + step, ploidy + step * (settings.max_copies + 1), step):
        if other < 0 or len(texts) == settings.max_alternatives:
            break
        if other != copy_number and fraction_at(nearer, ploidy, other) <= 1.0:
            percent = percent_from_fraction(min(fraction_at(ratio_log2, ploidy, other), 1.0))
            texts.append(f"CN {other} in {f'{percent:.2g}' if percent < 99.5 else '100'} %")
    return ", ".join(texts)
