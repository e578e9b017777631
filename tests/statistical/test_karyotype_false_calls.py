"""How often a euploid genome has a reported call, against the stated family-wise 1 %."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from tests.domain.test_karyotype_alleles import found_in, lot

from tests.statistical.karyotype_genomes import SETTINGS, is_soak, karyotype, sample

ALPHA = SETTINGS.family_wise_error


def families(n: int, has_call: Callable[[int], bool]) -> tuple[int, str]:
    """Genomes with a call, and the rate with its exact 95 % interval in words."""
    found = sum(has_call(seed) for seed in range(n))
    interval = stats.binomtest(found, n).proportion_ci(0.95)
    return found, f"{found} of {n}: {found / n:.2%} ({interval.low:.2%} to {interval.high:.2%})"


def is_consistent(found: int, n: int) -> bool:
    """Whether so many could come of the stated rate; one test in two hundred would fail at exactly that rate."""
    return bool(stats.binomtest(found, n, ALPHA, alternative="greater").pvalue > 0.005)


def has_call(width_bp: int, paired: bool, seed: int) -> bool:
    rng = np.random.default_rng([seed, width_bp, paired])
    # What is left of the waves of two libraries of one line is taken as half of each one's.
    scale = 0.5 if paired else 1.0
    bins = sample(width_bp, rng, wave_scale=scale)
    parent = sample(width_bp, rng, wave_scale=scale) if paired else None
    return any(call.reported for call in karyotype(bins, parent).calls)


@pytest.mark.slow
@pytest.mark.parametrize("paired", [False, True], ids=["alone", "paired"])
@pytest.mark.parametrize(("width_bp", "n", "n_soak"), [(200_000, 30, 500), (50_000, 8, 250)])
def test_euploid_genomes(width_bp: int, n: int, n_soak: int, paired: bool) -> None:
    n = n_soak if is_soak() else n
    found, rate = families(n, lambda seed: has_call(width_bp, paired, seed))
    assert is_consistent(found, n), rate


@pytest.mark.slow
def test_euploid_allele_depths() -> None:
    n = 1000 if is_soak() else 120
    found, rate = families(n, lambda seed: bool(found_in(lot(seed))[0]))
    assert is_consistent(found, n), rate
