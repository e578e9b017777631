"""Start-up: what a user waits for before any work, beside the bare imports that bound it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

COMMANDS = {
    "python": ["-c", "pass"],
    "import click": ["-c", "import click"],
    "genostab --version": ["-m", "genostab.cli.main", "--version"],
    "genostab --help": ["-m", "genostab.cli.main", "--help"],
    "import numba": ["-c", "import numba"],
    "import genostab.kernels.rng": ["-c", "import genostab.kernels.rng"],
}


@pytest.mark.benchmark(group="start-up")
@pytest.mark.parametrize("name", COMMANDS)
def test_startup(benchmark: BenchmarkFixture, name: str) -> None:
    command = [sys.executable, *COMMANDS[name]]

    def start() -> int:
        return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True).returncode

    assert benchmark.pedantic(start, rounds=7, warmup_rounds=1) == 0
