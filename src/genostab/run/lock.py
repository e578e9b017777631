"""One run at a time in an output folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from genostab.errors import LockedError, ResourceError, UsageError

_NAME = ".genostab.lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder, made where absent, for this process alone; the lock of a process that is gone is taken over.

    Raises
    ------
    LockedError
        GS-7001 where another process owns the folder.
    UsageError
        GS-1108 where the path is not a folder.
    ResourceError
        GS-5001 where it cannot be made or written.
    """
    path = folder / _NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _take(path)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(
            "GS-1108",
            what="the output folder cannot be used",
            where=str(folder),
            found="a file of that name",
            expected="a folder, or nothing",
            action="name another folder with -o",
        ) from None
    except OSError as error:
        raise ResourceError(
            "GS-5001",
            what="the output folder cannot be written",
            where=str(folder),
            found=error.strerror or str(error),
            expected="a folder that this user may write",
            action="name another folder with -o",
        ) from None
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()


def _take(path: Path) -> None:
    if path.parent.exists() and not path.parent.is_dir():
        raise NotADirectoryError(path.parent)
    for _ in range(2):
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            owner = _owner(path)
            if owner is not None and _is_alive(owner):
                raise LockedError(
                    "GS-7001",
                    what="the output folder is in use",
                    where=str(path),
                    found=f"process {owner} is writing there",
                    expected="no other run in this folder",
                    action="wait for it, or name another folder with -o",
                ) from None
            with suppress(FileNotFoundError):
                path.unlink()
            continue
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(f"{os.getpid()}\n")
        return
    raise LockedError(
        "GS-7001",
        what="the output folder is in use",
        where=str(path),
        found="another run took the lock at the same moment",
        expected="no other run in this folder",
        action="start again",
    )


def _owner(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
