"""Intervals that may be changed, and which of those that overlap are the calls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from genostab.karyotype.allele_state import Depth, Reading, ShiftCurve
from genostab.karyotype.settings import Settings
from genostab.results import Call


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An interval that may be changed: found by depth (`call`), by alleles, or a whole region.

    `log_p` is the logarithm of its chance under noise anywhere in the genome, with what both signals say;
    `log_alpha` what is asked of it.
    """

    chrom: int
    start: int
    end: int
    curve: ShiftCurve
    depth: Depth
    reading: Reading
    log_p: float
    log_alpha: float
    n_snps: int
    call: Call | None = None
    ends: tuple[int, int, int, int] | None = None
    is_region: bool = False


def chosen_of(found: Sequence[Candidate], settings: Settings) -> list[Candidate]:
    """Significant candidates, the strongest first, none of which is mostly another one.

    Notes
    -----
    What several smaller candidates explain better together than one larger one is left to them; what a whole region
    explains about as well as a part of it, all SNPs counted, is the region.
    """
    significant = sorted(
        (each for each in found if each.log_p <= each.log_alpha), key=lambda each: each.log_p
    )
    kept = [each for each in significant if not _is_split(each, significant, settings)]
    chosen: list[Candidate] = []
    for each in kept:
        if any(_is_whole(other, each, settings) for other in kept):
            continue
        if all(max(overlap(each, other), overlap(other, each)) < settings.same_share for other in chosen):
            chosen.append(each)
    return chosen


def _is_split(whole: Candidate, significant: Sequence[Candidate], settings: Settings) -> bool:
    """Whether several candidates inside explain it better; a whole region by decisive odds, and any end between."""
    parts = _disjoint([each for each in significant if each is not whole and _is_inside(each, whole)])
    gained = sum(part.reading.log_total for part in parts) - whole.reading.log_total
    is_better = sum(part.log_p for part in parts) < whole.log_p
    if whole.is_region:
        n_ends = 2 * (len(parts) - 1)
        is_better &= gained > math.log(settings.decisive_odds) + n_ends * math.log(max(whole.n_snps, 1))
    return len(parts) > 1 and is_better


def _is_whole(region: Candidate, part: Candidate, settings: Settings) -> bool:
    lost = part.reading.log_total - region.reading.log_total
    is_larger = region.is_region and region is not part and _is_inside(part, region)
    is_larger &= region.end - region.start > part.end - part.start
    return is_larger and lost <= math.log(settings.decisive_odds)


def _disjoint(candidates: Sequence[Candidate]) -> list[Candidate]:
    kept: list[Candidate] = []
    for each in candidates:
        if all(overlap(each, other) == 0 for other in kept):
            kept.append(each)
    return kept


def overlap(each: Candidate, other: Candidate) -> float:
    """Share of the first that lies in the second."""
    shared = min(each.end, other.end) - max(each.start, other.start)
    return max(0, shared) / (each.end - each.start) if each.chrom == other.chrom else 0.0


def longest_rest(whole: Candidate, parts: Sequence[Candidate]) -> tuple[int, int]:
    """Start and end of the longest stretch of a candidate outside others; no longer than 0 where none is left."""
    inside = sorted((part.start, part.end) for part in parts)
    edges = [whole.start, *(place for interval in inside for place in interval), whole.end]
    return max(zip(edges[::2], edges[1::2], strict=True), key=lambda part: part[1] - part[0])


def _is_inside(each: Candidate, other: Candidate) -> bool:
    return each.chrom == other.chrom and each.start >= other.start and each.end <= other.end
