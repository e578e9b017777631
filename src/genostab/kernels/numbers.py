"""Tables of whole numbers as text: cells apart by tabs, rows ended by line feeds, a missing number an empty cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel

_TAB, _LINE_FEED, _ZERO = 9, 10, 48
_MOST = np.int64(99_999_999_999_999_999)  # one more digit still fits


@kernel
def read_numbers(text: NDArray[np.uint8], out_numbers: NDArray[np.int64]) -> int:
    """Read the rows of a table.

    Parameters
    ----------
    text : ndarray of uint8, shape (n_bytes,), whole rows
    out_numbers : ndarray of int64, shape (n_rows, n_columns), set to the numbers, -1 where a cell is empty

    Returns
    -------
    int, rows read; -1 - i where row i is wrong

    Notes
    -----
    A row is wrong with another number of cells, with any byte that is no digit, with more than 18 digits in a cell, or
    beyond n_rows. The last row must be ended. O(n_bytes).
    """
    n_rows, n_columns = out_numbers.shape
    row, column = 0, 0
    number = np.int64(-1)
    for i in range(text.size):
        byte = np.int64(text[i])
        digit = byte - _ZERO
        if 0 <= digit <= 9:
            if number > _MOST:
                return -1 - row
            number = digit if number < 0 else number * 10 + digit
            continue
        if row >= n_rows or column >= n_columns:
            return -1 - row
        out_numbers[row, column] = number
        number = np.int64(-1)
        if byte == _TAB:
            column += 1
        elif byte == _LINE_FEED and column == n_columns - 1:
            row, column = row + 1, 0
        else:
            return -1 - row
    return row if column == 0 and number < 0 else -1 - row


@kernel
def write_numbers(numbers: NDArray[np.int64], out_text: NDArray[np.uint8]) -> int:
    """Write the rows of a table.

    Parameters
    ----------
    numbers : ndarray of int64, shape (n_rows, n_columns), an empty cell for each below 0
    out_text : ndarray of uint8, shape (n_bytes,)

    Returns
    -------
    int, bytes written; -1 where they do not fit

    Notes
    -----
    O(n_bytes).
    """
    n_rows, n_columns = numbers.shape
    at = 0
    for row in range(n_rows):
        for column in range(n_columns):
            number = numbers[row, column]
            n_digits, rest = 0, number
            while rest > 0 or (n_digits == 0 and rest == 0):
                n_digits += 1
                rest //= 10
            if at + n_digits + 1 > out_text.size:
                return -1
            for k in range(n_digits):
                out_text[at + n_digits - 1 - k] = _ZERO + number % 10
                number //= 10
            at += n_digits
            out_text[at] = _LINE_FEED if column == n_columns - 1 else _TAB
            at += 1
    return at
