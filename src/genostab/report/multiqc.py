"""MultiQC custom content: one row per lot in the general statistics, and a table of verdicts.

MultiQC up to 1.35 writes names and cells into its page as they are, so only a closed alphabet leaves this file.
"""

from __future__ import annotations

import json
import re
from typing import Any

from genostab.compliance.judge import Verdict
from genostab.report.document import ReportData
from genostab.results import Call
from genostab.units import percent_from_fraction

_UNSAFE_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_UNSAFE_TEXT = re.compile(r"[^A-Za-z0-9 .,:;()+_-]+")
_WORST_FIRST = ("FAIL", "INVALID", "INDETERMINATE", "NOT TESTED", "REPORT", "PASS")
_COLOURS = {
    "PASS": "#00695c",
    "FAIL": "#a62310",
    "INDETERMINATE": "#b58300",
    "INVALID": "#5e3a8c",
    "NOT TESTED": "#7b8896",
    "REPORT": "#566472",
}


def multiqc_files(data: ReportData) -> dict[str, bytes]:
    """File name to content; two files, because MultiQC reads one table per file.

    Returns
    -------
    dict of str to bytes: ``genostab_mqc.json`` (verdicts) and ``genostab_general_mqc.json`` (general statistics)
    """
    lot = safe_name(data.header.lot)
    verdicts, titles = _verdict_columns(data.verdicts)
    table = {
        "id": "genostab",
        "section_name": "genostab",
        "description": "Verdict per attribute of each lot. Decision support; not a certificate of release.",
        "plot_type": "table",
        "pconfig": {"id": "genostab_verdicts", "title": "genostab: verdicts", "no_violin": True},
        "headers": {
            key: {"title": title, "description": title, "scale": False, **_colouring()}
            for key, title in titles.items()
        },
        "data": {lot: verdicts},
    }
    general = {
        "id": "genostab_general",
        "plot_type": "generalstats",
        "namespace": "genostab",
        "headers": _general_headers(),
        "data": {lot: _general(data)},
    }
    return {"genostab_mqc.json": _bytes(table), "genostab_general_mqc.json": _bytes(general)}


def safe_name(text: str) -> str:
    """A sample name of letters, digits, dot, dash and underscore, at most 64 characters.

    Examples
    --------
    >>> safe_name("NSC-2026<img src=x>")
    'NSC-2026_img_src_x_'
    """
    return _UNSAFE_NAME.sub("_", text)[:64] or "lot"


def safe_text(text: str) -> str:
    """Text without any character that means something in HTML, at most 120 characters.

    Examples
    --------
    >>> safe_text("SOX1 & PAX6 <b>")
    'SOX1 _ PAX6 _b_'
    """
    return _UNSAFE_TEXT.sub("_", text)[:120]


def _verdict_columns(verdicts: tuple[Verdict, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """Worst verdict and title of each criterion."""
    worst: dict[str, str] = {}
    titles: dict[str, str] = {}
    for verdict in verdicts:
        key = safe_name(verdict.criterion)
        titles.setdefault(key, safe_text(verdict.attribute))
        known = worst.get(key, verdict.verdict)
        worst[key] = min(known, verdict.verdict, key=_WORST_FIRST.index)
    return worst, titles


def _colouring() -> dict[str, Any]:
    slugs = {name: f"genostab_{name.lower().replace(' ', '_')}" for name in _COLOURS}
    return {
        "cond_formatting_rules": {slugs[name]: [{"s_eq": name}] for name in _COLOURS},
        "cond_formatting_colours": [{slugs[name]: colour} for name, colour in _COLOURS.items()],
    }


def _general(data: ReportData) -> dict[str, str | float]:
    reported = [call for call in data.calls if call.reported]
    acquired = [call for call in reported if call.origin == "acquired"]
    fractions = [c.cell_fraction.estimate for c in acquired if c.cell_fraction.estimate is not None]
    seen = [s.min_cell_fraction for s in data.sensitivity if s.min_cell_fraction is not None]
    row: dict[str, str | float] = {
        "verdict": data.overall.verdict,
        "failed": data.overall.counts.get("FAIL", 0),
    }
    if data.genome is not None:
        row |= {"acquired": len(acquired), "recurrent": sum(_is_recurrent(call) for call in acquired)}
    if fractions:
        row["largest"] = _percent(max(fractions))
    if seen:
        row["worst_lod"] = _percent(max(seen))
    return row


def _is_recurrent(call: Call) -> bool:
    return bool(call.hotspot)


def _percent(fraction: float) -> float:
    return float(f"{percent_from_fraction(fraction):.4g}")


def _general_headers() -> dict[str, dict[str, Any]]:
    percent = {"suffix": "%", "min": 0, "max": 100, "format": "{:,.2f}"}
    return {
        "verdict": {"title": "Verdict", "description": "Overall, as decision support", **_colouring()},
        "failed": {
            "title": "Failed",
            "description": "Criteria with verdict FAIL",
            "format": "{:,d}",
            "min": 0,
        },
        "acquired": {
            "title": "Acquired CNV",
            "description": "Reported changes that the parent lacks",
            "format": "{:,d}",
            "min": 0,
        },
        "recurrent": {
            "title": "Recurrent CNV",
            "description": "Acquired changes in regions recurrent in hPSC",
            "format": "{:,d}",
            "min": 0,
        },
        "largest": {
            "title": "Largest clone",
            "description": "Largest cell fraction of an acquired change",
            **percent,
        },
        "worst_lod": {
            "title": "Worst CNV LOD",
            "description": "Largest of the smallest cell fractions that would have been found, over regions",
            **percent,
        },
    }


def _bytes(tree: dict[str, Any]) -> bytes:
    return (json.dumps(tree, indent=1, allow_nan=False) + "\n").encode("ascii")
