"""GenomeStudio's FinalReport."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genostab.arrays import SnpTable
from genostab.errors import GenostabErrors, InputError
from genostab.io.final_report import read_final_report, read_usual_final_report
from genostab.io.genome import load_genome
from genostab.io.probes import Probes
from genostab.io.snp_array import read_snp_array

HG38 = load_genome("GRCh38")
HEADER = (
    "[Header]\nGSGT Version\t2.0.4\nProcessing Date\t1/2/2024 3:04 PM\nContent\t\tGSA-24v3-0_A2.bpm\n"
    "Num SNPs\t3\nTotal SNPs\t3\nNum Samples\t2\nTotal Samples\t2\n[Data]\n"
)
COLUMNS = (
    "SNP Name\tSample ID\tAllele1 - Top\tAllele2 - Top\tAllele1 - AB\tAllele2 - AB\tGC Score\tChr\tPosition\t"
    "B Allele Freq\tLog R Ratio\n"
)
ROWS = (
    "rs2\tbank 1\tA\tG\tA\tB\t0.91\tX\t2000\t0.5\t0.1\n"
    "rs1\tbank 1\tG\tG\tB\tB\t0.80\t1\t100\t1\t-0.2\n"
    "rs3\tbank 1\t-\t-\t-\t-\t0.10\t1\t300\tNaN\tNaN\n"
    "rs2\tlot 1\tA\tA\tA\tA\t0.91\tX\t2000\t0\t0.3\n"
    "rs1\tlot 1\tA\tG\tA\tB\t0.80\t1\t100\t0.48\t-0.4\n"
    "rs3\tlot 1\tC\tC\tA\tA\t0.80\t1\t300\t0.01\t0\n"
)
REPORT = HEADER + COLUMNS + ROWS


def read(tmp_path: Path, text: str, sample: str | None = None) -> SnpTable:
    path = tmp_path / "report.txt"
    path.write_text(text)
    return read_snp_array(path, HG38, sample)


def refused(tmp_path: Path, text: str, sample: str | None = None) -> list[InputError]:
    with pytest.raises((InputError, GenostabErrors)) as caught:
        read(tmp_path, text, sample)
    errors = list(getattr(caught.value, "errors", [caught.value]))
    assert all(e.what and e.where and e.found and e.expected and e.action for e in errors)
    return errors


@pytest.mark.parametrize(
    "text", [REPORT, REPORT.replace("\t", ","), REPORT.replace(HEADER, ""), "[Data]\n" + COLUMNS + ROWS]
)
def test_one_of_two_stacked_samples(tmp_path: Path, text: str) -> None:
    lot, bank = (read(tmp_path, text, name) for name in ("lot 1", "bank 1"))
    assert lot.sample == "lot 1"
    assert lot.name == bank.name == ("rs1", "rs3", "rs2")
    assert lot.chrom.tolist() == [0, 0, 22]
    assert lot.position.tolist() == [99, 299, 1999]
    assert lot.genotype.tolist() == [1, 0, 0]
    assert bank.genotype.tolist() == [2, -1, 1]
    assert lot.b_allele_fraction.tolist() == [0.48, 0.01, 0.0]
    assert bank.log_r_ratio[[0, 2]].tolist() == [-0.2, 0.1]
    assert np.isnan(bank.b_allele_fraction[1])
    assert lot.phase is None


@pytest.mark.parametrize("strand", ["Top", "Forward", "Plus", "Design"])
def test_alleles_of_a_strand_with_the_fraction_give_the_copies(tmp_path: Path, strand: str) -> None:
    # AB left out: homozygous probes are A or B by their fraction; one without a fraction is not called.
    rows = [line.split("\t") for line in ROWS.splitlines()]
    text = COLUMNS.replace("Top", strand).replace("Allele1 - AB\tAllele2 - AB\t", "")
    text = HEADER + text + "".join("\t".join(row[:4] + row[6:]) + "\n" for row in rows)
    assert read(tmp_path, text, "lot 1").genotype.tolist() == [1, 0, 0]
    assert read(tmp_path, text, "bank 1").genotype.tolist() == [2, -1, 1]
    without = text.replace("lot 1\tC\tC\t0.80\t1\t300\t0.01", "lot 1\tC\tC\t0.80\t1\t300\t")
    assert read(tmp_path, without, "lot 1").genotype.tolist() == [1, -1, 0]


def test_without_alleles_nothing_is_called(tmp_path: Path) -> None:
    text = "SNP Name,Sample ID,Chr,Position,B Allele Freq,Log R Ratio\nrs1,lot,1,5,0.5,0\n"
    out = read(tmp_path, text)
    assert (out.sample, out.genotype.tolist()) == ("lot", [-1])


def test_several_samples_need_a_name(tmp_path: Path) -> None:
    (error,) = refused(tmp_path, REPORT)
    assert (error.code, error.found) == ("GS-2201", "bank 1, lot 1")
    assert "--sample" in error.action
    (error,) = refused(tmp_path, REPORT, "other")
    assert (error.code, error.expected) == ("GS-2201", "other")


@pytest.mark.parametrize(
    "missing", ["Chr", "Position", "B Allele Freq", "Log R Ratio", "Sample ID", "SNP Name"]
)
def test_a_missing_column_is_named_with_what_to_export(tmp_path: Path, missing: str) -> None:
    (error,) = refused(
        tmp_path, REPORT.replace(f"{missing}\t", "Other\t").replace(f"\t{missing}\n", "\tOther\n"), "lot 1"
    )
    assert (error.code, error.expected) == ("GS-2201", missing)
    assert "Report Wizard" in error.action
    assert error.where.endswith(":10")


def test_a_cut_report_is_refused(tmp_path: Path) -> None:
    (error,) = refused(tmp_path, REPORT.rsplit("rs3", 1)[0], "lot 1")
    assert (error.code, error.found) == ("GS-2003", "2 probes of lot 1")
    assert read(tmp_path, REPORT.rsplit("rs3", 1)[0], "bank 1").chrom.size == 3


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("0.48\t-0.4", "1.48\t-0.4", "outside 0 to 1"),
        ("0.48\t-0.4", "0.48\tx", "finite"),
        ("A\tB\t0.80\t1\t100\t0.48", "A\tQ\t0.80\t1\t100\t0.48", "unknown allele"),
        ("1\t100\t0.48", "1\t-4\t0.48", "not a position"),
    ],
)
def test_wrong_rows_are_named(tmp_path: Path, old: str, new: str, word: str) -> None:
    (error,) = refused(tmp_path, REPORT.replace(old, new), "lot 1")
    assert error.code == "GS-2202"
    assert word in error.what
    assert error.where.endswith(":15")
    assert read(tmp_path, REPORT.replace(old, new), "bank 1").chrom.size == 3


def test_a_row_of_no_sample_is_refused(tmp_path: Path) -> None:
    (error,) = refused(tmp_path, REPORT.replace("rs1\tlot 1", "rs1\t"), "lot 1")
    assert (error.code, error.what) == ("GS-2202", "a row of no sample")


def test_a_header_without_data(tmp_path: Path) -> None:
    assert refused(tmp_path, HEADER.replace("[Data]\n", ""))[0].code == "GS-2004"
    assert refused(tmp_path, HEADER + COLUMNS)[0].code == "GS-2104"


STRAND = COLUMNS.replace("Allele1 - AB\tAllele2 - AB", "Allele1 - X\tAllele2 - X")


@pytest.mark.parametrize(
    "text",
    [
        REPORT,
        REPORT.replace("\t", ","),
        COLUMNS + ROWS,
        "[Data]\n" + COLUMNS + ROWS,
        HEADER + STRAND + ROWS,
        HEADER + STRAND.replace(" - Top", " - Y") + ROWS,
        REPORT.replace("0.48\t-0.4", "1e-3\t-Infinity"),
    ],
)
@pytest.mark.parametrize("sample", ["lot 1", "bank 1"])
def test_the_quick_reader_reads_the_same(text: str, sample: str) -> None:
    quick = read_usual_final_report(text.encode(), "a.txt", HG38, sample)
    slow = read_final_report(text, "a.txt", HG38, sample)
    assert quick is not None
    for name in Probes.__dataclass_fields__:
        of_quick, of_slow = getattr(quick, name), getattr(slow, name)
        np.testing.assert_array_equal(of_quick, of_slow, err_msg=name, strict=isinstance(of_slow, np.ndarray))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.48\t-0.4", "0.48x\t-0.4"),
        ("0.48\t-0.4", "1.48\t-0.4"),
        ("rs1\tlot 1\tA\tG\tA\tB", "rs1\tlot 1\tA\tG\tA\tQ"),
        ("rs1\tlot 1", "rs1\t"),
        ("Num SNPs\t3", "Num SNPs\t4"),
        ("[Data]\n", ""),
        ("\n", "\r\n"),
        ("rs3\tlot 1", "rs3\tlot 1\t"),
        ("Position", "Place"),
    ],
)
def test_the_quick_reader_leaves_what_is_unusual(old: str, new: str) -> None:
    assert old in REPORT
    assert read_usual_final_report(REPORT.replace(old, new).encode(), "a.txt", HG38, "lot 1") is None
