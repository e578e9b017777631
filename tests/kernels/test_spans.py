"""Spans of a text: kernels and twins agree on every text, exactly; numbers with Python's float, texts with its dict."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from genostab.kernels.spans import copy_spans, find_fields, find_values, number_texts, read_decimals
from reference import spans as plain

TAB, COLON = ord("\t"), ord(":")
LINES = st.lists(st.text(alphabet="ab~ \t\r\x7f", max_size=6), max_size=6).map(
    lambda lines: "".join(line + "\n" for line in lines)
)
TEXTS = st.lists(st.text(alphabet="01:.-", max_size=7), max_size=9)
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: f"{x:g}"),
    st.floats(-9, 9).map(lambda x: f"{x:.4f}"),
    st.text(alphabet="0123456789.eE+-", max_size=18),
)


def as_bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("latin-1"), dtype=np.uint8)


def spans_of(texts: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Texts in a row, with something between them that belongs to none."""
    ends = np.cumsum([len(text) + 1 for text in texts], dtype=np.int32) - 1
    sizes = np.array([len(text) for text in texts], dtype=np.int32)
    return as_bytes("".join(text + "9" for text in texts)), (ends - sizes).astype(np.int32), ends


def two(*shape: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int32)


@given(LINES, st.integers(1, 3), st.lists(st.integers(0, 2), unique=True).map(sorted))
@example("\n", 1, [0])
@example("a\n\n", 1, [0])
@example("a\tb\n\tb\n", 2, [0, 1])
def test_fields(text: str, n_fields: int, columns: list[int]) -> None:
    data, n_lines = as_bytes(text), text.count("\n")
    wanted = np.array([column for column in columns if column < n_fields], dtype=np.int64)
    ours, twin = two(wanted.size, n_lines), two(wanted.size, n_lines)
    n = find_fields(data, TAB, n_fields, wanted, *ours)
    assert n == plain.find_fields(data, TAB, n_fields, wanted, *twin)
    if n >= 0:
        np.testing.assert_array_equal(ours, twin)


def test_fields_are_those_of_split() -> None:
    text = "1\t752566\trs3094315\tG\n\t\t\t\nX\t5\t.\tA C\n"
    start, end = two(2, 3)
    assert find_fields(as_bytes(text), TAB, 4, np.array([1, 3]), start, end) == 3
    found = [[text[a:b] for a, b in zip(*pair, strict=True)] for pair in zip(start, end, strict=True)]
    rows = [line.split("\t") for line in text.splitlines()]
    assert found == [[row[1] for row in rows], [row[3] for row in rows]]


@pytest.mark.parametrize("line", ["1\t2\t3\n", "1\n", "\n", "1\t\u00e9\n", "1\t2\r\n", "1\t\0\n"])
def test_a_line_that_is_otherwise_is_named(line: str) -> None:
    assert find_fields(as_bytes("1\t2\n" + line), TAB, 2, np.array([0]), *two(1, 2)) == -2


@given(TEXTS, st.data())
@example(["", ":", "a:b:c"], None)
def test_values(texts: list[str], data: st.DataObject | None) -> None:
    wanted = np.array([[1, -1, 0], [0, -2, -2]])
    drawn = [1, 0, 0] if data is None else [data.draw(st.integers(0, 1)) for _ in texts]
    text, start, end = spans_of(texts)
    layout = np.array(drawn, dtype=np.int64)
    ours, twin = two(2, len(texts)), two(2, len(texts))
    n = find_values(text, COLON, start, end, wanted, layout, *ours)
    assert n == plain.find_values(text, COLON, start, end, wanted, layout, *twin)
    if n >= 0:
        np.testing.assert_array_equal(ours, twin)


def test_values_are_those_of_split() -> None:
    texts = ["0/1:20:0.5441:0.4959", "./.", "1/1:7:0.99"]
    text, start, end = spans_of(texts)
    first, last = two(2, 3)
    layout = np.zeros(3, dtype=np.int64)
    assert find_values(text, COLON, start, end, np.array([[1, -1, 0, -1]]), layout, first, last) == 3
    shown = "".join(each + "9" for each in texts)
    found = [[shown[a:b] for a, b in zip(*pair, strict=True)] for pair in zip(first, last, strict=True)]
    assert found == [["0.5441", "", "0.99"], ["0/1", "./.", "1/1"]]


@given(st.lists(st.text(alphabet="ACGT", max_size=2), max_size=30), st.integers(1, 32))
def test_numbers_of_texts(texts: list[str], n_most: int) -> None:
    text, start, end = spans_of(texts)
    slots = np.empty(64, dtype=np.int32)
    ours, twin = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64)
    first, of_twin = np.zeros(n_most, np.int64), np.zeros(n_most, np.int64)
    n = number_texts(text, start, end, slots, ours, first)
    assert n == plain.number_texts(text, start, end, slots, twin, of_twin)
    distinct = list(dict.fromkeys(texts))
    assert n == (len(distinct) if len(distinct) <= n_most else -1)
    if n >= 0:
        np.testing.assert_array_equal(ours, twin)
        np.testing.assert_array_equal(first, of_twin)
        assert [distinct[code] for code in ours] == texts
        assert [texts[row] for row in first[:n]] == distinct


def decimals(function: object, texts: list[str]) -> tuple[int, np.ndarray, np.ndarray]:
    value, known = np.zeros(len(texts)), np.zeros(len(texts), dtype=np.bool_)
    return function(*spans_of(texts), value, known), value, known  # type: ignore[operator]


@given(st.lists(NUMBERS, max_size=9))
@example(
    ["-0.0", "1e22", "1e23", "999999999999999e-22", "1e-23", "1000000000000000", ".", "", "-", "1e", "+1"]
)
def test_decimals(texts: list[str]) -> None:
    n, value, known = decimals(read_decimals, texts)
    n_twin, of_twin, is_known = decimals(plain.read_decimals, texts)
    assert n == n_twin
    np.testing.assert_array_equal(known, is_known)
    assert value[known].tobytes() == of_twin[known].tobytes()
    assert np.isnan(value[~known]).all()


def test_what_is_no_decimal() -> None:
    texts = [
        "",
        ".",
        "-",
        "+1",
        "nan",
        "inf",
        "1.2.3",
        "0x1",
        "1e",
        "1e+",
        "1e1000",
        "1_0",
        " 1",
        "1 ",
        "1" * 16,
    ]
    n, value, known = decimals(read_decimals, texts)
    assert n == len(texts)
    assert not known.any()
    assert np.isnan(value).all()


@given(TEXTS)
def test_copies(texts: list[str]) -> None:
    n_room = sum(len(text) + 1 for text in texts)
    ours, twin = np.zeros(n_room, np.uint8), np.zeros(n_room, np.uint8)
    n = copy_spans(*spans_of(texts), ours)
    assert n == plain.copy_spans(*spans_of(texts), twin) == n_room
    assert bytes(ours).decode() == "".join(text + "\n" for text in texts) == bytes(twin).decode()
