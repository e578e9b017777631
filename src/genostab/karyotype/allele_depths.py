"""Heterozygous SNPs of a VCF as an allele signal: reads of either allele, beta-binomial."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from scipy.special import betaln, gammaln

from genostab.arrays import AlleleDepths, Bool, Float64, Genome, Int64
from genostab.karyotype.allele_homozygous import Zygosity
from genostab.karyotype.allele_noise import quiet_snps, spread_of_noise
from genostab.karyotype.allele_signal import AlleleSignal, linked_to_previous, remembered
from genostab.karyotype.bins import autosomes
from genostab.karyotype.settings import Settings

_DISPERSIONS = np.geomspace(1e-5, 0.1, 60)  # tried for the overdispersion of allele depths
_FURTHEST = 1e-4  # of an allele's share: errors of reading keep it from 0


def signal_of_depths(
    snps: AlleleDepths, known_het: Bool | None, is_diploid: Bool, settings: Settings
) -> AlleleSignal | None:
    """Heterozygous SNPs with at least `min_depth` reads where cells have two copies; None where there are too few.

    Parameters
    ----------
    snps : AlleleDepths
    known_het : ndarray of bool, shape (n_snps,), heterozygous in the same donor's other sample; None without one
    is_diploid : ndarray of bool, shape (n_chroms,), chromosomes of which a normal cell has two
    settings : Settings, table [allele]

    Notes
    -----
    Heterozygous is what a phase, or the same donor's other sample, says so; else what the caller says, as far as the
    rarer allele has `least_het_share` of the reads, an edge that the likelihood then takes into account. Reference bias
    is the pooled share of the alternative allele on balanced chromosomes, overdispersion the most likely one there.
    """
    depth = snps.ref_depth + snps.alt_depth
    phased = np.zeros(depth.size, dtype=bool) if snps.phase is None else snps.phase.haplotype > 0
    is_known = phased if known_het is None else known_het | phased
    usable = is_diploid[snps.chrom] & (depth >= settings.min_depth)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = snps.alt_depth / depth
    edge = settings.least_het_share
    in_band = usable & (share > edge) & (share < 1.0 - edge)
    if is_known.any():
        is_het, edge = usable & is_known, 0.0
    else:
        is_het = in_band & (snps.genotype == 1)
    kept = np.flatnonzero(is_het)
    if kept.size < settings.min_snps:
        return None
    fit = kept[in_band[kept]]
    quiet = fit[quiet_snps(share[fit], snps.chrom[fit])]
    bias = float(snps.alt_depth[quiet].sum() / depth[quiet].sum())
    dispersion = _dispersion(snps.alt_depth[quiet], depth[quiet], bias)
    second = np.zeros(kept.size, dtype=np.int64)
    if snps.phase is not None:
        second = (snps.phase.haplotype[kept] == 2).astype(np.int64)
    shown, symbol = np.unique(
        np.column_stack((snps.alt_depth[kept], depth[kept], second)), axis=0, return_inverse=True
    )
    typical = float(np.median(depth[quiet]))
    sd = np.sqrt(bias * (1.0 - bias) / depth[fit] * (1.0 + (depth[fit] - 1.0) * dispersion))
    standard = (share[fit] - bias) / sd
    log_likelihood, either_sign = remembered(
        partial(_log_likelihood, shown, bias, dispersion, typical, edge, settings.least_stray)
    )
    return AlleleSignal(
        chrom=snps.chrom[kept],
        position=snps.position[kept],
        symbol=symbol.ravel().astype(np.int32),
        group=np.unique(shown[:, 1:], axis=0, return_inverse=True)[1].ravel().astype(np.int64),
        phased=phased[kept],
        linked=linked_to_previous(snps.phase, snps.chrom, kept),
        log_likelihood=log_likelihood,
        either_sign=either_sign,
        variance=float(np.median(sd) ** 2),
        spread=spread_of_noise(standard, snps.chrom[fit], 1.0, settings),
    )


def known_heterozygous_depths(
    snps: AlleleDepths, parents: Sequence[AlleleDepths], settings: Settings
) -> Bool | None:
    """SNPs that are heterozygous in the one parent line; None without one, or where it is of another donor.

    Notes
    -----
    Of the same donor where nearly all its heterozygous SNPs (`min_same_donor`) are so in the sample as well.
    """
    if len(parents) != 1:
        return None
    parent = parents[0]
    places, of_parent = (each.chrom.astype(np.int64) << 32 | each.position for each in (snps, parent))
    of_parent = of_parent[parent.genotype == 1]
    known = np.isin(places, of_parent)
    called = known & (snps.genotype >= 0)
    if not called.any() or float((snps.genotype[called] == 1).mean()) < settings.min_same_donor:
        return None
    return np.asarray(known)


def two_x_by_depths(snps: AlleleDepths, genome: Genome, settings: Settings) -> bool:
    """Whether X, pseudo-autosomal regions aside, is heterozygous as often as two X are (see `array_sex`)."""
    chrom = genome.names.index("chrX")
    called = (snps.genotype >= 0) & (snps.ref_depth + snps.alt_depth >= settings.min_depth)
    on_x = called & (snps.chrom == chrom)
    for name, start, end in genome.par:
        if name == "chrX":
            on_x &= (snps.position < start) | (snps.position >= end)
    on_autosome = called & autosomes(genome)[snps.chrom]
    if on_x.sum() < settings.min_snps or not on_autosome.any():
        return False
    is_het = snps.genotype == 1
    return bool(is_het[on_x].mean() >= settings.female_x_het * is_het[on_autosome].mean())


def zygosity_of_depths(snps: AlleleDepths, is_diploid: Bool, settings: Settings) -> Zygosity:
    """SNPs of two copies with at least `min_depth` reads and a genotype, and whether it is heterozygous."""
    usable = is_diploid[snps.chrom] & (snps.genotype >= 0)
    usable &= snps.ref_depth + snps.alt_depth >= settings.min_depth
    return Zygosity(
        chrom=snps.chrom[usable], position=snps.position[usable], is_het=snps.genotype[usable] == 1
    )


def _dispersion(alt: Int64, depth: Int64, bias: float) -> float:
    """Most likely overdispersion: intraclass correlation of reads of one SNP."""
    pairs, counts = np.unique(np.column_stack((alt, depth)), axis=0, return_counts=True)
    alternatives = [
        float((counts * _log_beta_binomial(pairs[:, 0], pairs[:, 1], np.array(bias), rho)).sum())
        for rho in _DISPERSIONS
    ]
    return float(_DISPERSIONS[int(np.argmax(alternatives))])


def _log_beta_binomial(alt: Int64 | Float64, depth: Int64 | Float64, mean: Float64, rho: float) -> Float64:
    """Log-probability of `alt` of `depth` reads; shapes broadcast."""
    size = 1.0 / rho - 1.0
    a, b = mean * size, (1.0 - mean) * size
    choose = gammaln(depth + 1.0) - gammaln(alt + 1.0) - gammaln(depth - alt + 1.0)
    return np.asarray(choose + betaln(alt + a, depth - alt + b) - betaln(a, b))


def _log_likelihood(
    shown: Int64,
    bias: float,
    dispersion: float,
    typical: float,
    edge: float,
    stray: float,
    shifts: tuple[float, ...],
    scale: float,
) -> Float64:
    """Log-likelihood of every symbol (alternative reads, depth, haplotype), given that it counts as heterozygous.

    A scale of the noise widens the variance at the typical depth.
    """
    inflation = scale**2 * (1.0 + (typical - 1.0) * dispersion)
    rho = min(max((inflation - 1.0) / (typical - 1.0), _DISPERSIONS[0]), 0.5)
    alt, depth, second = (column[:, np.newaxis].astype(np.float64) for column in shown.T)
    towards = np.where(second > 0, -1.0, 1.0) * np.array(shifts)
    mean = np.clip(bias + towards, _FURTHEST, 1.0 - _FURTHEST)
    density = np.exp(_log_beta_binomial(alt, depth, mean, rho))
    log_likelihood = np.log((1.0 - stray) * density + stray / (depth + 1.0))
    if edge > 0.0:
        log_likelihood -= np.log(_chance_inside(shown, bias, rho, edge, stray, shifts))
    return np.asarray(log_likelihood)


def _chance_inside(
    shown: Int64, bias: float, rho: float, edge: float, stray: float, shifts: tuple[float, ...]
) -> Float64:
    """Chance of every symbol's depth and haplotype to lie inside the band; float64, shape (n_symbols, n_shifts)."""
    kinds, which = np.unique(shown[:, 1:], axis=0, return_inverse=True)
    alt = [np.arange(np.floor(edge * n) + 1, np.ceil((1.0 - edge) * n)) for n in kinds[:, 0].tolist()]
    size = np.array([each.size for each in alt])
    depth, second = (np.repeat(column, size)[:, np.newaxis].astype(np.float64) for column in kinds.T)
    towards = np.where(second > 0, -1.0, 1.0) * np.array(shifts)
    mean = np.clip(bias + towards, _FURTHEST, 1.0 - _FURTHEST)
    density = np.exp(_log_beta_binomial(np.concatenate(alt)[:, np.newaxis], depth, mean, rho))
    chance = (1.0 - stray) * density + stray / (depth + 1.0)
    inside = np.add.reduceat(chance, np.cumsum(size) - size, axis=0)
    return np.asarray(inside[which.ravel()])
