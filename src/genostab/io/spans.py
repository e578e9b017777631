"""Tables whose every line is as usual, read in one pass: spans of their bytes, and what these say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genostab.arrays import Float64, Int32, Int64, UInt8
from genostab.kernels.spans import copy_spans, find_fields, number_texts, read_decimals

_MOST_BYTES = 2**31 - 1  # that 32 bits count
_MOST_TEXTS = 2**16  # distinct ones of a field
_PIECE = 2**16  # bytes that the nearest cache holds


class UnusualError(Exception):
    """Not as usual: another writer may have written it, or it is wrong; a careful reader is to say which."""


@dataclass(frozen=True, kw_only=True)
class Spans:
    """One text [start, end) of each row; both int32, shape (n_rows,)."""

    text: UInt8
    start: Int32
    end: Int32

    def rows(self, rows: Int64) -> Spans:
        """Those of some rows."""
        return Spans(text=self.text, start=self.start[rows], end=self.end[rows])

    def numbered(self, missing: Collection[str] = ()) -> tuple[Int64, list[str]]:
        """Codes of the texts, int64, shape (n_rows,), and the distinct texts, . where missing."""
        code, first = np.empty(self.start.size, dtype=np.int64), np.empty(_MOST_TEXTS, dtype=np.int64)
        slots = np.empty(2 * _MOST_TEXTS, dtype=np.int32)
        n_texts = number_texts(self.text, self.start, self.end, slots, code, first)
        expect(n_texts >= 0)
        texts = [self.at(row) for row in first[:n_texts].tolist()]
        return code, ["." if text in missing else text for text in texts]

    def at(self, row: int) -> str:
        """The text of one row."""
        return self.text[self.start[row] : self.end[row]].tobytes().decode()

    def decimals(self, others: Mapping[str, float]) -> Float64:
        """Numbers, float64, shape (n_rows,); `others` are those of texts that are no decimal numbers."""
        value, known = np.empty(self.start.size), np.empty(self.start.size, dtype=np.bool_)
        if read_decimals(self.text, self.start, self.end, value, known):
            rows = np.flatnonzero(~known)
            code, texts = self.rows(rows).numbered()
            expect(all(text in others for text in texts))
            value[rows] = np.array([others[text] for text in texts])[code]
        return value

    def strings(self) -> list[str]:
        """The texts."""
        out = np.empty(int((self.end - self.start + 1).sum()), dtype=np.uint8)
        n_bytes = copy_spans(self.text, self.start, self.end, out)
        return out[: n_bytes - 1].tobytes().decode().split("\n")


def expect(is_usual: bool) -> None:
    """Raise `UnusualError` where something is not as usual."""
    if not is_usual:
        raise UnusualError


def fields_of(data: bytes, n_head: int, separator: str, n_fields: int, columns: Sequence[int]) -> list[Spans]:
    """Some fields of all lines of a table.

    Parameters
    ----------
    data : bytes, the file
    n_head : int, bytes before the first row
    separator : str, one character
    n_fields : int, of every row
    columns : sequence of int, ascending

    Raises
    ------
    UnusualError
        For a line that is empty, has another number of fields or a byte that is no printable ASCII.
    """
    expect(n_head < len(data) <= _MOST_BYTES and data.endswith(b"\n"))
    text = np.frombuffer(data, dtype=np.uint8, offset=n_head)
    pieces = (text[at : at + _PIECE] for at in range(0, text.size, _PIECE))
    n_rows = sum(int(np.count_nonzero(piece == ord("\n"))) for piece in pieces)
    start, end = (np.empty((len(columns), n_rows), dtype=np.int32) for _ in range(2))
    wanted = np.array(columns, dtype=np.int64)
    expect(find_fields(text, ord(separator), n_fields, wanted, start, end) == n_rows)
    return [Spans(text=text, start=a, end=b) for a, b in zip(start, end, strict=True)]
