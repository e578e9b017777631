"""Log2 ratio against GC content before and after correction, as static SVG: two panels of one scale."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from genostab.report.document import Float64, GcTrend
from genostab.report.svg import coordinate, dots_path, tag
from genostab.report.thinning import one_per_cell

_WIDTH, _HEIGHT, _LEFT, _TOP, _GUTTER = 1040.0, 220.0, 48.0, 24.0, 40.0
_MAX_POINTS = 4000
_EDGE_SHARE = 0.002  # of bins on either side that may lie at the edge of the panel
_TICKS_LOG2 = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)


def gc_figure(trend: GcTrend, *, identifier: str = "gc") -> Markup:
    """SVG of two panels, before and after correction: one dot per bin, thinned, and the medians of strata as a line.

    Parameters
    ----------
    trend : GcTrend
    identifier : str, prefix of the ids in the SVG
    """
    span = np.quantile(trend.gc_fraction, (_EDGE_SHARE, 1.0 - _EDGE_SHARE))
    low, high = float(min(span[0], trend.stratum_gc[0])), float(max(span[1], trend.stratum_gc[-1]))
    if not high > low:
        low, high = low - 0.01, high + 0.01
    both = np.abs(np.concatenate((trend.before_log2, trend.after_log2)))
    limit = float(min(2.0, max(0.3, np.quantile(both, 1.0 - _EDGE_SHARE))))
    width = (_WIDTH - _LEFT - _GUTTER) / 2
    panels = (
        ("before correction", trend.before_log2, trend.stratum_before_log2, _LEFT),
        ("after correction", trend.after_log2, trend.stratum_after_log2, _LEFT + width + _GUTTER),
    )
    return tag(
        "svg",
        tag("title", "Coverage against GC content, before and after correction", id=f"{identifier}-title"),
        tag("desc", _description(trend), id=f"{identifier}-desc"),
        *(
            _panel(title, trend, values, level, left, width, (low, high), limit)
            for title, values, level, left in panels
        ),
        tag(
            "text",
            "log2 ratio",
            transform=f"translate(12 {_TOP + _HEIGHT / 2:.1f}) rotate(-90)",
            class_="axis middle",
        ),
        class_="figure gc",
        viewBox=f"0 0 {_WIDTH:g} {_TOP + _HEIGHT + 38:g}",
        role="img",
        aria_labelledby=f"{identifier}-title {identifier}-desc",
    )


def _description(trend: GcTrend) -> str:
    before, after = (np.abs(v).max() for v in (trend.stratum_before_log2, trend.stratum_after_log2))
    return (
        f"{trend.gc_fraction.size:,} bins. The median of a stratum lies at most {before:.3f} from 0 before correction "
        f"and {after:.3f} after it."
    )


def _panel(
    title: str,
    trend: GcTrend,
    values: Float64,
    level: Float64,
    left: float,
    width: float,
    span: tuple[float, float],
    limit: float,
) -> Markup:
    def x_of(gc: Float64) -> Float64:
        return left + (np.clip(gc, *span) - span[0]) / (span[1] - span[0]) * width

    def y_of(ratio: Float64) -> Float64:
        return _TOP + (limit - np.clip(ratio, -limit, limit)) / (2 * limit) * _HEIGHT

    x, y = x_of(trend.gc_fraction), y_of(values)
    kept = one_per_cell(x, y, 2.0, _MAX_POINTS)
    line = "L".join(
        f"{coordinate(a)} {coordinate(b)}"
        for a, b in zip(x_of(trend.stratum_gc).tolist(), y_of(level).tolist(), strict=True)
    )
    parts = [
        tag("rect", x=left, y=_TOP, width=width, height=_HEIGHT, class_="stripe-even"),
        tag("text", title, x=left + width / 2, y=_TOP - 8, class_="axis middle"),
    ]
    for value in (tick for tick in _TICKS_LOG2 if abs(tick) <= limit):
        at = float(y_of(np.array([value]))[0])
        parts.append(
            tag("line", x1=left, x2=left + width, y1=at, y2=at, class_="zero" if value == 0 else "grid")
        )
        parts.append(tag("text", f"{value:g}".replace("-", "−"), x=left - 7, y=at + 4, class_="tick end"))
    for percent in range(0, 101, 5):
        if span[0] <= percent / 100 <= span[1]:
            at = float(x_of(np.array([percent / 100]))[0])
            parts.append(tag("text", f"{percent} %", x=at, y=_TOP + _HEIGHT + 15, class_="tick middle"))
    parts += [
        tag("text", "GC content", x=left + width / 2, y=_TOP + _HEIGHT + 32, class_="axis middle"),
        tag("path", d=dots_path(x[kept], y[kept]), class_="bin"),
        tag("path", d=f"M{line}", class_="trend"),
    ]
    return tag("g", *parts)
