"""Every block of a manifest but sequencing: read, computed, and laid out for the report."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
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
from genostab.run.together import together
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
    GenostabErrors
        For tables that are refused, all of them together.
    """

    def told(name: str, block: Callable[[], BlockResult]) -> BlockResult:
        on_progress(name)
        return block()

    parts = together(partial(told, name, block) for name, block in block_steps(manifest).items())
    return BlockResult(
        measurements=tuple(m for part in parts for m in part.measurements),
        details=tuple(d for part in parts for d in part.details),
        not_tested=tuple(n for part in parts for n in part.not_tested),
    )


def block_steps(manifest: Manifest) -> dict[str, Callable[[], BlockResult]]:
    """What computes each block, by its name."""
    return {name: partial(block, manifest) for name, block in _BLOCKS.items()}


def _not_tested(block: str, reason: str = "not in the manifest") -> BlockResult:
    return BlockResult(not_tested=(NotTested(block=block, reason=reason),))


def _columns(*names: str | tuple[str, str]) -> tuple[Column, ...]:
    """Columns by name, or by name and unit."""
    pairs = [(name, "") if isinstance(name, str) else name for name in names]
    return tuple(Column(name=name, unit=unit) for name, unit in pairs)


def _metaphases(manifest: Manifest) -> BlockResult:
    if manifest.metaphases is None:
        return _not_tested("metaphases")
    metaphases = read_metaphases(manifest.metaphases)
    found = find_changes(score_metaphases(metaphases))
    table = DetailTable(
        title="Changes in G-banded metaphases",
        columns=_columns("change", "kind", "cells", "of", "clone"),
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
        return _not_tested("culture")
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
        columns=_columns("passage", ("day", "d"), ("seeded", "cells"), ("harvested", "cells")),
        rows=rows,
    )
    measured = (*growth(passages, source=path.name), variant_probability(passages, source=path.name))
    return BlockResult(measurements=measured, details=(table,))


def _residual(manifest: Manifest) -> BlockResult:
    if not manifest.residual:
        return _not_tested("residual")
    results = together(partial(_one_residual, entry) for entry in manifest.residual)
    measured = tuple(measurement for measurement, _ in results)
    counts = [count for _, count in results if count is not None]
    dose = manifest.dose.cells if manifest.dose else None
    if dose is None or not counts:
        why = "the manifest states no dose.cells" if dose is None else "no assay gives a count of cells"
        return replace(_not_tested("residual iPSC per dose", why), measurements=measured)
    pooled = dose_risk(counts, dose, source=", ".join(count.assay for count in counts))
    return BlockResult(measurements=(*measured, *pooled), details=(_posterior_table(counts, dose),))


def _posterior_table(counts: Sequence[AssayCount], dose: float) -> DetailTable:
    return DetailTable(
        title="Residual iPSC by assay, carried to the dose",
        columns=_columns(
            "assays",
            "positives",
            "effective cells",
            "posterior mean per cell",
            "upper 95 % per cell",
            ("mean per dose", "cells"),
        ),
        rows=tuple(_posterior_row(group, dose) for group in _alone_and_together(counts)),
        note="Gamma-Poisson posterior; assays together only as far as they can be taken as measuring one frequency.",
    )


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
        return _not_tested("tumorigenicity")
    steps: list[Callable[[], tuple[Measurement, ...]]] = []
    if block.animals is not None:
        steps.append(partial(_animals, block.animals))
    if block.dilution is not None:
        steps.append(partial(_dilution, block.dilution))
    return BlockResult(measurements=tuple(m for part in together(steps) for m in part))


def _animals(path: Path) -> tuple[Measurement, ...]:
    group, dose, tested, positive = read_animals(path)
    return (animals_tumour_fraction(group, dose, tested, positive, source=path.name),)


def _dilution(path: Path) -> tuple[Measurement, ...]:
    group, dose, tested, positive = read_animals(path)
    product = np.array([name == "product" for name in group])
    rows = dose[product], tested[product], positive[product]
    return limiting_dilution(*rows, source=path.name), tpd50(*rows, source=path.name)


def _telomerase(manifest: Manifest) -> BlockResult:
    if manifest.telomerase is None:
        return _not_tested("telomerase")
    plate = read_plate(manifest.telomerase.plate, manifest.telomerase.layout)
    result = assess_trap(plate, manifest.telomerase.plate.name)
    return BlockResult(measurements=result.measurements, details=_trap_tables(result))


def _trap_tables(result: TrapResult) -> tuple[DetailTable, ...]:
    lysates = DetailTable(
        title="Telomerase by lysate",
        columns=_columns(
            "lysate",
            "cells",
            "verdict",
            ("Cq later after heat", "cycles"),
            ("net activity", "amol/cell"),
            ("relative activity", "fraction"),
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
        columns=_columns("figure", "value", "meaning"),
        rows=rows,
    )
    return standard, lysates


def _observations(manifest: Manifest) -> BlockResult:
    if manifest.observations is None:
        return _not_tested("observations")
    path = manifest.observations
    measured = measure_observations(read_observations(path))
    # Errors name the whole path; results only the file, so that they do not depend on where it lies.
    return BlockResult(
        measurements=tuple(replace(m, source=m.source.replace(str(path), path.name)) for m in measured)
    )


def _flow(manifest: Manifest) -> BlockResult:
    if not manifest.flow:
        return _not_tested("flow cytometry files")
    reason = "event files are not read yet: state the result in observations.csv, or counts under residual"
    return _not_tested("flow cytometry files", reason)


def _endotoxin(manifest: Manifest) -> BlockResult:
    if manifest.endotoxin is None:
        return _not_tested("endotoxin plate")
    return _not_tested("endotoxin plate", "LAL plates are not read yet: state the result in observations.csv")


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
