"""Stated results as measurements: numbers with the interval that their n gives, text as text, nothing invented."""

from __future__ import annotations

import re
from dataclasses import replace

from genostab.arrays import Observations
from genostab.assays.proportion import fraction_estimate
from genostab.assays.settings import rule, words
from genostab.errors import GenostabError, GenostabErrors, InputError
from genostab.results import Estimate, Measurement, Status
from genostab.units import CATEGORY, FRACTION, normalise_unit

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_STATED = re.compile(rf"(<=|>=|<|>|≤|≥)?\s*({_NUMBER})")
_WITH_UNIT = re.compile(rf"({_NUMBER})\s*([^0-9\s<>].*)?")
_LOOKS_NUMERIC = re.compile(r"[<>≤≥=~±]|[+-]?\.?[0-9]")


class _CellError(Exception):
    """One wrong cell of a row: column, found, expected, action."""

    def __init__(self, column: str, found: str, expected: str, action: str) -> None:
        super().__init__(column)
        self.column, self.found, self.expected, self.action = column, found, expected, action


def measure_observations(observations: Observations) -> tuple[Measurement, ...]:
    """One measurement per stated result.

    Parameters
    ----------
    observations : Observations

    Returns
    -------
    tuple of Measurement, shape (n_rows,)
        a percentage becomes a fraction; with n it has an exact binomial interval; ``<x``, ``not detected``,
        ``negative``, a zero or a value under the stated LOD have status not_detected with the LOD; text stays text

    Raises
    ------
    GenostabErrors
        GS-2202 for each wrong cell, with file, line and column

    Notes
    -----
    The number of positives is value x n, not rounded. With no positive, the LOD is the larger of the stated one and
    the exact one-sided bound of n. A number of another unit has no interval: n is only stated.
    """
    measurements = []
    problems: list[GenostabError] = []
    for row in range(len(observations.line)):
        try:
            measurements.append(_measure(observations, row))
        except _CellError as wrong:
            problems.append(
                InputError(
                    "GS-2202",
                    what="a value in a table is wrong",
                    where=f"{observations.path}:{observations.line[row]}:{wrong.column}",
                    found=wrong.found,
                    expected=wrong.expected,
                    action=wrong.action,
                )
            )
    if problems:
        raise GenostabErrors(problems)
    return tuple(measurements)


def _measure(observations: Observations, row: int) -> Measurement:
    value, unit = observations.value[row].strip(), observations.unit[row].strip()
    n = _n(observations.n[row].strip())
    lod, unit = _lod(observations.lod[row].strip(), unit)
    method = observations.method[row].strip() or "stated without method"
    text: str | None = None
    estimate: Estimate | None = None
    category = unit.casefold() == CATEGORY
    match = None if category else _STATED.fullmatch(value)
    if match:
        estimate = _numeric(match[1] or "", match[2], unit, n, lod)
    elif value.casefold() in words("not_detected"):
        text = value.casefold()
        estimate = _not_detected(normalise_unit(0.0, unit)[1], n, lod)
    elif _LOOKS_NUMERIC.match(value) and not category:
        raise _CellError(
            "value", value, "a number with a decimal point, or words", "put unit and remarks in their columns"
        )
    else:
        text = value
    stated = {name: getattr(observations, name)[row] for name in ("lab", "operator", "date", "evidence_file")}
    return Measurement(
        metric=observations.attribute[row].strip(),
        estimate=None if estimate is None else replace(estimate, method=f"{method}; {estimate.method}"),
        text=text,
        source=f"{observations.path}:{observations.line[row]}",
        note="; ".join([f"method {method}"] + [f"{key} {item}" for key, item in stated.items() if item]),
    )


def _numeric(sign: str, digits: str, unit: str, n: int, lod: float | None) -> Estimate:
    if not unit:
        raise _CellError(
            "unit", "an empty cell", "a unit for the number", "state the unit, e.g. %, cells or EU/mL"
        )
    value, unit = normalise_unit(float(digits), unit)
    if value < 0.0 and unit not in words("may_be_negative"):
        raise _CellError("value", digits, f"no negative {unit}", "correct the value")
    if unit == FRACTION and value > 1.0:
        raise _CellError("value", digits, "a fraction up to 1, or up to 100 %", "correct value or unit")
    if sign in ("<", "<=", "≤"):
        return _not_detected(unit, n, value if lod is None else max(value, lod))
    if sign:
        return _stated(None, unit, n, lod, low=value)
    if value == 0.0 and unit not in words("zero_is_a_value"):
        return _not_detected(unit, n, lod)
    if lod is not None and value < lod and unit not in words("may_be_negative"):
        return _not_detected(unit, n, lod)
    if unit == FRACTION and n:
        if value * n < 1.0 - 1e-9:
            raise _CellError("n", str(n), f"an n of which {digits} is at least one", "correct value or n")
        return replace(fraction_estimate(value * n, n), estimate=value, lod=lod)
    return _stated(value, unit, n, lod)


def _not_detected(unit: str, n: int, lod: float | None) -> Estimate:
    """Nothing found: the bound is the stated LOD or, for a fraction with n, the exact one if that is larger."""
    method = "as stated"
    if unit == FRACTION and n:
        bound = fraction_estimate(0, n)
        lod = max(bound.lod or 0.0, lod or 0.0)
        method = bound.method
    return replace(_stated(None, unit, n, lod, high=lod, status="not_detected"), method=method)


def _stated(
    value: float | None,
    unit: str,
    n: int,
    lod: float | None,
    *,
    low: float | None = None,
    high: float | None = None,
    status: Status = "measured",
) -> Estimate:
    return Estimate(
        estimate=value,
        low=low,
        high=high,
        unit=unit,
        level=rule("level"),
        method="as stated",
        n=n,
        status=status,
        lod=lod,
    )


def _n(text: str) -> int:
    if not text:
        return 0
    if not re.fullmatch(r"[0-9]{1,15}", text) or int(text) < 1:
        raise _CellError("n", text, "a whole number above 0", "correct n or leave it empty")
    return int(text)


def _lod(text: str, unit: str) -> tuple[float | None, str]:
    """The LOD in the unit kept in memory, and the unit: that of the LOD where the row states no other."""
    if not text:
        return None, unit
    match = _WITH_UNIT.fullmatch(text.lstrip("<≤= "))
    if match is None or float(match[1]) <= 0.0:
        raise _CellError(
            "lod", text, "a number above 0, with or without a unit", "correct the limit of detection"
        )
    own = (match[2] or unit).strip()
    lod, kept = normalise_unit(float(match[1]), own)
    if unit and normalise_unit(0.0, unit)[1] != kept:
        raise _CellError(
            "lod", text, f"a limit of detection in {unit}", "state value and limit in the same unit"
        )
    return lod, unit or own
