"""Single-hit limiting dilution: the maximum-likelihood frequency, to the last digits however rare it is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel


@kernel
def fit(
    dose: NDArray[np.float64], tested: NDArray[np.int64], positive: NDArray[np.int64]
) -> tuple[float, float]:
    """Frequency per cell at which the positives are most likely, and the standard error of its logarithm.

    Parameters
    ----------
    dose : ndarray of float64, shape (n_doses,), cells, > 0, no NaN
    tested : ndarray of int64, shape (n_doses,), animals or wells, >= 0
    positive : ndarray of int64, shape (n_doses,), 0..tested

    Returns
    -------
    frequency : float, per cell; 0 where none is positive, inf where all are
    log_error : float, natural-log units, from the expected information; NaN where frequency is 0 or inf

    Notes
    -----
    P(positive) = 1 - exp(-f d). The score over f, sum d k / (exp(f d) - 1) - sum d (n - k), is convex and
    falls; Newton from K / (S0 + S1 / 2) <= f (K = sum k, S0 = sum d (n - k), S1 = sum d k) therefore climbs to
    the root without overshoot, and stops on the step relative to f. Information of log f:
    sum n (f d)^2 / (exp(f d) - 1). Exact values: risk_and_simulation.md section 2.2. O(n_doses) per step, about
    ten steps.
    """
    hits, unhit, hit = 0.0, 0.0, 0.0
    for i in range(dose.size):
        hits += positive[i]
        unhit += dose[i] * (tested[i] - positive[i])
        hit += dose[i] * positive[i]
    if hits == 0.0:
        return 0.0, np.nan
    if unhit == 0.0:
        return np.inf, np.nan
    frequency = hits / (unhit + 0.5 * hit)
    step = frequency
    while step > 1e-15 * frequency:
        score, slope = -unhit, 0.0
        for i in range(dose.size):
            odds = math.expm1(frequency * dose[i])
            term = dose[i] * positive[i] / odds
            score += term
            slope += term * dose[i] / -math.expm1(-frequency * dose[i])
        step = score / slope
        frequency += step
    information = 0.0
    for i in range(dose.size):
        expected_hits = frequency * dose[i]
        information += tested[i] * expected_hits * expected_hits / math.expm1(expected_hits)
    return frequency, 1.0 / math.sqrt(information)
