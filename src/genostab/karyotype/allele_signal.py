"""Heterozygous SNPs as symbols with a likelihood for every shift of their allele fraction, whatever showed them."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import numpy as np

from genostab.arrays import Bool, Float64, Genome, Int16, Int32, Int64, Phase
from genostab.karyotype.settings import Settings
from genostab.kernels.allele_path import imbalance_likelihood

_REMEMBERED, _REMEMBERED_EITHER = 256, 64  # tables, of a quarter of a megabyte each from an array
LogLikelihood = Callable[[tuple[float, ...], float], Float64]


@dataclass(frozen=True, kw_only=True)
class AlleleSignal:
    """Heterozygous SNPs of one sample, sorted by chromosome and position.

    chrom : int16; position : int64, 0-based bp; both shape (n_snps,)
    symbol : int32, shape (n_snps,), 0..n_symbols - 1: SNPs with the same symbol show the same
    group : int64, shape (n_symbols,): symbols of one group are what one SNP might have shown (reads of one depth)
    phased : bool, shape (n_snps,), whether the SNP's haplotype is known
    linked : bool, shape (n_snps,), whether its phase with the last phased SNP is known; None where nothing is phased
    log_likelihood : of shifts of the allele fraction towards the first haplotype, or B, and a scale of the noise (1 as
        fitted); float64, shape (n_symbols, n_shifts); it remembers what it was asked, which is much the same for all
        regions
    either_sign : that of shifts in either direction, each as likely; it remembers too
    variance : float, of the allele fraction of a balanced SNP, as most of them show it
    spread : tuple of (number of SNPs, standard deviation of the scale of the noise from place to place), ascending
    known : what was found of an interval of SNPs before, by whoever looked
    """

    chrom: Int16
    position: Int64
    symbol: Int32
    group: Int64
    phased: Bool
    linked: Bool | None
    log_likelihood: LogLikelihood
    either_sign: LogLikelihood
    variance: float
    spread: tuple[tuple[int, float], ...]
    known: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)


def remembered(log_likelihood: LogLikelihood) -> tuple[LogLikelihood, LogLikelihood]:
    """`log_likelihood` and `either_sign` of a signal, from a function that computes the former."""
    one_way = lru_cache(maxsize=_REMEMBERED)(log_likelihood)

    @lru_cache(maxsize=_REMEMBERED_EITHER)
    def either_sign(shifts: tuple[float, ...], scale: float) -> Float64:
        up, down = one_way(shifts, scale), one_way(_turned(shifts), scale)
        # np.logaddexp, which takes pairs one by one, takes five times as long.
        return np.asarray(np.maximum(up, down) + np.log1p(np.exp(-np.abs(up - down))) - math.log(2.0))

    return one_way, either_sign


def _turned(shifts: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(-shift for shift in shifts)


def linked_to_previous(phase: Phase | None, chrom: Int16, kept: Int64) -> Bool | None:
    """Whether the phase of each kept SNP with the last phased one before it is known; None without any phase.

    Parameters
    ----------
    phase : Phase of all SNPs, or None
    chrom : ndarray of int16, shape (n_snps,)
    kept : ndarray of int64, shape (n_kept,), ascending indices

    Returns
    -------
    ndarray of bool, shape (n_kept,)
        True at SNPs without phase, over which the phase is carried on.
    """
    if phase is None or not (phase.haplotype[kept] > 0).any():
        return None
    linked = np.ones(kept.size, dtype=bool)
    phased = np.flatnonzero(phase.haplotype[kept] > 0)
    block, own_chrom = phase.block[kept][phased], chrom[kept][phased]
    linked[phased[0]] = False
    linked[phased[1:]] = (np.diff(block) == 0) & (np.diff(own_chrom) == 0)
    return linked


def within(signal: AlleleSignal, chrom: int, start: int, end: int) -> slice:
    """SNPs of an interval [start, end) of a chromosome."""
    own = np.int16(chrom)
    a = int(np.searchsorted(signal.chrom, own, side="left"))
    b = int(np.searchsorted(signal.chrom, own, side="right"))
    first, last = np.searchsorted(signal.position[a:b], [start, end])
    return slice(a + int(first), a + int(last))


def has_x(signal: AlleleSignal, genome: Genome) -> bool:
    """Whether SNPs of X are there: those of a cell with two."""
    chrom = genome.names.index("chrX")
    inside = within(signal, chrom, 0, int(genome.length_bp[chrom]))
    return bool(inside.stop > inside.start)


def shift_likelihood(signal: AlleleSignal, inside: slice, shifts: Float64, settings: Settings) -> Float64:
    """Log-likelihood ratio of each shift of the allele fraction, its sign unknown, against none.

    Parameters
    ----------
    signal : AlleleSignal
    inside : slice, the SNPs of a region
    shifts : ndarray of float64, shape (n_shifts,), >= 0
    settings : Settings, table [allele]

    Returns
    -------
    ndarray of float64, shape (n_shifts,)

    Notes
    -----
    Without phase each SNP's sign is open, and the noise may be wider or narrower in this place than elsewhere: its
    scale is integrated over what places of that size show, under balance as under imbalance. With phase the sign turns
    with one of the stated rates. Readings with and without phase are averaged as likelihood ratios, so that the mean
    under balance stays 1.
    """
    tried, spread = tuple(shifts.tolist()), spread_at(signal, inside.stop - inside.start)
    unphased = _unphased(signal, inside, tried, spread, settings)
    return _averaged([unphased, *_phased(signal, inside, tried, settings)])


def cost_of_open_noise(signal: AlleleSignal, inside: slice, settings: Settings) -> float:
    """What the best of `search_shifts` loses of its log-likelihood ratio once the noise of the place is open.

    A search for runs takes the noise for known, and finds places where it is wider.
    """
    tried, spread = settings.search_shifts, spread_at(signal, inside.stop - inside.start)
    phased = _phased(signal, inside, tried, settings)
    known, opened = (
        _averaged([_unphased(signal, inside, tried, each, settings), *phased]).max() for each in (0.0, spread)
    )
    return max(0.0, float(known - opened))


def _averaged(log_ratios: Sequence[Float64]) -> Float64:
    """Readings averaged as likelihood ratios."""
    return np.asarray(np.logaddexp.reduce(log_ratios, axis=0) - np.log(len(log_ratios)), dtype=np.float64)


def _phased(
    signal: AlleleSignal, inside: slice, shifts: tuple[float, ...], settings: Settings
) -> list[Float64]:
    """Log-likelihood ratios at each rate of switches; none where nothing is phased."""
    if signal.linked is None:
        return []
    plus, minus = ratio_tables(signal, shifts)
    symbol = symbol_with_phase(signal, inside)
    switches = (np.where(signal.linked[inside], rate, 0.5) for rate in settings.switch_rates)
    return [imbalance_likelihood(symbol, plus, minus, switch) for switch in switches]


def symbol_with_phase(signal: AlleleSignal, inside: slice) -> Int32:
    """Row of `ratio_tables` of each SNP inside; int32, shape (n_inside,)."""
    n_symbols, symbol = np.int32(signal.group.size), signal.symbol[inside]
    return np.where(signal.phased[inside], symbol, symbol + n_symbols)


def ratio_tables(signal: AlleleSignal, shifts: tuple[float, ...]) -> tuple[Float64, Float64]:
    """Log-likelihood ratio of a shift up, and down, against none; float64, shape (2 n_symbols, n_shifts), each.

    The second half is for SNPs without phase, which either sign explains alike.
    """
    none = signal.log_likelihood((0.0,), 1.0)
    up = signal.log_likelihood(shifts, 1.0) - none
    down = signal.log_likelihood(_turned(shifts), 1.0) - none
    either = signal.either_sign(shifts, 1.0) - none
    return np.concatenate((up, either)), np.concatenate((down, either))


def _unphased(
    signal: AlleleSignal, inside: slice, shifts: tuple[float, ...], spread: float, settings: Settings
) -> Float64:
    counts = np.bincount(signal.symbol[inside]).astype(np.float64)
    seen = np.flatnonzero(counts)
    counts = counts[seen]
    deviate, log_weights = _scale_nodes(settings.spread_nodes if spread > 0.0 else 1)
    scales = np.exp(spread * deviate)
    with_shift, without_shift = [], []
    for scale, log_weight in zip(scales.tolist(), log_weights.tolist(), strict=True):
        balanced = signal.log_likelihood((0.0,), scale)[seen, 0]
        shifted = np.einsum("i,ij->j", counts, signal.either_sign(shifts, scale)[seen])
        with_shift.append(log_weight + shifted)
        without_shift.append(log_weight + float((counts * balanced).sum()))
    return np.asarray(np.logaddexp.reduce(with_shift, axis=0) - np.logaddexp.reduce(without_shift))


@cache
def _scale_nodes(n_nodes: int) -> tuple[Float64, Float64]:
    """Deviates of the logarithm of a scale, and logarithms of their weights; float64, shape (n_nodes,), each."""
    deviate, weight = np.polynomial.hermite_e.hermegauss(n_nodes)
    return deviate, np.log(weight / weight.sum())


def spread_at(signal: AlleleSignal, n_snps: int) -> float:
    """Standard deviation of the scale of the noise between places of about so many SNPs, to a power of two."""
    sizes, spreads = zip(*signal.spread, strict=True)
    return float(np.interp(np.floor(np.log2(max(n_snps, 1))), np.log2(sizes), spreads))
