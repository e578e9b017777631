"""The sound lot that damaged files are put into, and an OUT that holds earlier results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from genostab.cli.main import run
from tests.malformed.good_lot import write_good_lot


@dataclass(frozen=True, kw_only=True)
class GoodLot:
    folder: Path
    earlier: Path


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> GoodLot:
    """A sound lot, and an OUT with the results of a lot CASE from its tables."""
    folder = tmp_path_factory.mktemp("good")
    write_good_lot(folder)
    manifest = folder / "earlier.yaml"
    manifest.write_text("lot: CASE\nmetaphases: gband.csv\n", encoding="utf-8")
    earlier = tmp_path_factory.mktemp("earlier")
    assert run(["analyze", str(manifest), "-o", str(earlier), "-q"]) == 0
    return GoodLot(folder=folder, earlier=earlier)
