"""Bands of heterozygous probes: against their plain twins, normal distributions and SciPy's bounded search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize_scalar

from genostab.kernels.bands import band_shares, best_shares
from reference import bands as plain

EDGES = np.concatenate(([-np.inf], np.linspace(-0.48, 0.48, 97), [np.inf]))
N_BINS = EDGES.size - 1


def residuals(seed: int, n: int, digits: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Distinct residuals and how many lie below each; few digits put many of them on one value, and on an edge."""
    drawn = np.random.default_rng(seed).normal(0.0, 0.04, n).round(digits)
    values, counts = np.unique(drawn, return_counts=True)
    return values, np.append(0, np.cumsum(counts))


def places(seed: int, n_splits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    split = rng.uniform(0.0, 0.5, n_splits) * (rng.random(n_splits) < 0.8)
    return split, rng.normal(0.0, 0.05, n_splits), rng.choice([1.0, 0.7, 1.3], n_splits)


def mixture(seed: int, n_splits: int, n_bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    het, homozygous = rng.dirichlet(np.ones(n_bins), n_splits) + 1e-5, rng.dirichlet(np.ones(n_bins)) + 1e-5
    return rng.poisson(50.0, n_bins).astype(np.float64), het, homozygous


@given(seed=st.integers(0, 10_000), n=st.integers(1, 300), n_splits=st.integers(1, 5))
def test_shares_equal_the_plain_ones(seed: int, n: int, n_splits: int) -> None:
    given_terms = (*residuals(seed, n), EDGES, *places(seed, n_splits))
    found, expected = np.empty((2, n_splits, N_BINS))
    band_shares(*given_terms, found)
    plain.band_shares(*given_terms, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)


def test_a_normal_scatter_gives_two_normal_bands() -> None:
    values = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000, 0.0, 0.04)
    found = np.empty((1, N_BINS))
    one = np.ones(1)
    band_shares(values, np.arange(values.size + 1), EDGES, 0.1 * one, 0.02 * one, 1.5 * one, found)
    expected = sum(0.5 * np.diff(stats.norm.cdf(EDGES, 0.02 + way * 0.1, 0.06)) for way in (1.0, -1.0))
    np.testing.assert_allclose(found[0], (expected + 1e-5) / (1.0 + N_BINS * 1e-5), atol=2e-5)
    assert found.sum() == pytest.approx(1.0)


@given(seed=st.integers(0, 10_000), n_splits=st.integers(1, 5), n_bins=st.integers(1, 120))
def test_best_shares_equal_the_plain_ones(seed: int, n_splits: int, n_bins: int) -> None:
    counts, het, homozygous = mixture(seed, n_splits, n_bins)
    found, expected = np.empty((2, n_splits))
    best_shares(counts, het, homozygous, 0.3, 6, found)
    plain.best_shares(counts, het, homozygous, 0.3, 6, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@given(seed=st.integers(0, 10_000))
def test_best_share_is_where_a_bounded_search_finds_it(seed: int) -> None:
    _, het, homozygous = mixture(seed, 1, 60)
    truth = 0.2 + 0.6 * np.random.default_rng(seed).random()
    counts = 1000.0 * (truth * het[0] + (1.0 - truth) * homozygous)
    found = np.empty(1)
    best_shares(counts, het, homozygous, 0.3, 20, found)
    best = minimize_scalar(
        lambda w: -counts @ np.log(w * het[0] + (1.0 - w) * homozygous), bounds=(0.01, 0.99), method="bounded",
        options={"xatol": 1e-9},
    )  # fmt: skip
    assert found[0] == pytest.approx(best.x, abs=1e-5)
    assert found[0] == pytest.approx(truth, abs=1e-9)
