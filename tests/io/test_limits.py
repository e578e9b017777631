"""Caps and refusals of the file openers."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pysam
import pytest

from genostab.errors import InputError
from genostab.io import limits
from genostab.io.limits import load_limits, open_text, read_bytes_capped, read_text_capped


def code_of(path: Path) -> set[str]:
    """Codes that the three readers refuse a file with."""
    codes = set()
    for reader in (read_text_capped, lambda path: list(open_text(path))):
        with pytest.raises(InputError) as caught:
            reader(path)
        codes.add(caught.value.code)
    return codes


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_text_comes_back(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack("\ufeffa\tµ\r\nb\rc\n".encode()))  # type: ignore[operator]
    assert read_text_capped(path) == "a\tµ\nb\nc\n"
    assert list(open_text(path)) == ["a\tµ\n", "b\n", "c\n"]


def test_several_gzip_members_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(b"a\n") + gzip.compress(b"b\n"))
    assert read_bytes_capped(path) == b"a\nb\n"


def test_missing_folder_and_nul_in_the_name(tmp_path: Path) -> None:
    assert code_of(tmp_path / "none") == {"GS-2001"}
    assert code_of(tmp_path) == {"GS-2001"}
    assert code_of(Path("a\0b")) == {"GS-2001"}


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"")
    assert code_of(tmp_path / "x") == {"GS-2002"}
    (tmp_path / "y").write_bytes(gzip.compress(b""))
    with pytest.raises(InputError) as caught:
        read_bytes_capped(tmp_path / "y")
    assert caught.value.code == "GS-2002"


def test_a_last_line_without_end_is_a_cut_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"a\t1\nb\t2")
    assert code_of(tmp_path / "x") == {"GS-2003"}


def test_every_cut_of_a_gzip_is_refused(tmp_path: Path) -> None:
    data = gzip.compress(b"".join(f"chr1\t{number}\n".encode() for number in range(2000)))
    path = tmp_path / "x.gz"
    for end in range(3, len(data), max(1, len(data) // 97)):
        path.write_bytes(data[:end])
        with pytest.raises(InputError) as caught:
            read_text_capped(path)
        assert caught.value.code == "GS-2003", end


def test_a_bgzf_cut_between_blocks_is_refused(tmp_path: Path) -> None:
    plain, packed = tmp_path / "x", tmp_path / "x.gz"
    plain.write_bytes(b"chr1\t12345\n" * 30_000)
    pysam.tabix_compress(str(plain), str(packed))
    data = packed.read_bytes()
    assert read_bytes_capped(packed) == plain.read_bytes()
    cuts, at = [], 0
    while at < len(data):
        at += int.from_bytes(data[at + 16 : at + 18], "little") + 1
        cuts.append(at)
    assert len(cuts) >= 5
    for cut in cuts[:-1]:
        packed.write_bytes(data[:cut])
        assert code_of(packed) == {"GS-2003"}


def test_damaged_gzip(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(bytes(range(65, 90)) * 4000))
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_bytes_capped(tmp_path / "x")
    assert caught.value.code in {"GS-2102", "GS-2003"}
    (tmp_path / "y").write_bytes(gzip.compress(b"a\n") + b"garbage that is no gzip")
    with pytest.raises(InputError) as caught:
        read_bytes_capped(tmp_path / "y")
    assert caught.value.code == "GS-2102"


@pytest.mark.parametrize(
    "data", [b"a\0b\n", b"\x80abc\n", "chr1".encode("utf-16"), bytes(range(256)) + b"\n"]
)
def test_bytes_that_are_no_text(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data + b"\n")
    assert code_of(tmp_path / "x") == {"GS-2004"}


def test_a_gzip_bomb_is_stopped_by_its_ratio(tmp_path: Path) -> None:
    # 50 MB in about 50 kB, as in the damage trial.
    (tmp_path / "x").write_bytes(gzip.compress(b"0\n" * 25_000_000, compresslevel=9))
    assert code_of(tmp_path / "x") == {"GS-2005"}


def test_a_short_file_of_zeros_is_no_bomb(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(b"0\n" * 300_000))
    assert len(read_bytes_capped(tmp_path / "x")) == 600_000


def test_sizes_and_lines_over_the_caps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(
        load_limits(),
        table_compressed_bytes=100,
        table_expanded_bytes=1000,
        stream_compressed_bytes=100,
        stream_expanded_bytes=1000,
        line_bytes=50,
    )
    monkeypatch.setattr(limits, "load_limits", lambda: small)
    (tmp_path / "plain").write_bytes(b"a\n" * 501)
    assert code_of(tmp_path / "plain") == {"GS-2005"}
    (tmp_path / "packed").write_bytes(gzip.compress(b"a\n" * 501))
    assert code_of(tmp_path / "packed") == {"GS-2005"}
    (tmp_path / "line").write_bytes(b"a" * 51 + b"\n")
    with pytest.raises(InputError) as caught:
        list(open_text(tmp_path / "line"))
    assert caught.value.code == "GS-2005"
    (tmp_path / "fits").write_bytes(b"a" * 40 + b"\n")
    assert len(list(open_text(tmp_path / "fits"))) == 1
