"""Noise of B allele fractions: its density against mpmath, its fit against noise of known size."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from genostab.karyotype.allele_noise import ArrayNoise, fit_array_noise, quiet_snps, spread_of_noise
from tests.domain.karyotype_data import SETTINGS

NOISE = ArrayNoise(
    centre=0.51, sd=np.array([0.031, 0.084]), share=np.array([0.93, 0.07]), stray=0.004, range=0.5
)


def precise(x: float, shift: float, scale: float) -> mpmath.mpf:
    """Log-density at 30 digits."""
    with mpmath.workdps(30):
        total = mpmath.mpf(NOISE.stray) / NOISE.range
        for sd, share in zip(NOISE.sd.tolist(), NOISE.share.tolist(), strict=True):
            width = mpmath.mpf(sd) * scale
            away = (mpmath.mpf(x) - shift) / width
            total += (1 - mpmath.mpf(NOISE.stray)) * share * mpmath.npdf(away) / width
        return mpmath.log(total)


@pytest.mark.parametrize("scale", [1.0, 0.94, 1.3])
def test_the_density_is_that_of_two_gaussians_and_stray_probes(scale: float) -> None:
    x, shifts = np.array([-0.4, -0.03, 0.0, 0.011, 0.2, 0.45]), np.array([-0.33, 0.0, 0.0071])
    expected = [[float(precise(a, s, scale)) for s in shifts.tolist()] for a in x.tolist()]
    assert np.log(NOISE.density(x, shifts, scale)) == pytest.approx(np.array(expected), rel=1e-12)


def test_what_lies_beyond_an_edge_is_the_integral_of_the_density() -> None:
    edge, width, scale = 0.4975, 0.0025, 1.2
    shifts = np.array([0.0, 0.3, 0.5])
    with mpmath.workdps(30):
        expected = []
        for shift in shifts.tolist():
            tails = [
                mpmath.mpf(share) * mpmath.ncdf((shift - mpmath.mpf(edge)) / (mpmath.mpf(sd) * scale))
                for sd, share in zip(NOISE.sd.tolist(), NOISE.share.tolist(), strict=True)
            ]
            stray = mpmath.mpf(NOISE.stray)
            expected.append(float(mpmath.log((1 - stray) * sum(tails) / width + stray / NOISE.range)))
    assert np.log(NOISE.beyond(edge, width, shifts, scale)) == pytest.approx(np.array(expected), rel=1e-11)


def heterozygous(rng: np.random.Generator, sd: float, n_chroms: int = 22, n: int = 4000) -> np.ndarray:
    return 0.49 + sd * rng.standard_normal(n_chroms * n)


def test_the_fit_finds_gaussian_noise() -> None:
    rng = np.random.default_rng(1)
    chrom = np.repeat(np.arange(22, dtype=np.int16), 4000)
    noise = fit_array_noise(heterozygous(rng, 0.035), chrom, SETTINGS)
    assert noise.centre == pytest.approx(0.49, abs=4 * 1.2533 * 0.035 / np.sqrt(chrom.size))
    x = np.linspace(-0.1, 0.1, 41)
    density = noise.density(x, np.zeros(1), 1.0)[:, 0]
    gaussian = np.exp(-0.5 * (x / 0.035) ** 2) / (0.035 * np.sqrt(2 * np.pi))
    assert np.abs(density - gaussian).max() < 0.02 * gaussian.max()
    assert noise.stray == pytest.approx(SETTINGS.least_stray, abs=0.002)


def test_changed_chromosomes_do_not_widen_the_noise() -> None:
    rng = np.random.default_rng(2)
    chrom = np.repeat(np.arange(22, dtype=np.int16), 4000)
    baf = heterozygous(rng, 0.035)
    changed = chrom < 5
    baf[changed] += rng.choice([-0.06, 0.06], changed.sum())
    quiet = quiet_snps(baf, chrom)
    assert not quiet[changed].any()
    assert quiet[~changed].mean() > 0.8
    assert np.sqrt((fit_array_noise(baf, chrom, SETTINGS).sd ** 2).min()) == pytest.approx(0.035, rel=0.05)


@pytest.mark.parametrize("cv", [0.0, 0.03, 0.1])
def test_the_spread_from_place_to_place(cv: float) -> None:
    rng = np.random.default_rng(3)
    n_blocks, size = 40, SETTINGS.spread_sizes[0]
    scale = np.repeat(1.0 + cv * rng.standard_normal(22 * n_blocks), size)
    x = 0.035 * scale * rng.standard_normal(scale.size)
    chrom = np.repeat(np.arange(22, dtype=np.int16), n_blocks * size)
    found = dict(spread_of_noise(x, chrom, 0.035, SETTINGS))
    # The mean absolute deviation of so many SNPs has a relative error of 0.76 / sqrt(size) by chance.
    chance = 0.76 / np.sqrt(size)
    error = np.hypot(cv, chance) ** 2 * np.sqrt(2.0 / (22 * n_blocks)) * 1.65  # of a variance from a MAD
    # Bounding the deviations at 3 sd takes a little of the scale.
    assert found[size] ** 2 == pytest.approx(cv**2, abs=3.0 * error + 0.1 * cv**2)
    # Independent blocks average out over larger stretches.
    assert found[SETTINGS.spread_sizes[2]] < max(0.6 * found[size], 0.01)


def test_the_local_spread_is_of_neighbours_and_not_of_levels() -> None:
    rng = np.random.default_rng(3)
    size, n_blocks, cv = SETTINGS.local_spread_size, 22 * 160, 0.1
    chrom = np.repeat(np.arange(22, dtype=np.int16), 160 * size)
    scale = np.repeat(1.0 + cv * rng.standard_normal(n_blocks), size)
    x = 0.035 * rng.standard_normal(chrom.size)
    found = dict(spread_of_noise(scale * x, chrom, 0.035, SETTINGS))
    # Four independent blocks make one of 500, whose spread is added.
    assert found[size] == pytest.approx(cv * np.sqrt(1.0 + 0.25), rel=0.15)
    # Every other chromosome twice as wide, as where half of the genome is imbalanced: neighbours stay alike.
    levels = np.where(chrom % 2 == 0, 2.0, 1.0)
    seen = dict(spread_of_noise(levels * x, chrom, 0.06, SETTINGS))
    assert np.sqrt(seen[size] ** 2 - seen[SETTINGS.spread_sizes[0]] ** 2) < 0.03


def test_few_snps_are_given_the_usual_spread() -> None:
    chrom = np.zeros(600, dtype=np.int16)
    x = np.random.default_rng(4).normal(0.0, 0.03, 600)
    assert spread_of_noise(x, chrom, 0.03, SETTINGS) == ((SETTINGS.spread_sizes[0], SETTINGS.usual_spread),)
