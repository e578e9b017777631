"""Genotypes as likelihoods, from arrays or from reads, and how two people's genotypes go together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import comb

import numpy as np
from scipy.special import xlogy

from genostab.arrays import AlleleDepths, Bool, Float64, Int8, SnpTable
from genostab.karyotype.sample_settings import SampleSettings

Snps = SnpTable | AlleleDepths
_DOSES = (0, 1, 2)
_EM_STEPS = 50
_LEAST_SHARE = 1e-3  # keeps the spectrum proper


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """Beta distribution of the frequency of B (or ALT).

    b, a : float64, shape (n_snps,), or (1,) where all SNPs share one: alleles B and A that it is worth
    """

    b: Float64
    a: Float64

    def moment(self, n_b: int, n_a: int) -> Float64:
        """Chance that `n_b` alleles are B and then `n_a` are A; float64, the shape of b."""
        chance = np.ones_like(self.b)
        for i in range(n_b):
            chance = chance * (self.b + i) / (self.b + self.a + i)
        for i in range(n_a):
            chance = chance * (self.a + i) / (self.b + self.a + n_b + i)
        return chance


def known_frequencies(frequency: Float64, settings: SampleSettings) -> Spectrum:
    """Population frequencies of B as a spectrum per SNP, worth `frequency_alleles` and one of each more.

    Parameters
    ----------
    frequency : float64, shape (n_snps,), 0..1
    settings : SampleSettings
    """
    return Spectrum(
        b=frequency * settings.frequency_alleles + 0.5, a=(1.0 - frequency) * settings.frequency_alleles + 0.5
    )


def genotype_shares(likelihood: Float64) -> Float64:
    """Shares of SNPs with 0, 1, 2 copies of B that make the data likeliest; float64, shape (3,).

    Parameters
    ----------
    likelihood : float64, shape (n_snps, 3)

    Notes
    -----
    Expectation and maximisation from equal shares. A few reads show one allele of many heterozygotes: counting
    genotypes would make them rare. O(n_snps) per step.
    """
    shares = np.full(3, 1.0 / 3.0)
    for _ in range(_EM_STEPS if likelihood.size else 0):
        posterior = likelihood * shares
        shares = (posterior / posterior.sum(axis=1, keepdims=True)).mean(axis=0)
    return shares


def fitted_spectrum(shares: Float64, *, variants_only: bool) -> Spectrum:
    """The spectrum that explains the shares of AA, AB and BB; one for all SNPs.

    Parameters
    ----------
    shares : float64, shape (3,), of SNPs with 0, 1, 2 copies of B
    variants_only : bool, sites without B are not listed

    Notes
    -----
    With frequency p of Beta(b, a), E[p] = b/(a+b) and E[2p(1-p)] = H give a + b = H / (2 m (1 - m) - H), m the mean.
    Of variants only, the density is 1/p (1-p)^(a-1), as of neutral sites: AB to BB are then as 2 a to 1.
    """
    share = np.maximum(shares, _LEAST_SHARE)
    if variants_only:
        return Spectrum(b=np.array([_LEAST_SHARE]), a=np.array([share[1] / share[2] / 2.0]))
    mean, het = (share[1] / 2.0 + share[2]) / share.sum(), share[1] / share.sum()
    room = 2.0 * mean * (1.0 - mean)
    size = het / max(room - het, _LEAST_SHARE * room)
    return Spectrum(b=np.array([size * mean]), a=np.array([size * (1.0 - mean)]))


def one_genotype(spectrum: Spectrum) -> Float64:
    """Chances of 0, 1, 2 copies of B of one person; float64, shape (3, n_snps or 1)."""
    return np.array([comb(2, g) * spectrum.moment(g, 2 - g) for g in _DOSES])


def two_genotypes(spectrum: Spectrum, k: tuple[float, float, float]) -> Float64:
    """Chances of the genotypes of two people who share 0, 1, 2 alleles by descent with chances `k`.

    Returns
    -------
    float64, shape (3, 3, n_snps or 1), copies of B of the first, of the second

    Notes
    -----
    Alleles that are not shared are drawn apart, from one frequency, over which the spectrum integrates.
    """
    joint = np.zeros((3, 3, spectrum.b.size))
    for first, second in product(_DOSES, _DOSES):
        apart = comb(2, first) * comb(2, second) * spectrum.moment(first + second, 4 - first - second)
        joint[first, second] += k[0] * apart
    for shared, x, y in product((0, 1), (0, 1), (0, 1)):
        n_b = shared + x + y
        joint[shared + x, shared + y] += k[1] * spectrum.moment(n_b, 3 - n_b)
    for g in _DOSES:
        joint[g, g] += k[2] * comb(2, g) * spectrum.moment(g, 2 - g)
    return joint


def called_genotypes(snps: Snps, settings: SampleSettings) -> Int8:
    """Copies of B, or of ALT, where they are sure; int8, shape (n_snps,), -1 elsewhere.

    Of an array the file's genotypes, or B allele fractions inside their bands where it has none; of reads by their
    likelihood.
    """
    if isinstance(snps, AlleleDepths):
        likelihood = read_likelihoods(snps, settings)
        ranked = np.sort(likelihood, axis=1)
        is_sure = ranked[:, 2] >= settings.called_odds * ranked[:, 1]
        is_sure &= snps.ref_depth + snps.alt_depth >= settings.called_depth
        return np.where(is_sure, likelihood.argmax(axis=1), -1).astype(np.int8)
    if (snps.genotype >= 0).any():
        return snps.genotype
    baf = snps.b_allele_fraction
    called = np.full(baf.size, -1, dtype=np.int8)
    called[baf <= settings.max_hom_baf] = 0
    called[np.abs(baf - 0.5) <= 0.5 - settings.min_het_baf] = 1
    called[baf >= 1.0 - settings.max_hom_baf] = 2
    return called


def read_likelihoods(snps: AlleleDepths, settings: SampleSettings) -> Float64:
    """Chances of the reads under 0, 1, 2 copies of ALT, scaled to a sum of 1; float64, shape (n_snps, 3)."""
    share = np.array([settings.read_error, 0.5, 1.0 - settings.read_error])
    log = xlogy(snps.alt_depth[:, None], share) + xlogy(snps.ref_depth[:, None], 1.0 - share)
    likelihood = np.exp(log - log.max(axis=1, keepdims=True))
    scaled: Float64 = likelihood / likelihood.sum(axis=1, keepdims=True)
    return scaled


def genotype_likelihoods(snps: Snps, settings: SampleSettings) -> Float64:
    """Likelihood of 0, 1, 2 copies of B at each SNP, up to a factor, with `genotype_error`; float64, shape (n_snps, 3).

    Of a file that lists variants only, a site cannot be without ALT, and one with fewer than `called_depth` reads
    says nothing: whether it is listed depends on the reads themselves.
    """
    if isinstance(snps, AlleleDepths):
        scaled = read_likelihoods(snps, settings)
    else:
        called = called_genotypes(snps, settings)
        scaled = np.full((called.size, 3), 1.0 / 3.0)
        scaled[called >= 0] = np.eye(3)[called[called >= 0]]
    likelihood = (1.0 - settings.genotype_error) * scaled + settings.genotype_error / 3.0
    if isinstance(snps, AlleleDepths) and lists_variants_only(snps, settings):
        likelihood[snps.ref_depth + snps.alt_depth < settings.called_depth] = 1.0
        likelihood[:, 0] = 0.0
    return likelihood


def lists_variants_only(snps: Snps, settings: SampleSettings) -> Bool | bool:
    """Whether next to no site is without ALT reads: sites of the reference alleles are then not listed."""
    if isinstance(snps, SnpTable):
        return False
    depth = snps.ref_depth + snps.alt_depth
    without = (depth > 0) & (snps.alt_depth <= settings.max_reference_alt * depth)
    return bool(without.sum() < settings.max_reference_share * max(int((depth > 0).sum()), 1))
