"""Indices against samtools idxstats and against the reads of the file itself."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.errors import InputError
from genostab.io.alignment_index import find_index, read_index

LENGTHS = {"chr1": 3_000_000, "chr2": 2_000_000, "chrM": 20_000}


@pytest.fixture(scope="module")
def bam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reads of random bases, three times as dense on chr2."""
    folder = tmp_path_factory.mktemp("index")
    rng = np.random.default_rng(6)
    header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": n, "LN": x} for n, x in LENGTHS.items()]}
    with pysam.AlignmentFile(str(folder / "a.bam"), "wb", header=header) as out:
        for contig, n_reads in ((0, 10_000), (1, 20_000)):
            for start in np.sort(rng.integers(0, list(LENGTHS.values())[contig] - 100, n_reads)):
                read = pysam.AlignedSegment(out.header)
                read.query_name, read.flag, read.mapping_quality = "r", 0, 60
                read.reference_id, read.reference_start = contig, int(start)
                read.query_sequence = "".join(np.array(list("ACGT"))[rng.integers(0, 4, 100)])
                read.cigarstring = "100M"
                read.query_qualities = pysam.qualitystring_to_array("I" * 100)
                out.write(read)
    return folder / "a.bam"


@pytest.mark.parametrize("kind", ["bai", "csi"])
def test_mapped_reads_equal_idxstats_and_bytes_follow_density(bam: Path, kind: str) -> None:
    index = bam.with_name(f"a.bam.{kind}")
    pysam.index(*(["-c"] if kind == "csi" else []), "-o", str(index), str(bam))
    contigs = read_index(index, list(LENGTHS.values()))
    stats = [int(line.split("\t")[2]) for line in pysam.idxstats(str(bam)).splitlines()[: len(LENGTHS)]]
    assert stats == [10_000, 20_000, 0]
    assert [max(contig.n_mapped, 0) for contig in contigs] == stats
    per_bp = [contig.window_bytes.sum() / n for contig, n in zip(contigs, LENGTHS.values(), strict=True)]
    assert per_bp[1] / per_bp[0] == pytest.approx(3.0, rel=0.1)
    total = sum(contig.window_bytes.sum() for contig in contigs)
    assert total == pytest.approx(bam.stat().st_size, rel=0.05)


def test_crai_of_a_real_file(data_dir: Path) -> None:
    cram = data_dir / "bam_hg002_chr1_3Mb" / "NA24385_chr1.cram"
    with pysam.AlignmentFile(str(cram), "rc", check_sq=False) as file:
        contigs = read_index(find_index(cram), file.lengths)
    sizes = [contig.window_bytes.sum() for contig in contigs]
    assert sum(sizes) == pytest.approx(cram.stat().st_size, rel=0.1)
    assert np.argmax(sizes) == 0


def test_a_cut_index_is_refused(bam: Path, tmp_path: Path) -> None:
    pysam.index("-o", str(tmp_path / "a.bam.bai"), str(bam))
    data = (tmp_path / "a.bam.bai").read_bytes()
    cut = tmp_path / "cut.bai"
    for n in range(0, len(data) - 8, 211):  # the last eight bytes, reads without a place, may be absent
        cut.write_bytes(data[:n])
        with pytest.raises(InputError):
            read_index(cut, list(LENGTHS.values()))


@pytest.mark.parametrize("depth", [-1, 11, 2**30])
def test_bins_of_sizes_that_no_number_can_have_are_refused(bam: Path, tmp_path: Path, depth: int) -> None:
    index = tmp_path / "a.bam.csi"
    pysam.index("-c", "-o", str(index), str(bam))
    data = gzip.decompress(index.read_bytes())
    index.write_bytes(gzip.compress(data[:8] + depth.to_bytes(4, "little", signed=True) + data[12:]))
    with pytest.raises(InputError) as error:
        read_index(index, list(LENGTHS.values()))
    assert error.value.code == "GS-2003"


def test_an_index_of_another_file_is_refused(bam: Path, tmp_path: Path) -> None:
    pysam.index("-o", str(tmp_path / "a.bam.bai"), str(bam))
    with pytest.raises(InputError) as error:
        read_index(tmp_path / "a.bam.bai", [1] * 7)
    assert error.value.code == "GS-2101"


def test_no_index_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        find_index(tmp_path / "x.bam")
    assert error.value.code == "GS-2001"
    assert "x.bam.bai" in str(error.value)


def test_what_is_no_index_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"hello", b"\x1f\x8b\x08\x00"):
        (tmp_path / "x.bai").write_bytes(content)
        with pytest.raises(InputError):
            read_index(tmp_path / "x.bai", [1] * 3)
