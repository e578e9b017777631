"""Standard curve of a qPCR plate: Cq on log10 amount by least squares, and amounts read back with their error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from genostab.arrays import Float64
from genostab.errors import InputError


@dataclass(frozen=True, kw_only=True)
class StandardCurve:
    """Straight line Cq = intercept + slope log10(amount / amol), with what its errors need.

    slope, se_slope : cycles per decade; intercept, mean_cq, s_yx : cycles; efficiency : fraction, 1 = doubling
    n : wells; sxx : sum of squares of log10 amount about its mean; lowest_amol, highest_amol : range of standards
    """

    slope: float
    intercept: float
    r_squared: float
    efficiency: float
    s_yx: float
    se_slope: float
    n: int
    mean_cq: float
    sxx: float
    lowest_amol: float
    highest_amol: float


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Mean Cq of `n_wells` replicate wells [cycles]; the wells' own scatter is that of the curve."""

    mean_cq: float
    n_wells: int


def fit_curve(amount_amol: Float64, cq: Float64) -> StandardCurve:
    """Least-squares standard curve of the wells that have a Cq.

    Parameters
    ----------
    amount_amol : float64, shape (n_wells,), > 0, amol; no NaN
    cq : float64, shape (n_wells,), cycles; NaN where undetermined, which leaves the well out

    Returns
    -------
    StandardCurve

    Raises
    ------
    InputError
        GS-2401 where fewer than 3 wells or 2 amounts have a Cq, or Cq does not fall with the amount

    Notes
    -----
    m = Sxy / Sxx, b = ybar - m xbar, E = 10^(-1/m) - 1, s_yx^2 = RSS / (n - 2), SE(m) = s_yx / sqrt(Sxx), with
    x = log10 amount. Reproduces five vendor curves (research assays.md section 3b). O(n).

    Examples
    --------
    >>> curve = fit_curve(np.array([1.0, 10.0, 100.0]), np.array([30.0, 26.5, 23.3]))
    >>> round(curve.slope, 3), round(curve.efficiency, 3)
    (-3.35, 0.988)
    """
    known = np.isfinite(cq)
    x, y = np.log10(amount_amol[known]), cq[known]
    if x.size < 3 or np.unique(x).size < 2:
        raise _no_curve(
            f"{x.size} wells with Cq at {np.unique(x).size} amounts", "at least 3 wells at 2 amounts"
        )
    dx, dy = x - x.mean(), y - y.mean()
    sxx, syy = float(dx @ dx), float(dy @ dy)
    slope = float(dx @ dy) / sxx
    if slope >= 0.0:
        raise _no_curve(f"a slope of {slope:.3g} cycles per decade", "a Cq that falls as the amount rises")
    residual = dy - slope * dx
    s_yx = float(np.sqrt(residual @ residual / (x.size - 2)))
    return StandardCurve(
        slope=slope,
        intercept=float(y.mean() - slope * x.mean()),
        r_squared=1.0 - float(residual @ residual) / syy,
        efficiency=float(10.0 ** (-1.0 / slope)) - 1.0,
        s_yx=s_yx,
        se_slope=s_yx / float(np.sqrt(sxx)),
        n=int(x.size),
        mean_cq=float(y.mean()),
        sxx=sxx,
        lowest_amol=float(amount_amol[known].min()),
        highest_amol=float(amount_amol[known].max()),
    )


def read_log10(curve: StandardCurve, readings: Sequence[Reading]) -> tuple[Float64, Float64]:
    """Log10 amounts of readings on one curve, and their covariance.

    Parameters
    ----------
    curve : StandardCurve
    readings : sequence of Reading, length n

    Returns
    -------
    log10_amount : float64, shape (n,), log10 amol
    covariance : float64, shape (n, n); off the diagonal what the readings share, the curve's own error

    Notes
    -----
    x0 = (y0 - b) / m; cov_ij = (s_yx / m)^2 ([i = j] / k_i + 1 / n + (y_i - ybar)(y_j - ybar) / (m^2 Sxx)), the
    inverse prediction of research assays.md section 3b for each reading and its extension to pairs (delta method).
    """
    cq = np.array([reading.mean_cq for reading in readings], dtype=np.float64)
    wells = np.array([reading.n_wells for reading in readings], dtype=np.float64)
    shift = (cq - curve.mean_cq) / curve.slope
    shared = 1.0 / curve.n + np.outer(shift, shift) / curve.sxx
    covariance = (curve.s_yx / curve.slope) ** 2 * (np.diag(1.0 / wells) + shared)
    return (cq - curve.intercept) / curve.slope, covariance


def log10_limits(
    curve: StandardCurve, log10_estimate: float, variance: float, level: float
) -> tuple[float, float]:
    """Interval of a log10 amount or ratio: estimate -+ t(n - 2) sqrt(variance)."""
    reach = float(student.ppf(0.5 + level / 2.0, curve.n - 2)) * float(np.sqrt(max(variance, 0.0)))
    return log10_estimate - reach, log10_estimate + reach


def cq_at(curve: StandardCurve, amount_amol: float) -> float:
    """Cq of the line at an amount [cycles]."""
    return curve.intercept + curve.slope * float(np.log10(amount_amol))


def _no_curve(found: str, expected: str) -> InputError:
    return InputError(
        "GS-2401",
        what="the standards of the plate make no curve",
        where="wells with role standard",
        found=found,
        expected=expected,
        action="check amounts and Cq of the standards",
    )
