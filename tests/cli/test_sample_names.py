"""Samples of one table of bins by name, from the command line and from a manifest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from genostab.cli.main import run

HEADER = "sample\tchromosome\tstart\tend\tcopy_number\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Samples `lot` and `bank` on two chromosomes; the lot has gained chromosome 2."""
    rng = np.random.default_rng(5)
    rows = []
    for sample, gain in (("lot", 1.5), ("bank", 1.0)):
        for chrom, copies in (("1", 1.0), ("2", gain)):
            rows += [
                f"{sample}\t{chrom}\t{i * 1_000_000}\t{(i + 1) * 1_000_000}\t{copies * rng.normal(1.0, 0.02):.4f}"
                for i in range(90)
            ]
    path = tmp_path / "both.tsv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def analysed(table: Path, *options: str) -> int:
    return run(["analyze", str(table), "-o", str(table.parent / "out"), "-q", *options])


def header(table: Path) -> dict[str, str]:
    tree: dict[str, dict[str, str]] = json.loads((table.parent / "out" / "results.json").read_bytes())
    return tree["header"]


def test_several_samples_without_a_name_are_listed(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert analysed(table) == 3
    error = capsys.readouterr().err
    for part in ("GS-2201", "the file holds several samples", "both.tsv", "lot, bank", "--sample"):
        assert part in error


@pytest.mark.parametrize("parent", [[], ["--parent", "both.tsv"]])
def test_a_parent_by_name_in_the_same_table(
    table: Path, parent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(table.parent)
    assert analysed(table, "--sample", "lot", *parent, "--parent-sample", "bank") == 0
    found = header(table)
    assert (found["lot"], found["sample"], found["reference"]) == ("lot", "lot", "both.tsv (bank)")


def test_a_manifest_names_them_too(table: Path) -> None:
    manifest = table.parent / "lot.yaml"
    names = "{sample: both.tsv, sample_name: lot, parent: both.tsv, parent_name: bank}"
    manifest.write_text(f"lot: A\nsequencing: {names}\n", encoding="utf-8")
    assert run(["check", str(manifest)]) == 0
    assert run(["analyze", str(manifest), "-o", str(table.parent / "out"), "-q"]) == 0
    assert header(table)["reference"] == "both.tsv (bank)"


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [
        (["--sample", "nobody"], 3, "the sample is not in the file"),
        (["--sample", "lot", "--parent-sample", "lot"], 3, "sample and parent are the same"),
        (["--sample", "lot", "--parent", "both.tsv"], 3, "the file holds several samples"),
    ],
)
def test_names_that_cannot_be_are_refused(
    table: Path,
    options: list[str],
    code: int,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(table.parent)
    assert analysed(table, *options) == code
    assert expected in capsys.readouterr().err


def test_a_name_for_a_file_without_samples_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bins, reads = tmp_path / "a.bed", tmp_path / "a.bam"
    bins.write_text("chr1\t0\t100\t3\n", encoding="utf-8")
    reads.write_bytes(b"")
    for path in (bins, reads):
        assert run(["analyze", str(path), "--sample", "lot", "-o", str(tmp_path / "out"), "-q"]) == 3
        assert "the file names no samples" in capsys.readouterr().err


def test_names_belong_in_the_manifest(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = table.parent / "lot.yaml"
    manifest.write_text("lot: A\nsequencing: {sample: both.tsv, parent_name: bank}\n", encoding="utf-8")
    assert run(["check", str(manifest)]) == 2
    assert "the parent's file beside the name of its sample" in capsys.readouterr().err
    assert run(["analyze", str(manifest), "--sample", "lot", "-o", str(table.parent / "out")]) == 2
    assert "--sample beside lot.yaml" in capsys.readouterr().err


def test_a_lot_is_not_its_own_parent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lot, copy = tmp_path / "nsc.tsv", tmp_path / "bank.tsv"
    rows = "".join(f"chr1\t{i * 100_000}\t{(i + 1) * 100_000}\t100\n" for i in range(60))
    for path in (lot, copy):
        path.write_text("chrom\tstart\tend\treads\n" + rows, "utf-8")
    for parent in (lot, copy):
        assert run(["analyze", str(lot), "--parent", str(parent), "-o", str(tmp_path / "out"), "-q"]) == 3
        text = capfd.readouterr().err
        assert "GS-2203" in text
        assert "sample and parent are the same" in text
