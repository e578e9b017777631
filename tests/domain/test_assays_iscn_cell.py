"""The ISCN subset: what is read, what is refused, and that the chromosome number must add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genostab.assays.iscn_cell import Cell, IscnError, expand_clones, parse_cell


def read_all(text: str) -> list[tuple[Cell, int]]:
    return [(parse_cell(clone), n_cells) for clone, n_cells in expand_clones(text)]


@pytest.mark.parametrize(
    ("text", "number", "ploidy", "sex", "changes"),
    [
        ("46,XX", 46, 2, "XX", []),
        ("46,XY", 46, 2, "XY", []),
        ("47,XX,+12", 47, 2, "XX", [("+12", "gain")]),
        ("45,XX,-7", 45, 2, "XX", [("-7", "loss")]),
        ("48,XY,+8,+12", 48, 2, "XY", [("+8", "gain"), ("+12", "gain")]),
        ("46,XX,-7,+12", 46, 2, "XX", [("-7", "loss"), ("+12", "gain")]),
        ("45,X", 45, 2, "X", []),
        ("45,X,-Y", 45, 2, "X", [("-Y", "loss")]),
        ("47,XX,+X", 47, 2, "XX", [("+X", "gain")]),
        ("47,XXX", 47, 2, "XXX", []),
        ("46,XX,del(18)(q21)", 46, 2, "XX", [("del(18)(q21)", "structural")]),
        ("46,XX,dup(1)(q21q42)", 46, 2, "XX", [("dup(1)(q21q42)", "structural")]),
        ("46,XX,i(20)(q10)", 46, 2, "XX", [("i(20)(q10)", "structural")]),
        ("47,XX,+i(12)(p10)", 47, 2, "XX", [("+i(12)(p10)", "structural")]),
        ("46,XY,t(9;22)(q34;q11.2)", 46, 2, "XY", [("t(9;22)(q34;q11.2)", "structural")]),
        ("45,XX,der(13;14)(q10;q10)", 45, 2, "XX", [("der(13;14)(q10;q10)", "structural")]),
        ("46,XX,der(18)t(1;18)(q21;q23)", 46, 2, "XX", [("der(18)t(1;18)(q21;q23)", "structural")]),
        ("46,X,i(X)(q10)", 46, 2, "X", [("i(X)(q10)", "structural")]),
        ("46,X,t(X;13)(q27;q12)", 46, 2, "X", [("t(X;13)(q27;q12)", "structural")]),
        ("47,XX,+mar", 47, 2, "XX", [("+mar", "structural")]),
        ("48,XX,+marx2", 48, 2, "XX", [("+mar", "structural")]),
        ("46,XX,dmin", 46, 2, "XX", [("dmin", "structural")]),
        ("92,XXXX", 92, 4, "XXXX", []),
        ("92<4n>,XXYY", 92, 4, "XXYY", []),
        ("91,XXXX,-7", 91, 4, "XXXX", [("-7", "loss")]),
        ("69,XXY", 69, 3, "XXY", []),
        ("23,X", 23, 1, "X", []),
    ],
)
def test_read(text: str, number: int, ploidy: int, sex: str, changes: list[tuple[str, str]]) -> None:
    cell = parse_cell(text)
    assert (cell.number, cell.ploidy, cell.sex) == (number, ploidy, sex)
    assert [(item.name, item.kind) for item in cell.changes] == changes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "46",
        "46XX",
        "46,",
        "46,xx",
        "XX,46",
        "46,XX,",
        "46,XX,+12",
        "47,XX",
        "47,XX,-7",
        "46,XX,-X",
        "45,XX,-Y",
        "47,XX,+23",
        "47,XX,+0",
        "46~48,XX,+12",
        "47,XX,+?8",
        "46,XX,t(1;?)(q21;?)",
        "46,idem",
        "47,sl,+12",
        "46,XX,foo(1)(q21)",
        "46,XX,del(25)(q21)",
        "46,XX,del(18",
        "46,XX,del18q",
        "46,XX,inc",
        "45,XX,der(13;14;15)(q10;q10;q10)",
        "46,XX,der(13;14)(q10;q10)",
        "92,XX",
        "46,XX,+8,-9,+10",
        "999,XX",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(IscnError):
        parse_cell(text)


def test_bare_numbers_only_of_counted_cells() -> None:
    assert parse_cell("46", count_only=True).sex == ""
    assert parse_cell("92", count_only=True).ploidy == 4


def test_constitutional_changes() -> None:
    (item,) = parse_cell("46,XX,inv(9)(p12q13)c").changes
    assert (item.name, item.constitutional) == ("inv(9)(p12q13)", True)
    (item,) = parse_cell("47,XX,+21c").changes
    assert item.constitutional


@pytest.mark.parametrize(
    ("text", "clones"),
    [
        ("46,XX", [("46,XX", 1)]),
        ("46,XX[20]", [("46,XX", 20)]),
        ("47,XX,+12[3]/46,XX[17]", [("47,XX,+12", 3), ("46,XX", 17)]),
        (" 47, XX, +12 ", [("47,XX,+12", 1)]),
        ("45,XX,\u22127", [("45,XX,-7", 1)]),
    ],
)
def test_clones(text: str, clones: list[tuple[str, int]]) -> None:
    assert list(expand_clones(text)) == clones


@pytest.mark.parametrize(
    "text", ["47,XX,+12/46,XX[17]", "46,XX[0]", "46,XX[cp5]", "46,XX[5]//46,XY[5]", "46,XX[]", "", "/", "[3]"]
)
def test_refused_clones(text: str) -> None:
    with pytest.raises(IscnError):
        read_all(text)


@given(st.text(alphabet="0123456789XY,+-()[];?pqderitmacx<n>/ ", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        clones = read_all(text)
    except IscnError:
        return
    assert clones
    assert all(n_cells > 0 and cell.ploidy >= 1 for cell, n_cells in clones)
