"""Simulated arrays with changes of X and Y: levels, waves and noise as real arrays have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genostab.arrays import Float64, Phase, SnpTable
from genostab.io.genome import load_genome

GENOME = load_genome("GRCh38")
_MALE_SPECIFIC = (6_800_000, 22_300_000)
_X = (3_000_000, 88_000_000)


@dataclass(frozen=True, kw_only=True)
class Array:
    """An array: probes, noise, and the levels that its clusters give X and Y without a change."""

    n_autosomal: int = 12_000
    n_x: int = 2_000
    n_y: int = 300
    n_pseudo: int = 300
    lrr_sd: float = 0.2
    y_lrr_sd: float = 0.5
    baf_sd: float = 0.04
    wave_sd: float = 0.03
    y_level: float = -0.2
    x_level: float = -0.3
    pseudo_level: float = 0.0
    response: float = 0.45
    y_response: float = 0.5
    switch_rate: float | None = None  # of phase, at each heterozygous probe; None for no phase


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Mean copies of both alleles where cells have two, of X and Y where a male has one."""

    pseudo: tuple[float, float] = (1.0, 1.0)
    x: tuple[float, float] = (1.0, 0.0)
    y: float = 1.0


def male(change: str = "", f: float = 0.0) -> Copies:
    """A male with a share f of changed cells; X first, then Y."""
    if change == "loss of Y":
        return Copies(pseudo=(1.0, 1.0 - f), y=1.0 - f)
    if change == "gain of Y":
        return Copies(pseudo=(1.0, 1.0 + f), y=1.0 + f)
    if change == "gain of X":
        return Copies(pseudo=(1.0 + f, 1.0), x=(1.0 + f, 0.0))
    return Copies()


def female(change: str = "", f: float = 0.0) -> Copies:
    """A female with a share f of changed cells."""
    both = {"loss of X": (1.0, 1.0 - f), "gain of X": (1.0, 1.0 + f), "cnloh": (1.0 + f, 1.0 - f)}
    pair = both.get(change, (1.0, 1.0))
    return Copies(pseudo=pair, x=pair, y=0.0)


def simulate(array: Array, copies: Copies, rng: np.random.Generator) -> SnpTable:
    """One array; the two homozygous genotypes and the heterozygous one at 0.35, 0.35 and 0.3."""
    par = [(s, e) for c, s, e in GENOME.par if c == "chrX"]
    n_par2 = array.n_pseudo // 5
    normal_x = 2.0 if copies.x[1] else 1.0
    parts = [
        _stretch(
            c, 1_000_000, 45_000_000, array.n_autosomal // 22, (1.0, 1.0), 0.0, 0.0, array.lrr_sd, array, rng
        )
        for c in range(22)
    ]
    pseudo_log2 = float(np.log2(sum(copies.pseudo) / 2.0))
    parts += [
        _stretch(
            22,
            *ends,
            n,
            copies.pseudo,
            array.pseudo_level,
            array.response * pseudo_log2,
            array.lrr_sd,
            array,
            rng,
        )
        for ends, n in ((par[0], array.n_pseudo - n_par2), (par[1], n_par2))
    ]
    x_log2 = float(np.log2(sum(copies.x) / normal_x))
    parts.append(
        _stretch(
            22, *_X, array.n_x, copies.x, array.x_level, array.response * x_log2, array.lrr_sd, array, rng
        )
    )
    y_log2 = float(np.log2(max(copies.y, 2e-2)))
    level = array.y_level if copies.y else -1.5
    parts.append(
        _stretch(
            23,
            *_MALE_SPECIFIC,
            array.n_y,
            (copies.y, 0.0),
            level,
            array.y_response * y_log2,
            array.y_lrr_sd,
            array,
            rng,
        )
    )
    chrom, position, lrr, baf, side = (np.concatenate([part[i] for part in parts]) for i in range(5))
    order = np.lexsort((position, chrom))
    phase = None if array.switch_rate is None else _phase(side[order], array.switch_rate)
    return SnpTable(
        sample="s",
        name=tuple(f"p{i}" for i in range(chrom.size)),
        chrom=chrom[order].astype(np.int16),
        position=position[order].astype(np.int64),
        log_r_ratio=lrr[order],
        b_allele_fraction=baf[order],
        genotype=np.full(chrom.size, -1, dtype=np.int8),
        phase=phase,
    )


def _phase(side: Float64, switch_rate: float) -> Phase:
    """Haplotype of B, turned at heterozygous probes with the given chance."""
    drawn = np.random.default_rng(side.size).random(side.size)
    turned = np.cumsum((side != 0.0) & (drawn < switch_rate)) % 2 == 1
    haplotype = np.where(side == 0.0, 0, np.where((side > 0.0) ^ turned, 1, 2))
    return Phase(haplotype=haplotype.astype(np.int8), block=np.where(haplotype > 0, 0, -1))


def _stretch(
    chrom: int,
    start: int,
    end: int,
    n: int,
    copies: tuple[float, float],
    level: float,
    shift: float,
    lrr_sd: float,
    array: Array,
    rng: np.random.Generator,
) -> tuple[Float64, Float64, Float64, Float64, Float64]:
    """Chromosome, position, Log R ratio, B allele fraction; 1 where B stands on the haplotype of more copies, or -1."""
    position = np.sort(rng.integers(start, end, n)).astype(np.float64)
    wave = array.wave_sd * np.sqrt(2.0) * np.sin(position / rng.uniform(1e6, 1e7) + rng.uniform(0.0, 6.3))
    lrr = level + shift + wave + lrr_sd * rng.standard_normal(n)
    genotype = rng.choice(3, n, p=(0.35, 0.3, 0.35))
    a, b = copies if copies[1] else (copies[0], 0.0)
    is_het = (genotype == 1) & (b > 0)
    upper = max(a, b) / (a + b) if a + b else 0.5
    is_upper = rng.random(n) < 0.5
    share = np.where(is_upper, upper, 1.0 - upper)
    centre = np.where(is_het, share, np.where(genotype == 0, 0.0, 1.0))
    baf = centre + np.where(is_het, array.baf_sd, 0.012) * rng.standard_normal(n)
    if a + b == 0:
        baf = rng.random(n)
    side = np.where(is_het, np.where(is_upper, 1.0, -1.0), 0.0)
    return np.full(n, float(chrom)), position, lrr, np.clip(baf, 0.0, 1.0), side
