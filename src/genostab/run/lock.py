"""One run at a time in an output folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from genostab.errors import LockedError, ResourceError, UsageError

_NAME = ".genostab.lock"
_ATTEMPTS = 100


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder, made where absent, for this process alone; a folder that was made and stays empty is removed.

    Raises
    ------
    LockedError
        GS-7001 where another process owns the folder.
    UsageError
        GS-1108 where the path is not a folder.
    ResourceError
        GS-5001 where it cannot be made, written or locked.

    Notes
    -----
    The kernel holds the lock (flock) and drops it when its process ends, however it ends: a file that a killed run left
    behind locks nobody out, not even where process numbers begin again, as in a container. The number in the file is
    for people.
    """
    is_new = not folder.exists()
    descriptor = _taken(folder)
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / _NAME).unlink()
        os.close(descriptor)
        if is_new:
            with suppress(OSError):
                folder.rmdir()


def _taken(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _take(folder / _NAME)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(
            "GS-1108",
            what="the output folder cannot be used",
            where=str(folder),
            found="a file of that name, or of a folder above it",
            expected="a folder, or nothing",
            action="name another folder with -o",
        ) from None
    except OSError as error:
        raise ResourceError(
            "GS-5001",
            what="the output folder cannot be written",
            where=str(folder),
            found=error.strerror or str(error),
            expected="a folder that this user may write, on a file system with space and locks",
            action="name another folder with -o, or free some space",
        ) from None


def _take(path: Path) -> int:
    """Descriptor of the lock file, locked and holding this process's number."""
    for _ in range(_ATTEMPTS):
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, descriptor):
                os.ftruncate(descriptor, 0)
                os.write(descriptor, b"%d\n" % os.getpid())
                return descriptor
        except BlockingIOError:
            owner = os.read(descriptor, 32).decode(errors="replace").strip() or "of unknown number"
            os.close(descriptor)
            raise _in_use(path, f"process {owner} is writing there") from None
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)  # its last owner removed the file after it was opened here
    raise _in_use(path, "other runs come and go there")


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))


def _in_use(path: Path, found: str) -> LockedError:
    return LockedError(
        "GS-7001",
        what="the output folder is in use",
        where=str(path),
        found=found,
        expected="no other run in this folder",
        action="wait for it, or name another folder with -o",
    )
