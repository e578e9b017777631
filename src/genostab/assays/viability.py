"""Viability from counts of live and dead cells."""

from __future__ import annotations

from genostab.assays.proportion import fraction_estimate
from genostab.results import Estimate


def viability(live: int, dead: int) -> Estimate:
    """Fraction of live cells with its Wilson interval.

    Parameters
    ----------
    live, dead : int, counted cells, live + dead > 0; a total printed by a counter may differ and is not used

    Returns
    -------
    Estimate, fraction

    Notes
    -----
    live / (live + dead), research assays.md section 6.

    Examples
    --------
    >>> found = viability(187, 13)
    >>> found.estimate, round(found.low, 6), round(found.high, 6)
    (0.935, 0.891981, 0.961624)
    """
    return fraction_estimate(live, live + dead, interval="wilson")
