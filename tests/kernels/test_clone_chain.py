"""States of a clone along chromosomes: against every path, and against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from genostab.kernels.clone_chain import clone_likelihood
from reference import clone_chain as plain

N_COLUMNS = 5


def drawn(seed: int, n_states: int, chrom: list[int]) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    n = len(chrom)
    return (
        rng.uniform(0.0, N_COLUMNS - 1.0, n_states),
        rng.normal(0.0, 0.3, n_states),
        rng.uniform(0.0, 0.1, n_states),
        rng.dirichlet(np.ones(n_states)),
        np.array(chrom, dtype=np.int16),
        rng.normal(0.0, 3.0, (n, N_COLUMNS)),
        rng.normal(0.0, 0.3, n),
        np.where(rng.random(n) < 0.2, np.inf, rng.uniform(0.01, 0.1, n)),
        rng.normal(0.0, 1.0, n),
    )


@given(
    seed=st.integers(0, 10_000),
    n_states=st.integers(1, 4),
    chrom=st.lists(st.integers(0, 2), min_size=1, max_size=6).map(sorted),
    off=st.floats(0.001, 1.0),
    stay=st.floats(0.0, 1.0),
)
def test_equals_the_sum_over_every_path(
    seed: int, n_states: int, chrom: list[int], off: float, stay: float
) -> None:
    arrays = drawn(seed, n_states, chrom)
    found = clone_likelihood(*arrays, off, stay)
    assert found == pytest.approx(plain.clone_likelihood(*arrays, off, stay), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("function", [clone_likelihood, plain.clone_likelihood], ids=["kernel", "reference"])
def test_one_segment_is_a_mixture_of_normals(function) -> None:  # type: ignore[no-untyped-def]
    share, level = np.array([0.3, 0.7]), np.array([-0.4, 0.2])
    found = function(
        np.zeros(2), level, np.array([0.03, 0.0]), share, np.zeros(1, dtype=np.int16),
        np.zeros((1, 2)), np.array([0.1]), np.array([0.04]), np.zeros(1), 0.0, 0.5,
    )  # fmt: skip
    expected = stats.norm.logpdf(0.1, level, [0.05, 0.04])
    assert found == pytest.approx(float(np.log(share @ np.exp(expected))), rel=1e-14)


def test_a_chain_that_stays_has_one_state_for_all_its_segments() -> None:
    table = np.log(np.array([[0.5, 0.1], [0.2, 0.4], [0.3, 0.3]]))
    nothing = np.zeros(3), np.full(3, math.inf), np.zeros(3)
    share = np.array([0.25, 0.75])
    found = clone_likelihood(
        np.array([0.0, 1.0]), np.zeros(2), np.zeros(2), share, np.zeros(3, dtype=np.int16), table, *nothing, 0.0, 1.0
    )  # fmt: skip
    assert found == pytest.approx(math.log(0.25 * 0.5 * 0.2 * 0.3 + 0.75 * 0.1 * 0.4 * 0.3), rel=1e-14)


def test_likelihoods_far_below_the_least_float() -> None:
    table = np.full((4, 2), -5000.0)
    found = clone_likelihood(
        np.zeros(1), np.zeros(1), np.zeros(1), np.ones(1), np.arange(4, dtype=np.int16), table,
        np.zeros(4), np.full(4, math.inf), np.full(4, -6000.0), 0.5, 0.5,
    )  # fmt: skip
    assert found == pytest.approx(4 * (-5000.0 + math.log(0.5)), rel=1e-14)
