"""Acceptance rules of a TRAP plate and of each lysate, as controls: value against limit, with the limit's source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genostab.arrays import Float64, Plate
from genostab.results import Control
from genostab.telomerase.curve import StandardCurve, cq_at
from genostab.telomerase.settings import load_rules, rule
from genostab.telomerase.wells import Pair, lysates_of, reading_of, usable_standards, wells_of


def _control(name: str, passed: bool, detail: str, *rules: str) -> Control:
    sources = "; ".join(dict.fromkeys(load_rules()[key].source for key in rules))
    return Control(
        name=f"trap.{name}", passed=bool(passed), detail=f"{detail} ({sources})" if sources else detail
    )


def gate_standards(plate: Plate) -> Control:
    """Enough levels with enough replicates, and no undetermined well among the levels above the lowest used."""
    _, kept, dropped = usable_standards(plate)
    holes = [amount for amount in dropped if kept and amount > min(kept)]
    need, wells = int(rule("standard_levels_min")), int(rule("replicates_min"))
    detail = f"{len(kept)} levels with every replicate determined, limit {need} levels of {wells} wells"
    if dropped:
        detail += "; left out: " + ", ".join(f"{amount:g} amol" for amount in dropped)
    return _control(
        "standards", len(kept) >= need and not holes, detail, "standard_levels_min", "replicates_min"
    )


def gates_of_curve(plate: Plate, curve: StandardCurve) -> tuple[Control, ...]:
    """Efficiency, linearity and replicate scatter of the standards."""
    low, high, r_squared = rule("efficiency_min"), rule("efficiency_max"), rule("r_squared_min")
    used, kept, _ = usable_standards(plate)
    levels = [(amount, plate.cq[used & (plate.amount_amol == amount)]) for amount in kept]
    return (
        _control(
            "efficiency",
            low <= curve.efficiency <= high,
            f"{100 * curve.efficiency:.1f} %, limit {100 * low:.0f} to {100 * high:.0f} %",
            "efficiency_min",
        ),
        _control(
            "r_squared",
            curve.r_squared >= r_squared,
            f"{curve.r_squared:.4f}, limit at least {r_squared:g}",
            "r_squared_min",
        ),
        _scatter("standard_replicate_sd", curve, levels),
    )


def gate_no_template(plate: Plate, curve: StandardCurve, reported: Sequence[Pair]) -> Control:
    """Wells without template have no Cq, or one later by a margin than the weakest reported lysate."""
    weakest = max(
        (
            pair.signal.test.mean_cq if pair.signal is not None else cq_at(curve, curve.lowest_amol)
            for pair in reported
        ),
        default=cq_at(curve, curve.lowest_amol),
    )
    limit = weakest + rule("no_template_margin")
    blank = wells_of(plate, "no_template") | wells_of(plate, "lysis_buffer")
    cq = plate.cq[blank]
    known = cq[np.isfinite(cq)]
    if not wells_of(plate, "no_template").any():
        return _control("no_template", False, "no well with role no_template", "no_template_margin")
    earliest = f"earliest Cq {known.min():.2f}" if known.size else "no Cq"
    return _control(
        "no_template",
        not known.size or float(known.min()) >= limit,
        f"{earliest} in {cq.size} wells, limit none before {limit:.2f}",
        "no_template_margin",
    )


def gate_positive_control(plate: Plate, pairs: Sequence[Pair]) -> Control:
    """One positive-control lysate, within the curve and above its heat-treated pair."""
    names = lysates_of(plate, "positive_control")
    good = [pair for pair in pairs if pair.signal is not None and pair.heat_cq.size and pair.resolved]
    detail = f"lysates {', '.join(names) or 'none'}; {len(good)} of {len(pairs)} amounts quantified"
    return _control(
        "positive_control", len(names) == 1 and bool(good), detail + ", limit one lysate, one amount"
    )


def gates_of_pair(curve: StandardCurve, pair: Pair) -> tuple[Control, ...]:
    """Acceptance of one amount of a lysate with its heat-treated pair."""
    low, high = rule("cells_min"), rule("cells_max")
    wells = int(rule("replicates_min"))
    mixed = [
        name
        for name, cq, band in (("test", pair.cq, pair.band), ("heat-treated", pair.heat_cq, pair.heat_band))
        if band != "below" and np.isnan(cq).any()
    ]
    read_wells = [(None, pair.cq)] if pair.band != "below" else []
    read_wells += [(None, pair.heat_cq)] if pair.heat_band in ("within", "above") else []
    return (
        _gate_heat(pair),
        _control(
            "replicates",
            min(pair.cq.size, pair.heat_cq.size) >= wells and not mixed,
            f"{pair.cq.size} test and {pair.heat_cq.size} heat-treated wells, limit {wells} each"
            + "".join(f"; a {name} well has no Cq" for name in mixed),
            "replicates_min",
        ),
        _scatter("replicate_sd", curve, read_wells),
        _control(
            "within_curve",
            pair.band != "above",
            f"mean reads {pair.band} the standards, {curve.lowest_amol:g} to {curve.highest_amol:g} amol; "
            "dilute where it is above",
        ),
        _control(
            "cell_equivalents",
            low <= pair.cells <= high,
            f"{pair.cells:g} cells, limit {low:g} to {high:g}",
            "cells_min",
        ),
    )


def gate_inhibition(plate: Plate, curve: StandardCurve, lysate: str, pairs: Sequence[Pair]) -> Control:
    """An internal control that is not delayed, or a dilution series that is linear: else a low result means nothing."""
    own = reading_of(plate.cq[wells_of(plate, "internal_control", lysate)])
    buffer = reading_of(plate.cq[wells_of(plate, "internal_control", "")])
    tested, passed = [], True
    if wells_of(plate, "internal_control", lysate).any():
        shift = np.inf if own is None or buffer is None else own.mean_cq - buffer.mean_cq
        passed &= bool(shift <= rule("inhibition_shift_max"))
        found = "no Cq in lysate or buffer" if np.isinf(shift) else f"{shift:+.2f} cycles against buffer"
        tested.append(f"internal control {found}, limit {rule('inhibition_shift_max'):g}")
    slope = _dilution_slope(curve, pairs)
    if slope is not None:
        low, high = rule("linearity_slope_min"), rule("linearity_slope_max")
        passed &= low <= slope <= high
        tested.append(f"dilution series with log-log slope {slope:.2f}, limit {low:g} to {high:g}")
    if not tested:
        passed = False
        tested.append(f"no internal control, fewer than {rule('linearity_amounts_min'):g} amounts quantified")
    return _control("inhibition", passed, "; ".join(tested), "inhibition_shift_max", "linearity_slope_min")


def _gate_heat(pair: Pair) -> Control:
    if not pair.heat_cq.size:
        return _control("heat_pair", False, f"no heat-treated wells with {pair.cells:g} cells", "heat_margin")
    inverted = pair.band == "below" and pair.heat_band != "below"
    if pair.heat_delta_cq is None:
        found = "no Cq in the heat-treated or in the test wells"
    else:
        found = f"heat-treated {pair.heat_delta_cq:+.2f} cycles after the test"
    return _control("heat_pair", not inverted, f"{found}; heat-treated reads {pair.heat_band} the standards")


def _scatter(name: str, curve: StandardCurve, groups: Sequence[tuple[float | None, Float64]]) -> Control:
    """Standard deviation of Cq within each group against its limit, wider near the lowest standard."""
    near = curve.lowest_amol * rule("near_lloq_fold")
    worst, passed = 0.0, True
    for amount_amol, cq in groups:
        known = cq[np.isfinite(cq)]
        if known.size < 2:
            continue
        amount = amount_amol or 10.0 ** ((float(known.mean()) - curve.intercept) / curve.slope)
        limit = rule("replicate_sd_max_near_lloq") if amount < near else rule("replicate_sd_max")
        sd = float(known.std(ddof=1))
        worst, passed = max(worst, sd), passed and sd <= limit
    limits = f"{rule('replicate_sd_max'):g}, {rule('replicate_sd_max_near_lloq'):g} below {near:g} amol"
    return _control(name, passed, f"largest SD {worst:.3f} cycles, limit {limits}", "replicate_sd_max")


def _dilution_slope(curve: StandardCurve, pairs: Sequence[Pair]) -> float | None:
    """Slope of log10 amount on log10 cells; 0 where more cells fall below the standards than fewer do."""
    read = [(pair.cells, pair.signal.test.mean_cq) for pair in pairs if pair.signal is not None]
    if read and any(pair.band == "below" and pair.cells > min(read)[0] for pair in pairs):
        return 0.0
    if len(read) < rule("linearity_amounts_min"):
        return None
    x = np.log10([cells for cells, _ in read])
    y = (np.array([cq for _, cq in read]) - curve.intercept) / curve.slope
    return float((x - x.mean()) @ (y - y.mean()) / ((x - x.mean()) @ (x - x.mean())))
