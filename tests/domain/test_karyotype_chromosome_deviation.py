"""Deviations of counts against the exact negative binomial tail, and their inverses against themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from genostab.karyotype.chromosome_deviation import count_at, count_deviation, expected_at


@pytest.mark.parametrize("expected", [30.0, 300.0, 30_000.0])
@pytest.mark.parametrize("dispersion", [1e-6, 1e-3])
@pytest.mark.parametrize("z", [-5.0, -3.5, -2.0, 2.0, 3.5, 5.0])
def test_tails_are_those_of_the_negative_binomial(expected: float, dispersion: float, z: float) -> None:
    sd = np.sqrt(expected + dispersion * expected**2)
    n = round(expected + z * sd)
    if n < 0:
        pytest.skip("no such count")
    exact = stats.nbinom(1.0 / dispersion, 1.0 / (1.0 + dispersion * expected))
    tail = exact.sf(n - 1) if z > 0 else exact.cdf(n)
    half = -0.5 if z > 0 else 0.5  # as the screen uses it
    root = count_deviation(np.array([n + half]), np.array([expected]), np.array([dispersion]))
    assert stats.norm.isf(tail) == pytest.approx(abs(float(root[0])), rel=0.03, abs=0.02)


def test_no_deviation_is_zero_and_no_read_is_finite() -> None:
    root = count_deviation(np.array([7.0, 0.0]), np.array([7.0, 7.0]), np.full(2, 1e-8))
    assert root.tolist() == pytest.approx([0.0, -np.sqrt(14.0)], abs=1e-6)  # Poisson: D = 2 m for n = 0


@given(
    st.floats(1.0, 1e8),
    st.floats(1e-8, 1e-2),
    st.floats(1.0, 9.0) | st.floats(-9.0, -1.0),
)
def test_counts_and_expectations_lie_where_they_were_sought(size: float, dispersion: float, z: float) -> None:
    one, v, aim = np.array([size]), np.array([dispersion]), np.array([z])
    n = count_at(one, v, aim)
    if np.isnan(n[0]):
        assert count_deviation(np.zeros(1), one, v)[0] > z  # even no read lies nearer
    else:
        assert count_deviation(n, one, v)[0] == pytest.approx(z, abs=1e-3)
    if z < 0 or size > z**2 / 2:  # a single read cannot be 9 above anything
        assert count_deviation(one, expected_at(one, v, aim), v)[0] == pytest.approx(z, abs=1e-3)
