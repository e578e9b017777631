"""Segmentation, and the chance of a segment under noise against the simulated maximum of the scan."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from genostab.karyotype.segment import (
    break_penalty,
    breaks_of,
    clipped,
    merge_alike,
    summarise_segments,
    weak_breaks,
)
from genostab.karyotype.significance import (
    Search,
    Tail,
    family_p_value,
    family_threshold,
    overshoot,
    scan_p_value,
    scan_threshold,
    search_of,
    standard_error,
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
    search = Search(n_bins=50_000, shortest=3, longest=3000)
    for df in (2.0, 5.0, 30.0, MANY):
        z = scan_threshold(n_bins, search, np.full(4, df), 0.005)
        assert scan_p_value(z, n_bins, search, np.full(4, df)) == pytest.approx(np.full(4, 0.005), rel=1e-6)
    # Long intervals have fewer places.
    assert z[1] > z[2] > z[3]


def test_chance_falls_with_deviation_and_rises_with_doubt() -> None:
    z = np.linspace(0, 12, 200)
    search = Search(n_bins=10_000, shortest=3, longest=400)
    sure = scan_p_value(z, np.full(200, 10.0), search, np.full(200, MANY))
    unsure = scan_p_value(z, np.full(200, 10.0), search, np.full(200, 8.0))
    assert (np.diff(sure) <= 0).all()
    # A noise that may be smaller than estimated makes large deviations likelier, and small ones less certain.
    assert (unsure[sure < 0.02] >= sure[sure < 0.02]).all()
    assert scan_p_value(-z, np.full(200, 10.0), search, np.full(200, MANY)) == pytest.approx(sure)


def test_overshoot_is_the_series_within_two_percent() -> None:
    # nu(x) = 2 / x^2 exp(-2 sum of Phi(-x sqrt(n) / 2) / n), Siegmund 1985, eq. 4.37, summed to n = 2,000,000.
    exact = {0.25: 0.864507, 0.5: 0.747615, 1.0: 0.560370, 2.0: 0.320435, 3.46: 0.152391}
    assert overshoot(np.array(list(exact))) == pytest.approx(list(exact.values()), rel=0.025)


@pytest.mark.parametrize(("shortest", "longest"), [(3, 2000), (20, 500)])
def test_scan_holds_its_chance_over_all_lengths(shortest: int, longest: int) -> None:
    """Whether any interval of 2,000 white bins, of any length of the search, passes: as often as alpha says."""
    rng = np.random.default_rng(shortest)
    n, n_runs = 2000, 800
    search = Search(n_bins=n, shortest=shortest, longest=longest)
    lengths = np.unique(np.round(shortest * 1.06 ** np.arange(200)).astype(int))
    lengths = lengths[lengths <= longest]
    alphas = (0.2, 0.05)
    asked = {
        alpha: scan_threshold(lengths.astype(float), search, np.full(lengths.size, MANY), alpha)
        for alpha in alphas
    }
    passed = dict.fromkeys(alphas, 0)
    for _ in range(n_runs):
        total = np.concatenate(([0.0], np.cumsum(rng.normal(size=n))))
        largest = np.array([np.abs(total[k:] - total[:-k]).max() / np.sqrt(k) for k in lengths])
        for alpha in alphas:
            passed[alpha] += bool((largest > asked[alpha]).any())
    for alpha in alphas:
        # No more often than it says, and not idle: at least a third as often.
        assert stats.binomtest(passed[alpha], n_runs, alpha, alternative="greater").pvalue > 0.005
        assert stats.binomtest(passed[alpha], n_runs, alpha / 3, alternative="less").pvalue > 0.005


def test_family_chance_is_bonferronis_where_the_noise_is_known() -> None:
    z = np.array([1.0, 3.0, 4.5])
    assert family_p_value(z, np.full(3, 50.0), 70, Tail(), np.full(3, 1e8)) == pytest.approx(
        np.minimum(1.0, 140 * stats.norm.sf(z)), rel=1e-3
    )
    assert family_threshold(np.array([50.0]), 1, Tail(), np.array([1e8]), 0.05) == pytest.approx(
        [1.959964], rel=1e-4
    )
    # One test alone: Student's t, t(0.975; 10) = 2.228.
    assert family_threshold(np.array([50.0]), 1, Tail(), np.array([10.0]), 0.05) == pytest.approx(
        [2.228], rel=1e-3
    )


def test_family_chance_with_one_estimate_of_noise_for_all() -> None:
    rng = np.random.default_rng(12)
    n_tests, df, n_runs = 65, 12, 60_000
    means = np.abs(rng.normal(size=(n_runs, n_tests))).max(axis=1)
    largest = means / np.sqrt(rng.chisquare(df, n_runs) / df)
    for alpha in (0.05, 0.005):
        passed = (
            largest > family_threshold(np.array([50.0]), n_tests, Tail(), np.array([float(df)]), alpha)
        ).mean()
        assert 0.8 * alpha < passed < 1.1 * alpha


def test_student_quantile_is_that_of_the_tables() -> None:
    # t(0.975; 10) = 2.228.
    assert student_quantile(0.025, np.array([10.0]))[0] == pytest.approx(2.228, abs=5e-4)


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
    # Strong segments are rare in noise, and candidates are as frequent as the settings say.
    none = np.empty(0, dtype=np.int64)
    quiet = [profile_of(GENOME, WIDTH, noise(seed)) for seed in range(60)]
    strong = sum(breaks_of(profile, GENOME, SETTINGS).size > 0 for profile in quiet)
    weak = sum(weak_breaks(profile, none, GENOME, SETTINGS).size > 0 for profile in quiet)
    # A step that reaches the end of an arm pays once, so that strong ones are more than the chance of a call.
    assert stats.binomtest(strong, 60, 0.1, alternative="greater").pvalue > 0.01
    assert stats.binomtest(weak, 60, SETTINGS.break_family_wise_error, alternative="greater").pvalue > 0.01
    few, many = (Search(n_bins=n, shortest=3, longest=100) for n in (1000, 100_000))
    assert break_penalty(many, SETTINGS) > break_penalty(few, SETTINGS) > 5


def test_search_is_of_every_interval_of_an_arm() -> None:
    assert search_of(profile_of(GENOME, WIDTH, np.zeros(N)), GENOME, SETTINGS) == Search(
        n_bins=N, shortest=SETTINGS.min_bins, longest=120
    )


def test_a_weak_interval_is_found_that_two_breaks_would_cost_too_much() -> None:
    # 40 bins of height 0.07 deviate by z = 4.4: more than one search asks of 40 bins, less than two breaks cost.
    ratio = noise(2)
    ratio[300:340] += 0.07 - ratio[300:340].mean()
    profile = profile_of(GENOME, WIDTH, ratio)
    assert breaks_of(profile, GENOME, SETTINGS).size == 0
    first, last = weak_breaks(profile, np.empty(0, np.int64), GENOME, SETTINGS)
    assert min(last, 340) - max(first, 300) >= 0.5 * max(last - first, 40)


def test_a_weak_interval_inside_a_changed_segment_is_found_against_that_segment() -> None:
    ratio = noise(3)
    ratio[200:400] += 0.5
    ratio[300:340] += 0.16
    found = weak_breaks(profile_of(GENOME, WIDTH, ratio), np.array([200]), GENOME, SETTINGS)
    assert any(abs(found - 300) <= 6)
    assert any(abs(found - 340) <= 6)
    assert 200 in found


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
