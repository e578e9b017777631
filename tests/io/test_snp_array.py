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
        ("rs1\t1\t-1\tAA\t0\t0.5", "not a position"),
        ("rs1\t1\tx\tAA\t0\t0.5", "not a position"),
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


def test_probes_without_a_place_are_left_out(tmp_path: Path) -> None:
    # As Illumina writes them: chromosome and position 0, MT, and XY for the pseudo-autosomal regions.
    rows = ("a\t0\t0", "b\tXY\t0", "c\tXY\t2700000", "d\tMT\t9", "e\tX\t5000000", "f\t1\t0", "g\t1\t7")
    out = read(tmp_path, HEAD + "".join(f"{row}\tAA\t0\t0\n" for row in rows))
    assert out.name == ("g", "c", "e")
    assert out.chrom.tolist() == [0, 22, 22]
    assert out.position.tolist() == [6, 2_699_999, 4_999_999]
    (error,) = refused(tmp_path, HEAD + "a\t1\t0\tAA\t0\t0\n")
    assert (error.code, error.what) == ("GS-2104", "no probe has a place")


def test_no_signal_is_a_low_ratio(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD + "a\t1\t5\tNC\t-Infinity\t\nb\t1\t6\tAA\t0\t0\n").log_r_ratio[0] == -5.0


def test_rows_in_any_order_are_the_same(tmp_path: Path) -> None:
    rows = [f"rs{at}\t{at % 22 + 1}\t{at * 31 % 997 + 1}\tAB\t{at / 100}\t0.5\n" for at in range(300)]
    sound = read(tmp_path, HEAD + "".join(sorted(rows, key=lambda row: [*map(int, row.split("\t")[1:3])])))
    shuffled = read(tmp_path, HEAD + "".join(np.random.default_rng(1).permutation(rows)))
    assert shuffled.name == sound.name
    assert np.array_equal(shuffled.log_r_ratio, sound.log_r_ratio)


def test_every_doubled_probe_is_named_with_its_first_line(tmp_path: Path) -> None:
    rows = ("a\t1\t5", "b\t1\t6", "a\t1\t7", "b\t2\t8", "a\t3\t9")
    errors = refused(tmp_path, HEAD + "".join(f"{row}\tAA\t0\t0\n" for row in rows))
    assert [(error.where.rsplit(":")[-1], error.found) for error in errors] == [
        ("4", "'a'"),
        ("5", "'b'"),
        ("6", "'a'"),
    ]
    assert [error.expected.split("line ")[1].split()[0] for error in errors] == ["2", "3", "2"]


def dense(assembly: str) -> str:
    """Probes every 100 kb, but for the centromeres that UCSC gives for chromosomes 3 and 11 of this assembly."""
    centromeres = {
        "GRCh37": {3: (90_504_854, 93_504_854), 11: (51_644_205, 54_644_205)},
        "GRCh38": {3: (90_772_458, 93_655_574), 11: (51_078_348, 54_425_074)},
    }[assembly]
    return HEAD + "".join(
        f"{chrom}:{at}\t{chrom}\t{at}\tAA\t0\t0\n"
        for chrom, (start, end) in centromeres.items()
        for at in range(50_000, 130_000_000, 100_000)
        if not start < at <= end
    )


def test_positions_of_another_build_within_the_chromosomes_are_refused(tmp_path: Path) -> None:
    assert len(read(tmp_path, dense("GRCh38")).name) > 2500
    (error,) = refused(tmp_path, dense("GRCh37"))
    # Probes at 93.55 and 93.65 Mb of chromosome 3 and 51.15 to 51.55 Mb of chromosome 11 stand in GRCh38's centromeres.
    assert error.code == "GS-2101"
    assert error.found.startswith("7 of 2540 probes stand inside centromeres of GRCh38")
    assert "0 of GRCh37" in error.found
    assert "GRCh37" in error.action


def test_made_up_positions_fit_no_assembly_and_are_read(tmp_path: Path) -> None:
    rows = "".join(f"r{at}\t3\t{at}\tAA\t0\t0\n" for at in range(1, 190_000_000, 100_000))
    assert len(read(tmp_path, HEAD + rows).name) == 1900


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
