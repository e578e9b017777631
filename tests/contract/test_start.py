"""Help, version and refusals start fast: no numerical library is loaded for them."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"numba", "pandas", "scipy", "pysam"}
HEAVY_OR_LATE = HEAVY | {"altair", "pydantic"}
CLI = ["-m", "genostab.cli.main"]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60
    )


def _loaded(*arguments: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    done = _run("-X", "importtime", *arguments)
    modules = re.findall(r"^import time:.*\|\s+([\w.]+)$", done.stderr, flags=re.MULTILINE)
    assert "sys" in modules or "encodings" in modules, "importtime wrote no table"
    return done, {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(option: str) -> None:
    done, loaded = _loaded(*CLI, option)
    assert done.returncode == 0
    assert done.stdout.strip()
    assert not loaded & HEAVY_OR_LATE


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["analyze", "--help"], 0),
        (["profile", "list"], 0),
        (["--no-such-option"], 2),
        (["no-such-command"], 2),
        (["analyze", "no-such-lot.yaml", "-o", "never-written"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_usage_and_configuration_load_no_numerical_library(
    arguments: list[str], exit_code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done, loaded = _loaded(*CLI, *arguments)
    assert done.returncode == exit_code, done.stdout
    assert "Traceback" not in done.stderr
    assert not loaded & HEAVY
    assert not list(tmp_path.iterdir())


def test_importing_genostab_loads_nothing_heavy() -> None:
    done, loaded = _loaded("-c", "import genostab")
    assert done.returncode == 0
    assert not loaded & (HEAVY_OR_LATE | {"numpy", "click"})


def test_the_import_table_would_show_a_heavy_library() -> None:
    _, loaded = _loaded("-c", "import scipy")
    assert "scipy" in loaded


def _cpu_seconds(*arguments: str) -> float:
    """Least CPU time of five runs; the least is what the work itself costs on a shared machine."""
    spent = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = _run(*arguments)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode == 0, done.stderr
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_start_costs_at_most_three_bare_imports_of_click(option: str) -> None:
    assert _cpu_seconds(*CLI, option) <= 3.0 * _cpu_seconds("-c", "import click")
