"""Spans [start, end) of a text as bytes: fields of its lines, values of a field, and what spans say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel

_LINE_FEED, _SPACE, _LAST = 10, 32, 126  # printable ASCII from the space on
_PLUS, _MINUS, _POINT, _ZERO, _CAPITAL_E, _SMALL_E = 43, 45, 46, 48, 69, 101
_DIGITS = 15  # of a number that float64 holds whatever they are
_POWERS = np.array([float(f"1e{i}") for i in range(23)])  # float64 holds these, and no higher one
_SEED, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


@kernel
def find_fields(
    text: NDArray[np.uint8],
    separator: int,
    n_fields: int,
    columns: NDArray[np.int64],
    out_start: NDArray[np.int32],
    out_end: NDArray[np.int32],
) -> int:
    """Where some fields of every line stand.

    Parameters
    ----------
    text : ndarray of uint8, shape (n_bytes,), whole lines, the last one ended; below 2 GiB
    separator : int, the byte between two fields
    n_fields : int, of every line
    columns : ndarray of int64, shape (n_columns,), ascending numbers of the wanted fields from the left
    out_start, out_end : ndarray of int32, shape (n_columns, n_lines), set

    Returns
    -------
    int, lines; -1 - i where line i is empty, has another number of fields or a byte that is no printable ASCII

    Notes
    -----
    O(n_bytes).
    """
    n_columns = columns.size
    line, field, wanted, start = 0, 0, 0, 0
    for i in range(text.size):
        byte = text[i]
        is_last = byte == _LINE_FEED
        if not is_last and byte != separator:
            if _SPACE <= byte <= _LAST:
                continue
            return -1 - line
        if wanted < n_columns and columns[wanted] == field:
            out_start[wanted, line], out_end[wanted, line] = start, i
            wanted += 1
        field, start = field + 1, i + 1
        if is_last:
            if field != n_fields or (n_fields == 1 and text[i - 1] == _LINE_FEED):
                return -1 - line
            line, field, wanted = line + 1, 0, 0
    return line


@kernel
def find_values(
    text: NDArray[np.uint8],
    separator: int,
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    wanted: NDArray[np.int64],
    layout: NDArray[np.int64],
    out_start: NDArray[np.int32],
    out_end: NDArray[np.int32],
) -> int:
    """Where values of a field stand that holds several; trailing ones may be left out.

    Parameters
    ----------
    text : ndarray of uint8, shape (n_bytes,)
    separator : int, the byte between two values
    start, end : ndarray of int32, shape (n_rows,), the field of each row
    wanted : ndarray of int64, shape (n_layouts, n_most), row of the output for each value from the left, -1 where it is
        not wanted, -2 where there may be none
    layout : ndarray of int64, shape (n_rows,), row of `wanted`
    out_start, out_end : ndarray of int32, shape (n_wanted, n_rows), set; both 0 where a value is absent

    Returns
    -------
    int, rows; -1 - i where row i has more values than there may be

    Notes
    -----
    O(n_bytes).
    """
    out_start[:], out_end[:] = 0, 0
    for row in range(start.size):
        own, value, first, stop = layout[row], 0, start[row], end[row]
        for i in range(start[row], stop + 1):
            if i < stop and text[i] != separator:
                continue
            at = wanted[own, value] if value < wanted.shape[1] else -2
            if at == -2:
                return -1 - row
            if at >= 0:
                out_start[at, row], out_end[at, row] = first, i
            value, first = value + 1, i + 1
    return start.size


@kernel
def number_texts(
    text: NDArray[np.uint8],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    slots: NDArray[np.int32],
    out_code: NDArray[np.int64],
    out_first: NDArray[np.int64],
) -> int:
    """Numbers of distinct texts, in the order of their first rows.

    Parameters
    ----------
    text : ndarray of uint8, shape (n_bytes,)
    start, end : ndarray of int32, shape (n_rows,)
    slots : ndarray of int32, shape (n_slots,), room for a hash table, a power of two
    out_code : ndarray of int64, shape (n_rows,), set
    out_first : ndarray of int64, shape (n_most,), at most half the slots; the first row of each text, from the front

    Returns
    -------
    int, distinct texts; -1 where there are more than n_most

    Notes
    -----
    Open addressing by the FNV-1a hash (draft-eastlake-fnv). O(n_bytes).
    """
    slots[:] = -1
    mask, n_distinct = slots.size - 1, 0
    for row in range(start.size):
        if row and _is_same(text, start, end, row - 1, row):
            out_code[row] = out_code[row - 1]
            continue
        digest = _SEED
        for i in range(start[row], end[row]):
            digest = (digest ^ np.uint64(text[i])) * _PRIME
        at = np.int64(digest ^ (digest >> np.uint64(32))) & mask
        while slots[at] >= 0 and not _is_same(text, start, end, out_first[slots[at]], row):
            at = (at + 1) & mask
        if slots[at] < 0:
            if n_distinct == out_first.size:
                return -1
            slots[at], out_first[n_distinct] = n_distinct, row
            n_distinct += 1
        out_code[row] = slots[at]
    return n_distinct


@kernel
def _is_same(
    text: NDArray[np.uint8], start: NDArray[np.int32], end: NDArray[np.int32], row: int, other: int
) -> bool:
    n, i = end[row] - start[row], 0
    if end[other] - start[other] != n:
        return False
    while i < n and text[start[row] + i] == text[start[other] + i]:
        i += 1
    return bool(i == n)


@kernel
def read_decimals(
    text: NDArray[np.uint8],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    out_value: NDArray[np.float64],
    out_known: NDArray[np.bool_],
) -> int:
    """Decimal numbers, to the last bit.

    Parameters
    ----------
    text : ndarray of uint8, shape (n_bytes,)
    start, end : ndarray of int32, shape (n_rows,)
    out_value : ndarray of float64, shape (n_rows,), set; NaN where the text is none of these
    out_known : ndarray of bool, shape (n_rows,), set: whether it is one

    Returns
    -------
    int, rows whose text is none

    Notes
    -----
    A minus, digits with a point or without, e and a whole number with a sign or without. Up to 15 digits and powers of
    ten up to 22 are exact as float64, so that one division or product of them is the nearest number there is
    (Clinger 1990, doi 10.1145/93542.93557 [m]); texts beyond are none of these. O(n_bytes).
    """
    n_others = 0
    for row in range(start.size):
        at, stop = start[row], end[row]
        is_negative = at < stop and text[at] == _MINUS
        at += np.int32(is_negative)
        digits, n_digits, power, seen_point = np.int64(0), 0, 0, False
        while at < stop:
            digit = np.int64(text[at]) - _ZERO
            if 0 <= digit <= 9:
                digits, n_digits = digits * 10 + digit, n_digits + 1
                power -= seen_point
            elif text[at] == _POINT and not seen_point:
                seen_point = True
            else:
                break
            at += 1
            if n_digits > _DIGITS:
                break
        exponent, is_whole = _exponent(text, at, stop)
        power += exponent
        known = 0 < n_digits <= _DIGITS and is_whole and -_POWERS.size < power < _POWERS.size
        value = np.nan
        if known:
            value = digits / _POWERS[-power] if power < 0 else digits * _POWERS[power]
        out_value[row], out_known[row] = -value if is_negative else value, known
        n_others += not known
    return n_others


@kernel
def _exponent(text: NDArray[np.uint8], at: int, stop: int) -> tuple[int, bool]:
    """The power of ten that ends a number, 0 where there is none, and whether nothing else is there."""
    if at == stop:
        return 0, True
    if text[at] != _CAPITAL_E and text[at] != _SMALL_E:
        return 0, False
    at += 1
    is_negative = at < stop and text[at] == _MINUS
    if at < stop and (is_negative or text[at] == _PLUS):
        at += 1
    if not 0 < stop - at <= 3:
        return 0, False
    power = 0
    for i in range(at, stop):
        digit = int(text[i]) - _ZERO
        if not 0 <= digit <= 9:
            return 0, False
        power = power * 10 + digit
    return (-power if is_negative else power), True


@kernel
def copy_spans(
    text: NDArray[np.uint8], start: NDArray[np.int32], end: NDArray[np.int32], out_text: NDArray[np.uint8]
) -> int:
    """Copy spans, a line each.

    Parameters
    ----------
    text : ndarray of uint8, shape (n_bytes,)
    start, end : ndarray of int32, shape (n_rows,)
    out_text : ndarray of uint8, shape (n_room,), as long as the spans with a line feed each, filled from the front

    Returns
    -------
    int, bytes written

    Notes
    -----
    O(n_bytes).
    """
    at = 0
    for row in range(start.size):
        for i in range(start[row], end[row]):
            out_text[at] = text[i]
            at += 1
        out_text[at] = _LINE_FEED
        at += 1
    return at
