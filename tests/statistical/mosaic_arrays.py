"""Random mosaics on small arrays of random quality, and what was made of each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from genostab.results import Call
from tests.statistical.array_genomes import GENOME, Event, call_over, karyotype_of, simulate_array

N_SNPS = 150_000
SWITCHES = (0.005, 0.03, None)
KINDS = ("gain", "loss", "cnloh")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An event, the share of cells that have it, and the reported call over it."""

    event: Event
    fraction: float
    switch_rate: float | None
    call: Call | None


def random_event(chrom: int, rng: np.random.Generator) -> Event:
    """A change of 5 to 150 Mb, its size even in the logarithm; the whole chromosome where that is shorter."""
    length = int(GENOME.length_bp[chrom])
    size = int(np.exp(rng.uniform(np.log(5e6), np.log(150e6))))
    start = int(rng.uniform(0, max(length - size, 1)))
    kind = str(rng.choice(KINDS))
    return Event(chrom=GENOME.names[chrom], start=start, end=min(start + size, length), kind=kind)


@cache
def outcomes(n: int) -> tuple[Outcome, ...]:
    """The events of `n` arrays, one to four each: their share of cells even in the logarithm, from 0.03 to 1."""
    found = []
    for seed in range(n):
        rng = np.random.default_rng([seed, 11])
        chroms = rng.choice(22, int(rng.integers(1, 5)), replace=False)
        events = tuple(random_event(int(chrom), rng) for chrom in chroms)
        fractions = np.exp(rng.uniform(np.log(0.03), 0.0, len(events))).tolist()
        switch_rate = SWITCHES[seed % len(SWITCHES)]
        sample = simulate_array(
            3000 + seed,
            fraction=fractions,
            events=events,
            n_snps=N_SNPS,
            switch_rate=switch_rate,
            baf_sd=float(rng.uniform(0.025, 0.05)),
            lrr_sd=float(rng.uniform(0.12, 0.3)),
            response=float(rng.uniform(0.35, 0.7)),
            wave_scale=1.0,
            block_cv=0.03,
        )
        karyotype = karyotype_of(sample)
        for event, fraction in zip(events, fractions, strict=True):
            found.append(
                Outcome(
                    event=event, fraction=fraction, switch_rate=switch_rate, call=call_over(event, karyotype)
                )
            )
    return tuple(found)
