"""Origin of a change from profiles of parents whose level is set by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genostab.arrays import Profile
from genostab.karyotype.origin import belongs_to_parent, mean_over, origin_of
from tests.domain.karyotype_data import SETTINGS, change_of, profile_of, toy_genome

GENOME = toy_genome(4)
WIDTH = 500_000
N = 6 * 200


def level(value: float, sd: float = 0.1, wave: float = 0.0) -> Profile:
    """A parent with bins 220 to 260 at a level, without scatter."""
    ratio = np.zeros(N)
    ratio[220:260] = value
    return profile_of(GENOME, WIDTH, ratio, sd=sd, wave=wave)


def change(mean: float) -> object:
    return change_of(level(0.0), 220, 260, mean)


def test_mean_over_an_interval_with_its_noise() -> None:
    seen = mean_over(level(-0.4, wave=0.03), 1, 10_000_000, 30_000_000)
    assert seen == pytest.approx((-0.4, np.hypot(0.1 / np.sqrt(40), 0.03)))
    assert mean_over(level(-0.4), 1, 10_000_000, 10_000_100) is None


@pytest.mark.parametrize(
    ("of_parent", "sd", "origin"),
    [
        (0.0, 0.1, "acquired"),
        (-1.0, 0.1, "inherited"),
        (-0.5, 0.1, "inherited"),  # half of it, clearly
        (-0.49, 0.1, "unknown"),  # too much to be absent, too little to be the same
        (-0.2, 0.1, "acquired"),
        (-0.24, 0.1, "unknown"),  # its interval reaches a quarter
        (0.0, 1.0, "unknown"),  # a parent too noisy to say
        (-0.6, 1.4, "unknown"),  # half, but not clearly
        (1.0, 0.1, "acquired"),  # the other way
    ],
)
def test_one_parent(of_parent: float, sd: float, origin: str) -> None:
    assert origin_of(change(-1.0), [level(of_parent, sd)], SETTINGS) == origin


def test_no_parent_or_no_bins_is_unknown() -> None:
    assert origin_of(change(-1.0), [], SETTINGS) == "unknown"
    whole = level(0.0)
    per_bin = ("chrom", "start", "end", "ratio_log2", "sd_log2", "ploidy", "autosome")
    first_chromosome = replace(whole, **{name: getattr(whole, name)[:200] for name in per_bin})
    assert origin_of(change(-1.0), [first_chromosome], SETTINGS) == "unknown"


def test_two_parents_need_both_to_be_without() -> None:
    assert origin_of(change(-1.0), [level(0.0), level(0.0)], SETTINGS) == "acquired"
    assert origin_of(change(-1.0), [level(0.0), level(-1.0)], SETTINGS) == "inherited"
    assert origin_of(change(-1.0), [level(0.0), level(0.0, sd=1.0)], SETTINGS) == "unknown"


def test_two_carriers_of_one_copy_explain_a_child_without_any() -> None:
    none_left = change(-6.0)
    assert origin_of(none_left, [level(-1.0), level(-1.0)], SETTINGS) == "inherited"
    # One parent line with one copy left does not explain a lot without any.
    assert origin_of(none_left, [level(-1.0)], SETTINGS) == "acquired"


def test_a_difference_that_is_the_parents_own() -> None:
    gain_of_parent, normal = level(0.58), level(0.0)
    assert belongs_to_parent(change(-0.58), normal, [gain_of_parent], SETTINGS)
    # The lot has lost it as well, or too noisily to say, or the parent does not deviate: then it is the lot's.
    assert not belongs_to_parent(change(-0.58), level(-0.3), [gain_of_parent], SETTINGS)
    assert not belongs_to_parent(change(-0.58), level(0.0, sd=0.5), [gain_of_parent], SETTINGS)
    assert not belongs_to_parent(change(-0.58), normal, [normal], SETTINGS)
    assert not belongs_to_parent(change(0.58), normal, [gain_of_parent], SETTINGS)
