"""Probes of an array as an allele signal: the likelihood of what lies in the band, against mpmath."""

from __future__ import annotations

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from genostab.arrays import Phase, SnpTable
from genostab.karyotype.allele_array import array_zygosity, signal_of_array
from genostab.karyotype.allele_noise import ArrayNoise, fit_array_noise
from genostab.karyotype.allele_signal import shift_likelihood, within
from genostab.karyotype.bins import autosomes
from tests.domain.karyotype_data import SETTINGS, snps_of, toy_genome

GENOME = toy_genome()
N = 400  # probes per chromosome


def array(*, sd: float = 0.03, n: int = N) -> SnpTable:
    """Every other probe heterozygous."""
    rng = np.random.default_rng(1)
    chrom = np.repeat(np.arange(22), n)
    is_het = np.tile(np.arange(n) % 2 == 0, 22)
    baf = np.where(is_het, rng.normal(0.5, sd, chrom.size), np.abs(rng.normal(0.0, 0.01, chrom.size)))
    return snps_of(chrom, np.tile(np.arange(n) * (80_000_000 // n) + 1000, 22), np.zeros(chrom.size), baf)


def precise(noise: ArrayNoise, x: float, shift: float, scale: float) -> mpmath.mpf:
    """Density of the symbol at x; the outermost ones hold all that lies beyond as well, spread over their width."""
    edge, width = 0.5 - SETTINGS.symbol_width, mpmath.mpf(SETTINGS.symbol_width)
    total = mpmath.mpf(noise.stray) / noise.range
    for sd, share in zip(noise.sd.tolist(), noise.share.tolist(), strict=True):
        wide = mpmath.mpf(sd) * scale
        if abs(x) < edge:
            density = mpmath.npdf((mpmath.mpf(x) - shift) / wide) / wide
        else:
            density = mpmath.ncdf((np.sign(x) * shift - edge) / wide) / width
        total += (1 - mpmath.mpf(noise.stray)) * share * density
    return total


def stretched(baf: np.ndarray, centre: float) -> np.ndarray:
    """Deviation from the centre, linear to either end, which are one half away."""
    return np.interp(baf, [0.0, centre, 1.0], [-0.5, 0.0, 0.5])


@pytest.mark.parametrize(("is_known", "low"), [(False, SETTINGS.allele_baf_low), (True, 0.0)])
def test_the_likelihood_is_that_of_what_lies_in_the_band(is_known: bool, low: float) -> None:
    snps = array()
    is_het = np.tile(np.arange(N) % 2 == 0, 22)
    signal = signal_of_array(snps, is_het if is_known else None, autosomes(GENOME), SETTINGS)
    assert signal is not None
    assert signal.symbol.size == is_het.sum()
    noise = fit_array_noise(snps.b_allele_fraction[is_het], snps.chrom[is_het], SETTINGS)
    width = SETTINGS.symbol_width
    shown = (np.arange(round(1.0 / width)) + 0.5) * width - 0.5
    first, last = stretched(np.array([low, 1.0 - low]), noise.centre)
    inside = (shown > first) & (shown < last)
    shifts, scale = (-0.3, 0.0, 0.08, 0.49), 1.1
    found = signal.log_likelihood(shifts, scale)
    rows = np.flatnonzero(inside)
    with mpmath.workdps(30):
        for k, shift in enumerate(shifts):
            chance = sum(precise(noise, x, shift, scale) for x in shown[inside].tolist())
            for row in (*rows[::17].tolist(), int(rows[-1])):
                expected = mpmath.log(precise(noise, float(shown[row]), shift, scale) / chance)
                assert found[row, k] == pytest.approx(float(expected), rel=1e-11)


@pytest.mark.parametrize("fraction", [0.9, 0.95, 1.0])
def test_a_loss_of_heterozygosity_in_nearly_all_cells_is_told_from_one_in_all(fraction: float) -> None:
    # What scatters beyond 1 is cut: the mean of the rest is not that of Gaussian noise.
    rng = np.random.default_rng(5)
    snps = array(sd=0.05, n=4000)
    changed = snps.chrom == 3
    is_het = np.abs(snps.b_allele_fraction - 0.5) < 0.3
    baf = snps.b_allele_fraction.copy()
    at = 0.5 + rng.choice([-0.5, 0.5], changed.sum()) * fraction
    baf[changed] = np.clip(at + rng.normal(0.0, 0.05, changed.sum()), 0.0, 1.0)
    signal = signal_of_array(replace(snps, b_allele_fraction=baf), is_het, autosomes(GENOME), SETTINGS)
    assert signal is not None
    tried = np.linspace(0.4, 0.5, 201)
    ratio = shift_likelihood(signal, within(signal, 3, 0, 10**9), tried, SETTINGS)
    # 2,000 probes; where nearly half of them are cut they say half as much.
    error = 2.0 * 0.05 / np.sqrt(2000 / 2)
    assert 2.0 * tried[int(np.argmax(ratio))] == pytest.approx(fraction, abs=3.0 * error)


def test_symbols_are_deviations_towards_the_first_haplotype() -> None:
    snps = array()
    is_het = np.tile(np.arange(N) % 2 == 0, 22)
    haplotype = np.where(is_het, np.where(np.arange(22 * N) % 4 == 0, 1, 2), 0).astype(np.int8)
    phase = Phase(haplotype=haplotype, block=np.zeros(22 * N, dtype=np.int64))
    signal = signal_of_array(replace(snps, phase=phase), None, autosomes(GENOME), SETTINGS)
    assert signal is not None
    noise = fit_array_noise(snps.b_allele_fraction[is_het], snps.chrom[is_het], SETTINGS)
    away = stretched(snps.b_allele_fraction[is_het], noise.centre) * np.where(
        haplotype[is_het] == 1, 1.0, -1.0
    )
    shown = (signal.symbol + 0.5) * SETTINGS.symbol_width - 0.5
    assert np.abs(shown - away).max() <= SETTINGS.symbol_width / 2.0 + 1e-9
    assert signal.phased.all()


def test_homozygous_probes_that_reach_into_the_band_are_left_out() -> None:
    # Foreign DNA moves them in, up to 0.16; the band then begins where it is empty.
    snps = array()
    baf = snps.b_allele_fraction.copy()
    baf[np.tile(np.arange(N) % 2 == 1, 22)] = np.tile(np.linspace(0.0, 0.16, N // 2), 22)
    signal = signal_of_array(replace(snps, b_allele_fraction=baf), None, autosomes(GENOME), SETTINGS)
    assert signal is not None
    assert signal.symbol.size <= 11 * N * 1.01


def test_missing_probes_and_sex_chromosomes_say_nothing() -> None:
    snps = array()
    baf = snps.b_allele_fraction.copy()
    baf[:N] = np.nan
    zygosity = array_zygosity(replace(snps, b_allele_fraction=baf), autosomes(GENOME), SETTINGS)
    assert (zygosity.chrom.min(), zygosity.is_het.mean()) == (1, 0.5)
    few = snps_of(np.zeros(30), np.arange(30), np.zeros(30), np.full(30, 0.01))
    assert signal_of_array(few, None, autosomes(GENOME), SETTINGS) is None
