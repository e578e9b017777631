"""Likelihood of a clone: the kernel against its plain twin, which sums over every path, and growth with segments."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels.clone_chain import clone_likelihood
from reference import clone_chain as plain
from tests.kernels.test_clone_chain import drawn

N_STATES = 25  # of up to eight copies


@pytest.mark.benchmark(group="clone_likelihood, 3 states, 6 segments")
@pytest.mark.parametrize("function", [clone_likelihood, plain.clone_likelihood])
def test_clone_likelihood(benchmark: BenchmarkFixture, function: Callable[..., float]) -> None:
    given = (*drawn(1, 3, [0] * 6), 0.1, 0.5)
    expected = clone_likelihood(*given)
    assert benchmark(function, *given) == pytest.approx(expected)


@pytest.mark.benchmark(group="clone_likelihood, growth")
@pytest.mark.parametrize("n", [25, 250, 2_500])
def test_growth(benchmark: BenchmarkFixture, n: int) -> None:
    chrom = np.sort(np.arange(n) % 22).tolist()
    given = (*drawn(2, N_STATES, chrom), 0.1, 0.5)
    clone_likelihood(*given)
    assert np.isfinite(benchmark(clone_likelihood, *given))
