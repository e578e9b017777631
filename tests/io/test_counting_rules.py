"""Which reads are counted: duplicates, regions, telomere repeats, bases; against pysam, samtools and plain strings."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.errors import GenostabErrors, InputError
from genostab.io.alignment_counts import CountingRules, TelomereRule
from genostab.io.bam import count_alignment
from genostab.io.regions import read_regions
from tests.io.test_bam import HEADER, assert_equal_counts, counts_by_pysam, tiny_genome, write_alignment


def test_duplicates_are_counted_where_they_are_kept(tmp_path: Path) -> None:
    path = write_alignment(tmp_path / "a.bam")
    rules = CountingRules(bin_bp=1000, min_mapq=10, keep_duplicates=True)
    counted = count_alignment(path, tiny_genome(), rules)
    assert_equal_counts(counted, counts_by_pysam(path, 1000, 10, keep_duplicates=True))
    assert counted.bins.n_duplicates.sum() == 0


def test_without_bases_all_but_gc_is_the_same(tmp_path: Path) -> None:
    path = write_alignment(tmp_path / "a.bam")
    counted = count_alignment(path, tiny_genome(), CountingRules(bin_bp=1000, min_mapq=10, with_bases=False))
    expected = counts_by_pysam(path, 1000, 10)
    none = np.zeros(expected["gc"].size)
    assert_equal_counts(counted, {**expected, "gc": none, "acgt": none})


@pytest.fixture
def bed(tmp_path: Path) -> Path:
    path = tmp_path / "r.bed"
    path.write_text("track name=x\nchr1\t0\t7000\nchr1\t6500\t9001\nX\t19000\t20000\tname\ndecoy\t0\t9\n")
    return path


def test_reads_inside_regions_are_those_that_samtools_counts(
    tmp_path: Path, bed: Path, require_tool: Callable[[str], str]
) -> None:
    samtools = require_tool("samtools")
    path = write_alignment(tmp_path / "a.bam", n_reads=8000)
    regions = read_regions(bed, tiny_genome())
    places = list(zip(regions.chrom.tolist(), regions.start.tolist(), regions.end.tolist(), strict=True))
    assert places == [(0, 0, 9001), (2, 19000, 20000)]
    counted = count_alignment(path, tiny_genome(), CountingRules(bin_bp=1000, min_mapq=10, regions=regions))
    once = "!(flag & 1 && flag & 128 && !(flag & 8))"
    expected = np.zeros(100)
    for chrom, start, end in places:
        name = tiny_genome().names[chrom]
        for at in range(start, end, 1000):
            where = f'rname == "{name}" && pos > {at} && pos <= {min(at + 1000, end)} && {once}'
            command = [samtools, "view", "-c", "-q", "10", "-F", "0xF04", "-e", where, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            expected[(0, 50, 80)[chrom] + at // 1000] = int(done.stdout)
    assert expected.sum() > 50
    np.testing.assert_array_equal(counted.bins.n_reads, expected)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "GS-2002"),
        ("chr1\t5\n", "GS-2202"),
        ("chr1\t5\tx\n", "GS-2202"),
        ("chr1\t5\t5\n", "GS-2202"),
        ("chr1\t0\t50001\n", "GS-2101"),
        ("decoy\t0\t9\n", "GS-2101"),
        ("# nothing\n", "GS-2101"),
    ],
)
def test_what_is_no_region_is_refused(bed: Path, text: str, code: str) -> None:
    bed.write_text(text)
    with pytest.raises((InputError, GenostabErrors)) as error:
        read_regions(bed, tiny_genome())
    first = error.value.errors[0] if isinstance(error.value, GenostabErrors) else error.value
    assert first.code == code


def test_telomere_reads_are_those_of_a_loop_over_strings(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    path, expected = tmp_path / "a.bam", np.zeros(3, dtype=int)
    with pysam.AlignmentFile(str(path), "wb", header=HEADER) as out:
        for i in range(400):
            read = pysam.AlignedSegment(out.header)
            read.query_name, read.reference_id, read.reference_start = f"r{i}", 0, 10 * i
            read.flag = int(rng.choice([0, 4, 16, 256, 1024]))
            shares = [*(0.2 * rng.dirichlet([0.5, 0.5])), 0.2, 0.2, 0.2, 0.2]
            text = "".join(rng.choice(["TTAGGG", "CCCTAA", "A", "C", "G", "T"], 60, p=shares))
            text = text[: int(rng.integers(30, 151))]
            read.query_sequence, read.mapping_quality, read.cigarstring = text, 60, f"{len(text)}M"
            out.write(read)
            if read.flag & (256 | 1024) or len(text) < 50:
                continue
            n_gc = text.count("G") + text.count("C")
            n_repeats = max(len(re.findall(motif, text)) for motif in ("TTAGGG", "CCCTAA"))
            expected += (1, 100 * n_repeats >= 7 * len(text), 48 * len(text) <= 100 * n_gc < 52 * len(text))
    rule = TelomereRule(repeats_per_100_bp=7, min_read_bp=50, gc_low_per_100_bp=48, gc_high_per_100_bp=52)
    rules = CountingRules(bin_bp=1000, min_mapq=10, telomere=rule)
    found = count_alignment(path, tiny_genome(), rules).telomeres
    assert found is not None
    assert astuple(found) == tuple(expected)
    assert 40 < expected[1] < expected[0] - 40
    assert expected[2] > 20


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    bam = write_alignment(tmp_path / "a.bam")
    cram = write_alignment(tmp_path / "a.cram", mode="wc", format_options=["no_ref=1"])
    for path in (bam, cram):
        digest = hashlib.sha256()
        count_alignment(path, tiny_genome(), CountingRules(bin_bp=1000, min_mapq=10), digest=digest)
        assert digest.digest() == hashlib.sha256(path.read_bytes()).digest()
