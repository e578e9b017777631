"""One run at a time in a folder; a lock ends with its process, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from genostab.errors import LockedError, ResourceError, UsageError
from genostab.run.lock import locked

HOLD = """import sys, pathlib
from genostab.run.lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The folder, locked by a process of its own."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait(timeout=20)


def test_a_folder_is_made_locked_and_left_without_a_trace(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "out"
    with locked(folder):
        (lock,) = folder.iterdir()
        assert lock.read_text() == f"{os.getpid()}\n"
        (folder / "result").write_text("x")
    assert [path.name for path in folder.iterdir()] == ["result"]


def test_a_new_folder_that_stays_empty_is_removed_and_an_old_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    for name in ("old", "new"):
        with locked(tmp_path / name):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_live_owner_is_named_and_left_alone(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as owner:
        with pytest.raises(LockedError, match="in use") as caught, locked(tmp_path):
            pass
        assert (caught.value.code, caught.value.exit_code) == ("GS-7001", 7)
        assert str(owner.pid) in caught.value.found
        assert len(list(tmp_path.iterdir())) == 1
    with locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_same_process_cannot_lock_twice(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(LockedError), locked(tmp_path):
        pass


def test_a_killed_owner_leaves_a_file_that_locks_nobody_out(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as owner:
        owner.send_signal(signal.SIGKILL)
        owner.wait(timeout=20)
        assert len(list(tmp_path.iterdir())) == 1
    with locked(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["", "1\n", f"{os.getpid()}\n", "no number", "9" * 40],
    ids=["empty", "of init", "of this process", "no number", "too large"],
)
def test_a_left_file_does_not_count_whatever_number_it_holds(tmp_path: Path, text: str) -> None:
    with locked(tmp_path):
        (lock,) = tmp_path.iterdir()
    lock.write_text(text)
    with locked(tmp_path):
        assert lock.read_text() == f"{os.getpid()}\n"
    assert list(tmp_path.iterdir()) == []


def test_the_lock_ends_with_an_error_in_the_run(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stop"), locked(tmp_path / "out"):
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["file", "file/out"])
def test_a_file_is_no_folder(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError) as caught, locked(tmp_path / below):
        pass
    assert caught.value.code == "GS-1108"
    assert (tmp_path / "file").read_text() == "mine"


def test_a_place_that_takes_no_folder_is_a_resource_error() -> None:
    with pytest.raises(ResourceError) as caught, locked(Path("/proc/genostab-out")):
        pass
    assert (caught.value.code, caught.value.exit_code) == ("GS-5001", 6)


def test_only_one_of_many_runs_at_a_time_owns_a_folder(tmp_path: Path) -> None:
    """Processes that take and leave the lock as fast as they can never see another one's mark."""
    code = (
        "import sys, pathlib, os\nfrom genostab.errors import LockedError\nfrom genostab.run.lock import locked\n"
        "out = pathlib.Path(sys.argv[1]); mark = out / 'mark'; taken = 0\n"
        "for _ in range(400):\n"
        "    try:\n"
        "        with locked(out):\n"
        "            os.close(os.open(mark, os.O_CREAT | os.O_EXCL)); mark.unlink(); taken += 1\n"
        "    except LockedError:\n"
        "        pass\n"
        "print(taken)"
    )
    (tmp_path / "keep").write_text("")
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert all(int(output) > 0 for output in outputs)
    assert [path.name for path in tmp_path.iterdir()] == ["keep"]
