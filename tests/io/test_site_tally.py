"""Sites in the counting pass: straddling records, any order, CRAM without its reference, a damaged CIGAR."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.arrays import SnpSites
from genostab.errors import InputError
from genostab.io.alignment_counts import AlleleRule, CountingRules
from genostab.io.bam import count_alignment
from tests.io.test_bam import LENGTHS, tiny_genome, write_alignment

PLAIN = CountingRules(bin_bp=1000, min_mapq=10)


def with_sites(step_bp: int) -> CountingRules:
    places = [(i, at) for i, n in enumerate(LENGTHS.values()) for at in range(3, n, step_bp)]
    chrom, position = np.array(places).T
    alleles = np.array([[1, 2], [2, 4], [4, 8], [8, 1]], dtype=np.uint8)[np.arange(len(places)) % 4]
    sites = SnpSites(name="s", chrom=chrom.astype(np.int16), position=position, alleles=alleles)
    return replace(PLAIN, alleles=AlleleRule(sites=sites, min_mapq=20, min_base_quality=20))


def by_pysam(path: Path, rules: CountingRules) -> np.ndarray:
    assert rules.alleles is not None
    sites = rules.alleles.sites
    places = zip(sites.chrom.tolist(), sites.position.tolist(), strict=True)
    row_of = {place: i for i, place in enumerate(places)}
    depths = np.zeros((len(row_of), 6), dtype=np.int64)
    with pysam.AlignmentFile(str(path)) as file:
        for read in file.fetch(until_eof=True):
            if read.flag & 0xF04 or read.mapping_quality < 20:
                continue
            for q, at in read.get_aligned_pairs(matches_only=True):
                i = row_of.get((read.reference_id, at))
                if i is None or read.query_sequence[q] == "N" or read.query_qualities[q] < 20:
                    continue
                code = {"A": 1, "C": 2, "G": 4, "T": 8}[read.query_sequence[q]]
                ref, alt = sites.alleles[i]
                depths[i, (0 if code == ref else 2 if code == alt else 4) + read.is_reverse] += 1
    return depths


@pytest.mark.parametrize("threads", [1, 2])
def test_depths_equal_a_loop_over_unsorted_reads(tmp_path: Path, threads: int) -> None:
    path, rules = tmp_path / "a.bam", with_sites(5)
    with pysam.BGZFile(str(write_alignment(tmp_path / "whole.bam", n_reads=8000)), "rb") as stream:
        data = stream.read()
    with pysam.BGZFile(str(path), "wb") as out:  # full blocks, so that records straddle them
        out.write(data)
    found = count_alignment(path, tiny_genome(), rules, threads=threads)
    without = count_alignment(path, tiny_genome(), PLAIN, threads=threads)
    expected = by_pysam(path, rules)
    assert expected.sum() > 5000
    np.testing.assert_array_equal(found.site_depths, expected)
    np.testing.assert_array_equal(found.raw, without.raw)
    assert without.site_depths is None


def test_a_cram_without_its_reference_says_so(data_dir: Path) -> None:
    cram = data_dir / "bam_hg002_chr1_3Mb" / "NA24385_chr1.cram"
    genome = tiny_genome(names=("chr1",), length_bp=np.array([3_000_000]))
    site = SnpSites(
        name="s",
        chrom=np.zeros(1, dtype=np.int16),
        position=np.zeros(1, dtype=np.int64),
        alleles=np.array([[1, 2]], dtype=np.uint8),
    )
    alleles = AlleleRule(sites=site, min_mapq=20, min_base_quality=20)
    with pytest.raises(InputError) as caught:
        count_alignment(cram, genome, replace(PLAIN, with_bases=False, alleles=alleles))
    assert caught.value.code == "GS-2103"


def test_a_damaged_cigar_is_named_by_its_record(tmp_path: Path) -> None:
    """Only what looks at sites reads CIGARs; the record is the 1501st of the file."""
    source, path = write_alignment(tmp_path / "a.bam"), tmp_path / "b.bam"
    with pysam.BGZFile(str(source), "rb") as stream:
        data = bytearray(stream.read())
    at = 8 + int.from_bytes(data[4:8], "little")
    n_contigs, at = int.from_bytes(data[at : at + 4], "little"), at + 4
    for _ in range(n_contigs):
        at += 8 + int.from_bytes(data[at : at + 4], "little")
    n = 0
    while True:
        n += 1
        flag = int.from_bytes(data[at + 18 : at + 20], "little")
        contig = int.from_bytes(data[at + 4 : at + 8], "little")
        if n > 1500 and not flag & 0xF04 and data[at + 13] == 60 and contig == 0:
            break
        at += 4 + int.from_bytes(data[at : at + 4], "little")
    data[at + 36 + data[at + 12]] |= 15  # an operation that there is not
    with pysam.BGZFile(str(path), "wb") as out:
        out.write(bytes(data))
    assert count_alignment(path, tiny_genome(), PLAIN).n_records == 2000
    with pytest.raises(InputError) as caught:
        count_alignment(path, tiny_genome(), with_sites(5))
    assert caught.value.code == "GS-2102"
    assert f"record {n}," in caught.value.where
    assert "CIGAR" in caught.value.found
