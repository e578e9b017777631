"""Counting of records: kernel against its plain twin, and against the inflation that comes before it."""

from __future__ import annotations

import struct
from collections.abc import Callable

import deflate
import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels.bam import count_records
from reference import bam as plain

N_RECORDS = 20_000
LENGTH_BP = 10_000_000
BIN_BP = 10_000
BLOCK_BYTES = 65_280


def records(n: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(4)
    parts = []
    for i, position in enumerate(np.sort(rng.integers(0, LENGTH_BP, n))):
        name = f"read{i}".encode() + b"\0"
        body = struct.pack("<iiBBHHHiiii", 0, position, len(name), 60, 0, 1, 0, 150, -1, -1, 0) + name
        body += struct.pack("<I", 150 << 4) + rng.choice([17, 18, 36, 72, 129], 75).astype(np.uint8).tobytes()
        body += rng.choice([2, 12, 23, 37], 150, p=[0.02, 0.05, 0.13, 0.8]).astype(np.uint8).tobytes()
        parts.append(struct.pack("<i", len(body)) + body)
    return np.frombuffer(b"".join(parts), dtype=np.uint8)


def walk(function: Callable[..., tuple[int, int]], data: NDArray[np.uint8]) -> int:
    counts = np.zeros((5, LENGTH_BP // BIN_BP), dtype=np.int64)
    totals = np.zeros(3, dtype=np.int64)
    first, length = np.zeros(1, dtype=np.int64), np.array([LENGTH_BP])
    function(data, first, length, BIN_BP, 1, counts, totals)
    return int(counts[0].sum())


@pytest.mark.parametrize(
    ("function", "n"), [(count_records, N_RECORDS), (plain.count_records, N_RECORDS // 20)]
)
def test_count_records(benchmark: BenchmarkFixture, function: Callable[..., tuple[int, int]], n: int) -> None:
    data = records(n)
    walk(count_records, data)
    benchmark.extra_info["records"] = n
    assert benchmark(walk, function, data) == n


def test_inflation_of_the_same_records(benchmark: BenchmarkFixture) -> None:
    data = records(N_RECORDS)
    pieces = [data[i : i + BLOCK_BYTES].tobytes() for i in range(0, data.size, BLOCK_BYTES)]
    packed = [(deflate.deflate_compress(piece, 6), len(piece)) for piece in pieces]
    assert benchmark(lambda: sum(len(deflate.deflate_decompress(z, n)) for z, n in packed)) == data.size
