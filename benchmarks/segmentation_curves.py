"""Recall against false events, ours and DNAcopy's, on the genomes of research/karyotype.md section 3b, as one figure.

Run by hand: ``python -m benchmarks.segmentation_curves TOOLS CURVES.json FIGURE.svg`` with the folder of the simulator.
Points that CURVES.json holds already are not computed again: DNAcopy takes a quarter of an hour.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from markupsafe import Markup

from genostab.report.svg import tag
from tests.statistical.segmentation import FRACTIONS, cbs, genomes, ours, score
from tests.statistical.test_segmentation import ALPHAS, FAMILY_WISE

N_GENOMES = 20
MOST_FALSE = 1.5
SIDE, GAP, LEFT, TOP = 150.0, 34.0, 46.0, 40.0
COLOURS = {"genostab": "#005ab5", "DNAcopy": "#dc3220"}

Point = tuple[float, float]


def compute(tools: Path, curves: dict[str, dict[str, list[Point]]], path: Path) -> None:
    """False events a genome and mean recall over sizes, of every operating point that is not there yet."""
    for fraction in FRACTIONS:
        own = curves.setdefault(f"{fraction:g}", {})
        if own.keys() >= COLOURS.keys():
            continue
        many = genomes(tools, fraction, N_GENOMES)
        if "genostab" not in own:
            scored = [score(tools, many, [ours(one, error) for one in many]) for error in FAMILY_WISE]
            own["genostab"] = [(each.false_events, each.all_recall) for each in scored]
        if "DNAcopy" not in own:
            with tempfile.TemporaryDirectory() as folder:
                scored = [score(tools, many, cbs(many, alpha, Path(folder))) for alpha in ALPHAS]
            own["DNAcopy"] = [(each.false_events, each.all_recall) for each in scored]
        path.write_text(json.dumps(curves, indent=1), encoding="utf-8")


def draw(curves: dict[str, dict[str, list[Point]]]) -> Markup:
    """One panel per cell fraction: false events across, recall up; both programs over their operating points."""
    panels = [_panel(i, f"{float(f):.0%} of cells", each) for i, (f, each) in enumerate(curves.items())]
    width = LEFT + len(curves) * (SIDE + GAP)
    key = [
        tag("text", name, x=LEFT + 110.0 * i, y=16.0, fill=colour)
        for i, (name, colour) in enumerate(COLOURS.items())
    ]
    title = tag(
        "text", "recall over sizes of 0.5 to 40 Mb against false events a genome", x=LEFT + 240.0, y=16.0
    )
    return tag(
        "svg", *key, title, *panels, xmlns="http://www.w3.org/2000/svg", font_family="sans-serif", font_size=11.0,
        viewBox=f"0 0 {width:.0f} {TOP + SIDE + 40.0:.0f}",
    )  # fmt: skip


def _panel(index: int, title: str, curves: dict[str, list[Point]]) -> Markup:
    left = LEFT + index * (SIDE + GAP)
    least = min(0.95, *(recall for points in curves.values() for _, recall in points)) - 0.02

    def at(point: Point) -> tuple[float, float]:
        false, recall = point
        return left + SIDE * false / MOST_FALSE, TOP + SIDE * (1.0 - (recall - least) / (1.0 - least))

    marks: list[Markup] = [
        tag("rect", x=left, y=TOP, width=SIDE, height=SIDE, fill="none", stroke="#999"),
        tag("text", title, x=left, y=TOP - 6.0),
        tag("text", "1", x=left - 8.0, y=TOP + 8.0, text_anchor="end"),
        tag("text", f"{least:.2f}", x=left - 3.0, y=TOP + SIDE, text_anchor="end"),
        *(
            tag("text", f"{false:g}", x=at((false, 1.0))[0], y=TOP + SIDE + 14.0, text_anchor="middle")
            for false in (0.0, 0.5, 1.0)
        ),
    ]
    for name, points in curves.items():
        shown = sorted(point for point in points if point[0] <= MOST_FALSE)
        places = [at(point) for point in shown]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        marks.append(tag("polyline", points=line, fill="none", stroke=COLOURS[name], stroke_width=1.5))
        marks += [tag("circle", cx=x, cy=y, r=2.5, fill=COLOURS[name]) for x, y in places]
    return tag("g", *marks)


def main() -> None:
    tools, path, figure = (Path(argument) for argument in sys.argv[1:4])
    curves = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    compute(tools, curves, path)
    figure.write_text(str(draw(curves)), encoding="utf-8")


if __name__ == "__main__":
    main()
