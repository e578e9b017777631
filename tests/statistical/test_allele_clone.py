"""Clones of known copies of both alleles, share of cells and ploidy: found, their states as sure as stated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from genostab.karyotype.allele_clone import AlleleClone, clone_solutions
from tests.statistical.clone_genomes import RESPONSE, SETTINGS, CloneGenome, simulate
from tests.statistical.karyotype_genomes import is_soak

N = 100 if is_soak() else 3  # genomes of each kind
RANGES = ((0.2, 0.4), (0.4, 0.7), (0.7, 1.0))


def is_right(clone: AlleleClone, truth: CloneGenome, fraction: float) -> bool:
    """Within three standard deviations of the response, which moves the share of cells; one arm moves the ploidy."""
    return (
        clone.cell_fraction is not None
        and abs(clone.cell_fraction / fraction - 1.0) < 3.0 * RESPONSE.allele_cv
        and abs(clone.ploidy - truth.ploidy) < 0.15
    )


def right_states(clone: AlleleClone, truth: CloneGenome) -> np.ndarray:
    return (clone.minor == truth.states[:, 0]) & (clone.major == truth.states[:, 1])


@pytest.mark.slow
def test_clones_are_found_and_their_states_are_as_sure_as_stated() -> None:
    found, stated, right = [], [], []
    for doubled in (False, True):
        for low, high in RANGES:
            for seed in range(N):
                rng = np.random.default_rng([seed, doubled, int(10 * low)])
                fraction, n_changed = rng.uniform(low, high), int(rng.integers(8, 20))
                truth = simulate(rng, fraction, n_changed, doubled)
                best, *_ = clone_solutions(truth.segments, RESPONSE, SETTINGS)
                found.append(is_right(best, truth, fraction))
                if found[-1]:
                    stated += best.probability.tolist()
                    right += right_states(best, truth).tolist()
    assert np.mean(found) >= 0.9, found
    # The bar: a state called with probability p is right with frequency p within 2 points.
    assert np.mean(right) == pytest.approx(np.mean(stated), abs=0.02)
    sure = np.array(stated) >= 0.95
    assert np.mean(np.array(right)[sure]) >= 0.93


@pytest.mark.slow
def test_mosaics_of_shares_of_their_own_are_no_clone() -> None:
    """A clone needs odds of `decisive_odds`, which chance gives in at most one of as many (Markov's inequality)."""
    found = 0
    for seed in range(N):
        truth = simulate(np.random.default_rng([seed, 9]), None, 4)
        best, *_ = clone_solutions(truth.segments, RESPONSE, SETTINGS)
        found += best.cell_fraction is not None
    assert found <= stats.binom.ppf(0.999, N, 1.0 / SETTINGS.decisive_odds), found


def test_a_genome_without_changes_has_no_clone() -> None:
    truth = simulate(np.random.default_rng(1), 0.5, 0)
    best, *_ = clone_solutions(truth.segments, RESPONSE, SETTINGS)
    assert best.cell_fraction is None
    assert (best.minor == 1).all()
    assert (best.major == 1).all()
