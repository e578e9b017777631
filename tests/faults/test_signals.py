"""A stopped run leaves no lock, no temporary file and no half-written output; earlier results stay as they were."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genostab.errors import EXIT_SIGINT, EXIT_SIGTERM
from genostab.io import atomic
from tests.malformed.good_lot import contents, write_good_lot

GENOSTAB = (sys.executable, "-m", "genostab.cli.main")


@pytest.fixture(scope="module")
def lot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lot")
    write_good_lot(folder)
    return folder / "lot.yaml"


def stopped_at(step: str, number: int, lot: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """A run that gets a signal once it has said that it is at a step."""
    command = [*GENOSTAB, "analyze", str(lot), "-o", str(out), "-v"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(step):
                break
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


@pytest.mark.parametrize("step", ["metaphases", "reads of", "verdicts and report"])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, EXIT_SIGINT), (signal.SIGTERM, EXIT_SIGTERM)], ids=["INT", "TERM"]
)
def test_a_signal_ends_the_run_and_leaves_nothing(
    number: int, code: int, step: str, lot: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = stopped_at(step, number, lot, out)
    assert done.returncode == code
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_a_signal_leaves_earlier_results_as_they_were(lot: Path, tmp_path: Path) -> None:
    command = [*GENOSTAB, "analyze", str(lot), "-o", str(tmp_path), "-q"]
    subprocess.run(command, check=True)
    before = contents(tmp_path)
    assert stopped_at("reads of", signal.SIGTERM, lot, tmp_path).returncode == EXIT_SIGTERM
    assert contents(tmp_path) == before
    subprocess.run(command, check=True)
    assert len((tmp_path / "audit.jsonl").read_bytes().splitlines()) == 2


def test_a_killed_run_does_not_block_the_next(lot: Path, tmp_path: Path) -> None:
    done = stopped_at("reads of", signal.SIGKILL, lot, tmp_path / "out")
    assert done.returncode == -signal.SIGKILL
    assert contents(tmp_path / "out").keys() == {".genostab.lock"}
    again = subprocess.run(
        [*GENOSTAB, "analyze", str(lot), "-o", str(tmp_path / "out"), "-q"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert ".genostab.lock" not in contents(tmp_path / "out")


class _Stop(BaseException):
    """What a signal raises."""


@pytest.mark.parametrize("at", range(3))
def test_a_signal_between_two_renames_puts_back_what_was_there(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {name: f"old {name}".encode() for name in "abc"}
    atomic.publish(tmp_path, old)
    before = contents(tmp_path)
    real, calls = os.replace, []

    def replace(source: Path, target: Path) -> None:
        if len(calls) == at:
            calls.append(target)
            raise _Stop
        calls.append(target)
        real(source, target)

    monkeypatch.setattr(atomic.os, "replace", replace)
    with pytest.raises(_Stop):
        atomic.publish(tmp_path, dict.fromkeys("abcd", b"new"))
    assert contents(tmp_path) == before


def test_progress_is_shown_on_a_terminal_only(lot: Path, tmp_path: Path) -> None:
    """A name with what rich takes for markup is shown as it is."""
    folder = tmp_path / "lot"
    folder.mkdir()
    (folder / "n[red].cnr").write_bytes((lot.parent / "nsc.cnr").read_bytes())
    (folder / "lot.yaml").write_text('lot: A\nsequencing: {sample: "n[red].cnr"}\n', encoding="utf-8")
    ours, theirs = pty.openpty()
    command = [*GENOSTAB, "analyze", str(folder / "lot.yaml"), "-o", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end was closed
                break
            if not piece:
                break
            shown += piece
        output, _ = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0, shown.decode(errors="replace")
    assert b"n[red].cnr" in shown
    assert b"report: " in output
