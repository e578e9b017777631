"""How often the 95 % intervals of the cell fraction and of the breakpoints hold the truth."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats
from tests.domain.test_karyotype_alleles import LENGTH, found_in, lot

from genostab.results import Call
from tests.domain.karyotype_data import GRCH38
from tests.statistical.karyotype_genomes import Event, genome, is_soak, karyotype, sample

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


@pytest.mark.slow
def test_interval_of_copy_neutral_loss() -> None:
    # Its upper end allows for SNPs that were called homozygous, so that it may hold the truth more often.
    n, covered, called = (400 if is_soak() else 60), 0, 0
    for seed in range(n):
        rng = np.random.default_rng([seed, 8])
        chrom, fraction = int(rng.integers(0, 20)), float(rng.uniform(0.2, 0.7))
        calls, _ = found_in(lot(seed, loh=(chrom, 0, int(LENGTH[chrom]), fraction)))
        own = [call for call in calls if call.chrom == GRCH38.names[chrom]]
        called += bool(own)
        covered += any(call.cell_fraction.low <= fraction <= call.cell_fraction.high for call in own)
    assert called > 0.9 * n
    assert stats.binomtest(covered, called).proportion_ci(0.99).high >= TARGET[0], f"{covered} of {called}"
