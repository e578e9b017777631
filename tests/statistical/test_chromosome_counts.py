"""Reads per chromosome of simulated cohorts: false calls, coverage of the interval, stated limit of detection."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from genostab.arrays import Int64
from genostab.karyotype.chromosome_counts import screen_cohort
from tests.domain.chromosome_cohort import SETTINGS, changed, cohort, drawn, log_means
from tests.statistical.karyotype_genomes import is_soak

# Libraries of a cohort, degrees of freedom of the noise between libraries (None: all alike), cohorts.
DESIGNS = {"small": (60, None, 30), "uneven": (200, 8.0, 12), "large": (1000, None, 4)}
N_CHANGED_SHARE = 0.03  # of libraries of a cohort that are changed at once


def within(count: int, n: int, low: float, high: float) -> bool:
    """Whether the 99.9 % interval of a share meets low..high."""
    interval = stats.binomtest(count, n).proportion_ci(0.999, "exact")
    return bool(interval.high >= low and interval.low <= high)


@cache
def outcomes(design: str) -> dict[str, tuple[int, int]]:
    """Of euploid libraries those with a call, of changes at the limit those found, of larger ones those covered."""
    n, noise_df, n_cohorts = DESIGNS[design]
    found = {"false": np.zeros(2, int), "at limit": np.zeros(2, int), "covered": np.zeros(2, int)}
    for seed in range(n_cohorts * (5 if is_soak() else 1)):
        rng = np.random.default_rng([seed, n])
        log_mean = log_means(rng, n, noise_df=noise_df)
        n_reads = drawn(rng, log_mean)
        screen = screen_cohort(cohort(n_reads), SETTINGS)
        usable = np.array(screen.reason) == ""
        found["false"] += (int(screen.is_called[usable].any(axis=1).sum()), int(usable.sum()))
        sign = rng.choice([-1, 1], n)
        chrom = rng.integers(0, 22, n)
        limits = np.where(sign[:, None] > 0, screen.min_gain, screen.min_loss)[np.arange(n), chrom]
        larger = 1.5 * limits + rng.random(n) * (1.0 - 1.5 * limits)
        for name, fraction in (("at limit", limits), ("covered", larger)):
            rows = np.flatnonzero((fraction >= limits) & (rng.random(n) < max(N_CHANGED_SHARE, 2.0 / n)))
            copies = 2.0 + sign[rows] * fraction[rows]
            again = n_reads.copy()
            again[rows] = drawn(rng, changed(log_mean, rows, chrom[rows], copies)[rows])
            found[name] += judged(again, rows, chrom[rows], copies, name)
    return {name: (int(count[0]), int(count[1])) for name, count in found.items()}


def judged(n_reads: Int64, rows: Int64, chrom: Int64, copies: np.ndarray, name: str) -> tuple[int, int]:
    """Changes that are found, or whose interval holds the truth, and how many there are."""
    screen = screen_cohort(cohort(n_reads), SETTINGS)
    called = screen.is_called[rows, chrom]
    if name == "at limit":
        return int(called.sum()), called.size
    inside = (screen.copies_low[rows, chrom] <= copies) & (copies <= screen.copies_high[rows, chrom])
    return int(inside[called].sum()), int(called.sum())


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_false_calls_per_library_keep_to_the_stated_rate(design: str) -> None:
    assert within(*outcomes(design)["false"], 0.0, SETTINGS.family_wise_error)


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_the_interval_holds_the_truth_as_often_as_it_says(design: str) -> None:
    assert within(*outcomes(design)["covered"], 0.93, 0.97)


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_a_change_at_the_limit_of_detection_is_found_as_often_as_it_says(design: str) -> None:
    assert within(*outcomes(design)["at limit"], 0.93, 0.97)
