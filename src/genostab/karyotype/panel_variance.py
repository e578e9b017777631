"""Variances of many bins judged together: which are too large, and what each owes to the others."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, ndtri, polygamma

from genostab.arrays import Float64

_QUARTILE_SD = 0.6744897501960817  # of a Gaussian, from the median to the upper quartile
_MOST_DF = 1e6


def upper_limit(values: Float64) -> float:
    """Where fewer than one of so many values would lie if all were like the middle half of them.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)

    Notes
    -----
    median + z (upper quartile - median) / 0.674, with z the Gaussian deviate whose upper tail is 1 / n.

    Examples
    --------
    >>> round(upper_limit(np.linspace(-1.0, 1.0, 1000)), 2)
    2.29
    """
    if values.size < 4:
        return math.inf
    middle, upper = np.quantile(values, (0.5, 0.75))
    return float(middle + -ndtri(1.0 / values.size) * (upper - middle) / _QUARTILE_SD)


def shrunk_ratio(ratio: Float64, df: int) -> Float64:
    """Variances of bins over what is expected of them, shrunk towards what bins have in common.

    Parameters
    ----------
    ratio : ndarray of float64, shape (n_bins,), mean squares over their expectation
    df : int, degrees of freedom of each, >= 1

    Returns
    -------
    ndarray of float64, shape (n_bins,)

    Notes
    -----
    Empirical Bayes of scaled inverse chi-square variances (Smyth 2004, doi 10.2202/1544-6115.1027, eq. 7 to 10):
    (d0 r0 + df r) / (d0 + df), where log r has variance trigamma(df / 2) + trigamma(d0 / 2); its location and spread
    are taken as median and quartiles, so that the bins to be masked do not widen it.
    """
    z = np.log(np.maximum(ratio, 1e-12))
    low, middle, high = np.quantile(z, (0.25, 0.5, 0.75))
    own = float(polygamma(1, 0.5 * df))
    extra = ((high - low) / (2.0 * _QUARTILE_SD)) ** 2 - own
    d0 = _inverse_trigamma(extra)
    r0 = math.exp(middle - _log_mean_gap(df) + _log_mean_gap(d0))
    shrunk: Float64 = (d0 * r0 + df * ratio) / (d0 + df)
    return shrunk


def _log_mean_gap(df: float) -> float:
    """Mean of the log of a chi-square over its degrees of freedom."""
    return float(digamma(0.5 * df)) - math.log(0.5 * df)


def _inverse_trigamma(value: float) -> float:
    """Degrees of freedom d with trigamma(d / 2) = value, as many as count where there is no such excess."""
    most = float(polygamma(1, 0.5 * _MOST_DF))
    if value <= most:
        return _MOST_DF
    least = 1e-3
    if value >= float(polygamma(1, 0.5 * least)):
        return least
    return math.exp(
        brentq(lambda x: float(polygamma(1, 0.5 * math.exp(x))) - value, math.log(least), math.log(_MOST_DF))
    )
