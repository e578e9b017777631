"""Unit names and converters. In memory fractions are 0..1 and intervals 0-based half-open."""

from __future__ import annotations

FRACTION = "fraction"
CELLS = "cells"
COUNT = "count"
COPIES = "copies"
BASE_PAIR = "bp"
LOG2_RATIO = "log2"
AMOL = "amol"
EU_PER_ML = "EU/mL"
EU_PER_KG = "EU/kg"
HOURS = "h"
CYCLES = "cycles"
CATEGORY = "category"

_PERCENT_NAMES = frozenset({"%", "percent", "pct"})


def fraction_from_percent(percent: float) -> float:
    """Percent as a fraction 0..1.

    Examples
    --------
    >>> fraction_from_percent(12.5)
    0.125
    """
    return percent / 100.0


def percent_from_fraction(fraction: float) -> float:
    """Fraction 0..1 as percent.

    Examples
    --------
    >>> percent_from_fraction(0.125)
    12.5
    """
    return fraction * 100.0


def normalise_unit(value: float, unit: str) -> tuple[float, str]:
    """A stated value in the unit that is kept in memory: percent becomes a fraction, the rest stays.

    Examples
    --------
    >>> normalise_unit(95.0, "%")
    (0.95, 'fraction')
    >>> normalise_unit(0.5, "EU/mL")
    (0.5, 'EU/mL')
    """
    if unit.strip().lower() in _PERCENT_NAMES:
        return fraction_from_percent(value), FRACTION
    return value, unit
