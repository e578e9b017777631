"""An event whose ends are not known to the SNP: the mixture over the intervals that it may be."""

from __future__ import annotations

import numpy as np
import pytest

from genostab.karyotype.allele_ends import Interval, curve_over, depth_over, open_intervals
from genostab.karyotype.allele_signal import AlleleSignal, shift_likelihood, within
from genostab.karyotype.allele_state import Depth, ShiftCurve
from tests.domain.allele_data import SD, gaussian_signal
from tests.domain.karyotype_data import SETTINGS, toy_genome

GENOME = toy_genome()
MB = 1_000_000
CHROM = 3


def signal() -> AlleleSignal:
    """One SNP per megabase; those of 20 to 80 Mb of one chromosome out of balance, with phase."""
    return gaussian_signal(GENOME, 99, shift=(CHROM, 20, 80, 0.03), linked=True)


def curve_of(found: AlleleSignal, start: int, end: int) -> ShiftCurve:
    shift = np.geomspace(0.002, 0.1, 400)
    log_ratio = shift_likelihood(found, within(found, CHROM, start, end), shift, SETTINGS)
    return ShiftCurve(
        shift=np.concatenate(([0.0], shift)),
        log_ratio=np.concatenate(([0.0], log_ratio)),
    )


def test_ends_known_to_the_snp_leave_one_interval() -> None:
    ends = (20 * MB, 20 * MB, 80 * MB, 80 * MB)
    assert open_intervals(signal(), CHROM, 20 * MB, 80 * MB, ends, SETTINGS) == []


def test_the_weights_of_open_ends_give_the_variance_of_a_gaussian() -> None:
    # Bounds 1.96 standard deviations away, 10 Mb on either side of the start: its deviation is 10 / 1.96 Mb.
    ends = (10 * MB, 30 * MB, 80 * MB, 80 * MB)
    found = open_intervals(signal(), CHROM, 20 * MB, 80 * MB, ends, SETTINGS)
    start = np.array([each[0] for each, _ in found]) / MB
    weight = np.array([share for _, share in found])
    assert weight.sum() == pytest.approx(1.0)
    assert (weight * start).sum() == pytest.approx(20.0)
    assert np.sqrt((weight * (start - 20.0) ** 2).sum()) == pytest.approx(10.0 / 1.959964, rel=1e-6)


def test_an_interval_that_is_certain_changes_nothing() -> None:
    found = signal()
    curve = curve_of(found, 20 * MB, 80 * MB)
    one: list[tuple[Interval, float]] = [((20 * MB, 80 * MB), 1.0)]
    assert curve_over(curve, found, CHROM, one, SETTINGS).log_ratio == pytest.approx(
        curve.log_ratio, abs=1e-9
    )


def test_two_intervals_as_likely_are_half_of_each_posterior() -> None:
    found = signal()
    parts = [curve_of(found, 20 * MB, end * MB) for end in (40, 95)]
    whole = curve_of(found, 20 * MB, 80 * MB)
    both: list[tuple[Interval, float]] = [((20 * MB, 40 * MB), 0.5), ((20 * MB, 95 * MB), 0.5)]
    mixed = curve_over(whole, found, CHROM, both, SETTINGS)
    mean = [mean_shift(curve.shift, curve.log_ratio) for curve in parts]
    assert abs(mean[0] - mean[1]) > 0.1 * SD
    assert mean_shift(mixed.shift, mixed.log_ratio) == pytest.approx(sum(mean) / 2.0, rel=0.02)


def mean_shift(shift: np.ndarray, log_ratio: np.ndarray) -> float:
    """Posterior mean, shifts as likely in equal ratios before."""
    weight = np.exp(log_ratio[1:] - log_ratio.max()) * np.gradient(np.log(shift[1:]))
    return float((weight * shift[1:]).sum() / weight.sum())


def test_the_error_of_the_depth_grows_by_how_far_it_differs() -> None:
    depth = Depth(ratio_log2=0.1, sd_log2=0.03)
    others = [Depth(ratio_log2=0.1, sd_log2=0.03), Depth(ratio_log2=0.18, sd_log2=0.05)]
    # sqrt(0.03^2 + 0.25 0.08^2) = 0.05.
    found = depth_over(depth, others, [((0, 1), 0.75), ((0, 2), 0.25)])
    assert (found.ratio_log2, found.sd_log2) == pytest.approx((0.1, 0.05))
