"""Tables of stated results."""

from __future__ import annotations

from pathlib import Path

import pytest

from genostab.errors import GenostabErrors
from genostab.io.observations import read_observations


def test_three_columns_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "observations.csv"
    path.write_text("attribute,value,unit\nviability,94.1,%\n\nsterility,negative,\n")
    found = read_observations(path)
    assert found.path == str(path)
    assert found.line == (2, 4)
    assert found.attribute == ("viability", "sterility")
    assert found.value == ("94.1", "negative")
    assert found.unit == ("%", "")
    assert found.n == found.lod == found.evidence_file == ("", "")


def test_all_columns(tmp_path: Path) -> None:
    path = tmp_path / "observations.tsv"
    columns = ["attribute", "value", "unit", "n", "method", "lod", "lab", "operator", "date", "evidence_file"]
    cells = ["mycoplasma", "not detected", "", "2", "NAT", "10 CFU/mL", "QC", "OP1", "2026-01-15", "coa.pdf"]
    path.write_text("\t".join(columns) + "\n" + "\t".join(cells) + "\n")
    found = read_observations(path)
    assert [getattr(found, name)[0] for name in columns] == cells


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("attribute,value,unit\n,1,%\n", ":2:attribute"),
        ("attribute,value,unit\nviability,,%\n", ":2:value"),
        ("attribute,value\nviability,1\n", ":1"),
        ("attribute,value,unit,metod\nviability,1,%,x\n", ":1"),
    ],
)
def test_malformed(tmp_path: Path, content: str, where: str) -> None:
    path = tmp_path / "observations.csv"
    path.write_text(content)
    with pytest.raises(GenostabErrors) as caught:
        read_observations(path)
    assert caught.value.errors[0].where.endswith(where)
