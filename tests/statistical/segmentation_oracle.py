"""What a detector would reach that knows the noise, the centre, and length and size of the events it looks for.

It sums the exact log likelihood ratio of Poisson counts with log-normal overdispersion over windows of the shortest
event's length; by Neyman and Pearson nothing that knows less finds more of these at as many false events.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import stats

from genostab.arrays import Float64, Int64
from tests.statistical.segmentation import OVERDISPERSION, READS, TOLERANCE_BINS

N_BINS = 57_500
LENGTH = 10  # bins of 0.5 Mb
MOST_READS = 700
FLANK = 40


@cache
def evidence(copies: float) -> Float64:
    """Log likelihood ratio of so many copies against two, for every number of reads of a bin."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    reads = np.arange(MOST_READS)

    def likelihood(ploidy: float) -> Float64:
        means = READS * ploidy / 2.0 * np.exp2(OVERDISPERSION * nodes)
        return np.asarray(weights @ stats.poisson.pmf(reads, means[:, np.newaxis]))

    return np.log(likelihood(copies) + 1e-300) - np.log(likelihood(2.0) + 1e-300)


def reads_of(n: int, copies: float, rng: np.random.Generator) -> Int64:
    mean = READS * copies / 2.0 * np.exp2(rng.normal(0.0, OVERDISPERSION, n))
    return np.minimum(rng.poisson(mean), MOST_READS - 1).astype(np.int64)


def threshold(fraction: float, false_events: float, n_genomes: int, rng: np.random.Generator) -> float:
    """The evidence that windows of euploid genomes pass `false_events` times a genome; overlapping ones are one."""
    gain, loss = evidence(2.0 + fraction), evidence(2.0 - fraction)
    window = np.ones(LENGTH)
    tops: list[float] = []
    for _ in range(n_genomes):
        reads = reads_of(N_BINS, 2.0, rng)
        sums = np.maximum(
            np.convolve(gain[reads], window, "valid"), np.convolve(loss[reads], window, "valid")
        )
        taken = np.zeros(N_BINS + LENGTH, dtype=bool)
        for i in sorted(np.flatnonzero(sums > 4.0).tolist(), key=lambda i: -sums[i]):
            if not taken[max(0, i - LENGTH + 1) : i + LENGTH].any():
                taken[i] = True
                tops.append(float(sums[i]))
    return sorted(tops, reverse=True)[round(false_events * n_genomes) - 1]


def recall(fraction: float, least: float, n: int, rng: np.random.Generator) -> float:
    """Share of events of the shortest length, half of them losses, with such evidence in a window on half of them."""
    found = 0
    for k in range(n):
        copies = 2.0 + fraction * (1 if k % 2 else -1)
        reads = np.concatenate([reads_of(m, c, rng) for m, c in ((15, 2.0), (LENGTH, copies), (15, 2.0))])
        sums = np.convolve(evidence(copies)[reads], np.ones(LENGTH), "valid")
        found += bool(sums[15 - LENGTH // 2 : 16 + LENGTH // 2].max() >= least)
    return found / n


def misplaced(fraction: float, n: int, rng: np.random.Generator) -> float:
    """Share of breaks of known levels whose likeliest place is further off than the tolerance."""
    wrong = 0
    for k in range(n):
        copies = 2.0 + fraction * (1 if k % 2 else -1)
        reads = np.concatenate([reads_of(FLANK, 2.0, rng), reads_of(FLANK, copies, rng)])
        sums = np.concatenate([[0.0], np.cumsum(evidence(copies)[reads])])
        wrong += bool(abs(int(np.argmin(sums)) - FLANK) > TOLERANCE_BINS)
    return wrong / n


def best_f1(fraction: float, false_events: float) -> float:
    """Breakpoint F1 where all events but the shortest of seven sizes are found and all breaks placed by likelihood."""
    rng = np.random.default_rng(1)
    least = threshold(fraction, false_events, 400, rng)
    found = (6.0 + recall(fraction, least, 8000, rng)) / 7.0
    placed = 1.0 - misplaced(fraction, 20_000, rng)
    true = found * placed
    return 2.0 * true / (1.0 + found)
