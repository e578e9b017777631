"""Joining and choosing bins, exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genostab.karyotype.bins import (
    autosomes,
    choose_bin_width,
    expected_ploidy,
    join_bins,
    why_not_alone,
    with_unread,
)
from tests.domain.karyotype_data import SETTINGS, toy_bins, toy_genome

SMALL = toy_genome(2, 50_030_000)
BASE = SETTINGS.base_bin_bp


@given(factor=st.integers(2, 7), seed=st.integers(0, 1000))
def test_joined_bins_hold_what_was_in_them(factor: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    bins = toy_bins(toy_genome(2, 230_000), BASE)
    reads = rng.integers(0, 50, bins.chrom.size).astype(float)
    gc = np.where(rng.random(reads.size) < 0.2, np.nan, rng.random(reads.size))
    bins = replace(bins, n_reads=reads, gc_fraction=gc, n_duplicates=reads // 3)
    joined = join_bins(bins, factor)
    expected = []
    for chrom in range(4):
        own = np.flatnonzero(bins.chrom == chrom)
        for at in range(0, own.size, factor):
            part = own[at : at + factor]
            known = part[np.isfinite(gc[part]) & (reads[part] > 0)]
            share = np.average(gc[known], weights=reads[known]) if known.size else np.nan
            place = (chrom, bins.start[part[0]], bins.end[part[-1]])
            expected.append((*place, reads[part].sum(), (reads[part] // 3).sum(), share))
    found = np.column_stack(
        (joined.chrom, joined.start, joined.end, joined.n_reads, joined.n_duplicates, joined.gc_fraction)
    )
    np.testing.assert_allclose(found, np.array(expected), rtol=1e-12)


def test_one_bin_joined_is_itself() -> None:
    bins = toy_bins(SMALL, BASE)
    assert join_bins(bins, 1) is bins


def test_share_of_repeats_is_weighted_by_all_reads() -> None:
    bins = toy_bins(toy_genome(1, 40_000), BASE)
    share = np.array([0.5, 0.0, 0.25, 0.0] * 3)
    accepted = np.array([10.0, 40.0, 30.0, 0.0] * 3)
    joined = join_bins(replace(bins, n_reads=accepted, mapq0_fraction=share), 4)
    # 10 + 0 + 10 of 20 + 40 + 40 reads fit elsewhere too.
    assert joined.mapq0_fraction == pytest.approx([0.2] * 3)


def test_the_least_width_with_enough_reads() -> None:
    bins = toy_bins(SMALL, BASE)
    for per_base_bin, width in (
        (100, 10_000),
        (99, 20_000),
        (50, 20_000),
        (20, 50_000),
        (1, 1_000_000),
        (0.1, 1_000_000),
    ):
        lot = replace(bins, n_reads=np.full(bins.chrom.size, float(per_base_bin)))
        assert choose_bin_width([lot], SMALL, SETTINGS) == width
    shallow = replace(bins, n_reads=np.full(bins.chrom.size, 20.0))
    deep = replace(bins, n_reads=np.full(bins.chrom.size, 500.0))
    assert choose_bin_width([deep, shallow], SMALL, SETTINGS) == 50_000


def test_only_autosomes_with_reads_choose_the_width() -> None:
    bins = toy_bins(SMALL, BASE)
    on_x = bins.chrom >= 2
    reads = np.where(on_x, 0.0, 100.0)
    reads[: bins.chrom.size // 6] = 0.0
    assert choose_bin_width([replace(bins, n_reads=reads)], SMALL, SETTINGS) == 10_000


def test_expected_copies() -> None:
    bins = toy_bins(SMALL, 10_000_000)
    counts = {}
    for sex in ("female", "male", "unknown"):
        ploidy = expected_ploidy(bins, SMALL, sex)
        counts[sex] = tuple(int(ploidy[bins.chrom == chrom][0]) for chrom in range(4))
    assert counts == {"female": (2, 2, 2, 0), "male": (2, 2, 1, 1), "unknown": (2, 2, 2, 0)}
    assert autosomes(SMALL).tolist() == [True, True, False, False]


def test_coverage_alone_needs_gc_and_no_targets() -> None:
    bins = toy_bins(SMALL, 1_000_000)
    assert "GC" in why_not_alone(bins, SETTINGS)
    known = replace(bins, gc_fraction=np.full(bins.chrom.size, 0.4))
    assert why_not_alone(known, SETTINGS) == ""
    # One chromosome of a genome: the bins without a read have no GC either.
    only_first = known.chrom == 0
    part = replace(
        known,
        n_reads=np.where(only_first, 100.0, 0.0),
        gc_fraction=np.where(only_first, 0.4, np.nan),
    )
    assert why_not_alone(part, SETTINGS) == ""
    targets = replace(known, end=known.start + 200)
    assert "targets" in why_not_alone(targets, SETTINGS)


def test_gaps_inside_a_bin_are_told_from_chance() -> None:
    bins = toy_bins(toy_genome(2, 230_000), BASE, 25.0)  # 23 base bins a chromosome: 5, 5, 5, 5 and 3 of them
    reads = bins.n_reads.copy()
    reads[[1, 7, 8, 20, 21, 22, 23]] = 0.0
    bins = replace(bins, n_reads=reads)
    joined = with_unread(join_bins(bins, 5), bins, 5, SETTINGS)
    # The fifth bin has no read at all: what is empty as a whole is no gap inside a bin.
    assert joined.unread_fraction is not None
    assert joined.unread_fraction[:6] == pytest.approx([0.2, 0.4, 0.0, 0.0, 0.0, 0.2], abs=1e-6)


@pytest.mark.parametrize("reads_per_bin", [0.5, 2.0, 8.0])
@pytest.mark.parametrize("copies", [1.0, 2.0])
def test_few_reads_alone_leave_no_gap(reads_per_bin: float, copies: float) -> None:
    rng = np.random.default_rng(5)
    bins = toy_bins(toy_genome(20, 100_000_000), BASE)
    bins = replace(bins, n_reads=rng.poisson(reads_per_bin * copies / 2, bins.chrom.size).astype(float))
    unread = with_unread(join_bins(bins, 20), bins, 20, SETTINGS).unread_fraction
    assert unread is not None
    # Three standard deviations, one side, of a count that is skewed where it is small.
    assert (unread > SETTINGS.max_excluded_fraction).mean() < 0.015
    gap = bins.n_reads.copy()
    gap[(bins.start % 4_000_000) < 100_000] = 0.0  # half of every twentieth bin
    holed = replace(bins, n_reads=gap)
    found = with_unread(join_bins(holed, 20), holed, 20, SETTINGS).unread_fraction
    assert found is not None
    is_holed = (join_bins(holed, 20).start % 4_000_000) == 0
    if reads_per_bin * copies >= 8.0:
        assert (found[is_holed] > SETTINGS.max_excluded_fraction).mean() > 0.99
