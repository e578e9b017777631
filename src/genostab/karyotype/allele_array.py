"""Heterozygous probes of an array as an allele signal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from genostab.arrays import Bool, Float64, SnpTable
from genostab.karyotype.allele_homozygous import ParentSites, Zygosity
from genostab.karyotype.allele_noise import ArrayNoise, fit_array_noise, spread_of_noise
from genostab.karyotype.allele_signal import AlleleSignal, linked_to_previous, remembered
from genostab.karyotype.phase import aligned_genotypes
from genostab.karyotype.settings import Settings


def signal_of_array(
    snps: SnpTable, known_het: Bool | None, is_diploid: Bool, settings: Settings
) -> AlleleSignal | None:
    """Heterozygous probes of chromosomes with two copies; None where there are too few.

    Parameters
    ----------
    snps : SnpTable
    known_het : ndarray of bool, shape (n_snps,), heterozygous in the same donor's other sample; None without one
    is_diploid : ndarray of bool, shape (n_chroms,), chromosomes of which a normal cell has two
    settings : Settings, table [allele]

    Notes
    -----
    Heterozygous is what a phase, or the same donor's other sample, says so; else what lies in the band
    about one half, whose edges the likelihood then takes into account. Deviations from the centre are stretched so
    that 0 and 1 lie one half away. Array software cuts what exceeds them, which the outermost symbols then hold.
    """
    baf = snps.b_allele_fraction
    phased = np.zeros(baf.size, dtype=bool) if snps.phase is None else snps.phase.haplotype > 0
    is_known = phased if known_het is None else known_het | phased
    usable = is_diploid[snps.chrom] & np.isfinite(baf)
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
    away = _stretched(baf[kept], noise.centre)
    linked = linked_to_previous(snps.phase, snps.chrom, kept)
    if linked is not None:
        assert snps.phase is not None
        away = np.where(snps.phase.haplotype[kept] == 2, -away, away)
    n_symbols = round(1.0 / settings.symbol_width)
    symbol = np.clip(np.floor((away + 0.5) * n_symbols), 0, n_symbols - 1).astype(np.int32)
    shown: Float64 = (np.arange(n_symbols, dtype=np.float64) + 0.5) / n_symbols - 0.5
    first, last = _stretched(np.array([low, high]), noise.centre).tolist()
    log_likelihood, either_sign = remembered(partial(_log_likelihood, noise, shown, first, last))
    return AlleleSignal(
        chrom=snps.chrom[kept],
        position=snps.position[kept],
        symbol=symbol,
        group=np.zeros(n_symbols, dtype=np.int64),
        phased=phased[kept],
        linked=linked,
        log_likelihood=log_likelihood,
        either_sign=either_sign,
        variance=float(noise.sd[0] ** 2),
        spread=spread_of_noise(away[in_band], snps.chrom[kept][in_band], float(noise.sd[0]), settings),
    )


def array_zygosity(snps: SnpTable, is_diploid: Bool, settings: Settings) -> Zygosity:
    """Probes of chromosomes with two copies, and whether they are heterozygous, by where they lie in the band."""
    usable = is_diploid[snps.chrom] & np.isfinite(snps.b_allele_fraction)
    baf = snps.b_allele_fraction[usable]
    low, high = _band(baf, settings)
    return Zygosity(
        chrom=snps.chrom[usable], position=snps.position[usable], is_het=(baf > low) & (baf < high)
    )


def parent_sites(
    sample: SnpTable, parents: Sequence[SnpTable], same_donor: Bool | None
) -> ParentSites | None:
    """Where the parents' genotypes make the sample heterozygous; None where they cannot tell.

    Parameters
    ----------
    sample : SnpTable
    parents : sequence of SnpTable, with the probes of the sample
    same_donor : ndarray of bool, shape (n_snps,), heterozygous in the one parent line of the same donor; None else
    """
    if same_donor is not None:
        known = np.isfinite(parents[0].b_allele_fraction)
        return ParentSites(
            chrom=sample.chrom[known], position=sample.position[known], must_be_het=same_donor[known]
        )
    if len(parents) != 2:
        return None
    first, second = (aligned_genotypes(sample, parent) for parent in parents)
    known = (first >= 0) & (second >= 0)
    if not known.any():
        return None
    opposite = np.abs(first.astype(np.int64) - second) == 2
    return ParentSites(
        chrom=sample.chrom[known], position=sample.position[known], must_be_het=opposite[known]
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


def _stretched(baf: Float64, centre: float) -> Float64:
    """Deviation from the centre, in which 0 and 1 lie one half away."""
    return (baf - centre) * np.where(baf > centre, 0.5 / (1.0 - centre), 0.5 / centre)


def _log_likelihood(
    noise: ArrayNoise, shown: Float64, low: float, high: float, shifts: tuple[float, ...], scale: float
) -> Float64:
    """Log-likelihood of every symbol, given that it lies in the band."""
    tried, width = np.array(shifts), float(shown[1] - shown[0])
    density = noise.density(shown, tried, scale)
    edge = float(shown[-1]) - width / 2.0
    density[-1] = noise.beyond(edge, width, tried, scale)
    density[0] = noise.beyond(edge, width, -tried, scale)
    first, last = np.searchsorted(shown, low, side="right"), np.searchsorted(shown, high, side="left")
    density /= density[first:last].sum(axis=0)
    return np.asarray(np.log(density, out=density))
