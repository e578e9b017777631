"""Libraries of one protocol: a shared yield per bin, waves of shared shape in amounts of their own, events."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import lfilter

from genostab.arrays import Bins, Float64, Normal, Panel, Profile
from genostab.karyotype.sex import Sex
from tests.statistical.karyotype_genomes import Event, genome, tile

WAVE_LENGTHS_BP = (2e6, 5e6, 2e7)
WAVE_SD_LOG2 = 0.02  # of each wave in one library
YIELD_SD_LOG2 = 0.15  # of bins, the same in all libraries
OVERDISPERSION_LOG2 = 0.02


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """Yield of each bin [log2], shapes of the waves (n_waves, n_bins), mean reads per bin."""

    width_bp: int
    reads: float
    bin_yield: Float64
    shapes: Float64


@functools.cache
def protocol(width_bp: int, reads: float) -> Protocol:
    """A protocol, the same on every call."""
    rng = np.random.default_rng([31, width_bp])
    chrom, _, _ = tile(width_bp)
    shapes = np.stack([_wave(width_bp, length, rng) for length in WAVE_LENGTHS_BP])
    bin_yield = rng.normal(0.0, YIELD_SD_LOG2, chrom.size)
    return Protocol(width_bp=width_bp, reads=reads, bin_yield=bin_yield, shapes=shapes)


def _wave(width_bp: int, length_bp: float, rng: np.random.Generator) -> Float64:
    """Autoregressive noise of variance 1, chromosome by chromosome."""
    chrom, _, _ = tile(width_bp)
    rho, wave = np.exp(-width_bp / length_bp), np.zeros(chrom.size)
    for number in range(int(chrom[-1]) + 1):
        own = np.flatnonzero(chrom == number)
        shocks = rng.normal(0.0, np.sqrt(1.0 - rho * rho), own.size)
        shocks[0] = rng.normal()
        wave[own] = lfilter([1.0], [1.0, -rho], shocks)
    return wave


def library(
    made: Protocol, rng: np.random.Generator, sex: Sex = "female", events: Sequence[Event] = ()
) -> Bins:
    """Bins of one library; centromeres hold no read."""
    known = genome()
    chrom, start, end = tile(made.width_bp)
    middle = (start + end) / 2.0
    copies = np.full(chrom.size, 2.0)
    copies[chrom == known.names.index("chrX")] = 1.0 if sex == "male" else 2.0
    copies[chrom == known.names.index("chrY")] = 1.0 if sex == "male" else 0.0
    for event in events:
        inside = (chrom == known.names.index(event.chrom)) & (middle >= event.start) & (middle < event.end)
        copies[inside] *= event.copies / 2.0
    copies[(middle >= known.centromere_start[chrom]) & (middle < known.centromere_end[chrom])] = 0.0
    waves = rng.normal(0.0, WAVE_SD_LOG2, len(made.shapes)) @ made.shapes
    log2 = made.bin_yield + waves + rng.normal(0.0, OVERDISPERSION_LOG2, chrom.size)
    mean = made.reads * (end - start) / made.width_bp * copies / 2.0 * np.exp2(log2)
    return bins_of(made.width_bp, rng.poisson(mean).astype(np.float64))


def bins_of(width_bp: int, reads: Float64) -> Bins:
    """Bins with so many reads and a GC content of their own."""
    chrom, start, end = tile(width_bp)
    unknown = np.full(chrom.size, np.nan)
    return Bins(
        chrom=chrom,
        start=start,
        end=end,
        n_reads=reads,
        ratio_log2=unknown,
        weight=np.ones(chrom.size),
        gc_fraction=np.random.default_rng(5).normal(0.41, 0.04, chrom.size).clip(0.2, 0.8),
        mapq0_fraction=np.zeros(chrom.size),
        n_duplicates=np.zeros(chrom.size),
    )


def panel_of(libraries: Sequence[Bins], sexes: Sequence[Sex]) -> Panel:
    """Libraries as a panel."""
    values = np.stack([bins.n_reads for bins in libraries], axis=1)
    return Panel(
        is_counts=True,
        bin_bp=int(libraries[0].end[0]),
        min_mapq=10,
        bins=replace(libraries[0], n_reads=values.sum(axis=1)),
        values=values.astype(np.float32),
        normals=tuple(
            Normal(name=f"n{i}", sha256=f"{i:064x}", sex=sex, n_reads=int(bins.n_reads.sum()))
            for i, (bins, sex) in enumerate(zip(libraries, sexes, strict=True))
        ),
    )


def euploid_panel(made: Protocol, n: int, seed: int) -> Panel:
    """`n` normals, every other one male."""
    rng = np.random.default_rng([seed, n])
    sexes: list[Sex] = ["male" if i % 2 else "female" for i in range(n)]
    return panel_of([library(made, rng, sex) for sex in sexes], sexes)


def contrast(profile: Profile, chrom: str) -> float:
    """Mean of a chromosome less that of the other autosomes [log2]."""
    on = profile.chrom == genome().names.index(chrom)
    rest = profile.autosome & ~on
    weight = 1.0 / np.square(profile.sd_log2)
    return float(
        np.average(profile.ratio_log2[on], weights=weight[on])
        - np.average(profile.ratio_log2[rest], weights=weight[rest])
    )
