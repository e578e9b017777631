"""Metaphase tables: one scored cell, or one ISCN clone with [n], per row."""

from __future__ import annotations

from pathlib import Path

from genostab.arrays import Metaphases
from genostab.io.tables import read_table

_STAINS = ("g_band", "giemsa_count")


def read_metaphases(path: str | Path) -> Metaphases:
    """Metaphases of a CSV or TSV file with columns cell, karyotype and, if not all are g_band, stain.

    Parameters
    ----------
    path : file; karyotypes hold commas, so a comma-separated file quotes them

    Raises
    ------
    GenostabError, GenostabErrors
        codes of `read_table`; GS-2202 also for a cell that stands twice under one stain
    """
    table = read_table(path, ("cell", "karyotype"), ("stain",))
    cell = table.text("cell")
    karyotype = table.text("karyotype")
    stain = table.choice("stain", _STAINS, default="g_band")
    first: dict[tuple[str, str], int] = {}
    for row, key in enumerate(zip(stain, cell, strict=True)):
        if first.setdefault(key, row) != row:
            table.problem(
                row,
                "cell",
                found=f"cell {key[1]!r}, as on line {table.line[first[key]]}",
                expected="each scored cell once per stain",
                action="remove the repeated row or give the cell its own name",
            )
    table.check()
    return Metaphases(cell=cell, karyotype=karyotype, stain=stain)
