"""Runs of imbalance: where they begin and end, and what chance alone makes."""

from __future__ import annotations

import numpy as np
import pytest

from genostab.karyotype.allele_search import find_runs
from tests.domain.allele_data import SD, gaussian_signal
from tests.domain.karyotype_data import SETTINGS, toy_genome

GENOME = toy_genome()
N = 1000
SPACING = int(GENOME.length_bp[0]) // (N + 1)


@pytest.mark.parametrize(("linked", "shift"), [(False, 0.09), (True, 0.03)])
def test_a_run_is_found_with_its_ends(linked: bool, shift: float) -> None:
    held = 0
    for seed in range(10):
        signal = gaussian_signal(GENOME, N, shift=(6, 300, 500, shift), linked=linked, seed=seed)
        run = max(find_runs(signal, GENOME, SETTINGS), key=lambda each: each.log_evidence)
        assert run.chrom == 6
        # Each SNP gives shift^2 / (2 sd^2) with phase, less without; the search costs about log of all places.
        assert 10.0 < run.log_evidence < 200 * shift**2 / (2.0 * SD**2) + 15.0
        low_start, high_start, low_end, high_end = run.ends
        assert low_start <= run.start <= high_start < low_end <= run.end <= high_end
        first, last = signal.position[[6 * N + 300, 6 * N + 499]].tolist()
        held += low_start <= first <= high_start
        held += low_end <= last + 1 <= high_end
    # 20 intervals of 95 %: fewer than 16 in 1 of 400.
    assert held >= 16


def test_chance_gives_no_evidence() -> None:
    """The mean of the likelihood ratio is 1: above 20 in at most a twentieth of the chromosomes."""
    strong, n = 0, 0
    for seed in range(12):
        signal = gaussian_signal(GENOME, 300, linked=bool(seed % 2), seed=100 + seed)
        runs = find_runs(signal, GENOME, SETTINGS)
        strong += sum(run.log_evidence > np.log(20.0) for run in runs)
        n += 22
    assert strong <= n / 20


def test_two_runs_of_one_chromosome_are_two() -> None:
    first = gaussian_signal(GENOME, N, shift=(2, 100, 250, 0.12), seed=5)
    second = gaussian_signal(GENOME, N, shift=(2, 600, 800, 0.12), seed=5)
    both = np.where(np.arange(first.symbol.size) % N < 500, first.symbol, second.symbol).astype(np.int32)
    signal = type(first)(**{**vars(first), "symbol": both})
    runs = [run for run in find_runs(signal, GENOME, SETTINGS) if run.log_evidence > 10.0]
    assert [(run.chrom, round(run.start / SPACING, -1), round(run.end / SPACING, -1)) for run in runs] == [
        (2, 100, 250),
        (2, 600, 800),
    ]


def test_small_shifts_without_phase_are_left_where_the_noise_varies_as_much() -> None:
    # Noise 10 % wider over a stretch is what a shift of 0.46 sd looks like: no evidence where it varies by that.
    signal = gaussian_signal(GENOME, N, shift=(6, 300, 700, 0.4 * SD), place_sd=0.1)
    assert all(run.log_evidence < 5.0 for run in find_runs(signal, GENOME, SETTINGS))
