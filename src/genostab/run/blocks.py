"""Every block of a manifest but sequencing: read, computed, and laid out for the report."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from genostab.arrays import DropletCounts
from genostab.assays.metaphases import assess_metaphases, find_changes, score_metaphases
from genostab.assays.observations import measure_observations
from genostab.culture.growth import growth
from genostab.culture.variant import variant_probability
from genostab.io.animals import read_animals
from genostab.io.droplets import read_droplets
from genostab.io.metaphases import read_metaphases
from genostab.io.observations import read_observations
from genostab.io.passages import read_passages
from genostab.io.plate import read_plate
from genostab.lot.manifest import Manifest, Residual
from genostab.report.document import Column, DetailTable
from genostab.results import Measurement, NotTested
from genostab.telomerase.trap import TrapResult, assess_trap
from genostab.tumorigenicity.animals import animals_tumour_fraction
from genostab.tumorigenicity.dilution import limiting_dilution, tpd50
from genostab.tumorigenicity.droplets import residual_from_droplets
from genostab.tumorigenicity.posterior import AssayCount, dose_risk
from genostab.tumorigenicity.residual import residual_frequency


@dataclass(frozen=True, kw_only=True)
class BlockResult:
    """What one block gave."""

    measurements: tuple[Measurement, ...] = ()
    details: tuple[DetailTable, ...] = ()
    not_tested: tuple[NotTested, ...] = ()


def analyse_blocks(manifest: Manifest, on_progress: Callable[[str], None]) -> BlockResult:
    """All blocks but sequencing; one that is absent or not computed yet is NOT TESTED with the reason.

    Raises
    ------
    GenostabError, GenostabErrors
        For tables that are refused.
    """
    parts = []
    for name, block in _BLOCKS.items():
        on_progress(name)
        parts.append(block(manifest))
    return BlockResult(
        measurements=tuple(m for part in parts for m in part.measurements),
        details=tuple(d for part in parts for d in part.details),
        not_tested=tuple(n for part in parts for n in part.not_tested),
    )


def _absent(block: str) -> BlockResult:
    return BlockResult(not_tested=(NotTested(block=block, reason="not in the manifest"),))


def _unknown(block: str, reason: str) -> BlockResult:
    return BlockResult(not_tested=(NotTested(block=block, reason=reason),))


def _metaphases(manifest: Manifest) -> BlockResult:
    if manifest.metaphases is None:
        return _absent("metaphases")
    metaphases = read_metaphases(manifest.metaphases)
    found = find_changes(score_metaphases(metaphases))
    table = DetailTable(
        title="Changes in G-banded metaphases",
        columns=(
            Column(name="change"),
            Column(name="kind"),
            Column(name="cells"),
            Column(name="of"),
            Column(name="clone"),
        ),
        rows=tuple(
            (
                change.change,
                change.kind,
                len(change.cells),
                change.n_scored,
                "clone" if change.clonal else "single",
            )
            for change in found
        ),
        note="A clone: the same structural change or gain in at least 2 cells, the same loss in at least 3 (ISCN).",
    )
    return BlockResult(
        measurements=assess_metaphases(metaphases, manifest.metaphases.name),
        details=(table,) if found else (),
    )


def _culture(manifest: Manifest) -> BlockResult:
    if manifest.culture is None:
        return _absent("culture")
    path = manifest.culture.passages
    passages = read_passages(path)
    rows = tuple(
        (int(p), float(day), float(seeded), None if math.isnan(harvested) else float(harvested))
        for p, day, seeded, harvested in zip(
            passages.passage, passages.day, passages.seeded, passages.harvested, strict=True
        )
    )
    table = DetailTable(
        title="Passages",
        columns=(
            Column(name="passage"),
            Column(name="day", unit="d"),
            Column(name="seeded", unit="cells"),
            Column(name="harvested", unit="cells"),
        ),
        rows=rows,
    )
    measured = (*growth(passages, source=path.name), variant_probability(passages, source=path.name))
    return BlockResult(measurements=measured, details=(table,))


def _residual(manifest: Manifest) -> BlockResult:
    if not manifest.residual:
        return _absent("residual")
    measured, counts = [], []
    for entry in manifest.residual:
        measurement, count = _one_residual(entry)
        measured.append(measurement)
        if count is not None:
            counts.append(count)
    dose = manifest.dose.cells if manifest.dose else None
    if dose is None:
        return BlockResult(
            measurements=tuple(measured),
            not_tested=(
                NotTested(block="residual iPSC per dose", reason="the manifest states no dose.cells"),
            ),
        )
    if not counts:
        return BlockResult(
            measurements=tuple(measured),
            not_tested=(NotTested(block="residual iPSC per dose", reason="no assay gives a count of cells"),),
        )
    names = ", ".join(count.assay for count in counts)
    pooled = dose_risk(counts, dose, source=names)
    table = DetailTable(
        title="Residual iPSC by assay, carried to the dose",
        columns=(
            Column(name="assays"),
            Column(name="positives"),
            Column(name="effective cells"),
            Column(name="posterior mean per cell"),
            Column(name="upper 95 % per cell"),
            Column(name="mean per dose", unit="cells"),
        ),
        rows=tuple(_posterior_row(group, dose) for group in _alone_and_together(counts)),
        note="Gamma-Poisson posterior; assays together only as far as they can be taken as measuring one frequency.",
    )
    return BlockResult(measurements=(*measured, *pooled), details=(table,))


def _alone_and_together(counts: Sequence[AssayCount]) -> list[list[AssayCount]]:
    alone = [[count] for count in counts]
    return [*alone, list(counts)] if len(counts) > 1 else alone


def _posterior_row(group: Sequence[AssayCount], dose: float) -> tuple[str | float | int | None, ...]:
    by_metric = {m.metric: m.estimate for m in dose_risk(group, dose)}
    frequency, per_dose = by_metric["residual.posterior_frequency"], by_metric["residual.cells_per_dose"]
    assert frequency is not None
    assert per_dose is not None
    return (
        " + ".join(count.assay for count in group),
        sum(count.positives for count in group),
        sum(count.tested_cells * count.recovery for count in group),
        frequency.estimate,
        frequency.high,
        per_dose.estimate,
    )


def _one_residual(entry: Residual) -> tuple[Measurement, AssayCount | None]:
    if entry.file is not None:
        droplets = read_droplets(entry.file)
        measurement = residual_from_droplets(entry.assay, droplets, source=entry.file.name)
        return measurement, _cells_of_droplets(entry.assay, droplets, measurement)
    assert entry.positives is not None
    assert entry.events is not None
    recovery, background = entry.recovery or 1.0, entry.background or 0.0
    measurement = residual_frequency(
        entry.assay,
        entry.positives,
        entry.events,
        recovery=recovery,
        background_per_cell=background,
        assay_lod=None,
        source="manifest",
    )
    count = AssayCount(
        assay=entry.assay, positives=entry.positives, tested_cells=entry.events, recovery=recovery
    )
    return measurement, count


def _cells_of_droplets(assay: str, droplets: DropletCounts, measurement: Measurement) -> AssayCount | None:
    """Droplets as iPSC equivalents among the cells lysed, rounded up: what a dose is drawn from are cells."""
    estimate = measurement.estimate
    is_sample = np.array([role == "sample" for role in droplets.role])
    cells = float(np.nansum(droplets.cells[is_sample]))
    if estimate is None or estimate.unit != "fraction" or estimate.status not in ("measured", "not_detected"):
        return None
    if cells <= 0:
        return None
    return AssayCount(
        assay=assay, positives=math.ceil((estimate.estimate or 0.0) * cells), tested_cells=cells
    )


def _tumorigenicity(manifest: Manifest) -> BlockResult:
    block = manifest.tumorigenicity
    if block is None or (block.animals is None and block.dilution is None):
        return _absent("tumorigenicity")
    measured: list[Measurement] = []
    if block.animals is not None:
        group, dose, tested, positive = read_animals(block.animals)
        measured.append(animals_tumour_fraction(group, dose, tested, positive, source=block.animals.name))
    if block.dilution is not None:
        group, dose, tested, positive = read_animals(block.dilution)
        product = np.array([name == "product" for name in group])
        for estimate in (limiting_dilution, tpd50):
            measured.append(
                estimate(dose[product], tested[product], positive[product], source=block.dilution.name)
            )
    return BlockResult(measurements=tuple(measured))


def _telomerase(manifest: Manifest) -> BlockResult:
    if manifest.telomerase is None:
        return _absent("telomerase")
    plate = read_plate(manifest.telomerase.plate, manifest.telomerase.layout)
    result = assess_trap(plate, manifest.telomerase.plate.name)
    return BlockResult(measurements=result.measurements, details=_trap_tables(result))


def _trap_tables(result: TrapResult) -> tuple[DetailTable, ...]:
    lysates = DetailTable(
        title="Telomerase by lysate",
        columns=(
            Column(name="lysate"),
            Column(name="cells"),
            Column(name="verdict"),
            Column(name="Cq later after heat", unit="cycles"),
            Column(name="net activity", unit="amol/cell"),
            Column(name="relative activity", unit="fraction"),
        ),
        rows=tuple(
            (
                each.lysate,
                each.cells,
                each.verdict,
                each.heat_delta_cq,
                each.net_activity.estimate,
                each.relative_activity.estimate,
            )
            for each in result.lysates
        ),
    )
    if result.curve is None:
        return (lysates,)
    curve = result.curve
    rows = (
        ("slope", curve.slope, "Cq per log10 amol"),
        ("intercept", curve.intercept, "Cq at 1 amol"),
        ("r2", curve.r_squared, ""),
        ("efficiency", curve.efficiency, "share of templates copied per cycle"),
    )
    standard = DetailTable(
        title="TRAP standard curve",
        columns=(Column(name="figure"), Column(name="value"), Column(name="meaning")),
        rows=rows,
    )
    return standard, lysates


def _observations(manifest: Manifest) -> BlockResult:
    if manifest.observations is None:
        return _absent("observations")
    path = manifest.observations
    measured = measure_observations(read_observations(path))
    # Errors name the whole path; results only the file, so that they do not depend on where it lies.
    return BlockResult(
        measurements=tuple(replace(m, source=m.source.replace(str(path), path.name)) for m in measured)
    )


def _flow(manifest: Manifest) -> BlockResult:
    reason = "event files are not read yet: state the result in observations.csv, or counts under residual"
    return _unknown("flow", reason) if manifest.flow else BlockResult()


def _endotoxin(manifest: Manifest) -> BlockResult:
    reason = "LAL plates are not read yet: state the result in observations.csv"
    return _unknown("endotoxin plate", reason) if manifest.endotoxin else BlockResult()


_BLOCKS: dict[str, Callable[[Manifest], BlockResult]] = {
    "metaphases": _metaphases,
    "culture": _culture,
    "residual iPSC": _residual,
    "tumorigenicity": _tumorigenicity,
    "telomerase": _telomerase,
    "flow": _flow,
    "endotoxin": _endotoxin,
    "observations": _observations,
}


def input_files(manifest: Manifest) -> tuple[Path, ...]:
    """Every file that a manifest names, in its order."""
    found: list[Path] = []

    def walk(value: object) -> None:
        if isinstance(value, Path):
            found.append(value)
        elif isinstance(value, dict):
            for part in value.values():
                walk(part)
        elif isinstance(value, list | tuple):
            for part in value:
                walk(part)

    walk(manifest.model_dump())
    return tuple(dict.fromkeys(found))
