"""Whose genotypes foreign DNA would bring, and what a measured fraction of it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri, stdtrit

from genostab.arrays import Bool, Float64, Genome, Int64
from genostab.karyotype.genotypes import (
    Snps,
    Spectrum,
    called_genotypes,
    fitted_spectrum,
    genotype_likelihoods,
    known_frequencies,
    one_genotype,
    two_genotypes,
)
from genostab.karyotype.sample_settings import SampleSettings
from genostab.results import Call, Estimate
from genostab.units import FRACTION

_FREQUENCIES = 10_000


@dataclass(frozen=True, kw_only=True)
class Contamination:
    """Share of foreign DNA, and whether the chromosomes agree on it.

    chrom : tuple of str; by_chromosome, se_by_chromosome : float64, shape (n_chromosomes,), fraction, may be negative
    homogeneity_p : float, chance that chromosomes alike differ as much
    log_odds : float, natural logarithm, of this person, or anybody of these frequencies, over no foreign DNA
    """

    fraction: Estimate
    chrom: tuple[str, ...]
    by_chromosome: Float64
    se_by_chromosome: Float64
    homogeneity_p: float
    log_odds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Influence:
    """A fraction, and what each block adds to it.

    by_block : float64, shape (n_blocks,), fraction, sum 0; weight : float64, shape (n_blocks,), probes or sites
    chrom : int64, shape (n_blocks,)
    """

    fraction: float
    by_block: Float64
    weight: Float64
    chrom: Int64
    n_sites: int


def foreign_dose(spectrum: Spectrum) -> tuple[Float64, Float64]:
    """Chances of another person's 0, 1, 2 copies of the other allele where the sample is AA, and where it is BB.

    Returns
    -------
    two float64, shape (n_snps or 1, 3)
    """
    joint = two_genotypes(spectrum, (1.0, 0.0, 0.0))
    sides = (joint[0].T, joint[2, ::-1].T)
    return sides[0] / sides[0].sum(axis=1, keepdims=True), sides[1] / sides[1].sum(axis=1, keepdims=True)


def dose_of_frequencies(frequency: Float64, settings: SampleSettings) -> tuple[Float64, Float64]:
    """As `foreign_dose`, of frequencies of B in ten-thousandths, which is finer than any panel.

    Parameters
    ----------
    frequency : float64, shape (n_snps,), 0..1
    settings : SampleSettings
    """
    row = np.rint(frequency * _FREQUENCIES).astype(np.int64)
    low, high = foreign_dose(known_frequencies(np.arange(_FREQUENCIES + 1) / _FREQUENCIES, settings))
    return low[row], high[row]


def known_dose(snps: Snps, contaminant: Snps, settings: SampleSettings) -> tuple[Float64, Float64]:
    """As `foreign_dose`, of a contaminant whose genotypes are known; those of anybody where it has no such SNP."""
    ours, theirs = shared_places(snps, contaminant)
    likelihood = genotype_likelihoods(contaminant, settings)
    shares = called_shares(contaminant, settings)
    posterior = np.tile(one_genotype(fitted_spectrum(shares, variants_only=False)).T, (snps.chrom.size, 1))
    posterior[ours] = likelihood[theirs] * shares
    posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior, posterior[:, ::-1]


def called_shares(snps: Snps, settings: SampleSettings) -> Float64:
    """Shares of called SNPs with 0, 1, 2 copies of B; float64, shape (3,); even where none is called."""
    called = called_genotypes(snps, settings)
    count = np.bincount(called[called >= 0], minlength=3).astype(np.float64)
    return count / count.sum() if count.sum() > 0.0 else np.full(3, 1.0 / 3.0)


def shared_places(one: Snps, two: Snps) -> tuple[Int64, Int64]:
    """Rows of the SNPs that both have, the same number of each."""
    keys = [each.chrom.astype(np.int64) << 32 | each.position for each in (one, two)]
    if np.array_equal(keys[0], keys[1]):
        rows = np.arange(keys[0].size)
        return rows, rows
    _, ours, theirs = np.intersect1d(keys[0], keys[1], return_indices=True)
    return ours, theirs


def share_of_other_genotypes(snps: Snps, contaminant: Snps, settings: SampleSettings) -> float:
    """Share of homozygous SNPs of both that the contaminant has otherwise; NaN without any."""
    ours, theirs = shared_places(snps, contaminant)
    own, other = (
        called_genotypes(each, settings)[rows] for each, rows in ((snps, ours), (contaminant, theirs))
    )
    compared = ((own == 0) | (own == 2)) & (other >= 0)
    return float((own != other)[compared].mean()) if compared.any() else float("nan")


def inside_calls(snps: Snps, calls: Sequence[Call], genome: Genome) -> Bool:
    """SNPs inside any of the calls; bool, shape (n_snps,)."""
    inside = np.zeros(snps.chrom.size, dtype=np.bool_)
    for call in calls:
        here = snps.chrom == genome.names.index(call.chrom)
        inside |= here & (snps.position >= call.start) & (snps.position < call.end)
    return inside


def settle(
    found: Influence,
    genome: Genome,
    method: str,
    settings: SampleSettings,
    *,
    response_cv: float = 0.0,
    systematic: float = 0.0,
    floor: float = 0.0,
) -> Contamination:
    """The fraction with its interval, or that none was detected with what would have been.

    Notes
    -----
    Variance is that between blocks, with Student's distribution of as many as there are by weight. Chromosomes
    are one step of Newton from the whole. Detected is a fraction whose lower bound at `detection_alpha` is above
    `systematic_fraction`, or above the larger `floor` or `systematic`; by `systematic` the interval is wider as well,
    and by `response_cv` that of what is there.
    """
    weight = found.weight
    # A block too many for the mean that is taken off.
    blocks = max(float(weight.sum()) ** 2 / max(float(np.square(weight).sum()), 1.0), 2.0)
    se = float(np.sqrt(np.square(found.by_block).sum() * blocks / (blocks - 1.0)))
    present = [c for c in np.unique(found.chrom).tolist() if weight[found.chrom == c].sum() > 0.0]
    share = np.array([weight[found.chrom == c].sum() for c in present]) / weight.sum()
    added = np.array([found.by_block[found.chrom == c].sum() for c in present])
    by_chromosome = found.fraction + added / share
    se_chromosome = se / np.sqrt(share)
    chi2 = float(np.square((by_chromosome - found.fraction) / se_chromosome).sum())
    homogeneity = float(chdtrc(len(present) - 1, chi2)) if len(present) > 1 else 1.0

    def reach(tail: float) -> float:
        return -float(stdtrit(blocks - 1.0, tail)) * se

    needed = reach(settings.detection_alpha) + max(settings.systematic_fraction, systematic, floor)
    detected = found.fraction > needed
    tail = (1.0 - settings.level) / 2.0
    response = float(ndtri(tail)) * response_cv * max(found.fraction, 0.0)
    wide = float(np.sqrt(reach(tail) ** 2 + response**2 + systematic**2))
    fraction = Estimate(
        estimate=found.fraction if detected else None,
        low=max(found.fraction - wide, 0.0) if detected else 0.0,
        high=min(max(found.fraction + wide, 0.0), 1.0) if detected else max(found.fraction + wide, needed),
        unit=FRACTION,
        level=settings.level,
        method=method,
        n=found.n_sites,
        status="measured" if detected else "not_detected",
        lod=needed + reach(1.0 - settings.power),
    )
    return Contamination(
        fraction=fraction,
        chrom=tuple(genome.names[c] for c in present),
        by_chromosome=by_chromosome,
        se_by_chromosome=se_chromosome,
        homogeneity_p=homogeneity,
    )


def not_measured(why: str, n: int, settings: SampleSettings) -> Contamination:
    """No fraction, with the reason as its method."""
    return Contamination(
        fraction=Estimate(
            estimate=None,
            low=None,
            high=None,
            unit=FRACTION,
            level=settings.level,
            method=why,
            n=n,
            status="not_computed",
        ),
        chrom=(),
        by_chromosome=np.zeros(0),
        se_by_chromosome=np.zeros(0),
        homogeneity_p=1.0,
    )
