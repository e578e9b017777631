"""Tab- or comma-separated text as columns, with the line that each row came from; every line is whole."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genostab.arrays import Bool, Float64, Int64
from genostab.errors import InputError
from genostab.io.refusals import Problem, refuse_lines
from genostab.kernels.fields import copy_field, count_fields

# What counts as missing; every other text in a column of numbers is a fault.
_MISSING = ["", "NA", "NaN", "nan", "."]
MISSING_TEXTS = frozenset(_MISSING)


@dataclass(frozen=True, kw_only=True)
class Delimited:
    """Rows of one table.

    path : str; header : tuple of str as the file writes it; line : int64, shape (n_rows,), 1-based
    frame : pandas.DataFrame, one column per wanted header name
    """

    path: str
    header: tuple[str, ...]
    line: Int64
    frame: Any

    def numbers(self, name: str) -> tuple[Float64, Bool]:
        """Column as float64 (NaN where missing), and where its text is no number."""
        import pandas as pd

        column = self.frame[name]
        if column.dtype.kind in "iuf":
            return column.to_numpy(np.float64), np.zeros(len(column), dtype=np.bool_)
        coerced = pd.to_numeric(column.astype(object).astype(str), errors="coerce")
        present = column.notna().to_numpy()
        values = np.where(present, coerced.to_numpy(np.float64), np.nan)
        return values, present & np.isnan(values)

    def labels(self, name: str) -> tuple[Int64, tuple[str, ...]]:
        """Column as codes, -1 where missing, and the distinct texts that the codes index."""
        import pandas as pd

        codes, uniques = pd.factorize(self.frame[name])
        return codes.astype(np.int64), tuple(str(text) for text in uniques)

    def texts(self, name: str) -> list[str]:
        """Column as text, "" where missing."""
        column = self.frame[name].fillna("")
        texts: list[str] = column.tolist()
        return [str(text) for text in texts] if column.dtype.kind in "iufb" else texts


def split_header(line: str) -> tuple[str, ...]:
    """Fields of a header line; tab-separated, or comma-separated where it holds no tab.

    Examples
    --------
    >>> split_header("#chrom\\tstart\\tend")
    ('chrom', 'start', 'end')
    """
    return tuple(field.strip().strip('"') for field in line.lstrip("#").split(separator(line)))


def separator(line: str) -> str:
    """Separator of a table whose first line is `line`."""
    return "\t" if "\t" in line or "," not in line else ","


def parse_rows(
    text: str,
    *,
    path: str,
    first_line: int,
    header: Sequence[str],
    sep: str,
    wanted: dict[str, bool],
    distinct: Sequence[str] = (),
) -> Delimited:
    """Rows of `text`, each with as many fields as `header`.

    Parameters
    ----------
    text : str, the rows without the header line, every line ended
    path : str, for messages
    first_line : int, 1-based line of the file on which `text` begins
    header : sequence of str, distinct
    sep : str, one character
    wanted : dict of header name to whether the column is text
    distinct : sequence of str, further columns of text, most of whose values occur once: pandas looks for repeated ones

    Raises
    ------
    GenostabErrors
        GS-2202 for each line with another number of fields.
    InputError
        GS-2004 where header names repeat; GS-2104 where there is no row.
    """
    import pandas as pd

    _refuse_repeated(header, path, first_line)
    data = text.encode()
    line = _whole_lines(np.frombuffer(data, dtype=np.uint8), path, first_line, len(header), sep)
    if not line.size:
        raise InputError(
            "GS-2104",
            what="the file holds no rows",
            where=path,
            found="a header or comments only" if first_line > 1 else "blank lines only",
            expected="at least one row",
            action="check the step that wrote this file",
        )
    frame = pd.read_csv(
        io.BytesIO(data),
        sep=sep,
        header=None,
        names=list(header),
        usecols=list(wanted),
        dtype={name: str for name, is_text in wanted.items() if is_text},
        keep_default_na=False,
        na_values=_MISSING,
        quoting=3,
        low_memory=False,
    )
    if len(frame) != len(line):
        raise InputError(
            "GS-2004",
            what="the rows of the table cannot be told apart",
            where=path,
            found=f"{len(frame)} rows on {len(line)} lines",
            expected="one row per line",
            action="export the table again as plain tab-separated text",
        )
    for name in distinct:
        frame[name] = np.array(_field_texts(data, sep, header.index(name)), dtype=object)
    return Delimited(path=path, header=tuple(header), line=line, frame=frame)


def _field_texts(data: bytes, sep: str, column: int) -> list[str | None]:
    """Texts of one field of every row, None where missing."""
    raw = np.frombuffer(data, dtype=np.uint8)
    field = np.empty(raw.size, dtype=np.uint8)
    n_bytes = copy_field(raw, ord(sep), column, field)
    texts: list[str | None] = list(field[: max(n_bytes - 1, 0)].tobytes().decode().split("\n"))
    if MISSING_TEXTS.isdisjoint(texts):
        return texts
    return [None if text in MISSING_TEXTS else text for text in texts]


def _refuse_repeated(header: Sequence[str], path: str, first_line: int) -> None:
    if len(set(header)) == len(header):
        return
    twice = next(name for name in header if list(header).count(name) > 1)
    raise InputError(
        "GS-2004",
        what="a column name is there twice",
        where=f"{path}:{first_line - 1}",
        found=repr(twice),
        expected="distinct column names",
        action="rename or remove one of the columns",
    )


def _whole_lines(data: np.ndarray[Any, Any], path: str, first_line: int, n_fields: int, sep: str) -> Int64:
    """1-based lines that hold rows; refuses those with another number of fields."""
    fields = np.empty(np.count_nonzero(data == ord("\n")), dtype=np.int32)
    count_fields(data, ord(sep), fields)
    problems = [
        Problem(
            line=first_line + int(row),
            what="a line with another number of fields",
            found=f"{fields[row]} fields",
            expected=f"{n_fields} fields, as in the header",
        )
        for row in np.flatnonzero((fields > 0) & (fields != n_fields))
    ]
    refuse_lines(path, problems, code="GS-2202", action="export the table again; a cut file shows like this")
    return (first_line + np.flatnonzero(fields)).astype(np.int64)
