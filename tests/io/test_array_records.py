"""The quick readers of arrays say what the careful ones say, or nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genostab.errors import GenostabErrors, InputError
from genostab.io.array_records import read_usual_records
from genostab.io.array_table import read_table, read_usual_table
from genostab.io.array_vcf import read_array_vcf
from genostab.io.genome import load_genome
from genostab.io.probes import Probes
from genostab.io.snp_array import read_snp_array
from tests.io.test_array_vcf import COLUMNS, META, MOCHA, row

HG19 = load_genome("GRCh37")
USUAL = [
    *MOCHA.splitlines(keepends=True),
    row("0/1:.:-inf"),
    row("./.:."),
    row("1|0:.:0.5:1e-05", keys="GT:PS:BAF:LRR"),
    row("0|1:9:0.5:-1.25E-02:7", keys="GT:PS:BAF:LRR:GQ"),
    row("."),
    row("1", info="ALLELE_A=1;ALLELE_B=0;GC=0.4"),
    row("0.5:0", keys="BAF:LRR"),
    row("0/0:0.9:0.1", info="ALLELE_A=0;ALLELE_B=1;INTENSITY_ONLY"),
    row("0/2:0.1:nan", alt="G,T", info="ALLELE_A=0;ALLELE_B=2;X=INTENSITY_ONLY"),
    "MT\t0\tNA\tAC\tA\t.\tINTENSITY_ONLY\tALLELE_A=0;ALLELE_B=1\tGT:BAF:LRR\t0/0:0:0\n",
]
# What another writer may write, and what is wrong.
OTHERS = [
    row("0/1:0.5:0", info="GC=0.4;ALLELE_A=0;ALLELE_B=1"),
    row("0/1:0.5:0", info="ALLELE_A=0;ALLELE_B=12"),
    row("0/1:0.5:0", info="ALLELE_A=0"),
    row("0/1:0.5:0", info="."),
    row("1/1:0.12345678901234567:0"),
    row("1/1: 0.5:+1"),
    row("0/1:1.2:0"),
    row("0/1:x:inf"),
    row("0/1:0.5:0:7"),
    row("0/3:0.5:0"),
    row("0|1:x:0.5:0", keys="GT:PS:BAF:LRR"),
    row("0.5:0:0/1", keys="BAF:LRR:GT"),
    row("0/1:0.5:0", alt="Q"),
    row("NA"),
    row("0/1:0.5:0").replace("1\t9\t.\tA", "1\t9\t.\tNA"),
    row("0/1:0.5:0").replace("1\t9", "1\tx"),
    row("0/1:0.5:0").replace("1\t9", "1\t-inf"),
    row("0/1:0.5:0").replace("1\t9", "1\t9.5"),
    row("0/1:0.5:0").replace("1\t9", "1 1\t9"),
    row("0/1:0.5:0").replace("\t.\t.\tALL", "\t.\tALL"),
    row("0/1:0.5:0").replace("\t.\tA", "\t\u00e9\tA"),
    row("0/1:0.5:0").replace("\n", "\r\n"),
    row("0/1:0.5:0").replace("1\t9", "1\t9\0"),
    "\n",
]


def careful(data: bytes) -> Probes | list[str]:
    """Probes, or what every error says."""
    try:
        return read_array_vcf(data, "array.vcf", HG19, None)
    except (InputError, GenostabErrors) as caught:
        return [str(error) for error in getattr(caught, "errors", [caught])]


def assert_same(quick: Probes, other: Probes | list[str]) -> None:
    assert isinstance(other, Probes), other
    assert (quick.path, quick.sample) == (other.path, other.sample)
    assert quick.name.tolist() == other.name.tolist()
    for name in ("line", "chrom", "position", "log_r_ratio", "b_allele", "genotype", "haplotype", "block"):
        ours, theirs = getattr(quick, name), getattr(other, name)
        assert ours.dtype == theirs.dtype, name
        np.testing.assert_array_equal(ours, theirs, err_msg=name)


@given(st.lists(st.sampled_from(USUAL), min_size=1, max_size=12), st.booleans())
@example(USUAL, True)
def test_usual_records_are_as_the_careful_reader_has_them(records: list[str], has_mark: bool) -> None:
    data = ("\ufeff" * has_mark + META + COLUMNS + MOCHA + "".join(records)).encode()
    quick = read_usual_records(data, "array.vcf", HG19, None)
    assert quick is not None
    assert_same(quick, careful(data))


@settings(max_examples=60)
@given(st.lists(st.sampled_from(USUAL), max_size=6), st.sampled_from(OTHERS), st.sampled_from(OTHERS))
def test_every_other_record_is_left_to_the_careful_reader(records: list[str], one: str, two: str) -> None:
    data = (META + COLUMNS + MOCHA + one + "".join(records) + two).encode()
    assert read_usual_records(data, "array.vcf", HG19, None) is None


@pytest.mark.parametrize(
    "text",
    [
        META + COLUMNS + MOCHA[:-1],
        META + COLUMNS,
        META + MOCHA,
        META.replace("249250621", "248956422") + COLUMNS + MOCHA,
        META.replace("##INFO", "#INFO", 1) + COLUMNS + MOCHA,
        META.replace("\n", "\r\n") + COLUMNS + MOCHA,
        META + COLUMNS + MOCHA.replace("1\t", "MT\t"),
        META + COLUMNS + MOCHA.replace(":LRR", ":LRS"),
        META + COLUMNS.replace("NA12878", "a\tb") + MOCHA,
    ],
)
def test_a_file_that_does_not_serve_is_left_to_the_careful_reader(text: str) -> None:
    assert read_usual_records(text.encode(), "array.vcf", HG19, None) is None


@given(st.data())
@settings(max_examples=100)
def test_a_byte_changed_is_told_or_read_alike(data: st.DataObject) -> None:
    text = bytearray((META + COLUMNS + MOCHA).encode())
    at = data.draw(st.integers(len(META + COLUMNS), len(text) - 1))
    text[at] = data.draw(st.sampled_from(b"0129.:;|/\t\n -eNACGT=A\x80"))
    quick = read_usual_records(bytes(text), "array.vcf", HG19, None)
    if quick is not None:
        assert_same(quick, careful(bytes(text)))


def test_many_probes_are_read_in_a_fraction_of_the_time(tmp_path: Path) -> None:
    """Otherwise the quick reader is not used; it takes a quarter."""
    path = tmp_path / "array.vcf"
    records = (
        f"1\t{i + 1}\trs{i}\tA\tG\t.\t.\tALLELE_A=0;ALLELE_B=1;GC=0.4\tGT:BAF:LRR\t0/1:0.{i % 997:03d}:-0.1\n"
        for i in range(40_000)
    )
    path.write_text(META + COLUMNS + "".join(records))

    def seconds(action: object) -> float:
        start = time.process_time()
        action()  # type: ignore[operator]
        return time.process_time() - start

    whole = min(seconds(lambda: read_snp_array(path, HG19)) for _ in range(3))
    slow = min(seconds(lambda: read_array_vcf(path.read_bytes(), "array.vcf", HG19, None)) for _ in range(3))
    assert whole < slow


TABLE = "Name\tChr\tPosition\tS1.GType\tS1.Log R Ratio\tS1.B Allele Freq\tComment\n"
ROWS = [
    "1\t752566\tAA\t-0.0798\t0.0111\tx\n",
    "chrX\t9\tAB\t-1.5e-02\t0.5\t\n",
    "0\t0\tNC\t-Infinity\tNaN\t.\n",
    "MT\t5\t.\t.\t\tNA\n",
    "XY\t200\t--\tNA\tnan\t\n",
]
OTHER_ROWS = [
    "1\tx\tAA\t0\t0.5\t\n",
    "1\t5\tQQ\t0\t0.5\t\n",
    "1\t5\tAA\t0\t1.5\t\n",
    "1\t5\tAA\tinf\t0.5\t\n",
    "1\t5\tAA\t0\t0.1234567890123456789\t\n",
    "NA\t5\tAA\t0\t0.5\t\n",
    "1 1\t5\tAA\t0\t0.5\t\n",
    "1\t5\tAA\t0\t0.5\n",
    "1\t5\tAA\t0\t0.5\t\u00b5\n",
    "1\t5\tAA\t0\t0.5\t\r\n",
]


@given(st.lists(st.sampled_from(ROWS), max_size=9), st.booleans(), st.sampled_from("\t,"))
def test_usual_tables_are_as_the_careful_reader_has_them(rows: list[str], has_mark: bool, sep: str) -> None:
    text = TABLE + "".join(f"rs{i}\t{each}" for i, each in enumerate([ROWS[0], *rows]))
    text = text.replace("\t", sep)
    quick = read_usual_table(("\ufeff" * has_mark + text).encode(), "a/b.txt", HG19, None)
    assert quick is not None
    careful = read_table(text, "a/b.txt", HG19, None)
    assert careful.haplotype is careful.block is quick.haplotype is quick.block is None
    none = np.zeros(quick.line.size, dtype=np.int8)
    quick, careful = (replace(each, haplotype=none, block=none) for each in (quick, careful))
    assert_same(quick, careful)


@pytest.mark.parametrize("other", [*(f"rs2\t{each}" for each in OTHER_ROWS), "\t" + ROWS[0], "\n", "", "rs3"])
def test_every_other_table_is_left_to_the_careful_reader(other: str) -> None:
    text = TABLE + "rs1\t" + ROWS[0] + other if other else TABLE
    assert read_usual_table(text.encode(), "a.txt", HG19, None) is None
    assert read_usual_table(TABLE.replace("Position", "Chr").encode(), "a.txt", HG19, None) is None
