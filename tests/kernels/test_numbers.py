"""Tables of whole numbers: kernel and twin agree on every text, and read what others wrote."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genostab.kernels.numbers import read_numbers, write_numbers
from reference import numbers as plain


def as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("latin-1"), dtype=np.uint8)


TEXTS = st.text(alphabet="0123456789\t\n-x", max_size=60) | st.lists(
    st.lists(st.integers(0, 10**19).map(str) | st.just(""), min_size=2, max_size=2), max_size=4
).map(lambda rows: "".join("\t".join(row) + "\n" for row in rows))


@given(TEXTS)
@example("1\t2\n3\t4\n5\t6\n7\t8\n")
@example("999999999999999999\t000000000000000000000001\n")
@example("\t\n")
@example("1\t2")
def test_reading_agrees_exactly(text: str) -> None:
    ours, twin = np.full((3, 2), -7), np.full((3, 2), -7)
    n, expected = read_numbers(as_bytes(text), ours), plain.read_numbers(as_bytes(text), twin)
    assert n == expected
    np.testing.assert_array_equal(ours[: max(n, 0)], twin[: max(n, 0)])


@given(
    st.lists(st.lists(st.integers(-3, 10**18 - 1), min_size=3, max_size=3), max_size=5), st.integers(0, 300)
)
@example([[0, -1, 10], [9, 99, 999]], 300)
def test_writing_agrees_exactly(rows: list[list[int]], room: int) -> None:
    numbers = np.array(rows, dtype=np.int64).reshape(-1, 3)
    ours, twin = np.zeros(room, dtype=np.uint8), np.zeros(room, dtype=np.uint8)
    n = write_numbers(numbers, ours)
    assert n == plain.write_numbers(numbers, twin)
    assert bytes(ours[: max(n, 0)]) == bytes(twin[: max(n, 0)])


def test_a_table_of_numpy_is_read_and_written() -> None:
    numbers = np.random.default_rng(1).integers(0, 10**9, (200, 7))
    stream = io.BytesIO()
    np.savetxt(stream, numbers, fmt="%d", delimiter="\t")
    text = np.frombuffer(stream.getvalue(), dtype=np.uint8)
    read, written = np.zeros_like(numbers), np.zeros(text.size, dtype=np.uint8)
    assert read_numbers(text, read) == 200
    np.testing.assert_array_equal(read, numbers)
    assert write_numbers(numbers, written) == text.size
    assert bytes(written) == stream.getvalue()


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("1\t2\n3\n", 1),
        ("1\t2\n3\t4\t5\n", 1),
        ("1\t-2\n", 0),
        ("1\t2\n3\t4", 1),
        ("1\t2\n" * 4, 3),
        ("1\t2.0\n", 0),
    ],
)
def test_the_first_wrong_row_is_told(text: str, row: int) -> None:
    assert read_numbers(as_bytes(text), np.zeros((3, 2), dtype=np.int64)) == -1 - row
