"""Changes of copy number in a profile: segments and whole regions tested against the noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from genostab.arrays import Bool, Float64, Genome, Int64, Profile, Segments
from genostab.karyotype.bins import autosomes
from genostab.karyotype.noise import CHI2_MEDIAN
from genostab.karyotype.regions import Region, whole_regions
from genostab.karyotype.segment import (
    scan_p_value,
    segment_profile,
    standard_error,
    student_p_value,
    summarise_segments,
)
from genostab.karyotype.settings import Settings

_RECENTRINGS = 4
_CENTRED_LOG2 = 1e-4
_LOCAL_BINS = 8  # a median of fewer differences says little
_SHOWN_REJECTED = 0.5


@dataclass(frozen=True, kw_only=True)
class Change:
    """One tested deviation: bins [first, last), extent in bp, mean and standard error, its chance under noise.

    `p_value` is corrected for the search (segments) or for the number of whole regions; `is_significant` compares it
    with the family-wise error.
    """

    chrom: int
    first: int
    last: int
    start: int
    end: int
    mean_log2: float
    se_log2: float
    score: float
    p_value: float
    is_significant: bool


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
    sex_sd_log2 : float, extra uncertainty of X and Y [log2]

    Notes
    -----
    The centre is that of bins outside significant changes, found by repetition, so that a large change does not move
    the others. Half of the family-wise error goes to segments (by the scan), half to whole regions (Bonferroni).
    """
    segments, found = _segments_and_changes(profile, genome, settings, sex_sd_log2)
    for _ in range(_RECENTRINGS):
        quiet = _quiet_bins(profile, [change for change in found if change.is_significant], genome)
        shift = _weighted_mean(profile, np.flatnonzero(quiet))
        if abs(shift) < _CENTRED_LOG2:
            break
        profile = replace(profile, ratio_log2=profile.ratio_log2 - shift)
        segments, found = _segments_and_changes(profile, genome, settings, sex_sd_log2)
    significant = [change for change in found if change.is_significant]
    regions = whole_regions(profile, genome, settings.min_bins)
    whole = _test_regions(profile, regions, significant, genome, settings, sex_sd_log2)
    called = significant + [change for change in whole if change.is_significant]
    doubtful = [
        change
        for change in found
        if not change.is_significant
        and change.p_value < _SHOWN_REJECTED
        and not any(_overlaps(change, other) for other in called)
    ]
    changes = sorted(called + doubtful, key=lambda change: (change.chrom, change.start, change.end))
    tested = [change.p_value for change in found] + [change.p_value for change in whole]
    return Changes(
        profile=profile,
        segments=segments,
        changes=tuple(changes),
        q_values=tuple(_q_value(change.p_value, tested) for change in changes),
    )


def _segments_and_changes(
    profile: Profile, genome: Genome, settings: Settings, sex_sd_log2: float
) -> tuple[Segments, list[Change]]:
    segments = _merged(profile, segment_profile(profile, genome, settings), settings)
    return segments, _test_segments(profile, segments, genome, settings, sex_sd_log2)


def _q_value(p_value: float, tested: Sequence[float]) -> float:
    """Benjamini-Hochberg: least over p' >= p of p' m / rank(p')."""
    ordered = np.sort(np.array(tested))
    q = ordered * ordered.size / np.arange(1, ordered.size + 1)
    return float(min(1.0, q[np.searchsorted(ordered, p_value) :].min()))


def _overlaps(a: Change, b: Change) -> bool:
    return a.chrom == b.chrom and a.first < b.last and b.first < a.last


def _weighted_mean(profile: Profile, index: Int64) -> float:
    weight = 1.0 / np.square(profile.sd_log2[index])
    return float(np.dot(weight, profile.ratio_log2[index]) / weight.sum())


def _quiet_bins(profile: Profile, significant: Sequence[Change], genome: Genome) -> Bool:
    """Autosomal bins outside significant changes; all autosomal bins, or all bins, where none is left."""
    is_autosome = autosomes(genome)[profile.chrom]
    quiet = is_autosome.copy()
    for change in significant:
        quiet[change.first : change.last] = False
    if quiet.any():
        return quiet
    return is_autosome if is_autosome.any() else np.ones(profile.chrom.size, dtype=bool)


def _sex_sd(chrom: np.ndarray[tuple[int], np.dtype[np.int16]], genome: Genome, sex_sd_log2: float) -> Float64:
    return np.where(autosomes(genome)[chrom], 0.0, sex_sd_log2)


def _merged(profile: Profile, segments: Segments, settings: Settings) -> Segments:
    """Neighbours of one chromosome joined, most alike first, until every two differ by more than noise and waves."""
    first, last = list(segments.first), list(segments.last)
    while len(first) > 1:
        now = summarise_segments(profile, np.array(first), np.array(last))
        n_bins = (now.last - now.first).astype(np.float64)
        se, _ = standard_error(profile, now.se_log2, n_bins, profile.autosome[now.first])
        z = np.abs(np.diff(now.mean_log2)) / np.sqrt(np.square(se[1:]) + np.square(se[:-1]))
        z /= _local_noise(profile, now)
        z[now.chrom[1:] != now.chrom[:-1]] = np.inf
        closest = int(np.argmin(z))
        if z[closest] >= settings.same_state_z:
            return now
        del first[closest + 1], last[closest]
    return summarise_segments(profile, np.array(first), np.array(last))


def _local_noise(profile: Profile, segments: Segments) -> Float64:
    """How much noisier two neighbouring segments are than the model, at least 1; shape (n_segments - 1,).

    Probes with fewer copies scatter more, so that one deletion can look like several levels.
    """
    variance = np.square(profile.sd_log2)
    scaled = np.square(np.diff(profile.ratio_log2)) / (variance[1:] + variance[:-1])
    excess = np.ones(segments.first.size - 1)
    for i in range(excess.size):
        first, last = segments.first[i], segments.last[i + 1]
        if last - first >= _LOCAL_BINS:
            excess[i] = max(1.0, float(np.median(scaled[first : last - 1])) / CHI2_MEDIAN)
    return np.sqrt(excess)


def _test_segments(
    profile: Profile, segments: Segments, genome: Genome, settings: Settings, sex_sd_log2: float
) -> list[Change]:
    n_bins = (segments.last - segments.first).astype(np.float64)
    se, df = standard_error(profile, segments.se_log2, n_bins, profile.autosome[segments.first])
    se = np.sqrt(np.square(se) + np.square(_sex_sd(segments.chrom, genome, sex_sd_log2)))
    z = segments.mean_log2 / se
    p_scan = scan_p_value(z, n_bins, profile.chrom.size, df)
    whole = {
        (region.first, region.last): region for region in whole_regions(profile, genome, settings.min_bins)
    }
    p_whole = np.minimum(1.0, student_p_value(z, df) * max(len(whole), 1))
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
                score=float(abs(z[i])),
                p_value=p,
                is_significant=bool(p <= settings.family_wise_error / 2 and n_bins[i] >= settings.min_bins),
            )
        )
    return changes


def _test_regions(
    profile: Profile,
    regions: Sequence[Region],
    called: Sequence[Change],
    genome: Genome,
    settings: Settings,
    sex_sd_log2: float,
) -> list[Change]:
    """Whole regions tested on the bins that no segment has explained; a chromosome stands for its two like arms."""
    free = np.ones(profile.chrom.size, dtype=bool)
    for change in called:
        free[change.first : change.last] = False
    tested: list[Change] = []
    for chrom in sorted({region.chrom for region in regions}):
        own = [
            _test_region(profile, region, free, len(regions), genome, settings, sex_sd_log2)
            for region in regions
            if region.chrom == chrom and free[region.first : region.last].mean() > 0.5
        ]
        if not own:
            continue
        whole, arms = own[0], own[1:]
        if len(arms) == 2 and whole.is_significant:
            spread = np.hypot(arms[0].se_log2, arms[1].se_log2)
            if abs(arms[0].mean_log2 - arms[1].mean_log2) >= settings.same_state_z * spread:
                whole = replace(whole, is_significant=False)
        if whole.is_significant:
            arms = [replace(arm, is_significant=False) for arm in arms]
        tested += [whole, *arms]
    return tested


def _test_region(
    profile: Profile,
    region: Region,
    free: Bool,
    n_regions: int,
    genome: Genome,
    settings: Settings,
    sex_sd_log2: float,
) -> Change:
    index = region.first + np.flatnonzero(free[region.first : region.last])
    weight = 1.0 / np.square(profile.sd_log2[index])
    mean = float(np.dot(weight, profile.ratio_log2[index]) / weight.sum())
    independent = np.array([1.0 / np.sqrt(weight.sum())])
    se, df = standard_error(profile, independent, np.array([float(index.size)]), profile.autosome[index[:1]])
    extra = _sex_sd(np.array([region.chrom], dtype=np.int16), genome, sex_sd_log2)
    total = float(np.hypot(se[0], extra[0]))
    p = min(1.0, float(student_p_value(np.array([mean / total]), df)[0]) * n_regions)
    return Change(
        chrom=region.chrom,
        first=region.first,
        last=region.last,
        start=region.start,
        end=region.end,
        mean_log2=mean,
        se_log2=total,
        score=abs(mean) / total,
        p_value=p,
        is_significant=p <= settings.family_wise_error / 2 and index.size >= settings.min_bins,
    )
