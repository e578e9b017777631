"""Changes to calls: copy number, cell fraction, origin, bands, recurrent regions, ISCN."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from genostab.arrays import Genome, Profile, Segments
from genostab.karyotype.allele_signal import AlleleSignal
from genostab.karyotype.annotate import Hotspot, bands_of, hotspots_hit, iscn_of
from genostab.karyotype.change import Change, Changes, centred_on_quiet, find_changes
from genostab.karyotype.fraction import explain_ratio
from genostab.karyotype.origin import belongs_to_parent, mean_over, origin_of
from genostab.karyotype.ploidy import alternatives
from genostab.karyotype.sensitivity import depth_sensitivity
from genostab.karyotype.settings import Settings
from genostab.karyotype.significance import student_quantile
from genostab.results import Call, Origin, Sensitivity


@dataclass(frozen=True, kw_only=True)
class Karyotype:
    """Calls of one lot with the profile and segments that they were read from, and what could have been seen.

    `own` is the profile of the lot by itself, the same as `profile` where there is no other; None where it cannot be
    trusted.
    `sex_sd_log2` is the uncertainty of the level of X and Y in `own` [log2]; inf where it is unknown.
    `signal` is what the alleles of heterozygous SNPs say, where there are any;
    `withheld` says why nothing is reported although a profile is there; "" where calls stand.
    """

    profile: Profile
    segments: Segments
    calls: tuple[Call, ...]
    sensitivity: tuple[Sensitivity, ...]
    own: Profile | None = None
    sex_sd_log2: float = 0.0
    signal: AlleleSignal | None = None
    withheld: str = ""


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A change with its origin, the profile that its bins index, and why it is no change of the lot, if so."""

    change: Change
    q_value: float
    origin: Origin
    profile: Profile
    against: str = ""


def call_depth(
    *,
    alone: Profile | None,
    paired: Profile | None,
    parents: Sequence[Profile],
    genome: Genome,
    hotspots: Sequence[Hotspot],
    platform: str,
    response_cv: float,
    sex_sd_log2: float,
    settings: Settings,
) -> Karyotype:
    """Calls from depth.

    Parameters
    ----------
    alone : Profile of the lot by itself; None where only the comparison can be trusted
    paired : Profile of the lot against its one parent line, or None; one of the two is there
    parents : sequence of Profile, each parent by itself; may be empty
    genome : Genome
    hotspots : sequence of Hotspot
    platform : str, ``seq`` or ``arr``, for ISCN
    response_cv : float, relative uncertainty of the ratio that a copy gives, 0 for counts
    sex_sd_log2 : float, uncertainty of X and Y in the lot by itself [log2]; inf where their level is unknown
    settings : Settings

    Notes
    -----
    With a paired profile its changes are the acquired ones, free of what the two share; the lot by itself then adds
    what both have. Without, the origin is read from the parents' own profiles.
    """
    own = None if alone is None else find_changes(alone, genome, settings, sex_sd_log2)
    # The centre of a parent, like that of the lot, is that of its unchanged bins.
    centred = [centred_on_quiet(parent, genome, settings, sex_sd_log2) for parent in parents]
    if paired is not None:
        main, main_sex_sd = find_changes(paired, genome, settings, 0.0), 0.0
        found = _against_parent(main, own, centred, settings)
        if own is not None:
            found += _shared_with_parent(own, main, centred, settings)
    else:
        assert own is not None, "a profile by itself or against a parent"
        main, main_sex_sd = own, sex_sd_log2
        found = [
            _Found(
                change=change,
                q_value=q,
                origin=origin_of(change, centred, settings),
                profile=own.profile,
            )
            for change, q in zip(own.changes, own.q_values, strict=True)
        ]
    calls = [_make_call(each, genome, hotspots, platform, response_cv, settings) for each in found]
    return Karyotype(
        profile=main.profile,
        own=None if own is None else own.profile,
        sex_sd_log2=sex_sd_log2,
        segments=main.segments,
        calls=tuple(sorted(calls, key=lambda call: (genome.names.index(call.chrom), call.start, call.end))),
        sensitivity=depth_sensitivity(main.profile, genome, hotspots, settings, main_sex_sd),
    )


def _against_parent(
    main: Changes, own: Changes | None, parents: Sequence[Profile], settings: Settings
) -> list[_Found]:
    """Differences of the lot from its parent; those that are the parent's alone are marked."""
    found = []
    for change, q in zip(main.changes, main.q_values, strict=True):
        of_parent = own is not None and belongs_to_parent(change, own.profile, parents, settings)
        found.append(
            _Found(
                change=change,
                q_value=q,
                origin="unknown" if of_parent else "acquired",
                profile=main.profile,
                against="the parent has the opposite change here, the lot has none" if of_parent else "",
            )
        )
    return found


def _shared_with_parent(
    own: Changes, main: Changes, parents: Sequence[Profile], settings: Settings
) -> list[_Found]:
    """Changes of the lot by itself that the comparison with the parent does not already explain."""
    acquired = [change for change in main.changes if change.is_significant]
    shared: list[_Found] = []
    for change, q in zip(own.changes, own.q_values, strict=True):
        explained = sum(
            max(0, min(change.end, other.end) - max(change.start, other.start))
            for other in acquired
            if other.chrom == change.chrom and (other.mean_log2 > 0) == (change.mean_log2 > 0)
        )
        if explained >= settings.same_share * (change.end - change.start):
            continue
        origin = origin_of(change, parents, settings)
        between = mean_over(main.profile, change.chrom, change.start, change.end)
        if origin == "acquired" and (
            between is None or abs(between[0]) < settings.parent_share * abs(change.mean_log2)
        ):
            origin = "unknown"
        shared.append(_Found(change=change, q_value=q, origin=origin, profile=own.profile))
    return shared


def _make_call(
    found: _Found,
    genome: Genome,
    hotspots: Sequence[Hotspot],
    platform: str,
    response_cv: float,
    settings: Settings,
) -> Call:
    change = found.change
    ploidy, n_bins = int(found.profile.ploidy[change.first]), change.last - change.first
    half_width = _half_width(change, found.profile.centre_sd_log2, response_cv, settings)
    state = explain_ratio(change.mean_log2, half_width, settings.level, ploidy, n_bins)
    chrom = genome.names[change.chrom]
    hits = hotspots_hit(hotspots, chrom, change.start, change.end, state.kind, settings)
    reasons = ("" if change.is_significant else _why_not(change, n_bins, settings), found.against)
    reason = "; ".join(part for part in reasons if part)
    ends = change.ends or (change.start, change.start, change.end, change.end)
    start_low, start_high, end_low, end_high = ends
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
        q_value=found.q_value,
        p_value=change.p_value,
        origin=found.origin,
        hotspot="; ".join(hits),
        bands=bands_of(genome, change.chrom, change.start, change.end),
        iscn=iscn_of(
            genome=genome,
            platform=platform,
            chrom=change.chrom,
            start=change.start,
            end=change.end,
            copy_number=state.copy_number,
            cell_fraction=state.cell_fraction.estimate or 0.0,
        ),
        reported=not reason,
        reason=reason,
        start_low=start_low,
        start_high=start_high,
        end_low=end_low,
        end_high=end_high,
        alternatives=alternatives(change.mean_log2, half_width, ploidy, state.copy_number, settings),
    )


def _half_width(change: Change, centre_sd_log2: float, response_cv: float, settings: Settings) -> float:
    """Of the interval of a mean ratio: noise with that of the centre (Student's t), response (Gaussian) [log2]."""
    tail = (1.0 - settings.level) / 2.0
    noise = float(student_quantile(tail, np.array([change.df]))[0])
    noise *= math.hypot(change.se_log2, centre_sd_log2)
    response = float(ndtri(tail)) * response_cv * change.mean_log2
    return math.hypot(noise, response)


def _why_not(change: Change, n_bins: int, settings: Settings) -> str:
    if n_bins < settings.min_bins:
        return f"{n_bins} bins, fewer than {settings.min_bins}: not told from an outlier"
    return f"chance under noise {change.p_value:.2g}, above {settings.family_wise_error / 2:g} per genome"


def reject(call: Call, reason: str) -> Call:
    """The call, no longer reported, with one more reason."""
    return replace(call, reported=False, reason="; ".join(part for part in (call.reason, reason) if part))


def withhold(karyotype: Karyotype, reason: str) -> Karyotype:
    """The karyotype without a reported call and without any claim of what could have been seen."""
    return replace(
        karyotype,
        calls=tuple(reject(call, reason) for call in karyotype.calls),
        sensitivity=tuple(replace(row, min_cell_fraction=None) for row in karyotype.sensitivity),
        withheld=reason,
    )
