"""Quality figures against processes whose answer is known in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from genostab.karyotype.normalise import profile_alone
from genostab.karyotype.quality import (
    autocorrelation_length_bp,
    gc_quality,
    gc_rows,
    gc_warning,
    quiet_bins,
    wave_rows,
)
from tests.domain.karyotype_data import SETTINGS, call_of, profile_of, toy_bins, toy_genome

GENOME = toy_genome()
WIDTH = 100_000
BINS = toy_bins(GENOME, WIDTH)
AUTOSOMAL = BINS.chrom < 22


def test_a_linear_effect_of_gc_is_measured_and_then_gone() -> None:
    rng = np.random.default_rng(1)
    gc = rng.normal(0.41, 0.04, BINS.chrom.size)
    shift = 4.0 * (gc - 0.41)  # standard deviation 0.16
    reads = rng.poisson(1000.0 * np.exp2(shift)).astype(float)
    bins = replace(BINS, n_reads=reads, gc_fraction=gc)
    profile = profile_alone(bins, GENOME, "unknown", SETTINGS, is_counts=True)
    quiet = quiet_bins(profile, [], GENOME)
    found = gc_quality([bins], profile, quiet, SETTINGS, is_counts=True)
    assert found is not None
    # Strata keep nearly all of the variance of GC; Poisson adds (1 / (sqrt(1000) ln 2))^2 = 0.00208.
    assert found.trend_before_log2 == pytest.approx(0.16, rel=0.03)
    assert found.explained_before == pytest.approx(0.0256 / (0.0256 + 0.00208), abs=0.02)
    assert found.trend_after_log2 < 0.004
    assert found.explained_after < 0.005
    assert np.abs(found.stratum_after_log2).max() < 0.01
    assert gc_warning(found, profile, SETTINGS) == ()
    assert [row[1] for row in gc_rows(found)][:2] == [found.trend_before_log2, found.trend_after_log2]


def test_a_trend_that_is_left_is_warned_about() -> None:
    rng = np.random.default_rng(2)
    gc = rng.normal(0.41, 0.04, BINS.chrom.size)
    bins = replace(BINS, n_reads=np.full(gc.size, 1000.0), gc_fraction=gc)
    for slope, n_warnings in ((0.4, 0), (1.0, 1)):  # 0.016 and 0.04 of a noise of 0.1
        profile = profile_of(GENOME, WIDTH, rng.normal(0.0, 0.1, gc.size) + slope * (gc - 0.41))
        found = gc_quality([bins], profile, AUTOSOMAL, SETTINGS, is_counts=True)
        assert found is not None
        assert found.trend_after_log2 == pytest.approx(0.04 * slope, abs=0.003)
        assert len(gc_warning(found, profile, SETTINGS)) == n_warnings


def test_noise_alone_is_no_trend() -> None:
    rng = np.random.default_rng(3)
    gc = rng.normal(0.41, 0.04, BINS.chrom.size)
    bins = replace(BINS, n_reads=np.full(gc.size, 100.0), gc_fraction=gc)
    found = [
        gc_quality(
            [bins],
            profile_of(GENOME, WIDTH, rng.normal(0.0, 0.3, gc.size), sd=0.3),
            AUTOSOMAL,
            SETTINGS,
            is_counts=True,
        )
        for _ in range(20)
    ]
    trends = [each.trend_after_log2 for each in found if each is not None]
    # 30 medians of 733 bins: sd 0.014 each, their mean square known to a quarter.
    assert np.mean(trends) < 0.005
    assert max(trends) < 0.01


def test_without_gc_there_is_no_figure() -> None:
    profile = profile_of(GENOME, WIDTH, np.zeros(BINS.chrom.size))
    assert gc_quality([BINS], profile, AUTOSOMAL, SETTINGS, is_counts=True) is None


def test_reported_calls_are_not_quiet() -> None:
    profile = profile_of(GENOME, WIDTH, np.zeros(BINS.chrom.size))
    calls = [call_of("chr3", 0, 1_000_000), call_of("chr4", 0, 1_000_000, reported=False)]
    quiet = quiet_bins(profile, calls, GENOME)
    assert int(AUTOSOMAL.sum() - quiet.sum()) == 10
    assert not quiet[BINS.chrom >= 22].any()


@pytest.mark.parametrize("length_bins", [5.0, 20.0])
def test_autocorrelation_reaches_as_far_as_that_of_an_autoregression(length_bins: float) -> None:
    rng = np.random.default_rng(4)
    rho = np.exp(-1.0 / length_bins)
    wave = np.concatenate(
        [
            lfilter([1.0], [1.0, -rho], rng.normal(0, np.sqrt(1 - rho * rho), 1000 + 500))[500:]
            for _ in range(24)
        ]
    )
    profile = profile_of(GENOME, WIDTH, 0.1 * wave + rng.normal(0, 0.1, wave.size), sd=0.1)
    found = autocorrelation_length_bp(profile, AUTOSOMAL, GENOME, SETTINGS)
    # The covariance falls to 1/e of that at one bin after 1 + length bins.
    assert found / WIDTH == pytest.approx(1 + length_bins, rel=0.25)


def test_white_noise_has_no_length() -> None:
    rng = np.random.default_rng(5)
    found = [
        autocorrelation_length_bp(
            profile_of(GENOME, WIDTH, rng.normal(0, 0.1, BINS.chrom.size)), AUTOSOMAL, GENOME, SETTINGS
        )
        for _ in range(40)
    ]
    # Two standard errors of chance, one side: 2.3 %.
    assert sum(length > 0 for length in found) <= 4


def test_waves_are_those_of_the_profile_at_each_size() -> None:
    profile = replace(
        profile_of(GENOME, WIDTH, np.zeros(BINS.chrom.size)),
        wave_bins=np.array([2, 20, 400]),
        wave_sd_log2=np.array([[0.05, 0.02, 0.01], [0.0, 0.0, 0.0]]),
        wave_df=np.full((2, 3), 100.0),
    )
    rows = {name: value for name, value, _, _ in wave_rows(profile, AUTOSOMAL, GENOME, SETTINGS)}
    assert rows["waves over 1 Mb"] == pytest.approx(0.05 - 0.03 * np.log(5) / np.log(10))
    assert rows["waves over 5 Mb"] == pytest.approx(0.02 - 0.01 * np.log(2.5) / np.log(20))
    assert rows["waves over 20 Mb"] == pytest.approx(0.02 - 0.01 * np.log(10) / np.log(20))
