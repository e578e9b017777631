"""A full disk, a read-only place, memory that ends, a bug of ours: an exit code, a message, nothing half-written."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from genostab.cli.main import run
from genostab.errors import EXIT_BUG, EXIT_RESOURCE, EXIT_SIGTERM
from tests.malformed.good_lot import FIVE_PARTS, contents, unchanged, write_good_lot

GENOSTAB = (sys.executable, "-m", "genostab.cli.main")


@pytest.fixture(scope="module")
def lot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lot")
    write_good_lot(folder)
    return folder


@pytest.fixture(scope="module")
def tables(lot: Path) -> Path:
    """A manifest of metaphases alone: quick."""
    (lot / "tables.yaml").write_text("lot: A\nmetaphases: gband.csv\n", encoding="utf-8")
    return lot / "tables.yaml"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 96 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("no permission to mount a small file system")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def resource_error(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    capfd.readouterr()
    assert run(arguments) == EXIT_RESOURCE
    out, err = capfd.readouterr()
    assert out == ""
    assert FIVE_PARTS.findall(err) == ["GS-5001"]
    rest = FIVE_PARTS.sub("", err).strip().splitlines()
    assert [line for line in rest if not line.startswith("[E::bgzf")] == []  # htslib's own words
    return err


def test_a_full_disk_keeps_what_was_there(
    small_disk: Path, tables: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The report alone is larger than this disk."""
    (small_disk / "out").mkdir()
    (small_disk / "out" / "mine.txt").write_text("mine")
    with unchanged(small_disk):
        err = resource_error(["analyze", str(tables), "-o", str(small_disk / "out")], capfd)
    assert "No space left" in err


def test_a_read_only_disk_is_refused(
    small_disk: Path, tables: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for name in ("", "out"):
        assert "Read-only" in resource_error(["analyze", str(tables), "-o", str(small_disk / name)], capfd)


def test_a_full_disk_stops_the_demonstration(small_disk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    resource_error(["demo", "-o", str(small_disk / "demo"), "-q"], capfd)
    assert [name for name in contents(small_disk) if not name.endswith("/")] == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_an_error_of_the_disk_at_the_last_moment_changes_nothing(
    function: str,
    number: int,
    tables: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    arguments = ["analyze", str(tables), "-o", str(tmp_path / "out"), "-q"]
    assert run(arguments) == 0
    real, left = getattr(os, function), [3]

    def failing(*values: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(number, os.strerror(number))
        return real(*values)

    monkeypatch.setattr(os, function, failing)
    with unchanged(tmp_path):
        resource_error(arguments, capfd)


def test_memory_that_ends_is_no_bug(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def greedy(path: Path) -> object:
        raise MemoryError

    monkeypatch.setattr("genostab.run.blocks.read_metaphases", greedy)
    with unchanged(tmp_path):
        assert "memory" in resource_error(["analyze", str(tables), "-o", str(tmp_path / "out")], capfd)


def broken(path: Path) -> object:
    raise ZeroDivisionError("a secret of the patient\nin two lines")


def test_a_bug_of_ours_leaves_a_report_and_no_traceback_on_screen(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    temporary, out = tmp_path / "tmp", tmp_path / "out"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr("genostab.run.blocks.read_metaphases", broken)
    assert run(["analyze", str(tables), "-o", str(out)]) == EXIT_BUG
    shown = capfd.readouterr()
    (report,) = temporary.iterdir()
    assert str(report) in shown.err
    assert "This is a bug of genostab (ZeroDivisionError" in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""
    assert "Traceback" in report.read_text("utf-8")
    assert "read_metaphases" in report.read_text("utf-8")
    assert not out.exists()


def test_a_bug_without_room_for_its_report_is_still_told(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(*values: object, **options: object) -> object:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", full)
    monkeypatch.setattr("genostab.run.blocks.read_metaphases", broken)
    assert run(["analyze", str(tables), "-o", str(tmp_path / "out")]) == EXIT_BUG
    err = capfd.readouterr().err
    assert "This is a bug of genostab" in err
    assert "Traceback" not in err


def test_a_full_standard_output_is_a_resource_error() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [*GENOSTAB, "profile", "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == EXIT_RESOURCE
    assert FIVE_PARTS.findall(done.stderr) == ["GS-5001"]
    assert "Traceback" not in done.stderr


def test_a_signal_that_compiled_code_took_for_an_error_is_still_a_signal(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Pydantic and others wrap what the handler raises in an error of their own."""
    monkeypatch.setattr("genostab.run.blocks.read_metaphases", broken)
    with unchanged(tmp_path):
        code = run(["analyze", str(tables), "-o", str(tmp_path / "out")], signals=[signal.SIGTERM])
    assert (code, *capfd.readouterr()) == (EXIT_SIGTERM, "", "stopped by SIGTERM\n")
