"""Likelihood of allele shifts over a region, against closed forms of Gaussian noise."""

from __future__ import annotations

import numpy as np
import pytest

from genostab.arrays import Phase
from genostab.karyotype.allele_signal import linked_to_previous, shift_likelihood, spread_at, within
from tests.domain.allele_data import SD, gaussian_signal, shown_by
from tests.domain.karyotype_data import SETTINGS, toy_genome

GENOME = toy_genome()
SHIFTS = np.array([0.005, 0.02, 0.06])


def test_without_phase_it_is_the_folded_gaussian() -> None:
    # log cosh(x s / sd^2) - s^2 / (2 sd^2), summed.
    signal = gaussian_signal(GENOME, 200, shift=(3, 0, 200, 0.03))
    inside = within(signal, 3, 0, 10**9)
    x = shown_by(signal)[inside, np.newaxis]
    expected = (np.log(np.cosh(x * SHIFTS / SD**2)) - SHIFTS**2 / (2.0 * SD**2)).sum(axis=0)
    assert shift_likelihood(signal, inside, SHIFTS, SETTINGS) == pytest.approx(expected, rel=1e-9)


def test_an_uncertain_scale_of_the_noise_takes_from_what_unphased_snps_say() -> None:
    # Shifted by a third of the noise the SNPs are 1.056 times as wide: noise that differs by 5 % explains it.
    sure, unsure = (
        gaussian_signal(GENOME, 2000, shift=(3, 0, 2000, SD / 3.0), place_sd=sd) for sd in (0.0, 0.05)
    )
    inside = within(sure, 3, 0, 10**9)
    of_sure, of_unsure = (
        shift_likelihood(each, inside, np.array([SD / 3.0]), SETTINGS)[0] for each in (sure, unsure)
    )
    assert of_sure > 3.0
    assert of_unsure < of_sure / 2.0


def test_with_phase_all_readings_are_averaged() -> None:
    # Perfect phase is never tried, only its stated rates; the sum of all SNPs with one sign bounds the gain from above.
    signal = gaussian_signal(GENOME, 200, shift=(3, 0, 200, 0.02), linked=True)
    inside = within(signal, 3, 0, 10**9)
    total = shown_by(signal)[inside].sum()
    best = np.logaddexp(total * SHIFTS / SD**2, -total * SHIFTS / SD**2) - np.log(2.0)
    best -= 200 * SHIFTS**2 / (2.0 * SD**2)
    found = shift_likelihood(signal, inside, SHIFTS, SETTINGS)
    readings = 1 + len(SETTINGS.switch_rates)
    assert np.all(found[:2] <= best[:2])
    # A rate r that no switch uses costs r per SNP, and one of so many readings log(readings).
    least = best[1] - np.log(readings) - 200 * min(SETTINGS.switch_rates) - 0.5
    assert found[1] >= least


def test_which_snps_a_place_holds() -> None:
    signal = gaussian_signal(GENOME, 99)  # one per megabase
    inside = within(signal, 2, 10_000_000, 20_000_000)
    assert (inside.stop - inside.start, signal.chrom[inside.start], signal.position[inside.start]) == (
        10,
        2,
        10_000_000,
    )
    nothing = within(signal, 30, 0, 10**9)
    assert nothing.start == nothing.stop


def test_phase_is_carried_over_snps_without_and_ends_with_its_block() -> None:
    phase = Phase(haplotype=np.array([1, 2, 0, 1, 1, 2], dtype=np.int8), block=np.array([5, 5, -1, 5, 7, 7]))
    chrom = np.array([0, 0, 0, 0, 0, 1], dtype=np.int16)
    linked = linked_to_previous(phase, chrom, np.arange(6))
    assert linked is not None
    assert linked.tolist() == [False, True, True, True, False, False]
    assert linked_to_previous(None, chrom, np.arange(6)) is None
    assert linked_to_previous(phase, chrom, np.array([2])) is None


def test_the_spread_of_the_noise_between_the_sizes_it_was_measured_at() -> None:
    signal = gaussian_signal(GENOME, 50, place_sd=0.04)
    assert (spread_at(signal, 1), spread_at(signal, 10**6)) == (0.04, 0.04)
