"""`genostab warmup` leaves nothing to compile for the first analysis."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Demo

DILUTION = "group,dose_cells,tested,positive\nproduct,1e3,10,1\nproduct,1e4,10,4\nproduct,1e5,10,9\n"


@pytest.mark.slow
def test_after_warmup_no_command_compiles_anything(demo: Demo, cli: Cli, tmp_path: Path) -> None:
    """Numba writes one .nbc file per kernel and types of arguments."""
    cache = tmp_path / "cache"
    env = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    done = cli("warmup", env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "all kernels are compiled\n", "")
    warm = sorted(path.name for path in cache.rglob("*.nbc"))
    assert len(warm) >= 8
    text = demo.manifest.read_text("utf-8")
    manifest = demo.manifest.with_name("with-dilution.yaml")
    demo.manifest.with_name("dilution.csv").write_text(DILUTION, encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("tumorigenicity")]
    manifest.write_text("\n".join([*lines, "tumorigenicity: {dilution: dilution.csv}", ""]), encoding="utf-8")
    counts = tmp_path / "counts.tsv.gz"
    commands = (
        ["demo", "-o", tmp_path / "demo", "-q"],
        ["analyze", manifest, "-o", tmp_path / "out", "-q"],
        ["count", demo.folder / "lot" / "nsc.bam", "-o", counts, "-q"],
        ["analyze", counts, "-o", tmp_path / "counted", "-q"],
    )
    for command in commands:
        done = cli(*command, env=env)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert sorted(path.name for path in cache.rglob("*.nbc")) == warm


def test_warmup_leaves_no_file_but_the_cache(cli: Cli, tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    assert cli("warmup", env=env).returncode == 0
    assert list(tmp_path.iterdir()) == []
