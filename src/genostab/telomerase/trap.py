"""Telomerase activity of each lysate on a TRAP plate: curve, controls, net and relative activity, verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from genostab.arrays import Plate
from genostab.errors import InputError
from genostab.results import Control, Estimate, Measurement, Status
from genostab.telomerase.curve import Reading, StandardCurve, cq_at, fit_curve
from genostab.telomerase.gates import (
    gate_inhibition,
    gate_no_template,
    gate_positive_control,
    gate_standards,
    gates_of_curve,
    gates_of_pair,
)
from genostab.telomerase.quantify import Interval, Signal, net_amount, net_ratio
from genostab.telomerase.settings import rule
from genostab.telomerase.wells import Pair, lysates_of, pairs_of, usable_standards
from genostab.units import FRACTION

Verdict = Literal["POSITIVE", "NEGATIVE", "INDETERMINATE", "INVALID"]
AMOL_PER_CELL = "amol/cell"
NET_METRIC = "telomerase.net_activity"
RELATIVE_METRIC = "telomerase.relative_activity"
_METHOD = "TRAP, standard curve on Cq, heat-treated pair subtracted"


@dataclass(frozen=True, kw_only=True)
class LysateActivity:
    """Activity of one lysate at the amounts of cells that are reported; controls hold those of the plate too.

    `relative_cells` is the amount that sample and positive control share, None where they share none.
    """

    lysate: str
    cells: float
    relative_cells: float | None
    verdict: Verdict
    heat_delta_cq: float | None
    net_activity: Estimate
    relative_activity: Estimate
    relative_controls: tuple[Control, ...]
    controls: tuple[Control, ...]


@dataclass(frozen=True, kw_only=True)
class TrapResult:
    """A TRAP plate: its curve (None where the standards make none), lysates, measurements, controls of the plate."""

    curve: StandardCurve | None
    lysates: tuple[LysateActivity, ...]
    measurements: tuple[Measurement, ...]
    controls: tuple[Control, ...]


def assess_trap(plate: Plate, source: str) -> TrapResult:
    """Net activity [amol per cell] and activity relative to the positive control of every sample lysate.

    Parameters
    ----------
    plate : Plate
    source : str, file that the plate came from

    Returns
    -------
    TrapResult
        two measurements per lysate; a failed control makes both invalid, never 0

    Raises
    ------
    InputError
        GS-2401 where the plate has no sample well

    Notes
    -----
    Of several amounts of a lysate the largest that reads within the standards is reported; the relative activity
    is that of the largest amount that sample and positive control share. Nothing is extrapolated: a lysate below
    the lowest standard is below_loq with, as its bound, the upper limit of a reading at that standard. Where the
    heat-treated pair is not at least 1 cycle later (2-fold, the resolution of the assay) the activity is not
    resolved; its bound is the upper limit of the lysate with nothing subtracted. Formulas: research assays.md
    sections 1, 1b and 3b.
    """
    names = lysates_of(plate, "sample")
    if not names:
        raise InputError(
            "GS-2401",
            what="a plate or its layout cannot be used",
            where=source,
            found="no well with role sample",
            expected="at least one sample lysate",
            action="correct the roles of the layout",
        )
    standards = gate_standards(plate)
    used, _, _ = usable_standards(plate)
    try:
        curve = fit_curve(plate.amount_amol[used], plate.cq[used])
    except InputError as error:
        failed = Control(name="trap.curve", passed=False, detail=f"{error.what}: {error.found}")
        return _without_curve(names, (standards, failed), source)
    samples = {name: pairs_of(plate, curve, "sample", name) for name in names}
    reported = {name: _reported(pairs) for name, pairs in samples.items()}
    positives = [
        pair
        for name in lysates_of(plate, "positive_control")
        for pair in pairs_of(plate, curve, "positive_control", name)
    ]
    controls = (
        standards,
        *gates_of_curve(plate, curve),
        gate_no_template(plate, curve, list(reported.values())),
        gate_positive_control(plate, positives),
    )
    lysates = tuple(
        _activity(
            curve,
            name,
            pairs,
            positives,
            (*controls, gate_inhibition(plate, curve, name, pairs)),
        )
        for name, pairs in samples.items()
    )
    measurements = tuple(item for lysate in lysates for item in _measurements(curve, lysate, source))
    return TrapResult(curve=curve, lysates=lysates, measurements=measurements, controls=controls)


def _reported(pairs: Sequence[Pair]) -> Pair:
    """The largest amount within the standards, else the largest below them, else the smallest."""
    for band in ("within", "below"):
        for pair in pairs:
            if pair.band == band:
                return pair
    return pairs[-1]


def _activity(
    curve: StandardCurve,
    name: str,
    pairs: Sequence[Pair],
    positives: Sequence[Pair],
    controls: tuple[Control, ...],
) -> LysateActivity:
    pair = _reported(pairs)
    net_controls = (*controls, *gates_of_pair(curve, pair))
    verdict = _verdict(pair, net_controls)
    net = _estimate(curve, pair, None, pair.cells, AMOL_PER_CELL)
    relative, relative_cells, relative_controls = _relative(curve, pairs, positives)
    relative_controls = (*controls, *relative_controls)
    return LysateActivity(
        lysate=name,
        cells=pair.cells,
        relative_cells=relative_cells,
        verdict=verdict,
        heat_delta_cq=pair.heat_delta_cq,
        net_activity=_valid(net, net_controls),
        relative_activity=_valid(relative, relative_controls),
        controls=net_controls,
        relative_controls=relative_controls,
    )


def _valid(estimate: Estimate, controls: Sequence[Control]) -> Estimate:
    """The estimate, marked invalid where a control failed; its numbers stay for whoever looks for the cause."""
    return estimate if all(item.passed for item in controls) else replace(estimate, status="invalid")


def _relative(
    curve: StandardCurve, pairs: Sequence[Pair], positives: Sequence[Pair]
) -> tuple[Estimate, float | None, tuple[Control, ...]]:
    """Activity over that of the positive control at the largest amount of cells that both have, and that amount."""
    by_cells = {pair.cells: pair for pair in positives if pair.signal is not None and pair.resolved}
    shared = [pair for pair in pairs if pair.cells in by_cells]
    pair = _reported(shared) if shared else None
    equal = Control(
        name="trap.equal_cell_equivalents",
        passed=pair is not None,
        detail="sample and positive control share "
        + ("no quantified amount of cells" if pair is None else f"{pair.cells:g} cells"),
    )
    if pair is None:
        return _nothing(FRACTION), None, (equal,)
    positive = by_cells[pair.cells]
    of_positive = [
        replace(item, name=item.name.replace("trap.", "trap.positive_control."))
        for item in gates_of_pair(curve, positive)
    ]
    relative = _estimate(curve, pair, positive.signal, 1.0, FRACTION)
    return relative, pair.cells, (equal, *gates_of_pair(curve, pair), *of_positive)


def _verdict(pair: Pair, controls: Sequence[Control]) -> Verdict:
    if not all(control.passed for control in controls):
        return "INVALID"
    if pair.signal is None:
        return "NEGATIVE"
    return "POSITIVE" if pair.resolved else "INDETERMINATE"


def _estimate(
    curve: StandardCurve, pair: Pair, control: Signal | None, divisor: float, unit: str
) -> Estimate:
    """Net amount per `divisor`, or over `control`: measured, or a bound where it is not quantified."""
    level = rule("level")
    n_wells = int(pair.cq.size)

    def interval(signal: Signal) -> Interval:
        return (
            net_amount(curve, signal, level) if control is None else net_ratio(curve, signal, control, level)
        )

    def bound(test: Reading, status: Status) -> Estimate:
        found = interval(Signal(test=test, heat=None))
        high = None if found.high is None else found.high / divisor
        lod = found.estimate / divisor if status == "below_loq" else high
        return Estimate(
            estimate=None,
            low=None,
            high=high,
            unit=unit,
            level=level,
            method=_METHOD,
            n=n_wells,
            status=status,
            lod=lod,
        )

    if pair.band == "above":
        return replace(_nothing(unit), n=n_wells)
    if pair.signal is None:
        lowest = Reading(mean_cq=cq_at(curve, curve.lowest_amol), n_wells=n_wells)
        return bound(lowest, "below_loq")
    if not pair.resolved:
        return bound(pair.signal.test, "not_detected")
    found = interval(pair.signal)
    lowest_signal = Signal(test=Reading(mean_cq=cq_at(curve, curve.lowest_amol), n_wells=n_wells), heat=None)
    return Estimate(
        estimate=found.estimate / divisor,
        low=found.low / divisor,
        high=None if found.high is None else found.high / divisor,
        unit=unit,
        level=level,
        method=_METHOD,
        n=n_wells,
        lod=interval(lowest_signal).estimate / divisor,
    )


def _nothing(unit: str) -> Estimate:
    """An estimate without numbers of what could not be computed."""
    return Estimate(
        estimate=None,
        low=None,
        high=None,
        unit=unit,
        level=rule("level"),
        method=_METHOD,
        n=0,
        status="invalid",
    )


def _measurements(
    curve: StandardCurve, lysate: LysateActivity, source: str
) -> tuple[Measurement, Measurement]:
    facts = {
        "curve_efficiency": curve.efficiency,
        "curve_slope": curve.slope,
        "lowest_standard_amol": curve.lowest_amol,
    }
    if lysate.heat_delta_cq is not None:
        facts["heat_delta_cq"] = lysate.heat_delta_cq
    note = f"lysate {lysate.lysate}: {lysate.verdict}"
    return (
        Measurement(
            metric=NET_METRIC,
            estimate=lysate.net_activity,
            controls=lysate.controls,
            facts={**facts, "cells": lysate.cells},
            source=source,
            note=note,
        ),
        Measurement(
            metric=RELATIVE_METRIC,
            estimate=lysate.relative_activity,
            controls=lysate.relative_controls,
            facts=facts if lysate.relative_cells is None else {**facts, "cells": lysate.relative_cells},
            source=source,
            note=note + "; relative to the positive control at equal cell equivalents",
        ),
    )


def _without_curve(names: Sequence[str], controls: tuple[Control, ...], source: str) -> TrapResult:
    measurements = tuple(
        Measurement(
            metric=metric,
            estimate=_nothing(unit),
            controls=controls,
            source=source,
            note=f"lysate {name}: INVALID",
        )
        for name in names
        for metric, unit in ((NET_METRIC, AMOL_PER_CELL), (RELATIVE_METRIC, FRACTION))
    )
    return TrapResult(curve=None, lysates=(), measurements=measurements, controls=controls)
