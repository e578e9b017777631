"""What tests of every folder share: real data, outside programs, and how hypothesis runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, max_examples=200)
settings.register_profile("soak", settings.get_profile("local"), max_examples=5000)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their argument: packed ones hold the time, and pytest-xdist asks for the same names twice."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real data: GENOSTAB_DATA, or ../shared/data beside the checkout; skips where it is absent."""
    folder = Path(os.environ.get("GENOSTAB_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is absent; set GENOSTAB_DATA")
    return folder


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], str]:
    """Function that gives the path of an outside program, or skips the test that needs it."""

    def require(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"{name} is not installed")
        return path

    return require
