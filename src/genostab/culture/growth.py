"""Growth of a culture from its passage table: population doublings and doubling time."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from genostab import units
from genostab.arrays import Float64, Int64, Passages
from genostab.errors import GenostabError, GenostabErrors, InputError
from genostab.results import Estimate, Measurement

_HOURS_PER_DAY = 24.0


def growth(passages: Passages, *, level: float = 0.95, source: str = "") -> tuple[Measurement, Measurement]:
    """Cumulative population doublings, and doubling time in hours.

    A row is one passage: `seeded` cells on `day`, `harvested` cells on the day of the next row.

    Parameters
    ----------
    passages : Passages; harvested NaN where not counted
    level : float, coverage of the doubling time's interval, 0..1
    source : str, the passage table

    Returns
    -------
    tuple of Measurement
        ``culture.population_doublings`` [count] is exact arithmetic on the counts, without interval; not computed
        where a passage before the last was not counted (the counted sum is then a fact). An uncounted last passage
        is left out and said so. ``culture.doubling_time_h`` [h] uses the passages with a count and a next row;
        interval from their scatter, None for fewer than two of them; not computed without net growth.

    Raises
    ------
    GenostabErrors
        GS-2202 where a cell number is not above 0 or the days do not rise.

    Notes
    -----
    PD = sum log2(harvested / seeded). Growth rate k = sum PD / sum t is the least-squares slope of PD on t through 0
    with variance proportional to t, s^2 = sum (PD - k t)^2 / t / (m - 1), limits k -+ t_quantile s / sqrt(sum t);
    doubling time = 1 / k. For one passage t ln 2 / ln(N / N0) (assays.md section 6).

    Examples
    --------
    >>> two_rows = Passages(
    ...     passage=np.array([1, 2]),
    ...     day=np.array([0.0, 4.0]),
    ...     seeded=np.array([5e5, 5e5]),
    ...     harvested=np.array([8.4e6, np.nan]),
    ... )
    >>> doublings, time = growth(two_rows)
    >>> round(doublings.estimate.estimate, 9), round(time.estimate.estimate, 9)
    (4.070389328, 23.584967497)
    """
    check_passages(passages, source)
    doublings = np.log2(passages.harvested / passages.seeded)
    return (
        _population_doublings(passages.passage, doublings, level, source),
        _doubling_time(np.diff(passages.day), doublings[:-1], doublings[-1:], level, source),
    )


def check_passages(passages: Passages, source: str) -> None:
    """Nothing, or every impossible number of a passage table.

    Raises
    ------
    GenostabErrors
        GS-2202 where a cell number is not above 0 or the days do not rise.
    """
    seeded, harvested = passages.seeded, passages.harvested
    rows = (
        ("seeded", seeded, ~(np.isfinite(seeded) & (seeded > 0.0)), "cells above 0"),
        ("harvested", harvested, (harvested <= 0.0) | np.isinf(harvested), "cells above 0, or nothing"),
        (
            "day",
            passages.day,
            ~(np.diff(passages.day, prepend=-np.inf) > 0.0),
            "a later day than the row before",
        ),
    )
    errors: list[GenostabError] = [
        InputError(
            "GS-2202",
            what=f"{column} is wrong",
            where=f"{source or 'passage table'}, passage {passages.passage[row]}",
            found=f"{values[row]:g}",
            expected=expected,
            action="correct the passage table",
        )
        for column, values, wrong, expected in rows
        for row in np.flatnonzero(wrong)
    ]
    if errors:
        raise GenostabErrors(errors)


def _population_doublings(passage: Int64, doublings: Float64, level: float, source: str) -> Measurement:
    missing = np.flatnonzero(np.isnan(doublings))
    gaps = missing[missing < doublings.size - 1]
    n_counted = doublings.size - missing.size
    counted = float(np.nansum(doublings))
    complete = gaps.size == 0 and n_counted > 0
    note = ""
    if missing.size:
        names = ", ".join(str(passage[row]) for row in missing)
        note = f"not counted at harvest, left out: passage {names}"
        note += "" if complete else "; the sum over all passages is not known"
    return Measurement(
        metric="culture.population_doublings",
        estimate=Estimate(
            estimate=counted if complete else None,
            low=None,
            high=None,
            unit=units.COUNT,
            level=level,
            method="sum of log2(harvested / seeded)",
            n=n_counted,
            status="measured" if complete else "not_computed",
        ),
        facts={"counted_population_doublings": counted, "counted_passages": float(n_counted)},
        source=source,
        note=note,
    )


def _doubling_time(
    days: Float64, doublings: Float64, last: Float64, level: float, source: str
) -> Measurement:
    used = ~np.isnan(doublings)
    hours, pd = days[used] * _HOURS_PER_DAY, doublings[used]
    rate = float(pd.sum() / hours.sum()) if hours.size else math.nan
    low, high = _interval(hours, pd, rate, level)
    notes = []
    if not np.isnan(last).any():
        notes.append("the last passage has no day of harvest and is left out")
    if not used.all():
        notes.append(f"{int((~used).sum())} passages not counted at harvest are left out")
    if not rate > 0.0:
        notes.append("no net growth" if hours.size else "no passage with a harvest and a next row")
    return Measurement(
        metric="culture.doubling_time_h",
        estimate=Estimate(
            estimate=1.0 / rate if rate > 0.0 else None,
            low=low,
            high=high,
            unit=units.HOURS,
            level=level,
            method="least squares through 0, weights 1/t" if pd.size > 1 else "t ln 2 / ln(N / N0)",
            n=int(pd.size),
            status="measured" if rate > 0.0 else "not_computed",
        ),
        source=source,
        note="; ".join(notes),
    )


def _interval(hours: Float64, pd: Float64, rate: float, level: float) -> tuple[float | None, float | None]:
    """Limits of the doubling time; high None where the growth rate may be 0."""
    if pd.size < 2 or not rate > 0.0:
        return None, None
    variance = float(((pd - rate * hours) ** 2 / hours).sum()) / (pd.size - 1)
    quantile = float(special.stdtrit(pd.size - 1, (1.0 + level) / 2.0))
    reach = quantile * math.sqrt(variance / float(hours.sum()))
    return 1.0 / (rate + reach), 1.0 / (rate - reach) if rate > reach else None
