"""The blind range as a figure: for each region, from 0 up to the smallest cell fraction that would have been found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from genostab.report.svg import tag
from genostab.report.wording import kind_text, quantity, size_text
from genostab.results import CallKind, Sensitivity

KINDS: tuple[CallKind, ...] = ("gain", "loss", "cnloh")
_WIDTH, _NAME, _SIZE, _GUTTER = 1040.0, 108.0, 62.0, 36.0
_LANE, _PAD, _TOP = 5.0, 6.0, 26.0
_ROWS_FOR_TWO_COLUMNS = 14
_TICKS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True, kw_only=True)
class RegionRow:
    """One region with the smallest visible cell fraction of each kind; None where not even all cells would show."""

    region: str
    size_bp: int
    fraction: dict[CallKind, float | None]


def best_by_region(records: Sequence[Sensitivity]) -> tuple[RegionRow, ...]:
    """Regions in order of appearance, each kind with its most sensitive evidence."""
    rows: dict[tuple[str, str, int, int], dict[CallKind, float | None]] = {}
    for record in records:
        kinds = rows.setdefault((record.region, record.chrom, record.start, record.end), {})
        known = [value for value in (kinds.get(record.kind), record.min_cell_fraction) if value is not None]
        kinds[record.kind] = min(known, default=None)
    return tuple(
        RegionRow(region=region, size_bp=end - start, fraction=kinds)
        for (region, _, start, end), kinds in rows.items()
    )


def sensitivity_figure(records: Sequence[Sensitivity], *, identifier: str = "sensitivity") -> Markup:
    """SVG with one bar per region and kind, its length the range of cell fractions that would have gone unseen."""
    rows = best_by_region(records)
    kinds = [kind for kind in KINDS if any(kind in row.fraction for row in rows)]
    known = [value for row in rows for value in row.fraction.values() if value is not None]
    smallest = min(known, default=0.01)
    ticks = [value for value in _TICKS if value >= max(t for t in _TICKS if t <= max(smallest, _TICKS[0]))]
    n_columns = 2 if len(rows) > _ROWS_FOR_TWO_COLUMNS else 1
    per_column = -(-len(rows) // n_columns)
    row_height = max(15.0, _LANE * len(kinds) + _PAD)
    width = (_WIDTH - _GUTTER * (n_columns - 1)) / n_columns
    height = _TOP + per_column * row_height
    columns = [
        _column(
            rows[i * per_column : (i + 1) * per_column],
            kinds,
            i * (width + _GUTTER),
            width,
            row_height,
            ticks,
        )
        for i in range(n_columns)
    ]
    return tag(
        "svg",
        tag("title", "Smallest cell fraction that would have been found", id=f"{identifier}-title"),
        tag("desc", "The table under the figure lists the same numbers.", id=f"{identifier}-desc"),
        *columns,
        class_="figure sensitivity",
        viewBox=f"0 0 {_WIDTH:g} {height + 4:g}",
        role="img",
        aria_labelledby=f"{identifier}-title {identifier}-desc",
    )


def _column(
    rows: Sequence[RegionRow],
    kinds: Sequence[CallKind],
    left: float,
    width: float,
    row_height: float,
    ticks: Sequence[float],
) -> Markup:
    start, length = left + _NAME + _SIZE + 8, width - _NAME - _SIZE - 24
    bottom = _TOP + len(rows) * row_height
    parts = []
    for value in ticks:
        x = start + length * _share_of_axis(value, ticks)
        parts.append(tag("line", x1=x, x2=x, y1=_TOP - 4, y2=bottom, class_="grid"))
        parts.append(tag("text", quantity(value, "fraction", 3), x=x, y=_TOP - 10, class_="tick middle"))
    for i, row in enumerate(rows):
        y = _TOP + i * row_height
        parts.append(tag("line", x1=left, x2=left + width, y1=y, y2=y, class_="rule"))
        parts.append(tag("text", _short(row.region), x=left, y=y + row_height / 2 + 4, class_="name"))
        size_x = start - 12
        parts.append(
            tag("text", size_text(row.size_bp), x=size_x, y=y + row_height / 2 + 4, class_="tick end")
        )
        lane = (row_height - _LANE * len(kinds)) / 2
        for j, kind in enumerate(kinds):
            if kind in row.fraction:
                y_lane = y + lane + j * _LANE + 0.5
                parts.append(_bar(row, kind, start, length, y_lane, ticks))
    return tag("g", *parts)


def _short(region: str) -> str:
    return region if len(region) <= 19 else region[:18] + "…"


def _share_of_axis(fraction: float, ticks: Sequence[float]) -> float:
    """Place of a cell fraction on the logarithmic axis, 0 (first tick) to 1 (last)."""
    clipped = min(max(fraction, ticks[0]), ticks[-1])
    return math.log(clipped / ticks[0]) / math.log(ticks[-1] / ticks[0])


def _bar(
    row: RegionRow, kind: CallKind, start: float, length: float, y: float, ticks: Sequence[float]
) -> Markup:
    fraction = row.fraction[kind]
    if fraction is None:
        text = f"{row.region}, {kind_text(kind)}: not detectable even in all cells"
        middle = y + (_LANE - 1) / 2
        return tag(
            "line",
            tag("title", text),
            x1=start,
            x2=start + length,
            y1=middle,
            y2=middle,
            class_=f"blind {kind}",
        )
    x = start + length * _share_of_axis(fraction, ticks)
    text = f"{row.region}, {kind_text(kind)}: seen from {quantity(fraction, 'fraction', 3)} of cells"
    return tag(
        "g",
        tag("title", text),
        tag("rect", x=start, y=y, width=x - start, height=_LANE - 1, class_=f"unseen {kind}"),
        tag("line", x1=x, x2=x, y1=y - 0.5, y2=y + _LANE - 0.5, class_=f"edge {kind}"),
    )
