"""Counts written and read back are the same, number by number; damaged ones are refused."""

from __future__ import annotations

import gzip
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from genostab.errors import InputError
from genostab.io.alignment_counts import CountingRules, TelomereRule
from genostab.io.bam import count_alignment
from genostab.io.counts_file import CountsFile, counts_bytes, read_counts
from genostab.io.regions import read_regions
from tests.io.test_bam import tiny_genome, write_alignment


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, CountsFile]:
    bam = write_alignment(tmp_path / "a.bam", n_reads=2000)
    bed = tmp_path / "r.bed"
    bed.write_text("chr1\t0\t40000\nchrX\t5\t9000\n")
    rules = CountingRules(
        bin_bp=1000,
        min_mapq=10,
        keep_duplicates=True,
        regions=read_regions(bed, tiny_genome()),
        telomere=TelomereRule(
            repeats_per_100_bp=7, min_read_bp=40, gc_low_per_100_bp=48, gc_high_per_100_bp=52
        ),
    )
    counts = count_alignment(bam, tiny_genome(), rules)
    file = CountsFile(counts=counts, source="a.bam", sha256="ab" * 32)
    path = tmp_path / "a.counts.tsv.gz"
    path.write_bytes(counts_bytes(file, tiny_genome()))
    return path, file


def test_what_is_written_is_read_back(written: tuple[Path, CountsFile]) -> None:
    path, file = written
    back = read_counts(path, tiny_genome())
    np.testing.assert_array_equal(back.counts.raw, file.counts.raw)
    for name in ("chrom", "start", "end", "n_reads", "gc_fraction", "mapq0_fraction", "n_duplicates"):
        np.testing.assert_array_equal(getattr(back.counts.bins, name), getattr(file.counts.bins, name))
    np.testing.assert_array_equal(back.counts.fragment_lengths, file.counts.fragment_lengths)
    assert (back.sha256, back.source) == ("ab" * 32, "a.bam")
    own, theirs = back.counts.rules, file.counts.rules
    assert replace(own, regions=None) == replace(theirs, regions=None)
    np.testing.assert_equal(asdict(own)["regions"], asdict(theirs)["regions"])
    assert back.counts.telomeres == file.counts.telomeres
    assert back.counts.telomeres is not None
    assert back.counts.telomeres.n_gc_matched > 0
    assert (back.counts.n_records, back.counts.sample) == (2000, "lot7")
    assert path.read_bytes() == counts_bytes(back, tiny_genome())


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("#genostab-counts 2", "#genostab-counts 1", "GS-2004"),
        ("#genostab-counts 2", "#genostab-counts 9", "GS-2004"),
        ('"min_mapq": 10, ', "", "GS-2202"),
        ('"fragment_lengths": [0, ', '"fragment_lengths": [', "GS-2202"),
        ('"fragment_lengths": [0, ', '"fragment_lengths": [-1, ', "GS-2202"),
        ('"assembly": "tiny"', '"assembly": "GRCh38"', "GS-2101"),
        ("\n0\t", "\n7\t", "GS-2202"),
        ("\n0\t1000\t", "\n0\t1001\t", "GS-2202"),
        ("\n0\t1000\t", "\n0\t0\t", "GS-2202"),
        ("\n0\t1000\t", "\n0\tx\t", "GS-2202"),
        ("\n0\t1000\t", "\n0\t1000\t-", "GS-2202"),
    ],
)
def test_a_changed_file_is_refused(written: tuple[Path, CountsFile], old: str, new: str, code: str) -> None:
    path, _ = written
    text = gzip.decompress(path.read_bytes()).decode()
    assert old in text
    path.write_bytes(gzip.compress(text.replace(old, new, 1).encode()))
    with pytest.raises(InputError) as error:
        read_counts(path, tiny_genome())
    assert error.value.code == code


def test_an_older_version_is_named(written: tuple[Path, CountsFile]) -> None:
    path, _ = written
    path.write_bytes(gzip.compress(b"#genostab-counts 1\n#{}\nchrom\tstart\n"))
    with pytest.raises(InputError) as error:
        read_counts(path, tiny_genome())
    assert error.value.what == "counts of another version of genostab"
    assert error.value.action == "make it again with genostab count"
