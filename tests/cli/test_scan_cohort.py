"""`scan` on a table of reads per chromosome: the table it writes, the summary, and the refusals."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from genostab.arrays import Int64
from genostab.cli.main import genostab, run
from genostab.errors import InputError
from genostab.run.scan_counts import scan_cohort
from tests.domain.chromosome_cohort import CHROM, drawn, log_means

TRISOMY = 20


def simulated(n: int = 80) -> Int64:
    """Library 0 has a trisomy 21, library 1 next to no reads."""
    rng = np.random.default_rng(2)
    n_reads = drawn(rng, log_means(rng, n, fewest=2e5, most=1e6))
    n_reads[0, TRISOMY] = n_reads[0, TRISOMY] * 3 // 2
    n_reads[1] = 3
    return n_reads


def written(path: Path, n_reads: Int64) -> Path:
    lines = ["\t".join(("sample", *CHROM))]
    lines += ["\t".join((f"L{i}", *map(str, row))) for i, row in enumerate(n_reads.tolist())]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_table_and_summary(tmp_path: Path) -> None:
    source, out = written(tmp_path / "counts.tsv", simulated()), tmp_path / "out.tsv"
    shown = CliRunner().invoke(genostab, ["scan", str(source), "-o", str(out)])
    assert shown.exit_code == 0
    assert "not a verdict" in shown.stderr
    assert "80 libraries: 79 callable, 1 not" in shown.stderr
    assert "L0: gain of chr21" in shown.stderr
    with out.open(newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert {row["library"] for row in rows} == {f"L{i}" for i in range(80)}
    first, second, third = rows[:3]
    assert (first["status"], first["chrom"], first["kind"], first["copy_number"]) == (
        "called",
        "chr21",
        "gain",
        "3",
    )
    assert float(first["cell_fraction_low"]) <= float(first["cell_fraction"]) <= 1.0
    assert float(first["p_family"]) == pytest.approx(22 * float(first["p_value"]), rel=1e-3)
    assert (second["status"], second["min_fraction_chr1"]) == ("not_callable", "")
    assert "too few reads" in second["reason"]
    assert (third["status"], third["chrom"], third["p_value"]) == ("none_found", "", "")
    assert 0.0 < float(third["min_fraction_chr1"]) < 0.3


def test_without_an_output_the_table_goes_to_standard_output(tmp_path: Path) -> None:
    source, out = written(tmp_path / "counts.tsv", simulated()), tmp_path / "out.tsv"
    shown = CliRunner().invoke(genostab, ["scan", str(source)])
    assert run(["scan", str(source), "-o", str(out)]) == 0
    assert shown.stdout == out.read_text()


def test_idxstats_files_give_what_the_table_gives(tmp_path: Path) -> None:
    n_reads = simulated(60)
    paths = []
    for i, row in enumerate(n_reads.tolist()):
        paths.append(tmp_path / f"L{i}.idxstats")
        paths[-1].write_text(
            "".join(f"{c}\t9\t{n}\t0\n" for c, n in zip(CHROM, row, strict=True)) + "*\t0\t0\t1\n"
        )
    assert scan_cohort(paths).table == scan_cohort([written(tmp_path / "t.tsv", n_reads)]).table


def test_too_few_libraries_are_refused_with_the_number_that_is_needed(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        scan_cohort([written(tmp_path / "counts.tsv", simulated(20))])
    assert caught.value.code == "GS-2204"
    assert "at least 50" in caught.value.expected
    assert "20 libraries, at most 19" in caught.value.found


def test_an_alignment_is_scanned_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.bam").write_bytes(b"")
    assert run(["scan", str(tmp_path / "a.bam"), str(written(tmp_path / "t.tsv", simulated()))]) == 2
    assert "GS-1001" in capsys.readouterr().err
