"""Plates: Cq of RDML, RDES or a plain table, joined with the layout; nothing that matters is left out in silence."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from genostab.errors import GenostabError, GenostabErrors
from genostab.io.plate import read_plate

LAYOUT = (
    "well,role,lysate,amount_amol,cells\n"
    "A01,standard,,40,\n"
    "A2,sample,NSC,,1000\n"
    "A3,heat_treated,NSC,,1000\n"
    "a4,no_template,,,\n"
    "A5,omitted,,,\n"
)
PLAIN = "well,cq\nA1,16.1\nA02,22.5\nA3,Undetermined\nA4,\nA5,30\nB1,NaN\n"
RDES = (
    "Well\tSample\tSample Type\tTarget\tTarget Type\tDye\tCq\t1\t2\n"
    "A1\tx\tstd\tTRAP\ttoi\tSYBR\t16.1\t2.5\t2.5\nA2\tx\tunkn\tTRAP\ttoi\tSYBR\t22.5\t2.5\t2.5\n"
    "A3\tx\tunkn\tTRAP\ttoi\tSYBR\t\t2.5\t2.5\nA4\tx\tntc\tTRAP\ttoi\tSYBR\t\t2.5\t2.5\n"
    "A5\tx\tunkn\tTRAP\ttoi\tSYBR\t30\t2.5\t2.5\n"
)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def rdml(folder: Path) -> Path:
    wells = "".join(
        f'<react id="{i}"><data><cq>{cq}</cq></data></react>'
        for i, cq in ((1, 16.1), (2, 22.5), (3, -1.0), (4, -1.0), (5, 30))
    )
    path = folder / "trap.rdml"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "run.xml",
            f'<rdml version="1.1"><experiment id="e"><run id="r"><pcrFormat><rows>8</rows><columns>12</columns>'
            f"<rowLabel>ABC</rowLabel><columnLabel>123</columnLabel></pcrFormat>{wells}</run></experiment></rdml>",
        )
    return path


@pytest.mark.parametrize("kind", ["plain", "rdes", "rdml"])
def test_plate_and_layout(tmp_path: Path, kind: str) -> None:
    layout = write(tmp_path, "layout.csv", LAYOUT)
    path = (
        rdml(tmp_path) if kind == "rdml" else write(tmp_path, "trap.tsv", PLAIN if kind == "plain" else RDES)
    )
    plate = read_plate(path, layout)
    assert plate.well == ("A1", "A2", "A3", "A4")
    assert plate.role == ("standard", "sample", "heat_treated", "no_template")
    assert plate.lysate == ("", "NSC", "NSC", "")
    np.testing.assert_array_equal(plate.amount_amol, [40.0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(plate.cells, [np.nan, 1000.0, 1000.0, np.nan])
    np.testing.assert_array_equal(plate.cq, [16.1, 22.5, np.nan, np.nan])


def test_one_file_with_both(tmp_path: Path) -> None:
    text = "well,cq,role,lysate,amount_amol,cells\nA1,16.1,standard,,40,\nB12,,sample,NSC,,500\n"
    plate = read_plate(write(tmp_path, "trap.csv", text))
    assert plate.well == ("A1", "B12")
    assert plate.cells[1] == 500.0


def refuse(plate: Path, layout: Path | None) -> GenostabError:
    with pytest.raises((GenostabError, GenostabErrors)) as caught:
        read_plate(plate, layout)
    return caught.value.errors[0] if isinstance(caught.value, GenostabErrors) else caught.value


@pytest.mark.parametrize(
    ("plate", "layout", "code", "said"),
    [
        (PLAIN, None, "GS-2401", "no layout"),
        ("well,cq,role\nA1,20,no_template\n", LAYOUT, "GS-2401", "roles in the plate file"),
        ("well,fluorescence\nA1,20\n", LAYOUT, "GS-2401", "columns well, fluorescence"),
        ("Well\tSample\t1\t2\nA1\tx\t2.5\t2.5\n", LAYOUT, "GS-2401", "columns Well"),
        (PLAIN.replace("B1,NaN", "B1,35"), LAYOUT, "GS-2401", "B1 with Cq but not in the layout"),
        (PLAIN.replace("A3,Undetermined\n", ""), LAYOUT, "GS-2401", "A3 not on the plate"),
        (PLAIN + "A01,17\n", LAYOUT, "GS-2202", "well A1 a second time"),
        (PLAIN.replace("22.5", '"22,5"'), LAYOUT, "GS-2202", "22,5"),
        (PLAIN.replace("22.5", "-1"), LAYOUT, "GS-2202", "-1"),
        (PLAIN.replace("22.5", "0"), LAYOUT, "GS-2202", "0"),
        (PLAIN.replace("B1", "1B"), LAYOUT, "GS-2202", "1B"),
        (PLAIN, LAYOUT + "A1,sample,NSC,,1000\n", "GS-2202", "A1 a second time"),
        (PLAIN, LAYOUT.replace("NSC,,1000", ",,1000", 1), "GS-2202", "empty"),
        (PLAIN, LAYOUT.replace("NSC,,1000", "NSC,,", 1), "GS-2202", "empty"),
        (PLAIN, LAYOUT.replace("NSC,,1000", "NSC,,0", 1), "GS-2202", "empty"),
        (PLAIN, LAYOUT.replace(",40,", ",,"), "GS-2202", "empty"),
        (PLAIN, LAYOUT.replace(",40,", ",0,"), "GS-2202", "0"),
        (PLAIN, LAYOUT.replace("NSC,,1000", "NSC,4,1000", 1), "GS-2202", "4 in a sample well"),
        (PLAIN, LAYOUT.replace("no_template", "ntc"), "GS-2202", "ntc"),
        (PLAIN, LAYOUT.replace("lysate", "lystae"), "GS-2201", "lystae"),
        (PLAIN, "well,lysate\nA1,x\n", "GS-2201", "well, lysate"),
    ],
)
def test_refusals(tmp_path: Path, plate: str, layout: str | None, code: str, said: str) -> None:
    path = None if layout is None else write(tmp_path, "layout.csv", layout)
    error = refuse(write(tmp_path, "trap.csv", plate), path)
    assert error.code == code
    assert said in error.found


def test_missing_files(tmp_path: Path) -> None:
    layout = write(tmp_path, "layout.csv", LAYOUT)
    assert refuse(tmp_path / "none.csv", layout).code == "GS-2001"
    assert refuse(write(tmp_path, "trap.csv", PLAIN), tmp_path / "none.csv").code == "GS-2001"
