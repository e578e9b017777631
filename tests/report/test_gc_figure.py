"""The figure of GC: both panels on one scale, the line through the medians, as many dots as the eye can tell."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from genostab.report.document import GcTrend
from genostab.report.gc_figure import gc_figure


def trend(n: int, slope: float) -> GcTrend:
    rng = np.random.default_rng(1)
    gc = np.sort(rng.normal(0.41, 0.04, n))
    noise = rng.normal(0.0, 0.1, n)
    strata = np.array_split(np.arange(n), 10)
    before = noise + slope * (gc - 0.41)
    return GcTrend(
        gc_fraction=gc,
        before_log2=before,
        after_log2=noise,
        stratum_gc=np.array([np.median(gc[s]) for s in strata]),
        stratum_before_log2=np.array([np.median(before[s]) for s in strata]),
        stratum_after_log2=np.array([np.median(noise[s]) for s in strata]),
    )


def lines(svg: str) -> list[list[tuple[float, float]]]:
    paths = re.findall(r'd="M([^"]*)" class="trend"', svg)
    return [[tuple(map(float, point.split())) for point in path.split("L")] for path in paths]  # type: ignore[misc]


def test_the_line_falls_before_and_is_flat_after() -> None:
    svg = str(gc_figure(trend(5000, -4.0)))
    ElementTree.fromstring(svg.replace("&nbsp;", " "))
    before, after = lines(svg)
    assert len(before) == len(after) == 10
    middle = 24.0 + 220.0 / 2
    assert before[0][1] < middle - 15 < middle + 15 < before[-1][1]  # the axis of SVG points down
    assert [y for _, y in after] == pytest.approx([middle] * 10, abs=6.0)
    assert [x for x, _ in before] == sorted(x for x, _ in before)


@pytest.mark.parametrize("n", [60, 300_000])
def test_the_figure_stays_small(n: int) -> None:
    svg = str(gc_figure(trend(n, 1.0)))
    assert svg.count("h0") <= min(2 * n, 8000)
    assert len(svg) < 200_000


def test_bins_of_one_gc_are_drawn() -> None:
    flat = np.zeros(50)
    same = GcTrend(
        gc_fraction=flat + 0.4,
        before_log2=flat,
        after_log2=flat,
        stratum_gc=np.array([0.4, 0.4]),
        stratum_before_log2=np.zeros(2),
        stratum_after_log2=np.zeros(2),
    )
    assert "NaN" not in str(gc_figure(same))
    assert "nan" not in str(gc_figure(same))
