"""The karyotype of one cell as written in ISCN: chromosome number, sex chromosomes, changes.

A subset: numerical changes, markers and structural changes of whole cells, near-diploid to polyploid. What is not
read is refused with a reason, and a chromosome number that its changes do not add up to is refused too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from genostab.assays.settings import rule

Kind = Literal["gain", "loss", "structural"]
_CHROMOSOME = r"(?:[1-9]|1[0-9]|2[0-2]|X|Y)"
_NUMERICAL = re.compile(rf"([+-])({_CHROMOSOME})(c?)")
_UNKNOWN = re.compile(r"(\+?(?:mar|r)[1-9]?|[1-9]*dmin)(?:x([2-9]))?")
_ABBREVIATION = r"(?:add|del|der|dic|dup|fis|fra|hsr|i|idic|ins|inv|qdp|r|rob|t|tas|trc|trp)"
_STRUCTURAL = re.compile(rf"(\+?)((?:{_ABBREVIATION}\([^()]+\)(?:\([^()]+\))?)+)(c?)(?:x([2-9]))?")
_FIRST = re.compile(rf"({_ABBREVIATION})\(({_CHROMOSOME}(?:;{_CHROMOSOME})*)\)")
_BREAKPOINTS = re.compile(r"\([0-9pqXYcenterhs.;:~>-]+\)")
_NUMBER = re.compile(r"([0-9]{1,3})(?:<([1-9])n>)?")
_CLONE = re.compile(r"(.+?)(?:\[([0-9]+)\])?")
_ONE_FROM_SEVERAL = frozenset({"der", "dic", "rob", "tas", "trc"})


class IscnError(ValueError):
    """A karyotype that is not read, and why."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of a cell: what it is called, its kind, copies, and whether it is constitutional (``c``)."""

    name: str
    kind: Kind
    copies: int = 1
    constitutional: bool = False
    sex: str = ""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: chromosome number, ploidy, sex chromosomes ("" where only counted), changes as written."""

    number: int
    ploidy: int
    sex: str
    changes: tuple[Change, ...]


def expand_clones(text: str) -> tuple[tuple[str, int], ...]:
    """Karyotypes of an ISCN string with the number of cells of each; a string without brackets is one cell.

    Raises
    ------
    IscnError
        composite clones, or several clones without ``[n]``

    Examples
    --------
    >>> expand_clones("47,XX,+12[3]/46,XX[17]")
    (('47,XX,+12', 3), ('46,XX', 17))
    """
    clean = re.sub(r"\s+", "", text).replace("\u2212", "-").replace("\u00d7", "x")
    if "//" in clean:
        raise IscnError("a chimera (//) is not read; state one line of cells")
    clones = []
    parts = clean.split("/")
    for part in parts:
        match = _CLONE.fullmatch(part)
        if match is None or "[" in match[1] or "]" in match[1]:
            raise IscnError(f"{part!r} is no karyotype with a plain [n]")
        if len(parts) > 1 and match[2] is None:
            raise IscnError(f"clone {part!r} has no [n]")
        n_cells = 1 if match[2] is None else int(match[2])
        if n_cells < 1:
            raise IscnError(f"clone {part!r} has no cell")
        clones.append((match[1], n_cells))
    return tuple(clones)


def parse_cell(text: str, *, count_only: bool = False) -> Cell:
    """The karyotype of one cell.

    Parameters
    ----------
    text : str, ISCN of one cell, e.g. ``46,XX`` or ``47,XX,+12,del(18)(q21)``
    count_only : bool, allow a bare chromosome number (cells counted without banding)

    Raises
    ------
    IscnError
        what cannot be read, with the reason

    Notes
    -----
    Expected number: 22 x ploidy + sex chromosomes written + gains - lost autosomes - (k - 1) for each derivative
    of k chromosomes, e.g. der(13;14); a structural sex chromosome may stand in for one not written
    (46,X,i(X)(q10)). The ploidy is that of the ISCN range of the number, or stated as <4n>.

    Examples
    --------
    >>> cell = parse_cell("45,XX,-7")
    >>> cell.number, [change.name for change in cell.changes]
    (45, ['-7'])
    """
    tokens = _split(text)
    number = _NUMBER.fullmatch(tokens[0])
    if number is None:
        raise IscnError(f"{tokens[0]!r} is no chromosome number")
    count = int(number[1])
    ploidy = int(number[2]) if number[2] else _ploidy(count)
    if len(tokens) == 1:
        if not count_only:
            raise IscnError("sex chromosomes are missing")
        return Cell(number=count, ploidy=ploidy, sex="", changes=())
    if not re.fullmatch(r"X{1,8}Y{0,8}|Y{1,8}", tokens[1]):
        raise IscnError(f"{tokens[1]!r} are no sex chromosomes")
    changes = tuple(_change(token) for token in tokens[2:])
    _check_number(count, ploidy, tokens[1], changes)
    return Cell(number=count, ploidy=ploidy, sex=tokens[1], changes=changes)


def _split(text: str) -> list[str]:
    """Comma-separated tokens; commas inside parentheses belong to their token."""
    return re.split(r",(?![^()]*\))", text)


def _ploidy(count: int) -> int:
    step = (rule("metaphases.near_tetraploid_from") - rule("metaphases.near_diploid_from")) / 2
    return max(1, 2 + int((count - rule("metaphases.near_diploid_from")) // step))


def _change(token: str) -> Change:
    if match := _NUMERICAL.fullmatch(token):
        return Change(
            name=match[1] + match[2],
            kind="gain" if match[1] == "+" else "loss",
            constitutional=bool(match[3]),
            sex=match[2] if match[2] in "XY" else "",
        )
    if match := _UNKNOWN.fullmatch(token):
        return Change(name=match[1], kind="structural", copies=int(match[2] or 1))
    match = _STRUCTURAL.fullmatch(token)
    first = _FIRST.match(match[2]) if match else None
    if match is None or first is None:
        raise IscnError(f"{token!r} is not read (uncertain, composite or unknown notation)")
    groups = re.findall(r"\([^()]*\)", match[2])
    bad = [group for group in groups if not _BREAKPOINTS.fullmatch(group)]
    if bad:
        raise IscnError(f"{token!r}: {bad[0]} is neither chromosomes nor breakpoints")
    sex = "".join(name for name in first[2].split(";") if name in "XY")
    return Change(
        name=match[1] + match[2],
        kind="structural",
        copies=int(match[4] or 1),
        constitutional=bool(match[3]),
        sex=sex,
    )


def _added(change: Change) -> int:
    """Chromosomes that a change adds to 22 x ploidy + sex chromosomes written."""
    if change.kind == "loss":
        return 0 if change.sex else -1
    if change.name.startswith("+"):
        return change.copies
    first = _FIRST.match(change.name)
    if first and first[1] in _ONE_FROM_SEVERAL:
        return -change.copies * first[2].count(";")
    return 0


def _check_number(count: int, ploidy: int, sex: str, changes: tuple[Change, ...]) -> None:
    lost_sex = sum(change.kind == "loss" for change in changes if change.sex)
    if lost_sex and len(sex) + lost_sex != ploidy:
        raise IscnError(f"{sex} and the loss of {lost_sex} sex chromosome(s) do not make {ploidy}")
    expected = 22 * ploidy + len(sex) + sum(_added(change) for change in changes)
    unwritten = sum(
        len(change.sex) for change in changes if change.kind == "structural" and change.name[0] != "+"
    )
    room = max(0, min(unwritten, ploidy - len(sex) - lost_sex))
    if not expected <= count <= expected + room:
        raise IscnError(f"the number is {count}, but sex chromosomes and changes make {expected}")
