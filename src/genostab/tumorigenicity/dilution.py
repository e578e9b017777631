"""Limiting dilution in animals: frequency of tumour-forming cells under the single-hit model, and the TPD50."""

from __future__ import annotations

import math

import numpy as np
from scipy import special
from scipy.optimize import brentq

from genostab import units
from genostab.arrays import Float64, Int64
from genostab.kernels import dilution as kernel
from genostab.results import Control, Estimate, Measurement, Status
from genostab.tumorigenicity.defaults import load_defaults
from genostab.tumorigenicity.refusals import Rule, refuse


def limiting_dilution(
    dose_cells: Float64, tested: Int64, positive: Int64, *, level: float = 0.95, source: str = ""
) -> Measurement:
    """Frequency of tumour-forming cells that fits the positives of each dose, single-hit model.

    Parameters
    ----------
    dose_cells : float64, shape (n_doses,), cells per animal, > 0, no NaN
    tested, positive : int64, shape (n_doses,), animals with the dose and with a tumour, 0 <= positive <= tested
    level : float, coverage, 0..1
    source : str, file or sheet line

    Returns
    -------
    Measurement
        ``tumorigenicity.tumour_cell_frequency`` [per cell]: maximum likelihood with Wald limits on the log scale.
        No animal positive: not detected, high the one-sided exact bound. All positive: estimate None, low the
        one-sided exact bound.

    Raises
    ------
    GenostabErrors
        GS-1104 where a dose or count is out of range.

    Notes
    -----
    P(tumour) = 1 - exp(-f d); a deviance that is improbable fails the control ``single-hit``. Exact bounds: all
    negative -ln(1 - level) / sum n d; all positive the f at which all are positive with probability 1 - level.
    TPD50 = ln 2 / f. risk_and_simulation.md sections 2.1, 2.2.

    Examples
    --------
    >>> found = limiting_dilution(np.array([1e6]), np.array([65]), np.array([0]))
    >>> round(1 / found.estimate.high, 6)
    21697533.045197
    """
    _check(dose_cells, tested, positive, level, source)
    frequency, log_error = kernel.fit(dose_cells, tested, positive)
    estimate: float | None = frequency
    low: float | None
    high: float | None
    status: Status = "measured"
    if frequency == 0.0:
        estimate, low, high = None, None, -math.log1p(-level) / float(dose_cells @ tested)
        method, status = "exact, one-sided upper: no animal positive", "not_detected"
    elif math.isinf(frequency):
        estimate, low, high = None, _all_positive_bound(dose_cells, tested, level), None
        method = "exact, one-sided lower: all animals positive"
    else:
        spread = float(special.ndtri((1.0 + level) / 2.0)) * log_error
        low, high = frequency * math.exp(-spread), min(frequency * math.exp(spread), 1.0)
        method = "single-hit maximum likelihood, Wald on log frequency"
    facts = {"animals": float(tested.sum()), "positive": float(positive.sum())}
    controls: tuple[Control, ...] = ()
    if estimate is not None:
        facts["tpd50_cells"] = math.log(2.0) / estimate
        facts["deviance"], facts["deviance_p"] = deviance(dose_cells, tested, positive, estimate)
        controls = (_fit_control(facts["deviance_p"]),)
    return Measurement(
        metric="tumorigenicity.tumour_cell_frequency",
        estimate=Estimate(
            estimate=estimate,
            low=low,
            high=high if high is None else min(high, 1.0),
            unit=units.FRACTION,
            level=level,
            method=method,
            n=int(tested.sum()),
            status=status,
            lod=high if status == "not_detected" else None,
        ),
        controls=controls,
        facts=facts,
        source=source,
    )


def deviance(dose_cells: Float64, tested: Int64, positive: Int64, frequency: float) -> tuple[float, float]:
    """Deviance of the single-hit model from the observed fractions, and its chi-square p value (1 for one dose)."""
    negative = tested - positive
    expected_hits = frequency * dose_cells
    chance = -np.expm1(-expected_hits)
    found = special.xlogy(positive, positive) - special.xlogy(positive, tested * chance)
    missed = special.xlogy(negative, negative) - special.xlogy(negative, tested) + negative * expected_hits
    total = max(2.0 * float((found + missed).sum()), 0.0)
    freedom = int((tested > 0).sum()) - 1
    return total, float(special.chdtrc(freedom, total)) if freedom else 1.0


def _fit_control(p_value: float) -> Control:
    limit = load_defaults().dilution_misfit_p
    return Control(
        name="single-hit", passed=p_value >= limit, detail=f"deviance p {p_value:.2g}, at least {limit:g}"
    )


def _all_positive_bound(dose_cells: Float64, tested: Int64, level: float) -> float:
    """The frequency at which all animals are positive with probability 1 - level."""
    used = tested > 0
    dose, n = dose_cells[used], tested[used]
    # Between the answers for all animals at the highest and all at the lowest dose.
    hits = -math.log1p(-((1.0 - level) ** (1.0 / float(n.sum()))))

    def excess(log_frequency: float) -> float:
        chances = np.log(-np.expm1(-math.exp(log_frequency) * dose))
        return float((n * chances).sum()) - math.log1p(-level)

    low, high = math.log(hits / dose.max()), math.log(hits / dose.min())
    if low == high:
        return math.exp(low)
    return math.exp(brentq(excess, low - 1e-9, high + 1e-9, xtol=1e-15, rtol=1e-15))


def tpd50(
    dose_cells: Float64, tested: Int64, positive: Int64, *, level: float = 0.95, source: str = ""
) -> Measurement:
    """Dose that gives a tumour in half of the animals, by the trimmed Spearman-Karber method.

    Parameters
    ----------
    dose_cells : float64, shape (n_doses,), cells per animal, > 0, no NaN
    tested, positive : int64, shape (n_doses,), animals with the dose and with a tumour, 0 <= positive <= tested
    level : float, coverage, 0..1
    source : str, file or sheet line

    Returns
    -------
    Measurement
        ``tumorigenicity.tpd50`` [cells]; facts: trim, log10_tpd50, geometric_sd, tumour_per_cell = ln 2 / TPD50. Not
        computed where the doses do not bracket one half. Where no dose is partial the variance is 0: low and high are
        then the doses next to the jump.

    Raises
    ------
    GenostabErrors
        GS-1104 where a dose or count is out of range.

    Notes
    -----
    Hamilton, Russo, Thurston 1977 with the 1978 correction (doi 10.1021/es60130a004) on log10 dose, least trim that
    brackets; variance by the delta method over the binomial fractions. risk_and_simulation.md section 2.4.

    Examples
    --------
    >>> found = tpd50(np.array([1.0, 10, 100, 1000]), np.full(4, 20), np.array([0, 3, 17, 20]))
    >>> round(found.estimate.estimate, 12)
    31.622776601684
    """
    _check(dose_cells, tested, positive, level, source)
    log_dose, n, fraction = _monotone(dose_cells, tested, positive)
    trim = max(float(fraction[0]), 1.0 - float(fraction[-1]))
    if trim >= 0.5:
        return _no_tpd50(n, level, source)
    middle, deviation = spearman_karber(log_dose, n, fraction, trim)
    spread = float(special.ndtri((1.0 + level) / 2.0)) * deviation
    low, high = 10.0 ** (middle - spread), 10.0 ** (middle + spread)
    if deviation == 0.0:
        low, high = 10.0 ** float(log_dose[fraction == 0.0][-1]), 10.0 ** float(log_dose[fraction == 1.0][0])
    return Measurement(
        metric="tumorigenicity.tpd50",
        estimate=Estimate(
            estimate=10.0**middle,
            low=low,
            high=high,
            unit=units.CELLS,
            level=level,
            method="trimmed Spearman-Karber"
            if deviation
            else "Spearman-Karber, limits are the doses at the jump",
            n=int(n.sum()),
        ),
        facts={
            "trim": trim,
            "log10_tpd50": middle,
            "geometric_sd": 10.0**deviation,
            "tumour_per_cell": math.log(2.0) / 10.0**middle,
        },
        source=source,
    )


def spearman_karber(log_dose: Float64, tested: Int64, fraction: Float64, trim: float) -> tuple[float, float]:
    """Trimmed mean of the tolerance distribution on the log scale, and its standard error.

    Parameters
    ----------
    log_dose : float64, shape (n_doses,), ascending, no NaN
    tested : int64, shape (n_doses,), > 0
    fraction : float64, shape (n_doses,), not falling, from at most `trim` to at least 1 - `trim`
    trim : float, 0..0.5

    Returns
    -------
    mean, standard_error : float, units of `log_dose`

    Notes
    -----
    With x(p) the piecewise-linear inverse of the fractions, mean = integral of x over p in [trim, 1 - trim], over
    1 - 2 trim; each fraction moves it through x(p) of the segments beside it.
    """
    area = 0.0
    gradient = np.zeros(fraction.size)
    for i in range(fraction.size - 1):
        width, rise = log_dose[i + 1] - log_dose[i], fraction[i + 1] - fraction[i]
        start, end = max(fraction[i], trim), min(fraction[i + 1], 1.0 - trim)
        if end <= start:
            continue
        area += (end - start) * (log_dose[i] + width * (0.5 * (start + end) - fraction[i]) / rise)
        gradient[i] -= (
            width * ((fraction[i + 1] - start) ** 2 - (fraction[i + 1] - end) ** 2) / (2.0 * rise**2)
        )
        gradient[i + 1] -= width * ((end - fraction[i]) ** 2 - (start - fraction[i]) ** 2) / (2.0 * rise**2)
    variance = float((gradient**2 * fraction * (1.0 - fraction) / tested).sum())
    kept = 1.0 - 2.0 * trim
    return float(area) / kept, math.sqrt(variance) / kept


def _monotone(dose_cells: Float64, tested: Int64, positive: Int64) -> tuple[Float64, Int64, Float64]:
    """Log10 doses ascending, animals, and fractions made non-falling by pooling neighbours, weighted by animals."""
    doses, where = np.unique(dose_cells[tested > 0], return_inverse=True)
    n = np.bincount(where, weights=tested[tested > 0]).astype(np.int64)
    k = np.bincount(where, weights=positive[tested > 0])
    blocks: list[tuple[float, int, int]] = []
    for found, animals in zip(k, n, strict=True):
        blocks.append((float(found), int(animals), 1))
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] > blocks[-1][0] * blocks[-2][1]:
            (k1, n1, size1), (k2, n2, size2) = blocks.pop(-2), blocks.pop()
            blocks.append((k1 + k2, n1 + n2, size1 + size2))
    fraction = np.repeat([k / n for k, n, _ in blocks], [size for *_, size in blocks])
    return np.log10(doses), n, fraction


def _no_tpd50(n: Int64, level: float, source: str) -> Measurement:
    return Measurement(
        metric="tumorigenicity.tpd50",
        estimate=Estimate(
            estimate=None,
            low=None,
            high=None,
            unit=units.CELLS,
            level=level,
            method="none: the doses do not bracket one half",
            n=int(n.sum()),
            status="not_computed",
        ),
        source=source,
        note="no dose with less, or none with more, than half of the animals positive: no TPD50",
    )


def _check(dose_cells: Float64, tested: Int64, positive: Int64, level: float, source: str) -> None:
    rules = [Rule(name="level", value=level, holds=0.0 < level < 1.0, expected="a coverage between 0 and 1")]
    for row, (dose, n, k) in enumerate(zip(dose_cells, tested, positive, strict=True), start=1):
        rules += [
            Rule(
                name=f"dose_cells of row {row}",
                value=float(dose),
                holds=bool(np.isfinite(dose)) and dose > 0.0,
                expected="a number of cells above 0",
            ),
            Rule(
                name=f"positive of row {row}",
                value=float(k),
                holds=bool(0 <= k <= n),
                expected="from 0 to the animals tested",
            ),
        ]
    total = int(tested.sum())
    rules.append(Rule(name="tested", value=float(total), holds=total > 0, expected="at least one animal"))
    refuse(rules, where=source or "limiting dilution")
