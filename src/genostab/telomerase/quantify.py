"""Net telomerase products of a lysate, and their ratio to a control lysate, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from sys import float_info

import numpy as np

from genostab.telomerase.curve import Reading, StandardCurve, log10_limits, read_log10


@dataclass(frozen=True, kw_only=True)
class Signal:
    """Readings of a lysate and of its heat-treated pair; `heat` is None where it is below the lowest standard."""

    test: Reading
    heat: Reading | None


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimate with its limits; high is None where nothing bounds it."""

    estimate: float
    low: float
    high: float | None


# a lysate, +1 or -1 for numerator or denominator, and the amount [amol] taken for a heat pair that is not read
_Term = tuple[Signal, int, float]


def net_amount(curve: StandardCurve, signal: Signal, level: float) -> Interval:
    """Amount of a lysate less that of its heat-treated pair [amol].

    Parameters
    ----------
    curve : StandardCurve
    signal : Signal
    level : float, coverage, 0..1

    Returns
    -------
    Interval, amol

    Notes
    -----
    q_net = q_S - q_H, interval by the delta method on log10 q_net with the covariance of `read_log10`. A heat pair
    below the lowest standard is not extrapolated: the estimate and the upper limit subtract nothing, the lower
    limit subtracts the lowest standard (0 where that leaves nothing). The interval thus covers every heat amount
    that the pair allows.
    """
    return _interval(curve, signal, None, level)


def net_ratio(curve: StandardCurve, sample: Signal, control: Signal, level: float) -> Interval:
    """Net amount of a sample over that of a control lysate of equal cell equivalents.

    Parameters
    ----------
    curve : StandardCurve
    sample, control : Signal
    level : float, coverage, 0..1

    Returns
    -------
    Interval, fraction (1 = as active as the control)

    Notes
    -----
    As `net_amount`; the upper limit subtracts the lowest standard from the control where its heat pair is below it,
    the lower limit from the sample.
    """
    return _interval(curve, sample, control, level)


def _interval(curve: StandardCurve, sample: Signal, control: Signal | None, level: float) -> Interval:
    def limits(sample_heat: float, control_heat: float) -> tuple[float, float, float] | None:
        terms = [(sample, 1, sample_heat)]
        terms += [] if control is None else [(control, -1, control_heat)]
        contrast = _log10_contrast(curve, terms)
        if contrast is None:
            return None
        low, high = log10_limits(curve, *contrast, level)
        return contrast[0], low, high

    bound = curve.lowest_amol
    middle, lowest, highest = limits(0.0, 0.0), limits(bound, 0.0), limits(0.0, bound)
    if middle is None:
        raise ValueError("a heat-treated pair reads at least as much as its lysate")
    return Interval(
        estimate=10.0 ** middle[0],
        low=0.0 if lowest is None else 10.0 ** lowest[1],
        high=None if highest is None or highest[2] >= float_info.max_10_exp else 10.0 ** highest[2],
    )


def _log10_contrast(curve: StandardCurve, terms: Sequence[_Term]) -> tuple[float, float] | None:
    """Sum of +-log10 net amounts and its variance; None where a net amount is not above 0."""
    pairs = [(signal.test,) if signal.heat is None else (signal.test, signal.heat) for signal, _, _ in terms]
    log10_amount, covariance = read_log10(curve, [reading for pair in pairs for reading in pair])
    amounts = iter(10.0**log10_amount)
    total, gradient = 0.0, []
    for signal, sign, known_heat in terms:
        test = next(amounts)
        heat = known_heat if signal.heat is None else next(amounts)
        net = test - heat
        if net <= 0.0:
            return None
        total += sign * float(np.log10(net))
        # d log10(test - heat) / d log10(test) = test / net, and -heat / net for log10(heat)
        gradient += [sign * test / net] + [-sign * heat / net] * (signal.heat is not None)
    slope = np.array(gradient)
    return total, float(slope @ covariance @ slope)
