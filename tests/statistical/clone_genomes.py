"""Simulated genomes of one clone as segments: arms with copies of both alleles, some doubled, seen by a 700k array.

Heterozygous probes have Gaussian noise of 0.035, so that their likelihood is exact; a segment's level has the noise of
its probes and waves of 0.01; responses differ from genome to genome, and by 10 % from place to place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genostab.arrays import Float64, Int64
from genostab.io.genome import load_genome
from genostab.karyotype.allele_model import CloneResponse, CloneSegments
from genostab.karyotype.allele_state import ShiftCurve, shift_curve
from genostab.karyotype.settings import load_settings

SETTINGS = load_settings()
GENOME = load_genome("GRCh38")
RESPONSE = CloneResponse(depth=1.0, depth_cv=0.2, allele_cv=0.1, place_cv=0.1)
BAF_SD, LRR_SD, WAVES = 0.035, 0.18 / 0.66, 0.01
N_SNPS, HET_SHARE = 700_000, 0.3
ACROCENTRIC = (12, 13, 14, 20, 21)


@dataclass(frozen=True, kw_only=True)
class CloneGenome:
    """Segments as seen, and what they are: shape (n_segments, 2), the rarer allele first; ploidy by length."""

    segments: CloneSegments
    states: Int64
    ploidy: float


def places(rng: np.random.Generator) -> list[tuple[int, int, int]]:
    """Arms, one in seven parted."""
    found: list[tuple[int, int, int]] = []
    for chrom in range(22):
        arms = [(int(GENOME.centromere_end[chrom]), int(GENOME.length_bp[chrom]))]
        if chrom not in ACROCENTRIC:
            arms.insert(0, (0, int(GENOME.centromere_start[chrom])))
        for start, end in arms:
            if rng.random() < 0.15 and end - start > 30_000_000:
                middle = int(rng.uniform(start + 10_000_000, end - 10_000_000))
                found += [(chrom, start, middle), (chrom, middle, end)]
            else:
                found.append((chrom, start, end))
    return found


def copies(rng: np.random.Generator, n: int, n_changed: int, doubled: bool) -> Int64:
    """Gains, losses and copy-neutral LOH; half of them before a doubling."""
    states = np.ones((n, 2), dtype=np.int64)
    for half, part in enumerate((n_changed // 2, n_changed - n_changed // 2) if doubled else (n_changed,)):
        for i in rng.choice(n, part, replace=False):
            kind, allele = rng.random(), rng.integers(2)
            if kind < 0.4:
                states[i, allele] += 1
            elif kind < 0.8:
                states[i, allele] = max(0, states[i, allele] - 1)
            elif states[i, 1 - allele] > 0:
                states[i] += np.where(np.arange(2) == allele, 1, -1)
        if doubled and half == 0:
            states *= 2
    return np.sort(states, axis=1)


def simulate(
    rng: np.random.Generator, fraction: float | None, n_changed: int, doubled: bool = False
) -> CloneGenome:
    """A clone in `fraction` of the cells; None for every segment in a share of its own, log-uniform over 0.1 to 1."""
    where = places(rng)
    states = copies(rng, len(where), n_changed, doubled)
    length = np.array([end - start for _, start, end in where], dtype=np.float64)
    own = np.exp(rng.uniform(np.log(0.1), 0.0, length.size))
    share = (own if fraction is None else np.full(length.size, fraction))[:, None]
    a, b = np.maximum(1.0 + share * (states - 1.0), 1e-3).T
    depth, allele = np.exp(0.2 * rng.standard_normal()), np.exp(0.1 * rng.standard_normal())
    shift = 0.5 * np.tanh(0.5 * allele * np.log(b / a)) * (1.0 + 0.1 * rng.standard_normal(length.size))
    n = N_SNPS * length / 2.875e9
    sd = np.hypot(LRR_SD / np.sqrt(n), WAVES)
    level = depth * np.log2((a + b) / 2.0)
    seen = level * (1.0 + 0.1 * rng.standard_normal(length.size)) + sd * rng.standard_normal(length.size)
    return CloneGenome(
        segments=CloneSegments(
            chrom=np.array([chrom for chrom, _, _ in where], dtype=np.int16),
            curve=tuple(
                _curve(rng, min(each, 0.5), int(HET_SHARE * size))
                for each, size in zip(shift, n, strict=True)
            ),
            ratio_log2=seen - np.average(level, weights=length),
            sd_log2=sd,
            length_bp=length,
        ),
        states=states,
        ploidy=float(np.average(states.sum(axis=1), weights=length)),
    )


def _curve(rng: np.random.Generator, shift: float, n: int) -> ShiftCurve:
    """Log of cosh(x s / v) exp(-s^2 / 2 v) over n probes: v their variance, x in steps of `symbol_width`."""
    shown = np.abs(rng.choice([-shift, shift], n) + BAF_SD * rng.standard_normal(n))
    x, count = np.unique(np.round(shown / SETTINGS.symbol_width) * SETTINGS.symbol_width, return_counts=True)

    def of_shift(tried: Float64) -> Float64:
        up = np.multiply.outer(x, tried) / BAF_SD**2
        either = count @ np.logaddexp(up, -up) - n * np.log(2.0)
        return np.asarray(either - n * np.square(tried) / (2.0 * BAF_SD**2))

    return shift_curve(of_shift, SETTINGS)
