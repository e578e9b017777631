"""Intervals of proportions against closed forms, statsmodels numbers and the binomial itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from genostab.assays.flow import detection_limits, events_needed, net_positive, rare_positive
from genostab.assays.proportion import (
    exact_interval,
    fraction_estimate,
    smallest_excluded_fraction,
    upper_bound,
    wilson_interval,
)
from genostab.assays.viability import viability


@pytest.mark.parametrize(
    ("n", "expected"), [(10, 0.25886555089305228), (30, 0.095033852855304139), (65, 0.045042258123013534)]
)
def test_upper_bound_of_none(n: int, expected: float) -> None:
    assert upper_bound(0, n, 0.95) == pytest.approx(expected, rel=1e-12)
    found = fraction_estimate(0, n)
    assert (found.estimate, found.low, found.status, found.n) == (None, None, "not_detected", n)
    assert found.high == found.lod == pytest.approx(expected, rel=1e-12)


def test_exact_interval_of_none() -> None:
    assert exact_interval(0, 65, 0.95) == pytest.approx((0.0, 0.055171634318813388), rel=1e-12)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_exact_interval_solves_the_binomial_tails(counts: tuple[int, int]) -> None:
    k, n = counts
    low, high = exact_interval(k, n, 0.95)
    assert low < k / n <= high
    assert binom.sf(k - 1, n, low) == pytest.approx(0.025, rel=1e-6)
    assert high == 1.0 if k == n else binom.cdf(k, n, high) == pytest.approx(0.025, rel=1e-6)


def test_all_positive_has_a_one_sided_lower_bound() -> None:
    found = fraction_estimate(20, 20)
    assert (found.estimate, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.05 ** (1 / 20), rel=1e-12)


def test_wilson() -> None:
    assert wilson_interval(187, 200, 0.95) == pytest.approx(
        (0.891980920700931, 0.9616236453508471), rel=1e-12
    )
    assert wilson_interval(0, 40, 0.95)[0] == 0.0
    assert wilson_interval(40, 40, 0.95)[1] == 1.0


@pytest.mark.parametrize(
    ("n", "percent"),
    [
        (20, (13.9, 21.6, 28.3)),
        (30, (9.5, 14.9, 19.5)),
        (50, (5.8, 9.1, 12.1)),
        (100, (3.0, 4.7, 6.2)),
        (200, (1.5, 2.3, 3.1)),
    ],
)
def test_smallest_mosaic_fraction_found(n: int, percent: tuple[float, float, float]) -> None:
    for needed, expected in zip((1, 2, 3), percent, strict=True):
        found = smallest_excluded_fraction(n, needed, 0.95)
        assert found is not None
        assert round(100 * found, 1) == expected
        assert binom.sf(needed - 1, n, found) == pytest.approx(0.95, rel=1e-9)


def test_too_few_cells_exclude_nothing() -> None:
    assert smallest_excluded_fraction(2, 3, 0.95) is None


@pytest.mark.parametrize(
    ("k", "n", "bound"),
    [
        (0, 300000, 9.985724387502285e-06),
        (3, 300000, 2.5845316992528456e-05),
        (12, 100000, 1.944184581475167e-04),
    ],
)
def test_rare_positive(k: int, n: int, bound: float) -> None:
    found = rare_positive(k, n)
    assert found.high == pytest.approx(bound, rel=1e-12)
    assert found.low is None
    assert found.estimate == (k / n if k else None)
    assert found.status == ("measured" if k else "not_detected")


@pytest.mark.parametrize(
    ("limit", "k", "events"),
    [
        (1e-3, 0, 2995),
        (1e-4, 0, 29956),
        (2e-5, 0, 149786),
        (5e-6, 0, 599145),
        (1e-4, 1, 47437),
        (1e-4, 2, 62956),
        (1e-4, 5, 105128),
        (0.9, 3, 4),
    ],
)
def test_events_needed(limit: float, k: int, events: int) -> None:
    found = events_needed(limit, k)
    if limit < 0.5:
        assert found == events
    assert upper_bound(k, found, 0.95) <= limit < upper_bound(k, found - 1, 0.95)


def test_net_positive_of_newcombe() -> None:
    found = net_positive(120, 50000, 35, 50000)
    assert found.estimate == pytest.approx(0.0017, rel=1e-12)
    assert found.low == pytest.approx(0.0012218330296178638, rel=1e-10)
    assert found.high == pytest.approx(0.002208361046051207, rel=1e-10)


@pytest.mark.parametrize("counts", [(35, 50000, 35, 50000), (20, 50000, 60, 50000), (0, 1000, 0, 1000)])
def test_no_more_than_the_control_is_not_detected(counts: tuple[int, int, int, int]) -> None:
    found = net_positive(*counts)
    assert found.status == "not_detected"
    assert found.estimate is None
    assert found.high == found.lod
    assert found.high is not None
    assert found.high > 0.0 or counts[0] < counts[2]


def test_currie() -> None:
    critical, detection = detection_limits(3.5)
    assert critical.estimate == pytest.approx(4.352260906701252, rel=1e-12)
    assert detection.estimate == pytest.approx(11.414521813402505, rel=1e-12)


@pytest.mark.parametrize(
    ("live", "dead", "percent"),
    [(187, 13, 93.5), (2450000, 1140000, 68.2), (2123, 68, 96.9), (7425, 245, 96.81)],
)
def test_viability(live: int, dead: int, percent: float) -> None:
    found = viability(live, dead)
    assert found.estimate is not None
    assert 100 * found.estimate == pytest.approx(percent, abs=0.05)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.estimate < found.high


def test_viability_ends() -> None:
    assert viability(0, 50).status == "not_detected"
    assert viability(50, 0).estimate == 1.0
