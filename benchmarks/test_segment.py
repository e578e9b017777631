"""Change-point search: kernel against its plain twin, and growth from 1e4 to 1e7 bins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels.segment import find_breaks
from reference import segment as plain


def search(function: Callable[..., int], n: int) -> int:
    rng = np.random.default_rng(8)
    values = rng.normal(size=n) + 2.0 * (np.arange(n) // (n // 10 + 1) % 2)
    return function(values, np.ones(n), 2.0 * np.log(n), np.zeros(n, dtype=np.int64))


@pytest.mark.parametrize("function", [find_breaks, plain.find_breaks])
def test_find_breaks(benchmark: BenchmarkFixture, function: Callable[..., int]) -> None:
    search(find_breaks, 100)
    assert benchmark(search, function, 2000) >= 9


@pytest.mark.parametrize("n", [10_000, 57_500, 287_500, 2_875_000, 10_000_000])
def test_growth(benchmark: BenchmarkFixture, n: int) -> None:
    search(find_breaks, 100)
    assert benchmark.pedantic(search, (find_breaks, n), rounds=3) >= 9
