"""Distance of the heterozygous bands: what is put in comes out, and normal differences of stretches do not."""

from __future__ import annotations

import numpy as np
import pytest

from genostab.arrays import Float64
from genostab.karyotype.band_split import Bands, band_counts, learn_bands, split_likelihood
from genostab.karyotype.settings import load_settings

SETTINGS = load_settings()


def probes(rng: np.random.Generator, n: int, split: float, sd: float = 0.04, shift: float = 0.0) -> Float64:
    """A third heterozygous at 0.5 +- split, the others homozygous."""
    n_het = n // 3
    het = 0.5 + shift + rng.choice([-split, split], n_het) + sd * rng.standard_normal(n_het)
    homozygous = rng.choice([0.0, 1.0], n - n_het) + 0.01 * rng.standard_normal(n - n_het)
    return np.clip(np.concatenate((het, homozygous)), 0.0, 1.0)


def bands(rng: np.random.Generator) -> Bands:
    normal = probes(rng, 30_000, 0.0)
    is_het = (normal > 0.25) & (normal < 0.75)
    return learn_bands(normal[is_het], normal[~is_het], 1 / 3, 150, SETTINGS)


@pytest.mark.parametrize("split", [0.1, 0.2, 0.3, 0.4])
@pytest.mark.parametrize("shift", [-0.02, 0.02])
def test_a_split_is_found_where_it_is(split: float, shift: float) -> None:
    rng = np.random.default_rng([int(split * 10), int(shift * 100) + 9])
    seen = split_likelihood(band_counts(probes(rng, 600, split, shift=shift)), bands(rng))
    # 200 heterozygous probes of SD 0.04 give a standard error of 0.04 / sqrt(200) = 0.0028.
    assert seen.best == pytest.approx(split, abs=4 * 0.0028)
    assert seen.gain > 20.0
    assert seen.n_probes == 600


@pytest.mark.parametrize("sd", [0.036, 0.04, 0.044])
def test_noise_that_differs_by_a_tenth_is_no_split(sd: float) -> None:
    rng = np.random.default_rng(5)
    own = bands(rng)
    gains = [split_likelihood(band_counts(probes(rng, 9000, 0.0, sd=sd)), own).gain for _ in range(5)]
    assert max(gains) < 2.0


def test_blocks_of_unlike_noise_widen_what_counts_as_chance() -> None:
    rng = np.random.default_rng(3)
    sd = np.repeat(np.exp(0.4 * rng.standard_normal(60)), 400) * 0.04
    residual = sd * rng.standard_normal(sd.size)
    homozygous = np.zeros(100)
    uneven = learn_bands(0.5 + residual, homozygous, 0.3, 400, SETTINGS)
    assert uneven.noise_cv == pytest.approx(0.4, abs=0.12)
    even = learn_bands(0.5 + 0.04 * rng.standard_normal(sd.size), homozygous, 0.3, 400, SETTINGS)
    assert even.noise_cv == SETTINGS.band_noise_cv


def test_homozygous_probes_alone_say_nothing_of_a_small_split_and_much_of_a_lost_allele() -> None:
    rng = np.random.default_rng(4)
    own = bands(rng)
    homozygous = rng.choice([0.0, 1.0], 2000) + 0.01 * rng.standard_normal(2000)
    seen = split_likelihood(band_counts(np.clip(homozygous, 0.0, 1.0)), own)
    assert seen.best > 0.45
    assert seen.gain > 10.0
