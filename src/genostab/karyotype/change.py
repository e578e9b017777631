"""Changes of copy number in a profile: segments and whole regions tested against the noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from genostab.arrays import Bool, Float64, Genome, Int64, Profile, Segments
from genostab.karyotype.breakpoint import ends_of
from genostab.karyotype.noise import with_waves
from genostab.karyotype.regions import Region, arm_edges, whole_regions
from genostab.karyotype.segment import Scatter, breaks_of, clipped, merge_alike, scatter_of, weak_breaks
from genostab.karyotype.settings import Settings
from genostab.karyotype.significance import (
    Search,
    error_of_rest,
    family_p_value,
    scan_p_value,
    search_of,
    standard_error,
    tail_in,
)

_ROUNDS = 12  # of noise and centre; a handful suffice
_SEARCHES = 4  # for weak segments, each in the noise that the last one left


@dataclass(frozen=True, kw_only=True)
class Change:
    """One tested deviation: bins [first, last), extent in bp, mean, standard error and its degrees of freedom.

    `ends` are the intervals of its start and of its end [bp]: start_low, start_high, end_low, end_high; None for a
    whole region, which has no break of its own.

    `p_value` is its chance under noise, corrected for the search (segments) or for the number of whole regions;
    `is_significant` compares it with the family-wise error. `is_segment` tells the one from the other.
    """

    chrom: int
    first: int
    last: int
    start: int
    end: int
    mean_log2: float
    se_log2: float
    df: float
    score: float
    p_value: float
    is_significant: bool
    is_segment: bool
    ends: tuple[int, int, int, int] | None = None


_Tested = tuple[Segments, list[Change]]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a profile shows: the profile as centred at last, its segments, every change worth a line, q by rank."""

    profile: Profile
    segments: Segments
    changes: tuple[Change, ...]
    q_values: tuple[float, ...]


def find_changes(profile: Profile, genome: Genome, settings: Settings, sex_sd_log2: float) -> Changes:
    """Gains and losses of a profile, whole chromosomes and arms included.

    Parameters
    ----------
    profile : Profile
    genome : Genome
    settings : Settings
    sex_sd_log2 : float, extra uncertainty of X and Y [log2]; inf where their level is unknown

    Notes
    -----
    Noise and centre are those of quiet bins: outside segments and regions that deviate by `quiet_z`. Both are found by
    repetition, starting from independent noise alone: waves that deviate by more than that then widen the noise until
    it holds them, while the levels of a rearranged genome, which lie apart, never enter it. A few arms cannot tell the
    two; there the start is the noise of all bins. Half of the family-wise error goes to segments (by the scan), half
    to whole regions (Bonferroni).
    """
    start = replace(profile, ratio_log2=clipped(profile, genome, settings))
    scatter = scatter_of(start, settings)
    strong = breaks_of(start, genome, settings)
    steady, (candidates, looked_at) = _searched(start, strong, scatter, genome, settings, sex_sd_log2)
    kept = _justified(steady, candidates, looked_at, strong, genome, settings)
    segments, tested = _tested(steady, kept, scatter, genome, settings, sex_sd_log2)
    significant = [change for change in tested if change.is_significant]
    doubtful = [
        change
        for change in looked_at
        if change.is_segment
        and not change.is_significant
        and change.p_value < settings.max_p_shown
        and not any(_overlaps(change, other) for other in significant)
    ]
    changes = [
        replace(change, ends=ends_of(steady, segments, change.first, change.last, settings.level))
        if change.is_segment and change.start == steady.start[change.first]
        else change
        for change in sorted(
            significant + doubtful, key=lambda change: (change.chrom, change.start, change.end)
        )
    ]
    p_values = [change.p_value for change in tested]
    return Changes(
        profile=_as_steady(profile, start, steady),
        segments=segments,
        changes=tuple(changes),
        q_values=tuple(_q_value(change.p_value, p_values) for change in changes),
    )


def centred_on_quiet(profile: Profile, genome: Genome, settings: Settings, sex_sd_log2: float) -> Profile:
    """The profile of `find_changes`, with centre and noise of its unchanged bins; arguments as there."""
    start = replace(profile, ratio_log2=clipped(profile, genome, settings))
    scatter, strong = scatter_of(start, settings), breaks_of(start, genome, settings)
    steady, _ = _searched(start, strong, scatter, genome, settings, sex_sd_log2)
    return _as_steady(profile, start, steady)


def _as_steady(profile: Profile, start: Profile, steady: Profile) -> Profile:
    """The profile, outliers and all, with the noise and the shift that turned the one into the other."""
    return replace(steady, ratio_log2=profile.ratio_log2 + (steady.ratio_log2[0] - start.ratio_log2[0]))


@dataclass(frozen=True, kw_only=True)
class _Part:
    """Bins [first, last) of one chromosome with their mean, and whether they are called."""

    first: int
    last: int
    mean: float
    is_called: bool


def _justified(
    profile: Profile,
    segments: Segments,
    tested: Sequence[Change],
    strong: Int64,
    genome: Genome,
    settings: Settings,
) -> Int64:
    """Breaks that are strong or part what noise would not; ndarray of int64, shape (n_breaks,)."""
    called = {(change.first, change.last) for change in tested if change.is_segment and change.is_significant}
    search = search_of(profile, genome, settings)
    ends = zip(segments.first.tolist(), segments.last.tolist(), strict=True)
    parts = [_part(profile, first, last, (first, last) in called) for first, last in ends]
    i = 0
    while i + 1 < len(parts):
        left, right = parts[i], parts[i + 1]
        is_strong = right.first in strong
        if not is_strong and _belong_together(profile, parts, i, search, settings):
            parts[i : i + 2] = [_part(profile, left.first, right.last, left.is_called or right.is_called)]
            i = max(0, i - 1)
        else:
            i += 1
    return np.array([part.first for part in parts[1:]], dtype=np.int64)


def _part(profile: Profile, first: int, last: int, is_called: bool) -> _Part:
    weight, weighted = (float(sums[last] - sums[first]) for sums in profile.running)
    return _Part(first=first, last=last, mean=weighted / weight, is_called=is_called)


def _belong_together(
    profile: Profile, parts: Sequence[_Part], i: int, search: Search, settings: Settings
) -> bool:
    """Whether a part and the next are one: where their difference is not significant, and both are called or neither.

    So is what is not called with what is called, where it lies between two of these or is nearer to them than to none.
    """
    left, right = parts[i], parts[i + 1]
    if profile.chrom[left.first] != profile.chrom[right.first]:
        return False
    if _difference_p_value(profile, left, right, search) <= settings.family_wise_error / 2:
        return False
    if left.is_called == right.is_called:
        return True
    silent, loud = (i, right) if right.is_called else (i + 1, left)
    beside = [parts[k] for k in (silent - 1, silent + 1) if 0 <= k < len(parts)]
    is_hole = len(beside) == 2 and all(
        part.is_called
        and part.mean * loud.mean > 0
        and profile.chrom[part.first] == profile.chrom[loud.first]
        for part in beside
    )
    return is_hole or abs(parts[silent].mean - loud.mean) < abs(parts[silent].mean)


def _difference_p_value(profile: Profile, left: _Part, right: _Part, search: Search) -> float:
    """Chance that noise makes the shorter of two neighbours differ so much from the longer."""
    weight, _ = profile.running
    of_left, of_right = (weight[part.last] - weight[part.first] for part in (left, right))
    independent = np.sqrt(np.array([1.0 / of_left + 1.0 / of_right]))
    shorter = np.array([float(min(left.last - left.first, right.last - right.first))])
    se, df = standard_error(profile, independent, shorter, profile.autosome[[left.first]])
    z = np.array([right.mean - left.mean]) / se
    return float(scan_p_value(z, shorter, search, df)[0])


def _searched(
    start: Profile, breaks: Int64, scatter: Scatter, genome: Genome, settings: Settings, sex_sd_log2: float
) -> tuple[Profile, _Tested]:
    """The profile with its noise and centre at last, and the tests of all breaks, weak ones included."""
    if not _spans_genome(start, genome, settings):
        start = _settled(start, _quiet_bins(start, ()), genome, settings)
    known: dict[bytes, Profile] = {}
    for _ in range(_SEARCHES):
        steady, found = _rest(start, breaks, known, scatter, genome, settings, sex_sd_log2)
        more = weak_breaks(steady, breaks, genome, settings)
        if more.size == breaks.size:
            return steady, found
        breaks = more
    return steady, _tested(steady, breaks, scatter, genome, settings, sex_sd_log2)


def _rest(
    profile: Profile,
    breaks: Int64,
    known: dict[bytes, Profile],
    scatter: Scatter,
    genome: Genome,
    settings: Settings,
    sex_sd_log2: float,
) -> tuple[Profile, _Tested]:
    """The profile with the centre and noise of the bins that its segments, so tested, leave quiet, and these tests.

    `known` holds what quiet bins have already given, and takes what they give here.
    """
    seen: set[bytes] = set()
    for _ in range(_ROUNDS):
        found = _tested(profile, breaks, scatter, genome, settings, sex_sd_log2)
        quiet = _quiet_bins(profile, [change for change in found[1] if change.score >= settings.quiet_z])
        key = quiet.tobytes()
        if key in seen:
            return profile, found
        seen.add(key)
        if key not in known:
            known[key] = _settled(profile, quiet, genome, settings)
        profile = known[key]
    return profile, _tested(profile, breaks, scatter, genome, settings, sex_sd_log2)


def _spans_genome(profile: Profile, genome: Genome, settings: Settings) -> bool:
    """Whether there are enough autosomal arms to see how arms differ."""
    first, _ = arm_edges(profile, genome)
    return int(profile.autosome[first].sum()) >= settings.min_blocks


def _settled(profile: Profile, quiet: Bool, genome: Genome, settings: Settings) -> Profile:
    """The profile with the centre and noise of its quiet bins."""
    weight, weighted, _ = _sums_of(profile, quiet)
    centred = replace(profile, ratio_log2=profile.ratio_log2 - weighted / weight)
    return with_waves(centred, quiet, genome, settings)


def _tested(
    profile: Profile, breaks: Int64, scatter: Scatter, genome: Genome, settings: Settings, sex_sd_log2: float
) -> _Tested:
    """Segments, and the tests of them and of the whole regions that they leave."""
    regions = whole_regions(profile, genome, settings.min_bins)
    segments = merge_alike(profile, breaks, genome, settings, scatter)
    search = search_of(profile, genome, settings)
    level_sd = _level_sd(profile, segments, genome, sex_sd_log2)
    found = _test_segments(profile, segments, regions, search, settings, level_sd)
    called = [change for change in found if change.is_significant]
    whole = _test_regions(profile, regions, called, settings, sex_sd_log2)
    carriers = _localised(profile, found, whole, settings)
    for i, region in carriers:
        found[i] = replace(found[i], p_value=region.p_value, is_significant=True)
    if carriers:
        called = [change for change in found if change.is_significant]
        whole = _test_regions(profile, regions, called, settings, sex_sd_log2)
    significant = [region for region in whole if region.is_significant]
    for i, change in enumerate(found):
        if any(_is_part(change, region, settings) for region in significant):
            found[i] = replace(change, is_significant=False)
    return segments, found + whole


def _q_value(p_value: float, tested: Sequence[float]) -> float:
    """Benjamini-Hochberg: least over p' >= p of p' m / rank(p')."""
    ordered = np.sort(np.array(tested))
    q = ordered * ordered.size / np.arange(1, ordered.size + 1)
    return float(min(1.0, q[np.searchsorted(ordered, p_value) :].min()))


def _overlaps(a: Change, b: Change) -> bool:
    return a.chrom == b.chrom and a.first < b.last and b.first < a.last


def _sums_of(profile: Profile, chosen: Bool, first: int = 0) -> tuple[float, float, int]:
    """Weight, weighted ratio and number of the chosen ones of the bins from `first` on."""
    edges = np.flatnonzero(np.diff(chosen, prepend=False, append=False)) + first
    a, b = edges[::2], edges[1::2]
    weight, weighted = (float((sums[b] - sums[a]).sum()) for sums in profile.running)
    return weight, weighted, int((b - a).sum())


def _quiet_bins(profile: Profile, changes: Sequence[Change]) -> Bool:
    """Autosomal bins outside changes; all autosomal bins, or all bins, where none is left."""
    quiet = profile.autosome.copy()
    for change in changes:
        quiet[change.first : change.last] = False
    if quiet.any():
        return quiet
    return profile.autosome if profile.autosome.any() else np.ones(profile.chrom.size, dtype=bool)


def _level_sd(profile: Profile, segments: Segments, genome: Genome, sex_sd_log2: float) -> Float64:
    """Uncertainty of the level that each segment is held against; of X centred on itself, that of the rest of X."""
    level_sd = np.where(profile.autosome[segments.first], 0.0, sex_sd_log2)
    x = genome.names.index("chrX")
    on_x = np.flatnonzero(segments.chrom == x)
    if profile.x_centred and on_x.size:
        level_sd[on_x], _ = error_of_rest(profile, x, segments.first[on_x], segments.last[on_x])
    return level_sd


def _test_segments(
    profile: Profile,
    segments: Segments,
    regions: Sequence[Region],
    search: Search,
    settings: Settings,
    level_sd_log2: Float64,
) -> list[Change]:
    n_bins = (segments.last - segments.first).astype(np.float64)
    se, df = standard_error(profile, segments.se_log2, n_bins, profile.autosome[segments.first])
    se = np.hypot(se, level_sd_log2)
    z = segments.mean_log2 / se
    p_scan = scan_p_value(z, n_bins, search, df)
    whole = {(region.first, region.last): region for region in regions}
    p_whole = family_p_value(z, n_bins, max(len(whole), 1), search.tail, df)
    changes = []
    for i in range(n_bins.size):
        region = whole.get((int(segments.first[i]), int(segments.last[i])))
        p = float(p_whole[i] if region else p_scan[i])
        changes.append(
            Change(
                chrom=int(segments.chrom[i]),
                first=int(segments.first[i]),
                last=int(segments.last[i]),
                start=region.start if region else int(segments.start[i]),
                end=region.end if region else int(segments.end[i]),
                mean_log2=float(segments.mean_log2[i]),
                se_log2=float(se[i]),
                df=float(df[i]),
                score=float(abs(z[i])),
                p_value=p,
                is_significant=bool(p <= settings.family_wise_error / 2 and n_bins[i] >= settings.min_bins),
                is_segment=True,
            )
        )
    return changes


def _test_regions(
    profile: Profile,
    regions: Sequence[Region],
    called: Sequence[Change],
    settings: Settings,
    sex_sd_log2: float,
) -> list[Change]:
    """Whole regions tested on the bins that no unlike segment explains; a chromosome stands for its two like arms.

    Those are its free bins and the bins of called segments that deviate like them.
    """
    free = np.ones(profile.chrom.size, dtype=bool)
    for change in called:
        free[change.first : change.last] = False
    kept = [
        region for region in regions if _share(free[region.first : region.last]) > settings.min_free_share
    ]
    chosen = [free[region.first : region.last] for region in kept]
    found = _changes_of_bins(profile, kept, chosen, len(regions), settings, sex_sd_log2)
    for i, (region, change) in enumerate(zip(kept, found, strict=True)):
        parts = [part for part in called if _is_part(part, change, settings)]
        if parts:
            more = chosen[i].copy()
            for part in parts:
                more[part.first - region.first : part.last - region.first] = True
            found[i : i + 1] = _changes_of_bins(
                profile, [region], [more], len(regions), settings, sex_sd_log2
            )
    tested: list[Change] = []
    for chrom in sorted({region.chrom for region in kept}):
        own = [change for change in found if change.chrom == chrom]
        if len(own) == 3 and own[0].is_significant:
            if _is_alike(own[1], own[2], settings):
                own[1:] = [replace(arm, is_significant=False) for arm in own[1:]]
            else:
                own[0] = replace(own[0], is_significant=False)
        tested += own
    return tested


def _share(chosen: Bool) -> float:
    return np.count_nonzero(chosen) / chosen.size


def _localised(
    profile: Profile, found: Sequence[Change], whole: Sequence[Change], settings: Settings
) -> list[tuple[int, Change]]:
    """Segments that carry the deviation of a significant region by themselves, by index, each with that region.

    The region has shown that something is there; segments that are not certain by themselves say where, if the rest
    of the region is neither like them nor deviates.
    """
    carriers: list[tuple[int, Change]] = []
    for region in whole:
        if not region.is_significant:
            continue
        own = [i for i, segment in enumerate(found) if _may_carry(segment, region, settings)]
        rest = np.ones(region.last - region.first, dtype=bool)
        for segment in [found[i] for i in own] + [each for each in found if each.is_significant]:
            rest[max(segment.first - region.first, 0) : max(segment.last - region.first, 0)] = False
        if not own or rest.sum() < settings.min_bins:
            continue
        (other,) = _changes_of_bins(profile, [region], [rest], 1, settings, 0.0)
        if other.score < settings.quiet_z and not any(_is_alike(found[i], other, settings) for i in own):
            carriers += [(i, region) for i in own]
    return carriers


def _may_carry(segment: Change, region: Change, settings: Settings) -> bool:
    is_inside = region.first <= segment.first and segment.last <= region.last
    is_candidate = not segment.is_significant and segment.p_value < settings.max_p_shown
    return is_inside and is_candidate and segment.mean_log2 * region.mean_log2 > 0


def _is_part(segment: Change, region: Change, settings: Settings) -> bool:
    """Whether a segment lies in a region and deviates like it."""
    is_inside = region.first <= segment.first and segment.last <= region.last
    return is_inside and segment.mean_log2 * region.mean_log2 > 0 and _is_alike(segment, region, settings)


def _is_alike(a: Change, b: Change, settings: Settings) -> bool:
    return abs(a.mean_log2 - b.mean_log2) < settings.same_state_z * float(np.hypot(a.se_log2, b.se_log2))


def _changes_of_bins(
    profile: Profile,
    regions: Sequence[Region | Change],
    chosen: Sequence[Bool],
    n_regions: int,
    settings: Settings,
    sex_sd_log2: float,
) -> list[Change]:
    """The chosen ones of each region's bins as one change of the region."""
    sums = [_sums_of(profile, own, region.first) for region, own in zip(regions, chosen, strict=True)]
    weight, weighted, n_bins = np.array(sums).reshape(-1, 3).T
    mean = weighted / weight
    is_autosome = profile.autosome[[region.first for region in regions]]
    se, df = standard_error(profile, 1.0 / np.sqrt(weight), n_bins, is_autosome)
    total = np.hypot(se, np.where(is_autosome, 0.0, sex_sd_log2))
    p = family_p_value(mean / total, n_bins, n_regions, tail_in(profile), df)
    is_significant = (p <= settings.family_wise_error / 2) & (n_bins >= settings.min_bins)
    return [
        Change(
            chrom=region.chrom,
            first=region.first,
            last=region.last,
            start=region.start,
            end=region.end,
            mean_log2=float(mean[i]),
            se_log2=float(total[i]),
            df=float(df[i]),
            score=float(abs(mean[i]) / total[i]),
            p_value=float(p[i]),
            is_significant=bool(is_significant[i]),
            is_segment=False,
        )
        for i, region in enumerate(regions)
    ]
