"""report.html: one self-contained file that reads, prints and signs without a network and without scripts."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from importlib import resources
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined
from markupsafe import Markup

from genostab.report import views
from genostab.report.document import ReportData
from genostab.report.figures import genome_figure
from genostab.report.sensitivity_figure import KINDS, sensitivity_figure
from genostab.report.viewer import viewer_data
from genostab.report.wording import visible

_SOLUTIONS_SHOWN = 8  # the others are in solutions.tsv
_SAFE_LOT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def _finalize(value: Any) -> Any:
    return value if isinstance(value, Markup) or not isinstance(value, str) else visible(value)


def _read(name: str) -> str:
    return resources.files("genostab.report").joinpath("templates", name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=BaseLoader(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters["slug"] = lambda verdict: verdict.lower().replace(" ", "-")
    return environment


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _style(lot: str) -> str:
    """The style sheet; the lot stands at the foot of every printed page if its name is safe inside CSS."""
    style = _read("report.css")
    if not _SAFE_LOT.fullmatch(lot):
        return style
    foot = f"Lot {lot} · decision support, not a certificate of release"
    font = "font: 8pt Arial, sans-serif; color: #566472;"
    return style + f'@page {{ @bottom-left {{ content: "{foot}"; {font} white-space: nowrap; }} }}\n'


def _levels(data: ReportData) -> list[float]:
    levels = [call.cell_fraction.level for call in data.calls]
    return levels + [m.estimate.level for m in data.measurements if m.estimate is not None]


def _context(data: ReportData) -> dict[str, Any]:
    rows = views.verdict_rows(data.verdicts, data.measurements)
    reported = tuple(call for call in data.calls if call.reported)
    rejected = tuple(call for call in data.calls if not call.reported)
    names = {name for verdict in data.verdicts for name in verdict.provenance.split("+")}
    return {
        "header": data.header,
        "stage": views.stage_text(data.header.stage),
        "facts": views.header_fields(data.header),
        "overall": data.overall,
        "counts": [(name, data.overall.counts.get(name, 0)) for name in views.ORDER],  # type: ignore[call-overload]
        "symbols": views.SYMBOLS,
        "by_verdict": {name: [row for row in rows if row.verdict == name] for name in views.ORDER},
        "groups": views.by_group(rows, data.verdicts),
        "addresses": views.addresses(rows),
        "provenance_classes": [(key, text) for key, text in views.PROVENANCE.items() if key in names],
        "levels": views.interval_levels(_levels(data)),
        "genome": data.genome,
        "genome_svg": None if data.genome is None else genome_figure(data.genome, reported),
        "viewer": None if data.genome is None else viewer_data(data.genome, reported),
        "reported": views.call_rows(reported, data.genome),
        "rejected": views.call_rows(rejected, data.genome),
        "kinds": [kind for kind in KINDS if any(r.kind == kind for r in data.sensitivity)],
        "sensitivity_svg": sensitivity_figure(data.sensitivity) if data.sensitivity else None,
        "sensitivity": views.sensitivity_rows(data.sensitivity),
        "solutions": views.solution_rows(data.karyotype.solutions, _SOLUTIONS_SHOWN),
        "solutions_sentence": views.solutions_sentence(data.karyotype.solutions),
        "detection_setting": views.detection_setting(data.sensitivity),
        "unseen": views.unseen_sentences(data.sensitivity),
        "measurements": views.measurement_rows(data.measurements),
        "details": [views.detail_view(table) for table in data.details],
        "qc": views.qc_rows(data.qc),
        "not_tested": data.not_tested,
        "deviations": data.deviations,
        "warnings": data.warnings,
        "methods": data.methods,
        "limits": data.limits,
        "provenance": views.flatten(data.provenance),
    }


def report_html(data: ReportData) -> bytes:
    """The report as one HTML file, UTF-8; the same data give the same bytes.

    Notes
    -----
    Text is escaped by the template engine; the content security policy allows nothing but this file's own style and
    script, by hash, so that a browser would refuse markup even if some slipped through.
    """
    style, script = _style(data.header.lot), _read("report.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    template = _environment().from_string(_read("report.html.j2"))
    page = template.render(
        # Style and script are files of this package (plus a lot name of a closed alphabet), never input.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        policy=policy,
        **_context(data),
    )
    return page.encode("utf-8", "backslashreplace")
