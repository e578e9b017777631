"""Fit of a clone: the kernels against their plain twins, and growth with segments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels.clone_fit import clone_cost, refine_clone
from reference import clone_fit as plain
from tests.kernels.test_clone_fit import LEAST, TOLERANCE, corners, terms

N_MOST = 60
POINT = np.array([0.3, 0.01, 0.1, -0.2])


@pytest.mark.benchmark(group="clone_cost, 4 states, 4 segments")
@pytest.mark.parametrize("function", [clone_cost, plain.clone_cost])
def test_clone_cost(benchmark: BenchmarkFixture, function: Callable[..., float]) -> None:
    given = terms(1)
    assert benchmark(function, POINT, *given) == pytest.approx(clone_cost(POINT, *given))


@pytest.mark.benchmark(group="refine_clone, 4 states, 4 segments")
@pytest.mark.parametrize("function", [refine_clone, plain.refine_clone])
def test_refine_clone(benchmark: BenchmarkFixture, function: Callable[..., int]) -> None:
    given = terms(1)

    def walk() -> int:
        return function(corners(1), LEAST, TOLERANCE, N_MOST, *given)

    assert benchmark(walk) == refine_clone(corners(1), LEAST, TOLERANCE, N_MOST, *given)


@pytest.mark.benchmark(group="refine_clone, growth")
@pytest.mark.parametrize("n", [25, 250, 2_500])
def test_growth(benchmark: BenchmarkFixture, n: int) -> None:
    given = terms(2, n, 22)
    refine_clone(corners(2), LEAST, TOLERANCE, N_MOST, *given)
    assert benchmark(lambda: refine_clone(corners(2), LEAST, TOLERANCE, N_MOST, *given)) <= N_MOST
