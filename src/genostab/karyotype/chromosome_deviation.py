"""How many standard deviations a count lies from its expectation, and what lies so many of them away."""

from __future__ import annotations

import numpy as np

from genostab.arrays import Float64

_NEWTON_STEPS = 5  # reach 1e-5 standard deviations wherever the relative noise is below 1
_LEAST = 1e-9


def count_deviation(n: Float64, expected: Float64, dispersion: Float64) -> Float64:
    """Signed root of the likelihood ratio of a count against its expectation.

    Parameters
    ----------
    n : float64, any shape, count >= 0
    expected : float64, same shape, > 0
    dispersion : float64, same shape, variance of the logarithm of the expectation, > 0

    Returns
    -------
    float64, same shape; standard normal where n is negative binomial with this mean and variance m + dispersion m^2

    Notes
    -----
    D = 2 [n ln(n/m) - (n + 1/v) ln((1 + v n)/(1 + v m))], McCullagh and Nelder 1989, Generalized Linear Models,
    section 11.2; sign(n - m) sqrt(D). O(1) per count.

    Examples
    --------
    >>> one = np.ones(1)
    >>> round(float(count_deviation(50.0 * one, 26.0 * one, 1e-9 * one)[0]), 2)  # Poisson: sqrt(2 (50 ln(50/26) - 24))
    4.17
    """
    difference = n - expected
    ratio = np.divide(n, expected, out=np.ones_like(difference), where=n > 0)
    spread = np.log1p(dispersion * difference / (1.0 + dispersion * expected))
    deviance = 2.0 * (n * np.log(ratio) - (n + 1.0 / dispersion) * spread)
    root: Float64 = np.sign(difference) * np.sqrt(np.maximum(deviance, 0.0))
    return root


def count_at(expected: Float64, dispersion: Float64, z: Float64) -> Float64:
    """The count whose `count_deviation` is z; NaN where even 0 does not lie so low.

    Parameters
    ----------
    expected, dispersion : float64, shape (...), > 0
    z : float64, same shape, not 0

    Notes
    -----
    Newton's steps on the logarithm from the variance-stabilised start 2 asinh(sqrt(v n)) / sqrt(v).
    """
    root_v = np.sqrt(dispersion)
    start = np.sinh(np.maximum(np.arcsinh(root_v * np.sqrt(expected)) + 0.5 * root_v * z, root_v * 0.1))
    n = np.maximum((start / root_v) ** 2, _LEAST)
    for _ in range(_NEWTON_STEPS):
        r = count_deviation(n, expected, dispersion)
        slope = n * (
            np.log(n / expected) - np.log1p(dispersion * (n - expected) / (1.0 + dispersion * expected))
        )
        step = (r - z) * r / np.where(slope == 0.0, 1.0, slope)
        n = np.maximum(n * np.exp(-np.clip(step, -1.0, 1.0)), _LEAST)
    unreachable = (z < 0) & (count_deviation(np.zeros_like(n), expected, dispersion) > z)
    return np.where(unreachable, np.nan, n)


def expected_at(n: Float64, dispersion: Float64, z: Float64) -> Float64:
    """The expectation from which `n` has the `count_deviation` z; 0 where n is 0 and z above 0.

    Parameters
    ----------
    n : float64, shape (...), >= 0
    dispersion : float64, same shape, > 0
    z : float64, same shape, not 0
    """
    root_v = np.sqrt(dispersion)
    stabilised = np.arcsinh(root_v * np.sqrt(n)) - 0.5 * root_v * z
    far_below = n * np.exp(
        -np.minimum(1.0 + 0.5 * z**2 / np.maximum(n, _LEAST), 500.0)
    )  # D = 2 n (ln(n/m) - 1)
    expected = np.where(stabilised > 0.0, np.square(np.sinh(np.maximum(stabilised, 0.0)) / root_v), far_below)
    expected = np.maximum(expected, _LEAST)
    for _ in range(_NEWTON_STEPS):
        r = count_deviation(n, expected, dispersion)
        slope = (expected - n) / (1.0 + dispersion * expected)
        step = (r - z) * r / np.where(slope == 0.0, 1.0, slope)
        expected = np.maximum(expected * np.exp(-np.clip(step, -1.0, 1.0)), _LEAST)
    return np.where((n <= 0.0) & (z > 0.0), 0.0, expected)
