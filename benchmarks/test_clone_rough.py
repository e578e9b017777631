"""Rough likelihood of clones: the kernel against its plain twin, and growth with segments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels.clone_rough import rough_likelihood
from reference import clone_rough as plain
from tests.kernels.test_clone_rough import drawn

N_POINTS, N_STATES = 80, 25  # levels of a fraction, and states of up to eight copies


@pytest.mark.benchmark(group="rough_likelihood, 80 points, 36 segments")
@pytest.mark.parametrize("function", [rough_likelihood, plain.rough_likelihood])
def test_rough_likelihood(benchmark: BenchmarkFixture, function: Callable[..., None]) -> None:
    given = (*drawn(1, N_POINTS, N_STATES, 36), 0.05, 2.0, 6)
    found, expected = np.empty((2, 2, N_POINTS))
    rough_likelihood(*given, expected)
    benchmark(function, *given, found)
    np.testing.assert_allclose(found, expected)


@pytest.mark.benchmark(group="rough_likelihood, growth")
@pytest.mark.parametrize("n", [25, 250])
def test_growth(benchmark: BenchmarkFixture, n: int) -> None:
    given = (*drawn(2, N_POINTS, N_STATES, n), 0.05, 2.0, 6)
    found = np.empty((2, N_POINTS))
    rough_likelihood(*given, found)
    benchmark(rough_likelihood, *given, found)
    assert np.isfinite(found).all()
