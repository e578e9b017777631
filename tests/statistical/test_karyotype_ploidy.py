"""Clones of known ploidy and fraction through the whole room, and lots with small mosaics."""

from __future__ import annotations

import numpy as np
import pytest

from genostab.karyotype.ploidy import ploidy_solutions
from genostab.results import Solution
from tests.statistical.karyotype_genomes import SETTINGS, Event, genome, is_soak, karyotype, sample

WIDTH = 200_000
SEEDS = range(20 if is_soak() else 3)
ACROCENTRIC = ("chr13", "chr14", "chr15", "chr21", "chr22")


def solutions(events: list[Event], seed: int) -> tuple[Solution, ...]:
    seen = karyotype(sample(WIDTH, np.random.default_rng(seed), events))
    return ploidy_solutions(
        profile=seen.profile,
        segments=seen.segments,
        calls=seen.calls,
        genome=genome(),
        response_cv=0.0,
        settings=SETTINGS,
    )


def clone(normal: int, fraction: float, seed: int) -> tuple[list[Event], float]:
    """Twelve arms off the normal copy number by one or two, and the clone's ploidy."""
    rng, known = np.random.default_rng(seed), genome()
    arms = []
    for i, name in enumerate(known.names[:22]):
        if name not in ACROCENTRIC:
            arms.append((name, 0, int(known.centromere_start[i])))
        arms.append((name, int(known.centromere_end[i]), int(known.length_bp[i])))
    copies = np.full(len(arms), float(normal))
    copies[rng.choice(len(arms), 12, replace=False)] += rng.choice([-1, 1, 2], 12, p=[0.45, 0.45, 0.1])
    ploidy = np.average(copies, weights=[end - start for _, start, end in arms])
    # Depth knows ratios only: the library is scaled so that the normal arms have the depth of two copies.
    mean = (fraction * copies + 2 * (1 - fraction)) / (fraction * normal + 2 * (1 - fraction)) * 2
    events = [
        Event(chrom=chrom, start=start, end=end, copies=float(m))
        for (chrom, start, end), m in zip(arms, mean, strict=True)
        if m != 2.0
    ]
    return events, float(ploidy)


@pytest.mark.parametrize("normal", [2, 3, 4])
@pytest.mark.parametrize("fraction", [0.3, 0.6, 1.0])
def test_a_clone_of_twelve_arms_is_listed(normal: int, fraction: float) -> None:
    for seed in SEEDS:
        events, ploidy = clone(normal, fraction, seed)
        near = [
            s
            for s in solutions(events, seed)
            if s.cell_fraction is not None
            and abs(s.ploidy - ploidy) < 0.1
            and abs(s.cell_fraction - fraction) < 0.05
        ]
        assert any(s.relative_likelihood > 1 / SETTINGS.decisive_odds for s in near)


def whole(chrom: str, fraction: float) -> Event:
    length = int(genome().length_bp[genome().names.index(chrom)])
    return Event(chrom=chrom, start=0, end=length, copies=2 + fraction)


@pytest.mark.parametrize(
    "events",
    [
        [],
        [whole("chr12", 0.1)],
        [whole("chr12", 0.3)],
        [whole("chr12", 1.0)],
        [whole("chr12", 0.2), whole("chr17", 0.2)],
        [whole("chr12", 0.2), Event(chrom="chr20", start=31_000_000, end=36_000_000, copies=2.4)],
    ],
    ids=["flat", "12+10%", "12+30%", "12+", "12+17+20%", "12+20q"],
)
def test_small_mosaics_are_no_tumour(events: list[Event]) -> None:
    for seed in SEEDS:
        plain, *others = solutions(events, seed)
        assert plain.cell_fraction is None
        assert plain.ploidy < 2.1
        if len(events) < 2:
            assert [other.cell_fraction for other in others] == [None]
