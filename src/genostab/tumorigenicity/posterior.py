"""What residual-iPSC counts say about one dose: Gamma-Poisson posterior, cells per dose, scenarios of tumour risk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from genostab import units
from genostab.errors import UsageError
from genostab.results import Estimate, Measurement
from genostab.tumorigenicity import counts
from genostab.tumorigenicity.defaults import Prior, Scenario, load_defaults
from genostab.tumorigenicity.lod import published_lod
from genostab.tumorigenicity.refusals import Rule, count_rules, refuse


@dataclass(frozen=True, kw_only=True)
class AssayCount:
    """One assay's counts of a lot; `assay_lod` None takes the published limit of that assay."""

    assay: str
    positives: int
    tested_cells: float
    recovery: float = 1.0
    assay_lod: float | None = None


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Gamma(shape, rate) of the frequency of residual iPSC per cell."""

    shape: float
    rate: float

    @property
    def mean(self) -> float:
        return self.shape / self.rate

    def upper(self, level: float) -> float:
        """The `level` quantile."""
        return float(special.gammaincinv(self.shape, level)) / self.rate


def posterior(positives: int, effective_cells: float, prior: Prior) -> Posterior:
    """Posterior of a frequency after `positives` in `effective_cells` = cells times recovery.

    Examples
    --------
    >>> flat = Prior(shape=1.0, rate=0.0, source="")
    >>> round(posterior(0, 5e5, flat).upper(0.95) * 1e6, 12)
    5.991464547108
    """
    return Posterior(shape=prior.shape + positives, rate=prior.rate + effective_cells)


def probability_per_dose(of: Posterior, dose_cells: float, tumour_per_cell: float = 1.0) -> float:
    """Predictive probability of at least one iPSC, or with `tumour_per_cell` of one that forms a tumour, in a dose.

    Notes
    -----
    1 - (b / (b + D rho))^a for Gamma(a, b); risk_and_simulation.md section 5.2 R5.
    """
    return -math.expm1(-of.shape * math.log1p(dose_cells * tumour_per_cell / of.rate))


def credited_cells(count: AssayCount, level: float) -> float:
    """Effective cells of an assay, but no more than those at which its exact upper bound equals its LOD.

    Cells beyond that number would claim a sensitivity that the assay was never shown to have.
    """
    effective = count.tested_cells * count.recovery
    lod = published_lod(count.assay, count.assay_lod).fraction
    return effective if lod is None else min(effective, counts.poisson_upper(count.positives, level) / lod)


def heterogeneity_p(assays: Sequence[AssayCount]) -> float:
    """P value of equal frequencies in all assays: Poisson deviance over the assays, chi-square; 1 for one assay."""
    found = np.array([count.positives for count in assays], dtype=np.float64)
    effective = np.array([count.tested_cells * count.recovery for count in assays])
    expected = found.sum() * effective / effective.sum()
    if len(assays) < 2 or found.sum() == 0.0:
        return 1.0
    deviance = 2.0 * float((special.xlogy(found, found) - special.xlogy(found, expected)).sum())
    return float(special.chdtrc(len(assays) - 1, max(deviance, 0.0)))


def dose_risk(
    assays: Sequence[AssayCount],
    dose_cells: float,
    *,
    prior: str | None = None,
    level: float = 0.95,
    source: str = "",
) -> tuple[Measurement, ...]:
    """Frequency of residual iPSC over all assays, residual cells per dose, and a band of tumour probabilities.

    Parameters
    ----------
    assays : sequence of AssayCount, at least one
    dose_cells : float, cells of one dose, > 0
    prior : str or None, ``jeffreys`` or ``flat``; None takes the default of defaults.yaml
    level : float, one-sided coverage of the upper limits, 0..1
    source : str, file or sheet lines

    Returns
    -------
    tuple of Measurement
        ``residual.posterior_frequency`` [fraction], ``residual.cells_per_dose`` [cells] and
        ``tumorigenicity.probability_per_dose`` [fraction of doses]. The last is a band: low is the predictive
        probability at the mildest site, estimate and high the upper limit at the worst; every site is in the facts.

    Raises
    ------
    GenostabErrors
        GS-1104 where a count or the dose is out of range.
    UsageError
        GS-1104 where there is no assay, or the prior is unknown.

    Notes
    -----
    Gamma(a + sum k, b + sum E), E the credited cells. All positives are taken as iPSC: background is not subtracted
    here, which can only raise the risk. Assays that disagree (`heterogeneity_p`) are not pooled: the one with the
    highest upper limit stands. Tumour per cell rho = ln 2 / TPD50 for each published TPD50. research 2.5, 5.2 R4-R5.

    Examples
    --------
    >>> counted = AssayCount(assay="in-house", positives=0, tested_cells=5e5)
    >>> frequency, cells, risk = dose_risk([counted], 2e6)
    >>> round(cells.facts["probability_at_least_one_ipsc"], 12)
    0.5527864045
    """
    _check(assays, dose_cells, prior, level, source)
    defaults = load_defaults()
    chosen = defaults.priors[prior or defaults.default_prior]
    seeing = [count for count in assays if published_lod(count.assay, count.assay_lod).detects_ipsc]
    blind = [count.assay for count in assays if count not in seeing]
    if not seeing:
        return _not_computed(level, source, f"no assay here can detect iPSC: {', '.join(blind)}")
    each = [posterior(count.positives, credited_cells(count, level), chosen) for count in seeing]
    p_equal = heterogeneity_p(seeing)
    used = list(seeing)
    if p_equal < defaults.heterogeneity_p:
        worst = max(range(len(seeing)), key=lambda i: each[i].upper(level))
        used = [seeing[worst]]
    pooled = posterior(
        sum(count.positives for count in used), sum(credited_cells(count, level) for count in used), chosen
    )
    note = _pooling_note(used, seeing, blind, p_equal, chosen)
    facts = {"shape": pooled.shape, "rate_cells": pooled.rate, "heterogeneity_p": p_equal}
    for number, (count, own) in enumerate(zip(seeing, each, strict=True), start=1):
        name = f"{count.assay}.{number}"
        facts |= {f"{name}.posterior_mean": own.mean, f"{name}.posterior_upper": own.upper(level)}
        facts[f"{name}.credited_cells"] = credited_cells(count, level)
    frequency = _frequency(pooled, used, level)
    return (
        Measurement(
            metric="residual.posterior_frequency", estimate=frequency, facts=facts, source=source, note=note
        ),
        _cells(pooled, frequency, dose_cells, source, note),
        _tumour(pooled, frequency, dose_cells, source, note),
    )


def _frequency(pooled: Posterior, used: Sequence[AssayCount], level: float) -> Estimate:
    effective = sum(credited_cells(count, level) for count in used)
    return Estimate(
        estimate=min(pooled.mean, 1.0),
        low=None,
        high=min(pooled.upper(level), 1.0),
        unit=units.FRACTION,
        level=level,
        method="Gamma-Poisson posterior mean, one-sided upper",
        n=math.floor(sum(count.tested_cells for count in used)),
        status="measured" if any(count.positives for count in used) else "not_detected",
        lod=min(counts.signal_lod(0.0, level) / effective, 1.0),
    )


def _cells(pooled: Posterior, frequency: Estimate, dose_cells: float, source: str, note: str) -> Measurement:
    upper = pooled.upper(frequency.level) * dose_cells
    return Measurement(
        metric="residual.cells_per_dose",
        estimate=Estimate(
            estimate=pooled.mean * dose_cells,
            low=None,
            high=upper,
            unit=units.CELLS,
            level=frequency.level,
            method=frequency.method,
            n=frequency.n,
            status=frequency.status,
            lod=None if frequency.lod is None else frequency.lod * dose_cells,
        ),
        facts={
            "dose_cells": dose_cells,
            "probability_at_least_one_ipsc": probability_per_dose(pooled, dose_cells),
            "probability_at_least_one_ipsc_upper": -math.expm1(-upper),
        },
        source=source,
        note=note,
    )


def _tumour(pooled: Posterior, frequency: Estimate, dose_cells: float, source: str, note: str) -> Measurement:
    upper_cells = pooled.upper(frequency.level) * dose_cells
    sites = sorted(load_defaults().scenarios, key=lambda site: site.tumour_per_cell)
    facts = {"dose_cells": dose_cells}
    for site in sites:
        facts[f"{site.name}.tumour_per_cell"] = site.tumour_per_cell
        facts[f"{site.name}.probability"] = probability_per_dose(pooled, dose_cells, site.tumour_per_cell)
        facts[f"{site.name}.probability_upper"] = -math.expm1(-upper_cells * site.tumour_per_cell)
    worst = facts[f"{sites[-1].name}.probability_upper"]
    return Measurement(
        metric="tumorigenicity.probability_per_dose",
        estimate=Estimate(
            estimate=worst,
            low=facts[f"{sites[0].name}.probability"],
            high=worst,
            unit=units.FRACTION,
            level=frequency.level,
            method="scenario band: predictive at the mildest site to upper limit at the worst",
            n=frequency.n,
        ),
        facts=facts,
        source=source,
        note=f"{note}; scenarios {_named(sites)}: a dose with at least one cell that would form a tumour there, from "
        "animal hosts; no human figure is known, so this is a band and no probability for a patient",
    )


def _named(sites: Sequence[Scenario]) -> str:
    return ", ".join(f"{site.name} (TPD50 {site.tpd50_cells:.3g} cells; {site.source})" for site in sites)


def _pooling_note(
    used: Sequence[AssayCount],
    seeing: Sequence[AssayCount],
    blind: Sequence[str],
    p_equal: float,
    prior: Prior,
) -> str:
    parts = [f"prior Gamma({prior.shape:g}, {prior.rate:g}) ({prior.source})"]
    names = ", ".join(count.assay for count in used)
    if len(used) < len(seeing):
        parts.append(
            f"assays disagree (p = {p_equal:.2g}), not pooled: {names} gives the highest limit and stands"
        )
    elif len(used) > 1:
        parts.append(f"pooled as exchangeable (p = {p_equal:.2g}): {names}")
    if blind:
        parts.append(f"left out, cannot detect iPSC: {', '.join(blind)}")
    parts.append("all positives taken as iPSC, background not subtracted")
    parts.append(
        "laboratory over-dispersion (negative binomial) not in the limits: no figure for it is known"
    )
    return "; ".join(parts)


def _not_computed(level: float, source: str, why: str) -> tuple[Measurement, ...]:
    metrics = (
        ("residual.posterior_frequency", units.FRACTION),
        ("residual.cells_per_dose", units.CELLS),
        ("tumorigenicity.probability_per_dose", units.FRACTION),
    )
    return tuple(
        Measurement(
            metric=metric,
            estimate=Estimate(
                estimate=None,
                low=None,
                high=None,
                unit=unit,
                level=level,
                method="none",
                n=0,
                status="not_computed",
            ),
            source=source,
            note=why,
        )
        for metric, unit in metrics
    )


def _check(
    assays: Sequence[AssayCount], dose_cells: float, prior: str | None, level: float, source: str
) -> None:
    known = load_defaults().priors
    if not assays or (prior is not None and prior not in known):
        raise UsageError(
            "GS-1104",
            what="no assay to work from" if not assays else "unknown prior",
            where=source or "dose risk",
            found="no residual assay" if not assays else str(prior),
            expected="at least one residual assay with counts"
            if not assays
            else f"one of {', '.join(known)}",
            action="add a residual assay" if not assays else "choose a known prior",
        )
    rules = [
        rule
        for count in assays
        for rule in (
            *count_rules(positives=count.positives, tested_cells=count.tested_cells, recovery=count.recovery),
            Rule(
                name=f"lod of {count.assay}",
                value=1.0 if count.assay_lod is None else count.assay_lod,
                holds=count.assay_lod is None or 0.0 < count.assay_lod <= 1.0,
                expected="a fraction above 0 and at most 1",
            ),
        )
    ]
    rules.append(
        Rule(
            name="dose_cells",
            value=dose_cells,
            holds=math.isfinite(dose_cells) and dose_cells > 0.0,
            expected="a number of cells above 0",
        )
    )
    rules.append(
        Rule(name="level", value=level, holds=0.0 < level < 1.0, expected="a coverage between 0 and 1")
    )
    refuse(rules, where=source or "dose risk")
