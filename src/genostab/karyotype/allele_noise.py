"""Noise of the B allele fraction at heterozygous probes, fitted to the chromosomes that are balanced."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from genostab.arrays import Bool, Float64, Int16, Int64, median, running_sum
from genostab.karyotype.settings import Settings

_BINS = 1000  # of the deviation, so that the fit does not depend on the number of probes
_STEPS = 60  # of the fit; it changes less than 1e-4 after thirty


@dataclass(frozen=True, kw_only=True)
class ArrayNoise:
    """Two Gaussians about one centre, and stray probes spread evenly over the band.

    centre : float, B allele fraction of balanced heterozygous probes
    sd, share : float64, shape (2,), of the Gaussians; stray : float, share of stray probes, and over what range
    """

    centre: float
    sd: Float64
    share: Float64
    stray: float
    range: float

    def density(self, x: Float64, shifts: Float64, scale: float) -> Float64:
        """Density of deviations x from the centre for each shift; float64, shape (n, n_shifts)."""
        sd = self.sd * scale
        height = self.share / (sd * np.sqrt(2.0 * np.pi))
        apart = x[:, np.newaxis] - shifts
        density = np.zeros_like(apart)
        for each, most in zip(sd.tolist(), height.tolist(), strict=True):
            part = apart / each
            part *= part
            part *= -0.5
            density += np.multiply(np.exp(part, out=part), most, out=part)
        density *= 1.0 - self.stray
        density += self.stray / self.range
        return density

    def beyond(self, edge: float, width: float, shifts: Float64, scale: float) -> Float64:
        """Density as `density` has it, over `width`, of all that lies above the edge; float64, shape (n_shifts,)."""
        chance = (self.share * ndtr((shifts[:, np.newaxis] - edge) / (self.sd * scale))).sum(axis=-1)
        return np.asarray((1.0 - self.stray) * chance / width + self.stray / self.range)


def fit_array_noise(baf: Float64, chrom: Int16, settings: Settings) -> ArrayNoise:
    """Noise of heterozygous probes, from the chromosomes whose probes scatter no more than the median one's.

    Parameters
    ----------
    baf : ndarray of float64, shape (n,), B allele fraction of heterozygous probes of autosomes
    chrom : ndarray of int16, shape (n,)
    settings : Settings, table [allele]

    Notes
    -----
    Expectation-maximisation of a mixture of two Gaussians with a common mean and a uniform background (Dempster et al.
    1977).
    """
    quiet = quiet_snps(baf, chrom)
    reach = settings.het_baf_high - settings.het_baf_low
    centre = median(baf[quiet])
    x = baf[quiet] - centre
    sd = median(np.abs(x)) / 0.6745
    counts, edges = np.histogram(np.abs(x), bins=_BINS)
    x = (edges[1:] + edges[:-1]) / 2.0
    sds, shares = np.array([0.9 * sd, 2.0 * sd]), np.array([0.9, 0.08, 0.02])
    for _ in range(_STEPS):
        parts = shares[:2] / (sds * np.sqrt(2.0 * np.pi)) * np.exp(-0.5 * (x[:, np.newaxis] / sds) ** 2)
        total = parts.sum(axis=1) + shares[2] / reach
        member = parts / total[:, np.newaxis]
        member *= counts[:, np.newaxis]
        shares[:2] = member.sum(axis=0) / counts.sum()
        shares[2] = max(1.0 - shares[:2].sum(), settings.least_stray)
        shares /= shares.sum()
        sds = np.sqrt((member * x[:, np.newaxis] ** 2).sum(axis=0) / np.maximum(member.sum(axis=0), 1e-9))
        sds = np.maximum(sds, 0.2 * sd)
    gaussians = shares[:2] / shares[:2].sum()
    return ArrayNoise(centre=centre, sd=sds, share=gaussians, stray=float(shares[2]), range=reach)


def quiet_snps(baf: Float64, chrom: Int16) -> Bool:
    """Which SNPs are of chromosomes that scatter no more than chance allows above the median chromosome.

    Parameters
    ----------
    baf : ndarray of float64, shape (n,), allele fraction of heterozygous SNPs
    chrom : ndarray of int16, shape (n,), ascending
    """
    first, n = _stretches(chrom)
    centre = median(baf)
    spread = np.array([median(each) for each in np.split(np.abs(baf - centre), first[1:])])
    level = float(np.median(spread))
    # The median absolute deviation of n Gaussian values has a relative standard error of 1.17 / sqrt(n).
    is_quiet = spread <= level * (1.0 + 2.0 * 1.17 / np.sqrt(n))
    return np.repeat(is_quiet, n)


def _stretches(chrom: Int16) -> tuple[Int64, Int64]:
    """First place and number of places of each run of one chromosome; int64, shape (n_runs,), each."""
    first = np.flatnonzero(np.diff(chrom, prepend=np.int16(-1)))
    return first, np.diff(np.append(first, chrom.size))


def spread_of_noise(x: Float64, chrom: Int16, sd: float, settings: Settings) -> tuple[tuple[int, float], ...]:
    """How much the scale of the noise differs from place to place, beyond chance, by number of SNPs.

    Parameters
    ----------
    x : ndarray of float64, shape (n,), deviation of balanced heterozygous probes from the centre, in genome order
    chrom : ndarray of int16, shape (n,)
    sd : float, of most of them
    settings : Settings, table [allele]

    Notes
    -----
    Of the mean bounded absolute deviation of blocks of `spread_sizes` SNPs, its variance less that of independent
    SNPs, as a share of the mean; both robust against single blocks that are not balanced. Blocks of
    `local_spread_size` add what neighbours differ by, to which the levels of a rearranged genome add nothing.
    """
    bound = 3.0 * sd
    y = np.minimum(np.abs(x), bound)
    of_one = float(y.var())
    first, n = _stretches(chrom)
    found: list[tuple[int, float]] = []
    for size in settings.spread_sizes:
        is_enough = n >= size // 2
        values = _block_means(y, first[is_enough], n[is_enough], size)
        if values.size < settings.min_spread_blocks:
            break
        chance = of_one / size
        centre = median(values)
        variance = (median(np.abs(values - centre)) / 0.6745) ** 2
        # What so many blocks cannot rule out counts as there.
        excess = max(variance - chance, chance * float(np.sqrt(2.0 / values.size)))
        found.append((size, float(np.sqrt(excess)) / centre))
    if not found:
        return ((settings.spread_sizes[0], settings.usual_spread),)
    size = settings.local_spread_size
    is_enough = n >= size // 2
    local = _local_excess(_block_means(y, first[is_enough], n[is_enough], size), of_one / size)
    return ((size, math.hypot(found[0][1], math.sqrt(local))), *found)


def _local_excess(values: Float64, chance: float) -> float:
    """Variance of blocks by what neighbours differ, beyond chance, as a share of their squared mean."""
    apart = median(np.abs(np.diff(values))) / 0.6745
    return max(apart**2 / 2.0 - chance, 0.0) / median(values) ** 2


def _block_means(y: Float64, first: Int64, n: Int64, size: int) -> Float64:
    """Means of blocks of about `size` values, into which each run of `n` values from `first` on is split evenly."""
    n_blocks = np.maximum(n // size, 1)
    edges = [
        a + np.arange(k + 1) * (m // k) + np.minimum(np.arange(k + 1), m % k)
        for a, m, k in zip(first.tolist(), n.tolist(), n_blocks.tolist(), strict=True)
    ]
    if not edges:
        return np.empty(0)
    sums = running_sum(y)
    return np.concatenate([np.diff(sums[each]) / np.diff(each) for each in edges])
