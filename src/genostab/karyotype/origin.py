"""Whether a change of the lot was there before: comparison with the parent lines or parents."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from genostab.arrays import Profile
from genostab.karyotype.change import Change
from genostab.karyotype.regions import bins_between
from genostab.karyotype.settings import Settings
from genostab.karyotype.significance import error_of_rest, standard_error
from genostab.results import Origin


def mean_over(profile: Profile, chrom: int, start: int, end: int) -> tuple[float, float] | None:
    """Weighted mean log2 ratio of an interval in another profile, with its standard error; None without bins."""
    first, last = bins_between(profile, chrom, start, end)
    if last <= first:
        return None
    weight = profile.weight[first:last]
    mean = float((weight * profile.ratio_log2[first:last]).sum() / weight.sum())
    se, _ = standard_error(
        profile,
        np.array([1.0 / np.sqrt(weight.sum())]),
        np.array([float(last - first)]),
        profile.autosome[[first]],
    )
    return mean, float(se[0])


def sd_of_rest(profile: Profile, chrom: int, start: int, end: int, settings: Settings) -> float:
    """Standard error of the mean of a chromosome outside an interval [log2]; inf where too little of it is left."""
    first, last = (np.array([place]) for place in bins_between(profile, chrom, start, end))
    (error,), (n_rest,) = error_of_rest(profile, chrom, first, last)
    n_bins = int(n_rest + last[0] - first[0])
    return math.inf if n_rest < settings.min_reference_share * n_bins else float(error)


def origin_of(change: Change, parents: Sequence[Profile], settings: Settings) -> Origin:
    """Acquired, inherited, or unknown.

    Parameters
    ----------
    change : Change of the sample, by itself
    parents : sequence of Profile, one parent line, or two parents
    settings : Settings, table [calling]

    Notes
    -----
    Inherited: a parent deviates the same way, clearly and by at least `parent_share` of the sample. Acquired: every
    parent is shown to deviate by less than `max_absent_share`. With two parents the measure is one copy,
    because two carriers of one lost copy can have a child without any.
    """
    sign = 1.0 if change.mean_log2 > 0 else -1.0
    measure = abs(change.mean_log2)
    if len(parents) > 1 and sign < 0:
        measure = min(measure, 1.0)
    all_without = bool(parents)
    for parent in parents:
        seen = mean_over(parent, change.chrom, change.start, change.end)
        if seen is None:
            all_without = False
            continue
        deviation, se = sign * seen[0], seen[1]
        if deviation >= settings.parent_share * measure and deviation >= settings.parent_z * se:
            return "inherited"
        if deviation + settings.absent_z * se > settings.max_absent_share * measure:
            all_without = False
    return "acquired" if all_without else "unknown"


def belongs_to_parent(change: Change, own: Profile, parents: Sequence[Profile], settings: Settings) -> bool:
    """Whether a difference between lot and parent is a change of the parent that the lot does not have.

    Parameters
    ----------
    change : Change of the lot against its parent
    own : Profile of the lot by itself
    parents : sequence of Profile, each parent by itself
    settings : Settings, table [calling]

    Notes
    -----
    The lot is shown to deviate by less than `max_absent_share` of the difference, either way, and the
    parent deviates the other way, clearly and by at least `parent_share` of it.
    """
    sign = 1.0 if change.mean_log2 > 0 else -1.0
    measure = abs(change.mean_log2)
    of_lot = mean_over(own, change.chrom, change.start, change.end)
    if of_lot is None or abs(of_lot[0]) + settings.absent_z * of_lot[1] > settings.max_absent_share * measure:
        return False
    of_parents = (mean_over(parent, change.chrom, change.start, change.end) for parent in parents)
    return any(
        -sign * mean >= max(settings.parent_share * measure, settings.parent_z * se)
        for mean, se in filter(None, of_parents)
    )
