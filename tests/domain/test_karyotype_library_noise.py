"""The noise of a library: right where it is known, blind to a few changed chromosomes and to the one it is for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from genostab.karyotype.library_noise import NoisePrior, library_noise, noise_prior
from tests.domain.chromosome_cohort import SETTINGS

N = 4000
NOTHING = np.zeros((N, 22), dtype=bool)
NO_PRIOR = NoisePrior(scale=np.ones(N), df=np.full(N, 1e-9))


def normals(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, 22))


def test_variance_of_normals_is_one_and_its_spread_is_that_of_its_degrees_of_freedom() -> None:
    found = library_noise(normals(1), NO_PRIOR, NOTHING, SETTINGS)
    assert found.factor.mean() == pytest.approx(1.0, abs=0.04)
    assert found.factor[:, 0].var() == pytest.approx(2.0 / found.df[0], rel=0.15)  # chi-square over its df


def test_the_spread_between_libraries_is_recovered() -> None:
    rng = np.random.default_rng(2)
    sd = np.sqrt(1.5 * 10.0 / rng.chisquare(10.0, (N, 1)))
    prior = noise_prior(normals(3) * sd, np.ones(N), SETTINGS)
    assert np.median(prior.scale) == pytest.approx(1.5, rel=0.1)
    assert np.median(prior.df) == pytest.approx(10.0, rel=0.3)


def test_scores_over_the_moderated_noise_follow_student() -> None:
    rng = np.random.default_rng(4)
    deviation = normals(5) * np.sqrt(10.0 / rng.chisquare(10.0, (N, 1)))
    noise = library_noise(deviation, noise_prior(deviation, np.ones(N), SETTINGS), NOTHING, SETTINGS)
    p = 2.0 * stats.t.sf(np.abs(deviation) / np.sqrt(noise.factor), noise.df[:, None])
    for level in (0.05, 0.005, 0.0005):
        n = int((p < level).sum())
        assert 0.6 < n / (level * p.size) < 1.5
    assert (
        2.0 * stats.norm.sf(np.abs(deviation)).min() < 1e-7
    )  # with the normal the tail would be far too heavy


def test_a_chromosome_has_no_part_in_its_own_noise_and_few_changed_ones_have_none_in_the_others() -> None:
    deviation = normals(6)
    alone = library_noise(deviation, NO_PRIOR, NOTHING, SETTINGS).factor
    huge = deviation.copy()
    huge[:, 20] = 50.0
    assert library_noise(huge, NO_PRIOR, NOTHING, SETTINGS).factor[:, 20] == pytest.approx(alone[:, 20])
    huge[:, 16:20] = -50.0
    others = library_noise(huge, NO_PRIOR, NOTHING, SETTINGS).factor[:, :16]
    assert (
        others.mean() < 2.7
    )  # all 16 others in the place of the 16 smallest of 21; their mean square is 500


def test_what_is_left_out_counts_for_nothing() -> None:
    deviation = normals(7)
    left_out = NOTHING.copy()
    left_out[:, :3] = True
    changed = deviation.copy()
    changed[:, :3] = 99.0
    first = library_noise(deviation, NO_PRIOR, left_out, SETTINGS)
    second = library_noise(changed, NO_PRIOR, left_out, SETTINGS)
    assert first.factor[:, 3:] == pytest.approx(second.factor[:, 3:])
    assert first.factor.mean() == pytest.approx(1.0, abs=0.04)
