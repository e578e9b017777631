"""SNP-array files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genostab.arrays import SnpTable
from genostab.errors import GenostabErrors, InputError
from genostab.io.genome import load_genome
from genostab.io.snp_array import read_snp_array

HG38 = load_genome("GRCh38")
HEAD = "Name\tChr\tPosition\tS1.GType\tS1.Log R Ratio\tS1.B Allele Freq\n"


def read(tmp_path: Path, text: str, sample: str | None = None) -> SnpTable:
    path = tmp_path / "array.txt"
    path.write_text(text)
    return read_snp_array(path, HG38, sample)


def refused(tmp_path: Path, text: str, sample: str | None = None) -> list[InputError]:
    with pytest.raises((InputError, GenostabErrors)) as caught:
        read(tmp_path, text, sample)
    return list(getattr(caught.value, "errors", [caught.value]))


def test_penncnv_signal_file(tmp_path: Path) -> None:
    out = read(
        tmp_path,
        HEAD
        + "rs3\tX\t2000\tBB\t-0.5\t1\nrs1\t1\t11\tAB\t0.25\t0.5\nrs9\tMT\t5\tNC\t\t\n"
        + "rs2\t1\t1\tAA\t\tNaN\nrs4\tXY\t10\tNC\t0\t0.1\n",
    )
    assert out.sample == "S1"
    assert out.name == ("rs2", "rs1", "rs4", "rs3")
    assert out.chrom.tolist() == [0, 0, 22, 22]
    assert out.position.tolist() == [0, 10, 9, 1999]
    assert out.genotype.tolist() == [0, 1, -1, 2]
    assert np.isnan(out.b_allele_fraction[0])
    assert np.isnan(out.log_r_ratio[0])
    assert out.b_allele_fraction[1:].tolist() == [0.5, 0.1, 1.0]


def test_plain_table_takes_its_name_from_the_file(tmp_path: Path) -> None:
    out = read(tmp_path, "name,chrom,position,lrr,baf\nrs1,chr1,5,0.1,0.9\n")
    assert (out.sample, out.genotype.tolist(), out.position.tolist()) == ("array", [-1], [4])


def test_two_samples(tmp_path: Path) -> None:
    text = "Name\tChr\tPosition\tA.LRR\tA.BAF\tB.LRR\tB.BAF\nrs1\t1\t5\t0\t0\t1\t1\n"
    assert read(tmp_path, text, "B").b_allele_fraction.tolist() == [1.0]
    assert read(tmp_path, text, "A").b_allele_fraction.tolist() == [0.0]
    assert refused(tmp_path, text)[0].found == "A, B"
    assert refused(tmp_path, text, "C")[0].code == "GS-2201"


def test_probes_that_share_a_position_are_kept(tmp_path: Path) -> None:
    assert len(read(tmp_path, HEAD + "a\t1\t5\tAA\t0\t0\nb\t1\t5\tAA\t0\t0\n").name) == 2


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("rs1\t1\t5\tAA\t0\t1.2", "outside 0 to 1"),
        ("rs1\t1\t5\tAA\t0\t-0.01", "outside 0 to 1"),
        ("rs1\t1\t5\tAA\tinf\t0.5", "finite"),
        ("rs1\t1\t5\tAA\t0\tx", "finite"),
        ("rs1\t1\t0\tAA\t0\t0.5", "not a position"),
        ("rs1\t1\t1.5\tAA\t0\t0.5", "not a position"),
        ("rs1\t1\t\tAA\t0\t0.5", "not a position"),
        ("rs1\t1\t5\tQQ\t0\t0.5", "unknown genotype"),
        ("rs0\t1\t5\tAA\t0\t0.5", "twice"),
        ("rs1\t\t5\tAA\t0\t0.5", "contig name"),
        ("rs1\t1\t5\tAA\t0", "number of fields"),
    ],
)
def test_wrong_rows_are_named(tmp_path: Path, row: str, word: str) -> None:
    errors = refused(tmp_path, f"{HEAD}rs0\t1\t3\tAA\t0\t0\n{row}\n")
    assert [error.where.rsplit(":", 1)[1] for error in errors] == ["3"]
    assert errors[0].code == "GS-2202"
    assert word in errors[0].what


def test_another_build_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, HEAD + "rs1\t1\t249000000\tAA\t0\t0\n")[0]
    assert error.code == "GS-2101"
    assert "GRCh37" in error.action
    assert refused(tmp_path, HEAD + "rs1\t1\t900000000\tAA\t0\t0\n")[0].code == "GS-2101"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Name\tChr\tPosition\tS1.Log R Ratio\nrs1\t1\t5\t0\n", "GS-2201"),
        ("Name\tChr\tPosition\tS1.B Allele Freq\nrs1\t1\t5\t0\n", "GS-2201"),
        ("Name\tChr\tS1.LRR\tS1.BAF\nrs1\t1\t0\t0\n", "GS-2201"),
        (HEAD, "GS-2104"),
        (HEAD + "rs1\t1\t5\tAA\t0\t\n", "GS-2104"),
        (HEAD + "rs1\tMT\t5\tAA\t0\t0\n", "GS-2101"),
    ],
)
def test_files_that_do_not_serve(tmp_path: Path, text: str, code: str) -> None:
    assert [error.code for error in refused(tmp_path, text)] == [code]
