"""Rows and sentences of the page, made of finished text: no number is formatted in the template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genostab.compliance.judge import Verdict
from genostab.report.document import Cell, DetailTable, GenomeTrack, Header, QcFigure
from genostab.report.sensitivity_figure import KINDS, RegionRow, best_by_region
from genostab.report.wording import (
    alleles_text,
    apart,
    estimate_parts,
    interval,
    kind_text,
    limit_text,
    number,
    probability,
    quantity,
    region_text,
    size_text,
    status_text,
)
from genostab.results import Call, Measurement, Sensitivity, Solution

ORDER = ("FAIL", "INVALID", "INDETERMINATE", "NOT TESTED", "PASS", "REPORT")
SYMBOLS = {"PASS": "✓", "FAIL": "✕", "INDETERMINATE": "?", "NOT TESTED": "–", "INVALID": "!", "REPORT": "i"}
GROUPS = {
    "general cell": "General cell attributes",
    "NSC-specific": "Neural stem cell attributes",
    "general drug": "General drug attributes",
    "cell-drug": "Cell drug attributes",
    "not named in abstract": "Needed in practice, not named in the standard's abstract",
}
PROVENANCE = {
    "STD": "attribute named in the 2021 standard's abstract",
    "SRC": "number read in the source",
    "DER": "number derived by calculation",
    "MEM": "number from memory, not verified",
    "USER": "number set by the user",
}
_STAGES = {"ipsc_bank": "iPSC bank", "drug_substance": "drug substance", "drug_product": "drug product"}


@dataclass(frozen=True, kw_only=True)
class VerdictRow:
    """One line of the verdict table."""

    anchor: str
    attribute: str
    metric: str
    stage: str
    verdict: str
    class_: str
    result: str
    bounds: str
    n_and_lod: str
    limit: str
    source: str
    address: str
    provenance: str
    reasons: tuple[str, ...]


def stage_text(stage: str) -> str:
    """Stage ids in words."""
    return ", ".join(_STAGES.get(part, part) for part in stage.split(","))


def verdict_rows(
    verdicts: Sequence[Verdict], measurements: Sequence[Measurement] = ()
) -> tuple[VerdictRow, ...]:
    """Verdicts as text, in their order; what was not measured reads as its status, never as 0."""
    statuses: dict[tuple[object, ...], str] = {}
    for measurement in measurements:
        estimate = measurement.estimate
        if estimate is not None and (status := status_text(estimate)):
            statuses[measurement.metric, estimate.n, estimate.high, estimate.lod] = status
    return tuple(
        _verdict_row(i, verdict, statuses.get((verdict.metric, verdict.n, verdict.high, verdict.lod), ""))
        for i, verdict in enumerate(verdicts, start=1)
    )


def _result(verdict: Verdict, status: str) -> str:
    if status or isinstance(verdict.measured, str):
        return status or str(verdict.measured)
    if verdict.measured is None:
        return "no number" if verdict.high is not None or verdict.lod is not None else "–"
    if isinstance(verdict.limit, float | int):
        return apart(verdict.measured, verdict.limit, verdict.unit)
    return quantity(verdict.measured, verdict.unit)


def _verdict_row(i: int, verdict: Verdict, status: str) -> VerdictRow:
    extent = [] if verdict.n is None or verdict.n == 0 else [f"n\u00a0=\u00a0{number(verdict.n)}"]
    extent += [] if verdict.lod is None else [f"LOD\u00a0{quantity(verdict.lod, verdict.unit)}"]
    return VerdictRow(
        anchor=f"v{i}",
        attribute=verdict.attribute,
        metric=metric_text(verdict.metric),
        stage=stage_text(verdict.stage),
        verdict=verdict.verdict,
        class_=verdict.class_,
        result=_result(verdict, status),
        bounds=interval(verdict.low, verdict.high, verdict.unit),
        n_and_lod=", ".join(extent),
        limit=limit_text(verdict.direction, verdict.limit, verdict.unit),
        source=_split_source(verdict.source)[0],
        address=_split_source(verdict.source)[1],
        provenance=verdict.provenance,
        reasons=tuple(part.strip() for part in verdict.reason.split(" | ") if part.strip()),
    )


def metric_text(metric: str) -> str:
    """What a criterion measures, in words, without the room that measures it; "" where that is all of its name.

    Examples
    --------
    >>> metric_text("karyotype.normal_fraction_g_band"), metric_text("viability")
    ('normal fraction g band', '')
    """
    return metric.partition(".")[2].replace("_", " ").replace(".", " ")


def _split_source(source: str) -> tuple[str, str]:
    """Reference and address of a source that ends in its address."""
    text, comma, address = source.rpartition(", http")
    return (text, f"http{address}") if comma else (source, "")


def addresses(rows: Sequence[VerdictRow]) -> tuple[str, ...]:
    """The addresses that the limits cite, once each, in order of first use."""
    return tuple(dict.fromkeys(row.address for row in rows if row.address))


def by_group(
    rows: Iterable[VerdictRow], verdicts: Sequence[Verdict]
) -> tuple[tuple[str, tuple[VerdictRow, ...]], ...]:
    """Rows under the standard's groups, in the standard's order; unknown groups follow under their own name."""
    grouped: dict[str, list[VerdictRow]] = {name: [] for name in GROUPS}
    for row, verdict in zip(rows, verdicts, strict=True):
        grouped.setdefault(verdict.group, []).append(row)
    return tuple((GROUPS.get(name, name), tuple(members)) for name, members in grouped.items() if members)


def header_fields(header: Header) -> tuple[tuple[str, str], ...]:
    """Label and value of what the header knows."""
    fields = (
        ("Line", header.line),
        ("Sex of the line", header.line_sex),
        ("Passage", _count(header.passage)),
        ("Population doublings", _count(header.population_doublings)),
        ("Sample", header.sample),
        ("Compared with", header.reference),
        ("Assembly", header.assembly),
        ("Dose", "" if header.dose_cells is None else f"{number(header.dose_cells)} cells"),
        ("Route", header.dose_route),
        ("Volume", "" if header.dose_volume_ml is None else quantity(header.dose_volume_ml, "mL")),
        ("Body weight", "" if header.body_weight_kg is None else quantity(header.body_weight_kg, "kg")),
    )
    return tuple((label, value) for label, value in fields if value)


def _count(value: float | None) -> str:
    return "" if value is None else number(value)


def call_rows(calls: Sequence[Call], track: GenomeTrack | None) -> tuple[dict[str, Any], ...]:
    """Calls as text; `target` lets the page's script zoom to them."""
    names = () if track is None else track.chrom_names
    rows = []
    for call in calls:
        result, bounds = estimate_parts(call.cell_fraction)
        rows.append(
            {
                "region": region_text(call.chrom, call.start, call.end),
                "target": f"{names.index(call.chrom)} {call.start} {call.end}" if call.chrom in names else "",
                "size": size_text(call.end - call.start),
                "kind": call.kind,
                "kind_text": kind_text(call.kind),
                "copies": f"{call.copy_number} {'copy' if call.copy_number == 1 else 'copies'}",
                "alleles": alleles_text(call) if call.n_snps else "",
                "fraction": result,
                "bounds": bounds,
                "alternatives": call.alternatives,
                "ratio": "–" if call.ratio_log2 is None else number(call.ratio_log2, 3),
                "support": f"{number(call.n_bins)} bins, {number(call.n_snps)} SNPs",
                "score": number(call.score, 3),
                "q_value": probability(call.q_value),
                "origin": call.origin,
                "hotspot": call.hotspot,
                "bands": call.bands,
                "iscn": call.iscn,
                "reason": call.reason,
            }
        )
    return tuple(rows)


def sensitivity_rows(records: Sequence[Sensitivity]) -> tuple[tuple[str, ...], ...]:
    """Sensitivity records as text, one tuple per record."""
    return tuple(
        (
            record.region,
            region_text(record.chrom, record.start, record.end),
            size_text(record.end - record.start),
            kind_text(record.kind),
            {"depth": "read depth", "allele": "allele fraction", "both": "both"}[record.evidence],
            "not detectable"
            if record.min_cell_fraction is None
            else f"from {quantity(record.min_cell_fraction, 'fraction', 3)}",
        )
        for record in records
    )


def solution_rows(solutions: Sequence[Solution], most: int) -> tuple[tuple[str, str, str, str], ...]:
    """The first `most` readings as (mean copies, cells, relative likelihood, what it says)."""
    return tuple(
        (
            number(solution.ploidy, 3),
            "each its own"
            if solution.cell_fraction is None
            else quantity(solution.cell_fraction, "fraction", 2),
            probability(solution.relative_likelihood),
            solution.note,
        )
        for solution in solutions[:most]
    )


def solutions_sentence(solutions: Sequence[Solution]) -> str:
    """What depth leaves open of ploidy, in one sentence; "" where nothing was read."""
    clones = [solution for solution in solutions if solution.cell_fraction is not None]
    if not solutions:
        return ""
    if not clones:
        return (
            "Depth alone cannot tell cells with two copies of the genome from cells in which all of it is doubled; "
            "metaphases or the DNA content per cell can."
        )
    return (
        f"The data allow {len(solutions)} readings of copy number and share of cells, listed with their likelihood "
        "relative to the best; allele fractions where the notes name none, a clonal mutation or metaphases decide "
        "between close ones."
    )


def unseen_sentences(records: Sequence[Sensitivity]) -> tuple[str, ...]:
    """What copy-number change could have stayed unseen, one sentence per kind, worst region named."""
    rows = best_by_region(records)
    sentences = []
    for kind in KINDS:
        seen = [(row.fraction[kind], row) for row in rows if row.fraction.get(kind) is not None]
        blind = [row.region for row in rows if kind in row.fraction and row.fraction[kind] is None]
        parts = []
        if seen:
            best, worst = min(seen, key=_share), max(seen, key=_share)
            parts.append(f"below {_of_cells(best)} of cells at best ({_name(best)})")
            parts.append(f"below {_of_cells(worst)} at worst ({_name(worst)})")
        if blind:
            more = f" and {len(blind) - 6} more" if len(blind) > 6 else ""
            parts.append(f"in any share of cells: {', '.join(blind[:6])}{more}")
        if parts:
            sentences.append(f"{kind_text(kind)[0].upper()}{kind_text(kind)[1:]}: {'; '.join(parts)}.")
    return tuple(sentences)


def _share(item: tuple[float | None, RegionRow]) -> float:
    return item[0] or 0.0


def _of_cells(item: tuple[float | None, RegionRow]) -> str:
    return quantity(_share(item), "fraction", 2)


def _name(item: tuple[float | None, RegionRow]) -> str:
    return f"{item[1].region}, {size_text(item[1].size_bp)}"


def detection_setting(records: Sequence[Sensitivity]) -> str:
    """Power and alpha that the limits of detection hold for."""
    settings = sorted({(record.power, record.alpha) for record in records})
    return "; ".join(
        f"{quantity(power, 'fraction')} power at a false-positive rate of {number(alpha)}"
        for power, alpha in settings
    )


def interval_levels(data_levels: Iterable[float]) -> str:
    """The coverage of the intervals in the report, e.g. "95 %"."""
    # 0 and 1 mark bands and exact counts, which cover nothing by chance.
    levels = sorted({level for level in data_levels if 0.0 < level < 1.0})
    return ", ".join(quantity(level, "fraction") for level in levels)


def measurement_rows(measurements: Sequence[Measurement]) -> tuple[dict[str, Any], ...]:
    """Measurements with method, controls and facts as text."""
    rows = []
    for measurement in measurements:
        estimate = measurement.estimate
        result, bounds = ("", "") if estimate is None else estimate_parts(estimate)
        facts = (f"{name} {number(value)}" for name, value in sorted(measurement.facts.items()))
        rows.append(
            {
                "metric": measurement.metric,
                "result": " · ".join(part for part in (result, measurement.text or "") if part) or "–",
                "bounds": bounds,
                "n": "" if estimate is None or estimate.n == 0 else number(estimate.n),
                "method": "" if estimate is None else estimate.method,
                "controls": tuple((c.name, c.passed, c.detail) for c in measurement.controls),
                "facts": "; ".join(facts),
                "source": measurement.source,
                "note": measurement.note,
            }
        )
    return tuple(rows)


def cell_text(value: Cell, unit: str) -> str:
    """A cell of a detail table as text."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else quantity(value, unit)


def _header_unit(unit: str) -> str:
    return "" if unit in ("fraction", "count", "category") else unit


def detail_view(table: DetailTable) -> dict[str, Any]:
    """A detail table as text, with the columns that hold only numbers marked for right alignment."""
    units = ["fraction" if column.unit == "fraction" else "" for column in table.columns]
    return {
        "title": table.title,
        "note": table.note,
        "columns": [
            (column.name, _header_unit(column.unit), not any(isinstance(row[i], str) for row in table.rows))
            for i, column in enumerate(table.columns)
        ],
        "rows": [
            [cell_text(value, unit) for value, unit in zip(row, units, strict=True)] for row in table.rows
        ],
    }


def qc_rows(figures: Sequence[QcFigure]) -> tuple[tuple[str, str, str], ...]:
    """Quality figures as (name, value, note)."""
    return tuple((figure.name, cell_text(figure.value, figure.unit), figure.note) for figure in figures)


def flatten(tree: Mapping[str, Any], prefix: str = "") -> tuple[tuple[str, str], ...]:
    """A tree of plain values as (dotted key, text), in the tree's order.

    Examples
    --------
    >>> flatten({"seed": 7, "inputs": [{"path": "a.bam"}], "command": ["genostab", "analyze"]})
    (('seed', '7'), ('inputs.1.path', 'a.bam'), ('command', 'genostab analyze'))
    """
    rows: list[tuple[str, str]] = []
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            rows += flatten(value, f"{name}.")
        elif isinstance(value, list | tuple) and any(
            isinstance(item, Mapping | list | tuple) for item in value
        ):
            rows += flatten({str(i): item for i, item in enumerate(value, start=1)}, f"{name}.")
        elif isinstance(value, list | tuple):
            rows.append((name, " ".join(_plain(item) for item in value)))
        else:
            rows.append((name, _plain(value)))
    return tuple(rows)


def _plain(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value) if isinstance(value, float) else str(value)
