"""Passage tables: cells seeded and harvested at each passage of a culture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from genostab.arrays import Passages
from genostab.io.tables import read_table


def read_passages(path: str | Path) -> Passages:
    """Passages of a CSV or TSV file with columns passage, day, seeded, harvested.

    Parameters
    ----------
    path : file; day counts from any origin; seeded and harvested are viable cells, empty if not harvested

    Returns
    -------
    Passages
        day counts from the first row

    Raises
    ------
    GenostabError, GenostabErrors
        codes of `read_table`; GS-2202 also where passage or day does not rise
    """
    table = read_table(path, ("passage", "day", "seeded", "harvested"))
    passage = table.integer("passage", minimum=0)
    day = table.number("day")
    seeded = table.number("seeded", above=0.0)
    harvested = table.number("harvested", above=0.0, empty_nan=True)
    table.check()  # order is judged on sound numbers only
    for column, values in (("passage", passage), ("day", day)):
        for row in np.flatnonzero(np.diff(values) <= 0) + 1:
            table.problem(
                int(row),
                column,
                found=f"{values[row]:g} after {values[row - 1]:g}",
                expected="a value above that of the row before",
                action="sort the rows in time and correct the value",
            )
    table.check()
    return Passages(passage=passage, day=day - day[0], seeded=seeded, harvested=harvested)
