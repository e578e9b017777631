"""The one writer: a file appears under its final name whole, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from genostab.errors import ResourceError

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# Network and FUSE file systems that cannot sync a folder say so with these.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP})


@contextmanager
def _resource_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in _NO_SPACE
        raise ResourceError(
            "GS-5001",
            what="the output cannot be written",
            where=str(error.filename or path),
            found=error.strerror or str(error),
            expected="space" if full else "a folder that can be written to",
            action="free some space and run again" if full else "check its permissions and run again",
        ) from error


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("xb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _staged_name(final: Path) -> Path:
    return final.with_name(f".{final.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")


def _final_paths(folder: Path, files: Mapping[str, bytes]) -> dict[str, Path]:
    finals = {}
    for name in files:
        relative = PurePosixPath(name)
        if relative.is_absolute() or not relative.parts or ".." in relative.parts:
            raise ValueError(f"not a name inside the output folder: {name!r}")
        finals[name] = folder.joinpath(*relative.parts)
    return finals


def write_atomic(path: str | Path, data: bytes) -> None:
    """Write one file: a temporary neighbour, fsync, rename, fsync of the folder.

    Parameters
    ----------
    path : str or Path, in a folder that exists
    data : bytes, the whole content

    Raises
    ------
    ResourceError
        GS-5001 where the disk or its permissions do not let it; what stood there before is unchanged.
    """
    final = Path(path)
    publish(final.parent, {final.name: data})


def publish(folder: str | Path, files: Mapping[str, bytes]) -> None:
    """Write several files of one folder together.

    Parameters
    ----------
    folder : str or Path, made where it is missing
    files : mapping of name below the folder (``karyotype/calls.tsv``) to whole content

    Raises
    ------
    ResourceError
        GS-5001 where the disk or its permissions do not let it; no file under a final name has changed then.
    ValueError
        Where a name leads out of the folder.

    Notes
    -----
    Every file is written beside its final name and synced before the first rename, so a full disk is met
    before anything is replaced. A failing rename puts back what was replaced. A kill between two renames
    leaves whole files, some new and some old: a record that is published last tells them apart. Where only the
    sync of the folder fails, GS-5001 is raised although all files are new and whole.
    """
    folder = Path(folder)
    finals = _final_paths(folder, files)
    staged: dict[str, Path] = {}
    with _resource_errors(folder):
        try:
            for name, data in files.items():
                finals[name].parent.mkdir(parents=True, exist_ok=True)
                staged[name] = _staged_name(finals[name])
                _write_synced(staged[name], data)
            _rename_all(finals, staged)
        finally:
            _remove(list(staged.values()))
        for parent in dict.fromkeys(final.parent for final in finals.values()):
            _sync_folder(parent)


def _rename_all(finals: Mapping[str, Path], staged: Mapping[str, Path]) -> None:
    before = {name: final.read_bytes() if final.is_file() else None for name, final in finals.items()}
    renamed: list[str] = []
    try:
        for name, temporary in staged.items():
            os.replace(temporary, finals[name])
            renamed.append(name)
    except BaseException:  # a signal, too
        for name in renamed:
            _put_back(finals[name], before[name])
        raise


def _put_back(final: Path, content: bytes | None) -> None:
    if content is None:
        final.unlink()
        return
    temporary = _staged_name(final)
    _write_synced(temporary, content)
    os.replace(temporary, final)
