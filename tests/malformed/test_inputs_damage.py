"""Every kind of input of `genostab analyze`, damaged in every way: refused with five parts, and nothing left behind."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from pathlib import Path

import pytest

from genostab.cli.main import run
from tests.malformed.conftest import GoodLot
from tests.malformed.good_lot import BLOCKS, NOISE, SOURCES, arguments_for, refusal, unchanged

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(40)
HTML = b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"
BOMB = gzip.compress(bytes(60_000_000))

DAMAGES: dict[str, bytes] = {
    "empty": b"",
    "white space": b"\n \n",
    "a picture": PNG,
    "a web page": HTML,
    "noise": NOISE,
    "noise in gzip": gzip.compress(NOISE),
    "nothing in gzip": gzip.compress(b""),
    "cut gzip": gzip.compress(NOISE)[:-2000],
    "gzip bomb": BOMB,
    "UTF-16": "chrom\tstart\tend\n".encode("utf-16"),
    "one long line": b"7" * 2_000_000,
    "NUL bytes": b"\0" * 4096,
}
KINDS = [*SOURCES, *BLOCKS]
PACKED = ("nsc.bam", "bank.bam", "nsc.vcf.gz")
CUTS = (1, 3, 17, 0.02, 0.5, 0.97, -29, -28, -1)


def damaged(good: GoodLot, tmp_path: Path, name: str, data: bytes) -> str:
    """A damaged file of the same ending, relative to the sound folder or absolute."""
    path = tmp_path / f"case{''.join(Path(name).suffixes)}"
    path.write_bytes(data)
    return str(path)


def refused(
    good: GoodLot, name: str, file: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> list[str]:
    arguments = arguments_for(good.folder, name, file)
    lot = ["-o", str(good.earlier)] if name in BLOCKS else ["-o", str(tmp_path / "out")]
    _, codes = refusal(["analyze", *arguments, *lot], capfd, good.earlier, good.folder, tmp_path)
    return codes


@pytest.mark.parametrize("name", KINDS)
def test_the_sound_file_is_taken(
    name: str, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code = run(["analyze", *arguments_for(good.folder, name, name), "-o", str(tmp_path / "out"), "-q"])
    assert (code, *capfd.readouterr()) == (0, "", "")
    assert (tmp_path / "out" / "results.json").is_file()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", KINDS)
def test_damage_is_refused(
    name: str, damage: str, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert refused(good, name, damaged(good, tmp_path, name, DAMAGES[damage]), capfd, tmp_path)


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("name", PACKED)
def test_a_cut_packed_file_is_refused(
    name: str, cut: float, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = (good.folder / name).read_bytes()
    end = round(cut * len(whole)) if isinstance(cut, float) else cut
    codes = refused(good, name, damaged(good, tmp_path, name, whole[:end]), capfd, tmp_path)
    assert set(codes) <= {"GS-2003", "GS-2004", "GS-2102"}


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("name", [name for name in KINDS if name not in PACKED])
def test_a_table_cut_within_a_row_is_refused(
    name: str, share: float, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = (good.folder / name).read_bytes()
    row = (
        whole.index(b"\n", round(share * len(whole)) - 20) + 1
        if share < 0.9
        else whole.rindex(b"\n", 0, -1) + 1
    )
    assert refused(good, name, damaged(good, tmp_path, name, whole[: row + 2]), capfd, tmp_path)


@pytest.mark.parametrize("name", [name for name in KINDS if name not in PACKED])
def test_a_cut_gzipped_table_is_refused(
    name: str, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    packed = gzip.compress((good.folder / name).read_bytes())
    codes = refused(good, name, damaged(good, tmp_path, name, packed[: len(packed) // 2]), capfd, tmp_path)
    assert set(codes) <= {"GS-2003", "GS-2102", "GS-2004"}


def _taken(name: str) -> set[str]:
    """Files that are sound where `name` is asked for: a bare file may be of any kind, a parent is like its sample."""
    if SOURCES.get(name) == ("{}",):
        return {"nsc.bam", "nsc.cnr", "array.txt"}
    return {"nsc.bam", "bank.bam"} if name == "bank.bam" else {name}


OTHERS = ("nsc.bam", "nsc.cnr", "array.txt", "nsc.vcf.gz", "gband.csv", "lot.yaml")


@pytest.mark.parametrize(
    ("name", "other"), [(name, other) for name in KINDS for other in OTHERS if other not in _taken(name)]
)
def test_a_file_of_another_kind_is_refused(
    name: str, other: str, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"case{''.join(Path(name).suffixes)}"
    shutil.copyfile(good.folder / other, path)
    assert refused(good, name, str(path), capfd, tmp_path)


@pytest.mark.parametrize("name", KINDS)
def test_a_missing_file_and_a_folder_are_refused(
    name: str, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for file in (tmp_path / "gone.bam", tmp_path):
        codes = refused(good, name, str(file), capfd, tmp_path)
        assert codes == (["GS-2001"] if name in SOURCES else ["GS-1105"])


def test_no_refusal_leaves_a_file_in_the_temporary_folder(
    good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for name in KINDS:
        with unchanged(temporary):
            assert refused(good, name, damaged(good, tmp_path, name, NOISE), capfd, tmp_path)
