"""Changes found in profiles whose noise and events are set by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from genostab.arrays import Profile
from genostab.karyotype.change import Change, find_changes
from tests.domain.karyotype_data import SETTINGS, profile_of, toy_genome

GENOME = toy_genome()
WIDTH = 500_000
PER_CHROM = 200
N = 24 * PER_CHROM


def noisy(seed: int = 1, sd: float = 0.1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sd, N)


def with_event(chrom: int, first: int, last: int, shift: float, seed: int = 1) -> np.ndarray:
    ratio = noisy(seed)
    ratio[chrom * PER_CHROM + first : chrom * PER_CHROM + last] += shift
    return ratio


def significant(ratio: np.ndarray, sex_sd: float = 0.0, **facts: float) -> list[Change]:
    profile = profile_of(GENOME, WIDTH, ratio, **facts)
    found = find_changes(profile, GENOME, SETTINGS, sex_sd)
    return [change for change in found.changes if change.is_significant]


def test_white_noise_has_no_change() -> None:
    assert significant(noisy()) == []


def test_a_segment_where_it_is() -> None:
    (change,) = significant(with_event(3, 50, 70, -0.5))
    assert (change.chrom, change.first, change.last) == (3, 650, 670)
    assert (change.start, change.end) == (25_000_000, 35_000_000)
    assert change.mean_log2 == pytest.approx(-0.5, abs=5 * 0.1 / math.sqrt(20))
    assert change.is_segment


def test_a_whole_chromosome_is_one_call_over_all_of_it() -> None:
    (change,) = significant(with_event(11, 0, 200, 0.14))
    assert (change.chrom, change.start, change.end) == (11, 0, 100_000_000)


def test_an_arm_is_one_call_over_the_arm() -> None:
    (change,) = significant(with_event(11, 84, 200, 0.14))
    assert (change.chrom, change.end) == (11, 100_000_000)
    assert abs(change.start - 42_000_000) <= 2_000_000


def test_two_unlike_arms_are_two_calls() -> None:
    ratio = with_event(5, 0, 82, 0.3)
    ratio[5 * PER_CHROM + 82 : 6 * PER_CHROM] += 0.12
    found = significant(ratio)
    assert [c.chrom for c in found] == [5, 5]
    assert found[0].start == 0
    assert abs(found[1].start - 41_000_000) <= 2_000_000
    assert found[0].mean_log2 > found[1].mean_log2 + 0.1


def test_parts_of_a_weak_whole_change_are_not_counted_twice() -> None:
    # A segment that deviates like the arm around it belongs to the arm's call.
    for seed in range(6):
        found = significant(with_event(7, 0, 200, 0.07, seed))
        assert len(found) <= 1
        assert all(change.chrom == 7 for change in found)


def test_a_large_change_does_not_move_the_centre() -> None:
    ratio = noisy(2)
    for chrom in (0, 1, 2, 3, 4, 5):
        ratio[chrom * PER_CHROM : (chrom + 1) * PER_CHROM] += 0.3
    found = find_changes(profile_of(GENOME, WIDTH, ratio), GENOME, SETTINGS, 0.0)
    assert [c.chrom for c in found.changes if c.is_significant] == [0, 1, 2, 3, 4, 5]
    quiet = found.profile.ratio_log2[6 * PER_CHROM : 22 * PER_CHROM]
    assert quiet.mean() == pytest.approx(0.0, abs=3 * 0.1 / math.sqrt(quiet.size))


def test_a_rearranged_genome_is_not_taken_for_noise() -> None:
    # Two in three arms off by one of three levels: the third that is left is the centre and the noise.
    rng = np.random.default_rng(3)
    ratio = noisy(3)
    level = rng.choice([-0.4, 0.0, 0.3], size=44)
    level[:15] = 0.0
    for i, value in enumerate(level):
        chrom, arm = divmod(i, 2)
        a, b = (0, 82) if arm == 0 else (82, 200)
        ratio[chrom * PER_CHROM + a : chrom * PER_CHROM + b] += value
    found = significant(ratio)
    covered = np.zeros(N, dtype=bool)
    for change in found:
        covered[change.first : change.last] = True
    for i, value in enumerate(level):
        chrom, arm = divmod(i, 2)
        a, b = (0, 80) if arm == 0 else (84, 200)
        share = covered[chrom * PER_CHROM + a : chrom * PER_CHROM + b].mean()
        assert share == pytest.approx(float(value != 0.0), abs=0.1)


def test_waves_widen_the_noise_until_it_holds_them() -> None:
    # A bump of 40 bins every 80: nothing in one profile tells it from a library's wave.
    wave = 0.15 * np.sin(np.arange(N) * 2 * np.pi / 80)
    found = find_changes(profile_of(GENOME, WIDTH, noisy(4) + wave), GENOME, SETTINGS, 0.0)
    assert not any(change.is_significant for change in found.changes)
    at_16 = found.profile.wave_sd_log2[0][found.profile.wave_bins == 16][0]
    assert at_16 == pytest.approx(0.15 / math.sqrt(2), rel=0.15)


def test_a_single_outlier_is_no_change() -> None:
    ratio = noisy(5)
    ratio[100], ratio[1000], ratio[2050] = -10.0, 6.0, -25.0
    found = find_changes(profile_of(GENOME, WIDTH, ratio), GENOME, SETTINGS, 0.0)
    assert not any(change.is_significant for change in found.changes)
    assert found.profile.ratio_log2[2050] == pytest.approx(-25.0, abs=0.05)  # shown as it is


def test_two_bins_are_listed_and_not_called_and_three_are() -> None:
    two = find_changes(profile_of(GENOME, WIDTH, with_event(3, 50, 52, -3.0)), GENOME, SETTINGS, 0.0)
    assert (650, 652, False) in [(c.first, c.last, c.is_significant) for c in two.changes]
    assert not any(change.is_significant for change in two.changes)
    three = significant(with_event(3, 50, 53, -3.0))
    assert [(c.first, c.last) for c in three] == [(650, 653)]


def test_x_and_y_need_more_where_their_level_is_uncertain() -> None:
    ratio = with_event(22, 0, 200, -0.2)
    assert [c.chrom for c in significant(ratio, 0.0)] == [22]
    assert significant(ratio, 0.07) == []
    assert [c.chrom for c in significant(with_event(22, 0, 200, -1.0), 0.07)] == [22]
    assert significant(with_event(22, 0, 200, -1.0), math.inf) == []


def test_q_values_are_those_of_benjamini_and_hochberg() -> None:
    found = find_changes(profile_of(GENOME, WIDTH, with_event(3, 50, 70, -0.5)), GENOME, SETTINGS, 0.0)
    for change, q in zip(found.changes, found.q_values, strict=True):
        assert change.p_value <= q <= 1.0
    assert min(found.q_values) < 1e-9


def test_order_of_magnitude_of_the_chance_is_scale_free() -> None:
    ratio = with_event(3, 50, 70, -0.2)
    small = significant(ratio)
    large = significant(10 * ratio, sd=1.0)
    assert [(c.first, c.last) for c in small] == [(c.first, c.last) for c in large]
    assert small[0].score == pytest.approx(large[0].score, rel=1e-6)


def test_a_few_chromosomes_are_compared_with_all_their_noise() -> None:
    # One arm of four off: a wave of the library as likely as a change. What is local is still seen.
    two = toy_genome(2)
    ratio = np.random.default_rng(6).normal(0, 0.1, 4000)
    ratio[:400] += 0.12
    found = find_changes(profile_of(two, 100_000, ratio), two, SETTINGS, math.inf)
    assert not any(change.is_significant for change in found.changes)
    ratio[1500:1520] -= 1.0
    found = find_changes(profile_of(two, 100_000, ratio), two, SETTINGS, math.inf)
    assert [(c.first, c.last) for c in found.changes if c.is_significant] == [(1500, 1520)]


def test_a_weak_whole_loss_keeps_its_strong_part_and_not_its_hole() -> None:
    """Noise that alternates, so that means are exact: 90 bins at -0.08, a hole of 5, the rest at -0.04."""
    ratio = 0.1 * np.tile([1.0, -1.0], N // 2)
    first = 6 * PER_CHROM
    ratio[first : first + 90] -= 0.08
    ratio[first + 90 : first + 95] -= 1.0
    ratio[first + 95 : first + PER_CHROM] -= 0.04
    whole, hole = significant(ratio)
    assert (whole.chrom, whole.start, whole.end, whole.is_segment) == (6, 0, 100_000_000, False)
    assert whole.mean_log2 == pytest.approx(-(90 * 0.08 + 105 * 0.04) / 195, abs=2e-3)
    # 24 chromosomes and 48 arms are tested, two-sided.
    # 72 regions judged by one noise, whose true variance is its estimate times chi-square over its degrees of freedom.
    s2 = np.linspace(1e-4, 4, 400_000)
    density = stats.chi2.pdf(s2 * whole.df, whole.df) * whole.df
    chance = np.minimum(1.0, 2 * 72 * stats.norm.sf(whole.score * np.sqrt(s2)))
    expected = np.trapezoid(density * chance, s2)
    assert whole.p_value == pytest.approx(expected, rel=0.02)
    assert (hole.first, hole.last) == (first + 90, first + 95)


@pytest.mark.parametrize("only", ["chrX", "chr1"])
def test_one_chromosome_by_itself(only: str) -> None:
    profile = profile_of(GENOME, WIDTH, noisy(7))
    keep = profile.chrom == GENOME.names.index(only)
    per_bin = ("chrom", "start", "end", "ratio_log2", "sd_log2", "ploidy", "autosome")
    part: Profile = replace(profile, **{name: getattr(profile, name)[keep] for name in per_bin})
    found = find_changes(part, GENOME, SETTINGS, 0.0)
    assert not any(change.is_significant for change in found.changes)
    assert found.segments.last[-1] == PER_CHROM
