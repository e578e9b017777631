"""Telomere content: ratio and exact interval against closed forms and a search over binomial tails."""

from __future__ import annotations

import pytest
from mpmath import mp, mpf

from genostab.karyotype.telomere import telomere_content


def binomial_tail(k: int, n: int, p: mpf) -> mpf:
    """P(X >= k) of a binomial, added up term by term."""
    return sum((mp.binomial(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1)), mpf(0))


@pytest.mark.parametrize(("telomeric", "matched"), [(1, 20), (30, 60), (5, 5)])
def test_interval_leaves_two_and_a_half_percent_on_each_side(telomeric: int, matched: int) -> None:
    content = telomere_content(telomeric, matched, 0.95)
    assert content.estimate == 1000 * telomeric / matched
    n = telomeric + matched
    low, high = (mpf(end) / (1000 + mpf(end)) for end in (content.low, content.high))
    assert float(binomial_tail(telomeric, n, low)) == pytest.approx(0.025, rel=1e-9)
    assert float(1 - binomial_tail(telomeric + 1, n, high)) == pytest.approx(0.025, rel=1e-9)


def test_no_telomere_read_leaves_the_one_sided_bound() -> None:
    content = telomere_content(0, 999, 0.95)
    share = 1 - 0.05 ** (1 / 999)
    assert (content.estimate, content.low) == (0.0, 0.0)
    assert content.high == pytest.approx(1000 * share / (1 - share), rel=1e-12)


def test_without_a_matched_read_there_is_no_content() -> None:
    content = telomere_content(3, 0, 0.95)
    assert (content.estimate, content.status) == (None, "not_computed")
