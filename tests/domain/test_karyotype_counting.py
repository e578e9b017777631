"""Counts by size: what the classes share, and what they show."""

from __future__ import annotations

import numpy as np
import pytest

from genostab.arrays import Profile
from genostab.karyotype.counting import count_by_size
from genostab.karyotype.sensitivity import depth_sensitivity
from tests.domain.karyotype_data import SETTINGS, profile_of, toy_bins, toy_genome

GENOME = toy_genome()


def noise(seed: int) -> Profile:
    """Bins of 100 kb of a female."""
    n = toy_bins(GENOME, 100_000).chrom.size
    return profile_of(GENOME, 100_000, np.random.default_rng(seed).normal(0, 0.1, n))


def test_the_classes_share_the_family_wise_error() -> None:
    profile = noise(1)
    classes = count_by_size(profile, GENOME, SETTINGS)
    total = sum(each.expected_false for each in classes)
    # Bins of 100 kb in arms of 58 Mb: lengths of 3 to 580 bins, 300 kb to 58 Mb, all of which lie in some class.
    assert total == pytest.approx(SETTINGS.family_wise_error, rel=1e-9)
    by_low = {each.low_bp: each for each in classes}
    assert by_low[10_000].expected_false == by_low[30_000].expected_false == 0.0
    share = np.log(1_000_000 / 300_000) / np.log(580 / 3)
    assert by_low[300_000].expected_false == pytest.approx(SETTINGS.family_wise_error / 2 * share, rel=0.01)


def test_too_few_bins_show_nothing() -> None:
    profile = noise(2)
    by_low = {each.low_bp: each for each in count_by_size(profile, GENOME, SETTINGS)}
    assert by_low[100_000].gain is None
    assert by_low[100_000].n_bins == pytest.approx(1.0)
    rows = depth_sensitivity(profile, GENOME, (), SETTINGS, 0.0)
    (expected,) = [row for row in rows if row.region == "any 1 Mb" and row.kind == "gain"]
    assert by_low[1_000_000].gain == expected.min_cell_fraction
