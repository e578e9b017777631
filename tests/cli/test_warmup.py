"""`genostab warmup` leaves nothing to compile for the first analysis."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, Demo

DILUTION = "group,dose_cells,tested,positive\nproduct,1e3,10,1\nproduct,1e4,10,4\nproduct,1e5,10,9\n"


def write_phased_array(path: Path) -> Path:
    """4,000 probes of chromosomes 1 and 2, a third of them heterozygous and phased."""
    lines = [
        "##fileformat=VCFv4.2",
        "##contig=<ID=chr1>",
        "##contig=<ID=chr2>",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1",
    ]
    for i in range(4000):
        genotype, baf = (("0/0", 0.02), ("1|0", 0.5), ("1/1", 0.98))[i % 3]
        signals = f"{genotype}:{baf + 0.001 * (i % 7):.3f}:{0.1 * (i % 5 - 2):.1f}"
        place = f"chr{1 + i // 2000}\t{100_000 + 50_000 * (i % 2000)}\trs{i}"
        lines.append(f"{place}\tA\tG\t.\t.\tALLELE_A=0;ALLELE_B=1\tGT:BAF:LRR\t{signals}")
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


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
    array = write_phased_array(tmp_path / "array.vcf")
    commands = (
        ["demo", "-o", tmp_path / "demo", "-q"],
        ["analyze", manifest, "-o", tmp_path / "out", "-q"],
        ["count", demo.folder / "lot" / "nsc.bam", "-o", counts, "-q"],
        ["analyze", counts, "-o", tmp_path / "counted", "-q"],
        ["analyze", array, "--assembly", "GRCh38", "-o", tmp_path / "of-array", "-q"],
    )
    for command in commands:
        done = cli(*command, env=env)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert sorted(path.name for path in cache.rglob("*.nbc")) == warm


def test_warmup_leaves_no_file_but_the_cache(cli: Cli, tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    assert cli("warmup", env=env).returncode == 0
    assert list(tmp_path.iterdir()) == []
