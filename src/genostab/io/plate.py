"""qPCR plates: Cq values of an RDML, RDES or plain table, joined with a layout of what each well holds."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from genostab.arrays import Plate
from genostab.errors import InputError
from genostab.io.rdml import read_rdml_cq
from genostab.io.tables import Table, read_header, read_table

ROLES = (
    "standard",
    "sample",
    "heat_treated",
    "no_template",
    "lysis_buffer",
    "positive_control",
    "internal_control",
)
OMITTED = "omitted"  # a layout may name a well that is not to be used, but not pass over it in silence
_WITH_CELLS = ("sample", "heat_treated", "positive_control")
_LAYOUT = ("lysate", "amount_amol", "cells")
_NO_CQ = ("", "nan", "undetermined", "n/a", "na", "-", "no ct", "no cq")
_WELL = re.compile(r"([A-Pa-p])0?([1-9][0-9]?)")


def read_plate(plate_path: str | Path, layout_path: str | Path | None = None) -> Plate:
    """Wells of a qPCR plate with their roles and Cq values, in the order of the layout.

    Parameters
    ----------
    plate_path : RDML (a zip), RDES (columns Well, Cq), or a CSV or TSV file with columns well, cq and, if
        there is no layout file, role, lysate, amount_amol, cells
    layout_path : CSV or TSV file with columns well, role, lysate, amount_amol, cells; the role ``omitted``
        leaves a well out

    Returns
    -------
    Plate
        cq in cycles, NaN where undetermined

    Raises
    ------
    GenostabError, GenostabErrors
        codes of `read_table` and `read_rdml_cq`; GS-2202 wrong cells; GS-2401 no layout, two layouts, no Cq
        column, or wells of layout and plate that do not match
    """
    if zipfile.is_zipfile(plate_path):
        cq, embedded = read_rdml_cq(plate_path), None
    else:
        cq, embedded = _read_cq_table(plate_path)
    if (layout_path is None) == (embedded is None):
        raise _refused(
            plate_path,
            found="no layout" if embedded is None else "roles in the plate file and a layout file",
            expected="one layout: a file with columns well, role, ..., or a column role in the plate file",
            action="name a layout file" if embedded is None else "remove the column role or the layout file",
        )
    layout = embedded if layout_path is None else read_table(layout_path, ("well", "role"), _LAYOUT)
    assert layout is not None
    return _join(layout, cq, str(plate_path))


def _read_cq_table(path: str | Path) -> tuple[dict[str, float], Table | None]:
    """Cq by well, and the table itself where it also holds the layout."""
    header = read_header(path)
    well_column, cq_column = ("Well", "Cq") if "Well" in header else ("well", "cq")
    if well_column in header and cq_column not in header:
        raise _refused(
            path,
            found="columns " + ", ".join(filter(None, header[:12])),
            expected=f"a column {cq_column}",
            action="export with Cq values; quantification from raw curves comes in a later version",
        )
    with_roles = "role" in header and well_column == "well"
    table = read_table(path, (well_column, cq_column), ("role", *_LAYOUT) if with_roles else ())
    values = table.number(cq_column, nan_words=_NO_CQ)
    cq: dict[str, float] = {}
    for row, well in enumerate(_wells(table, well_column)):
        if well in cq:
            table.problem(
                row,
                well_column,
                found=f"well {well} a second time",
                expected="each well once, with one target",
                action="export one target per plate",
            )
        if values[row] <= 0.0:
            table.problem(
                row,
                cq_column,
                found=f"{values[row]:g}",
                expected="a number of cycles above 0, or an empty cell",
                action="leave the cell empty where no Cq was determined",
            )
        cq[well] = float(values[row])
    table.check()
    return cq, table if with_roles else None


def _wells(table: Table, column: str) -> list[str]:
    wells = []
    for row, text in enumerate(table.text(column)):
        match = _WELL.fullmatch(text)
        if text and not match:
            table.problem(
                row, column, found=text, expected="a well such as A1 or A01", action="correct the well"
            )
        wells.append(f"{match[1].upper()}{int(match[2])}" if match else f"line {table.line[row]}")
    return wells


def _join(layout: Table, cq: Mapping[str, float], plate_path: str) -> Plate:
    wells = _wells(layout, "well")
    role = layout.choice("role", (*ROLES, OMITTED))
    lysate = layout.text("lysate", empty=True)
    amount_amol = layout.number("amount_amol", above=0.0, empty_nan=True)
    cells = layout.number("cells", minimum=0.0, empty_nan=True)
    for row, well in enumerate(wells):
        if wells.index(well) != row:
            layout.problem(
                row, "well", found=f"{well} a second time", expected="each well once", action="remove the row"
            )
        _check_row(layout, row, role=role[row], amount_amol=amount_amol[row], cells=cells[row])
    layout.check()
    _check_match(wells, cq, layout.path, plate_path)
    used = [row for row, name in enumerate(role) if name != OMITTED]
    return Plate(
        well=tuple(wells[row] for row in used),
        role=tuple(role[row] for row in used),
        lysate=tuple(lysate[row] for row in used),
        amount_amol=amount_amol[used],
        cells=cells[used],
        cq=np.array([cq[wells[row]] for row in used], dtype=np.float64),
    )


def _check_row(layout: Table, row: int, *, role: str, amount_amol: float, cells: float) -> None:
    def demand(column: str, expected: str) -> None:
        layout.problem(row, column, found="", expected=expected, action="fill in the cell")

    if role == "standard" and np.isnan(amount_amol):
        demand("amount_amol", "the amount of a standard, amol")
    if role in _WITH_CELLS:
        if not (layout.has("lysate") and layout.cells["lysate"][row]):
            demand("lysate", f"the lysate of a {role} well; a sample and its heat-treated pair share it")
        if not cells > 0.0:
            demand("cells", f"the cell equivalents in a {role} well, above 0")
    if role not in ("standard", OMITTED) and not np.isnan(amount_amol):
        layout.problem(
            row,
            "amount_amol",
            found=f"{amount_amol:g} in a {role} well",
            expected="an amount in standard wells only",
            action="empty the cell or correct the role",
        )


def _check_match(wells: list[str], cq: Mapping[str, float], layout_path: str, plate_path: str) -> None:
    absent = [well for well in wells if well not in cq]
    unnamed = [well for well, value in cq.items() if well not in wells and not np.isnan(value)]
    if absent or unnamed:
        missing = [f"{', '.join(absent)} not on the plate"] * bool(absent)
        missing += [f"{', '.join(unnamed)} with Cq but not in the layout"] * bool(unnamed)
        raise _refused(
            f"{plate_path} and {layout_path}",
            found="; ".join(missing),
            expected="every well of the layout on the plate and every well with Cq in the layout",
            action=f"correct the layout; give a well that is not to be used the role {OMITTED}",
        )


def _refused(where: str | Path, *, found: str, expected: str, action: str) -> InputError:
    return InputError(
        "GS-2401",
        what="a plate or its layout cannot be used",
        where=str(where),
        found=found,
        expected=expected,
        action=action,
    )
