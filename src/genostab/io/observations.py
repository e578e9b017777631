"""Stated results: what a laboratory reports, one row each, kept as text."""

from __future__ import annotations

from pathlib import Path

from genostab.arrays import Observations
from genostab.io.tables import read_table

_OPTIONAL = ("n", "method", "lod", "lab", "operator", "date", "evidence_file")


def read_observations(path: str | Path) -> Observations:
    """Stated results of a CSV or TSV file; columns attribute, value and unit are required.

    Parameters
    ----------
    path : file with columns attribute, value, unit and any of n, method, lod, lab, operator, date,
        evidence_file

    Returns
    -------
    Observations
        text as written, "" where nothing is stated; unit may be empty for a category

    Raises
    ------
    GenostabError, GenostabErrors
        codes of `read_table`
    """
    table = read_table(path, ("attribute", "value", "unit"), _OPTIONAL)
    observations = Observations(
        path=table.path,
        line=table.line,
        attribute=table.text("attribute"),
        value=table.text("value"),
        unit=table.text("unit", empty=True),
        **{name: table.text(name, empty=True) for name in _OPTIONAL},
    )
    table.check()
    return observations
