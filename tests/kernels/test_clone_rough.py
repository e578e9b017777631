"""Rough likelihood of clones: against its plain twin, a closed form, and a search over all shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from genostab.kernels.clone_rough import rough_likelihood
from reference import clone_rough as plain


def drawn(
    seed: int, n_points: int, n_states: int, n_segments: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihoods, those of elsewhere, and the logarithms of the prior shares of two kinds."""
    rng = np.random.default_rng(seed)
    log_likelihood = rng.normal(0.0, 5.0, (n_points, n_states, n_segments))
    return log_likelihood, rng.normal(0.0, 2.0, n_segments), np.log(rng.dirichlet(np.full(n_states, 5.0), 2))


@given(
    seed=st.integers(0, 10_000), n_points=st.integers(1, 4), n_states=st.integers(1, 9),
    n_segments=st.integers(1, 12), off=st.floats(0.001, 0.9), n_prior=st.floats(0.1, 20.0), n_rounds=st.integers(0, 8),
)  # fmt: skip
def test_equals_the_plain_one(
    seed: int, n_points: int, n_states: int, n_segments: int, off: float, n_prior: float, n_rounds: int
) -> None:
    given_terms = (*drawn(seed, n_points, n_states, n_segments), off, n_prior, n_rounds)
    found, expected = np.empty((2, 2, n_points))
    rough_likelihood(*given_terms, found)
    plain.rough_likelihood(*given_terms, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("function", [rough_likelihood, plain.rough_likelihood], ids=["kernel", "reference"])
def test_of_one_state_is_a_mixture_with_elsewhere(function) -> None:  # type: ignore[no-untyped-def]
    found = np.empty((1, 1))
    function(np.log([[[0.2, 0.5]]]), np.log([0.4, 0.1]), np.zeros((1, 1)), 0.25, 3.0, 6, found)
    assert found[0, 0] == pytest.approx(
        np.log(0.75 * 0.2 + 0.25 * 0.4) + np.log(0.75 * 0.5 + 0.25 * 0.1), rel=1e-14
    )


@given(seed=st.integers(0, 10_000))
def test_rounds_climb_to_the_likeliest_shares(seed: int) -> None:
    log_likelihood, elsewhere, log_prior = drawn(seed, 1, 2, 8)
    found, off, n_prior = np.empty((2, 1)), 0.1, 4.0
    rough_likelihood(log_likelihood, elsewhere, log_prior, off, n_prior, 400, found)
    prior = np.exp(log_prior[0])

    def cost(first: float) -> float:
        share = np.array([first, 1.0 - first])
        seen = (1.0 - off) * share @ np.exp(log_likelihood[0]) + off * np.exp(elsewhere)
        return -float(np.log(seen).sum() + n_prior * (prior * np.log(share / prior)).sum())

    best = minimize_scalar(cost, bounds=(1e-9, 1.0 - 1e-9), method="bounded", options={"xatol": 1e-10})
    assert found[0, 0] == pytest.approx(-best.fun, abs=1e-6)


def test_likelihoods_far_below_the_least_float() -> None:
    found = np.empty((1, 1))
    rough_likelihood(np.full((1, 1, 4), -5000.0), np.full(4, -6000.0), np.zeros((1, 1)), 0.5, 1.0, 6, found)
    assert found[0, 0] == pytest.approx(4 * (-5000.0 + np.log(0.5)), rel=1e-14)
