"""Bands of heterozygous probes: the kernels against their plain twins, and growth with splits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels.bands import band_shares, best_shares
from reference import bands as plain
from tests.kernels.test_bands import EDGES, N_BINS, mixture, places, residuals


@pytest.mark.benchmark(group="band_shares, 4 splits, 2,000 residuals")
@pytest.mark.parametrize("function", [band_shares, plain.band_shares])
def test_band_shares(benchmark: BenchmarkFixture, function: Callable[..., None]) -> None:
    given = (*residuals(1, 2_000), EDGES, *places(1, 4))
    found, expected = np.empty((2, 4, N_BINS))
    band_shares(*given, expected)
    benchmark(function, *given, found)
    np.testing.assert_allclose(found, expected)


@pytest.mark.benchmark(group="best_shares, 4 splits, 100 bins")
@pytest.mark.parametrize("function", [best_shares, plain.best_shares])
def test_best_shares(benchmark: BenchmarkFixture, function: Callable[..., None]) -> None:
    given = (*mixture(1, 4, 100), 0.3, 6)
    found, expected = np.empty((2, 4))
    best_shares(*given, expected)
    benchmark(function, *given, found)
    np.testing.assert_allclose(found, expected)


@pytest.mark.benchmark(group="band_shares, growth")
@pytest.mark.parametrize("n_splits", [31, 310])
def test_growth(benchmark: BenchmarkFixture, n_splits: int) -> None:
    given = (*residuals(2, 200_000, 5), EDGES, *places(2, n_splits))
    found = np.empty((n_splits, N_BINS))
    band_shares(*given, found)
    benchmark(band_shares, *given, found)
    assert found.sum() == pytest.approx(n_splits)
