"""Proportions of counted cells, with intervals that hold for few and for no positives."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.stats import beta, norm

from genostab.assays.settings import rule
from genostab.results import Estimate
from genostab.units import FRACTION


def exact_interval(k: float, n: int, level: float) -> tuple[float, float]:
    """Clopper-Pearson interval of k positives of n.

    Notes
    -----
    low = Beta(alpha/2; k, n-k+1), high = Beta(1-alpha/2; k+1, n-k); 0 and 1 at the ends. Clopper and Pearson 1934,
    doi 10.1093/biomet/26.4.404.

    Examples
    --------
    >>> low, high = exact_interval(0, 65, 0.95)
    >>> low, round(high, 12)
    (0.0, 0.055171634319)
    """
    tail = (1.0 - level) / 2.0
    low = 0.0 if k <= 0 else float(beta.ppf(tail, k, n - k + 1))
    high = 1.0 if k >= n else float(beta.ppf(1.0 - tail, k + 1, n - k))
    return low, high


def upper_bound(k: float, n: int, level: float) -> float:
    """Exact one-sided upper bound of k positives of n: Beta(level; k+1, n-k).

    Examples
    --------
    >>> round(upper_bound(0, 65, 0.95), 12)
    0.045042258123
    """
    return 1.0 if k >= n else float(beta.ppf(level, k + 1, n - k))


def wilson_interval(k: int, n: int, level: float) -> tuple[float, float]:
    """Wilson score interval of k positives of n.

    Notes
    -----
    (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n); exactly 0 at k = 0 and 1 at k = n. Wilson 1927,
    doi 10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> [round(limit, 12) for limit in wilson_interval(187, 200, 0.95)]
    [0.891980920701, 0.961623645351]
    """
    z = float(norm.ppf(0.5 + level / 2.0))
    p = k / n
    centre = p + z * z / (2 * n)
    reach = z * float(np.sqrt(p * (1.0 - p) / n + z * z / (4 * n * n)))
    scale = 1.0 + z * z / n
    low = 0.0 if k == 0 else (centre - reach) / scale
    high = 1.0 if k == n else (centre + reach) / scale
    return low, high


def fraction_estimate(k: float, n: int, *, interval: Literal["exact", "wilson"] = "exact") -> Estimate:
    """Fraction k / n with its interval; no positive is "not detected" with its one-sided bound.

    Parameters
    ----------
    k : float, positives, 0..n; not whole where it comes from a rounded percentage
    n : int, counted, > 0
    interval : "exact" (Clopper-Pearson) or "wilson"

    Returns
    -------
    Estimate, fraction
        k = 0: status not_detected, high and lod the exact one-sided upper bound; k = n: low is the exact one-sided
        lower bound

    Examples
    --------
    >>> none = fraction_estimate(0, 20)
    >>> none.status, none.estimate, round(none.high, 3)
    ('not_detected', None, 0.139)
    """
    level = rule("level")
    if k <= 0:
        bound = upper_bound(0, n, level)
        return Estimate(
            estimate=None,
            low=None,
            high=bound,
            unit=FRACTION,
            level=level,
            method="exact one-sided binomial bound",
            n=n,
            status="not_detected",
            lod=bound,
        )
    if k >= n:
        low, high, method = 1.0 - upper_bound(0, n, level), 1.0, "exact one-sided binomial bound"
    elif interval == "wilson":
        (low, high), method = wilson_interval(int(k), n, level), "Wilson score interval"
    else:
        (low, high), method = exact_interval(k, n, level), "Clopper-Pearson exact interval"
    return Estimate(estimate=k / n, low=low, high=high, unit=FRACTION, level=level, method=method, n=n)


def smallest_excluded_fraction(n: int, needed: int, confidence: float) -> float | None:
    """Smallest cell fraction that shows at least `needed` cells among n with probability `confidence`.

    Returns
    -------
    float, 0..1; None where n < needed: no fraction is excluded

    Notes
    -----
    Solves P(Binomial(n, f) >= needed) = confidence: f = Beta(confidence; needed, n - needed + 1).

    Examples
    --------
    >>> [round(100 * smallest_excluded_fraction(20, k, 0.95), 1) for k in (1, 2, 3)]
    [13.9, 21.6, 28.3]
    """
    return None if n < needed else float(beta.ppf(confidence, needed, n - needed + 1))
