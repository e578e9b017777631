"""The demonstration, made once, and the command line as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

GENOSTAB = (sys.executable, "-m", "genostab.cli.main")
Cli = Callable[..., "subprocess.CompletedProcess[str]"]


def genostab(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """What a command printed, and its exit code."""
    return subprocess.run(
        [*GENOSTAB, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=300,
        cwd=cwd,
        env=env,
    )


@pytest.fixture(scope="session")
def cli() -> Cli:
    return genostab


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Where the demonstration lies, and what the command printed; `first` are the results before any re-run."""

    folder: Path
    done: subprocess.CompletedProcess[str]
    first: Mapping[str, bytes]

    @property
    def manifest(self) -> Path:
        return self.folder / "lot" / "lot.yaml"

    @property
    def results(self) -> Path:
        return self.folder / "results"


def files_below(folder: Path) -> dict[str, bytes]:
    """Content of every file below a folder, hidden ones too, by relative name."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo-folder")
    done = genostab("demo", "-o", folder)
    assert done.returncode == 0, done.stderr
    return Demo(folder=folder, done=done, first=files_below(folder / "results"))
