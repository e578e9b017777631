"""Exact limits of binomial fractions and Poisson means, with and without a known background."""

from __future__ import annotations

import math

from scipy import special
from scipy.optimize import brentq


def binomial_upper(positives: int, tested: float, level: float) -> float:
    """One-sided exact upper limit of a fraction.

    Notes
    -----
    Clopper and Pearson 1934: the `level` quantile of Beta(k + 1, n - k). With k = 0 it is 1 - (1 - level)^(1/n).

    Examples
    --------
    >>> round(binomial_upper(0, 10, 0.95), 12)
    0.258865550893
    """
    if positives >= tested:
        return 1.0
    return float(special.betaincinv(positives + 1.0, tested - positives, level))


def binomial_interval(positives: int, tested: float, level: float) -> tuple[float, float]:
    """Two-sided exact (Clopper-Pearson) interval of a fraction."""
    tail = (1.0 - level) / 2.0
    low = 0.0 if positives == 0 else float(special.betaincinv(positives, tested - positives + 1.0, tail))
    return low, binomial_upper(positives, tested, 1.0 - tail)


def poisson_lower(count: float, level: float) -> float:
    """One-sided exact lower limit of a Poisson mean; 0 for a count of 0."""
    return float(special.gammaincinv(count, 1.0 - level)) if count > 0.0 else 0.0


def poisson_upper(count: float, level: float) -> float:
    """One-sided exact upper limit of a Poisson mean: the `level` quantile of Gamma(count + 1).

    Examples
    --------
    >>> round(poisson_upper(0, 0.95), 12)
    2.995732273554
    """
    return float(special.gammaincinv(count + 1.0, level))


def signal_upper(count: int, background: float, level: float) -> float:
    """One-sided upper limit of a Poisson signal on top of a known background mean.

    Never below -ln(1 - level), however far the count lies below its background.

    Notes
    -----
    The signal s at which P(X <= k | s + B) / P(X <= k | B) = 1 - level (Helene 1983, doi
    10.1016/0167-5087(83)90021-3; the CLs rule); coverage is at least `level`. Where the background makes the count
    all but impossible it is not subtracted.
    """
    unsubtracted = poisson_upper(count, level)
    possible = float(special.gammaincc(count + 1.0, background))
    if background == 0.0 or possible < 1e-280:
        return unsubtracted

    def excess(signal: float) -> float:
        return float(special.gammaincc(count + 1.0, signal + background)) / possible - (1.0 - level)

    return float(brentq(excess, 0.0, unsubtracted, xtol=1e-12, rtol=1e-14)) if count else unsubtracted


def count_is_detected(count: int, background: float, level: float) -> bool:
    """Whether at least `count` events have a probability of at most 1 - level under the background alone."""
    return count > 0 and float(special.gammainc(count, background)) <= 1.0 - level


def signal_lod(background: float, level: float) -> float:
    """Poisson signal that is detected with probability `level` at a false-positive rate of at most 1 - level.

    Notes
    -----
    Currie 1968 (doi 10.1021/ac60259a007) with exact Poisson tails; -ln(1 - level) without background.

    Examples
    --------
    >>> round(signal_lod(0.0, 0.95), 12)
    2.995732273554
    """
    critical = 1 + max(0, math.floor(background))
    while not count_is_detected(critical, background, level):
        critical += 1
    return float(special.gammaincinv(critical, level)) - background


def chance_of_at_most(count: int, mean: float) -> float:
    """P(X <= count) of a Poisson mean."""
    return float(special.gammaincc(count + 1.0, mean))
