"""Chance that a recurrent variant has taken a share of the culture by the last harvest, from the passage table."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from genostab import units
from genostab.arrays import Float64, Passages
from genostab.culture.defaults import load_variants
from genostab.culture.growth import check_passages
from genostab.kernels import birth_death
from genostab.results import Estimate, Measurement

_PLACEHOLDERS = "uncalibrated placeholders; report only"


def expected_takeovers(
    seeded: Float64,
    harvested: Float64,
    mutation_per_division: Float64,
    advantage_per_doubling: Float64,
    *,
    detection_fraction: float,
    divisions_per_net_cell: float,
    nodes: int,
) -> Float64:
    """Expected number of variant lineages that hold the detection fraction at the last harvest, per class.

    Parameters
    ----------
    seeded, harvested : float64, shape (n_passages,), cells, > 0, no NaN; seeded[p] at most harvested[p - 1]
    mutation_per_division, advantage_per_doubling : float64, shape (n_classes,)
    detection_fraction : float, share of normal and variant cells together, 0..1
    divisions_per_net_cell : float, birth rate over net growth rate of normal cells, >= 1
    nodes : int, Gauss-Legendre nodes per passage

    Returns
    -------
    float64, shape (n_classes,), lineages; P(at least one) = 1 - exp(-sum)

    Notes
    -----
    Single lineages against a normal population that follows the passage table: no saturation, no competition
    (risk_and_simulation.md section 6.1 E1, 6.4).
    """
    node, weight = np.polynomial.legendre.leggauss(nodes)
    size = math.ceil(detection_fraction / (1.0 - detection_fraction) * harvested[-1])
    return birth_death.expected_clones(
        seeded,
        harvested,
        mutation_per_division,
        advantage_per_doubling,
        divisions_per_net_cell,
        float(size),
        (node + 1.0) / 2.0,
        weight / 2.0,
    )


def variant_probability(passages: Passages, *, source: str = "") -> Measurement:
    """Band of the probability that any recurrent variant holds the detection share by the last counted harvest.

    Parameters
    ----------
    passages : Passages; `seeded` of a row comes out of `harvested` of the row before
    source : str, the passage table

    Returns
    -------
    Measurement
        ``culture.variant_probability`` [fraction]: low and high from the lowest and highest advantage of
        defaults.yaml, no estimate between them; level 0, as the band covers nothing. Not computed where an earlier
        harvest was not counted, where none was, or where a passage seeds more cells than were harvested.

    Raises
    ------
    GenostabErrors
        GS-2202 where a cell number is not above 0 or the days do not rise.

    Notes
    -----
    1 - exp(-sum over classes of `expected_takeovers`). The cells first seeded are taken as free of variants. Rates and
    advantages are placeholders that no source supports: a report, never a verdict.
    """
    check_passages(passages, source)
    n = 1 + int(max(np.flatnonzero(~np.isnan(passages.harvested)), default=-1))
    seeded, harvested = passages.seeded[:n], passages.harvested[:n]
    why = _why_not(seeded, harvested)
    if why:
        return _measurement(None, None, n, "not_computed", {}, source, f"{why}; {_PLACEHOLDERS}")
    variants = load_variants()
    rates = np.full(len(variants.classes), variants.mutation_per_division)
    band: list[float] = []
    facts: dict[str, float] = {}
    for name, advantage in (("low", variants.advantage_low), ("high", variants.advantage_high)):
        takeovers = expected_takeovers(
            seeded,
            harvested,
            rates,
            np.full(rates.size, advantage),
            detection_fraction=variants.detection_fraction,
            divisions_per_net_cell=variants.divisions_per_net_cell,
            nodes=variants.nodes,
        )
        band.append(-math.expm1(-float(takeovers.sum())))
        facts |= {
            f"{variant}.probability_{name}": -math.expm1(-float(one))
            for variant, one in zip(variants.classes, takeovers, strict=True)
        }
    facts |= {"detection_fraction": variants.detection_fraction, "passages": float(n)}
    note = f"{_PLACEHOLDERS}; first cells taken as free of variants; no saturation"
    if n < passages.passage.size:
        note += (
            f"; the last {passages.passage.size - n} passages were not counted at harvest and are left out"
        )
    return _measurement(band[0], band[1], n, "measured", facts, source, note)


def _why_not(seeded: Float64, harvested: Float64) -> str:
    if seeded.size == 0:
        return "no passage was counted at harvest"
    if np.isnan(harvested).any():
        return "a passage before the last counted one was not counted at harvest"
    if (seeded[1:] > harvested[:-1]).any():
        return "a passage seeds more cells than the one before gave"
    return ""


def _measurement(
    low: float | None,
    high: float | None,
    n: int,
    status: Literal["measured", "not_computed"],
    facts: dict[str, float],
    source: str,
    note: str,
) -> Measurement:
    return Measurement(
        metric="culture.variant_probability",
        estimate=Estimate(
            estimate=None,
            low=low,
            high=high,
            unit=units.FRACTION,
            level=0.0,
            method="affine chain with Poisson immigration, band over the assumed advantage",
            n=n,
            status=status,
        ),
        facts=facts,
        source=source,
        note=note,
    )
