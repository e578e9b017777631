"""How often the 95 % intervals of the cell fraction and of the breakpoints hold the truth."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from scipy import stats

from genostab.results import Call
from tests.domain.karyotype_data import GRCH38
from tests.domain.test_karyotype_allele_call import LENGTH, found_in, lot
from tests.statistical.karyotype_genomes import SETTINGS, Event, genome, is_soak, karyotype, sample

WIDTH = 200_000
TARGET = (0.93, 0.97)


def random_events(rng: np.random.Generator) -> list[tuple[Event, float, str]]:
    """A whole chromosome and two segments of 5 to 20 Mb, each on its own chromosome, in 5 to 100 % of the cells."""
    known = genome()
    events = []
    for number, chrom in enumerate(rng.choice(22, 3, replace=False)):
        length = int(known.length_bp[chrom])
        fraction, sign = float(rng.uniform(0.05, 1.0)), 1 if rng.random() < 0.5 else -1
        start, end, what = 0, length, "chromosome"
        if number:
            size = int(rng.uniform(5e6, 20e6)) // WIDTH * WIDTH
            first = int(known.centromere_end[chrom]) // WIDTH + 2
            start = int(rng.integers(first, (length - size) // WIDTH)) * WIDTH
            end, what = start + size, "segment"
        event = Event(chrom=known.names[chrom], start=start, end=end, copies=2.0 + sign * fraction)
        events.append((event, fraction, what))
    return events


def call_of(event: Event, calls: tuple[Call, ...]) -> Call | None:
    """The reported call that shares at least half of itself and of the event with it."""
    for call in calls:
        overlap = min(call.end, event.end) - max(call.start, event.start)
        same = call.reported and call.chrom == event.chrom and (call.kind == "gain") == (event.copies > 2)
        if same and overlap >= 0.5 * max(event.end - event.start, call.end - call.start):
            return call
    return None


def holds_breakpoints(call: Call, event: Event) -> bool:
    assert call.start_low is not None
    assert call.start_high is not None
    assert call.end_low is not None
    assert call.end_high is not None
    return call.start_low <= event.start <= call.start_high and call.end_low <= event.end <= call.end_high


@cache
def outcomes(n: int, paired: bool) -> dict[str, tuple[int, ...]]:
    """Per kind of event: events, called, fraction covered, both breakpoints covered."""
    counts = {"chromosome": np.zeros(4, dtype=int), "segment": np.zeros(4, dtype=int)}
    for seed in range(n):
        rng = np.random.default_rng([seed, paired, 7])
        events = random_events(rng)
        scale = 0.5 if paired else 1.0
        bins = sample(WIDTH, rng, [event for event, _, _ in events], scale)
        parent = sample(WIDTH, rng, (), scale) if paired else None
        calls = karyotype(bins, parent).calls
        for event, fraction, what in events:
            call = call_of(event, calls)
            seen = call.cell_fraction if call is not None and abs(call.copy_number - 2) == 1 else None
            covered = seen is not None and seen.low - 1e-9 <= fraction <= seen.high + 1e-9
            counts[what] += (
                1,
                call is not None,
                covered,
                call is not None and holds_breakpoints(call, event),
            )
    return {what: tuple(map(int, count)) for what, count in counts.items()}


@pytest.mark.slow
@pytest.mark.parametrize("paired", [False, True], ids=["alone", "paired"])
@pytest.mark.parametrize("what", ["chromosome", "segment"])
def test_interval_of_the_cell_fraction(what: str, paired: bool) -> None:
    n = 400 if is_soak() else 40
    events, called, covered, _ = outcomes(n, paired)[what]
    interval = stats.binomtest(covered, called).proportion_ci(0.99)
    assert called > 0.85 * events
    assert interval.high >= TARGET[0], f"{covered} of {called}"
    assert interval.low <= TARGET[1], f"{covered} of {called}"


@pytest.mark.slow
@pytest.mark.parametrize("paired", [False, True], ids=["alone", "paired"])
def test_intervals_of_both_breakpoints(paired: bool) -> None:
    # Two intervals of 95 % hold both ends in 90 % or more; whole bins make each wider than it need be.
    _, called, _, held = outcomes(400 if is_soak() else 40, paired)["segment"]
    assert stats.binomtest(held, called).proportion_ci(0.99).high >= 0.95**2, f"{held} of {called}"


def change_as_expected(rng: np.random.Generator) -> tuple[str, float, float]:
    """Kind, share of cells and allele shift of a change as frequent as the settings say, its shift 0.1 to 0.35."""
    while True:
        kind = str(rng.choice(["gain", "loss", "cnloh"]))
        fraction = float(np.exp(rng.uniform(np.log(SETTINGS.least_fraction), 0.0)))
        fraction = 1.0 if rng.random() < SETTINGS.clonal_share else fraction
        shift = {"gain": 2.0 + fraction, "loss": 2.0 - fraction, "cnloh": 2.0}[kind]
        shift = fraction / (2.0 * shift) if kind != "cnloh" else fraction / 2.0
        if 0.1 <= shift <= 0.35:
            return kind, fraction, shift


@pytest.mark.slow
def test_alleles_of_sequencing_without_depth(record_property: Callable[[str, object], None]) -> None:
    """They do not tell the kind of change: it is right as often as stated, and then the interval holds the truth."""
    n, covered, right, called, stated = (400 if is_soak() else 40), 0, 0, 0, 0.0
    for seed in range(n):
        rng = np.random.default_rng([seed, 8])
        chrom = int(rng.integers(0, 20))
        kind, fraction, shift = change_as_expected(rng)
        calls, _ = found_in(lot(seed, loh=(chrom, 0, int(LENGTH[chrom]), 2.0 * shift)))
        for call in [call for call in calls if call.chrom == GRCH38.names[chrom]][:1]:
            called += 1
            stated += call.probability or 0.0
            if call.kind == kind and call.copy_number != 4:
                right += 1
                low, high = call.cell_fraction.low, call.cell_fraction.high
                assert low is not None
                assert high is not None
                covered += low - 1e-9 <= fraction <= high + 1e-9
    record_property("called, right, stated, held", (called, right, stated, covered))
    assert called > 0.9 * n
    interval = stats.binomtest(covered, right).proportion_ci(0.99)
    assert interval.high >= TARGET[0], f"{covered} of {right}"
    assert interval.low <= TARGET[1], f"{covered} of {right}"
    assert abs(right - stated) < 3.3 * np.sqrt(n) / 2.0  # 99.9 % of a binomial of one half
