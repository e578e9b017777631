"""The trend of GC and mappability: known curves are taken out, and no gained chromosome with them."""

from __future__ import annotations

import numpy as np
import pytest

from genostab.karyotype.trend import strata_of, trend_log2
from tests.domain.karyotype_data import SETTINGS

N_ARMS, PER_ARM = 40, 1000


def gc_of_arms(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """GC of bins and their arm; the last arm has much GC, as 19p has."""
    mean = np.append(rng.normal(0.41, 0.015, N_ARMS - 1), 0.48)
    arm = np.repeat(np.arange(N_ARMS, dtype=np.int16), PER_ARM)
    return np.clip(mean[arm] + rng.gamma(4.0, 0.018, arm.size) - 0.07, 0.3, 0.58), arm


def curve(gc: np.ndarray) -> np.ndarray:
    """Coverage that falls to a half at both ends of GC [log2]."""
    return np.log2(np.maximum(1.0 - 9.0 * (gc - 0.44) ** 2, 0.1))


def poisson_log2(rng: np.random.Generator, expected: np.ndarray) -> np.ndarray:
    return np.log2(rng.poisson(expected) + 0.5)


def left(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return truth - found - np.median(truth - found)


@pytest.mark.parametrize("seed", range(3))
def test_a_known_curve_is_taken_out_to_the_tails(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gc, arm = gc_of_arms(rng)
    values = poisson_log2(rng, 250.0 * np.exp2(curve(gc)))
    remains = left(trend_log2(values, (gc,), np.ones(gc.size, dtype=bool), arm, SETTINGS), curve(gc))
    # A stratum of 1,000 bins of sd 0.09 has a median of sd 0.004; the outermost of 31 bins one of 0.02.
    assert np.sqrt(np.mean(remains**2)) < 0.006
    for tail in (np.argsort(gc)[:200], np.argsort(gc)[-200:]):
        assert np.sqrt(np.mean(remains[tail] ** 2)) < 0.04


@pytest.mark.parametrize("copies", [1.0, 2.2, 3.0])
def test_a_changed_arm_of_much_gc_is_no_effect_of_gc(copies: float) -> None:
    rng = np.random.default_rng(7)
    gc, arm = gc_of_arms(rng)
    last = arm == N_ARMS - 1
    level = np.where(last, np.log2(copies / 2.0), 0.0)
    values = poisson_log2(rng, 250.0 * np.exp2(curve(gc) + level))
    trend = trend_log2(values, (gc,), np.ones(gc.size, dtype=bool), arm, SETTINGS)
    shown = np.median((values - trend)[last]) - np.median((values - trend)[~last])
    assert shown == pytest.approx(np.log2(copies / 2.0), abs=0.01)


def test_two_biases_at_once_are_taken_apart() -> None:
    rng = np.random.default_rng(3)
    gc, arm = gc_of_arms(rng)
    repeats = np.clip(rng.beta(0.4, 6.0, gc.size) + 0.4 * (gc - 0.41), 0.0, 0.5)
    truth = curve(gc) + 0.8 * np.log2(1.0 - repeats)
    values = poisson_log2(rng, 250.0 * np.exp2(truth))
    everything = np.ones(gc.size, dtype=bool)
    both = left(trend_log2(values, (gc, repeats), everything, arm, SETTINGS), truth)
    one = left(trend_log2(values, (gc,), everything, arm, SETTINGS), truth)
    assert np.sqrt(np.mean(both**2)) < 0.01
    assert np.sqrt(np.mean(one**2)) > 0.08


def test_only_the_bins_it_may_learn_from_count() -> None:
    gc = np.tile(np.linspace(0.3, 0.6, 1000), 2)
    doubled = np.arange(2000) >= 1000
    values = np.where(doubled, 1.0 + 5.0 * gc, 0.0)
    flat = trend_log2(values, (gc,), ~doubled, np.zeros(2000, dtype=np.int16), SETTINGS)
    assert flat == pytest.approx(np.zeros(2000))


@pytest.mark.parametrize("known", [0, SETTINGS.min_bins_per_stratum])
def test_it_is_flat_where_too_little_is_known(known: int) -> None:
    gc = np.full(200, np.nan)
    gc[:known] = np.linspace(0.3, 0.6, known)
    values = np.linspace(5.0, 7.0, 200)
    arm = np.zeros(200, dtype=np.int16)
    assert not trend_log2(values, (gc,), np.ones(200, dtype=bool), arm, SETTINGS).any()
    assert not trend_log2(values, (gc,), np.zeros(200, dtype=bool), arm, SETTINGS).any()


@pytest.mark.parametrize("n", [0, 49, 50, 999, 1000, 57_509])
def test_strata_cover_every_bin_once(n: int) -> None:
    first, last = strata_of(n, SETTINGS)
    if n < 2 * SETTINGS.min_bins_per_stratum:
        assert first.size == 0
        return
    assert (first[0], last[-1]) == (0, n)
    assert first[1:].tolist() == last[:-1].tolist()
    assert (last - first).min() >= SETTINGS.min_bins_per_stratum - 1
