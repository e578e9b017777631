"""Counting of records: kernel against its plain twin, and against the inflation that comes before it."""

from __future__ import annotations

from collections.abc import Callable

import deflate
import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.realistic_bam import LENGTH_BP, records
from genostab.kernels.bam import count_records
from reference import bam as plain

N_RECORDS = 20_000
BIN_BP = 10_000
BLOCK_BYTES = 65_280


EMPTY = np.empty(0, dtype=np.int64)
TELSEQ = np.array([7, 50, 48, 52])


def walk(
    function: Callable[..., tuple[int, int]],
    data: NDArray[np.uint8],
    with_bases: bool,
    rule: NDArray[np.int64],
) -> int:
    counts = np.zeros((6, LENGTH_BP // BIN_BP), dtype=np.int64)
    fragments = np.zeros(2002, dtype=np.int64)
    telomere, totals = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    first, length = np.zeros(1, dtype=np.int64), np.array([LENGTH_BP])
    rules = (EMPTY, EMPTY, BIN_BP, 1, False, with_bases, rule)
    function(data, first, length, *rules, counts, fragments, telomere, totals)
    return int(totals[0])


@pytest.mark.parametrize("what", ["counts", "bases", "telomeres"])
@pytest.mark.parametrize(
    ("function", "n"), [(count_records, N_RECORDS), (plain.count_records, N_RECORDS // 20)]
)
def test_count_records(
    benchmark: BenchmarkFixture, function: Callable[..., tuple[int, int]], n: int, what: str
) -> None:
    data = records(n, contig=0, seed=4)
    given = (what != "counts", TELSEQ if what == "telomeres" else EMPTY)
    walk(count_records, data, *given)
    benchmark.extra_info["records"] = n
    assert benchmark(walk, function, data, *given) == n


def test_inflation_of_the_same_records(benchmark: BenchmarkFixture) -> None:
    data = records(N_RECORDS, contig=0, seed=4)
    pieces = [data[i : i + BLOCK_BYTES].tobytes() for i in range(0, data.size, BLOCK_BYTES)]
    packed = [(deflate.deflate_compress(piece, 6), len(piece)) for piece in pieces]
    assert benchmark(lambda: sum(len(deflate.deflate_decompress(z, n)) for z, n in packed)) == data.size
