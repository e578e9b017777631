"""Readings of ploidy: clones whose levels follow the published equation, and lots that no depth can tell apart."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from genostab.arrays import Profile, Segments
from genostab.karyotype.ploidy import alternatives, ploidy_solutions
from genostab.results import Call, Solution
from tests.domain.karyotype_data import SETTINGS, call_of, profile_of, toy_genome

GENOME = toy_genome()
WIDTH = 1_000_000
PER_CHROM = 100
NOISE = 0.05


def relative(copies: np.ndarray, fraction: float, normal_copies: float = 2.0) -> np.ndarray:
    """Depth of each chromosome over the sample's mean: ABSOLUTE, eq. 1 (Carter 2012, doi 10.1038/nbt.2203)."""
    depth: np.ndarray = fraction * copies + (1.0 - fraction) * normal_copies
    return depth / depth.mean()


def read(
    copies: np.ndarray, fraction: float, normal: int, seed: int = 1, response_cv: float = 0.0
) -> tuple[Solution, ...]:
    """Solutions of 22 chromosomes of one clone; those that differ from `normal` copies are called."""
    profile, segments, calls = seen(copies, fraction, normal, seed)
    return solutions(profile, segments, calls, response_cv)


def solutions(
    profile: Profile, segments: Segments, calls: list[Call], response_cv: float = 0.0
) -> tuple[Solution, ...]:
    return ploidy_solutions(
        profile=profile,
        segments=segments,
        calls=calls,
        genome=GENOME,
        response_cv=response_cv,
        settings=SETTINGS,
    )


def seen(copies: np.ndarray, fraction: float, normal: int, seed: int) -> tuple[Profile, Segments, list[Call]]:
    level = relative(copies, fraction)
    unchanged = copies == normal
    centred = np.log2(level / level[unchanged][0])
    truth = np.concatenate((centred, [0.0, 0.0]))
    noise = np.random.default_rng(seed).normal(0.0, NOISE, truth.size * PER_CHROM)
    profile = profile_of(GENOME, WIDTH, np.repeat(truth, PER_CHROM) + noise, sd=NOISE, wave=0.005)
    number = np.arange(truth.size)
    segments = Segments(
        chrom=number.astype(np.int16),
        first=number * PER_CHROM,
        last=(number + 1) * PER_CHROM,
        start=np.zeros(truth.size, dtype=np.int64),
        end=GENOME.length_bp,
        mean_log2=profile.ratio_log2.reshape(-1, PER_CHROM).mean(axis=1),
        se_log2=np.full(truth.size, NOISE / math.sqrt(PER_CHROM)),
    )
    calls = [call_of(GENOME.names[i], 0, int(GENOME.length_bp[i])) for i in np.flatnonzero(~unchanged)]
    return profile, segments, calls


def listed(found: tuple[Solution, ...], ploidy: float, fraction: float) -> list[Solution]:
    return [
        s
        for s in found
        if s.cell_fraction is not None
        and abs(s.ploidy - ploidy) < 0.1
        and abs(s.cell_fraction - fraction) < 0.05
    ]


def clone(normal: int, changed: list[int]) -> np.ndarray:
    copies = np.full(22, float(normal))
    copies[: len(changed)] = changed
    return copies


NEAR_DIPLOID = clone(2, [1, 3, 1, 4, 3, 1])
TRIPLOID = clone(3, [1, 2, 4, 4, 2, 5])
DOUBLED = clone(4, [2, 3, 5, 3, 6, 3])


@pytest.mark.parametrize("fraction", [0.3, 0.5, 0.8, 1.0])
@pytest.mark.parametrize(
    ("copies", "normal"), [(NEAR_DIPLOID, 2), (TRIPLOID, 3), (DOUBLED, 4)], ids=["2n", "3n", "doubled"]
)
def test_a_clone_is_listed_with_its_ploidy_and_fraction(
    copies: np.ndarray, normal: int, fraction: float
) -> None:
    found = read(copies, fraction, normal)
    (own,) = listed(found, copies.mean(), fraction)
    assert own.relative_likelihood > 1 / SETTINGS.decisive_odds
    assert f"{int((copies != normal).sum())} of {int((copies != normal).sum())} changed" in own.note
    assert f"unchanged genome {normal} copies" in own.note


def test_one_copy_more_everywhere_fits_alike() -> None:
    # The levels of c + 1 copies in another share of the cells: rascal's three readings of X17222 are such a ladder.
    found = read(TRIPLOID, 0.6, 3)
    (own,) = listed(found, TRIPLOID.mean(), 0.6)
    (above,) = listed(found, TRIPLOID.mean() + 1, 2 * 0.6 / (2 + 0.6 * (2 - 3)))
    assert above.log_likelihood == pytest.approx(own.log_likelihood, abs=1e-6)
    # Its equation for the other reading: the levels of both are the same to the noise of the fit.
    a, b = (relative(TRIPLOID + shift, s.cell_fraction or 0.0) for shift, s in ((0, own), (1, above)))
    assert a == pytest.approx(b, abs=0.02)


def test_levels_off_by_a_clonal_doubling_are_less_likely() -> None:
    # With twice the copies, every odd number would have to be missing: 2 to the power of the changed chromosomes.
    found = read(NEAR_DIPLOID, 0.8, 2)
    (own,) = listed(found, NEAR_DIPLOID.mean(), 0.8)
    assert own.rank == 1
    doubled = listed(found, 2 * NEAR_DIPLOID.mean(), 0.8 / (2 - 0.8))
    assert all(s.log_likelihood <= -math.log(2.0) * 5 for s in doubled)


def test_a_flat_genome_is_plain_or_doubled() -> None:
    plain, doubled = read(clone(2, []), 1.0, 2)
    assert [plain.ploidy, doubled.ploidy] == pytest.approx([2.0, 4.0], rel=0.005)
    assert (plain.cell_fraction, doubled.cell_fraction) == (None, None)
    assert (plain.relative_likelihood, doubled.relative_likelihood) == (1.0, 1.0)
    assert "depth cannot tell" in doubled.note


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.3, 1.0])
def test_one_mosaic_trisomy_is_no_clone_of_high_ploidy(fraction: float) -> None:
    # One level lies on a grid of any step: it says nothing of ploidy.
    plain, doubled = read(clone(2, [3]), fraction, 2)
    assert plain.ploidy == pytest.approx(2.0 + fraction / 22, abs=0.01)
    assert doubled.ploidy == pytest.approx(2 * plain.ploidy)


@pytest.mark.parametrize("seed", range(10))
def test_two_mosaics_of_their_own_fractions_stay_plain(seed: int) -> None:
    both = relative(clone(2, [3]), 0.1) * relative(clone(2, [2, 3]), 0.37) * 2.0
    profile, segments, calls = seen(clone(2, [3, 3]), 0.2, 2, seed)
    shift = np.log2(both[:2] / both[2]) - segments.mean_log2[:2]
    mean = segments.mean_log2.copy()
    mean[:2] += shift
    found = solutions(profile, replace(segments, mean_log2=mean), calls)
    assert (found[0].cell_fraction, found[0].rank) == (None, 1)
    assert found[0].ploidy < 2.1


def test_the_likelihood_is_relative_to_the_best() -> None:
    found = read(DOUBLED, 0.7, 4)
    assert max(s.log_likelihood for s in found) == 0.0
    assert [s.rank for s in found] == list(range(1, len(found) + 1))
    for s in found:
        assert s.relative_likelihood == pytest.approx(math.exp(s.log_likelihood))
    decided = [s for s in found if s.log_likelihood < -math.log(SETTINGS.decisive_odds)]
    assert [s.log_likelihood for s in decided] == sorted((s.log_likelihood for s in decided), reverse=True)
    close = [s for s in found if s not in decided]
    assert found[: len(close)] == tuple(close)


def test_x_and_y_say_nothing() -> None:
    profile, segments, calls = seen(NEAR_DIPLOID, 0.5, 2, 3)
    mean = segments.mean_log2.copy()
    mean[22:] = [-1.0, 2.3]
    more = [*calls, call_of("chrX", 0, 100_000_000), call_of("chrY", 0, 100_000_000)]
    assert solutions(profile, replace(segments, mean_log2=mean), more) == solutions(profile, segments, calls)
    only_x = replace(profile, autosome=np.zeros(profile.chrom.size, dtype=bool))
    assert solutions(only_x, segments, calls) == ()


def test_rejected_and_copy_neutral_calls_change_no_level() -> None:
    profile, segments, _ = seen(clone(2, []), 1.0, 2, 4)
    calls = [
        call_of("chr3", 0, 100_000_000, reported=False),
        replace(call_of("chr4", 0, 100_000_000), kind="cnloh", copy_number=2),
    ]
    assert solutions(profile, segments, calls) == solutions(profile, segments, [])


def test_an_uncertain_response_tells_less() -> None:
    sure, unsure = (read(TRIPLOID, 0.6, 3, response_cv=cv) for cv in (0.0, 0.2))
    plain = [next(s for s in found if s.cell_fraction is None) for found in (sure, unsure)]
    assert plain[1].log_likelihood > plain[0].log_likelihood


@pytest.mark.parametrize(
    ("ratio", "ploidy", "copy_number", "expected"),
    [
        (1.2, 2, 3, "CN 4 in 20 %, CN 5 in 13 %"),  # 0.4 (3 - 2) = 0.2 (4 - 2) = 0.133 (5 - 2)
        (0.5, 2, 1, "CN 0 in 50 %"),
        (0.9, 2, 1, "CN 0 in 10 %"),
        (0.25, 2, 0, ""),  # one copy lost in 150 % of the cells is none
        (2.0, 2, 4, "CN 5 in 67 %, CN 6 in 50 %"),
        (1.5, 1, 2, "CN 3 in 25 %, CN 4 in 17 %"),
        (0.9, 1, 0, ""),
        (1.05, 2, 3, "CN 4 in 5 %, CN 5 in 3.3 %"),
    ],
)
def test_other_copy_numbers_of_one_ratio(ratio: float, ploidy: int, copy_number: int, expected: str) -> None:
    assert alternatives(math.log2(ratio), 0.01, ploidy, copy_number, SETTINGS) == expected


def test_a_wide_interval_leaves_more_open() -> None:
    # CN 3 in 104 % of the cells: with an interval that reaches below, all cells may have 3.
    assert alternatives(math.log2(1.52), 0.05, 2, 4, SETTINGS) == "CN 3 in 100 %, CN 5 in 35 %"
