"""`count`, and its file in place of the BAM; `scan` on the demonstration lot; `verify` on its results."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from genostab.cli.main import genostab, run
from tests.cli.conftest import Demo


def test_counts_take_the_place_of_the_bam(demo: Demo, tmp_path: Path) -> None:
    lot = demo.folder / "lot"
    for name in ("nsc", "bank"):
        assert run(["count", str(lot / f"{name}.bam"), "-o", str(tmp_path / f"{name}.tsv.gz"), "-q"]) == 0
    nsc, bank = tmp_path / "nsc.tsv.gz", tmp_path / "bank.tsv.gz"
    assert run(["analyze", str(nsc), "--parent", str(bank), "-o", str(tmp_path / "a"), "-q"]) == 0
    assert run(["analyze", str(nsc), "--parent", str(lot / "bank.bam"), "-o", str(tmp_path / "b"), "-q"]) == 0
    assert (
        run(
            [
                "analyze",
                str(lot / "nsc.bam"),
                "--parent",
                str(lot / "bank.bam"),
                "-o",
                str(tmp_path / "c"),
                "-q",
            ]
        )
        == 0
    )
    tables = {(tmp_path / name / "karyotype" / "calls.tsv").read_bytes() for name in "abc"}
    assert len(tables) == 1
    assert b"chr12\t0\t133275309\tgain\t3" in tables.pop()


def test_scan_sees_the_sex_and_says_that_it_is_no_verdict(demo: Demo) -> None:
    shown = CliRunner().invoke(genostab, ["scan", str(demo.folder / "lot" / "nsc.bam")]).output
    assert "not a verdict" in shown
    assert "sex: female" in shown
    assert "look at this" not in shown  # a fifth of the cells is no gross aneuploidy


def test_verify_finds_the_results_as_they_were_written(demo: Demo) -> None:
    assert run(["verify", str(demo.folder / "results")]) == 0
