"""Heterozygous SNPs as symbols with a likelihood for every shift of their allele fraction, whatever showed them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from genostab.arrays import Bool, Float64, Int16, Int32, Int64, Phase
from genostab.karyotype.settings import Settings
from genostab.kernels.allele_path import imbalance_likelihood

LogLikelihood = Callable[[tuple[float, ...], float], Float64]


@dataclass(frozen=True, kw_only=True)
class AlleleSignal:
    """Heterozygous SNPs of one sample, sorted by chromosome and position.

    chrom : int16; position : int64, 0-based bp; both shape (n_snps,)
    symbol : int32, shape (n_snps,), 0..n_symbols - 1: SNPs with the same symbol show the same
    linked : bool, shape (n_snps,), whether the phase with the SNP before is known; None where nothing is phased
    log_likelihood : of shifts of the allele fraction towards the first haplotype, or B, and a scale of the noise (1 as
        fitted); float64, shape (n_symbols, n_shifts); it remembers what it was asked, which is much the same for all
        regions
    variance : float, of the allele fraction of a balanced SNP, as most of them show it
    spread : tuple of (number of SNPs, standard deviation of the scale of the noise from place to place), ascending
    """

    chrom: Int16
    position: Int64
    symbol: Int32
    linked: Bool | None
    log_likelihood: LogLikelihood
    variance: float
    spread: tuple[tuple[int, float], ...]


def linked_to_previous(phase: Phase | None, chrom: Int16, kept: Int64) -> Bool | None:
    """Whether each kept SNP has a known phase with the kept one before it; None without any phase.

    Parameters
    ----------
    phase : Phase of all SNPs, or None
    chrom : ndarray of int16, shape (n_snps,)
    kept : ndarray of int64, shape (n_kept,), ascending indices
    """
    if phase is None or not (phase.haplotype[kept] > 0).any():
        return None
    is_phased, block = phase.haplotype[kept] > 0, phase.block[kept]
    linked = np.zeros(kept.size, dtype=bool)
    # An unphased SNP breaks the link on both sides: few are, where any phase is given.
    linked[1:] = is_phased[1:] & is_phased[:-1] & (block[1:] == block[:-1]) & (np.diff(chrom[kept]) == 0)
    return linked


def within(signal: AlleleSignal, chrom: int, start: int, end: int) -> slice:
    """SNPs of an interval [start, end) of a chromosome."""
    own = np.int16(chrom)
    a = int(np.searchsorted(signal.chrom, own, side="left"))
    b = int(np.searchsorted(signal.chrom, own, side="right"))
    first, last = np.searchsorted(signal.position[a:b], [start, end])
    return slice(a + int(first), a + int(last))


def without(signal: AlleleSignal, left_out: Bool) -> AlleleSignal:
    """The signal without some of its SNPs."""
    keep = ~left_out
    linked = signal.linked
    if linked is not None:
        # The SNP after a gap is as good as unlinked.
        after = np.concatenate(([False], left_out[:-1]))
        linked = (linked & ~after)[keep]
    return AlleleSignal(
        chrom=signal.chrom[keep],
        position=signal.position[keep],
        symbol=signal.symbol[keep],
        linked=linked,
        log_likelihood=signal.log_likelihood,
        variance=signal.variance,
        spread=signal.spread,
    )


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
    tried = tuple(shifts.tolist())
    ratios = [_unphased(signal, inside, tried, settings)]
    if signal.linked is not None:
        plus, minus = ratio_tables(signal, tried)
        for rate in settings.switch_rates:
            switch = np.where(signal.linked[inside], rate, 0.5)
            ratios.append(imbalance_likelihood(signal.symbol[inside], plus, minus, switch))
    return np.asarray(np.logaddexp.reduce(ratios, axis=0) - np.log(len(ratios)), dtype=np.float64)


def ratio_tables(signal: AlleleSignal, shifts: tuple[float, ...]) -> tuple[Float64, Float64]:
    """Log-likelihood ratio of a shift up, and down, against none; float64, shape (n_symbols, n_shifts), each."""
    none = signal.log_likelihood((0.0,), 1.0)
    return (
        signal.log_likelihood(shifts, 1.0) - none,
        signal.log_likelihood(tuple(-shift for shift in shifts), 1.0) - none,
    )


def _unphased(signal: AlleleSignal, inside: slice, shifts: tuple[float, ...], settings: Settings) -> Float64:
    counts = np.bincount(signal.symbol[inside]).astype(np.float64)
    seen = np.flatnonzero(counts)
    deviate, weight = np.polynomial.hermite_e.hermegauss(settings.spread_nodes)
    scales = np.exp(spread_at(signal, inside.stop - inside.start) * deviate)
    down = tuple(-shift for shift in shifts)
    with_shift, without_shift = [], []
    for scale, log_weight in zip(scales.tolist(), np.log(weight / weight.sum()), strict=True):
        either = np.logaddexp(
            signal.log_likelihood(shifts, scale)[seen], signal.log_likelihood(down, scale)[seen]
        )
        with_shift.append(log_weight + counts[seen] @ (either - np.log(2.0)))
        without_shift.append(log_weight + counts[seen] @ signal.log_likelihood((0.0,), scale)[seen, 0])
    return np.asarray(np.logaddexp.reduce(with_shift, axis=0) - np.logaddexp.reduce(without_shift))


def spread_at(signal: AlleleSignal, n_snps: int) -> float:
    """Standard deviation of the scale of the noise between places of about so many SNPs, to a power of two."""
    sizes, spreads = zip(*signal.spread, strict=True)
    return float(np.interp(np.floor(np.log2(max(n_snps, 1))), np.log2(sizes), spreads))
