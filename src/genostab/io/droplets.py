"""Droplet digital PCR wells: a plain table, or the CSV export of QX Manager or QuantaSoft."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from genostab.arrays import DropletCounts, Float64, Int64
from genostab.errors import InputError
from genostab.io.tables import Table, read_header, read_table

_PLAIN = ("well", "role", "target", "positive", "accepted", "droplet_volume_nl", "cells")
_ROLES = ("sample", "no_template", "negative_control", "positive_control")
_QX_MANAGER = ("Well", "Target", "SampleType", "Positives", "Accepted Droplets")
_QUANTASOFT = ("Well", "Assay", "TypeAssay", "Positives", "AcceptedDroplets")
_SOFTWARE = {"qx_manager": _QX_MANAGER, "quantasoft": _QUANTASOFT}
_WELL = re.compile(r"[A-H](?:0?[1-9]|1[0-2])")
_ADDED = ("role", "cells", "droplet_volume_nl")
# micro sign, Greek mu, plain letter
_CONCENTRATIONS = ("Conc(copies/\u00b5L)", "Conc(copies/\u03bcL)", "Conc(copies/uL)", "Concentration")
# words of both programs; only Unknown was seen in real exports, the others are from memory
_VENDOR_ROLES = {
    "unknown": "sample",
    "ntc": "no_template",
    "negctrl": "negative_control",
    "negativecontrol": "negative_control",
    "posctrl": "positive_control",
    "positivecontrol": "positive_control",
}


def read_droplets(path: str | Path) -> DropletCounts:
    """Droplet counts per well and target.

    Parameters
    ----------
    path : CSV or TSV file with columns well, role, target, positive, accepted, droplet_volume_nl and cells
        (empty where the well holds none), or an export of QX Manager or QuantaSoft, to which columns role,
        cells and droplet_volume_nl may be added

    Returns
    -------
    DropletCounts
        cells is NaN where the file states none; the droplet volume of an export is that of its software
        (0.85 nL QX Manager, 0.91 nL QuantaSoft) unless the file states it

    Raises
    ------
    GenostabError, GenostabErrors
        codes of `read_table`; GS-2004 where the export is of no known software; GS-2202 for a wrong cell, a
        merged well, or a volume that the file's own concentrations contradict

    Notes
    -----
    The concentration c that the export states gives its volume back: V = -ln(1 - k / n) / c (research
    assays.md section 4).
    """
    header = read_header(path)
    if "well" in header:
        table = read_table(path, _PLAIN[:-1], _PLAIN[-1:])
        return _counts(
            table,
            columns=("well", "target", "positive", "accepted"),
            role=table.choice("role", _ROLES),
            volume_nl=table.number("droplet_volume_nl", above=0.0),
        )
    software = next((name for name, columns in _SOFTWARE.items() if set(columns) <= set(header)), None)
    if software is None:
        raise InputError(
            "GS-2004",
            what="this is no droplet table of a known software",
            where=str(path),
            found="columns " + ", ".join(filter(None, header)),
            expected=f"{', '.join(_PLAIN)}; or {', '.join(_QX_MANAGER)}; or {', '.join(_QUANTASOFT)}",
            action="rename the columns to the first list and state droplet_volume_nl ("
            + ", ".join(f"{_default(name, 'volume_nl')} nL in {name}" for name in _SOFTWARE)
            + ")",
        )
    return _export(path, header, software)


def _export(path: str | Path, header: tuple[str, ...], software: str) -> DropletCounts:
    columns = _SOFTWARE[software]
    added = [name for name in (*_ADDED, *_CONCENTRATIONS) if name in header]
    table = read_table(path, columns, added)
    well, target, type_column, positive, accepted = columns
    for row, name in enumerate(table.text(well)):
        if not _WELL.fullmatch(name):
            table.problem(
                row,
                well,
                found=name,
                expected="a single well A01 to H12 (a merged one, M01, would count its droplets twice)",
                action="export without merged wells",
            )
    if table.has("droplet_volume_nl"):
        volume_nl = table.number("droplet_volume_nl", above=0.0)
    else:
        volume_nl = np.full(len(table), _default(software, "volume_nl"))
    role = _vendor_roles(table, type_column)
    counts = _counts(table, columns=(well, target, positive, accepted), role=role, volume_nl=volume_nl)
    _check_volume(table, counts)
    return counts


def _counts(
    table: Table, *, columns: tuple[str, str, str, str], role: tuple[str, ...], volume_nl: Float64
) -> DropletCounts:
    well_column, target_column, positive_column, accepted_column = columns
    well, target = table.text(well_column), table.text(target_column)
    positive = table.integer(positive_column, minimum=0)
    accepted = table.integer(accepted_column, minimum=1)
    cells = table.number("cells", minimum=0.0, empty_nan=True)
    _check_counts(table, positive, accepted, positive_column)
    seen: set[tuple[str, str]] = set()
    for row, key in enumerate(zip(well, target, strict=True)):
        if key in seen:
            table.problem(
                row,
                well_column,
                found=f"well {key[0]}, target {key[1]} a second time",
                expected="each well and target once",
                action="remove the repeated row",
            )
        seen.add(key)
    table.check()
    return DropletCounts(
        well=well,
        role=role,
        target=target,
        positive=positive,
        accepted=accepted,
        droplet_volume_nl=volume_nl,
        cells=cells,
    )


def _check_counts(table: Table, positive: Int64, accepted: Int64, column: str) -> None:
    for row in np.flatnonzero((positive > accepted) & (accepted > 0)):
        table.problem(
            int(row),
            column,
            found=f"{positive[row]} positive of {accepted[row]} accepted",
            expected="no more positive than accepted droplets",
            action="export the table again",
        )


def _vendor_roles(table: Table, type_column: str) -> tuple[str, ...]:
    if table.has("role"):
        return table.choice("role", _ROLES)
    roles = []
    for row, stated in enumerate(table.text(type_column)):
        word = stated.casefold().removeprefix("ch1").removeprefix("ch2").replace(" ", "")
        if word not in _VENDOR_ROLES:
            table.problem(
                row,
                type_column,
                found=stated,
                expected="Unknown, NTC, NegCtrl or PosCtrl",
                action=f"add a column role with one of {', '.join(_ROLES)}",
            )
        roles.append(_VENDOR_ROLES.get(word, ""))
    return tuple(roles)


def _check_volume(table: Table, counts: DropletCounts) -> None:
    """Refuse a droplet volume that the concentrations in the same file contradict."""
    column = next((name for name in _CONCENTRATIONS if table.has(name)), None)
    if column is None:
        return
    stated = table.number(column, minimum=0.0, empty_nan=True, nan_words=("no call", "nan"))
    usable = (stated > 0.0) & (counts.positive > 0) & (counts.positive < counts.accepted)
    if usable.any():
        copies = -np.log1p(-counts.positive[usable] / counts.accepted[usable])
        own_nl = copies / (stated[usable] / 1000.0)
        ratio = float(np.median(counts.droplet_volume_nl[usable] / own_nl))
        if abs(ratio - 1.0) > _default("agreement", "relative"):
            table.problem(
                int(np.flatnonzero(usable)[0]),
                column,
                found=f"concentrations made with {float(np.median(own_nl)):.3g} nL per droplet",
                expected=f"{counts.droplet_volume_nl[usable][0]:g} nL",
                action="add a column droplet_volume_nl with the volume of your software",
            )
    table.check()


def _default(name: str, key: str) -> float:
    text = resources.files("genostab.io").joinpath("data/droplet_volume.yaml").read_text(encoding="utf-8")
    return float(YAML(typ="safe", pure=True).load(text)[name][key])
