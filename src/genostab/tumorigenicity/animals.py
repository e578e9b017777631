"""Tumorigenicity study in animals: tumour fraction of the product with its exact bound, validity of the controls."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from genostab import units
from genostab.arrays import Bool, Float64, Int64
from genostab.errors import UsageError
from genostab.results import Control, Estimate, Measurement
from genostab.tumorigenicity import counts
from genostab.tumorigenicity.defaults import load_defaults
from genostab.tumorigenicity.refusals import Rule, refuse


def animals_tumour_fraction(
    group: Sequence[str],
    dose_cells: Float64,
    tested: Int64,
    positive: Int64,
    *,
    level: float = 0.95,
    source: str = "",
) -> Measurement:
    """Fraction of animals that grew a tumour from the product, with exact limits.

    Parameters
    ----------
    group : sequence of str, shape (n_rows,): product, positive_control or negative_control
    dose_cells : float64, shape (n_rows,), cells per animal; NaN or 0 where none was given
    tested, positive : int64, shape (n_rows,), animals evaluated and animals with a tumour
    level : float, coverage, 0..1
    source : str, file or sheet line

    Returns
    -------
    Measurement
        ``tumorigenicity.animals_tumour_fraction``: no tumour is status not_detected, high the one-sided exact bound;
        tumours carry a two-sided exact interval. Control ``positive control`` fails where it is missing or too few
        of its animals grew a tumour, ``negative control`` where any did.

    Raises
    ------
    UsageError
        GS-1104 where there is no product group.
    GenostabErrors
        GS-1104 where a count is out of range.

    Notes
    -----
    Clopper-Pearson over all product animals; LOD is the fraction seen at least once with probability `level`. With no
    tumour, per-cell bound -ln(1 - level) / sum n d. risk_and_simulation.md sections 0 and 2.5.

    Examples
    --------
    >>> found = animals_tumour_fraction(
    ...     ["product", "positive_control"], np.array([1e7, 1e3]), np.array([10, 10]), np.array([0, 10])
    ... )
    >>> found.estimate.status, round(found.estimate.high, 12)
    ('not_detected', 0.258865550893)
    """
    names = np.array(group, dtype=object)
    _check(names, tested, positive, level, source)
    product = names == "product"
    n, k = int(tested[product].sum()), int(positive[product].sum())
    low, high = counts.binomial_interval(k, n, level)
    one_sided = counts.binomial_upper(k, n, level)
    facts = {"animals": float(n), "tumours": float(k), "upper_one_sided": one_sided}
    facts |= _dose_facts(dose_cells[product], tested[product], k, level)
    return Measurement(
        metric="tumorigenicity.animals_tumour_fraction",
        estimate=Estimate(
            estimate=k / n if k else None,
            low=low if k else None,
            high=high if k else one_sided,
            unit=units.FRACTION,
            level=level,
            method=f"Clopper-Pearson, {'two-sided' if k else 'one-sided upper'}",
            n=n,
            status="measured" if k else "not_detected",
            lod=counts.binomial_upper(0, n, level),
        ),
        controls=_controls(names, tested, positive),
        facts=facts,
        source=source,
        note="" if k else f"no tumour in {n} animals excludes only a fraction above {one_sided:.3g}",
    )


def _dose_facts(dose_cells: Float64, tested: Int64, tumours: int, level: float) -> dict[str, float]:
    given = dose_cells[np.nan_to_num(dose_cells) > 0.0]
    if given.size < dose_cells.size:
        return {}
    facts = {"dose_cells_min": float(given.min()), "dose_cells_max": float(given.max())}
    if tumours == 0:
        facts["tumour_cell_frequency_upper"] = -math.log1p(-level) / float(dose_cells @ tested)
    return facts


def _controls(
    names: np.ndarray[tuple[int], np.dtype[np.object_]], tested: Int64, positive: Int64
) -> tuple[Control, ...]:
    def pooled(group: str) -> tuple[int, int]:
        rows: Bool = names == group
        return int(positive[rows].sum()), int(tested[rows].sum())

    rule = load_defaults()
    k, n = pooled("positive_control")
    minimum, fraction = rule.positive_control_minimum, rule.positive_control_fraction
    found = f"{k} of {n} animals with a tumour" if n else "no positive-control animals"
    controls = [
        Control(
            name="positive control",
            passed=k >= minimum and k >= fraction * n,
            detail=f"{found}, at least {minimum} and {fraction:g} of all needed",
        )
    ]
    k, n = pooled("negative_control")
    if n:
        controls.append(
            Control(
                name="negative control",
                passed=k == 0,
                detail=f"{k} of {n} animals with a tumour, none allowed",
            )
        )
    return tuple(controls)


def _check(
    names: np.ndarray[tuple[int], np.dtype[np.object_]],
    tested: Int64,
    positive: Int64,
    level: float,
    source: str,
) -> None:
    where = source or "animal study"
    if not tested[names == "product"].sum() > 0:
        raise UsageError(
            "GS-1104",
            what="no animal received the product",
            where=where,
            found=f"groups {', '.join(sorted(set(names))) or 'none'}",
            expected="at least one animal of the group product",
            action="add the product's animals",
        )
    rules = [
        Rule(
            name=f"positive of row {row}",
            value=float(k),
            holds=bool(0 <= k <= n),
            expected="from 0 to the animals tested",
        )
        for row, (n, k) in enumerate(zip(tested, positive, strict=True), start=1)
    ]
    rules.append(
        Rule(name="level", value=level, holds=0.0 < level < 1.0, expected="a coverage between 0 and 1")
    )
    refuse(rules, where=where)
