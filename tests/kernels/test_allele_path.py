"""Paths of imbalance against the sum over every path: 1e-9 relative; posteriors to 1e-6 (float32 is kept of them)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference.allele_path as plain
from genostab.kernels.allele_path import imbalance_likelihood, imbalance_posterior


def tables(rng, n_symbols, n_sizes):
    return rng.normal(0, 1, (n_symbols, n_sizes)), rng.normal(0, 1, (n_symbols, n_sizes))


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 9), n_sizes=st.integers(1, 3))
def test_the_likelihood_is_the_sum_over_all_signs(seed, n, n_sizes):
    rng = np.random.default_rng(seed)
    plus, minus = tables(rng, 5, n_sizes)
    symbol, switch = rng.integers(0, 5, n).astype(np.int32), rng.random(n)
    expected = plain.imbalance_likelihood(symbol, plus, minus, switch)
    assert imbalance_likelihood(symbol, plus, minus, switch) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 5), n_sizes=st.integers(1, 2))
def test_the_posterior_is_the_sum_over_all_paths(seed, n, n_sizes):
    rng = np.random.default_rng(seed)
    plus, minus = tables(rng, 4, n_sizes)
    symbol, switch = rng.integers(0, 4, n).astype(np.int32), rng.random(n)
    enter, leave = rng.uniform(0.01, 0.5, 2)
    posterior, evidence = imbalance_posterior(symbol, plus, minus, switch, enter, leave)
    expected, log_total = plain.imbalance_posterior(symbol, plus, minus, switch, enter, leave)
    assert evidence == pytest.approx(log_total, rel=1e-9, abs=1e-9)
    assert posterior == pytest.approx(expected, abs=1e-6)


def test_without_phase_the_signs_average_out_at_each_snp():
    # cosh(x d) exp(-d^2 / 2) for a unit Gaussian: the folded likelihood in closed form.
    rng = np.random.default_rng(3)
    x, d = rng.normal(size=5000), 0.4
    symbol = np.arange(5000, dtype=np.int32)
    plus, minus = (x * d - d * d / 2)[:, None], (-x * d - d * d / 2)[:, None]
    got = imbalance_likelihood(symbol, plus, minus, np.full(5000, 0.5))[0]
    assert got == pytest.approx(np.sum(np.log(np.cosh(x * d)) - d * d / 2), rel=1e-9)


def test_with_perfect_phase_it_is_one_mean():
    # log((exp(S d - n d^2/2) + exp(-S d - n d^2/2)) / 2), S the sum: no sign is known beforehand.
    rng = np.random.default_rng(4)
    x, d = rng.normal(0.3, 1, size=400), 0.3
    symbol = np.arange(400, dtype=np.int32)
    plus, minus = (x * d - d * d / 2)[:, None], (-x * d - d * d / 2)[:, None]
    got = imbalance_likelihood(symbol, plus, minus, np.zeros(400))[0]
    assert got == pytest.approx(np.logaddexp(x.sum() * d, -x.sum() * d) - np.log(2) - 200 * d * d, rel=1e-9)


def test_the_mean_of_the_evidence_is_one_under_balance():
    rng = np.random.default_rng(5)
    d, evidence = 0.5, []
    for _ in range(4000):
        x = rng.normal(size=60)
        plus, minus = (x * d - d * d / 2)[:, None], (-x * d - d * d / 2)[:, None]
        symbol = np.arange(60, dtype=np.int32)
        evidence.append(imbalance_posterior(symbol, plus, minus, np.full(60, 0.1), 0.02, 0.05)[1])
    ratios = np.exp(evidence)
    assert abs(ratios.mean() - 1.0) < 4 * ratios.std() / np.sqrt(ratios.size)
    assert np.mean(ratios >= 10.0) <= 0.1
