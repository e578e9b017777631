"""How unlikely a deviation is under noise: of one mean, and of the largest of all segments."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr, stdtrit

from genostab.arrays import Bool, Float64, Profile
from genostab.karyotype.noise import wave_at

_LEAST_Z, _MOST_Z = 1.5, 1e12  # few degrees of freedom put the threshold very far out


def scan_p_value(z: Float64, n_bins: Float64, n_total: int, df: Float64) -> Float64:
    """Chance that noise anywhere in the genome makes a segment of about that length deviate by z or more.

    Parameters
    ----------
    z : ndarray of float64, shape (n,), deviation in standard errors
    n_bins : ndarray of float64, shape (n,), bins of the segment
    n_total : int, bins of the genome
    df : ndarray of float64, shape (n,), degrees of freedom of the standard error

    Returns
    -------
    ndarray of float64, shape (n,), 0..1

    Notes
    -----
    (N/n) |z|^3 phi(z), four times the rate of the scan statistic over both edges and thus conservative (Siegmund 1988,
    Ann Probab 16:487, doi 10.1214/aop/1176991769, without the overshoot factor); with few degrees of freedom z is first
    replaced by the normal deviate of the same t tail.
    """
    normal: Float64 = np.maximum(_normal_deviate(np.abs(z), df), 1.0)
    tail: Float64 = np.exp(-0.5 * np.square(normal)) / np.sqrt(2.0 * np.pi)
    expected: Float64 = n_total / np.maximum(n_bins, 1.0) * normal**3 * tail
    return np.minimum(1.0, expected)


def _normal_deviate(t: Float64, df: Float64) -> Float64:
    """The normal deviate with the tail of Student's t; Wallace 1959, doi 10.1214/aoms/1177706100, eq. 1.2."""
    shrink: Float64 = (8.0 * df + 1.0) / (8.0 * df + 3.0)
    return np.asarray(shrink * np.sqrt(df * np.log1p(np.square(t) / df)), dtype=np.float64)


def student_p_value(t: Float64, df: Float64) -> Float64:
    """Two-sided tail of Student's t; ndarray of float64, shape (n,), 0..1."""
    return np.asarray(2.0 * stdtr(df, -np.abs(t)), dtype=np.float64)


def student_quantile(p_one_sided: float, df: Float64) -> Float64:
    """Deviate t with upper tail `p_one_sided`; ndarray of float64, shape (n,)."""
    return np.asarray(-stdtrit(df, p_one_sided), dtype=np.float64)


def scan_threshold(n_bins: Float64, n_total: int, df: Float64, alpha: float) -> Float64:
    """The deviation at which `scan_p_value` is alpha; ndarray of float64, shape (n,), by bisection of its logarithm."""
    low: Float64 = np.full(n_bins.size, np.log(_LEAST_Z))
    high: Float64 = np.full(n_bins.size, np.log(_MOST_Z))
    for _ in range(80):
        middle = 0.5 * (low + high)
        above = scan_p_value(np.exp(middle), n_bins, n_total, df) > alpha
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(np.exp(0.5 * (low + high)), dtype=np.float64)


def standard_error(
    profile: Profile, independent: Float64, n_bins: Float64, is_autosome: Bool
) -> tuple[Float64, Float64]:
    """Standard error of means of `n_bins` bins with waves, and its degrees of freedom.

    Parameters
    ----------
    profile : Profile
    independent : ndarray of float64, shape (n,), standard error from independent noise [log2]
    n_bins : ndarray of float64, shape (n,)
    is_autosome : ndarray of bool, shape (n,), not X or Y

    Returns
    -------
    ndarray of float64, shape (n,), twice
    """
    own, own_df = wave_at(n_bins, profile.wave_bins, profile.wave_sd_log2[0], profile.wave_df[0])
    sex, sex_df = wave_at(n_bins, profile.wave_bins, profile.wave_sd_log2[1], profile.wave_df[1])
    wave, df = np.where(is_autosome, own, sex), np.where(is_autosome, own_df, sex_df)
    variance = np.square(independent) + np.square(wave)
    return np.sqrt(variance), df
