"""strongest_interval against the look at every interval: the same interval, the same excess."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference.scan
from genostab.kernels.scan import strongest_interval


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 90),
    min_bins=st.integers(1, 6),
    shift=st.floats(-3, 3),
    asked=st.floats(0, 12),
    wave=st.floats(0, 0.5),
    is_known=st.booleans(),
)
def test_equals_the_look_at_every_interval(seed, n, min_bins, shift, asked, wave, is_known):
    rng = np.random.default_rng(seed)
    values, weights = rng.normal(size=n), rng.uniform(0.2, 3, n)
    a, b = np.sort(rng.integers(0, n + 1, 2))
    values[a:b] += shift
    length = np.arange(n + 1)
    # Neither table need fall with length.
    table = wave * rng.uniform(0.5, 1.5, n + 1) / np.sqrt(length + 1)
    least_z2 = asked * rng.uniform(0.8, 1.2, n + 1)
    base = 0.0 if is_known else float(np.average(values, weights=weights))
    share = 0.0 if is_known else 1.0 / weights.sum()
    got = strongest_interval(values, weights, base, share, table, least_z2, min_bins)
    expected = reference.scan.strongest_interval(values, weights, base, share, table, least_z2, min_bins)
    assert got[2] == pytest.approx(expected[2], rel=1e-9, abs=1e-9)
    # Two intervals that are as strong to rounding may take each other's place.
    if got[:2] != expected[:2] and got[2] > 1e-9:
        first, last, _ = got
        d, w = np.sum((weights * (values - base))[first:last]), weights[first:last].sum()
        z2 = d * d / (w - share * w * w + table[last - first] * w * w)
        assert z2 - least_z2[last - first] == pytest.approx(expected[2], rel=1e-9, abs=1e-9)


def scan(values, asked, min_bins=1, wave=0.0):
    n = values.size
    return strongest_interval(
        values, np.ones(n), 0.0, 0.0, np.full(n + 1, wave), np.full(n + 1, asked), min_bins
    )


def test_a_plateau_has_the_closed_form_deviation():
    # 20 bins of height 0.5 deviate by z = 0.5 sqrt(20); with waves of variance 0.05 by 0.5 / sqrt(1/20 + 0.05).
    values = np.zeros(1000)
    values[300:320] = -0.5
    assert scan(values, 4.0) == (300, 320, pytest.approx(5.0 - 4.0))
    assert scan(values, 1.0, wave=0.05)[2] == pytest.approx(2.5 - 1.0)
    assert scan(values, 5.001) == (0, 0, 0.0)


def test_a_level_taken_from_the_data_costs_its_share():
    # Against the mean of all, 30 of 100 bins of height 1 deviate as two means do: z^2 = 1 / (1/30 + 1/70).
    values = np.zeros(100)
    values[50:80] = 1.0
    found = strongest_interval(values, np.ones(100), 0.3, 0.01, np.zeros(101), np.zeros(101), 1)
    assert found == (50, 80, pytest.approx(1.0 / (1 / 30 + 1 / 70)))


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 63, 64, 65, 1000])
def test_every_edge_is_reached(n):
    values = np.zeros(n)
    values[-1] = 3.0
    assert scan(values, 1.0) == (n - 1, n, pytest.approx(8.0))
    values[-1], values[0] = 0.0, 3.0
    assert scan(values, 1.0)[:2] == (0, 1)


def test_fewer_bins_than_asked_for_are_never_given():
    values = np.zeros(50)
    values[10:12] = 10.0
    first, last, _ = scan(values, 1.0, min_bins=3)
    assert last - first == 3
    assert scan(values[10:12], 1.0, min_bins=3) == (0, 0, 0.0)
