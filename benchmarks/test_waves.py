"""Blocks of bins, their steps and bounded sums: the kernels against their plain twins, and growth with bins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels.waves import block_means, bounded_sums, half_squares
from reference import waves as plain
from tests.kernels.test_waves import arms, drawn

N_BINS = 20_000


@pytest.mark.benchmark(group="block_means, 20,000 bins")
@pytest.mark.parametrize("function", [block_means, plain.block_means])
def test_block_means(benchmark: BenchmarkFixture, function: Callable[..., int]) -> None:
    given, room = (*arms(1, [N_BINS // 4] * 4), 2), np.empty((2, N_BINS))
    assert benchmark(function, *given, *room) == N_BINS - 4


@pytest.mark.benchmark(group="half_squares, 20,000 values")
@pytest.mark.parametrize("function", [half_squares, plain.half_squares])
def test_half_squares(benchmark: BenchmarkFixture, function: Callable[..., int]) -> None:
    values, room = drawn(1, N_BINS, 1)[0], np.empty(N_BINS)
    assert benchmark(function, values, np.full(4, N_BINS // 4), 1, room) == N_BINS - 4


@pytest.mark.benchmark(group="bounded_sums, 20,000 squares")
@pytest.mark.parametrize("function", [bounded_sums, plain.bounded_sums])
def test_bounded_sums(benchmark: BenchmarkFixture, function: Callable[..., tuple[float, float, int]]) -> None:
    given = (*drawn(1, N_BINS, N_BINS), 0.01, 4.0)
    assert benchmark(function, *given) == pytest.approx(bounded_sums(*given))


@pytest.mark.benchmark(group="bounded_sums, growth")
@pytest.mark.parametrize("n", [70_000, 700_000])
def test_growth(benchmark: BenchmarkFixture, n: int) -> None:
    given = (*drawn(2, n, n), 0.01, 4.0)
    bounded_sums(*given)
    assert benchmark(bounded_sums, *given)[0] > 0.0
