"""Counts of gated events: percent positive net of a control, bounds for rare positives, detection limits."""

from __future__ import annotations

from math import sqrt

from scipy.optimize import brentq
from scipy.stats import beta

from genostab.assays.proportion import fraction_estimate, upper_bound, wilson_interval
from genostab.assays.settings import rule
from genostab.results import Estimate
from genostab.units import COUNT, FRACTION


def net_positive(positives: int, events: int, control_positives: int, control_events: int) -> Estimate:
    """Fraction of positive events less that of the control (FMO or isotype), with Newcombe's interval.

    Parameters
    ----------
    positives, events : int, stained sample
    control_positives, control_events : int, control gated alike

    Returns
    -------
    Estimate, fraction
        not_detected, with the upper limit as LOD, where the interval reaches 0

    Notes
    -----
    Newcombe 1998 method 10, doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I: with Wilson
    limits l, u of each, low = d - sqrt((p1-l1)^2 + (u2-p2)^2), high = d + sqrt((u1-p1)^2 + (p2-l2)^2).

    Examples
    --------
    >>> round(net_positive(120, 50000, 35, 50000).estimate, 6)
    0.0017
    """
    level = rule("level")
    p1, p2 = positives / events, control_positives / control_events
    low1, high1 = wilson_interval(positives, events, level)
    low2, high2 = wilson_interval(control_positives, control_events, level)
    low = p1 - p2 - sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2)
    high = p1 - p2 + sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2)
    seen = low > 0.0
    return Estimate(
        estimate=p1 - p2 if seen else None,
        low=low if seen else None,
        high=high,
        unit=FRACTION,
        level=level,
        method="Newcombe interval of the difference to the control",
        n=events,
        status="measured" if seen else "not_detected",
        lod=None if seen else high,
    )


def rare_positive(positives: int, events: int) -> Estimate:
    """Fraction of rare positive events with its exact one-sided upper bound as high.

    Parameters
    ----------
    positives, events : int, gated events

    Returns
    -------
    Estimate, fraction
        low is None: the bound is one-sided; no positive is not_detected with the bound as LOD

    Notes
    -----
    high = Beta(0.95; k + 1, N - k), research assays.md section 6.

    Examples
    --------
    >>> rare_positive(0, 300000).high
    9.985724387502285e-06
    """
    if positives == 0:
        return fraction_estimate(0, events)
    level = rule("level")
    return Estimate(
        estimate=positives / events,
        low=None,
        high=upper_bound(positives, events, level),
        unit=FRACTION,
        level=level,
        method="exact one-sided binomial bound",
        n=events,
    )


def events_needed(limit: float, positives: int) -> int:
    """Events in which `positives` still leave the exact one-sided upper bound at or below `limit`.

    Parameters
    ----------
    limit : float, fraction, 0..1 exclusive
    positives : int, expected positives

    Returns
    -------
    int, the smallest such number of events

    Examples
    --------
    >>> events_needed(0.0001, 0), events_needed(0.0001, 5)
    (29956, 105128)
    """
    level = rule("level")

    def excess(n: float) -> float:
        return float(beta.sf(limit, positives + 1, n - positives)) - (1.0 - level)

    # one event more than the positives is too few; the bound falls as 1 / n, so 100 (k + 3) / limit is too many
    root = brentq(excess, positives + 1e-9, 100.0 * (positives + 3) / limit, xtol=1e-6)
    n = max(int(root) - 1, positives + 1)
    while upper_bound(positives, n, level) > limit:
        n += 1
    return n


def detection_limits(background: float) -> tuple[Estimate, Estimate]:
    """Critical level and detection limit of counts over a Poisson background (Currie) [count].

    Parameters
    ----------
    background : float, mean count of blanks, >= 0, from as many events as the sample

    Returns
    -------
    critical : Estimate, net counts above which something is detected
    detection : Estimate, net counts that are detected with 95 % probability

    Notes
    -----
    Lc = 1.645 sqrt(2B), LD = 2.71 + 3.29 sqrt(2B): 5 % errors of both kinds (Currie 1968, doi
    10.1021/ac60259a007).

    Examples
    --------
    >>> critical, detection = detection_limits(3.5)
    >>> round(critical.estimate, 2), round(detection.estimate, 1)
    (4.35, 11.4)
    """
    spread = rule("currie.z") * sqrt(2.0 * background)

    def limit(value: float, method: str) -> Estimate:
        return Estimate(
            estimate=value, low=None, high=None, unit=COUNT, level=rule("level"), method=method, n=0
        )

    return (
        limit(spread, "Currie critical level"),
        limit(rule("currie.constant") + 2.0 * spread, "Currie detection limit"),
    )
