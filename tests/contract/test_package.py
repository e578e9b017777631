"""The built package carries its data files, and nothing of this machine's leftovers."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from tests.contract._tree import PACKAGE, ROOT

DATA = sorted(
    file
    for file in PACKAGE.rglob("*")
    if file.is_file() and file.suffix != ".py" and "__pycache__" not in file.parts
)


Builder = type[WheelBuilder] | type[SdistBuilder]


def _included(builder: Builder) -> set[Path]:
    return {ROOT / item.relative_path for item in builder(str(ROOT)).recurse_included_files()}


@pytest.mark.parametrize("builder", [WheelBuilder, SdistBuilder], ids=["wheel", "sdist"])
def test_distribution_holds_every_source_and_data_file(builder: Builder) -> None:
    included = _included(builder)
    wanted = {*DATA, *PACKAGE.rglob("*.py")}
    assert PACKAGE / "py.typed" in wanted
    assert not sorted(wanted - included)


def test_wheel_holds_nothing_but_the_package() -> None:
    strangers = {file for file in _included(WheelBuilder) if PACKAGE not in file.parents}
    assert not strangers


def test_data_files_are_found_as_package_resources() -> None:
    root = resources.files("genostab")
    missing = [file for file in DATA if not root.joinpath(*file.relative_to(PACKAGE).parts).is_file()]
    assert not missing
