"""Counts inside regions by an index equal those of the whole file; an index that does not fit is never followed."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.arrays import Genome
from genostab.errors import InputError
from genostab.io.alignment_counts import AlignmentCounts, CountingRules
from genostab.io.bam import count_alignment, stretches_of_regions
from genostab.io.counts_file import CountsFile
from genostab.io.regions import Regions
from genostab.run.count import count_file
from tests.io.test_bam import tiny_genome

LENGTHS = {"chr1": 3_000_000, "chrM": 16_569, "chr2": 1_500_000, "chrX": 700_000}
KINDS = ("bai", "csi")
N_PLACED, N_UNPLACED = 60_000, 500


def genome() -> Genome:
    names = ("chr1", "chr2", "chrX")
    return tiny_genome(names=names, length_bp=np.array([LENGTHS[name] for name in names]))


def write_bam(path: Path, seed: int, mode: str = "wb", n: int = N_PLACED, *, spliced: bool = True) -> Path:
    """Reads of all kinds, some placed without being mapped, some spliced over many bins, some nowhere."""
    rng = np.random.default_rng(seed)
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": n, "LN": x} for n, x in LENGTHS.items()]}
    contig = np.sort(rng.choice(4, n, p=[0.6, 0.01, 0.24, 0.15]))
    position = (rng.random(n) * (np.array(list(LENGTHS.values()))[contig] - 200)).astype(int)
    # Half of the reads stand close together, so that bins of every size have stretches of their own.
    dense = rng.random(n) < 0.5
    position[dense] //= 10
    order = np.lexsort((position, contig))
    flag = rng.choice([0, 16, 4, 256, 512, 1024, 2048, 99, 147], n)
    letters = np.array(list("ACGT"))
    with pysam.AlignmentFile(str(path), mode, header=header) as out:
        for i in [*order.tolist(), *([-1] * N_UNPLACED)]:
            read = pysam.AlignedSegment(out.header)
            read.query_name = f"r{abs(i):05d}"
            read.flag = int(flag[i]) if i >= 0 else 4
            read.reference_id = int(contig[i]) if i >= 0 else -1
            read.reference_start = int(position[i]) if i >= 0 else -1
            read.mapping_quality = int(rng.choice([0, 3, 60]))
            read.query_sequence = "".join(letters[rng.integers(0, 4, 60)])
            is_spliced = (
                spliced and i % 500 == 0 and position[i] + 400_100 < LENGTHS[tuple(LENGTHS)[contig[i]]]
            )
            read.cigarstring = "30M400000N30M" if i >= 0 and is_spliced else "60M"
            read.query_qualities = pysam.qualitystring_to_array("I" * 60)
            read.template_length = int(rng.choice([0, 150, 320]))
            out.write(read)
    return path


@pytest.fixture(scope="module")
def bam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bam(tmp_path_factory.mktemp("indexed") / "a.bam", 4)


def index_of(bam: Path, folder: Path, kind: str) -> Path:
    index = folder / f"a.bam.{kind}"
    pysam.index(*(["-c"] if kind == "csi" else []), "-o", str(index), str(bam))
    return index


def rules_of(rng: np.random.Generator, n: int, longest: int) -> CountingRules:
    """`n` random regions, disjoint and in order as a BED file gives them."""
    length_bp = genome().length_bp
    chrom = np.sort(rng.integers(0, 3, n))
    regions = []
    for c in np.unique(chrom):
        places = np.unique(rng.integers(0, length_bp[c], 2 * np.count_nonzero(chrom == c)))
        for start, end in zip(places[::2], places[1::2], strict=False):
            regions.append((c, start, min(end, start + longest)))
    table = np.array(regions, dtype=np.int64)
    own = Regions(name="r.bed", sha256="0", chrom=table[:, 0], start=table[:, 1], end=table[:, 2])
    return CountingRules(bin_bp=10_000, min_mapq=2, regions=own)


def counted(bam: Path, rules: CountingRules, index: Path | None, threads: int = 1) -> AlignmentCounts:
    assert rules.regions is not None
    reads = stretches_of_regions(bam, index, genome(), rules.regions) if index else None
    return count_alignment(bam, genome(), rules, reads=reads, threads=threads)


def assert_equal(a: AlignmentCounts, b: AlignmentCounts) -> None:
    np.testing.assert_array_equal(a.raw, b.raw)
    np.testing.assert_array_equal(a.fragment_lengths, b.fragment_lengths)
    assert (a.n_records, a.n_unused, a.n_low_mapq) == (b.n_records, b.n_unused, b.n_low_mapq)
    assert a.dropped_contigs == b.dropped_contigs


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "longest"), [(1, 200_000), (3, 20_000), (40, 3_000), (20, 2_000_000)])
def test_counts_equal_those_of_the_whole_file(
    bam: Path, tmp_path: Path, kind: str, n: int, longest: int
) -> None:
    index, rng = index_of(bam, tmp_path, kind), np.random.default_rng(n)
    for threads in (1, 2, 1, 2):
        rules = rules_of(rng, n, longest)
        whole = counted(bam, rules, None)
        assert whole.n_records == N_PLACED + N_UNPLACED
        assert whole.n_unused > 0
        assert_equal(counted(bam, rules, index, threads), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_few_blocks_are_inflated(bam: Path, tmp_path: Path, kind: str) -> None:
    rules = rules_of(np.random.default_rng(1), 1, 10_000)
    assert rules.regions is not None
    reads = stretches_of_regions(bam, index_of(bam, tmp_path, kind), genome(), rules.regions)
    n_bytes = int(((reads.end >> 16) - (reads.begin >> 16)).sum())
    assert n_bytes < bam.stat().st_size / 4


def test_blocks_elsewhere_are_not_inflated_but_their_frame_is_checked(bam: Path, tmp_path: Path) -> None:
    # Damage in the last block of records: seen by the whole pass alone; the file cut short: by both.
    data = bytearray(bam.read_bytes())
    data[-200] ^= 0xFF
    damaged, index = tmp_path / "a.bam", index_of(bam, tmp_path, "bai")
    damaged.write_bytes(data)
    one = np.array([0]), np.array([0]), np.array([50_000])
    regions = Regions(name="r", sha256="0", chrom=one[0], start=one[1], end=one[2])
    rules = CountingRules(bin_bp=10_000, min_mapq=2, regions=regions)
    with pytest.raises(InputError):
        counted(damaged, rules, None)
    assert_equal(counted(damaged, rules, index), counted(bam, rules, None))
    damaged.write_bytes(data[:-40])
    with pytest.raises(InputError) as error:
        counted(damaged, rules, index)
    assert error.value.code == "GS-2003"


@pytest.mark.parametrize(("mode", "n_regions"), [("wb", 1), ("wb0", 40)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_index_of_another_file_is_refused(tmp_path: Path, kind: str, mode: str, n_regions: int) -> None:
    own, other = (
        write_bam(tmp_path / f"{seed}.bam", seed, mode, n=9000, spliced=mode == "wb") for seed in (4, 5)
    )
    # Not compressed, records of one size lie in the same blocks of both files; only what lies there can tell.
    assert (own.stat().st_size == other.stat().st_size) == (mode == "wb0")
    index = index_of(other, tmp_path, kind)
    rng = np.random.default_rng(2)
    for _ in range(5):
        with pytest.raises(InputError):
            counted(own, rules_of(rng, n_regions, 50_000), index)


def counted_file(bam: Path) -> CountsFile:
    rules = rules_of(np.random.default_rng(7), 3, 50_000)
    return count_file(bam, genome(), rules, reference=None, threads=2, on_progress=lambda _: None)


def test_an_index_is_followed_only_where_it_fits(bam: Path, tmp_path: Path) -> None:
    own = tmp_path / "a.bam"
    shutil.copy(bam, own)
    identity = hashlib.sha256(own.read_bytes()).hexdigest()
    without = counted_file(own)
    index = index_of(own, tmp_path, "bai")
    fitting = index.read_bytes()
    other = index_of(write_bam(tmp_path / "b.bam", 5, n=9000), tmp_path, "csi").rename(tmp_path / "other.csi")
    remarks = []
    for content, seconds in (
        (fitting, 5),
        (fitting, -5),
        (other.read_bytes(), 5),
        (fitting[:2000], 5),
        (b"", 5),
    ):
        index.write_bytes(content)
        at = own.stat().st_mtime + seconds
        os.utime(index, (at, at))
        found = counted_file(own)
        assert found.sha256 == identity
        assert_equal(found.counts, without.counts)
        remarks.append(found.remark)
    assert [bool(remark) for remark in (without.remark, *remarks)] == [False, False, True, True, True, True]
    assert "older" in remarks[1]
    assert "another file" in remarks[2]


def test_the_fitting_index_was_followed(bam: Path, tmp_path: Path) -> None:
    # Damage where no region is: only the pass over the whole file finds it.
    data = bytearray(bam.read_bytes())
    data[-200] ^= 0xFF
    own = tmp_path / "a.bam"
    own.write_bytes(data)
    with pytest.raises(InputError):
        counted_file(own)
    index_of(bam, tmp_path, "bai")
    assert counted_file(own).remark == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_index_changes_no_count(tmp_path: Path, kind: str) -> None:
    own = write_bam(tmp_path / "a.bam", 4, n=9000)
    without = counted_file(own)
    index, rng = index_of(own, tmp_path, kind), np.random.default_rng(6)
    good = index.read_bytes() if kind == "bai" else gzip.decompress(index.read_bytes())
    n_followed = 0
    for _ in range(100):
        data = bytearray(good)
        for at in rng.integers(0, len(good), rng.integers(1, 4)):
            data[at] = rng.integers(256)
        index.write_bytes(data if kind == "bai" else gzip.compress(data))
        found = counted_file(own)
        n_followed += not found.remark
        np.testing.assert_array_equal(found.counts.raw, without.counts.raw)
    assert n_followed < 100
