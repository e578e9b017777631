"""The writer: whole files or none, whatever fails."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from genostab.errors import ResourceError
from genostab.io.atomic import publish, write_atomic

OLD = {"a.txt": b"old a", "sub/b.txt": b"old b"}
NEW = {"a.txt": b"new a", "sub/b.txt": b"new b", "c.txt": b"new c"}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_files_appear_and_are_replaced(tmp_path: Path) -> None:
    publish(tmp_path / "out", OLD)
    assert tree(tmp_path / "out") == OLD
    publish(tmp_path / "out", NEW)
    assert tree(tmp_path / "out") == NEW
    write_atomic(tmp_path / "out" / "a.txt", b"")
    assert tree(tmp_path / "out") == NEW | {"a.txt": b""}


def test_modes_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "a", b"1")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", ["../x", "/x", "", "a/../../x"])
def test_names_that_lead_out_are_a_bug(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="inside the output folder"):
        publish(tmp_path / "out", {name: b""})
    assert tree(tmp_path) == {}


def failing(function: Callable[..., Any], at: int, code: int) -> tuple[Callable[..., Any], list[int]]:
    """`function` that raises OSError at its call number `at`, once; and how often it was called."""
    calls = [0]

    def wrapped(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] == at:
            raise OSError(code, os.strerror(code), "somewhere")
        return function(*arguments, **named)

    return wrapped, calls


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO, errno.EROFS])
@pytest.mark.parametrize(("module", "name"), [(io, "open"), (os, "fsync"), (os, "replace")])
def test_any_failing_call_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, code: int
) -> None:
    publish(tmp_path / "out", OLD)
    n_failed = 0
    for at in range(1, len(NEW) + 1):
        wrapped, _ = failing(getattr(module, name), at, code)
        with monkeypatch.context() as patch:
            patch.setattr(module, name, wrapped)
            with pytest.raises(ResourceError) as caught:
                publish(tmp_path / "out", NEW)
        n_failed += 1
        assert caught.value.code == "GS-5001"
        assert caught.value.exit_code == 6
        assert tree(tmp_path / "out") == OLD
    assert n_failed == len(NEW)


def test_an_unusable_folder_is_a_resource_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ResourceError):
        publish(tmp_path / "file", {"a": b""})
    with pytest.raises(ResourceError):
        write_atomic(tmp_path / "missing" / ("n" * 300), b"")


def test_a_folder_under_the_final_name_changes_nothing(tmp_path: Path) -> None:
    publish(tmp_path / "out", OLD)
    (tmp_path / "out" / "z").mkdir()
    with pytest.raises(ResourceError):
        publish(tmp_path / "out", {"a.txt": b"new", "z": b"new"})
    assert tree(tmp_path / "out") == OLD
