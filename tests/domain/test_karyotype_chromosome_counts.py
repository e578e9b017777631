"""The screen of a cohort: what is changed is found and moves nothing else; what cannot be judged is said."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from genostab.arrays import Int64
from genostab.karyotype.chromosome_calls import chromosome_calls
from genostab.karyotype.chromosome_counts import (
    MANY_CHANGED,
    NO_REFERENCE,
    TOO_FEW_READS,
    UNLIKE,
    CohortScreen,
    screen_cohort,
)
from tests.domain.chromosome_cohort import NOISE_SD, SETTINGS, changed, cohort, drawn, log_means

N = 150
CHR2, CHR8, CHR21 = 1, 7, 20


def euploid(n: int = N, seed: int = 1) -> Int64:
    """Counts of n libraries, the first the deepest: what is done to it moves no other from its place."""
    rng = np.random.default_rng(seed)
    log_mean = log_means(rng, n, fewest=2e5, most=1e6)
    log_mean[0] += np.log(2e6) - np.log(np.exp(log_mean[0]).sum())
    return drawn(rng, log_mean)


def with_copies(chrom: list[int], copies: float, library: int = 0) -> Int64:
    """The euploid cohort, the counts of some chromosomes of one library scaled to so many copies."""
    n_reads = euploid()
    n_reads[library, chrom] = np.round(n_reads[library, chrom] * copies / 2.0)
    return n_reads


def screened(n_reads: Int64) -> CohortScreen:
    return screen_cohort(cohort(n_reads), SETTINGS)


@cache
def quiet() -> CohortScreen:
    return screened(euploid())


def test_trisomy_in_all_cells_is_found_with_its_fraction() -> None:
    n_reads = with_copies([CHR21], 3.0)
    screen = screened(n_reads)
    (call,) = (c for c in chromosome_calls(cohort(n_reads), screen, SETTINGS) if c.library == 0)
    assert (call.chrom, call.kind, call.copy_number) == (CHR21, "gain", 3)
    assert call.cell_fraction.low is not None
    assert 0.85 < call.cell_fraction.low < 1.0
    assert call.copies.estimate == pytest.approx(3.0, abs=0.15)
    assert call.p_family == pytest.approx(22 * call.p_value)


@pytest.mark.parametrize(("copies", "copy_number", "fraction"), [(4.0, 4, 1.0), (1.0, 1, 1.0), (1.5, 1, 0.5)])
def test_copy_number_is_the_nearest_that_at_most_all_cells_explain(
    copies: float, copy_number: int, fraction: float
) -> None:
    n_reads = with_copies([CHR8], copies)
    (call,) = (c for c in chromosome_calls(cohort(n_reads), screened(n_reads), SETTINGS) if c.library == 0)
    assert call.copy_number == copy_number
    assert call.cell_fraction.estimate == pytest.approx(fraction, abs=0.05)


def test_a_change_moves_no_other_chromosome() -> None:
    # 8 % more reads in all: normalised by the total, every other chromosome would lose 20 times its noise.
    other = np.arange(22) != CHR2
    before, after = quiet().tests.expected[0], screened(with_copies([CHR2], 4.0)).tests.expected[0]
    assert after[other] == pytest.approx(before[other], rel=NOISE_SD)


def test_its_own_reads_do_not_move_what_a_chromosome_is_compared_with() -> None:
    three, four = (screened(with_copies([CHR2], copies)).tests.expected[0] for copies in (3.0, 4.0))
    assert three == pytest.approx(four, rel=1e-6)


def test_several_changes_are_found_together() -> None:
    screen = screened(with_copies([0, 7, 11, 16, 19], 2.6))
    assert np.flatnonzero(screen.is_called[0]).tolist() == [0, 7, 11, 16, 19]


@pytest.mark.parametrize("chrom", [list(range(0, 22, 2)), list(range(7)), list(range(3, 12))])
def test_more_changes_than_can_be_told_from_the_rest_are_no_silence(chrom: list[int]) -> None:
    screen = screened(with_copies(chrom, 3.0))
    assert screen.reason[0] in (MANY_CHANGED, UNLIKE)
    assert not screen.is_called[0].any()


def test_what_cannot_be_judged_says_why() -> None:
    n_reads = euploid(N + 3)
    rng = np.random.default_rng(3)
    n_reads[N] = rng.poisson(n_reads[N] / n_reads[N].sum() * 1500)
    n_reads[N + 1] = rng.poisson(n_reads[N + 1] * np.exp(rng.normal(0.0, 0.3, 22)))
    n_reads[N + 2] = 0
    n_reads = np.concatenate([n_reads, euploid(10, seed=9)])
    protocol = ["A"] * (N + 3) + ["B"] * 10
    screen = screen_cohort(cohort(n_reads, protocol), SETTINGS)
    assert screen.reason[N : N + 3] == (TOO_FEW_READS, UNLIKE, TOO_FEW_READS)
    assert set(screen.reason[N + 3 :]) == {NO_REFERENCE}
    assert not screen.is_called[N:].any()
    assert np.isnan(screen.q_value[N:]).all()


def test_reads_that_gather_in_one_place_are_no_gain_but_a_true_one_is() -> None:
    rng = np.random.default_rng(4)
    log_mean = log_means(rng, 300, fewest=1e2, most=1e5)
    log_mean[0] += np.log(1e6) - np.log(np.exp(log_mean[0]).sum())
    n_reads = drawn(rng, changed(log_mean, [0], [CHR2], np.array([3.0])))
    n_reads[::3, CHR2] += np.round(np.exp(rng.normal(np.log(120), 0.3, 100))).astype(np.int64)
    screen = screened(n_reads)
    assert screen.is_called[0, CHR2]
    assert not screen.is_called[1:, CHR2].any()
    # 120 reads more feign a trisomy where the chromosome has 240; there a true one cannot be seen.
    few = (n_reads.sum(axis=1) < 3000) & (n_reads.sum(axis=1) > 0)
    assert np.isnan(screen.min_gain[few, CHR2]).all()


def test_the_order_of_libraries_does_not_matter() -> None:
    n_reads = with_copies([CHR21], 2.5)
    order = np.random.default_rng(5).permutation(N)
    straight, shuffled = screened(n_reads), screened(n_reads[order])
    assert straight.tests.score[order] == pytest.approx(shuffled.tests.score, abs=1e-6)


def test_protocols_do_not_touch_each_other() -> None:
    first, second = euploid(N, seed=6), euploid(N, seed=7)
    second[:, CHR8] //= 3  # a protocol may lose most of a chromosome
    both = screen_cohort(cohort(np.concatenate([first, second]), ["A"] * N + ["B"] * N), SETTINGS)
    alone = screened(first)
    assert both.tests.score[:N].tolist() == alone.tests.score.tolist()
    assert both.is_called[N:].sum() <= 5  # of 150 libraries, 1 % by chance: 6 or more has p = 0.003


def test_two_runs_are_equal_bit_for_bit() -> None:
    assert quiet().tests.score.tobytes() == screened(euploid()).tests.score.tobytes()
