"""Heterozygous probes of an array as an allele signal."""

from __future__ import annotations

from functools import partial

import numpy as np

from genostab.arrays import Bool, Float64, Genome, SnpTable
from genostab.karyotype.allele_homozygous import Zygosity
from genostab.karyotype.allele_noise import ArrayNoise, fit_array_noise, spread_of_noise
from genostab.karyotype.allele_signal import AlleleSignal, linked_to_previous, remembered
from genostab.karyotype.bins import autosomes
from genostab.karyotype.settings import Settings


def signal_of_array(
    snps: SnpTable, known_het: Bool | None, genome: Genome, settings: Settings
) -> AlleleSignal | None:
    """Heterozygous autosomal probes; None where there are too few.

    Parameters
    ----------
    snps : SnpTable
    known_het : ndarray of bool, shape (n_snps,), heterozygous in the same donor's other sample; None without one
    genome : Genome
    settings : Settings, table [allele]

    Notes
    -----
    Heterozygous is what a phase, or the same donor's other sample, says so; else what lies in the band
    about one half, whose edges the likelihood then takes into account.
    """
    baf = snps.b_allele_fraction
    phased = np.zeros(baf.size, dtype=bool) if snps.phase is None else snps.phase.haplotype > 0
    is_known = phased if known_het is None else known_het | phased
    usable = autosomes(genome)[snps.chrom] & np.isfinite(baf)
    low, high = _band(baf[usable], settings)
    in_band = (baf > low) & (baf < high)
    if not is_known.any():
        is_het = usable & in_band
    else:
        is_het, low, high = usable & is_known, 0.0, 1.0
    kept = np.flatnonzero(is_het)
    if kept.size < settings.min_snps:
        return None
    in_band = in_band[kept]
    noise = fit_array_noise(baf[kept][in_band], snps.chrom[kept][in_band], settings)
    away = baf[kept] - noise.centre
    linked = linked_to_previous(snps.phase, snps.chrom, kept)
    if linked is not None:
        assert snps.phase is not None
        away = np.where(snps.phase.haplotype[kept] == 2, -away, away)
    width = settings.symbol_width
    n_symbols = int(np.ceil(2.0 / width))
    symbol = np.clip(np.floor((away + 1.0) / width), 0, n_symbols - 1).astype(np.int32)
    shown: Float64 = (np.arange(n_symbols, dtype=np.float64) + 0.5) * width - 1.0
    log_likelihood, either_sign = remembered(
        partial(_log_likelihood, noise, shown, low - noise.centre, high - noise.centre)
    )
    return AlleleSignal(
        chrom=snps.chrom[kept],
        position=snps.position[kept],
        symbol=symbol,
        phased=phased[kept],
        linked=linked,
        log_likelihood=log_likelihood,
        either_sign=either_sign,
        variance=float(noise.sd[0] ** 2),
        spread=spread_of_noise(away[in_band], snps.chrom[kept][in_band], float(noise.sd[0]), settings),
    )


def array_zygosity(snps: SnpTable, genome: Genome, settings: Settings) -> Zygosity:
    """Autosomal probes and whether they are heterozygous, by where they lie in the band."""
    usable = autosomes(genome)[snps.chrom] & np.isfinite(snps.b_allele_fraction)
    baf = snps.b_allele_fraction[usable]
    low, high = _band(baf, settings)
    return Zygosity(
        chrom=snps.chrom[usable], position=snps.position[usable], is_het=(baf > low) & (baf < high)
    )


def _band(baf: Float64, settings: Settings) -> tuple[float, float]:
    """Where the heterozygous band ends: the homozygous ones reach further in where foreign DNA shifts them.

    Notes
    -----
    From `allele_baf_low` inwards to the first place as empty as the emptiest one before `het_baf_low`, within chance.
    """
    folded = np.minimum(baf, 1.0 - baf)
    edges = np.arange(settings.allele_baf_low, settings.het_baf_low + settings.band_step, settings.band_step)
    # Few lie there, and a histogram of unequal steps sorts what it is given.
    counts = np.histogram(folded[(folded >= edges[0]) & (folded <= edges[-1])], bins=edges)[0]
    least = counts.min()
    first = int(np.argmax(counts <= 2.0 * least + 3.0 * np.sqrt(least + 1.0)))
    return float(edges[first]), 1.0 - float(edges[first])


def _log_likelihood(
    noise: ArrayNoise, shown: Float64, low: float, high: float, shifts: tuple[float, ...], scale: float
) -> Float64:
    """Log-likelihood of every symbol, given that it lies in the band."""
    log_density = noise.log_density(shown, np.array(shifts), scale)
    in_band = (shown > low) & (shown < high)
    return np.asarray(log_density - np.log(np.exp(log_density[in_band]).sum(axis=0)))
