"""Waves of a panel: the published threshold, the number of waves planted, and what may not be absorbed."""

from __future__ import annotations

import numpy as np
import pytest

from genostab.karyotype.panel_waves import (
    block_means,
    hard_threshold,
    make_blocks,
    wave_amounts,
    wave_scores,
    wave_shapes,
    within_arms,
)
from tests.domain.karyotype_data import SETTINGS, toy_bins, toy_genome

GENOME = toy_genome()
BINS = toy_bins(GENOME, 100_000)
AUTOSOMAL = BINS.chrom < 22
CHROM, START = BINS.chrom[AUTOSOMAL], BINS.start[AUTOSOMAL]
BLOCKS = make_blocks(CHROM, START, GENOME, SETTINGS)


@pytest.mark.parametrize(("beta", "omega"), [(0.05, 1.5194), (0.1, 1.6089), (0.5, 2.1711), (1.0, 2.8582)])
def test_threshold_is_the_published_one(beta: float, omega: float) -> None:
    # Gavish & Donoho 2014, table IV: omega(beta) = lambda(beta) / sqrt(mu_beta).
    assert hard_threshold(int(beta * 1000), 1000) == pytest.approx(omega, abs=2e-4)


def test_threshold_finds_the_rank_of_a_matrix_in_noise() -> None:
    rng = np.random.default_rng(2)
    for rank in (0, 1, 4):
        signal = rng.normal(size=(2000, rank)) @ rng.normal(size=(rank, 30)) * 0.5
        singular = np.linalg.svd(signal + rng.normal(size=(2000, 30)), compute_uv=False)
        assert (singular > hard_threshold(30, 2000) * np.median(singular)).sum() == rank


def test_blocks_end_at_arms_and_hold_every_bin() -> None:
    assert BLOCKS.size.sum() == CHROM.size
    assert set(BLOCKS.size) == {5.0}
    first = START[BLOCKS.first]
    assert (first % SETTINGS.wave_block_bp == 0).all()
    assert int(BLOCKS.arm[-1]) + 1 == 44
    values = np.arange(CHROM.size, dtype=np.float64)
    assert block_means(values, BLOCKS)[:2].tolist() == [2.0, 7.0]


def test_within_arms_forgets_every_arm_level() -> None:
    rng = np.random.default_rng(3)
    means, weight = rng.normal(size=(BLOCKS.first.size, 2)), rng.uniform(0.5, 2.0, BLOCKS.first.size)
    level = rng.normal(size=44)[BLOCKS.arm][:, np.newaxis]
    np.testing.assert_allclose(
        within_arms(means + level, weight, BLOCKS), within_arms(means, weight, BLOCKS), atol=1e-12
    )


def waves(n: int, rng: np.random.Generator) -> np.ndarray:
    """Shapes of variance 1, shape (n_bins, n): sums of slow oscillations."""
    phase, length = rng.uniform(0, 6.28, (n, 22)), rng.uniform(4e6, 1.5e7, n)
    return np.sqrt(2) * np.sin(6.28 * START[:, np.newaxis] / length + phase.T[CHROM])


def residuals(n_waves: int, n_normals: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes, amounts = waves(n_waves, rng), rng.normal(0, 0.03, (n_normals, n_waves))
    noise = rng.normal(0, 0.1, (CHROM.size, n_normals)) * rng.uniform(0.7, 1.5, n_normals)
    return (shapes @ amounts.T + noise).astype(np.float32), shapes, amounts


@pytest.mark.parametrize("n_waves", [0, 1, 3])
@pytest.mark.parametrize("n_normals", [12, 30])
def test_as_many_waves_are_found_as_there_are(n_waves: int, n_normals: int) -> None:
    found = [
        wave_scores(residuals(n_waves, n_normals, seed)[0], BLOCKS, SETTINGS).amount.shape[1]
        for seed in range(5)
    ]
    assert found == [n_waves] * 5


def test_few_normals_teach_no_wave() -> None:
    residual, _, _ = residuals(3, SETTINGS.min_normals_waves - 1, 1)
    assert wave_scores(residual, BLOCKS, SETTINGS).amount.shape[1] == 0


def test_amounts_of_a_new_sample_take_its_waves_out() -> None:
    residual, shapes, _ = residuals(3, 30, 4)
    rng = np.random.default_rng(5)
    found = wave_shapes(residual, wave_scores(residual, BLOCKS, SETTINGS))
    planted = shapes @ np.array([0.05, -0.03, 0.02])
    sample = planted + rng.normal(0, 0.1, CHROM.size)
    left = planted - found @ wave_amounts(sample, found, BLOCKS, SETTINGS)
    # A shape is known to noise / (sd of amounts x sqrt(normals)) of each bin; here in means of 20 bins.
    slow = left.reshape(-1, 20).mean(axis=1)
    expected = 0.1 * 1.12 / (0.03 * np.sqrt(30 * 20)) * np.linalg.norm([0.05, -0.03, 0.02])
    assert slow.std() == pytest.approx(expected, rel=0.25)
    assert slow.std() < 0.2 * planted.std()


@pytest.mark.parametrize("shift", [0.58, 0.07])
def test_a_change_of_an_arm_or_chromosome_has_no_influence(shift: float) -> None:
    residual, _, _ = residuals(3, 30, 6)
    found = wave_shapes(residual, wave_scores(residual, BLOCKS, SETTINGS))
    sample = np.random.default_rng(7).normal(0, 0.1, CHROM.size)
    plain = wave_amounts(sample, found, BLOCKS, SETTINGS)
    for changed in (CHROM == 0, (CHROM == 11) & (START >= 42_000_000)):
        moved = wave_amounts(sample + shift * changed, found, BLOCKS, SETTINGS)
        # Exactly none but that of the block that holds both arms' border.
        np.testing.assert_allclose(moved, plain, atol=2e-3 * shift)


def test_an_aneuploid_normal_makes_no_wave() -> None:
    residual, _, _ = residuals(1, 30, 8)
    residual[CHROM == 20, 3] += 0.58
    assert wave_scores(residual, BLOCKS, SETTINGS).amount.shape[1] == 1


def test_normals_without_noise_teach_nothing() -> None:
    flat = np.zeros((CHROM.size, 12), dtype=np.float32)
    assert wave_scores(flat, BLOCKS, SETTINGS).amount.shape == (12, 0)
