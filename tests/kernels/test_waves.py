"""Blocks of bins, their steps and bounded sums: against their plain twins, NumPy's sums, and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from genostab.kernels.waves import block_means, bounded_sums, half_squares
from reference import waves as plain


def arms(seed: int, lengths: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Running sums of weights and weighted values, and the first and last bins of arms."""
    rng, ends = np.random.default_rng(seed), np.cumsum(lengths)
    weight = rng.uniform(0.5, 2.0, int(ends[-1]))
    running = (
        np.append(0.0, np.cumsum(each)) for each in (weight, weight * rng.normal(0.0, 1.0, weight.size))
    )
    return (*running, ends - np.array(lengths), ends)


def drawn(seed: int, n: int, n_known: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.square(rng.normal(0.0, 0.3, n)), rng.uniform(0.0, 0.1, n_known)


@given(
    seed=st.integers(0, 10_000),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    half=st.integers(1, 8),
)
def test_blocks_equal_the_plain_ones(seed: int, lengths: list[int], half: int) -> None:
    given_terms = (*arms(seed, lengths), 2 * half)
    found, expected = np.zeros((2, 200)), np.zeros((2, 200))
    n_blocks = block_means(*given_terms, *found)
    assert n_blocks == plain.block_means(*given_terms, *expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_blocks_of_a_ramp_are_centred_on_their_middles() -> None:
    running = np.arange(11.0), np.append(0.0, np.cumsum(np.arange(10.0)))
    mean, variance = np.empty((2, 4))
    assert block_means(*running, np.array([0]), np.array([10]), 4, mean, variance) == 4
    assert mean.tolist() == [1.5, 3.5, 5.5, 7.5]
    assert variance.tolist() == [0.25] * 4


@given(
    seed=st.integers(0, 10_000),
    n_blocks=st.lists(st.integers(0, 9), min_size=1, max_size=6),
    lag=st.integers(1, 4),
)
def test_steps_equal_the_plain_ones(seed: int, n_blocks: list[int], lag: int) -> None:
    values = np.random.default_rng(seed).normal(0.0, 1.0, sum(n_blocks))
    found, expected = np.zeros((2, 60))
    n_steps = half_squares(values, np.array(n_blocks), lag, found)
    assert n_steps == plain.half_squares(values, np.array(n_blocks), lag, expected)
    assert n_steps == sum(max(n - lag, 0) for n in n_blocks)
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@given(
    seed=st.integers(0, 10_000), n=st.integers(1, 2_000), has_own=st.booleans(), more=st.floats(0.001, 1.0),
    limit=st.floats(0.5, 9.0),
)  # fmt: skip
def test_sums_equal_the_plain_ones(seed: int, n: int, has_own: bool, more: float, limit: float) -> None:
    squares, known = drawn(seed, n, n if has_own else 1)
    *found, n_beyond = bounded_sums(squares, known, more, limit)
    *expected, n_expected = plain.bounded_sums(squares, known, more, limit)
    assert n_beyond == n_expected
    assert found == pytest.approx(expected, rel=1e-12)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 100_000), has_own=st.booleans())
def test_sums_are_those_of_numpy(seed: int, n: int, has_own: bool) -> None:
    squares, known = drawn(seed, n, n if has_own else 1)
    inverse = 1.0 / (known + 0.01)
    ratio = np.where(squares * inverse < 4.0, squares * inverse, 0.0)
    expected = ratio.sum(), (ratio * inverse).sum(), np.count_nonzero(squares * inverse >= 4.0)
    assert bounded_sums(squares, known, 0.01, 4.0) == pytest.approx(expected, rel=1e-13)


def test_sums_of_normal_deviates_are_as_tables_of_chi_square_say() -> None:
    n, limit = 400_000, 4.0
    squares = np.square(stats.norm.ppf((np.arange(n) + 0.5) / n, 0.0, 0.5))
    total, slope, n_beyond = bounded_sums(squares, np.full(n, 0.2), 0.05, limit)
    # E[U; U < c] of a chi-square U with one degree is its distribution with three.
    assert total / n == pytest.approx(stats.chi2.cdf(limit, 3), rel=1e-4)
    assert slope == pytest.approx(total / 0.25, rel=1e-12)
    assert n_beyond / n == pytest.approx(stats.chi2.sf(limit, 1), rel=1e-4)


def test_missing_values_are_not_hidden() -> None:
    total, slope, n_beyond = bounded_sums(np.array([1.0, math.nan]), np.ones(1), 0.0, 4.0)
    assert np.isnan([total, slope]).all()
    assert n_beyond == 0
