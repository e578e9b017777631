"""Changes inside a larger one that are not it: a piece of one more copy on a chromosome that all cells have gained."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from genostab.karyotype.allele_candidate import Candidate, longest_rest, overlap
from genostab.karyotype.settings import Settings

ReadOn = Callable[[int, int, int], Candidate]


def with_nested(
    chosen: Sequence[Candidate],
    found: Sequence[Candidate],
    read_on: ReadOn,
    settings: Settings,
    *,
    stands_alone: bool,
) -> list[Candidate]:
    """The chosen candidates, larger ones read on what is left of them, and changes inside that they do not explain.

    Parameters
    ----------
    chosen : sequence of Candidate
    found : sequence of Candidate, of which those that depth found may lie inside a chosen one
    read_on : function of chromosome, start and end to the Candidate there
    settings : Settings, tables [calling] and [allele]
    stands_alone : bool, whether depth may tell a piece without its alleles, as that of reads may

    Notes
    -----
    A change inside is one of its own where it is so much likelier with its own shift and level than with those of the
    larger one that both ends, each anywhere among the SNPs, are paid for by the odds that decide. The strongest is
    taken out first, and the larger one is read on the longest stretch that is left, if any is.
    """
    kept: list[Candidate] = []
    for each in chosen:
        inside = [
            other
            for other in found
            if other.call is not None
            and other.call.reported
            and overlap(other, each) == 1.0
            and overlap(each, other) < settings.same_share
            and all(other is not one for one in chosen)
        ]
        outer: Candidate | None = each
        nested: list[Candidate] = []
        while inside and outer is not None:
            gains = [_gain(other, outer, stands_alone, settings) for other in inside]
            best = int(np.argmax(gains))
            if gains[best] <= math.log(settings.decisive_odds) + 2.0 * math.log(max(each.n_snps, 1)):
                break
            nested.append(inside.pop(best))
            outer = _on_the_rest(each, nested, read_on, settings)
        kept += [*nested, *inside] if outer is None else [outer, *nested]
    return kept


def _gain(part: Candidate, outer: Candidate, stands_alone: bool, settings: Settings) -> float:
    """How much likelier a part is with its own shift and level than with the larger one's, logarithm.

    0 where it takes alleles to tell the two, and they do not.
    """
    shift = float(outer.curve.shift[int(np.argmax(outer.curve.log_ratio))])
    square = np.square(part.curve.shift)
    of_outer = float(np.interp(shift**2, square, part.curve.log_ratio))
    gain = float(part.curve.log_ratio.max()) - of_outer
    if not stands_alone and gain < math.log(settings.decisive_odds):
        return 0.0
    if math.isfinite(part.depth.sd_log2):
        gain += 0.5 * ((part.depth.ratio_log2 - outer.depth.ratio_log2) / part.depth.sd_log2) ** 2
    return gain


def _on_the_rest(
    each: Candidate, nested: Sequence[Candidate], read_on: ReadOn, settings: Settings
) -> Candidate | None:
    """The candidate with what its longest stretch outside the nested ones shows; None where nothing is left of it.

    Its chance under noise stays.
    """
    start, end = longest_rest(each, nested)
    if end <= start or (left := read_on(each.chrom, start, end)).n_snps < settings.min_snps:
        return None
    return replace(each, curve=left.curve, depth=left.depth, reading=left.reading)
