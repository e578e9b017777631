"""Residual iPSC by one assay from its counts: flow events, stained cells, colonies; droplets in `droplets`."""

from __future__ import annotations

import math

from genostab import units
from genostab.results import Control, Estimate, Measurement
from genostab.tumorigenicity import counts
from genostab.tumorigenicity.defaults import load_defaults
from genostab.tumorigenicity.droplets import residual_from_droplets
from genostab.tumorigenicity.lod import published_lod
from genostab.tumorigenicity.refusals import Rule, count_rules, refuse

__all__ = ["residual_frequency", "residual_from_droplets"]


def residual_frequency(
    assay: str,
    positives: int,
    tested_cells: float,
    *,
    recovery: float = 1.0,
    background_per_cell: float = 0.0,
    assay_lod: float | None,
    level: float = 0.95,
    source: str,
) -> Measurement:
    """Frequency of residual iPSC among the cells of one assay, with exact limits.

    Parameters
    ----------
    assay : str, name as in defaults.yaml; another name has no published LOD
    positives : int, positive events, 0..tested_cells
    tested_cells : float, cells looked at [cells], > 0
    recovery : float, share of iPSC that the assay turns positive, above 0 and at most 1
    background_per_cell : float, expected false positives per cell, >= 0
    assay_lod : float or None, the laboratory's validated LOD [fraction of cells]; None takes the published one
    level : float, coverage, 0..1
    source : str, file or sheet line

    Returns
    -------
    Measurement
        ``residual.<assay>.frequency``. Not detected where the count is explained by the background (with none: where
        it is 0): estimate and low None, high the one-sided exact bound. Detected: two-sided exact interval. LOD is
        the larger of the published and the statistical one.

    Raises
    ------
    GenostabErrors
        GS-1104 where a count or fraction is out of range.

    Notes
    -----
    Without background Clopper-Pearson, upper Beta(level; k+1, N-k), divided by the recovery; with background the
    Poisson limits of `counts`. Statistical LOD -ln(1 - level) / (N recovery) without background. research 2.5.

    Examples
    --------
    >>> found = residual_frequency("flow-tra160", 0, 300000, assay_lod=None, source="flow.csv")
    >>> found.estimate.status, found.estimate.high, found.estimate.lod
    ('not_detected', 9.985724387502285e-06, 0.001)
    """
    _check(assay, positives, tested_cells, recovery, background_per_cell, assay_lod, level)
    lod = published_lod(assay, assay_lod)
    metric = f"residual.{assay}.frequency"
    if not lod.detects_ipsc:
        return _blind(metric, tested_cells, level, source, load_defaults().assays[assay].source)
    scale = tested_cells * recovery
    background = background_per_cell * tested_cells
    statistical_lod = min(counts.signal_lod(background, level) / scale, 1.0)
    upper = _upper(positives, tested_cells, background, level) / recovery
    detected = counts.count_is_detected(positives, background, level)
    tail = (1.0 + level) / 2.0
    low = _lower(positives, tested_cells, background, tail) / recovery
    high = _upper(positives, tested_cells, background, tail) / recovery
    return Measurement(
        metric=metric,
        estimate=Estimate(
            estimate=min((positives - background) / scale, 1.0) if detected else None,
            low=min(low, 1.0) if detected else None,
            high=min(high if detected else upper, 1.0),
            unit=units.FRACTION,
            level=level,
            method=_method(detected, background),
            n=math.floor(tested_cells),
            status="measured" if detected else "not_detected",
            lod=max(statistical_lod, lod.fraction or 0.0),
        ),
        controls=_background_controls(positives, background),
        facts={
            "positives": float(positives),
            "tested_cells": float(tested_cells),
            "recovery": recovery,
            "background_events": background,
            "upper_one_sided": min(upper, 1.0),
            "statistical_lod": statistical_lod,
            **({"assay_lod": lod.fraction} if lod.fraction is not None else {}),
        },
        source=source,
        note=f"{lod.note}; statistical LOD {statistical_lod:.3g} of {tested_cells:g} cells at recovery {recovery:g}",
    )


def _upper(positives: int, tested: float, background: float, level: float) -> float:
    if background == 0.0:
        return counts.binomial_upper(positives, tested, level)
    return counts.signal_upper(positives, background, level) / tested


def _lower(positives: int, tested: float, background: float, level: float) -> float:
    if background == 0.0:
        return counts.binomial_interval(positives, tested, 2.0 * level - 1.0)[0]
    return max(counts.poisson_lower(positives, level) - background, 0.0) / tested


def _method(detected: bool, background: float) -> str:
    limits = "Clopper-Pearson" if background == 0.0 else "Poisson with known background"
    return f"{limits}, {'two-sided' if detected else 'one-sided upper'}"


def _background_controls(positives: int, background: float) -> tuple[Control, ...]:
    """Whether the count is not far below the background that was said to be there."""
    if background == 0.0:
        return ()
    chance = counts.chance_of_at_most(positives, background)
    return (
        Control(
            name="background",
            passed=chance >= load_defaults().background_misfit_p,
            detail=f"{positives} positives where the background alone gives {background:.3g} (chance {chance:.2g})",
        ),
    )


def _blind(metric: str, tested_cells: float, level: float, source: str, why: str) -> Measurement:
    return Measurement(
        metric=metric,
        estimate=Estimate(
            estimate=None,
            low=None,
            high=None,
            unit=units.FRACTION,
            level=level,
            method="none: the assay does not detect iPSC",
            n=math.floor(tested_cells),
            status="not_computed",
        ),
        source=source,
        note=f"this assay cannot detect iPSC ({why}): it bears on transformed somatic cells only",
    )


def _check(
    assay: str,
    positives: int,
    tested_cells: float,
    recovery: float,
    background_per_cell: float,
    assay_lod: float | None,
    level: float,
) -> None:
    stated = 1.0 if assay_lod is None else assay_lod
    rules = (
        *count_rules(positives=positives, tested_cells=tested_cells, recovery=recovery),
        Rule(
            name="background_per_cell",
            value=background_per_cell,
            holds=0.0 <= background_per_cell < 1.0,
            expected="a fraction from 0 to below 1",
        ),
        Rule(
            name="lod", value=stated, holds=0.0 < stated <= 1.0, expected="a fraction above 0 and at most 1"
        ),
        Rule(name="level", value=level, holds=0.0 < level < 1.0, expected="a coverage between 0 and 1"),
    )
    refuse(rules, where=f"residual assay {assay}")
