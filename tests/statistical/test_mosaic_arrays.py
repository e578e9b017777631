"""Statistics of calls from arrays end to end: intervals, stated probabilities, stated sensitivity, use of a parent."""

from __future__ import annotations

import itertools
import sys
from functools import cache, partial

import numpy as np
import pytest
from scipy import stats

from genostab.results import Call, Sensitivity
from tests.statistical.array_genomes import (
    EVENTS,
    GENOME,
    SETTINGS,
    Event,
    call_over,
    karyotype_of,
    simulate_array,
)
from tests.statistical.karyotype_genomes import is_soak
from tests.statistical.mosaic_arrays import KINDS, N_SNPS, Outcome, outcomes

pytestmark = pytest.mark.slow
COVERED = (0.93, 0.97)
CALIBRATED = 0.02  # of the stated probability, on the mean
EDGES = (0.0, 0.7, 0.9, 0.99, 1.01)
SIZES = (5_000_000, 10_000_000)
LEAST_POWER = 0.93
# What the table of sensitivity reckons with.
LEAST_RESPONSE = SETTINGS.lrr_response * (1.0 - stats.norm.ppf(SETTINGS.power) * SETTINGS.response_cv)
N_ARRAYS = {True: 440, False: 200} if is_soak() else {True: 6, False: 5}


def read(n: int, as_expected: bool) -> list[Outcome]:
    """Events whose call has a probability: all but stretches without any heterozygous SNP or what depth alone says."""
    found = outcomes(n, as_expected)
    return [each for each in found if each.call is not None and each.call.probability is not None]


@pytest.mark.parametrize("as_expected", [True, False])
def test_interval_of_the_share_of_cells(as_expected: bool) -> None:
    right = [each for each in read(N_ARRAYS[as_expected], as_expected) if each.is_right]
    covered = sum(each.is_held for each in right)
    sys.stdout.write(f"\nas expected {as_expected}: held {covered} of {len(right)}\n")
    interval = stats.binomtest(covered, len(right)).proportion_ci(0.99)
    assert interval.high >= COVERED[0], f"{covered} of {len(right)}"
    assert interval.low <= COVERED[1], f"{covered} of {len(right)}"


@pytest.mark.parametrize("as_expected", [True, False])
def test_a_state_is_right_as_often_as_stated(as_expected: bool) -> None:
    """Within 2 points and what chance adds, 99.9 %, in the mean; in bins where the draw is the one expected."""
    found = read(N_ARRAYS[as_expected], as_expected)
    stated = np.array([each.call.probability for each in found if each.call], dtype=float)
    right = np.array([each.is_right for each in found])
    assert_calibrated(stated, right)
    if as_expected:
        for low, high in itertools.pairwise(EDGES):
            inside = (stated >= low) & (stated < high)
            if inside.any():
                assert_calibrated(stated[inside], right[inside])


def assert_calibrated(stated: np.ndarray, right: np.ndarray) -> None:
    n, k, expected = right.size, int(right.sum()), float(stated.mean())
    sys.stdout.write(f"\nstated {expected:.3f}, right {k} of {n}\n")
    # Of independent events with these probabilities; one event more, as a bin of near certainty has next to no spread.
    chance = 3.3 * float(np.sqrt((stated * (1.0 - stated)).sum())) + 1.0
    assert abs(k - stated.sum()) <= CALIBRATED * n + chance, (expected, k, n)


@cache
def at_the_stated_share(n: int, switch_rate: float | None, part: float) -> tuple[bool, ...]:
    """Three events in each of `n` arrays, in a part of the share of cells that the array alone states: which are found.

    The response is the least that the table reckons with.
    """
    hits = []
    for seed in range(n):
        rng = np.random.default_rng([seed, 55])
        array = partial(
            simulate_array,
            5000 + seed,
            n_snps=N_SNPS,
            switch_rate=switch_rate,
            response=LEAST_RESPONSE,
            baf_sd=float(rng.uniform(0.025, 0.05)),
            lrr_sd=float(rng.uniform(0.12, 0.3)),
        )
        rows: dict[tuple[str, str], Sensitivity] = {
            (row.region, row.kind): row
            for row in karyotype_of(array(events=())).sensitivity
            if row.evidence in ("allele", "both")
        }
        placed = [event_of(int(chrom), rng, rows) for chrom in rng.permutation(22)[:3]]
        events = [event for event, _ in placed]
        fractions = [part * fraction for _, fraction in placed]
        after = karyotype_of(array(events=events, fraction=fractions))
        hits += [
            any(
                call.reported
                and call.chrom == event.chrom
                and call.start < event.end
                and event.start < call.end
                for call in after.calls
            )
            for event in events
        ]
    return tuple(hits)


def event_of(
    chrom: int, rng: np.random.Generator, rows: dict[tuple[str, str], Sensitivity]
) -> tuple[Event, float]:
    """A chromosome, its long arm, or a place of 5 or 10 Mb there, with the share of cells stated for it."""
    name, length = GENOME.names[chrom], int(GENOME.length_bp[chrom])
    first = int(GENOME.centromere_end[chrom])
    kind = str(rng.choice(KINDS))
    which = int(rng.integers(4))
    region, start, end = (name[3:], 0, length) if which == 0 else (f"{name[3:]}q", first, length)
    if which > 1:
        size = SIZES[which - 2]
        start = int(rng.uniform(first, length - size))
        region, end = f"any {size // 1_000_000} Mb", start + size
    fraction = rows[region, kind].min_cell_fraction
    assert fraction is not None
    return Event(chrom=name, start=start, end=end, kind=kind), fraction


@pytest.mark.parametrize("switch_rate", [0.03, None])
def test_power_at_the_stated_share(switch_rate: float | None) -> None:
    hits = at_the_stated_share(60 if is_soak() else 2, switch_rate, 1.0)
    sys.stdout.write(f"\nswitches {switch_rate}: found {sum(hits)} of {len(hits)}\n")
    assert stats.binomtest(sum(hits), len(hits)).proportion_ci(0.99).high >= LEAST_POWER


@pytest.mark.parametrize("switch_rate", [0.03, None])
def test_a_little_below_the_stated_share_events_are_missed(switch_rate: float | None) -> None:
    if not is_soak():
        pytest.skip("minutes: pytest --hypothesis-profile=soak")
    hits = at_the_stated_share(30, switch_rate, 0.85)
    sys.stdout.write(f"\nswitches {switch_rate}: found {sum(hits)} of {len(hits)} in 0.85 of the share\n")
    assert stats.binomtest(sum(hits), len(hits)).proportion_ci(0.99).low <= SETTINGS.power


# Trisomy of 47 Mb, gains of 20 and of 4 Mb, copy-neutral LOH of 20 Mb.
FEW = (EVENTS[2], EVENTS[3], EVENTS[4], EVENTS[6])
SHARES = (0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.9)


@cache
def with_and_without(repeat: int, fraction: float) -> tuple[tuple[Call | None, ...], ...]:
    """Calls over a few events of an unphased array, without and with an array of the same donor's parent line."""
    parent = simulate_array(7000 + repeat, events=(), n_snps=N_SNPS, switch_rate=None, replicate=1)
    sample = simulate_array(7000 + repeat, events=FEW, fraction=fraction, n_snps=N_SNPS, switch_rate=None)
    both = [karyotype_of(sample, parents) for parents in ((), (parent,))]
    return tuple(tuple(call_over(event, each) for event in FEW) for each in both)


def test_what_a_parent_array_adds() -> None:
    """Not the share of cells that is found, as the band has all heterozygous SNPs, but the origin."""
    n, shares = (5, SHARES) if is_soak() else (1, (0.15,))
    for number, event in enumerate(FEW):
        for which, name in enumerate(("alone", "parent")):
            calls = [[with_and_without(r, f)[which][number] for r in range(n)] for f in shares]
            found = [sum(call is not None for call in each) for each in calls]
            acquired = [
                sum(call is not None and call.origin == "acquired" for call in each) for each in calls
            ]
            size = (event.end - event.start) / 1e6
            sys.stdout.write(
                f"\n{event.kind:6}{size:4.0f} Mb {name:6} {found} acquired {acquired} at {shares}"
            )
    n_found = n_acquired = 0
    for fraction in shares:
        alone, parent = (
            [with_and_without(r, fraction)[k][i] for r in range(n) for i in range(len(FEW))] for k in (0, 1)
        )
        assert not any(call.origin == "acquired" for call in alone if call)
        assert sum(call is not None for call in parent) >= sum(call is not None for call in alone)
        of_calls = [call.origin == "acquired" for call in parent if call is not None]
        assert all(of_calls) or fraction < 0.9
        n_found, n_acquired = n_found + len(of_calls), n_acquired + sum(of_calls)
    # Near the least share that is found, the parent's noise seldom rules the change out.
    assert n_acquired >= n_found / 2.0


def test_a_parent_array_sizes_loss_of_heterozygosity_in_nearly_all_cells() -> None:
    # Alone, what is left of the heterozygous band is cut at its edge: B allele fractions of 0.05 and 0.95.
    alone, parent = (calls[-1] for calls in with_and_without(0, 0.9))
    assert alone is not None
    assert parent is not None
    low, high = parent.cell_fraction.low, parent.cell_fraction.high
    assert low is not None
    assert high is not None
    assert low <= 0.9 <= high
    assert high - low < 0.02
    assert (
        alone.cell_fraction.low is None or (alone.cell_fraction.high or 1.0) - alone.cell_fraction.low > 0.1
    )
