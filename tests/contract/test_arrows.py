"""The rooms and the arrows between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract._arrows import ROOMS, arrow_violations
from tests.contract._tree import PACKAGE, ROOT, listed, package_of, python_files

SOURCES = python_files("src")


def _room_name(file: Path) -> str:
    first = file.relative_to(PACKAGE).parts[0]
    return "genostab" if first == "__init__.py" else first.removesuffix(".py")


@pytest.mark.parametrize("room", sorted({_room_name(file) for file in SOURCES}))
def test_room_imports_only_what_its_arrows_allow(room: str) -> None:
    found = [
        f"{file.relative_to(ROOT)} {problem}"
        for file in SOURCES
        if _room_name(file) == room
        for problem in arrow_violations(
            file.read_text(encoding="utf-8"),
            package_of(file),
            room,
            may_import_numba=file == PACKAGE / "kernels" / "_jit.py",
        )
    ]
    assert not found, listed(found)


def test_every_room_of_the_table_is_in_the_house() -> None:
    assert set(ROOMS) == {_room_name(file) for file in SOURCES}


def test_reference_imports_only_stdlib_numpy_and_mpmath() -> None:
    found = [
        f"{file.relative_to(ROOT)} {problem}"
        for file in python_files("reference")
        for problem in arrow_violations(file.read_text(encoding="utf-8"), "reference", "reference")
    ]
    assert not found, listed(found)
