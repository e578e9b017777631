"""Counting of a whole BAM beside inflating it and doing nothing else, in one run: the ratio of CPU seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import deflate
import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.test_bam import records
from genostab.arrays import Genome
from genostab.io.alignment_counts import CountingRules
from genostab.io.bam import count_alignment
from genostab.io.bam_write import write_bam

N_COPIES = 20
LENGTH_BP = 10_000_000
NAMES = tuple(f"chr{i + 1}" for i in range(N_COPIES))
ROUNDS = 5


def twenty_contigs() -> Genome:
    return Genome(
        assembly="twenty contigs",
        names=NAMES,
        length_bp=np.full(N_COPIES, LENGTH_BP),
        centromere_start=np.full(N_COPIES, -1),
        centromere_end=np.full(N_COPIES, -1),
        band_chrom=np.empty(0, np.int16),
        band_start=np.empty(0, np.int64),
        band_end=np.empty(0, np.int64),
        band_name=(),
        par=(),
    )


def on_contig(data: NDArray[np.uint8], contig: int) -> NDArray[np.uint8]:
    """The same records on another contig: its number is the first field after each record's size."""
    moved, at = data.copy(), 0
    while at < moved.size:
        moved[at + 4] = contig
        at += 4 + int.from_bytes(moved[at : at + 4].tobytes(), "little")
    return moved


@pytest.fixture(scope="module")
def bam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400,000 reads of 150 bases with four levels of quality."""
    path = tmp_path_factory.mktemp("counting") / "a.bam"
    lines = "".join(f"@SQ\tSN:{name}\tLN:{LENGTH_BP}\n" for name in NAMES)
    data = records(20_000)
    copies = (on_contig(data, i) for i in range(N_COPIES))
    write_bam(path, f"@HD\tVN:1.6\n{lines}", [(name, LENGTH_BP) for name in NAMES], copies)
    return path


def inflate_only(data: bytes) -> int:
    view, at, total = memoryview(data), 0, 0
    while at < len(data):
        size = int.from_bytes(data[at + 16 : at + 18], "little") + 1
        n_bytes = int.from_bytes(data[at + size - 4 : at + size], "little")
        if n_bytes:
            total += len(deflate.deflate_decompress(view[at + 18 : at + size - 8], n_bytes))
        at += size
    return total


def cpu_seconds(action: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        action()
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize("threads", [1, 2])
def test_count_a_bam(benchmark: BenchmarkFixture, bam: Path, threads: int) -> None:
    genome, data = twenty_contigs(), bam.read_bytes()

    def count() -> int:
        return count_alignment(
            bam, genome, CountingRules(bin_bp=10_000, min_mapq=1), threads=threads
        ).n_records

    count()
    floor = cpu_seconds(lambda: inflate_only(data))
    benchmark.extra_info["cpu_over_inflate_only"] = round(cpu_seconds(count) / floor, 3)
    assert benchmark(count) == 20_000 * N_COPIES
