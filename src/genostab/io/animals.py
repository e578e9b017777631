"""Tumorigenicity studies: animals evaluated and animals with a tumour, per group and dose."""

from __future__ import annotations

from pathlib import Path

from genostab.arrays import Float64, Int64
from genostab.io.tables import read_table

_GROUPS = ("product", "positive_control", "negative_control")


def read_animals(path: str | Path) -> tuple[tuple[str, ...], Float64, Int64, Int64]:
    """Group, dose, animals evaluated and animals with a tumour, row by row.

    Parameters
    ----------
    path : CSV or TSV file with columns group (product, positive_control, negative_control), dose_cells (cells
        per animal; empty or 0 for a negative control only), tested, positive

    Returns
    -------
    group : tuple of str, shape (n_rows,)
    dose_cells : float64, shape (n_rows,), cells, NaN where empty
    tested, positive : int64, shape (n_rows,), animals, 0 <= positive <= tested, tested >= 1

    Raises
    ------
    GenostabError, GenostabErrors
        codes of `read_table`; GS-2202 for every wrong cell
    """
    table = read_table(path, ("group", "dose_cells", "tested", "positive"))
    group = table.choice("group", _GROUPS)
    dose = table.number("dose_cells", minimum=0.0, empty_nan=True)
    tested = table.integer("tested", minimum=1)
    positive = table.integer("positive", minimum=0)
    for row, name in enumerate(group):
        # A placeholder of 0 stands for a cell that is a problem already.
        if positive[row] > tested[row] > 0:
            table.problem(
                row,
                "positive",
                found=f"{positive[row]} of {tested[row]} tested",
                expected="at most the animals tested",
                action="correct one of the two counts",
            )
        stated = table.cells["dose_cells"][row]
        if name != "negative_control" and (stated == "" or dose[row] == 0.0):
            table.problem(
                row,
                "dose_cells",
                found=stated,
                expected="a number of cells above 0",
                action="state the cells that each animal received",
            )
    table.check()
    return group, dose, tested, positive
