"""Random words per second: kernel against its plain twin, a thousand words a round."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels import rng
from genostab.kernels._jit import kernel
from reference import rng as plain

N_WORDS = 1000


@kernel
def _hash_many(key: np.uint64, n: int) -> np.uint64:
    total = np.uint64(0)
    for i in range(n):
        total ^= rng.hash_u64(key, np.uint64(i))
    return total


@kernel
def _uniform_many(key: np.uint64, n: int) -> float:
    total = 0.0
    for i in range(n):
        total += rng.uniform(key, np.uint64(i))
    return total


def _hash_many_plain(key: int, n: int) -> int:
    total = 0
    for i in range(n):
        total ^= plain.hash_u64(key, i)
    return total


def _uniform_many_plain(key: int, n: int) -> float:
    total = 0.0
    for i in range(n):
        total += plain.uniform(key, i)
    return total


@pytest.mark.benchmark(group="rng.hash_u64, 1000 words")
@pytest.mark.parametrize("run", [_hash_many, _hash_many_plain], ids=["kernel", "reference"])
def test_hash_u64(benchmark: BenchmarkFixture, run: Callable[[np.uint64, int], int]) -> None:
    key = np.uint64(7)
    run(key, 1)
    assert int(benchmark(run, key, N_WORDS)) == _hash_many_plain(7, N_WORDS)


@pytest.mark.benchmark(group="rng.uniform, 1000 words")
@pytest.mark.parametrize("run", [_uniform_many, _uniform_many_plain], ids=["kernel", "reference"])
def test_uniform(benchmark: BenchmarkFixture, run: Callable[[np.uint64, int], float]) -> None:
    key = np.uint64(7)
    run(key, 1)
    assert benchmark(run, key, N_WORDS) == _uniform_many_plain(7, N_WORDS)
