"""Intervals of break positions: the threshold against simulation, coverage of the truth, widths that follow noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from genostab.arrays import Profile
from genostab.karyotype.breakpoint import break_interval, ends_of, position_threshold
from genostab.karyotype.segment import summarise_segments
from tests.domain.karyotype_data import profile_of, toy_genome

GENOME = toy_genome(4)
WIDTH = 500_000
SD = 0.1
A, B, OFFSET = 300, 360, 200  # on the second chromosome


def profile(height: float, seed: int) -> Profile:
    ratio = np.random.default_rng(seed).normal(0, SD, 1200)
    ratio[A:B] += height
    return profile_of(GENOME, WIDTH, ratio, sd=SD)


def test_threshold_is_that_of_two_exponential_maxima() -> None:
    # The larger of two exponentials with mean 1 has its 95 % point at -log(1 - sqrt(0.95)); twice that is asked.
    largest = np.random.default_rng(1).exponential(size=(2, 400_000)).max(axis=0)
    assert 2 * np.quantile(largest, 0.95) == pytest.approx(position_threshold(0.95), rel=0.01)


@pytest.mark.parametrize("height", [0.07, 0.15, 0.4])
def test_interval_holds_the_break_as_often_as_it_says(height: float) -> None:
    held = 0
    for seed in range(400):
        low, high = break_interval(profile(height, seed), (200, A), (A, B), 0.95)
        held += low <= (A - OFFSET) * WIDTH <= high
    # Discrete bins make it hold more often, never less.
    assert stats.binomtest(held, 400, 0.95, alternative="less").pvalue > 0.001
    assert held < 400 or height > 0.3


def test_a_clear_break_lies_in_the_bins_beside_it() -> None:
    assert break_interval(profile(2.0, 3), (200, A), (A, B), 0.95) == (
        (A - OFFSET - 1) * WIDTH,
        (A - OFFSET + 1) * WIDTH,
    )
    assert break_interval(profile(2.0, 3), (B, 400), (A, B), 0.95) == (
        (B - OFFSET - 1) * WIDTH,
        (B - OFFSET + 1) * WIDTH,
    )


def test_more_noise_makes_it_wider() -> None:
    def width(height: float) -> int:
        low, high = break_interval(profile(height, 4), (200, A), (A, B), 0.95)
        return high - low

    assert width(0.1) > width(0.3) > width(1.5)


def test_both_ends_and_no_break_at_the_end_of_a_chromosome() -> None:
    wide = profile(1.0, 5)
    segments = summarise_segments(wide, np.array([0, 200, A, B]), np.array([200, A, B, 400]))
    start_low, start_high, end_low, end_high = ends_of(wide, segments, A, B, 0.95)
    assert start_low < (A - OFFSET) * WIDTH < start_high < end_low < (B - OFFSET) * WIDTH < end_high
    whole = summarise_segments(wide, np.array([0, 200]), np.array([200, 400]))
    assert ends_of(wide, whole, 200, 400, 0.95) == (0, 0, 200 * WIDTH, 200 * WIDTH)
