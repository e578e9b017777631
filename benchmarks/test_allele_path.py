"""Paths of allelic imbalance: kernels against their plain twins, which sum over every path, and growth to 1e6 SNPs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels.allele_path import imbalance_likelihood, imbalance_posterior
from reference import allele_path as plain

Floats = NDArray[np.float64]

N_SIZES = 12  # as many as the search tries
N_SYMBOLS = 800  # an array's B allele fraction in steps of 0.0025
SHIFTS = np.geomspace(0.004, 0.33, N_SIZES)


def snps(n: int, n_sizes: int) -> tuple[NDArray[np.int32], Floats, Floats, Floats]:
    """Symbols, tables of Gaussian noise of 0.035, and switches; the second third is out of balance by 0.07."""
    rng = np.random.default_rng(8)
    shown = (np.arange(N_SYMBOLS) + 0.5) / N_SYMBOLS - 0.5
    away = np.where(rng.random(n) < 0.5, 0.07, -0.07) * (np.arange(n) // (n // 3 + 1) == 1)
    seen = np.clip(away + 0.035 * rng.standard_normal(n), -0.499, 0.499)
    shifts = SHIFTS[:: N_SIZES // n_sizes][:n_sizes]
    plus, minus = ((shown[:, None] * d - 0.5 * d * d) / 0.035**2 for d in (shifts, -shifts))
    return ((seen + 0.5) * N_SYMBOLS).astype(np.int32), plus, minus, np.full(n, 0.5)


@pytest.mark.benchmark(group="imbalance_likelihood, 10 SNPs")
@pytest.mark.parametrize("function", [imbalance_likelihood, plain.imbalance_likelihood])
def test_imbalance_likelihood(benchmark: BenchmarkFixture, function: Callable[..., Floats]) -> None:
    given = snps(10, 3)
    imbalance_likelihood(*given)
    assert benchmark(function, *given).shape == (3,)


@pytest.mark.benchmark(group="imbalance_posterior, 5 SNPs")
@pytest.mark.parametrize("function", [imbalance_posterior, plain.imbalance_posterior])
def test_imbalance_posterior(
    benchmark: BenchmarkFixture, function: Callable[..., tuple[Floats, float]]
) -> None:
    given = (*snps(5, 2), 0.2, 0.1)
    imbalance_posterior(*given)
    assert benchmark(function, *given)[0].shape == (5,)


@pytest.mark.benchmark(group="imbalance_likelihood, growth")
@pytest.mark.parametrize("n", [1_000, 10_000, 100_000, 1_000_000])
def test_growth_of_the_likelihood(benchmark: BenchmarkFixture, n: int) -> None:
    given = snps(n, N_SIZES)
    imbalance_likelihood(*given)
    found = benchmark.pedantic(imbalance_likelihood, given, rounds=5)
    assert SHIFTS[int(np.argmax(found))] > 0.02  # a third of the SNPs is out of balance by 0.07


@pytest.mark.benchmark(group="imbalance_posterior, growth")
@pytest.mark.parametrize("n", [1_000, 10_000, 100_000, 1_000_000])
def test_growth_of_the_posterior(benchmark: BenchmarkFixture, n: int) -> None:
    given = (*snps(n, N_SIZES), 1.0 / n, 1.0 / 3000)
    imbalance_posterior(*given)
    found, _ = benchmark.pedantic(imbalance_posterior, given, rounds=5)
    assert found[n // 2] > 0.9
    assert np.median(found[: n // 4]) < 0.5
