"""Reads placed and packed per second: kernel against its plain twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import reference.simulate_reads
from genostab.kernels import simulate_reads

KEY = np.uint64(3)
TAGS = np.frombuffer(b"RGZx\0", dtype=np.uint8).copy()


def _tiles(n_tiles: int) -> tuple[Any, ...]:
    start = np.arange(n_tiles, dtype=np.int64) * 10_000
    return KEY, 0, start, 10_000, np.full(n_tiles, 7.0), np.full(n_tiles, 0.01), 0.03


def _reads(n_tiles: int) -> tuple[Any, ...]:
    position, _, flag, mapq, sequence_key = simulate_reads.place_reads(*_tiles(n_tiles))
    gc_fraction = np.full(position.shape[0], 0.41)
    return 0, 0, position, flag, mapq, sequence_key, gc_fraction, 75, 30, TAGS


@pytest.mark.benchmark(group="simulate_reads.uniform_array")
@pytest.mark.parametrize(
    ("run", "n"),
    [(simulate_reads.uniform_array, 100_000), (reference.simulate_reads.uniform_array, 1000)],
    ids=["kernel, 100000", "reference, 1000"],
)
def test_uniform_array(benchmark: BenchmarkFixture, run: Callable[..., Any], n: int) -> None:
    run(KEY, 1)
    values = benchmark(run, KEY, n)
    assert values.shape == (n,)


@pytest.mark.benchmark(group="simulate_reads.place_reads, 7 reads per tile")
@pytest.mark.parametrize(
    ("run", "n_tiles"),
    [(simulate_reads.place_reads, 10_000), (reference.simulate_reads.place_reads, 20)],
    ids=["kernel, 10000 tiles", "reference, 20 tiles"],
)
def test_place_reads(benchmark: BenchmarkFixture, run: Callable[..., Any], n_tiles: int) -> None:
    run(*_tiles(1))
    position, *_ = benchmark(run, *_tiles(n_tiles))
    assert position.shape[0] > 5 * n_tiles


@pytest.mark.benchmark(group="simulate_reads.encode_reads, 75 bp")
@pytest.mark.parametrize(
    ("run", "n_tiles"),
    [(simulate_reads.encode_reads, 10_000), (reference.simulate_reads.encode_reads, 20)],
    ids=["kernel, 10000 tiles", "reference, 20 tiles"],
)
def test_encode_reads(benchmark: BenchmarkFixture, run: Callable[..., Any], n_tiles: int) -> None:
    run(*_reads(1))
    reads = _reads(n_tiles)
    records = benchmark(run, *reads)
    assert records.shape[0] % reads[2].shape[0] == 0
