"""Strongest interval: kernel against its plain twin, and growth from 1e4 to 1e7 bins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels.scan import strongest_interval
from reference import scan as plain


def search(function: Callable[..., tuple[int, int, float]], n: int) -> tuple[int, int, float]:
    rng = np.random.default_rng(8)
    values = rng.normal(size=n)
    values[n // 3 : n // 3 + 60] += 1.0
    length = np.maximum(np.arange(n + 1), 1.0)
    least_z2 = 2.0 * np.log(n / length) + 12.0
    return function(values, np.ones(n), 0.0, 0.0, np.zeros(n + 1), least_z2, 3)


@pytest.mark.parametrize("function", [strongest_interval, plain.strongest_interval])
def test_strongest_interval(
    benchmark: BenchmarkFixture, function: Callable[..., tuple[int, int, float]]
) -> None:
    search(strongest_interval, 100)
    first, last, _ = benchmark(search, function, 1000)
    # The 60 bins that stand out, but for a few at either end.
    assert min(last, 393) - max(first, 333) > 40


@pytest.mark.parametrize("n", [10_000, 57_500, 287_500, 2_875_000, 10_000_000])
def test_growth(benchmark: BenchmarkFixture, n: int) -> None:
    search(strongest_interval, 100)
    first, last, excess = benchmark.pedantic(search, (strongest_interval, n), rounds=3)
    assert excess > 0
    assert last > first
