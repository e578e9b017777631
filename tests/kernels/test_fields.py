"""Fields of lines: kernels and twins agree on every text, and with the csv module."""

from __future__ import annotations

import csv
import io

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from genostab.kernels.fields import copy_field, count_fields
from reference import fields as plain

TAB = ord("\t")
LINES = st.lists(st.text(alphabet="ab\t.", max_size=8), max_size=8).map(
    lambda lines: "".join(line + "\n" for line in lines)
)


def as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), dtype=np.uint8)


@given(LINES, st.integers(0, 4))
@example("a\tb\n\n\tc\n", 1)
def test_kernel_and_twin_agree_exactly(text: str, column: int) -> None:
    data = as_bytes(text)
    ours, twin = np.zeros(data.size, dtype=np.uint8), np.zeros(data.size, dtype=np.uint8)
    n = copy_field(data, TAB, column, ours)
    assert n == plain.copy_field(data, TAB, column, twin)
    assert bytes(ours[:n]) == bytes(twin[:n])


@given(LINES)
@example("\n\t\na\n")
def test_counts_agree_exactly(text: str) -> None:
    data, n_lines = as_bytes(text), text.count("\n")
    ours, twin = np.zeros(n_lines, dtype=np.int32), np.zeros(n_lines, dtype=np.int32)
    assert count_fields(data, TAB, ours) == plain.count_fields(data, TAB, twin) == n_lines
    np.testing.assert_array_equal(ours, twin)


def test_fields_are_those_of_the_csv_module() -> None:
    text = "rs1\t1\t0.5\n\nrs2\tX\t\nrs\u00e9\t22\t1.0\n"
    rows = [row for row in csv.reader(io.StringIO(text), delimiter="\t") if row]
    data, counts = as_bytes(text), np.zeros(4, dtype=np.int32)
    assert count_fields(data, TAB, counts) == 4
    assert counts.tolist() == [3, 0, 3, 3]
    for column in range(3):
        out = np.zeros(data.size, dtype=np.uint8)
        n = copy_field(data, TAB, column, out)
        assert bytes(out[:n]).decode().split("\n")[:-1] == [row[column] for row in rows]
