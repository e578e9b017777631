"""Passage tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genostab.errors import GenostabErrors
from genostab.io.passages import read_passages


def test_days_count_from_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "passages.csv"
    path.write_text("passage,day,seeded,harvested\n20,100,1e6,8.4e6\n21,104.5,1e6,\n")
    found = read_passages(path)
    assert found.passage.tolist() == [20, 21]
    assert found.day.tolist() == [0.0, 4.5]
    assert found.seeded.tolist() == [1e6, 1e6]
    assert found.harvested[0] == 8.4e6
    assert np.isnan(found.harvested[1])


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ("1,0,1e6,2e6\n1,4,1e6,2e6\n", "passage"),
        ("1,4,1e6,2e6\n2,4,1e6,2e6\n", "day"),
        ("1,0,0,2e6\n", "seeded"),
        ("1,0,,2e6\n", "seeded"),
        ("1,0,1e6,0\n", "harvested"),
        ("1.5,0,1e6,2e6\n", "passage"),
        ('1,0,"1,5e6",2e6\n', "seeded"),
        ("1,Monday,1e6,2e6\n", "day"),
    ],
)
def test_malformed(tmp_path: Path, rows: str, column: str) -> None:
    path = tmp_path / "passages.csv"
    path.write_text("passage,day,seeded,harvested\n" + rows)
    with pytest.raises(GenostabErrors) as caught:
        read_passages(path)
    assert caught.value.errors[0].where.endswith(f":{column}")
    assert caught.value.errors[0].code == "GS-2202"
