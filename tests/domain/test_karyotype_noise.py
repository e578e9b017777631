"""Noise against closed forms and against noise of known size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from genostab.karyotype.noise import (
    bounded_chi2,
    excess_variance,
    independent_sd,
    step_noise,
    tail_of,
    wave_at,
    wave_noise,
    with_waves,
)
from tests.domain.karyotype_data import SETTINGS, profile_of, toy_genome

CLIP = SETTINGS.noise_clip_sd


def autoregressive(rng: np.random.Generator, n: int, rho: float) -> np.ndarray:
    values = np.empty(n)
    values[0] = rng.normal()
    shocks = rng.normal(0, np.sqrt(1 - rho * rho), n)
    for i in range(1, n):
        values[i] = rho * values[i - 1] + shocks[i]
    return values


def variance_of_mean(n: int, rho: float) -> float:
    """Of n neighbours of a unit autoregressive series."""
    lag = np.arange(1, n)
    return float((n + 2 * np.sum((n - lag) * rho**lag)) / n**2)


@pytest.mark.parametrize("clip", [0.5, 1.0, 2.0, 4.0])
def test_bounded_chi2_equals_its_integrals(clip: float) -> None:
    def moment(power: int) -> float:
        inside = integrate.quad(lambda x: x ** (2 * power) * stats.norm.pdf(x), -clip, clip)[0]
        return float(inside + clip ** (2 * power) * 2 * stats.norm.sf(clip))

    mean, efficiency = bounded_chi2(clip)
    inside = integrate.quad(lambda x: x * x * stats.norm.pdf(x), -clip, clip)[0]
    assert mean == pytest.approx(moment(1), rel=1e-9)
    assert efficiency == pytest.approx(2 * inside**2 / (moment(2) - moment(1) ** 2), rel=1e-9)


def test_an_unbounded_estimate_is_the_mean_square() -> None:
    squares = np.random.default_rng(1).normal(0, 3, 1000) ** 2
    assert excess_variance(squares, np.zeros(1000), 60.0) == pytest.approx(squares.mean(), rel=1e-9)
    assert bounded_chi2(60.0) == pytest.approx((1.0, 1.0))


def test_efficiency_is_that_of_repeated_estimates() -> None:
    rng = np.random.default_rng(2)
    estimates = [excess_variance(rng.normal(size=400) ** 2, np.zeros(400), CLIP) for _ in range(400)]
    _, efficiency = bounded_chi2(CLIP)
    assert np.mean(estimates) == pytest.approx(1.0, abs=0.02)
    # The variance of 400 variances of 400 is known to about 7 %.
    assert np.var(estimates) == pytest.approx(2 / (400 * efficiency), rel=0.25)


def test_known_variance_is_taken_out_bin_by_bin() -> None:
    rng = np.random.default_rng(3)
    known = rng.uniform(0.01, 4.0, 40_000)
    squares = rng.normal(0, np.sqrt(known + 0.5)) ** 2
    assert excess_variance(squares, known, CLIP) == pytest.approx(0.5, abs=0.04)


def test_less_noise_than_known_leaves_nothing() -> None:
    squares = np.random.default_rng(4).normal(0, 0.5, 1000) ** 2
    assert excess_variance(squares, np.ones(1000), CLIP) == 0.0
    assert excess_variance(np.zeros(5), np.zeros(5), CLIP) == 0.0
    assert excess_variance(np.empty(0), np.empty(0), CLIP) == 0.0


def test_one_block_in_twenty_far_out_adds_a_bounded_share() -> None:
    rng = np.random.default_rng(5)
    squares = rng.normal(size=20_000) ** 2
    squares[::20] = 1e6
    # 0.95 E min(U / v, 4) + 0.05 x 4 = E min(U, 4), solved for v by integration: 1.24.
    expected, _ = bounded_chi2(CLIP)

    def bounded(v: float) -> float:
        inside = integrate.quad(
            lambda x: min(x * x / v, CLIP**2) * stats.norm.pdf(x), -8, 8, points=(-2 * v**0.5, 2 * v**0.5)
        )
        return float(0.95 * inside[0] + 0.05 * CLIP**2 - expected)

    low, high = 1.0, 2.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if bounded(middle) > 0 else (low, middle)
    assert excess_variance(squares, np.zeros(20_000), CLIP) == pytest.approx(low, rel=0.03)
    assert low < 1.3


def test_overdispersion_is_told_from_counting_noise() -> None:
    rng = np.random.default_rng(6)
    counting = rng.uniform(0.002, 0.02, 30_000)
    ratio = rng.normal(0, np.sqrt(counting + 0.05**2))
    sd = independent_sd(np.repeat(np.arange(3, dtype=np.int16), 10_000), ratio, counting, CLIP)
    assert sd == pytest.approx(np.sqrt(counting + 0.05**2), rel=0.03)


def test_a_step_and_a_slope_are_no_noise() -> None:
    rng = np.random.default_rng(7)
    ratio = rng.normal(0, 0.1, 10_000) + np.linspace(0, 2, 10_000)
    ratio[5000:] += 1.0
    sd = independent_sd(np.zeros(10_000, dtype=np.int16), ratio, np.zeros(10_000), CLIP)
    assert sd == pytest.approx(0.1, rel=0.03)


def test_white_noise_has_no_waves() -> None:
    rng = np.random.default_rng(8)
    arm = np.repeat(np.arange(40, dtype=np.int16), 1000)
    seen = wave_noise(rng.normal(0, 0.1, 40_000), np.full(40_000, 0.1), arm, SETTINGS)
    # Blocks, arms, chromosomes.
    assert seen.n_bins.tolist() == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 2000]
    independent = 0.1 / np.sqrt(seen.n_bins)
    assert (np.hypot(seen.sd_log2, independent) < 1.25 * independent)[-3:].all()
    assert seen.sd_log2[0] < 0.02


@pytest.mark.parametrize("length", [5.0, 50.0])
def test_waves_of_known_size_are_found_at_every_scale(length: float) -> None:
    rng = np.random.default_rng(9)
    rho = float(np.exp(-1 / length))
    arm = np.repeat(np.arange(60, dtype=np.int16), 2000)
    waves = 0.05 * np.concatenate([autoregressive(rng, 2000, rho) for _ in range(60)])
    seen = wave_noise(waves + rng.normal(0, 0.1, waves.size), np.full(waves.size, 0.1), arm, SETTINGS)
    for n_bins, sd, df in zip(seen.n_bins, seen.sd_log2, seen.df, strict=True):
        expected = 0.05 * np.sqrt(variance_of_mean(int(n_bins), rho))
        total = np.hypot(expected, 0.1 / np.sqrt(n_bins))
        # The whole noise, whose estimate has df degrees of freedom: five of its standard errors.
        error = 5 * total / np.sqrt(2 * df)
        assert np.hypot(sd, 0.1 / np.sqrt(n_bins)) == pytest.approx(total, abs=error)


def test_correlated_blocks_count_for_fewer() -> None:
    rng = np.random.default_rng(10)
    arm = np.repeat(np.arange(20, dtype=np.int16), 2000)
    long = np.concatenate([autoregressive(rng, 2000, np.exp(-1 / 500)) for _ in range(20)])
    seen = wave_noise(long, np.full(long.size, 0.01), arm, SETTINGS)
    # 20,000 blocks of two bins, but about 20 arms x 2000 / (2 x 500) independent stretches.
    assert seen.df[0] < 400
    assert (seen.df >= 1).all()


def test_steps_see_short_waves_and_leave_levels_alone() -> None:
    rng = np.random.default_rng(11)
    level = np.repeat((0.0, 1.0), 8000)
    arm = np.zeros(16_000, dtype=np.int16)
    short = 0.05 * autoregressive(rng, 16_000, np.exp(-1 / 5))
    seen = step_noise(level + short + rng.normal(0, 0.1, 16_000), np.full(16_000, 0.1), arm, SETTINGS)
    at_32 = seen.sd_log2[seen.n_bins == 32][0]
    assert at_32 == pytest.approx(0.05 * np.sqrt(variance_of_mean(32, np.exp(-1 / 5))), rel=0.35)
    assert seen.sd_log2.max() < 0.06


def test_too_few_blocks_have_no_scale() -> None:
    seen = wave_noise(np.zeros(10), np.ones(10), np.zeros(10, dtype=np.int16), SETTINGS)
    assert (seen.n_bins.tolist(), seen.sd_log2.tolist(), seen.df.tolist()) == ([2], [0.0], [1.0])


def test_between_scales_on_a_log_axis_and_constant_beyond() -> None:
    scales = (np.array([4, 16]), np.array([0.4, 0.2]), np.array([100.0, 20.0]))
    sd, df = wave_at(np.array([1.0, 8.0, 16.0, 500.0]), *scales)
    assert sd == pytest.approx([0.4, 0.3, 0.2, 0.2])
    assert df == pytest.approx([100, 60, 20, 20])


def test_x_and_y_have_at_least_the_waves_of_the_autosomes() -> None:
    genome = toy_genome()
    rng = np.random.default_rng(12)
    clean = rng.normal(0, 0.1, profile_of(genome, 500_000, np.zeros(4800)).chrom.size)
    profile = profile_of(genome, 500_000, clean)
    waves = np.concatenate([autoregressive(rng, 200, 0.9) for _ in range(24)])
    for scale, of_sex in ((0.2, False), (0.2, True)):
        own = np.where(profile.autosome != of_sex, scale, 0.0) * waves
        noisy = with_waves(profile_of(genome, 500_000, clean + own), profile.autosome, genome, SETTINGS)
        assert (noisy.wave_sd_log2[1] >= noisy.wave_sd_log2[0]).all()
        assert noisy.wave_sd_log2[1, 0] > 0.08
        assert (noisy.wave_sd_log2[0, 0] > 0.08) != of_sex


def test_a_gaussian_tail_is_left_alone() -> None:
    sd, normal = tail_of(np.random.default_rng(13).normal(0, 0.3, 200_000), 4.0)
    assert (normal <= sd).all()
    assert normal == pytest.approx(sd, abs=0.12)


@pytest.mark.parametrize("n_bins", [3, 8])
def test_a_heavy_tail_is_as_rare_as_simulated_means(n_bins: int) -> None:
    rng = np.random.default_rng(14)
    single = rng.standard_t(4, 2_000_000)
    single /= single.std()
    single = single[np.abs(single) < 4.0]
    single /= single.std()
    sd, normal = tail_of(single[:100_000], 4.0)
    means = rng.permutation(single)[: single.size // n_bins * n_bins].reshape(-1, n_bins).mean(axis=1)
    for z in (3.5, 4.0, 4.5):
        seen = (np.abs(means) > z / np.sqrt(n_bins)).mean()
        stated = 2 * stats.norm.sf(np.sqrt(n_bins) * np.interp(z / np.sqrt(n_bins), sd, normal))
        # Heavier than a Gaussian, and of the order that was simulated.
        assert seen > 1.5 * 2 * stats.norm.sf(z)
        assert 0.5 < stated / seen < 2.5
