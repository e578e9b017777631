"""The strict table reader: what it takes, and that each damage has its own refusal with file, line and column."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genostab.errors import GenostabError, GenostabErrors
from genostab.io import tables
from genostab.io.tables import read_header, read_table


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        "well,cq\nA1,20.5\nA2,\n",
        "well\tcq\nA1\t20.5\nA2\t\n",
        "well;cq\r\nA1;20.5\r\nA2;\r\n",
        "\ufeffwell,cq\nA1,20.5\nA2,",
        ' well , cq \n\n"A1", 20.5 \n,,\nA2,\n',
        "cq,note,well\n20.5,x,A1\n,y,A2\n",
    ],
)
def test_delimiters_order_and_blanks(tmp_path: Path, content: str) -> None:
    table = read_table(write(tmp_path, content), ("well", "cq"))
    assert table.text("well") == ("A1", "A2")
    cq = table.number("cq", empty_nan=True)
    table.check()
    assert cq[0] == 20.5
    assert np.isnan(cq[1])


def test_gzip_is_read(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, gzip.compress(b"a\n1\n")), ("a",))
    assert table.integer("a").tolist() == [1]


def test_quoted_delimiters_quotes_and_line_breaks_keep_line_numbers(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, 'a,b\n"x,""y""\nz",1\nw,bad\n'), ("a", "b"))
    assert table.text("a") == ('x,"y"\nz', "w")
    assert table.line == (2, 4)
    table.integer("b")
    with pytest.raises(GenostabErrors) as caught:
        table.check()
    assert caught.value.errors[0].where.endswith("table.csv:4:b")


def test_all_wrong_cells_are_reported_together(tmp_path: Path) -> None:
    content = 'name,n,x,kind\na,1,"0,5",up\n,2.5,1e999,down\nc,-3,nan,left\n'
    table = read_table(write(tmp_path, content), ("name", "n", "x", "kind"))
    table.text("name")
    table.integer("n", minimum=0)
    table.number("x")
    table.choice("kind", ("up", "down"))
    with pytest.raises(GenostabErrors) as caught:
        table.check()
    where = [error.where.rpartition("table.csv:")[2] for error in caught.value.errors]
    assert where == ["3:name", "3:n", "4:n", "2:x", "3:x", "4:x", "4:kind"]
    assert {error.code for error in caught.value.errors} == {"GS-2202"}
    comma = caught.value.errors[3]
    assert comma.found == "0,5"
    assert "decimal comma" in comma.action
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(("text", "good"), [("7", 7), ("+7", 7), ("7.0", 7), ("-2", -2)])
def test_integers(tmp_path: Path, text: str, good: int) -> None:
    table = read_table(write(tmp_path, f"a\n{text}\n"), ("a",))
    assert table.integer("a").tolist() == [good]
    table.check()


@pytest.mark.parametrize(
    "text", ["1_000", "1 000", "0x10", "٣", "1e3", "12345678901234567890", "--1", "1,000"]
)
def test_no_integers(tmp_path: Path, text: str) -> None:
    table = read_table(write(tmp_path, f"a\tb\n{text}\tx\n"), ("a", "b"))
    table.integer("a")
    with pytest.raises(GenostabErrors):
        table.check()


@pytest.mark.parametrize("text", ["inf", "nan", "1e9999", "1_0", "0x1p3", "1.2.3", "5 %", "<3", "٣"])
def test_no_numbers(tmp_path: Path, text: str) -> None:
    table = read_table(write(tmp_path, f"a\tb\n{text}\tx\n"), ("a", "b"))
    assert np.isnan(table.number("a")).all()
    with pytest.raises(GenostabErrors):
        table.check()


def test_bounds_words_and_defaults(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a,b\n0,Undetermined\n1,\n"), ("a", "b"), ("c",))
    table.number("a", above=0.0)
    assert len(table.problems) == 1
    assert np.isnan(table.number("b", empty_nan=True, nan_words=("undetermined",))).all()
    assert table.choice("c", ("x",), default="x") == ("x", "x")
    assert table.text("c", empty=True) == ("", "")
    assert np.isnan(table.number("c", empty_nan=True)).all()
    assert not table.has("c")
    assert len(table.problems) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "GS-2002"),
        (b" \n\n", "GS-2002"),
        (b"a,b\n", "GS-2002"),
        (b"a,b\n,\n", "GS-2002"),
        (b"a,b\n1,\x002\n", "GS-2004"),
        ("a,b\n1,2\n".encode("utf-16"), "GS-2004"),
        (b"a,b\n1,\xb5\n", "GS-2004"),
        (b'a,b\n"1,2\n', "GS-2004"),
        (b'a,b\n"1"x,2\n', "GS-2004"),
        (b"x,b\n1,2\n", "GS-2201"),
        (b"A,b\n1,2\n", "GS-2201"),
        (b"a,a,b\n1,2,3\n", "GS-2201"),
        (b"a,b,optoinal\n1,2,3\n", "GS-2201"),
        (b"a,b\n1\n", "GS-2202"),
        (b"a,b\n1,2,3\n", "GS-2202"),
    ],
)
def test_damaged_tables_are_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises((GenostabError, GenostabErrors)) as caught:
        read_table(path, ("a", "b"), ("optional",))
    errors = caught.value.errors if isinstance(caught.value, GenostabErrors) else (caught.value,)
    assert {error.code for error in errors} == {code}
    assert all(str(path) in error.where for error in errors)


def test_every_missing_column_and_every_short_row_is_named(tmp_path: Path) -> None:
    with pytest.raises(GenostabErrors) as caught:
        read_table(write(tmp_path, "x\n1\n"), ("a", "b"))
    assert [error.expected for error in caught.value.errors] == ["a column a", "a column b"]
    with pytest.raises(GenostabErrors) as caught:
        read_table(write(tmp_path, "a,b\n1\n1,2\n3\n"), ("a", "b"))
    assert [error.where[-2:] for error in caught.value.errors] == [":2", ":4"]


def test_unused_trailing_cells_may_be_absent(tmp_path: Path) -> None:
    """QuantaSoft writes one header more than cells."""
    table = read_table(write(tmp_path, "a,b,unused\n1,2\n"), ("a", "b"))
    assert table.integer("b").tolist() == [2]


def test_missing_file_folder_and_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(GenostabError) as caught:
            read_table(path, ("a",))
        assert caught.value.code == "GS-2001"
    monkeypatch.setattr(tables, "MAX_TABLE_BYTES", 10)
    with pytest.raises(GenostabError) as caught:
        read_table(write(tmp_path, "a\n" + "1\n" * 10), ("a",))
    assert caught.value.code == "GS-2005"


def test_header(tmp_path: Path) -> None:
    assert read_header(write(tmp_path, "a;b c;d\n1;2;3\n")) == ("a", "b c", "d")


@given(st.binary(max_size=200) | st.text(alphabet='ab,;\t"\n\r1.\x00é', max_size=80).map(str.encode))
def test_any_bytes_are_a_table_or_a_refusal(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), b"a,b\n" + content)
        try:
            table = read_table(path, ("a",), ("b",))
        except (GenostabError, GenostabErrors):
            return
    assert len(table) > 0
    assert len(table.text("a", empty=True)) == len(table)
    assert table.number("b", empty_nan=True).size == len(table)
