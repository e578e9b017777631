"""Droplet tables: the plain one and the exports of QX Manager and QuantaSoft."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genostab.arrays import DropletCounts
from genostab.errors import GenostabError, GenostabErrors
from genostab.io.droplets import read_droplets

PLAIN = "well,role,target,positive,accepted,droplet_volume_nl,cells\n"
# positives, accepted and concentration of real exports (research assays.md section 4)
QX = "Well,Sample,Target,Conc(copies/µL),SampleType,Accepted Droplets,Positives\n"
QX_ROWS = "A01,lot,LIN28A,898.375854492188,Unknown,20486,10940\nA02,lot,LIN28A,1791.92456,NTC,19626,15347\n"
OLD = "Well,Sample,TypeAssay,Assay,Concentration,Positives,AcceptedDroplets\n"


def read(folder: Path, content: str) -> DropletCounts:
    path = folder / "ddpcr.csv"
    path.write_text(content, encoding="utf-8")
    return read_droplets(path)


def test_plain_table(tmp_path: Path) -> None:
    found = read(
        tmp_path, PLAIN + "A1,sample,LIN28A,12,18000,0.85,20000\nA2,no_template,LIN28A,0,17000,0.85,\n"
    )
    assert found.well == ("A1", "A2")
    assert found.role == ("sample", "no_template")
    assert found.positive.tolist() == [12, 0]
    assert found.accepted.tolist() == [18000, 17000]
    assert found.droplet_volume_nl.tolist() == [0.85, 0.85]
    assert found.cells[0] == 20000.0
    assert np.isnan(found.cells[1])


def test_qx_manager_export(tmp_path: Path) -> None:
    found = read(tmp_path, QX + QX_ROWS)
    assert found.role == ("sample", "no_template")
    assert found.target == ("LIN28A", "LIN28A")
    assert found.positive.tolist() == [10940, 15347]
    assert found.droplet_volume_nl.tolist() == [0.85, 0.85]
    assert np.isnan(found.cells).all()


def test_quantasoft_export_has_its_own_volume(tmp_path: Path) -> None:
    found = read(
        tmp_path, OLD + "A01,lot,Ch1Unknown,FAM,141,1901,15820\nC05,lot,Ch1Unknown,FAM,7.03,90,14109\n"
    )
    assert found.droplet_volume_nl.tolist() == [0.91, 0.91]
    assert found.role == ("sample", "sample")


def test_added_columns_count_before_the_defaults(tmp_path: Path) -> None:
    header = OLD.strip() + ",role,cells,droplet_volume_nl\n"
    found = read(tmp_path, header + "A01,x,Ch1Odd,FAM,150.953,1901,15820,positive_control,10,0.85\n")
    assert found.role == ("positive_control",)
    assert found.cells.tolist() == [10.0]
    assert found.droplet_volume_nl.tolist() == [0.85]


def test_a_volume_that_the_concentrations_contradict_is_refused(tmp_path: Path) -> None:
    """The same counts and 0.91 nL: the concentration is 7 % lower than 0.85 nL makes it."""
    row = f"A01,lot,LIN28A,{898.375854492188 * 0.85 / 0.91},Unknown,20486,10940\n"
    with pytest.raises(GenostabErrors) as caught:
        read(tmp_path, QX + row)
    assert "0.91 nL" in caught.value.errors[0].found


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (PLAIN + "A1,sample,LIN28A,19000,18000,0.85,20000\n", ":2:positive"),
        (PLAIN + "A1,sample,LIN28A,1,0,0.85,20000\n", ":2:accepted"),
        (PLAIN + "A1,sample,LIN28A,1,18000,,20000\n", ":2:droplet_volume_nl"),
        (PLAIN + "A1,Sample,LIN28A,1,18000,0.85,20000\n", ":2:role"),
        (PLAIN + "A1,sample,L,1,18000,0.85,1\nA1,sample,L,1,18000,0.85,1\n", ":3:well"),
        (PLAIN + 'A1,sample,L,1,18000,"0,85",1\n', ":2:droplet_volume_nl"),
        (QX + "A01,lot,LIN28A,898.4,Spike,20486,10940\n", ":2:SampleType"),
        (QX + "M01,lot,LIN28A,898.4,Unknown,20486,10940\n", ":2:Well"),
        (QX + "A01,lot,LIN28A,898.4,Unknown,20486,10940.5\n", ":2:Positives"),
    ],
)
def test_wrong_cells(tmp_path: Path, content: str, where: str) -> None:
    with pytest.raises(GenostabErrors) as caught:
        read(tmp_path, content)
    assert caught.value.errors[0].where.endswith(where)
    assert {error.code for error in caught.value.errors} == {"GS-2202"}


def test_unknown_software_is_told_the_volumes(tmp_path: Path) -> None:
    with pytest.raises(GenostabError) as caught:
        read(tmp_path, "Well,Target,Positive\nA1,LIN28A,3\n")
    assert caught.value.code == "GS-2004"
    assert "0.85 nL in qx_manager" in caught.value.action
    assert "0.91 nL in quantasoft" in caught.value.action


def test_plain_table_needs_the_volume(tmp_path: Path) -> None:
    with pytest.raises(GenostabErrors) as caught:
        read(tmp_path, "well,role,target,positive,accepted,cells\nA1,sample,L,1,2,3\n")
    assert caught.value.errors[0].code == "GS-2201"
