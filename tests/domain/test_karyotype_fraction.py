"""Ratio to copies and fraction of cells, by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genostab.karyotype.fraction import explain_ratio, fraction_at, ratio_at


@given(
    fraction=st.floats(0.001, 1.0),
    state=st.sampled_from([(2, 3), (2, 1), (2, 4), (2, 6), (1, 2), (1, 3)]),
)
def test_ratio_and_fraction_are_inverse(fraction: float, state: tuple[int, int]) -> None:
    assert fraction_at(ratio_at(fraction, *state), *state) == pytest.approx(fraction, rel=1e-9)


def test_no_copy_left_has_no_logarithm() -> None:
    assert ratio_at(1.0, 2, 0) == -math.inf
    assert ratio_at(1.0, 1, 0) == -math.inf


@pytest.mark.parametrize(
    ("ratio", "ploidy", "kind", "copies", "fraction"),
    [
        (math.log2(1.5), 2, "gain", 3, 1.0),
        (math.log2(1.1), 2, "gain", 3, 0.2),
        (-1.0, 2, "loss", 1, 1.0),
        (math.log2(0.9), 2, "loss", 1, 0.2),
        (1.0, 2, "gain", 4, 1.0),
        (math.log2(3.0), 2, "gain", 6, 1.0),
        (math.log2(0.25), 2, "loss", 0, 0.75),
        (1.0, 1, "gain", 2, 1.0),
        (math.log2(0.4), 1, "loss", 0, 0.6),
    ],
)
def test_the_nearest_copy_number_that_fits(
    ratio: float, ploidy: int, kind: str, copies: int, fraction: float
) -> None:
    state = explain_ratio(ratio, 0.01, 0.95, ploidy, 50)
    assert (state.kind, state.copy_number, state.cell_fraction.n) == (kind, copies, 50)
    assert state.cell_fraction.estimate == pytest.approx(fraction, abs=1e-9)


def test_the_interval_is_that_of_the_ratio_carried_over() -> None:
    seen = explain_ratio(math.log2(1.2), 0.1, 0.9, 2, 7).cell_fraction
    assert seen.low == pytest.approx(2 * (2 ** (math.log2(1.2) - 0.1) - 1))
    assert seen.high == pytest.approx(2 * (2 ** (math.log2(1.2) + 0.1) - 1))
    assert seen.level == 0.9
    loss = explain_ratio(math.log2(0.8), 0.1, 0.9, 2, 7).cell_fraction
    assert loss.low == pytest.approx(2 * (1 - 2 ** (math.log2(0.8) + 0.1)))
    assert loss.low < loss.estimate < loss.high


def test_one_copy_more_is_kept_while_the_interval_allows_it() -> None:
    ratio = math.log2(1.56)
    assert explain_ratio(ratio, 0.08, 0.95, 2, 9).copy_number == 3
    assert explain_ratio(ratio, 0.04, 0.95, 2, 9).copy_number == 4
    assert explain_ratio(ratio, 0.08, 0.95, 2, 9).cell_fraction.estimate == 1.0


@given(
    ratio=st.floats(-8, 4).filter(lambda r: abs(r) > 1e-6),
    width=st.floats(0, 3),
    ploidy=st.sampled_from([1, 2]),
)
def test_always_a_fraction_of_cells_in_order(ratio: float, width: float, ploidy: int) -> None:
    state = explain_ratio(ratio, width, 0.95, ploidy, 1)
    seen = state.cell_fraction
    assert 0.0 <= seen.low <= seen.estimate <= seen.high <= 1.0
    assert state.copy_number >= 0
    assert (state.kind == "gain") == (ratio > 0)
