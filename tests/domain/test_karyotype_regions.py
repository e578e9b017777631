"""Chromosomes, arms and intervals of a profile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genostab.karyotype.regions import arm_of, bin_spacing_bp, bins_between, whole_regions
from tests.domain.karyotype_data import profile_of, toy_bins, toy_genome

GENOME = toy_genome(2)
PROFILE = profile_of(GENOME, 1_000_000, np.zeros(400))


def test_chromosomes_then_arms() -> None:
    regions = whole_regions(PROFILE, GENOME, 3)
    assert [r.name for r in regions] == [
        *("1", "2", "X", "Y"),
        *("1p", "1q", "2p", "2q", "Xp", "Xq", "Yp", "Yq"),
    ]
    by_name = {r.name: r for r in regions}
    assert (by_name["2"].first, by_name["2"].last) == (100, 200)
    # Bins in the centromere (40 to 42 Mb) belong to no arm.
    assert (by_name["2p"].first, by_name["2p"].last) == (100, 140)
    assert (by_name["2q"].first, by_name["2q"].last) == (142, 200)
    assert (by_name["2q"].start, by_name["2q"].end) == (42_000_000, 100_000_000)


def test_too_few_bins_are_no_region_and_no_centromere_gives_no_arm() -> None:
    assert [r.name for r in whole_regions(PROFILE, GENOME, 50)] == [
        *("1", "2", "X", "Y"),
        *("1q", "2q", "Xq", "Yq"),
    ]
    bare = replace(GENOME, centromere_start=np.full(4, -1), centromere_end=np.full(4, -1))
    assert [r.name for r in whole_regions(PROFILE, bare, 3)] == ["1", "2", "X", "Y"]
    assert arm_of(PROFILE.chrom, PROFILE.start, bare).tolist() == np.repeat([0, 2, 4, 6], 100).tolist()


def test_arms_are_numbered_along_the_genome() -> None:
    arm = arm_of(PROFILE.chrom, PROFILE.start, GENOME)
    assert arm.tolist() == np.repeat([0, 1, 2, 3, 4, 5, 6, 7], [40, 60] * 4).tolist()


def test_an_interval_holds_the_bins_whose_middle_it_holds() -> None:
    assert bins_between(PROFILE, 1, 10_500_000, 20_500_000) == (110, 120)
    assert bins_between(PROFILE, 1, 10_500_001, 20_500_001) == (111, 121)
    assert bins_between(PROFILE, 3, 0, 100_000_000) == (300, 400)
    assert bins_between(PROFILE, 0, 5_600_000, 6_400_000) == (6, 6)


def test_spacing_counts_what_the_masks_took_out() -> None:
    everything = np.ones(400, dtype=bool)
    assert bin_spacing_bp(PROFILE, everything) == 1_000_000
    assert bin_spacing_bp(PROFILE, np.arange(400) % 2 == 0) == 2_000_000
    assert bin_spacing_bp(PROFILE, np.arange(400) == 7) == float("inf")


@pytest.mark.parametrize("width", [500_000, 3_000_000])
def test_every_bin_is_in_one_arm(width: int) -> None:
    bins = toy_bins(GENOME, width)
    arm = arm_of(bins.chrom, bins.start, GENOME)
    assert (np.diff(arm) >= 0).all()
    assert (arm // 2 == bins.chrom).all()
