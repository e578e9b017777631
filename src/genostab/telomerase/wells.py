"""Wells of a TRAP plate put together: standards that can be used, and each lysate with its heat-treated pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from genostab.arrays import Bool, Float64, Plate
from genostab.telomerase.curve import Reading, StandardCurve
from genostab.telomerase.quantify import Signal
from genostab.telomerase.settings import rule

Band = Literal["absent", "below", "within", "above"]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One lysate at one amount of cells: Cq of its wells and of its heat-treated wells, NaN where undetermined.

    band, heat_band : where their mean reads against the standards; signal : readings, where the test is within
    heat_delta_cq : heat-treated minus test, cycles, None where either has no Cq
    """

    cells: float
    cq: Float64
    heat_cq: Float64
    band: Band
    heat_band: Band
    heat_delta_cq: float | None
    signal: Signal | None

    @property
    def resolved(self) -> bool:
        """True where the heat-treated pair lies far enough below the test to be subtracted."""
        if self.heat_band in ("below", "absent") or self.heat_delta_cq is None:
            return True
        return self.heat_delta_cq >= rule("heat_margin")


def wells_of(plate: Plate, role: str, lysate: str | None = None, cells: float | None = None) -> Bool:
    """Mask of the wells with this role and, if stated, lysate and cell equivalents; shape (n_wells,)."""
    mask = np.array([name == role for name in plate.role], dtype=np.bool_)
    if lysate is not None:
        mask &= np.array([name == lysate for name in plate.lysate], dtype=np.bool_)
    return mask if cells is None else mask & (plate.cells == cells)


def lysates_of(plate: Plate, role: str) -> tuple[str, ...]:
    """Names of the lysates with this role, in plate order."""
    return tuple(
        dict.fromkeys(name for name, own in zip(plate.lysate, plate.role, strict=True) if own == role)
    )


def usable_standards(plate: Plate) -> tuple[Bool, tuple[float, ...], tuple[float, ...]]:
    """Mask of the standard wells that make the curve, the amounts used, and the amounts left out [amol].

    An amount is used where it has enough replicates and all of them have a Cq: half a level would bias the line.
    """
    standard = wells_of(plate, "standard")
    used = np.zeros(standard.size, dtype=np.bool_)
    kept, dropped = [], []
    for amount in np.unique(plate.amount_amol[standard]):
        level = standard & (plate.amount_amol == amount)
        if level.sum() >= rule("replicates_min") and np.isfinite(plate.cq[level]).all():
            used |= level
            kept.append(float(amount))
        else:
            dropped.append(float(amount))
    return used, tuple(kept), tuple(dropped)


def pairs_of(plate: Plate, curve: StandardCurve, role: str, lysate: str) -> tuple[Pair, ...]:
    """Every amount of one lysate with its heat-treated pair, from most to fewest cells."""
    amounts = np.unique(plate.cells[wells_of(plate, role, lysate)])[::-1]
    return tuple(_pair(plate, curve, role, lysate, float(cells)) for cells in amounts)


def reading_of(cq: Float64) -> Reading | None:
    """Mean Cq of the wells that have one, None where none has."""
    known = cq[np.isfinite(cq)]
    return Reading(mean_cq=float(known.mean()), n_wells=int(known.size)) if known.size else None


def _pair(plate: Plate, curve: StandardCurve, role: str, lysate: str, cells: float) -> Pair:
    cq = plate.cq[wells_of(plate, role, lysate, cells)]
    heat_cq = plate.cq[wells_of(plate, "heat_treated", lysate, cells)]
    test, heat = reading_of(cq), reading_of(heat_cq)
    band, heat_band = _band(curve, cq), _band(curve, heat_cq)
    signal = None
    if test is not None and band == "within":
        signal = Signal(test=test, heat=None if heat_band in ("below", "absent") else heat)
    return Pair(
        cells=cells,
        cq=cq,
        heat_cq=heat_cq,
        band=band,
        heat_band=heat_band,
        heat_delta_cq=None if test is None or heat is None else heat.mean_cq - test.mean_cq,
        signal=signal,
    )


def _band(curve: StandardCurve, cq: Float64) -> Band:
    """Where the mean of the wells reads; no Cq in any well is below the lowest standard."""
    if not cq.size:
        return "absent"
    reading = reading_of(cq)
    if reading is None:
        return "below"
    log10_amount = (reading.mean_cq - curve.intercept) / curve.slope
    if log10_amount < np.log10(curve.lowest_amol):
        return "below"
    return "above" if log10_amount > np.log10(curve.highest_amol) else "within"
