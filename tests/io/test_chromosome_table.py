"""Reads per chromosome from a table and from samtools idxstats: what is read, and every refusal."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.errors import GenostabErrors, InputError
from genostab.io.chromosome_table import AUTOSOMES, read_chromosome_counts

NUMBERS = tuple(range(101, 123))


def table(path: Path, header: str, *rows: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in (header, *rows)))
    return path


def row(*start: str, reads: tuple[object, ...] = NUMBERS, sep: str = "\t") -> str:
    return sep.join(map(str, (*start, *reads)))


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (row("sample", "protocol", reads=AUTOSOMES), row("a", "P")),
        (row("Library", "batch", reads=tuple(range(1, 23)), sep=","), row("a", "P", sep=",")),
        (row("protocol", "library", "total", reads=AUTOSOMES), row("P", "a", "99")),
    ],
)
def test_columns_are_found_by_name(tmp_path: Path, header: str, line: str) -> None:
    found = read_chromosome_counts([table(tmp_path / "t.tsv", header, line)])
    assert (found.counts.library, found.counts.protocol) == (("a",), ("P",))
    assert found.counts.n_reads.tolist() == [list(NUMBERS)]
    assert found.notes == ()


def test_order_of_columns_does_not_matter_and_sex_chromosomes_are_set_aside(tmp_path: Path) -> None:
    header = row(*reversed(AUTOSOMES), "chrX", "chrY", reads=("sample",))
    line = row(*map(str, reversed(NUMBERS)), "5", "6", reads=("a",))
    found = read_chromosome_counts([table(tmp_path / "t.tsv", header, line)])
    assert found.counts.n_reads.tolist() == [list(NUMBERS)]
    assert found.counts.protocol == ("",)
    assert found.notes == ("chrX and chrY are not used: the sex is not known",)


def test_every_bad_row_is_listed(tmp_path: Path) -> None:
    rows = [
        row("good"),
        row("minus", reads=(-1, *NUMBERS[1:])),
        row("part", reads=(*NUMBERS[:-1], 1.5)),
        row("empty", reads=("", "", "", "", *NUMBERS[4:])),
        row("text", reads=("many", *NUMBERS[1:])),
        row("huge", reads=("1e300", *NUMBERS[1:])),
        row("good"),
        row(""),
    ]
    with pytest.raises(GenostabErrors) as caught:
        read_chromosome_counts([table(tmp_path / "t.tsv", row("sample", reads=AUTOSOMES), *rows)])
    errors = caught.value.errors
    assert {error.code for error in errors} == {"GS-2202"}
    assert [error.where.rsplit(":", 1)[1] for error in errors] == ["3", "4", "5", "6", "7", "8", "9"]
    assert "and 1 more" in errors[2].found
    assert errors[5].what == "a library is there twice"


def test_a_library_may_be_there_once_in_each_protocol(tmp_path: Path) -> None:
    header = row("sample", "protocol", reads=AUTOSOMES)
    found = read_chromosome_counts([table(tmp_path / "t.tsv", header, row("a", "P"), row("a", "Q"))])
    assert found.counts.protocol == ("P", "Q")


def test_each_missing_chromosome_is_named(tmp_path: Path) -> None:
    header = row("sample", reads=AUTOSOMES[:20])
    with pytest.raises(GenostabErrors) as caught:
        read_chromosome_counts([table(tmp_path / "t.tsv", header, row("a", reads=NUMBERS[:20]))])
    assert [(error.code, error.expected) for error in caught.value.errors] == [
        ("GS-2201", "chr21"),
        ("GS-2201", "chr22"),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "GS-2002"),
        ("chrom\tstart\tend\tcounts\nchr1\t0\t10\t5\n", "GS-2004"),
        (row("sample", reads=AUTOSOMES) + "\n", "GS-2104"),
        (row("sample", reads=AUTOSOMES), "GS-2003"),
        (row("sample", "sample", reads=AUTOSOMES) + "\n" + row("a", "a") + "\n", "GS-2004"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "t.tsv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_chromosome_counts([path])
    assert caught.value.code == code


def bam(path: Path, n_reads: list[int]) -> Path:
    header = {"SQ": [{"SN": name, "LN": 10_000} for name in (*AUTOSOMES, "chrX")]}
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for chrom, n in enumerate(n_reads):
            for at in range(n):
                read = pysam.AlignedSegment(out.header)
                read.query_name, read.query_sequence, read.cigarstring = f"{chrom}.{at}", "ACGT", "4M"
                read.reference_id, read.reference_start, read.mapping_quality = chrom, at, 60
                out.write(read)
    pysam.index(str(path))
    return path


def test_what_samtools_idxstats_prints_is_read(tmp_path: Path) -> None:
    paths = []
    for name, shift in (("a", 0), ("b", 3)):
        alignment = bam(tmp_path / f"{name}.bam", [chrom + shift for chrom in range(23)])
        paths.append(tmp_path / f"{name}.idxstats")
        paths[-1].write_text(pysam.idxstats(str(alignment)))
    found = read_chromosome_counts(paths)
    assert found.counts.library == ("a", "b")
    assert found.counts.n_reads.tolist() == [list(range(22)), list(range(3, 25))]
    assert found.counts.n_reads.dtype == np.int64


def test_every_fault_of_every_idxstats_file_is_listed(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    paths = [tmp_path / "a.idxstats", tmp_path / "one" / "a.idxstats", tmp_path / "absent.idxstats"]
    whole = "".join(f"{at}\t9\t9\t0\n" for at in range(1, 23))
    paths[0].write_text(whole + "chr1 9 9 0\n")
    paths[1].write_text(whole.replace("7\t9\t9\t0\n", "", 1))
    with pytest.raises(GenostabErrors) as caught:
        read_chromosome_counts(paths)
    assert [error.code for error in caught.value.errors] == ["GS-2202", "GS-2201", "GS-2001", "GS-2202"]
