"""Written BAM files, read back by samtools and pysam and compared with the arrays that were simulated."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest

from genostab.errors import ResourceError
from genostab.io.bam_write import write_bam
from genostab.kernels.simulate_reads import encode_reads, place_reads

CONTIGS = [("chr1", 5_000_000), ("chr2", 3_000_000), ("chrEmpty", 1000)]
HEADER = (
    "@HD\tVN:1.6\tSO:coordinate\n"
    + "".join(f"@SQ\tSN:{name}\tLN:{length}\n" for name, length in CONTIGS)
    + "@RG\tID:x\tSM:sample\n"
)
TAGS = np.frombuffer(b"RGZx\0", dtype=np.uint8).copy()


def _simulated() -> tuple[list[tuple[np.ndarray[Any, Any], ...]], list[np.ndarray[Any, Any]]]:
    arrays, buffers, serial = [], [], 0
    for contig, (first, n_tiles) in enumerate(((0, 490), (490, 290))):
        start = np.arange(n_tiles, dtype=np.int64) * 10_000
        reads = place_reads(
            np.uint64(9), first, start, 10_000, np.full(n_tiles, 6.0), np.full(n_tiles, 0.2), 0.05
        )
        gc_fraction = np.full(reads[0].shape[0], 0.3)
        position, _, flag, mapq, sequence_key = reads
        buffers.append(
            encode_reads(contig, serial, position, flag, mapq, sequence_key, gc_fraction, 75, 30, TAGS)
        )
        arrays.append((position, flag, mapq))
        serial += position.shape[0]
    return arrays, buffers


ARRAYS, BUFFERS = _simulated()


def test_samtools_accepts_and_counts_it(tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    samtools, path = require_tool("samtools"), tmp_path / "a.bam"
    write_bam(path, HEADER, CONTIGS, BUFFERS)
    subprocess.run([samtools, "quickcheck", "-v", path], check=True)
    counted = subprocess.run([samtools, "view", "-c", path], check=True, capture_output=True, text=True)
    assert int(counted.stdout) == sum(position.shape[0] for position, _, _ in ARRAYS)
    header = subprocess.run([samtools, "view", "-H", "--no-PG", path], check=True, capture_output=True)
    assert header.stdout.decode() == HEADER
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.bam", "a.bam.bai"]


def test_pysam_reads_the_simulated_arrays(tmp_path: Path) -> None:
    path = tmp_path / "a.bam"
    write_bam(path, HEADER, CONTIGS, BUFFERS)
    with pysam.AlignmentFile(str(path)) as file:
        reads = list(file)
    for contig, (position, flag, mapq) in enumerate(ARRAYS):
        here = [read for read in reads if read.reference_id == contig]
        assert [read.reference_start for read in here] == position.tolist()
        assert [read.flag for read in here] == flag.tolist()
        assert [read.mapping_quality for read in here] == mapq.tolist()
    assert [read.query_name for read in reads] == [f"r{i:09d}" for i in range(len(reads))]
    first = reads[0]
    assert first.cigarstring == "75M"
    assert first.get_tag("RG") == "x"
    assert set(first.query_qualities or ()) == {30}
    distinct = [read for read in reads if not read.is_duplicate]
    bases = "".join(read.query_sequence or "" for read in distinct)
    gc_share = (bases.count("G") + bases.count("C")) / len(bases)
    assert set(bases) == set("ACGT")
    assert abs(gc_share - 0.3) < 5.0 * np.sqrt(0.21 / len(bases))
    assert abs(bases.count("G") - bases.count("C")) < 5.0 * np.sqrt(0.3 * len(bases))
    assert len({read.query_sequence for read in distinct}) == len(distinct)


def test_the_index_finds_every_region(tmp_path: Path) -> None:
    path = tmp_path / "a.bam"
    write_bam(path, HEADER, CONTIGS, BUFFERS)
    position = ARRAYS[1][0]
    with pysam.AlignmentFile(str(path)) as file:
        for start, end in ((0, 10_000), (123_456, 131_080), (1_048_500, 1_048_650), (2_899_000, 3_000_000)):
            overlaps = (position < end) & (position + 75 > start)
            assert file.count("chr2", start, end) == int(overlaps.sum())
        assert file.count("chrEmpty") == 0


def test_bytes_do_not_depend_on_the_buffers(tmp_path: Path) -> None:
    joined = np.concatenate(BUFFERS)
    pieces = np.split(joined, [1, 17, 65_280, 65_281, 300_000])
    for name, buffers in (("a", BUFFERS), ("b", [joined]), ("c", pieces)):
        write_bam(tmp_path / f"{name}.bam", HEADER, CONTIGS, buffers)
    first = (tmp_path / "a.bam").read_bytes()
    assert (tmp_path / "b.bam").read_bytes() == first
    assert (tmp_path / "c.bam").read_bytes() == first


def test_no_records_is_a_valid_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bam"
    write_bam(path, HEADER, CONTIGS, [])
    pysam.quickcheck(str(path))
    with pysam.AlignmentFile(str(path)) as file:
        assert list(file.references) == [name for name, _ in CONTIGS]
        assert list(file) == []


def test_blocks_that_do_not_compress_stay_under_64_kib(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, 200_000, dtype=np.uint8)
    tags = np.concatenate(
        (
            np.frombuffer(b"XXBC", dtype=np.uint8),
            np.frombuffer(np.int32(noise.size).tobytes(), dtype=np.uint8),
            noise,
        )
    )
    n = np.zeros(1, dtype=np.int32)
    record = encode_reads(
        0, 0, n, n.astype(np.uint16), n.astype(np.uint8), n.astype(np.uint64), np.full(1, 0.5), 75, 30, tags
    )
    write_bam(tmp_path / "a.bam", HEADER, CONTIGS, [record])
    with pysam.AlignmentFile(str(tmp_path / "a.bam")) as file:
        assert np.array_equal(np.array(next(file).get_tag("XX"), dtype=np.uint8), noise)


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    def broken() -> Iterator[np.ndarray[Any, Any]]:
        yield BUFFERS[0]
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.bam"
    path.write_bytes(b"before")
    with pytest.raises(ResourceError) as caught:
        write_bam(path, HEADER, CONTIGS, broken())
    assert caught.value.code == "GS-5001"
    assert path.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == ["a.bam"]


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResourceError) as caught:
        write_bam(tmp_path / "absent" / "a.bam", HEADER, CONTIGS, BUFFERS)
    assert caught.value.code == "GS-5001"


def test_records_out_of_order_leave_no_file(tmp_path: Path) -> None:
    with pytest.raises(ResourceError) as caught:
        write_bam(tmp_path / "a.bam", HEADER, CONTIGS, [BUFFERS[0], BUFFERS[0]])
    assert caught.value.code == "GS-5001"
    assert list(tmp_path.iterdir()) == []
