"""Changes to calls: copy number, cell fraction, origin, bands, recurrent regions, ISCN."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from genostab.arrays import Genome, Profile, Segments
from genostab.karyotype.annotate import Hotspot, bands_of, hotspots_hit, iscn_of
from genostab.karyotype.change import Change, Changes, find_changes
from genostab.karyotype.fraction import explain_ratio
from genostab.karyotype.origin import mean_over, origin_of
from genostab.karyotype.sensitivity import depth_sensitivity
from genostab.karyotype.settings import Settings
from genostab.results import Call, Origin, Sensitivity


@dataclass(frozen=True, kw_only=True)
class Karyotype:
    """Calls of one lot with the profile and segments that they were read from, and what could have been seen."""

    profile: Profile
    segments: Segments
    calls: tuple[Call, ...]
    sensitivity: tuple[Sensitivity, ...]


def call_depth(
    *,
    alone: Profile,
    paired: Profile | None,
    parents: Sequence[Profile],
    genome: Genome,
    hotspots: Sequence[Hotspot],
    platform: str,
    response_cv: float,
    settings: Settings,
) -> Karyotype:
    """Calls from depth.

    Parameters
    ----------
    alone : Profile of the lot by itself
    paired : Profile of the lot against its one parent line, or None
    parents : sequence of Profile, each parent by itself; may be empty
    genome : Genome
    hotspots : sequence of Hotspot
    platform : str, ``seq`` or ``arr``, for ISCN
    response_cv : float, relative uncertainty of the ratio that a copy gives, 0 for counts
    settings : Settings

    Notes
    -----
    With a paired profile its changes are the acquired ones, free of what the two share; the lot by itself then adds
    what both have. Without, the origin is read from the parents' own profiles.
    """
    own_sex_sd = settings.alone_sd_log2 if platform == "seq" else 0.0
    own = find_changes(alone, genome, settings, own_sex_sd)
    # The centre of a parent, like that of the lot, is that of its unchanged bins.
    centred = [find_changes(parent, genome, settings, own_sex_sd).profile for parent in parents]
    found: list[tuple[Change, float, Origin, Profile]] = []
    if paired is None:
        main, sex_sd = own, own_sex_sd
        found += [
            (change, q, origin_of(change, centred, settings), own.profile)
            for change, q in zip(own.changes, own.q_values, strict=True)
        ]
    else:
        main, sex_sd = find_changes(paired, genome, settings, 0.0), 0.0
        found += [
            (change, q, "acquired", main.profile)
            for change, q in zip(main.changes, main.q_values, strict=True)
        ]
        found += _shared_with_parent(own, main, centred, settings)
    calls = [
        make_call(change, q, origin, profile, genome, hotspots, platform, response_cv, settings)
        for change, q, origin, profile in found
    ]
    return Karyotype(
        profile=main.profile,
        segments=main.segments,
        calls=tuple(sorted(calls, key=lambda call: (genome.names.index(call.chrom), call.start, call.end))),
        sensitivity=depth_sensitivity(main.profile, genome, hotspots, settings, sex_sd),
    )


def _shared_with_parent(
    own: Changes, main: Changes, parents: Sequence[Profile], settings: Settings
) -> list[tuple[Change, float, Origin, Profile]]:
    """Changes of the lot by itself that the comparison with the parent does not already explain."""
    acquired = [change for change in main.changes if change.is_significant]
    shared: list[tuple[Change, float, Origin, Profile]] = []
    for change, q in zip(own.changes, own.q_values, strict=True):
        explained = sum(
            max(0, min(change.end, other.end) - max(change.start, other.start))
            for other in acquired
            if other.chrom == change.chrom and (other.mean_log2 > 0) == (change.mean_log2 > 0)
        )
        if explained >= 0.5 * (change.end - change.start):
            continue
        origin = origin_of(change, parents, settings)
        between = mean_over(main.profile, change.chrom, change.start, change.end)
        if origin == "acquired" and (
            between is None or abs(between[0]) < settings.parent_share * abs(change.mean_log2)
        ):
            origin = "unknown"
        shared.append((change, q, origin, own.profile))
    return shared


def make_call(
    change: Change,
    q_value: float,
    origin: Origin,
    profile: Profile,
    genome: Genome,
    hotspots: Sequence[Hotspot],
    platform: str,
    response_cv: float,
    settings: Settings,
) -> Call:
    """The call of one change.

    Parameters
    ----------
    change : Change, its bins index `profile`
    q_value : float
    origin : Origin
    profile : Profile
    genome : Genome
    hotspots : sequence of Hotspot
    platform : str, ``seq`` or ``arr``
    response_cv : float, relative uncertainty of the ratio that a copy gives
    settings : Settings
    """
    se_log2 = math.hypot(change.se_log2, response_cv * change.mean_log2)
    ploidy, n_bins = int(profile.ploidy[change.first]), change.last - change.first
    state = explain_ratio(change.mean_log2, se_log2, ploidy, n_bins)
    fraction = state.cell_fraction.estimate or 0.0
    chrom = genome.names[change.chrom]
    hits = hotspots_hit(hotspots, chrom, change.start, change.end, state.kind, settings)
    reason = "" if change.is_significant else _why_not(change, n_bins, settings)
    return Call(
        chrom=chrom,
        start=change.start,
        end=change.end,
        kind=state.kind,
        copy_number=state.copy_number,
        cell_fraction=state.cell_fraction,
        ratio_log2=change.mean_log2,
        n_bins=n_bins,
        n_snps=0,
        score=change.score,
        q_value=q_value,
        origin=origin,
        hotspot="; ".join(hits),
        bands=bands_of(genome, change.chrom, change.start, change.end),
        iscn=iscn_of(
            genome=genome,
            platform=platform,
            chrom=change.chrom,
            start=change.start,
            end=change.end,
            copy_number=state.copy_number,
            cell_fraction=fraction,
        ),
        reported=change.is_significant,
        reason=reason,
    )


def _why_not(change: Change, n_bins: int, settings: Settings) -> str:
    if n_bins < settings.min_bins:
        return f"{n_bins} bins, fewer than {settings.min_bins}: not told from an outlier"
    return f"chance under noise {change.p_value:.2g}, above {settings.family_wise_error / 2:g} per genome"


def reject(call: Call, reason: str) -> Call:
    """The call, no longer reported, with one more reason."""
    return replace(call, reported=False, reason="; ".join(part for part in (call.reason, reason) if part))
