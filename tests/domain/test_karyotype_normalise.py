"""Profiles from counts, depth and ratios whose truth is set by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genostab.errors import InputError
from genostab.karyotype.normalise import (
    check_same_bins,
    profile_alone,
    profile_from_ratios,
    profile_paired,
)
from tests.domain.karyotype_data import SETTINGS, toy_bins, toy_genome

GENOME = toy_genome()
WIDTH = 500_000
BINS = toy_bins(GENOME, WIDTH)
ON = {name: BINS.chrom == index for index, name in enumerate(GENOME.names)}


def with_reads(reads: np.ndarray) -> object:
    return replace(BINS, n_reads=np.asarray(reads, dtype=np.float64))


def test_counts_alone_show_copies_against_the_autosomes() -> None:
    copies = np.where(ON["chrX"] | ON["chrY"], 1.0, np.where(ON["chr5"], 3.0, 2.0))
    profile = profile_alone(with_reads(1000 * copies), GENOME, "male", SETTINGS, is_counts=True)
    found = {
        name: float(np.median(profile.ratio_log2[profile.chrom == index]))
        for index, name in enumerate(GENOME.names)
    }
    assert found.pop("chr5") == pytest.approx(np.log2(1.5), abs=1e-3)
    # One X in a male is as expected; half a read more shows in the fourth decimal.
    assert list(found.values()) == pytest.approx([0.0] * 23, abs=1e-3)


def test_half_a_read_takes_the_bias_out_of_low_counts() -> None:
    fine = toy_bins(GENOME, 10_000)
    rng = np.random.default_rng(2)
    reads = rng.poisson(np.where(fine.chrom == 4, 20.0, 40.0)).astype(float)
    profile = profile_alone(replace(fine, n_reads=reads), GENOME, "unknown", SETTINGS, is_counts=True)
    lost = profile.ratio_log2[profile.chrom == 4].mean() - profile.ratio_log2[profile.chrom != 4].mean()
    # 10,000 bins of sd 0.33: standard error 0.003; the mean of log2(n) is 0.72 / n too low, here by 0.018.
    assert lost == pytest.approx(-1.0, abs=0.008)


def test_counting_noise_is_poisson() -> None:
    reads = np.random.default_rng(3).poisson(400.0, BINS.chrom.size)
    profile = profile_alone(with_reads(reads), GENOME, "female", SETTINGS, is_counts=True)
    assert np.median(profile.sd_log2) == pytest.approx(1 / np.log(2) / 20, rel=0.05)


def test_a_shorter_last_bin_counts_by_its_width() -> None:
    genome = toy_genome(length_bp=99_750_000)
    bins = toy_bins(genome, WIDTH)
    width = bins.end - bins.start
    assert (width == 250_000).sum() == 24
    reads = 2000.0 * width / WIDTH
    profile = profile_alone(replace(bins, n_reads=reads), genome, "unknown", SETTINGS, is_counts=True)
    assert profile.ratio_log2 == pytest.approx(np.zeros(profile.chrom.size), abs=1e-3)


def test_reads_that_fit_elsewhere_do_not_pass_for_a_loss() -> None:
    lost = np.where(ON["chr3"], 0.3, 0.0)
    bins = replace(BINS, n_reads=1000.0 * (1 - lost), mapq0_fraction=lost)
    profile = profile_alone(bins, GENOME, "unknown", SETTINGS, is_counts=True)
    assert profile.ratio_log2 == pytest.approx(np.zeros(profile.chrom.size), abs=2e-3)


@pytest.mark.parametrize("scale", [1e-4, 0.05, 1.0, 3000.0])
def test_depth_has_no_unit(scale: float) -> None:
    # A mean depth of 0.05 holds as much as one of 30: nothing in it is a count.
    depth = scale * np.where(ON["chr5"], 1.3, 1.0)
    profile = profile_alone(with_reads(depth), GENOME, "unknown", SETTINGS, is_counts=False)
    assert np.unique(np.round(profile.ratio_log2, 9)) == pytest.approx([0.0, np.log2(1.3)])


def test_zero_depth_against_a_parent_is_a_finite_loss() -> None:
    depth = np.full(BINS.chrom.size, 0.2)
    lot = np.where(ON["chr9"], 0.0, depth)
    profile = profile_paired(with_reads(lot), with_reads(depth), GENOME, "unknown", SETTINGS, is_counts=False)
    lost = profile.ratio_log2[profile.chrom == 8]
    assert lost == pytest.approx(np.full(200, np.log2(SETTINGS.least_depth_share)))


def test_a_missing_depth_is_left_out() -> None:
    depth = np.full(BINS.chrom.size, 0.2)
    lot = depth.copy()
    lot[:5] = np.nan
    profile = profile_paired(with_reads(lot), with_reads(depth), GENOME, "unknown", SETTINGS, is_counts=False)
    assert (profile.chrom[0], profile.start[0]) == (0, 5 * WIDTH)
    assert np.isfinite(profile.ratio_log2).all()


def test_a_parent_takes_out_what_both_share() -> None:
    rng = np.random.default_rng(4)
    shared = np.exp2(rng.normal(0, 0.4, BINS.chrom.size))
    change = np.where(ON["chr12"], 1.1, 1.0)
    profile = profile_paired(
        with_reads(1e5 * shared * change), with_reads(1e5 * shared), GENOME, "unknown", SETTINGS,
        is_counts=True,
    )  # fmt: skip
    assert profile.ratio_log2[profile.chrom == 11] == pytest.approx(np.full(200, np.log2(1.1)), abs=1e-4)
    assert profile.ratio_log2[profile.chrom != 11] == pytest.approx(0.0, abs=1e-4)


def test_ratios_of_a_male_are_moved_to_one_x() -> None:
    ratio = np.where(ON["chrX"], -1.0, np.where(ON["chrY"], -1.0, 0.0))
    profile = profile_from_ratios(replace(BINS, ratio_log2=ratio), None, GENOME, "male", SETTINGS)
    assert profile.ratio_log2 == pytest.approx(np.zeros(BINS.chrom.size))
    assert set(profile.ploidy[~profile.autosome]) == {1}


def test_ratios_keep_stand_ins_and_weights_out() -> None:
    ratio = np.random.default_rng(5).normal(0, 0.1, BINS.chrom.size)
    ratio[10], ratio[11] = np.nan, -26.0
    weight = np.ones(ratio.size)
    weight[12], weight[13:2000] = 0.0, 0.25
    profile = profile_from_ratios(
        replace(BINS, ratio_log2=ratio, weight=weight), None, GENOME, "unknown", SETTINGS
    )
    # Y is not expected of an unknown sex: 200 bins; three more are unusable.
    assert profile.chrom.size == BINS.chrom.size - 200 - 3
    light, heavy = profile.sd_log2[100], profile.sd_log2[3000]
    assert light == pytest.approx(2 * heavy, rel=1e-6)


def test_ratios_of_lot_and_parent_subtract() -> None:
    rng = np.random.default_rng(6)
    parent = rng.normal(0, 0.3, BINS.chrom.size)
    lot = parent + np.where(ON["chr2"], 0.2, 0.0)
    profile = profile_from_ratios(
        replace(BINS, ratio_log2=lot), replace(BINS, ratio_log2=parent), GENOME, "male", SETTINGS
    )
    assert profile.ratio_log2 == pytest.approx(np.where(profile.chrom == 1, 0.2, 0.0))


def test_other_bins_are_refused() -> None:
    other = replace(BINS, start=BINS.start + 1)
    for parent in (other, toy_bins(GENOME, 2 * WIDTH)):
        with pytest.raises(InputError) as caught:
            check_same_bins(BINS, parent)
        assert caught.value.code == "GS-2203"
    check_same_bins(BINS, BINS)


def test_too_few_usable_bins_are_refused() -> None:
    reads = np.zeros(BINS.chrom.size)
    reads[: SETTINGS.min_usable_bins - 1] = 100
    with pytest.raises(InputError, match="too few usable bins") as caught:
        profile_alone(with_reads(reads), GENOME, "female", SETTINGS, is_counts=True)
    assert (caught.value.code, caught.value.found) == ("GS-2104", "9 of 4800 bins")


def test_repeats_counted_by_the_same_reads_do_not_take_a_gain_away() -> None:
    # 100 unique reads a bin, a tenth more on chr12, of uneven yield, and 20 of repeats elsewhere: the share of the
    # repeats is low where the yield is high, and must not be taken as what explains it.
    rng = np.random.default_rng(11)
    fine = toy_bins(GENOME, 200_000)
    more = np.where(fine.chrom == 11, 1.1, 1.0)
    unique = rng.poisson(100.0 * more * np.exp2(rng.normal(0.0, 0.3, more.size))).astype(float)
    repeated = rng.poisson(20.0, more.size)
    bins = replace(
        fine,
        n_reads=unique,
        mapq0_fraction=repeated / (unique + repeated),
        gc_fraction=rng.normal(0.41, 0.03, unique.size),
    )
    profile = profile_alone(bins, GENOME, "unknown", SETTINGS, is_counts=True)
    on = [np.median(profile.ratio_log2[chosen]) for chosen in (profile.chrom == 11, profile.chrom < 11)]
    # 500 bins of sd 0.28: standard error 0.016.
    assert on[0] - on[1] == pytest.approx(np.log2(130 / 120), abs=0.04)
