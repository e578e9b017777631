"""Panels of the genome figure below the ratios: allele fractions of SNPs, and copies of either allele by call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from genostab.report.document import Bool, Float64, GenomeTrack
from genostab.report.svg import bars_path, dots_path, tag
from genostab.report.thinning import column_runs, points_per_square
from genostab.report.wording import allele_copies, alleles_text
from genostab.results import Call

_MOST_COPIES = 3
_END_SHARE = 0.1  # of the panel: homozygous SNPs pile up there and would outshine the others
_DENSE_SHARE = 0.5
_LEAST_PER_SQUARE = 2.0  # fewer SNPs show no density: all are dark


def fraction_panel(
    track: GenomeTrack, used: Bool, x: Float64, top: float, height: float, max_points: int
) -> Markup:
    """Marks of the allele fractions, 1 at the top.

    Parameters
    ----------
    track : GenomeTrack
    used : ndarray of bool, shape (n_snps,), those with an allele fraction
    x : ndarray of float64, shape (n_used,), pixels
    top, height : float, pixels
    max_points : int, up to so many SNPs are dots of their own

    Notes
    -----
    More are drawn as squares of one pixel: pale where a SNP lies at all, so that an outlier stays, and dark where at
    least half as many lie as in the fullest square of that column, so that two bands that part are seen to.
    Where squares hold one SNP each, all are dark. Phased SNPs have the colour of the haplotype that carries the allele.
    """
    y = top + (1.0 - np.clip(track.snp_baf[used], 0.0, 1.0)) * height
    phased = track.snp_haplotype[used] if track.snp_haplotype.size else np.zeros(y.size, dtype=np.int64)
    parts = []
    for haplotype, name in ((0, "snp"), (1, "snp first"), (2, "snp second")):
        own = phased == haplotype
        if not own.any():
            continue
        if y.size <= max_points:
            parts.append(tag("path", d=dots_path(x[own], y[own]), class_=name))
            continue
        ends = (top + _END_SHARE * height, top + (1.0 - _END_SHARE) * height)
        layers = [(0.0, f"{name} any"), (_DENSE_SHARE, f"{name} dense")]
        if points_per_square(x[own], y[own], ends) < _LEAST_PER_SQUARE:
            layers = [(0.0, f"{name} dense")]
        for share, layer in layers:
            runs = column_runs(x[own], y[own], ends, share)
            parts.append(tag("path", d=bars_path(*runs), class_=layer))
    return tag("g", *parts)


def copies_panel(
    calls: Sequence[Call],
    edges: Sequence[tuple[float, float]],
    left: float,
    right: float,
    top: float,
    height: float,
) -> Markup:
    """Mean copies of either allele over the cells: one and one, and what the calls make of it.

    Parameters
    ----------
    calls : sequence of Call, with `allele_copies`
    edges : sequence of (float, float), their ends in pixels
    left, right, top, height : float, pixels of the panel
    """

    def level(copies: float) -> float:
        return top + height * (1.0 - copies / _MOST_COPIES)

    parts = []
    for copies in range(_MOST_COPIES + 1):
        parts.append(tag("line", x1=left, x2=right, y1=level(copies), y2=level(copies), class_="grid"))
        parts.append(tag("text", str(copies), x=left - 7, y=level(copies) + 4, class_="tick end"))
    for call, (start, end) in zip(calls, edges, strict=True):
        share = call.cell_fraction.estimate or 0.0
        for copies, name in zip(allele_copies(call) or (1, 1), ("major", "minor"), strict=True):
            mean = min(1.0 + share * (copies - 1.0), float(_MOST_COPIES))
            parts.append(
                tag(
                    "rect",
                    tag("title", f"{alleles_text(call)}: {mean:.2f} copies of the {name} allele on average"),
                    x=start, y=level(mean) - 2.0, width=max(end - start, 3.0), height=4.0, class_=f"copies {name}",
                )
            )  # fmt: skip
    return tag("g", *parts)
