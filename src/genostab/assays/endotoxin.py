"""Kinetic LAL test: onset times read on a log-log standard curve, spike recovery, valid dilution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from genostab.arrays import Float64
from genostab.assays.settings import load_rules, rule
from genostab.errors import InputError
from genostab.results import Control, Estimate
from genostab.units import EU_PER_ML, FRACTION


@dataclass(frozen=True, kw_only=True)
class LalCurve:
    """log10(onset / s) = intercept + slope log10(EU/mL); lowest, highest are the standards' EU/mL."""

    slope: float
    intercept: float
    r: float
    s_yx: float
    n: int
    mean_log10_onset: float
    sxx: float
    lowest: float
    highest: float


def fit_lal_curve(endotoxin: Float64, onset_s: Float64) -> LalCurve:
    """Least-squares line of log10 onset time on log10 endotoxin.

    Parameters
    ----------
    endotoxin : float64, shape (n_wells,), standards, EU/mL, > 0, at least two different
    onset_s : float64, shape (n_wells,), s, > 0; no NaN

    Returns
    -------
    LalCurve

    Raises
    ------
    InputError
        GS-2401 where fewer than 3 wells or 2 standards are given, or the onset does not fall with endotoxin
    """
    x, y = np.log10(endotoxin), np.log10(onset_s)
    dx, dy = x - x.mean(), y - y.mean()
    sxx, sxy = float(dx @ dx), float(dx @ dy)
    if x.size < 3 or sxx <= 0.0 or sxy >= 0.0:
        raise InputError(
            "GS-2401",
            what="the LAL standards make no curve",
            where="standard wells",
            found=f"{x.size} wells at {np.unique(x).size} concentrations",
            expected="3 wells or more at 2 concentrations or more, sooner onset with more endotoxin",
            action="check concentrations and onset times of the standards",
        )
    slope = sxy / sxx
    residual = dy - slope * dx
    return LalCurve(
        slope=slope,
        intercept=float(y.mean() - slope * x.mean()),
        r=sxy / float(np.sqrt(sxx * (dy @ dy))),
        s_yx=float(np.sqrt(residual @ residual / (x.size - 2))),
        n=int(x.size),
        mean_log10_onset=float(y.mean()),
        sxx=sxx,
        lowest=float(endotoxin.min()),
        highest=float(endotoxin.max()),
    )


def endotoxin(curve: LalCurve, onset_s: Float64, dilution: float = 1.0) -> Estimate:
    """Endotoxin of a sample from the onset times of its replicate wells [EU/mL].

    Parameters
    ----------
    curve : LalCurve
    onset_s : float64, shape (n_wells,), s; NaN where there was no onset
    dilution : float, fold, >= 1

    Returns
    -------
    Estimate, EU/mL of the undiluted sample
        not_detected, with lambda x dilution as LOD and bound, below the lowest standard; not_computed above the
        highest

    Notes
    -----
    10^((log10 t - b) / m) of each well, then the mean over wells; interval by inverse prediction on the mean log10
    onset (as research assays.md section 3b), centred on the mean of wells.
    """
    level = rule("level")
    known = onset_s[np.isfinite(onset_s)]
    lod = curve.lowest * dilution

    def unread(status_low: float | None, status_high: float | None) -> Estimate:
        return Estimate(
            estimate=None,
            low=status_low,
            high=status_high,
            unit=EU_PER_ML,
            level=level,
            method="kinetic LAL",
            n=int(onset_s.size),
            status="not_computed" if status_high is None else "not_detected",
            lod=lod,
        )

    if not known.size:
        return unread(None, lod)
    log10_onset = np.log10(known)
    value = float(np.mean(10.0 ** ((log10_onset - curve.intercept) / curve.slope)))
    if value < curve.lowest:
        return unread(None, lod)
    if value > curve.highest:
        return unread(curve.highest * dilution, None)
    shift = (float(log10_onset.mean()) - curve.mean_log10_onset) / curve.slope
    se = abs(curve.s_yx / curve.slope) * float(
        np.sqrt(1.0 / known.size + 1.0 / curve.n + shift**2 / curve.sxx)
    )
    fold = 10.0 ** (float(student.ppf(0.5 + level / 2.0, curve.n - 2)) * se)
    return Estimate(
        estimate=value * dilution,
        low=value * dilution / fold,
        high=value * dilution * fold,
        unit=EU_PER_ML,
        level=level,
        method="kinetic LAL",
        n=int(known.size),
        lod=lod,
    )


def spike_recovery(
    curve: LalCurve, sample_onset_s: Float64, spiked_onset_s: Float64, spike: float
) -> Estimate:
    """Share of a known spike that is found in the sample (positive product control) [fraction].

    Parameters
    ----------
    curve : LalCurve
    sample_onset_s, spiked_onset_s : float64, s; NaN where there was no onset
    spike : float, EU/mL added

    Returns
    -------
    Estimate, fraction
        without interval; not_computed where the spiked wells have no onset; a sample without onset counts as 0

    Notes
    -----
    (spiked - sample) / spike with the means over wells, research assays.md section 6.
    """

    def mean(onset_s: Float64) -> float:
        known = onset_s[np.isfinite(onset_s)]
        return (
            float(np.mean(10.0 ** ((np.log10(known) - curve.intercept) / curve.slope))) if known.size else 0.0
        )

    found = np.isfinite(spiked_onset_s).any()
    return Estimate(
        estimate=(mean(spiked_onset_s) - mean(sample_onset_s)) / spike if found else None,
        low=None,
        high=None,
        unit=FRACTION,
        level=rule("level"),
        method="positive product control",
        n=int(spiked_onset_s.size),
        status="measured" if found else "not_computed",
    )


def lal_controls(curve: LalCurve, sample_onset_s: Float64, recovery: Estimate) -> tuple[Control, ...]:
    """Validity of a LAL result: correlation of the curve, spike recovery, scatter of the sample's onset times."""
    r_min, cv_max = rule("endotoxin.r_min"), rule("endotoxin.cv_max")
    low, high = rule("endotoxin.recovery_min"), rule("endotoxin.recovery_max")
    known = sample_onset_s[np.isfinite(sample_onset_s)]
    cv = float(known.std(ddof=1) / known.mean()) if known.size > 1 else 0.0
    share = recovery.estimate
    source = load_rules()["endotoxin.r_min"].source
    return (
        Control(
            name="endotoxin.correlation",
            passed=abs(curve.r) >= r_min,
            detail=f"|r| {abs(curve.r):.4f}, limit at least {r_min:g} ({source})",
        ),
        Control(
            name="endotoxin.spike_recovery",
            passed=share is not None and low <= share <= high,
            detail=("no onset" if share is None else f"{100 * share:.0f} %")
            + f", limit {100 * low:.0f} to {100 * high:.0f} % ({source})",
        ),
        Control(
            name="endotoxin.replicates",
            passed=sample_onset_s.size > 1 and known.size in (0, sample_onset_s.size) and cv < cv_max,
            detail=f"CV {100 * cv:.1f} % of {known.size} of {sample_onset_s.size} onset times, limit under "
            f"{100 * cv_max:.0f} % of 2 or more ({source})",
        ),
    )


def maximum_valid_dilution(limit: float, concentration: float, lowest_standard: float) -> float:
    """Largest dilution at which the limit can still be seen: limit x concentration / lambda.

    Parameters
    ----------
    limit : float, endotoxin limit, EU/mL (or EU per unit of `concentration`)
    concentration : float, product per mL in that unit; 1 for a limit in EU/mL
    lowest_standard : float, lambda, EU/mL

    Examples
    --------
    >>> maximum_valid_dilution(0.5, 1.0, 0.005)
    100.0
    """
    return limit * concentration / lowest_standard
