"""Fit of a clone: against its plain twin, and against SciPy's Nelder-Mead."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize

from genostab.kernels.clone_fit import clone_cost, refine_clone
from reference import clone_fit as plain

NOWHERE = -100.0  # where all segments are elsewhere, no point is better than another
LEAST, LEAST_SHIFT, N_COLUMNS = 0.02, 0.003, 40
MINOR, MAJOR = np.array([1, 0, 1, 0]), np.array([1, 1, 2, 2])
TOLERANCE = np.array([1e-3, 1e-2])


def terms(seed: int, n_segments: int = 4, n_chroms: int = 2, elsewhere: float = -3.0) -> tuple[object, ...]:
    """A clone in 40 % of the cells: levels with noise, alleles that answer about their shift."""
    rng = np.random.default_rng(seed)
    state = rng.integers(0, MINOR.size, n_segments)
    a, b = 1.0 + 0.4 * (MINOR[state] - 1.0), 1.0 + 0.4 * (MAJOR[state] - 1.0)
    shift = np.append(0.0, np.geomspace(LEAST_SHIFT, 0.5, N_COLUMNS - 1))
    away = (shift - (b / (a + b) - 0.5)[:, np.newaxis]) / 0.1
    return (
        np.array([1.0, 0.1, 0.05, 0.03]),
        MINOR,
        MAJOR,
        rng.dirichlet(np.full(MINOR.size, 5.0)),
        np.sort(rng.integers(0, n_chroms, n_segments)).astype(np.int16),
        -0.5 * np.square(away),
        np.log2((a + b) / 2.0) + rng.normal(0.0, 0.1, n_segments),
        np.where(
            np.arange(n_segments) % 4 == 3, np.inf, 0.1
        ),  # without a level no baseline is better than another
        rng.normal(elsewhere, 1.0, n_segments),
        np.array([0.05, 0.3]),
        LEAST_SHIFT,
    )


def corners(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    start = np.array([rng.uniform(LEAST, 1.0), rng.normal(0.0, 0.05), 0.0, 0.0])
    return np.vstack((start, start + np.diag([0.03, 0.03, 0.5, 0.5])))


@given(
    seed=st.integers(0, 10_000),
    fraction=st.floats(LEAST, 1.0),
    others=st.tuples(*(st.floats(-most, most) for most in (0.5, 2.0, 2.0))),
)
def test_cost_equals_the_plain_one(seed: int, fraction: float, others: tuple[float, float, float]) -> None:
    x, given_terms = np.array([fraction, *others]), terms(seed)
    assert clone_cost(x, *given_terms) == pytest.approx(plain.clone_cost(x, *given_terms), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("function", [clone_cost, plain.clone_cost], ids=["kernel", "reference"])
def test_cost_of_one_state_is_a_normal_density_with_its_priors(function) -> None:  # type: ignore[no-untyped-def]
    x = np.array([0.4, 0.01, 0.7, -1.2])
    found = function(
        x, np.array([1.0, 0.1, 0.05, 0.0]), np.array([1]), np.array([2]), np.ones(1), np.zeros(1, dtype=np.int16),
        np.zeros((1, N_COLUMNS)), np.array([0.2]), np.array([0.05]), np.zeros(1), np.array([0.0, 0.5]), LEAST_SHIFT,
    )  # fmt: skip
    level = 0.01 + math.exp(0.07) * math.log2(1.2)
    expected = 0.5 * (0.7**2 + 1.2**2) - stats.norm.logpdf(0.2, level, 0.05)
    assert found == pytest.approx(expected, rel=1e-13)


@given(seed=st.integers(0, 10_000), n_most=st.integers(5, 120))
def test_walk_is_that_of_scipy(seed: int, n_most: int) -> None:
    given_terms, simplex = terms(seed, 30, 22, NOWHERE), corners(seed)
    found = minimize(
        clone_cost, simplex[0].clip([LEAST, *[-np.inf] * 3], [1.0, *[np.inf] * 3]), args=given_terms,
        method="Nelder-Mead", bounds=[(LEAST, 1.0), *[(None, None)] * 3],
        options={"initial_simplex": simplex, "xatol": 1e-3, "fatol": 1e-2, "maxfev": n_most},
    )  # fmt: skip
    assert refine_clone(simplex, LEAST, TOLERANCE, n_most, *given_terms) == found.nfev
    np.testing.assert_allclose(simplex[0], found.x, rtol=1e-12)


@given(seed=st.integers(0, 10_000), n_most=st.integers(5, 60))
def test_walk_is_the_plain_one(seed: int, n_most: int) -> None:
    given_terms, simplex = terms(seed, elsewhere=NOWHERE), corners(seed)
    expected = simplex.copy()
    n_calls = plain.refine_clone(expected, LEAST, TOLERANCE, n_most, *given_terms)
    assert refine_clone(simplex, LEAST, TOLERANCE, n_most, *given_terms) == n_calls
    np.testing.assert_allclose(simplex, expected, rtol=1e-7, atol=1e-9)
