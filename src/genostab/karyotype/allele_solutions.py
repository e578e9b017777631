"""Segments of a genome with alleles, and what they say of its ploidy: the readings of solutions.tsv."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from genostab.arrays import Float64, Genome, Profile
from genostab.karyotype.allele_clone import AlleleClone, clone_solutions
from genostab.karyotype.allele_ends import curve_of
from genostab.karyotype.allele_model import CloneResponse, CloneSegments
from genostab.karyotype.allele_signal import AlleleSignal, within
from genostab.karyotype.regions import bins_between
from genostab.karyotype.settings import Settings
from genostab.karyotype.significance import standard_error
from genostab.results import Call, Solution

_Place = tuple[int, int, int]  # chromosome, start, end


def allele_solutions(
    *,
    profile: Profile,
    signal: AlleleSignal,
    calls: Sequence[Call],
    genome: Genome,
    response: CloneResponse,
    settings: Settings,
) -> tuple[Solution, ...]:
    """Readings of depth and alleles together; none where changes are reported on fewer than two autosomes.

    Parameters
    ----------
    profile : Profile of the lot by itself
    signal : AlleleSignal
    calls : sequence of Call; reported ones part the autosomes into segments
    genome : Genome
    response : CloneResponse
    settings : Settings

    Notes
    -----
    See `clone_solutions`. The plain reading, and the same with every copy doubled, which nothing tells from it, are
    always there.
    """
    autosomal = [call for call in calls if call.reported and call.chrom not in ("chrX", "chrY")]
    if len({call.chrom for call in autosomal}) < 2:
        return ()
    places = _places(autosomal, genome)
    segments = clone_segments(profile, signal, places, settings)
    found = clone_solutions(segments, response, settings)
    best = max(each.log_likelihood for each in found)
    readings: list[tuple[float, float | None, float, str]] = []
    for each in found:
        if each.cell_fraction is not None:
            note = _note(each, places, genome)
            readings.append((each.ploidy, each.cell_fraction, each.log_likelihood, note))
            continue
        plain = "normal cells with 2 copies, each change in its own share of cells as in calls.tsv"
        mean = _mean_copies(profile)
        readings.append((mean, None, 0.0, f"depth and alleles: {plain}"))
        readings.append(
            (2.0 * mean, None, 0.0, "the same with all cells doubled to 4 copies: nothing here can tell")
        )
    return tuple(
        Solution(
            rank=rank,
            ploidy=ploidy,
            cell_fraction=fraction,
            log_likelihood=log_likelihood - best,
            relative_likelihood=math.exp(log_likelihood - best),
            note=note,
        )
        for rank, (ploidy, fraction, log_likelihood, note) in enumerate(readings, start=1)
    )


def clone_segments(
    profile: Profile, signal: AlleleSignal, places: Sequence[_Place], settings: Settings
) -> CloneSegments:
    """What depth and alleles say of each place.

    Parameters
    ----------
    profile : Profile
    signal : AlleleSignal
    places : sequence of (chromosome, start, end), sorted
    settings : Settings

    Notes
    -----
    Segments of one chromosome share its waves: their errors are so wide that their mean keeps that of the chromosome.
    """
    chrom = np.array([place[0] for place in places], dtype=np.int16)
    curves, ratio, sd = [], np.zeros(len(places)), np.full(len(places), np.inf)
    for i, (own, start, end) in enumerate(places):
        inside = within(signal, own, start, end)
        curves.append(curve_of(signal, inside, settings))
        first, last = bins_between(profile, own, start, end)
        if last - first >= settings.min_bins:
            weight = 1.0 / np.square(profile.sd_log2[first:last])
            ratio[i] = float((weight * profile.ratio_log2[first:last]).sum() / weight.sum())
            independent = 1.0 / math.sqrt(float(weight.sum()))
            shared = [bins_between(profile, *place) for place in places if place[0] == own]
            of_chromosome = sum(b - a for a, b in shared)
            sd[i] = max(
                _sd(profile, independent, last - first, 1),
                _sd(profile, independent, of_chromosome, len(shared)),
            )
    return CloneSegments(
        chrom=chrom,
        curve=tuple(curves),
        ratio_log2=ratio,
        sd_log2=sd,
        length_bp=np.array([end - start for _, start, end in places], dtype=np.float64),
    )


def _sd(profile: Profile, independent: float, n_bins: int, n_segments: int) -> float:
    """Of a mean, with the waves of so many bins that so many segments share."""
    se, _ = standard_error(profile, np.zeros(1), np.array([float(n_bins)]), np.ones(1, dtype=bool))
    return math.hypot(independent, math.sqrt(n_segments) * float(se[0]))


def _places(calls: Sequence[Call], genome: Genome) -> list[_Place]:
    """Autosomes, parted where a call begins or ends."""
    places: list[_Place] = []
    for chrom, name in enumerate(genome.names):
        if name in ("chrX", "chrY"):
            continue
        length = int(genome.length_bp[chrom])
        ends = {
            min(max(end, 0), length) for call in calls if call.chrom == name for end in (call.start, call.end)
        }
        edges = sorted(ends | {0, length})
        places += [(chrom, start, end) for start, end in pairwise(edges)]
    return places


def _mean_copies(profile: Profile) -> float:
    level: Float64 = np.exp2(profile.ratio_log2[profile.autosome])
    return 2.0 * float(level.mean() / np.median(level))


def _note(clone: AlleleClone, places: Sequence[_Place], genome: Genome) -> str:
    """What the clone has, by copies of the two alleles."""
    usual = (2, 2) if clone.doubled else (1, 1)
    by_state: dict[tuple[int, int], list[str]] = {}
    for i, (chrom, _, _) in enumerate(places):
        state = (int(clone.minor[i]), int(clone.major[i]))
        names = by_state.setdefault(state, [])
        if clone.in_clone[i] > 0.5 and state != usual and genome.names[chrom] not in names:
            names.append(genome.names[chrom])
    parts = [
        f"{minor}+{major}: {', '.join(names)}" for (minor, major), names in sorted(by_state.items()) if names
    ]
    n_on = int((clone.in_clone > 0.5).sum())
    text = f"depth and alleles: {n_on} of {len(places)} segments at whole copies of both alleles"
    return "; ".join((text, f"most of it {usual[0]}+{usual[1]}", *parts))
