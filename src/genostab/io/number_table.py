"""Rows of whole numbers under a few lines of text: what counts files and panels have in common."""

from __future__ import annotations

import numpy as np

from genostab.arrays import Int64
from genostab.kernels.numbers import read_numbers, write_numbers


def split_head(text: str, n_lines: int) -> tuple[list[str], str]:
    """The first lines of a text, without their ends, and the rest.

    Examples
    --------
    >>> split_head("a\\nb\\nc\\n", 2)
    (['a', 'b'], 'c\\n')
    """
    *head, rest = text.split("\n", n_lines)
    return head, rest


def whole_numbers(rows: str, n_columns: int) -> Int64:
    """Rows of whole numbers, tabs between them; int64, shape (n_rows, n_columns), -1 where a cell is empty.

    Raises
    ------
    ValueError
        Where a row has other cells; its number is said.

    Examples
    --------
    >>> whole_numbers("1\\t2\\n3\\t\\n", 2).tolist()
    [[1, 2], [3, -1]]
    """
    text = np.frombuffer(rows.encode(), dtype=np.uint8)
    numbers = np.empty((int(np.count_nonzero(text == ord("\n"))), n_columns), dtype=np.int64)
    n_read = int(read_numbers(text, numbers))
    if n_read < 0:
        raise ValueError(f"row {-n_read}: not {n_columns} whole numbers")
    return numbers


def number_bytes(numbers: Int64) -> bytes:
    """The text of such rows.

    Examples
    --------
    >>> number_bytes(np.array([[1, 20], [3, -1]]))
    b'1\\t20\\n3\\t\\n'
    """
    if not numbers.size:
        return b""
    digits = np.char.str_len(np.maximum(numbers.max(axis=0), 0).astype(str)) + 1
    text = np.empty(int(digits.sum()) * numbers.shape[0], dtype=np.uint8)
    return text[: write_numbers(np.ascontiguousarray(numbers), text)].tobytes()
