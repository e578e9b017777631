"""What composition does to coverage, learned from the sample itself."""

from __future__ import annotations

import numpy as np

from genostab.arrays import Bool, Float64, Int16, Int64
from genostab.karyotype.settings import Settings

_ROUNDS = 50  # of curves and levels; five to ten suffice
_SETTLED_LOG2 = 1e-4


def strata_of(n: int, settings: Settings) -> tuple[Int64, Int64]:
    """Ranks [first, last) of strata over `n` sorted values; ndarray of int64, shape (n_strata,), twice.

    Parameters
    ----------
    n : int, bins
    settings : Settings, table [gc]

    Notes
    -----
    Strata of equal size, the first and the last of them halved outwards again and again, so that the tails, where
    few bins lie and the trend is steepest, are followed as closely as the bins allow.

    Examples
    --------
    >>> from genostab.karyotype.settings import load_settings
    >>> first, last = strata_of(4000, load_settings())
    >>> (last - first)[:4].tolist(), int((last - first).max()), first.size
    ([25, 25, 50, 100], 100, 44)
    """
    n_strata = min(settings.strata, n // settings.min_bins_per_stratum)
    if n_strata < 2:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    edges = np.linspace(0, n, n_strata + 1).round().astype(np.int64)
    outer = int(edges[1])
    inward: list[int] = []
    while outer // 2 >= settings.min_bins_per_stratum:
        outer //= 2
        inward.append(outer)
    tail = np.array(inward[::-1], dtype=np.int64)
    edges = np.concatenate((edges[:1], tail, edges[1:-1], n - tail[::-1], edges[-1:]))
    return edges[:-1], edges[1:]


class _Curve:
    """Medians in strata of one covariate, joined by straight lines, constant beyond the outer strata."""

    def __init__(self, x: Float64, trained_on: Bool, settings: Settings) -> None:
        self._x = x
        self._known = np.isfinite(x)
        self._rows = np.flatnonzero(trained_on & self._known)
        self._rows = self._rows[np.argsort(x[self._rows], kind="stable")]
        self._first, self._last = strata_of(self._rows.size, settings)
        ends = zip(self._first, self._last, strict=True)
        centre = np.array([np.median(x[self._rows[a:b]]) for a, b in ends])
        self._distinct = np.concatenate(([True], np.diff(centre) > 0)) if centre.size else centre.astype(bool)
        self._centre = centre[self._distinct]

    def fitted(self, y: Float64) -> Float64:
        """The curve through `y` at every bin, 0 where the covariate is unknown or too few bins know it."""
        if self._centre.size < 2:
            return np.zeros(y.size)
        ordered = y[self._rows]
        ends = zip(self._first, self._last, strict=True)
        level = np.array([np.median(ordered[a:b]) for a, b in ends])[self._distinct]
        level -= np.median(np.interp(self._x[self._rows], self._centre, level))
        return np.where(self._known, np.interp(np.nan_to_num(self._x), self._centre, level), 0.0)


def trend_log2(
    values_log2: Float64, covariates: tuple[Float64, ...], trained_on: Bool, arm: Int16, settings: Settings
) -> Float64:
    """What GC content, and other properties of the sequence, add to log2 coverage.

    Parameters
    ----------
    values_log2 : ndarray of float64, shape (n_bins,), log2 coverage; not finite where unknown
    covariates : tuple of ndarray of float64, shape (n_bins,), GC content, or a mappability that is not measured by the
        reads themselves: a curve through what holds the reads takes their changes away; NaN where unknown
    trained_on : ndarray of bool, shape (n_bins,), bins of one ploidy to learn from
    arm : ndarray of int16, shape (n_bins,), arm of each bin
    settings : Settings, table [gc]

    Returns
    -------
    ndarray of float64, shape (n_bins,), 0 in the middle and where nothing is known

    Notes
    -----
    log2(coverage) = level of the arm + sum of one curve per covariate + noise, solved by backfitting (Buja, Hastie and
    Tibshirani 1989, doi 10.1214/aos/1176347115 [m]) with medians in place of means. The curves are so learned within
    arms: a gained chromosome of much GC does not pass for an effect of GC, which would take it away and lower the
    others. O(n log n).
    """
    trained_on = trained_on & np.isfinite(values_log2)
    rows = np.flatnonzero(trained_on)
    nothing = np.zeros(values_log2.size)
    if not rows.size:
        return nothing
    y = np.where(trained_on, values_log2, 0.0)
    curves = [_Curve(x, trained_on, settings) for x in covariates]
    parts = [nothing for _ in curves]
    by_arm = np.split(rows, np.flatnonzero(np.diff(arm[rows])) + 1)
    level = np.full(y.size, float(np.median(y[rows])))
    for _ in range(_ROUNDS):
        before = level + sum(parts, nothing)
        for i, curve in enumerate(curves):
            parts[i] = curve.fitted(y - level - sum(parts[:i] + parts[i + 1 :], nothing))
        total = sum(parts, nothing)
        for own in by_arm:
            level[own] = np.median((y - total)[own])
        if np.abs(level + total - before)[rows].max() < _SETTLED_LOG2:
            break
    return total
