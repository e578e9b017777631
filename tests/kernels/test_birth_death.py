"""Affine birth-death chain against generating functions at 340 digits and oracles: relative 1e-12."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference.birth_death
from genostab.kernels.birth_death import chain, expected_clones

RELATIVE = 1e-12
RHO = math.log(2) / 10**2.12


def stages(*rows):
    """Rows (birth, loss, days, survival) as the four arrays of one parameter set."""
    return tuple(np.array([column], dtype=float) for column in zip(*rows, strict=True))


PURGED = stages((0.7, 1.2, 10, 1), (0.5, 1.8, 10, 0.01), (0, 0, 0, 0.7), (0, 0, 0, 0.02), (0, 0, 0, RHO))
UNPURGED = stages((0.7, 1.2, 10, 1), (0.5, 1.8, 10, 1))
TEN_PASSAGES = stages(*[(1.2, 0.2, 2, 0.12)] * 10)


@pytest.mark.parametrize("function", [chain, reference.birth_death.chain], ids=["kernel", "reference"])
def test_manufacturing_chain_to_the_tumour(function):
    alive, _, _ = function(*PURGED, 1.0)
    assert alive[0] == pytest.approx(1.1211215472191484404e-14, rel=RELATIVE)
    assert -math.expm1(1e9 * math.log1p(-alive[0])) == pytest.approx(1.1211152626750223444e-5, rel=RELATIVE)


@pytest.mark.parametrize("function", [chain, reference.birth_death.chain], ids=["kernel", "reference"])
def test_before_the_purge(function):
    alive, mean, _ = function(*UNPURGED, 1.0)
    assert 1e9 * mean[0] == pytest.approx(15.229979744712628, rel=RELATIVE)
    assert math.exp(1e9 * math.log1p(-alive[0])) == pytest.approx(1.6711527400636900e-5, rel=RELATIVE)


@pytest.mark.parametrize("function", [chain, reference.birth_death.chain], ids=["kernel", "reference"])
def test_ten_growth_and_passage_rounds(function):
    alive, mean, two = function(*TEN_PASSAGES, 2.0)
    assert 1 - alive[0] == pytest.approx(0.9550313848579, abs=5e-14)
    assert two[0] / alive[0] == pytest.approx(0.8503049586206, abs=5e-14)
    assert mean[0] == pytest.approx(0.3004015011299, abs=1e-13)  # printed digits, cut off


def test_one_stage_of_the_linear_birth_death_process():
    alive, _, two = chain(*stages((1.0, 0.5, 1.0, 1.0)), 2.0)
    assert 1 - alive[0] == pytest.approx(0.2823667008032081, rel=1e-14)
    assert two[0] / alive[0] == pytest.approx(0.5647334016064162, rel=1e-14)


def test_binary_fission_dies_out_at_the_ratio_of_death_to_birth():
    # Galton-Watson with splitting probability .85: extinction .15 / .85, as of the continuous process.
    alive, _, _ = chain(*stages((0.85, 0.15, 1000.0, 1.0)), 1.0)
    assert 1 - alive[0] == pytest.approx(0.17647058823529412, rel=1e-14)


def test_critical_growth_uses_the_limit():
    alive, mean, _ = chain(*stages((0.5, 0.5, 4.0, 1.0)), 1.0)
    assert (alive[0], mean[0]) == pytest.approx((1 / 3, 1.0), rel=1e-15)


@pytest.mark.parametrize("last", [0.0, 1.0])
def test_a_stage_that_kills_all_leaves_nothing(last):
    alive, mean, large = chain(*stages((1.0, 0.1, 3.0, 0.0), (1.0, 0.1, last, 1.0)), 2.0)
    assert (alive[0], mean[0], large[0]) == (0.0, 0.0, 0.0)


RATE = st.floats(0, 3)
STAGE = st.tuples(RATE, RATE, st.floats(0, 12), st.floats(1e-4, 1))


@settings(deadline=None, max_examples=40)
@given(
    rows=st.lists(st.lists(STAGE, min_size=3, max_size=3), min_size=1, max_size=3),
    size=st.sampled_from([1.0, 2.0, 50.0]),
)
def test_equals_the_generating_functions(rows, size):
    sets = tuple(np.array([[stage[i] for stage in row] for row in rows]) for i in range(4))
    for ours, exact in zip(chain(*sets, size), reference.birth_death.chain(*sets, size), strict=True):
        np.testing.assert_allclose(ours, exact, rtol=RELATIVE, atol=1e-300)


@settings(deadline=None, max_examples=20)
@given(
    folds=st.lists(st.floats(0.5, 30), min_size=1, max_size=4),
    carried=st.floats(0.01, 1),
    advantage=st.floats(0, 0.5),
    size=st.sampled_from([1.0, 3.0, 2e4]),
)
def test_clones_equal_the_generating_functions(folds, carried, advantage, size):
    seeded = [1e5]
    for fold in folds[:-1]:
        seeded.append(seeded[-1] * fold * carried)
    harvested = np.array(seeded) * np.array(folds)
    node, weight = np.polynomial.legendre.leggauss(3)
    table = (np.array(seeded), harvested, np.array([1e-7, 2e-7]), np.array([advantage, 0.0]), 1.5, size)
    ours = expected_clones(*table, (node + 1) / 2, weight / 2)
    exact = reference.birth_death.expected_clones(*table, (node + 1) / 2, weight / 2)
    np.testing.assert_allclose(ours, exact, rtol=RELATIVE, atol=1e-300)


def test_clones_of_every_size_are_the_surviving_mutants():
    # One passage without death: every mutant is there at the harvest, so the count is mu (H - S).
    node, weight = np.polynomial.legendre.leggauss(16)
    found = expected_clones(
        np.array([1e5]),
        np.array([1.6e6]),
        np.array([1e-7]),
        np.array([0.0]),
        1.0,
        1.0,
        (node + 1) / 2,
        weight / 2,
    )
    assert found[0] == pytest.approx(1e-7 * 1.5e6, rel=1e-14)
