"""Changes of X and Y of simulated arrays: false calls, coverage of the interval, stated limit of detection."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import stats

from genostab.karyotype.settings import load_settings
from genostab.karyotype.sex_chromosomes import SexChromosomes, call_sex_chromosomes
from genostab.karyotype.snp import array_sex
from tests.domain.sex_array_data import GENOME, Array, Copies, female, male, simulate
from tests.statistical.karyotype_genomes import is_soak

SETTINGS = load_settings()


def drawn(rng: np.random.Generator, is_female: bool) -> Array:
    """An array as real ones differ: probes, noise, waves, and levels within what the settings say of them."""
    few, many = np.log(20.0), np.log(2000.0)
    return Array(
        n_y=round(math.exp(rng.uniform(few, many))),
        n_pseudo=round(math.exp(rng.uniform(few, math.log(800.0)))),
        n_x=round(math.exp(rng.uniform(math.log(300.0), math.log(6000.0)))),
        baf_sd=rng.uniform(0.025, 0.05),
        wave_sd=float(rng.choice([0.0, 0.03, 0.06])),
        lrr_sd=rng.uniform(0.12, 0.25),
        y_level=rng.normal(SETTINGS.y_level_lrr, SETTINGS.y_level_sd),
        x_level=rng.normal(
            SETTINGS.female_x_level_lrr if is_female else SETTINGS.male_x_level_lrr, SETTINGS.x_level_sd
        ),
        pseudo_level=rng.normal(0.0, 0.05),
        response=rng.uniform(0.3, 0.66),
        y_response=rng.uniform(0.4, 0.6),
    )


def called(array: Array, copies: Copies, rng: np.random.Generator) -> SexChromosomes:
    snps = simulate(array, copies, rng)
    return call_sex_chromosomes(snps, [], array_sex(snps, GENOME, SETTINGS), GENOME, [], SETTINGS)


def within(count: int, n: int, low: float, high: float) -> bool:
    """Whether the 99.9 % interval of a share meets low..high."""
    interval = stats.binomtest(count, n).proportion_ci(0.999, "exact")
    return bool(interval.high >= low and interval.low <= high)


@pytest.mark.parametrize("switch_rate", [None, 0.005, 0.03])
@pytest.mark.parametrize("is_female", [False, True])
def test_normal_arrays_have_at_most_one_false_call_in_a_hundred(
    is_female: bool, switch_rate: float | None
) -> None:
    n, false = 1000 if is_soak() else 40, 0
    for seed in range(n):
        rng = np.random.default_rng([seed, is_female])
        array = replace(drawn(rng, is_female), switch_rate=switch_rate)
        found = called(array, female() if is_female else male(), rng)
        false += bool(found.calls)
    sys.stdout.write(f"\n{false} of {n} normal arrays with a call\n")
    assert within(false, n, 0.0, 0.01), (false, n)


CHANGES = {
    "loss of Y": ("chrY", "loss"),
    "gain of Y": ("chrY", "gain"),
    "loss of X": ("chrX", "loss"),
    "gain of X": ("chrX", "gain"),
}


@cache
def outcomes(change: str, is_female: bool) -> tuple[int, int, int]:
    """Changes above the array's limit: called, called as what they are, and those whose interval holds the truth."""
    n, n_called, n_right, held = 400 if is_soak() else 24, 0, 0, 0
    chrom, kind = CHANGES[change]
    for seed in range(n):
        rng = np.random.default_rng([seed, 7, is_female])
        f = math.exp(rng.uniform(math.log(0.25), math.log(0.9)))
        found = called(drawn(rng, is_female), (female if is_female else male)(change, f), rng)
        n_called += bool(found.calls)
        for call in found.calls:
            if (call.chrom, call.kind) != (chrom, kind):
                continue
            n_right += 1
            held += call.cell_fraction.low <= f <= call.cell_fraction.high
    return n_called, n_right, held


@pytest.mark.parametrize(
    ("change", "is_female"),
    [("loss of Y", False), ("gain of Y", False), ("loss of X", True), ("gain of X", True)],
)
def test_the_interval_of_the_fraction_holds_the_truth(change: str, is_female: bool) -> None:
    n_called, n_right, held = outcomes(change, is_female)
    assert n_right >= 0.7 * n_called > 0
    assert within(held, n_right, 0.93, 0.97), (held, n_right)


def test_a_loss_of_y_at_the_stated_limit_is_found_with_the_stated_power() -> None:
    n, found = 300 if is_soak() else 24, 0
    for seed in range(n):
        rng = np.random.default_rng([seed, 11])
        array = Array(n_pseudo=400, n_y=600, baf_sd=0.04, y_level=rng.normal(-0.2, 0.2))
        (limit,) = [
            row.min_cell_fraction
            for row in called(array, male(), rng).sensitivity
            if (row.chrom, row.kind) == ("chrY", "loss")
        ]
        assert limit is not None
        assert limit < 0.25
        found += bool(called(array, male("loss of Y", limit), rng).calls)
    assert within(found, n, 0.93, 0.99), (found, n)


@pytest.mark.parametrize("switch_rate", [0.005, 0.03])
@pytest.mark.parametrize(
    ("change", "is_female"), [("loss of Y", False), ("gain of X", False), ("loss of X", True)]
)
def test_with_phase_a_change_at_its_lower_limit_is_found(
    change: str, is_female: bool, switch_rate: float
) -> None:
    """The limit supposes 3 % switches; the interval holds the fraction where the state is the right one."""
    n, found, n_right, held, limits = 150 if is_soak() else 16, 0, 0, 0, []
    for seed in range(n):
        rng = np.random.default_rng([seed, 13, is_female])
        array = replace(drawn(rng, is_female), switch_rate=switch_rate, n_pseudo=int(rng.integers(100, 800)))
        normal, changed = (female(), female) if is_female else (male(), male)
        (limit,) = [
            row.min_cell_fraction
            for row in called(array, normal, rng).sensitivity
            if (row.chrom, row.kind) == CHANGES[change]
        ]
        assert limit is not None
        limits.append(limit)
        calls = called(array, changed(change, limit), rng).calls
        found += bool(calls)
        right = [call for call in calls if (call.chrom, call.kind) == CHANGES[change]]
        n_right += len(right)
        held += sum(call.cell_fraction.low <= limit <= call.cell_fraction.high for call in right)
    low, middle, high = np.quantile(limits, (0.1, 0.5, 0.9))
    text = f"{change}, {switch_rate}: limit {middle:.3f} ({low:.3f}-{high:.3f}), "
    text += f"{found} of {n} found, {held} of {n_right} held"
    sys.stdout.write(f"\n{text}\n")
    assert middle < 0.12  # 0.16 without phase at 500 pseudo-autosomal probes
    assert within(found, n, 0.93, 1.0), text
    assert within(held, n_right, 0.93, 0.97), text
