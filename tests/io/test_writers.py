"""TSV, gzip, BED and SEG, read back by others."""

from __future__ import annotations

import csv
import gzip
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genostab.arrays import Segments
from genostab.io.bed import BedRecord, bed_bytes
from genostab.io.genome import load_genome
from genostab.io.seg import seg_bytes
from genostab.io.tsv import format_cell, gzip_bytes, table_bytes


@given(st.floats(allow_nan=False))
def test_floats_read_back_equal(number: float) -> None:
    text = format_cell(number)
    assert float(text) == number
    assert len(text) <= len(repr(number))
    assert format_cell(np.float64(number)) == text


@given(st.text())
def test_no_text_breaks_the_table_or_runs_as_a_formula(text: str) -> None:
    data = table_bytes(["a", "b"], [[text, 1]]).decode()
    lines = data.split("\n")
    assert len(lines) == 3
    cell, number = lines[1].split("\t")
    assert number == "1"
    assert not cell.startswith(("=", "+", "-", "@"))
    assert "\r" not in data


def test_numbers_keep_their_sign() -> None:
    assert (
        table_bytes(["x"], [[-1.5], [-2], [np.int16(-3)], [math.inf], [False]])
        == b"x\n-1.5\n-2\n-3\ninf\nfalse\n"
    )


def test_missing_cells_are_empty_and_comments_come_first() -> None:
    data = table_bytes(["a", "b"], [[None, math.nan], ["x", "y\tz"]], comments=["unit: bp\nand more"])
    assert data == b"# unit: bp and more\na\tb\n\t\nx\ty z\n"
    rows = list(csv.reader(io.StringIO(data.decode()), delimiter="\t"))
    assert rows[2:] == [["", ""], ["x", "y z"]]


def test_a_short_row_is_a_bug() -> None:
    with pytest.raises(ValueError, match="1 values for 2 columns"):
        table_bytes(["a", "b"], [[1]])


@given(st.binary(max_size=2000))
def test_gzip_is_the_same_on_every_run(data: bytes) -> None:
    packed = gzip_bytes(data)
    assert gzip.decompress(packed) == data
    assert packed == gzip_bytes(data)
    assert packed[4:8] == b"\0\0\0\0"
    assert not packed[3] & 8


def test_bed() -> None:
    record = BedRecord(chrom="chr20", start=10, end=20, name="20q11.21\tgain", score=200, rgb="0,0,255")
    assert bed_bytes([record]) == b"chr20\t10\t20\t20q11.21 gain\t200\t.\t10\t20\t0,0,255\n"
    assert bed_bytes([]) == b""
    for wrong in ({"start": 20}, {"start": -1}, {"score": 1001}, {"rgb": "blue"}):
        with pytest.raises(ValueError, match="no BED record"):
            bed_bytes([BedRecord(**{**vars(record), **wrong})])


def test_seg_counts_from_one() -> None:
    segments = Segments(
        chrom=np.array([0, 22], dtype=np.int16),
        first=np.array([0, 5]),
        last=np.array([5, 7]),
        start=np.array([0, 1000]),
        end=np.array([5000, 3000]),
        mean_log2=np.array([-0.25, 0.5]),
        se_log2=np.array([0.1, 0.1]),
    )
    assert seg_bytes(load_genome("GRCh38"), "S1", segments) == (
        b"ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\n"
        b"S1\tchr1\t1\t5000\t5\t-0.25\nS1\tchrX\t1001\t3000\t2\t0.5\n"
    )
