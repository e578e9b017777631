"""Chromosomes and arms of a profile: the regions that are tested whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genostab.arrays import Bool, Genome, Int16, Int64, Profile, median


@dataclass(frozen=True, kw_only=True)
class Region:
    """A whole chromosome or arm: its name (``12``, ``12p``), extent, and bins [first, last) of a profile."""

    name: str
    chrom: int
    start: int
    end: int
    first: int
    last: int
    is_arm: bool


def whole_regions(profile: Profile, genome: Genome, min_bins: int) -> tuple[Region, ...]:
    """Chromosomes, then arms, with at least `min_bins` bins.

    Parameters
    ----------
    profile : Profile
    genome : Genome, arms need known centromeres
    min_bins : int
    """
    regions = []
    for chrom, name in enumerate(genome.names):
        length = int(genome.length_bp[chrom])
        parts = [(name.removeprefix("chr"), 0, length, False)]
        centre = int(genome.centromere_start[chrom])
        if centre >= 0:
            after = int(genome.centromere_end[chrom])
            parts += [(parts[0][0] + "p", 0, centre, True), (parts[0][0] + "q", after, length, True)]
        for label, start, end, is_arm in parts:
            first, last = bins_between(profile, chrom, start, end)
            if last - first >= min_bins:
                regions.append(
                    Region(
                        name=label, chrom=chrom, start=start, end=end, first=first, last=last, is_arm=is_arm
                    )
                )
    return tuple(sorted(regions, key=lambda region: region.is_arm))


def arm_of(chrom: Int16, start: Int64, genome: Genome) -> Int16:
    """Number of the arm of each bin, ascending along the genome; ndarray of int16, shape (n_bins,)."""
    centre = genome.centromere_start[chrom]
    return (2 * chrom + ((centre >= 0) & (start >= centre))).astype(np.int16)


def arm_edges(profile: Profile, genome: Genome) -> tuple[Int64, Int64]:
    """Bins [first, last) of each arm that holds any; ndarray of int64, shape (n_arms,), twice. O(log n) an arm."""
    chroms = np.arange(len(genome.names), dtype=profile.chrom.dtype)
    first, last = (np.searchsorted(profile.chrom, chroms, side=side).tolist() for side in ("left", "right"))
    edges = [0, *last]
    for a, b, centre in zip(first, last, genome.centromere_start.tolist(), strict=True):
        if centre >= 0:
            edges.append(a + int(np.searchsorted(profile.start[a:b], centre)))
    unique = np.unique(np.array(edges, dtype=np.int64))
    return unique[:-1], unique[1:]


def bins_between(profile: Profile, chrom: int, start: int, end: int) -> tuple[int, int]:
    """Bins [first, last) of a profile whose middle lies in [start, end) of a chromosome."""
    own = np.int16(chrom)  # a wider integer would have all of profile.chrom converted
    a = int(np.searchsorted(profile.chrom, own, side="left"))
    b = int(np.searchsorted(profile.chrom, own, side="right"))
    first, last = (a + int(at) for at in np.searchsorted(profile.start[a:b], [start, end]))
    # Those that begin before may still have their middle beyond.
    while first > a and profile.start[first - 1] + profile.end[first - 1] >= 2 * start:
        first -= 1
    while last > a and profile.start[last - 1] + profile.end[last - 1] >= 2 * end:
        last -= 1
    return first, last


def bin_spacing_bp(profile: Profile, chosen: Bool) -> float:
    """Median distance of neighbouring chosen bins or probes, which counts what the masks took out; inf for none."""
    middle = (profile.start[chosen] + profile.end[chosen]) / 2.0
    same = np.diff(profile.chrom[chosen]) == 0
    distance = np.diff(middle)[same]
    return median(distance) if distance.size else float("inf")
