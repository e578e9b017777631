"""`count`, and its file in place of the BAM; `scan` on the demonstration lot; `verify` on its results."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pysam
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


def qc_of(out: Path) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in json.loads((out / "results.json").read_bytes())["qc"]}


def test_counts_by_other_rules_are_said_in_the_report(demo: Demo, tmp_path: Path) -> None:
    """The parent's BAM is counted as the sample's counts file was."""
    lot, counts = demo.folder / "lot", tmp_path / "nsc.tsv.gz"
    options = ["--min-mapq", "30", "--keep-duplicates", "--telomeres"]
    assert run(["count", str(lot / "nsc.bam"), "-o", str(counts), "-q", *options]) == 0
    assert (
        run(["analyze", str(counts), "--parent", str(lot / "bank.bam"), "-o", str(tmp_path / "a"), "-q"]) == 0
    )
    qc = qc_of(tmp_path / "a")
    assert qc["reads counted by"]["value"] == "MAPQ 30 or more, duplicates kept"
    with pysam.AlignmentFile(str(lot / "bank.bam")) as file:
        n_reads = sum(not read.flag & 0xB04 and read.mapping_quality >= 30 for read in file)
    assert qc["reads counted, bank.bam"]["value"] == n_reads
    assert 0.45 < qc["forward strand, nsc.tsv.gz"]["value"] < 0.55
    assert "telomere content, nsc.tsv.gz" in qc
    assert "telomere content, bank.bam" not in qc


def test_counts_by_different_rules_are_not_compared(demo: Demo, tmp_path: Path) -> None:
    lot = demo.folder / "lot"
    for name, mapq in (("nsc", "30"), ("bank", "10")):
        file = str(tmp_path / f"{name}.gz")
        assert run(["count", str(lot / f"{name}.bam"), "-o", file, "-q", "--min-mapq", mapq]) == 0
    files = [str(tmp_path / "nsc.gz"), "--parent", str(tmp_path / "bank.gz")]
    assert run(["analyze", *files, "-o", str(tmp_path / "a"), "-q"]) == 3


def test_counts_inside_regions_are_no_karyotype(demo: Demo, tmp_path: Path) -> None:
    bed, counts = tmp_path / "r.bed", tmp_path / "nsc.gz"
    bed.write_text("chr12\t0\t133275309\nchr20\t0\t64000000\n")
    lot = demo.folder / "lot"
    assert run(["count", str(lot / "nsc.bam"), "-o", str(counts), "-q", "--regions", str(bed)]) == 0
    assert (
        run(["analyze", str(counts), "--parent", str(lot / "bank.bam"), "-o", str(tmp_path / "a"), "-q"]) == 0
    )
    results = json.loads((tmp_path / "a" / "results.json").read_bytes())
    assert any("inside r.bed only" in warning for warning in results["warnings"])
    verdicts = {
        row["metric"]: row["verdict"] for row in results["verdicts"] if row["metric"].startswith("cnv.")
    }
    assert set(verdicts.values()) == {"INVALID"}


def test_counts_without_bases_are_called_against_a_parent_only(demo: Demo, tmp_path: Path) -> None:
    lot = demo.folder / "lot"
    for name in ("nsc", "bank"):
        assert run(["count", str(lot / f"{name}.bam"), "-o", str(tmp_path / name), "-q", "--no-gc"]) == 0
    own, parent = str(tmp_path / "nsc"), str(tmp_path / "bank")
    assert run(["analyze", own, "-o", str(tmp_path / "a"), "-q"]) == 0
    assert run(["analyze", own, "--parent", parent, "-o", str(tmp_path / "b"), "-q"]) == 0
    alone = json.loads((tmp_path / "a" / "results.json").read_bytes())
    assert any("no call is reported" in warning for warning in alone["warnings"])
    assert b"chr12\t0\t133275309\tgain\t3" in (tmp_path / "b" / "karyotype" / "calls.tsv").read_bytes()


def test_telomeres_and_no_bases_exclude_each_other(tmp_path: Path) -> None:
    assert run(["count", "a.bam", "-o", str(tmp_path / "x"), "--telomeres", "--no-gc"]) == 2


def test_the_identity_of_the_input_is_that_of_the_file(demo: Demo) -> None:
    tree = json.loads((demo.results / "provenance.json").read_bytes())
    for entry in tree["inputs"]:
        path = demo.folder / "lot" / entry["name"]
        assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_scan_sees_the_sex_and_says_that_it_is_no_verdict(demo: Demo) -> None:
    shown = CliRunner().invoke(genostab, ["scan", str(demo.folder / "lot" / "nsc.bam")]).output
    assert "not a verdict" in shown
    assert "sex: female" in shown
    assert "look at this" not in shown  # a fifth of the cells is no gross aneuploidy


def test_verify_finds_the_results_as_they_were_written(demo: Demo) -> None:
    assert run(["verify", str(demo.folder / "results")]) == 0
