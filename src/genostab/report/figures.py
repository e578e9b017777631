"""The genome figure as static SVG: bins, segments, calls and allele fractions over all chromosomes.

SVG is written directly: one path holds thousands of marks at about 12 bytes each, where a general plotting library
writes one element of 230 bytes per mark and brings 0.9 MB of script that needs `eval`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup

from genostab.report.allele_figure import copies_panel, fraction_panel
from genostab.report.document import Float64, GenomeTrack, Int64
from genostab.report.svg import bars_path, dots_path, tag
from genostab.report.thinning import group_bins
from genostab.report.wording import allele_copies, call_label, kind_text, quantity, region_text
from genostab.results import Call

MAX_POINTS = 6000
_WIDTH, _LEFT, _RIGHT = 1040.0, 48.0, 70.0
_DEPTH_HEIGHT, _BAF_HEIGHT, _COPIES_HEIGHT, _GAP_PX, _LABEL_ROW = 250.0, 130.0, 70.0, 1.5, 17.0
_MAX_LABEL_ROWS = 6
_CHAR_PX = 6.7
COPY_GUIDES = ((1.0, "4 copies"), (0.5849625, "3 copies"), (0.0, "2 copies"), (-1.0, "1 copy"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """Where a base pair of a chromosome and a log2 ratio lie, in pixels.

    `chrom_left`, `chrom_width` : float64, shape (n_chromosomes,), px; `top` px; `limit` is the log2 ratio at the top
    edge, minus it at the bottom.
    """

    chrom_left: Float64
    chrom_width: Float64
    chrom_length: Float64
    top: float
    limit: float

    def x(self, chrom: Int64, position: Float64 | Int64) -> Float64:
        """Pixels of positions [bp] on chromosomes (indices)."""
        return self.chrom_left[chrom] + position / self.chrom_length[chrom] * self.chrom_width[chrom]

    def y(self, ratio_log2: Float64) -> Float64:
        """Pixels of log2 ratios, clipped to the panel."""
        clipped = np.clip(ratio_log2, -self.limit, self.limit)
        return self.top + (self.limit - clipped) / (2 * self.limit) * _DEPTH_HEIGHT


def ratio_limit(track: GenomeTrack, calls: Sequence[Call]) -> float:
    """The log2 ratio at the edge of the panel: 1.2, or as far as segments and calls reach, at most 3."""
    means = [abs(call.ratio_log2) for call in calls if call.ratio_log2 is not None]
    means += np.abs(track.segment_mean_log2[np.isfinite(track.segment_mean_log2)]).tolist()
    furthest = max([value for value in means if np.isfinite(value)], default=0.0)
    return float(min(3.0, max(1.2, np.ceil(furthest * 5 + 0.5) / 5)))


def genome_figure(track: GenomeTrack, calls: Sequence[Call], *, identifier: str = "genome") -> Markup:
    """SVG of the whole genome: log2 ratio of bins, segments, reported calls, and alleles where SNPs exist.

    Parameters
    ----------
    track : GenomeTrack
    calls : sequence of Call, those to mark; a call on a chromosome that the track lacks is left out
    identifier : str, prefix of the ids in the SVG

    Notes
    -----
    Up to `MAX_POINTS` bins, and SNPs, are drawn one by one. More bins are drawn as the median and the range of k
    neighbours, more SNPs as the pixels that they fill, so a single deviating one still shows.
    """
    marked = [call for call in calls if call.chrom in track.chrom_names]
    widths = (_WIDTH - _LEFT - _RIGHT - _GAP_PX * (len(track.chrom_names) - 1)) * (
        track.chrom_length_bp / track.chrom_length_bp.sum()
    )
    left = _LEFT + np.concatenate(([0.0], np.cumsum(widths + _GAP_PX)[:-1]))
    scale = Scale(
        chrom_left=left,
        chrom_width=widths,
        chrom_length=track.chrom_length_bp.astype(np.float64),
        top=0.0,
        limit=ratio_limit(track, marked),
    )
    labels, label_height = _call_labels(track, marked, scale)
    scale = replace(scale, top=label_height + 6.0)
    bottom = scale.top + _DEPTH_HEIGHT
    has_snps = bool(np.isfinite(track.snp_baf).any())
    baf_top = bottom + 20.0
    end = baf_top + _BAF_HEIGHT + 4.0 if has_snps else bottom
    with_alleles = [call for call in marked if has_snps and allele_copies(call) is not None]
    copies_top = end + 16.0
    end = copies_top + _COPIES_HEIGHT + 4.0 if with_alleles else end
    parts = [
        tag("title", "Copy number over the genome", id=f"{identifier}-title"),
        tag("desc", _description(track, marked), id=f"{identifier}-desc"),
        _chromosomes(track, scale, end),
        _call_spans(track, marked, scale, end),
        _depth_axis(scale),
        _bins(track, scale),
        _segments(track, scale),
    ]
    if has_snps:
        parts.append(_allele_panel(track, scale, baf_top))
    if with_alleles:
        parts.append(_copies_panel(track, with_alleles, scale, copies_top))
    return tag(
        "svg",
        *parts,
        labels,
        class_="figure genome",
        viewBox=f"0 0 {_WIDTH:g} {end + 30:g}",
        role="img",
        aria_labelledby=f"{identifier}-title {identifier}-desc",
        data_left=_LEFT,
        data_right=_RIGHT,
        data_gap=_GAP_PX,
    )


def _description(track: GenomeTrack, calls: Sequence[Call]) -> str:
    listed = "; ".join(call_label(call) for call in calls[:12]) or "none"
    return f"{track.bin_ratio_log2.size:,} bins on {len(track.chrom_names)} chromosomes. Reported calls: {listed}."


def _chromosomes(track: GenomeTrack, scale: Scale, end: float) -> Markup:
    parts = []
    for i, name in enumerate(track.chrom_names):
        x, width = float(scale.chrom_left[i]), float(scale.chrom_width[i])
        shade = "stripe-even" if i % 2 == 0 else "stripe-odd"
        parts.append(tag("rect", x=x, y=scale.top, width=width, height=end - scale.top, class_=shade))
        low = width < 20 and i % 2 == 1
        parts.append(
            tag(
                "text",
                name.removeprefix("chr"),
                x=x + width / 2,
                y=end + (27 if low else 14),
                class_="tick middle",
            )
        )
    return tag("g", *parts)


def _depth_axis(scale: Scale) -> Markup:
    parts = []
    right = _WIDTH - _RIGHT
    ticks = [value for value in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0) if abs(value) <= scale.limit]
    for value, y in zip(ticks, scale.y(np.array(ticks)).tolist(), strict=True):
        parts.append(tag("line", x1=_LEFT, x2=right, y1=y, y2=y, class_="zero" if value == 0 else "grid"))
        parts.append(tag("text", f"{value:g}".replace("-", "−"), x=_LEFT - 7, y=y + 4, class_="tick end"))
    for value, text in COPY_GUIDES:
        if abs(value) <= scale.limit:
            y = float(scale.y(np.array([value]))[0])
            parts.append(tag("line", x1=right, x2=right + 5, y1=y, y2=y, class_="zero"))
            parts.append(tag("text", text, x=right + 9, y=y + 4, class_="tick"))
    middle = scale.top + _DEPTH_HEIGHT / 2
    parts.append(_vertical_label("log2 ratio", middle))
    return tag("g", *parts)


def _vertical_label(text: str, y: float) -> Markup:
    return tag("text", text, transform=f"translate(12 {y:.1f}) rotate(-90)", class_="axis middle")


def _bins(track: GenomeTrack, scale: Scale) -> Markup:
    n_used = int(np.isfinite(track.bin_ratio_log2).sum())
    groups = group_bins(track, MAX_POINTS if n_used <= MAX_POINTS else MAX_POINTS // 3)
    x = scale.x(groups.chrom, groups.centre)
    marks = []
    if groups.size > 1:
        marks.append(tag("path", d=bars_path(x, scale.y(groups.high), scale.y(groups.low)), class_="range"))
    marks.append(tag("path", d=dots_path(x, scale.y(groups.middle)), class_="bin"))
    return tag("g", *marks)


def _segments(track: GenomeTrack, scale: Scale) -> Markup:
    x1 = scale.x(track.segment_chrom, track.segment_start)
    x2 = np.maximum(scale.x(track.segment_chrom, track.segment_end), x1 + 2.0)
    y = scale.y(track.segment_mean_log2)
    rows = zip(x1.tolist(), x2.tolist(), y.tolist(), strict=True)
    return tag("path", d="".join(f"M{a:.1f} {c:.1f}H{b:.1f}" for a, b, c in rows), class_="segment")


def _call_edges(track: GenomeTrack, call: Call, scale: Scale) -> tuple[float, float]:
    chrom = np.array([track.chrom_names.index(call.chrom)] * 2)
    x1, x2 = scale.x(chrom, np.array([call.start, call.end])).tolist()
    if x2 - x1 >= 3.0:
        return x1, x2
    return (x1 + x2) / 2 - 1.5, (x1 + x2) / 2 + 1.5


def _call_spans(track: GenomeTrack, calls: Sequence[Call], scale: Scale, end: float) -> Markup:
    parts = []
    for call in calls:
        x1, x2 = _call_edges(track, call, scale)
        fraction = call.cell_fraction.estimate
        share = "" if fraction is None else f", {quantity(fraction, 'fraction', 3)} of cells"
        text = f"{region_text(call.chrom, call.start, call.end)} {kind_text(call.kind)}{share}, {call.origin}"
        parts.append(
            tag(
                "rect",
                tag("title", text),
                x=x1,
                y=scale.top,
                width=x2 - x1,
                height=end - scale.top,
                class_=f"span {call.kind}",
            )
        )
    return tag("g", *parts)


def _call_labels(track: GenomeTrack, calls: Sequence[Call], scale: Scale) -> tuple[Markup, float]:
    """Labels above the panel in as few rows as they need, and the height of those rows in px."""
    placed: list[tuple[int, float, float, float, Call]] = []
    row_ends: list[float] = []
    unplaced = 0
    for middle, call in sorted(
        ((sum(_call_edges(track, call, scale)) / 2, call) for call in calls), key=lambda item: item[0]
    ):
        width = len(call_label(call)) * _CHAR_PX + 10
        x = min(max(middle - width / 2, _LEFT), _WIDTH - width)
        row = next((i for i, row_end in enumerate(row_ends) if row_end <= x), len(row_ends))
        if row == _MAX_LABEL_ROWS:
            unplaced += 1
            continue
        row_ends[row : row + 1] = [x + width]
        placed.append((row, x, width, middle, call))
    height = len(row_ends) * _LABEL_ROW
    leaders, parts = [], []
    for row, x, width, middle, call in placed:
        y = height - row * _LABEL_ROW
        leaders.append(
            tag("line", x1=middle, x2=middle, y1=y - 3, y2=height + 6, class_=f"leader {call.kind}")
        )
        parts.append(
            tag("text", call_label(call), x=x + width / 2, y=y - 5, class_=f"call middle {call.kind}")
        )
    if unplaced:
        parts.append(tag("text", f"+ {unplaced} more in the table", x=_WIDTH, y=10.0, class_="tick end"))
        height = max(height, _LABEL_ROW)
    return tag("g", *leaders, *parts), height


def _allele_panel(track: GenomeTrack, scale: Scale, top: float) -> Markup:
    used = np.isfinite(track.snp_baf)
    x = scale.x(track.snp_chrom[used], track.snp_position[used])
    right = _WIDTH - _RIGHT
    parts = []
    for value in (0.0, 0.5, 1.0):
        level = top + (1.0 - value) * _BAF_HEIGHT
        parts.append(tag("line", x1=_LEFT, x2=right, y1=level, y2=level, class_="grid"))
        parts.append(tag("text", f"{value:g}", x=_LEFT - 7, y=level + 4, class_="tick end"))
    parts.append(fraction_panel(track, used, x, top, _BAF_HEIGHT, MAX_POINTS))
    parts.append(_vertical_label("allele fraction", top + _BAF_HEIGHT / 2))
    return tag("g", *parts)


def _copies_panel(track: GenomeTrack, calls: Sequence[Call], scale: Scale, top: float) -> Markup:
    edges = [_call_edges(track, call, scale) for call in calls]
    panel = copies_panel(calls, edges, _LEFT, _WIDTH - _RIGHT, top, _COPIES_HEIGHT)
    return tag("g", panel, _vertical_label("allele copies", top + _COPIES_HEIGHT / 2))
