"""find_breaks against optimal partitioning: the same breaks, exactly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference.segment
from genostab.kernels.segment import find_breaks


def breaks_of(function, values, weights, penalty):
    out = np.zeros(values.size, dtype=np.int64)
    return out[: function(values, weights, penalty, out)].tolist()


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 120),
    penalty=st.floats(0.5, 30),
    n_steps=st.integers(0, 6),
)
def test_equals_optimal_partitioning(seed, n, penalty, n_steps):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n)
    for at in rng.integers(0, n, n_steps):
        values[at:] += rng.normal(0, 4)
    weights = rng.uniform(0.2, 3, n)
    assert breaks_of(find_breaks, values, weights, penalty) == breaks_of(
        reference.segment.find_breaks, values, weights, penalty
    )


def test_one_clear_step_is_found_where_it_is():
    values = np.concatenate((np.zeros(50), np.ones(30)))
    assert breaks_of(find_breaks, values, np.ones(80), 1.0) == [50]


def test_penalty_decides_at_the_closed_form_gain():
    # A step of height d after m of n equal weights lowers the cost by d^2 m (n - m) / n.
    values = np.concatenate((np.zeros(6), np.full(4, 0.5)))
    gain = 0.25 * 6 * 4 / 10
    assert breaks_of(find_breaks, values, np.ones(10), gain * 0.999) == [6]
    assert breaks_of(find_breaks, values, np.ones(10), gain * 1.001) == []


def test_weights_act_as_repeated_observations():
    rng = np.random.default_rng(3)
    values = rng.normal(size=60) + np.repeat((0.0, 3.0, 1.0), 20)
    repeats = rng.integers(1, 4, 60)
    breaks = breaks_of(find_breaks, np.repeat(values, repeats), np.ones(repeats.sum()), 12.0)
    ends = np.concatenate(([0], np.cumsum(repeats)))
    assert [int(ends[i]) for i in breaks_of(find_breaks, values, repeats.astype(float), 12.0)] == breaks


@pytest.mark.parametrize("value", [0.0, -1.5, 1e6])
def test_constant_values_have_no_break(value):
    assert breaks_of(find_breaks, np.full(500, value), np.ones(500), 5.0) == []
