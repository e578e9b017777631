"""Metaphase tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from genostab.errors import GenostabErrors
from genostab.io.metaphases import read_metaphases


def test_stain_is_g_band_unless_stated(tmp_path: Path) -> None:
    path = tmp_path / "gband.csv"
    path.write_text('cell,karyotype\n1,"46,XX"\n2,"47,XX,+12"\n')
    found = read_metaphases(path)
    assert found.cell == ("1", "2")
    assert found.karyotype == ("46,XX", "47,XX,+12")
    assert found.stain == ("g_band", "g_band")
    path.write_text("cell\tkaryotype\tstain\n1\t46,XX\tg_band\n1\t46\tgiemsa_count\n2\t46,XX\t\n")
    assert read_metaphases(path).stain == ("g_band", "giemsa_count", "g_band")


@pytest.mark.parametrize(
    ("content", "n_errors", "code", "where"),
    [
        ('cell,karyotype\n1,"46,XX"\n1,"46,XX"\n', 1, "GS-2202", ":3:cell"),
        ("cell,karyotype\n1,\n,46\n", 2, "GS-2202", ":cell"),
        ("cell,karyotype\n1,46,XX\n", 1, "GS-2202", ":2"),
        ("cell,karyotype,stain\n1,46,XX\n", 1, "GS-2202", ":2:stain"),
        ('cell,karyotype,stian\n1,"46,XX",g_band\n', 1, "GS-2201", ":1"),
        ("cell\n1\n", 1, "GS-2201", ":1"),
    ],
)
def test_malformed(tmp_path: Path, content: str, n_errors: int, code: str, where: str) -> None:
    path = tmp_path / "gband.csv"
    path.write_text(content)
    with pytest.raises(GenostabErrors) as caught:
        read_metaphases(path)
    assert [error.code for error in caught.value.errors] == [code] * n_errors
    assert any(error.where.endswith(where) for error in caught.value.errors)
