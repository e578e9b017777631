"""One strict reader of small CSV and TSV tables: all wrong cells, with file, line and column, together."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from genostab.errors import GenostabError, GenostabErrors, InputError
from genostab.io.limits import open_bytes

MAX_TABLE_BYTES = 64 << 20  # laboratory sheets are kilobytes; a larger file is the wrong file
_DELIMITERS = ",\t;"
_TYPO_RATIO = 0.75
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_INTEGER = re.compile(r"([+-]?[0-9]{1,18})(?:\.0*)?")
_COMMA_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*,[0-9]+(?:[.,][0-9]+)*(?:[eE][+-]?[0-9]+)?")

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells of a table as text, with the line of each row; getters note what is wrong, `check` raises it.

    path : str; line : tuple of int, shape (n_rows,), 1-based
    cells : column name -> tuple of str, shape (n_rows,)
    """

    path: str
    line: tuple[int, ...]
    cells: Mapping[str, tuple[str, ...]]
    problems: list[GenostabError] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.line)

    def has(self, column: str) -> bool:
        """True where the file has this column."""
        return column in self.cells

    def problem(self, row: int, column: str, *, found: str, expected: str, action: str) -> None:
        """Note one wrong cell (GS-2202); `check` raises all of them together."""
        self.problems.append(
            InputError(
                "GS-2202",
                what="a value in a table is wrong",
                where=f"{self.path}:{self.line[row]}:{column}",
                found=found or "an empty cell",
                expected=expected,
                action=action,
            )
        )

    def check(self) -> None:
        """Nothing, or GenostabErrors with every problem noted so far, in the order of the file.

        Raises
        ------
        GenostabErrors
            GS-2202 for each wrong cell
        """
        if self.problems:
            raise GenostabErrors(self.problems)

    def text(self, column: str, *, empty: bool = False) -> tuple[str, ...]:
        """Cells as text; an absent column is all empty; an empty cell is a problem unless `empty`."""
        values = self.cells.get(column, ("",) * len(self))
        if not empty:
            for row, value in enumerate(values):
                if not value:
                    self.problem(row, column, found="", expected="text", action="fill in the cell")
        return values

    def choice(self, column: str, allowed: Collection[str], *, default: str | None = None) -> tuple[str, ...]:
        """Cells out of `allowed`; an empty or absent one is `default`, or a problem where there is none."""

        def parse(value: str) -> str | None:
            return value if value in allowed else None

        expected = "one of " + ", ".join(sorted(allowed))
        return tuple(
            self._cells(
                column, parse=parse, default=default, expected=expected, action="use one of these words"
            )
        )

    def integer(self, column: str, *, minimum: int | None = None) -> NDArray[np.int64]:
        """Cells as int64, shape (n_rows,); 0 stands where a problem was noted."""

        def parse(value: str) -> int | None:
            match = _INTEGER.fullmatch(value)
            number = int(match[1]) if match else None
            return None if number is None or (minimum is not None and number < minimum) else number

        expected = "a whole number" + ("" if minimum is None else f" of at least {minimum}")
        return np.array(
            self._cells(column, parse=parse, default=None, expected=expected, placeholder=0), dtype=np.int64
        )

    def number(
        self,
        column: str,
        *,
        minimum: float = -np.inf,
        above: float = -np.inf,
        empty_nan: bool = False,
        nan_words: Collection[str] = (),
    ) -> NDArray[np.float64]:
        """Cells as float64, shape (n_rows,); NaN where empty (if `empty_nan`), a NaN word, or a problem."""

        def parse(value: str) -> float | None:
            if value.casefold() in nan_words:
                return np.nan
            number = parse_number(value)
            return None if number is None or number < minimum or number <= above else number

        limits = [f"at least {minimum:g}"] * (minimum > -np.inf) + [f"above {above:g}"] * (above > -np.inf)
        expected = " ".join(["a number", *limits]) + " with a decimal point"
        default = np.nan if empty_nan else None
        values = self._cells(column, parse=parse, default=default, expected=expected, placeholder=np.nan)
        return np.array(values, dtype=np.float64)

    def _cells(
        self,
        column: str,
        *,
        parse: Callable[[str], _T | None],
        default: _T | None,
        expected: str,
        action: str = "correct the cell",
        placeholder: _T | None = None,
    ) -> list[_T]:
        values: list[_T] = []
        for row, text in enumerate(self.cells.get(column, ("",) * len(self))):
            parsed = default if not text and default is not None else parse(text)
            if parsed is None:
                hint = f"write the decimal comma of {text!r} as a point" if is_comma_number(text) else action
                self.problem(row, column, found=text, expected=expected, action=hint)
                parsed = placeholder
            values.append(parsed)  # type: ignore[arg-type]
        return values


def parse_number(text: str) -> float | None:
    """The finite number that a cell spells with a decimal point, or None.

    Examples
    --------
    >>> parse_number("2.5e-3"), parse_number("0,5"), parse_number("nan"), parse_number("1e999")
    (0.0025, None, None, None)
    """
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if np.isfinite(number) else None


def is_comma_number(text: str) -> bool:
    """True for a number written with a decimal comma or thousands commas.

    Examples
    --------
    >>> is_comma_number("0,5"), is_comma_number("0.5")
    (True, False)
    """
    return bool(_COMMA_NUMBER.fullmatch(text))


def read_table(path: str | Path, required: Sequence[str], optional: Sequence[str] = ()) -> Table:
    """The named columns of a CSV or TSV file as a `Table` of text.

    Parameters
    ----------
    path : file in UTF-8, plain or gzip; commas, tabs or semicolons between cells, told by the header
    required : columns that must be there
    optional : columns that are read where they are there

    Returns
    -------
    Table
        blank rows left out; other columns ignored, unless their name looks like a misspelt known one

    Raises
    ------
    InputError
        GS-2001 missing or unreadable, GS-2002 empty or header only, GS-2003 or GS-2102 damaged gzip,
        GS-2004 binary, not UTF-8 or badly quoted, GS-2005 too large
    GenostabErrors
        GS-2201 for each missing or misspelt column; GS-2202 for each row with too few or too many cells
    """
    content = _decode(path)
    known = [*required, *optional]
    records = _records(path, content, _delimiter(content, known))
    header = [name.strip() for name in records[0][1]]
    _check_header(path, header, required, optional)
    if len(records) == 1:
        raise _refused(
            "GS-2002",
            path,
            what="the table has no rows",
            found="a header only",
            expected="at least one row",
            action="add the rows",
        )
    used = {name: header.index(name) for name in known if name in header}
    _check_widths(path, records, len(header), used)
    return Table(
        path=str(path),
        line=tuple(line for line, _ in records[1:]),
        cells={name: tuple(row[at].strip() for _, row in records[1:]) for name, at in used.items()},
    )


def read_header(path: str | Path) -> tuple[str, ...]:
    """Column names of a CSV or TSV file, to tell its kind before `read_table`.

    Raises
    ------
    InputError
        GS-2001, GS-2002, GS-2004, GS-2005 as `read_table`
    """
    content = _decode(path)
    return tuple(name.strip() for name in _records(path, content, _delimiter(content, ()))[0][1])


def _refused(code: str, path: str | Path, *, what: str, found: str, expected: str, action: str) -> InputError:
    return InputError(code, what=what, where=str(path), found=found, expected=expected, action=action)


def _decode(path: str | Path) -> str:
    with open_bytes(path, size="table") as reader:
        raw = reader.read(MAX_TABLE_BYTES + 1)
    if len(raw) > MAX_TABLE_BYTES:
        raise _refused(
            "GS-2005",
            path,
            what="the table is too large",
            found="more content",
            expected=f"at most {MAX_TABLE_BYTES} bytes",
            action="check that this is the intended file",
        )
    if not raw.strip():
        raise _refused(
            "GS-2002",
            path,
            what="the table is empty",
            found=f"{len(raw)} bytes",
            expected="a header and rows",
            action="export again",
        )
    if b"\0" in raw:
        found = "UTF-16 text" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "NUL bytes (a binary file)"
        raise _refused(
            "GS-2004",
            path,
            what="this is no text table",
            found=found,
            expected="CSV or TSV in UTF-8",
            action="save as CSV UTF-8",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _refused(
            "GS-2004",
            path,
            what="this is no UTF-8 text",
            found=f"byte 0x{raw[error.start]:02x} in line {line}",
            expected="CSV or TSV in UTF-8",
            action="save as CSV UTF-8",
        ) from error


def _delimiter(content: str, known: Sequence[str]) -> str:
    first = next(line for line in content.splitlines() if line.strip())

    def score(delimiter: str) -> tuple[int, int]:
        names = [name.strip().strip('"') for name in first.split(delimiter)]
        return sum(name in known for name in names), len(names)

    return max(_DELIMITERS, key=score)


def _records(path: str | Path, content: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Non-blank records with the line on which each starts."""
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    records = []
    try:
        start = 1
        for row in reader:
            if any(cell.strip() for cell in row):
                records.append((start, row))
            start = reader.line_num + 1
    except csv.Error as error:
        raise _refused(
            "GS-2004",
            f"{path}:{reader.line_num}",
            what="a record cannot be read",
            found=str(error),
            expected="cells with closed quotes",
            action="correct the quotes of this line",
        ) from error
    return records


def _check_header(
    path: str | Path, header: list[str], required: Sequence[str], optional: Sequence[str]
) -> None:
    """Missing, doubled and misspelt columns: a misspelt optional one would else be ignored in silence."""
    problems: list[GenostabError] = []
    known = {*required, *optional}
    strangers = [name for name in header if name and name not in known]
    absent = {name.casefold(): name for name in known if name not in header}
    likely = {
        absent[match[0]]: name
        for name in strangers
        if (match := difflib.get_close_matches(name.casefold(), list(absent), 1, _TYPO_RATIO))
    }

    def refuse(what: str, found: str, expected: str, action: str) -> None:
        problems.append(
            _refused(
                "GS-2201",
                f"{path}:1",
                what=what,
                found=found,
                expected=expected,
                action=action,
            )
        )

    for name in [*required, *optional]:
        if header.count(name) > 1:
            refuse(
                "a column stands twice", f"{name} x {header.count(name)}", f"one column {name}", "remove one"
            )
        elif name in likely:
            refuse("a column name is not known", likely[name], name, f"rename the column to {name}")
        elif name in required and name not in header:
            found = ", ".join(filter(None, header)) or "no names"
            refuse("a required column is missing", found, f"a column {name}", f"add the column {name}")
    if problems:
        raise GenostabErrors(problems)


def _check_widths(
    path: str | Path, records: list[tuple[int, list[str]]], width: int, used: Mapping[str, int]
) -> None:
    needed = max(used.values(), default=0) + 1
    problems = [
        InputError(
            "GS-2202",
            what="a row has too few cells" if len(row) < needed else "a row has too many cells",
            where=f"{path}:{line}",
            found=f"{len(row)} cells",
            expected=f"{width} cells as in the header",
            action="complete the row; put cells that hold the delimiter in double quotes",
        )
        for line, row in records[1:]
        if len(row) < needed or any(cell.strip() for cell in row[width:])
    ]
    if problems:
        raise GenostabErrors(problems)
