"""Random mosaics on small arrays of random quality, and what was made of each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from genostab.results import Call
from tests.statistical.array_genomes import (
    GENOME,
    SETTINGS,
    Event,
    call_over,
    karyotype_of,
    simulate_array,
)

N_SNPS = 150_000
SWITCHES = (0.005, 0.03, None)
KINDS = ("gain", "loss", "cnloh")
COPIES = {"gain": 3, "loss": 1, "cnloh": 2}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An event, the share of cells that have it, and the reported call over it."""

    event: Event
    fraction: float
    switch_rate: float | None
    call: Call | None

    @property
    def is_right(self) -> bool:
        """Whether the call states the copies of the event."""
        call = self.call
        return call is not None and (call.kind, call.copy_number) == (
            self.event.kind,
            COPIES[self.event.kind],
        )

    @property
    def is_held(self) -> bool:
        """Whether the interval of the call holds the share of cells."""
        assert self.call is not None
        low, high = self.call.cell_fraction.low, self.call.cell_fraction.high
        assert low is not None
        assert high is not None
        return low - 1e-9 <= self.fraction <= high + 1e-9


def random_event(chrom: int, rng: np.random.Generator) -> Event:
    """A change of 5 to 150 Mb, its size even in the logarithm; the whole chromosome where that is shorter."""
    length = int(GENOME.length_bp[chrom])
    size = int(np.exp(rng.uniform(np.log(5e6), np.log(150e6))))
    start = int(rng.uniform(0, max(length - size, 1)))
    kind = str(rng.choice(KINDS))
    return Event(chrom=GENOME.names[chrom], start=start, end=min(start + size, length), kind=kind)


@cache
def outcomes(n: int, as_expected: bool) -> tuple[Outcome, ...]:
    """The events of `n` arrays, one to four each.

    `as_expected` draws shares of cells and the response as often as the settings say before any data; else the shares
    are even in the logarithm from 0.03 to 1, and the responses from 0.35 to 0.7, mostly below what is expected.
    """
    found = []
    for seed in range(n):
        rng = np.random.default_rng([seed, 11, as_expected])
        chroms = rng.choice(22, int(rng.integers(1, 5)), replace=False)
        events = tuple(random_event(int(chrom), rng) for chrom in chroms)
        least = SETTINGS.least_fraction if as_expected else 0.03
        fractions = np.exp(rng.uniform(np.log(least), 0.0, len(events)))
        response = float(rng.uniform(0.35, 0.7))
        if as_expected:
            fractions[rng.random(len(events)) < SETTINGS.clonal_share] = 1.0
            response = SETTINGS.lrr_response * float(np.exp(SETTINGS.response_cv * rng.standard_normal()))
        switch_rate = SWITCHES[seed % len(SWITCHES)]
        karyotype = karyotype_of(
            simulate_array(
                3000 + seed,
                fraction=fractions.tolist(),
                events=events,
                n_snps=N_SNPS,
                switch_rate=switch_rate,
                baf_sd=float(rng.uniform(0.025, 0.05)),
                lrr_sd=float(rng.uniform(0.12, 0.3)),
                response=response,
                wave_scale=1.0,
                block_cv=0.03,
            )
        )
        found += [
            Outcome(event=event, fraction=fraction, switch_rate=switch_rate, call=call_over(event, karyotype))
            for event, fraction in zip(events, fractions.tolist(), strict=True)
        ]
    return tuple(found)
