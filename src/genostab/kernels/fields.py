"""Lines of a table as bytes: how many fields each has, and one field of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel

_LINE_FEED = 10


@kernel
def count_fields(text: NDArray[np.uint8], separator: int, out_fields: NDArray[np.int32]) -> int:
    """Count the fields of every line.

    Parameters
    ----------
    text : ndarray of uint8, shape (n_bytes,), whole lines, the last one ended
    separator : int, the byte between two fields
    out_fields : ndarray of int32, shape (n_room,), at least as long as there are lines, filled from the front; 0 for an
        empty line

    Returns
    -------
    int, lines

    Notes
    -----
    O(n_bytes).
    """
    n_lines, n_separators, is_filled = 0, 0, False
    for i in range(text.size):
        byte = text[i]
        if byte == _LINE_FEED:
            out_fields[n_lines] = n_separators + 1 if is_filled else 0
            n_lines += 1
            n_separators, is_filled = 0, False
        else:
            is_filled = True
            if byte == separator:
                n_separators += 1
    return n_lines


@kernel
def copy_field(text: NDArray[np.uint8], separator: int, column: int, out_text: NDArray[np.uint8]) -> int:
    """Copy one field of every filled line, a line each.

    Parameters
    ----------
    text : ndarray of uint8, shape (n_bytes,), whole lines, the last one ended
    separator : int, the byte between two fields
    column : int, >= 0, number of the field from the left; a line with fewer gives an empty one
    out_text : ndarray of uint8, shape (n_room,), at least n_bytes long, filled from the front

    Returns
    -------
    int, bytes written

    Notes
    -----
    O(n_bytes).
    """
    at, field, is_filled = 0, 0, False
    for i in range(text.size):
        byte = text[i]
        if byte == _LINE_FEED:
            if is_filled:
                out_text[at] = _LINE_FEED
                at += 1
            field, is_filled = 0, False
        else:
            is_filled = True
            if byte == separator:
                field += 1
            elif field == column:
                out_text[at] = byte
                at += 1
    return at
