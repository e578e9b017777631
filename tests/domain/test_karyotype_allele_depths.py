"""Allele depths as an allele signal: beta-binomial within the band, against mpmath."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from genostab.arrays import AlleleDepths, Phase
from genostab.karyotype.allele_depths import (
    known_heterozygous_depths,
    signal_of_depths,
    zygosity_of_depths,
)
from genostab.karyotype.bins import autosomes
from tests.domain.karyotype_data import SETTINGS, toy_genome

GENOME = toy_genome()
DISPERSION = 1e-5  # the least that is tried: what reads have that scatter less than chance


def regular(depths: tuple[int, ...] = (12, 15, 30, 35, 41), repeats: int = 8) -> AlleleDepths:
    """SNPs of one chromosome that scatter less than chance about 48 % of alternative reads."""
    depth = np.tile(np.array(depths), repeats * 5)
    step = np.repeat(np.array([-2, -1, 0, 1, 2]), depth.size // 5)
    alt = np.round(0.48 * depth).astype(np.int64) + step
    n = depth.size
    return AlleleDepths(
        sample="s",
        chrom=np.zeros(n, dtype=np.int16),
        position=np.arange(n, dtype=np.int64) * 1000,
        ref_depth=depth - alt,
        alt_depth=alt,
        genotype=np.ones(n, dtype=np.int8),
    )


def precise(alt: int, depth: int, mean: float, rho: float, edge: float) -> mpmath.mpf:
    """Log-probability of so many alternative reads, given that the SNP lies in the band, at 30 digits."""

    def chance(k: int) -> mpmath.mpf:
        size = 1 / mpmath.mpf(rho) - 1
        a, b = mean * size, (1 - mpmath.mpf(mean)) * size
        beta = mpmath.binomial(depth, k) * mpmath.beta(k + a, depth - k + b) / mpmath.beta(a, b)
        stray = mpmath.mpf(SETTINGS.least_stray)
        return (1 - stray) * beta + stray / (depth + 1)

    with mpmath.workdps(30):
        inside = [k for k in range(depth + 1) if edge < k / depth < 1 - edge] if edge else range(depth + 1)
        return mpmath.log(chance(alt) / sum(chance(k) for k in inside))


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1.2])
def test_the_likelihood_is_beta_binomial_within_the_band(scale: float, is_known: bool) -> None:
    snps = regular()
    known = np.ones(snps.chrom.size, dtype=bool) if is_known else None
    signal = signal_of_depths(snps, known, autosomes(GENOME), SETTINGS)
    assert signal is not None
    depth = snps.ref_depth + snps.alt_depth
    bias = float(snps.alt_depth.sum() / depth.sum())
    typical = float(np.median(depth))
    rho = max((scale**2 * (1.0 + (typical - 1.0) * DISPERSION) - 1.0) / (typical - 1.0), DISPERSION)
    shifts = (-0.2, 0.0, 0.05)
    found = signal.log_likelihood(shifts, scale)
    for i in range(0, depth.size, 7):
        for k, shift in enumerate(shifts):
            edge = 0.0 if is_known else SETTINGS.least_het_share
            expected = precise(int(snps.alt_depth[i]), int(depth[i]), bias + shift, rho, edge)
            assert found[signal.symbol[i], k] == pytest.approx(float(expected), rel=1e-8)


@pytest.mark.parametrize("depth", range(10, 70))
def test_what_lies_in_the_band_has_a_total_chance_of_one(depth: int) -> None:
    # Every number of alternative reads of one depth that is taken for heterozygous, once.
    low, high = SETTINGS.least_het_share, 1.0 - SETTINGS.least_het_share
    alt = np.array([k for k in range(depth + 1) if low < k / depth < high])
    fill = regular(depths=(depth,), repeats=20)
    snps = replace(
        fill,
        chrom=np.zeros(alt.size + fill.chrom.size, dtype=np.int16),
        position=np.arange(alt.size + fill.chrom.size, dtype=np.int64),
        ref_depth=np.concatenate((depth - alt, fill.ref_depth)),
        alt_depth=np.concatenate((alt, fill.alt_depth)),
        genotype=np.ones(alt.size + fill.chrom.size, dtype=np.int8),
    )
    signal = signal_of_depths(snps, None, autosomes(GENOME), SETTINGS)
    assert signal is not None
    chance = np.exp(signal.log_likelihood((0.0, 0.11, -0.3), 1.0)).sum(axis=0)
    assert chance == pytest.approx(np.ones(3), abs=1e-9)


def test_overdispersed_reads_are_seen_as_such() -> None:
    rng = np.random.default_rng(1)
    n, rho = 20_000, 0.03
    share = rng.beta(0.48 * (1 / rho - 1), 0.52 * (1 / rho - 1), n)
    depth = np.full(n, 40)
    alt = rng.binomial(depth, share)
    snps = AlleleDepths(
        sample="s",
        chrom=np.sort(rng.integers(0, 22, n)).astype(np.int16),
        position=np.arange(n, dtype=np.int64),
        ref_depth=depth - alt,
        alt_depth=alt,
        genotype=np.ones(n, dtype=np.int8),
    )
    signal = signal_of_depths(snps, None, autosomes(GENOME), SETTINGS)
    assert signal is not None
    assert signal.variance == pytest.approx(0.48 * 0.52 / 40 * (1 + 39 * rho), rel=0.15)


def test_the_second_haplotype_turns_the_shift() -> None:
    snps = regular()
    n = snps.chrom.size
    haplotype = np.where(np.arange(n) % 2 == 0, 1, 2).astype(np.int8)
    phased = replace(snps, phase=Phase(haplotype=haplotype, block=np.zeros(n, dtype=np.int64)))
    signal = signal_of_depths(phased, None, autosomes(GENOME), SETTINGS)
    assert signal is not None
    up, down = signal.log_likelihood((0.1, -0.1), 1.0).T
    same = (snps.alt_depth == snps.alt_depth[0]) & (snps.ref_depth == snps.ref_depth[0])
    first, second = (int(signal.symbol[np.flatnonzero(same & (haplotype == h))[0]]) for h in (1, 2))
    assert (up[first], down[first]) == pytest.approx((down[second], up[second]))


def test_a_parent_line_of_the_same_donor_says_which_snps_are_heterozygous() -> None:
    snps = regular()
    n = snps.chrom.size
    parent = replace(snps, genotype=np.where(np.arange(n) < n // 2, 1, 0).astype(np.int8))
    known = known_heterozygous_depths(snps, [parent], SETTINGS)
    assert known is not None
    assert known.tolist() == (np.arange(n) < n // 2).tolist()
    # Another donor shares about half of them.
    other = replace(snps, genotype=(np.arange(n) % 2).astype(np.int8))
    assert known_heterozygous_depths(other, [snps], SETTINGS) is None
    assert known_heterozygous_depths(snps, [parent, parent], SETTINGS) is None


def test_shallow_and_uncalled_snps_say_nothing_of_zygosity() -> None:
    snps = regular()
    genotype = snps.genotype.copy()
    genotype[:3] = -1
    ref = snps.ref_depth.copy()
    ref[3:5] = 0
    alt = snps.alt_depth.copy()
    alt[3:5] = SETTINGS.min_depth - 1
    zygosity = zygosity_of_depths(
        replace(snps, genotype=genotype, ref_depth=ref, alt_depth=alt), autosomes(GENOME), SETTINGS
    )
    assert zygosity.is_het.size == snps.chrom.size - 5
    assert zygosity.is_het.all()
