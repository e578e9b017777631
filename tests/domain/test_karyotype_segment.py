"""Segmentation, and the chance of a segment under noise against the simulated maximum of the scan."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from genostab.karyotype.segment import break_penalty, breaks_of, clipped, merge_alike, summarise_segments
from genostab.karyotype.significance import (
    scan_p_value,
    scan_threshold,
    standard_error,
    student_p_value,
    student_quantile,
)
from tests.domain.karyotype_data import SETTINGS, profile_of, toy_genome

GENOME = toy_genome(4)
WIDTH = 500_000
N = 6 * 200
MANY = 1e6


def noise(seed: int, sd: float = 0.1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sd, N)


def test_threshold_is_where_the_chance_is_alpha() -> None:
    n_bins = np.array([3.0, 30.0, 300.0, 3000.0])
    for df in (2.0, 5.0, 30.0, MANY):
        z = scan_threshold(n_bins, 50_000, np.full(4, df), 0.005)
        assert scan_p_value(z, n_bins, 50_000, np.full(4, df)) == pytest.approx(np.full(4, 0.005), rel=1e-6)
        assert (np.diff(z) < 0).all()


def test_chance_falls_with_deviation_and_rises_with_doubt() -> None:
    z = np.linspace(0, 12, 200)
    sure = scan_p_value(z, np.full(200, 10.0), 10_000, np.full(200, MANY))
    unsure = scan_p_value(z, np.full(200, 10.0), 10_000, np.full(200, 8.0))
    assert (np.diff(sure) <= 0).all()
    assert (unsure >= sure).all()
    assert scan_p_value(-z, np.full(200, 10.0), 10_000, np.full(200, MANY)) == pytest.approx(sure)


@pytest.mark.parametrize("shortest", [10, 40])
def test_scan_bounds_the_simulated_maximum(shortest: int) -> None:
    """Largest |z| of all segments of at least so many of 2,000 white bins: never more often than the formula says."""
    rng = np.random.default_rng(shortest)
    n, lengths = 2000, np.unique(np.round(shortest * 1.15 ** np.arange(20)).astype(int))
    largest = []
    for _ in range(600):
        total = np.concatenate(([0.0], np.cumsum(rng.normal(size=n))))
        largest.append(
            max(np.abs(total[k:] - total[:-k]).max() / np.sqrt(k) for k in lengths[lengths < n // 2])
        )
    for alpha in (0.2, 0.05):
        z = scan_threshold(np.array([float(shortest)]), n, np.array([MANY]), alpha)[0]
        exceeded = int((np.array(largest) > z).sum())
        assert stats.binomtest(exceeded, 600, alpha, alternative="greater").pvalue > 0.01
        # And not idle: a threshold for a tenth of the chance would be passed more often than that.
        strict = scan_threshold(np.array([float(shortest)]), n, np.array([MANY]), 20 * alpha)[0]
        assert (np.array(largest) > strict).mean() > alpha


def test_student_tails_are_those_of_the_tables() -> None:
    # t(0.975; 10) = 2.228, t(0.995; 30) = 2.750.
    assert student_quantile(0.025, np.array([10.0]))[0] == pytest.approx(2.228, abs=5e-4)
    assert student_p_value(np.array([2.750, -2.750]), np.array([30.0, 30.0])) == pytest.approx(0.01, abs=1e-5)


def test_standard_error_adds_waves_by_class_and_scale() -> None:
    profile = profile_of(GENOME, WIDTH, np.zeros(N))
    object.__setattr__(profile, "wave_bins", np.array([4, 16]))
    object.__setattr__(profile, "wave_sd_log2", np.array([[0.04, 0.03], [0.4, 0.3]]))
    object.__setattr__(profile, "wave_df", np.array([[50.0, 10.0], [5.0, 4.0]]))
    se, df = standard_error(profile, np.array([0.04, 0.03]), np.array([16.0, 4.0]), np.array([True, False]))
    assert se == pytest.approx([0.05, np.hypot(0.03, 0.4)])
    assert df == pytest.approx([10.0, 5.0])


def test_breaks_are_where_the_mean_changes_and_never_only_at_centromeres() -> None:
    ratio = noise(2)
    ratio[250:270] += 1.0
    profile = profile_of(GENOME, WIDTH, ratio)
    assert breaks_of(profile, GENOME, SETTINGS).tolist() == [250, 270]
    # All of chromosome 2 up, from its first bin to its last: arms are searched apart, so no break is inside one.
    whole = noise(2)
    whole[200:400] += 1.0
    assert breaks_of(profile_of(GENOME, WIDTH, whole), GENOME, SETTINGS).size == 0


def test_penalty_lets_noise_break_as_often_as_the_settings_say() -> None:
    # Half of genomes at most may have a break by noise.
    broken = sum(breaks_of(profile_of(GENOME, WIDTH, noise(s)), GENOME, SETTINGS).size > 0 for s in range(60))
    assert stats.binomtest(broken, 60, SETTINGS.break_family_wise_error, alternative="greater").pvalue > 0.01
    assert break_penalty(100_000, SETTINGS) > break_penalty(1000, SETTINGS) > 5


def test_outliers_are_drawn_in_and_runs_of_three_are_not() -> None:
    ratio = np.zeros(N)
    # Bins 80, 200 and 280 begin an arm, 199 ends one.
    ratio[20], ratio[50:52], ratio[100:103] = -9.0, 5.0, -7.0
    ratio[80], ratio[198:200], ratio[200:203], ratio[280:282] = -8.0, 6.0, -6.0, 9.0
    values = clipped(profile_of(GENOME, WIDTH, ratio), GENOME, SETTINGS)
    reach = SETTINGS.clip_sd * 0.1
    assert values[20] == pytest.approx(-reach)
    assert values[50:52] == pytest.approx([reach, reach])
    assert values[100:103] == pytest.approx([-7.0] * 3)
    assert values[[80, 198, 199, 280, 281]] == pytest.approx([-reach, reach, reach, reach, reach])
    assert values[200:203] == pytest.approx([-6.0] * 3)
    touched = [20, 50, 51, 80, 100, 101, 102, 198, 199, 200, 201, 202, 280, 281]
    assert (np.delete(values, touched) == 0).all()


def test_summary_is_the_weighted_mean() -> None:
    profile = profile_of(GENOME, WIDTH, noise(3))
    object.__setattr__(profile, "sd_log2", np.random.default_rng(4).uniform(0.05, 0.2, N))
    segments = summarise_segments(profile, np.array([0, 200]), np.array([130, 260]))
    for i, (a, b) in enumerate(((0, 130), (200, 260))):
        weights = profile.sd_log2[a:b] ** -2
        assert segments.mean_log2[i] == pytest.approx(np.average(profile.ratio_log2[a:b], weights=weights))
        assert segments.se_log2[i] == pytest.approx(weights.sum() ** -0.5)
    assert segments.start.tolist() == [0, 0]
    assert segments.end.tolist() == [130 * WIDTH, 60 * WIDTH]
    assert segments.chrom.tolist() == [0, 1]


def merged_afresh(profile: object, breaks: list[int]) -> list[int]:
    """The same joining, everything computed anew at each join."""
    edges = sorted({0, 80, 200, 280, 400, 480, 600, 680, 800, 880, 1000, 1080, *breaks, N})
    while True:
        best, at = SETTINGS.same_state_z, None
        for i in range(1, len(edges) - 1):
            a, b, c = edges[i - 1 : i + 2]
            if profile.chrom[a] != profile.chrom[b]:
                continue
            left, right = profile.ratio_log2[a:b], profile.ratio_log2[b:c]
            joint = profile.ratio_log2[a:c]
            scatter = np.sqrt(np.median(np.diff(joint) ** 2) / 2 / 0.01 / 0.4549364) if c - a >= 8 else 1.0
            se = 0.1 * np.sqrt(1 / (b - a) + 1 / (c - b)) * max(1.0, scatter)
            if abs(left.mean() - right.mean()) / se < best:
                best, at = abs(left.mean() - right.mean()) / se, i
        if at is None:
            return edges
        del edges[at]


def test_joining_step_by_step_equals_joining_afresh() -> None:
    rng = np.random.default_rng(5)
    for seed in range(5):
        ratio = noise(10 + seed) + np.repeat(rng.normal(0, 0.15, 24), 50)
        profile = profile_of(GENOME, WIDTH, ratio)
        breaks = np.unique(rng.integers(1, N, 90))
        merged = merge_alike(profile, breaks, GENOME, SETTINGS)
        assert [*merged.first.tolist(), N] == merged_afresh(profile, breaks.tolist())


def test_a_scattered_deletion_is_one_segment() -> None:
    rng = np.random.default_rng(6)
    ratio = noise(7)
    ratio[250:300] += -1.0 + rng.normal(0, 0.15, 50)
    ratio[270:280] += 0.1
    profile = profile_of(GENOME, WIDTH, ratio)
    merged = merge_alike(profile, breaks_of(profile, GENOME, SETTINGS), GENOME, SETTINGS)
    deep = [(a, b) for a, b, m in zip(merged.first, merged.last, merged.mean_log2, strict=True) if m < -0.5]
    assert deep == [(250, 300)]
