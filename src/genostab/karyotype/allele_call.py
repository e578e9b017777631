"""Calls from alleles and depth together: what either found is read with both."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from genostab.arrays import Genome
from genostab.karyotype.allele_candidate import Candidate, chosen_of, longest_rest, overlap
from genostab.karyotype.allele_ends import curve_of, curve_over, depth_over, open_intervals
from genostab.karyotype.allele_nested import with_nested
from genostab.karyotype.allele_region import AlleleRegion, allele_regions
from genostab.karyotype.allele_search import AlleleRun, find_runs
from genostab.karyotype.allele_sensitivity import allele_sensitivity
from genostab.karyotype.allele_signal import AlleleSignal, cost_of_open_noise, has_x, shift_likelihood, within
from genostab.karyotype.allele_state import (
    MOST_COPIES,
    STATES,
    Depth,
    Reading,
    Response,
    log_evidence,
    read_region,
)
from genostab.karyotype.annotate import Hotspot, bands_of, hotspots_hit, iscn_of
from genostab.karyotype.call import Karyotype, reject
from genostab.karyotype.fraction import explain_ratio
from genostab.karyotype.origin import mean_over, sd_of_rest
from genostab.karyotype.regions import bins_between
from genostab.karyotype.settings import Settings
from genostab.results import Call, Origin

_NO_DEPTH = Depth(ratio_log2=0.0, sd_log2=math.inf)
_LEAST_P = 1e-300
_LEAST_SHOWN = 0.05
_RESPONSES = 41


def add_alleles(
    karyotype: Karyotype,
    signal: AlleleSignal,
    parents: Sequence[AlleleSignal],
    *,
    genome: Genome,
    hotspots: Sequence[Hotspot],
    platform: str,
    response: Response,
    settings: Settings,
) -> Karyotype:
    """The karyotype with its calls read by alleles and depth together, and those of alleles added.

    Of X too, where there are two.

    Parameters
    ----------
    karyotype : Karyotype, from depth
    signal : AlleleSignal of the lot
    parents : sequence of AlleleSignal, may be empty
    genome : Genome
    hotspots : sequence of Hotspot
    platform : str, ``seq`` or ``arr``
    response : Response of the depth to copies, before this sample shows its own
    settings : Settings, table [allele]

    Notes
    -----
    A change that depth found keeps its chance under noise, divided by the likelihood ratio that the alleles give for
    such a change; one that alleles found has 1 over its likelihood ratio, times that of the depth. Both are
    conservative p-values (a p-value over an independent likelihood ratio is one: Ignatiadis, Wang and Ramdas 2024,
    doi 10.1093/biomet/asad057 [m]). The response of depth is taken from the changes that alleles size by themselves.
    """
    found = [
        *_of_depth(karyotype, signal, genome, response, settings),
        *_of_runs(karyotype, signal, genome, response, settings),
        *_of_regions(karyotype, signal, genome, response, settings),
    ]
    calibrated = _calibrated(found, response, settings)
    found = [_read_again(each, response, calibrated, settings) for each in found]
    left = [call for call in karyotype.calls if all(each.call is not call for each in found)]
    firm = [call for call in left if call.reported]
    found = [
        each
        for each in found
        if each.call or not any(_lies_in(each, call, genome, settings) for call in firm)
    ]
    chosen = [_with_its_depth(each, found, settings) for each in chosen_of(found, settings)]
    chosen = [
        on_its_own
        for i, each in enumerate(chosen)
        if (on_its_own := _beside(each, chosen[:i], karyotype, signal, genome, calibrated, settings))
    ]
    chosen = with_nested(
        chosen,
        found,
        lambda chrom, start, end: _candidate(
            karyotype, signal, genome, chrom, start, end, calibrated, settings
        ),
        settings,
        stands_alone=calibrated.stands_alone,
    )
    chosen = [_with_open_ends(each, karyotype, signal, genome, calibrated, settings) for each in chosen]
    calls = [_make_call(each, karyotype, parents, genome, hotspots, platform, settings) for each in chosen]
    calls += [_by_depth_alone(call, karyotype, signal, genome, calibrated, settings) for call in left]
    calls += [
        _not_seen(each.call, each)
        for each in found
        if each.call and not any(overlap(each, other) > 0 for other in chosen)
    ]
    order = sorted(calls, key=lambda call: (genome.names.index(call.chrom), call.start, call.end))
    least = calibrated.mean * (1.0 - float(ndtri(settings.power)) * calibrated.cv)
    rows = allele_sensitivity(
        signal,
        karyotype.own or karyotype.profile,
        least,
        genome,
        hotspots,
        settings,
        knows_x_level=math.isfinite(karyotype.sex_sd_log2),
    )
    return replace(karyotype, calls=tuple(order), sensitivity=(*karyotype.sensitivity, *rows), signal=signal)


def _depth_of(
    karyotype: Karyotype, genome: Genome, chrom: int, start: int, end: int, settings: Settings
) -> Depth:
    """Mean ratio of an interval; what depth tells apart within it widens the error by how far that differs."""
    if karyotype.own is None or (mean := mean_over(karyotype.own, chrom, start, end)) is None:
        return _NO_DEPTH
    ends = {start, end}
    for call in karyotype.calls:
        if call.chrom == genome.names[chrom] and call.p_value <= settings.family_wise_error:
            ends |= {place for place in (call.start, call.end) if start < place < end}
    between = 0.0
    for first, last in itertools.pairwise(sorted(ends)):
        part = mean_over(karyotype.own, chrom, first, last)
        if part is not None:
            between += (last - first) / (end - start) * (part[0] - mean[0]) ** 2
    level_sd = 0.0
    if genome.names[chrom] == "chrX":
        level_sd = karyotype.sex_sd_log2
        if karyotype.own.x_centred:
            level_sd = sd_of_rest(karyotype.own, chrom, start, end, settings)
    return Depth(ratio_log2=mean[0], sd_log2=math.hypot(mean[1], level_sd, math.sqrt(between)))


def _of_depth(
    karyotype: Karyotype, signal: AlleleSignal, genome: Genome, response: Response, settings: Settings
) -> list[Candidate]:
    """Changes of depth that have SNPs enough to speak."""
    found = []
    alpha = settings.family_wise_error / 2.0
    for call in karyotype.calls:
        chrom = genome.names.index(call.chrom)
        inside = within(signal, chrom, call.start, call.end)
        is_other = not call.reported and call.p_value <= alpha
        # Where no copy is left, what looks heterozygous is noise; of more copies than the states have, depth tells.
        is_beyond = call.copy_number == 0 or (call.copy_number or 2) > MOST_COPIES
        if is_other or is_beyond or inside.stop - inside.start < settings.min_hets:
            continue
        each = _candidate(karyotype, signal, genome, chrom, call.start, call.end, response, settings)
        log_p = math.log(max(call.p_value, _LEAST_P)) - each.reading.log_allele
        if not response.stands_alone and each.reading.log_allele < -math.log(settings.max_het_odds):
            log_p = 0.0  # a level of intensity that no allele bears out, whatever made it
        ends = (call.start_low, call.start_high, call.end_low, call.end_high)
        found.append(
            replace(
                each,
                log_p=log_p,
                log_alpha=math.log(alpha),
                call=call,
                ends=None if None in ends else ends,  # type: ignore[arg-type]
            )
        )
    return found


def _of_runs(
    karyotype: Karyotype, signal: AlleleSignal, genome: Genome, response: Response, settings: Settings
) -> list[Candidate]:
    """Runs of imbalance; one that fills a chromosome or an arm is that region."""
    found = []
    regions = allele_regions(genome, with_x=has_x(signal, genome))
    log_n = math.log(len({region.chrom for region in regions}))
    for run in find_runs(signal, genome, settings):
        whole = next((each for each in regions if _fills(run, each, signal, settings)), None)
        start, end = (whole.start, whole.end) if whole else (run.start, run.end)
        each = _candidate(karyotype, signal, genome, run.chrom, start, end, response, settings)
        # No more than the best single shift gives once the noise of this place is open, and less what that costs.
        cost = cost_of_open_noise(signal, within(signal, run.chrom, start, end), settings)
        evidence = min(run.log_evidence - cost, float(each.curve.log_ratio.max()))
        found.append(
            replace(
                each,
                log_p=log_n - evidence - each.reading.log_depth,
                log_alpha=math.log(settings.allele_family_wise_error / 2.0),
                ends=None if whole else run.ends,
            )
        )
    return found


def _fills(run: AlleleRun, region: AlleleRegion, signal: AlleleSignal, settings: Settings) -> bool:
    """Whether a run is a whole region, as far as its ends are known."""
    inside = within(signal, region.chrom, region.start, region.end)
    n = inside.stop - inside.start
    if run.chrom != region.chrom or n == 0:
        return False
    outside = max(inside.start - run.first, 0) + max(run.last - inside.stop, 0)
    reaches = run.ends[0] <= signal.position[inside.start] and run.ends[3] > signal.position[inside.stop - 1]
    missed = max(run.first - inside.start, 0) + max(inside.stop - run.last, 0)
    few = settings.max_unfilled_share * n
    return bool(outside <= few and (missed <= few or reaches))


def _of_regions(
    karyotype: Karyotype, signal: AlleleSignal, genome: Genome, response: Response, settings: Settings
) -> list[Candidate]:
    """Whole chromosomes and arms."""
    regions = [
        region
        for region in allele_regions(genome, with_x=has_x(signal, genome))
        if (inside := within(signal, region.chrom, region.start, region.end)).stop - inside.start
        >= settings.min_snps
    ]
    found = []
    for region in regions:
        each = _candidate(
            karyotype, signal, genome, region.chrom, region.start, region.end, response, settings
        )
        # A level of intensity that the alleles speak against is no change, however firm it is.
        log_p = math.log(len(regions)) - each.reading.log_total if each.reading.log_allele > 0.0 else 0.0
        log_alpha = math.log(settings.allele_family_wise_error / 2.0)
        found.append(replace(each, log_p=log_p, log_alpha=log_alpha, is_region=True))
    return found


def _candidate(
    karyotype: Karyotype,
    signal: AlleleSignal,
    genome: Genome,
    chrom: int,
    start: int,
    end: int,
    response: Response,
    settings: Settings,
) -> Candidate:
    """An interval as alleles and depth show it, without a judgement."""
    inside = within(signal, chrom, start, end)
    curve = curve_of(signal, inside, settings)
    depth = _depth_of(karyotype, genome, chrom, start, end, settings)
    n_snps = inside.stop - inside.start
    return Candidate(
        chrom=chrom,
        start=start,
        end=end,
        curve=curve,
        depth=depth,
        reading=read_region(curve, depth, response, n_snps, settings),
        log_p=0.0,
        log_alpha=-math.inf,
        n_snps=n_snps,
    )


def _calibrated(found: Sequence[Candidate], response: Response, settings: Settings) -> Response:
    """The response as the clearest changes show it, where alleles give their size: posterior mean and deviation."""
    clear = chosen_of(found, settings)
    if not clear or response.cv <= response.place_cv:
        return response
    tried = response.mean * np.exp(response.cv * np.linspace(-4.0, 4.0, _RESPONSES))
    log_posterior = -0.5 * np.square(np.log(tried / response.mean) / response.cv)
    for each in clear:
        log_posterior += [
            log_evidence(each.curve, each.depth, replace(response, mean=r, cv=response.place_cv), settings)
            for r in tried.tolist()
        ]
    weight = np.exp(log_posterior - log_posterior.max())
    weight /= weight.sum()
    mean = float((weight * tried).sum())
    sd = math.sqrt(float((weight * np.square(tried - mean)).sum()))
    return replace(response, mean=mean, cv=math.hypot(sd / mean, response.place_cv))


def _read_again(candidate: Candidate, before: Response, after: Response, settings: Settings) -> Candidate:
    """The candidate read with the calibrated response; its chance under noise stays that of before."""
    if after == before:
        return candidate
    reading = read_region(candidate.curve, candidate.depth, after, candidate.n_snps, settings)
    return replace(candidate, reading=reading)


def _with_open_ends(
    candidate: Candidate,
    karyotype: Karyotype,
    signal: AlleleSignal,
    genome: Genome,
    response: Response,
    settings: Settings,
) -> Candidate:
    """The candidate read over all places where it may begin and end."""
    chrom, place, ends = candidate.chrom, (candidate.start, candidate.end), candidate.ends
    intervals = open_intervals(signal, chrom, *place, ends, settings) if ends else []
    if not intervals:
        return candidate
    curve = curve_over(candidate.curve, signal, chrom, intervals, settings)
    of_each = [_depth_of(karyotype, genome, chrom, *each, settings) for each, _ in intervals]
    depth = depth_over(candidate.depth, of_each, intervals)
    reading = read_region(curve, depth, response, candidate.n_snps, settings)
    return replace(candidate, reading=reading)


def _beside(
    region: Candidate,
    stronger: Sequence[Candidate],
    karyotype: Karyotype,
    signal: AlleleSignal,
    genome: Genome,
    response: Response,
    settings: Settings,
) -> Candidate | None:
    """A whole region read on the longest part of it that no stronger change explains; None where that shows nothing."""
    inside = [each for each in stronger if overlap(each, region) > 0]
    if not region.is_region or not inside:
        return region
    start, end = longest_rest(region, inside)
    if end <= start:
        return None
    left = _candidate(karyotype, signal, genome, region.chrom, start, end, response, settings)
    log_p = region.log_p + region.reading.log_total - left.reading.log_total
    if left.reading.log_allele <= 0.0 or log_p > region.log_alpha:
        return None
    return replace(
        region, curve=left.curve, depth=left.depth, reading=left.reading, n_snps=left.n_snps, log_p=log_p
    )


def _with_its_depth(chosen: Candidate, found: Sequence[Candidate], settings: Settings) -> Candidate:
    """What alleles found, with the change of depth that it is."""
    if chosen.call is not None:
        return chosen
    for each in found:
        is_same = min(overlap(each, chosen), overlap(chosen, each)) >= settings.same_share
        if each.call is not None and is_same and each.call.kind == chosen.reading.state.kind:
            return replace(chosen, call=each.call)
    return chosen


def _lies_in(each: Candidate, call: Call, genome: Genome, settings: Settings) -> bool:
    shared = min(call.end, each.end) - max(call.start, each.start)
    is_same = call.chrom == genome.names[each.chrom]
    return is_same and shared >= settings.same_share * (each.end - each.start)


def _by_depth_alone(
    call: Call,
    karyotype: Karyotype,
    signal: AlleleSignal,
    genome: Genome,
    response: Response,
    settings: Settings,
) -> Call:
    """A change without SNPs enough to speak, with the response that the others show."""
    chrom = genome.names.index(call.chrom)
    inside = within(signal, chrom, call.start, call.end)
    call = replace(call, n_snps=inside.stop - inside.start)
    depth = None if karyotype.own is None else mean_over(karyotype.own, chrom, call.start, call.end)
    is_whole = call.kind != "cnloh" and call.copy_number in (1, 3) and call.chrom not in ("chrX", "chrY")
    if depth is None or not is_whole or response.mean == 1.0:
        return call
    ratio, sd = depth[0] / response.mean, depth[1] / response.mean
    reach = -float(ndtri((1.0 - settings.level) / 2.0)) * math.hypot(sd, response.cv * ratio)
    state = explain_ratio(ratio, reach, settings.level, 2, call.n_bins)
    return replace(call, copy_number=state.copy_number, cell_fraction=state.cell_fraction)


def _not_seen(call: Call, candidate: Candidate) -> Call:
    """A change of depth that the alleles do not bear out."""
    if not call.reported:
        return call
    both = "loss" if call.kind == "loss" else "gain"
    reason = f"its {candidate.n_snps} heterozygous SNPs are balanced, which rules out a change of one allele"
    reason = f"{reason}; a {both} of both alleles in a part of the cells would look like that"
    return replace(reject(call, reason), undecided=True)


def _make_call(
    found: Candidate,
    karyotype: Karyotype,
    parents: Sequence[AlleleSignal],
    genome: Genome,
    hotspots: Sequence[Hotspot],
    platform: str,
    settings: Settings,
) -> Call:
    state, fraction = found.reading.state, found.reading.cell_fraction
    chrom = genome.names[found.chrom]
    profile = karyotype.own or karyotype.profile
    first, last = bins_between(profile, found.chrom, found.start, found.end)
    start_low, start_high, end_low, end_high = found.ends or (found.start, found.start, found.end, found.end)
    copies = state.minor + state.major
    p_value = math.exp(max(min(found.log_p, 0.0), math.log(_LEAST_P)))
    return Call(
        chrom=chrom,
        start=found.start,
        end=found.end,
        kind=state.kind,
        copy_number=copies,
        cell_fraction=fraction,
        ratio_log2=found.depth.ratio_log2 if last > first else None,
        n_bins=last - first,
        n_snps=found.n_snps,
        score=math.sqrt(2.0 * max(-found.log_p, 0.0)),
        q_value=p_value,
        p_value=p_value,
        origin=_origin(found, parents, settings),
        hotspot="; ".join(hotspots_hit(hotspots, chrom, found.start, found.end, state.kind, settings)),
        bands=bands_of(genome, found.chrom, found.start, found.end),
        iscn=iscn_of(
            genome=genome,
            platform=platform,
            chrom=found.chrom,
            start=found.start,
            end=found.end,
            copy_number=copies,
            cell_fraction=fraction.estimate or 0.0,
            zygosity="hmz" if state.minor == 0 and copies > 1 else "",
        ),
        reported=True,
        reason="",
        start_low=start_low,
        start_high=start_high,
        end_low=end_low,
        end_high=end_high,
        alternatives=_alternatives(found.reading),
        minor_copies=state.minor,
        probability=max(found.reading.probability),
    )


def _alternatives(reading: Reading) -> str:
    """Other states with a probability that counts."""
    others = [
        f"{state.minor}+{state.major} copies with probability {p:.2f}"
        for state, p in sorted(zip(STATES, reading.probability, strict=True), key=lambda pair: -pair[1])
        if state != reading.state and p >= _LEAST_SHOWN
    ]
    return "; ".join(others)


def _origin(found: Candidate, parents: Sequence[AlleleSignal], settings: Settings) -> Origin:
    """That of the depth where it says one; else whether a parent's SNPs show such an imbalance, or rule it out."""
    if found.call is not None and found.call.origin != "unknown":
        return found.call.origin
    is_absent = bool(parents)
    shift = float(found.curve.shift[int(np.argmax(found.curve.log_ratio))])
    for parent in parents:
        inside = within(parent, found.chrom, found.start, found.end)
        if inside.stop - inside.start < settings.min_hets:
            is_absent = False
            continue
        tried = shift * np.array([settings.max_absent_share, settings.parent_share, 1.0])
        _, half, same = shift_likelihood(parent, inside, tried, settings)
        if max(half, same) >= math.log(settings.decisive_odds):
            return "inherited"
        is_absent &= bool(max(half, same) <= -math.log(settings.decisive_odds))
    return "acquired" if is_absent else "unknown"
