"""Smallest fractions against closed forms; whether they are true is in tests/statistical."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from genostab.karyotype.annotate import Hotspot
from genostab.karyotype.sensitivity import depth_sensitivity, resolution_bp, scan_power, smallest_fraction
from genostab.karyotype.significance import Search, scan_threshold
from genostab.results import Sensitivity
from tests.domain.karyotype_data import SETTINGS, profile_of, toy_genome

GENOME = toy_genome()
WIDTH = 500_000
SPOT = Hotspot(name="spot", chrom="chr3", start=10_000_000, end=20_000_000, kind="gain", genes=())
TINY = Hotspot(name="tiny", chrom="chr3", start=10_000_000, end=11_000_000, kind="any", genes=())


def rows_of(sex_sd: float = 0.0, ploidy: int = 2, **facts: float) -> dict[tuple[str, str], Sensitivity]:
    profile = profile_of(GENOME, WIDTH, np.zeros(24 * 200), ploidy=ploidy, **facts)
    rows = depth_sensitivity(profile, GENOME, (SPOT, TINY), SETTINGS, sex_sd)
    return {(row.region, row.kind): row for row in rows}


@pytest.mark.parametrize(
    ("shift", "ploidy", "kind", "fraction"),
    [
        (math.log2(1.05), 2, "gain", 0.1),
        (-math.log2(0.95), 2, "loss", 0.1),
        (math.log2(1.5), 2, "gain", 1.0),
        (1.0, 2, "loss", 1.0),
        (1.0001, 2, "loss", None),
        (math.log2(1.501), 2, "gain", None),
        (1.0, 1, "gain", 1.0),
        (1.0, 1, "loss", 0.5),
        (math.inf, 2, "gain", None),
        (math.inf, 1, "loss", None),
        (1e9, 2, "gain", None),
        (1e9, 1, "loss", None),
    ],
)
def test_shift_to_fraction(shift: float, ploidy: int, kind: str, fraction: float | None) -> None:
    found = smallest_fraction(shift, ploidy, kind)
    assert found is None if fraction is None else found == pytest.approx(fraction, abs=1e-9)


def test_a_chromosome_by_hand() -> None:
    rows = rows_of(sd=0.1, wave=0.01)
    # 24 chromosomes and 48 arms share half of the family-wise error, two-sided.
    threshold = stats.norm.isf(SETTINGS.family_wise_error / 4 / 72)
    z = threshold + stats.norm.isf(1 - SETTINGS.power)
    shift = z * math.hypot(0.1 / math.sqrt(200), 0.01)
    assert rows[("5", "gain")].min_cell_fraction == pytest.approx(2 * (2**shift - 1), rel=1e-4)
    assert rows[("5", "loss")].min_cell_fraction == pytest.approx(2 * (1 - 2**-shift), rel=1e-4)
    arm = z * math.hypot(0.1 / math.sqrt(116), 0.01)
    assert rows[("5q", "gain")].min_cell_fraction == pytest.approx(2 * (2**arm - 1), rel=1e-4)


def test_a_hotspot_pays_for_the_search() -> None:
    rows = rows_of(sd=0.1, wave=0.05)
    search = Search(n_bins=4800, shortest=SETTINGS.min_bins, longest=120)
    z = scan_threshold(np.array([20.0]), search, np.array([1e6]), SETTINGS.family_wise_error / 2)[0]
    se = math.hypot(0.1 / math.sqrt(20), 0.05)
    shift = math.log2(1.0 + rows[("spot", "gain")].min_cell_fraction / 2) / se
    # Neighbouring intervals help: less than the segment by itself would need, not less than the threshold.
    assert z < shift < z + stats.norm.isf(1 - SETTINGS.power)
    assert scan_power(np.array([shift]), np.array([z]), np.array([20.0]), np.array([1e6])) == pytest.approx(
        SETTINGS.power, abs=1e-4
    )
    assert ("spot", "loss") not in rows
    assert (rows[("spot", "gain")].start, rows[("spot", "gain")].end) == (10_000_000, 20_000_000)


@pytest.mark.parametrize(("n_bins", "shift"), [(10, 6.5), (50, 5.5), (200, 5.0)])
def test_power_of_the_scan_is_that_of_simulated_segments(n_bins: int, shift: float) -> None:
    rng = np.random.default_rng(n_bins)
    n, n_runs, threshold = 3 * n_bins, 4000, 5.0
    first, last = np.triu_indices(n + 1, 3)
    near = (np.abs(first - n_bins) <= n_bins // 2) & (np.abs(last - 2 * n_bins) <= n_bins // 2)
    first, last = first[near], last[near]
    noise = rng.normal(size=(n_runs, n))
    noise[:, n_bins : 2 * n_bins] += shift / math.sqrt(n_bins)
    total = np.concatenate((np.zeros((n_runs, 1)), np.cumsum(noise, axis=1)), axis=1)
    passed = 0
    for run in total:
        passed += bool(((run[last] - run[first]) / np.sqrt(last - first) > threshold).any())
    power = scan_power(*(np.array([float(x)]) for x in (shift, threshold, n_bins, 1e6)))[0]
    assert passed / n_runs == pytest.approx(power, abs=0.03)


def test_too_few_bins_see_nothing() -> None:
    rows = rows_of(sd=0.001)
    assert {kind: rows[("tiny", kind)].min_cell_fraction for kind in ("gain", "loss")} == {
        "gain": None,
        "loss": None,
    }
    assert rows[("any 1 Mb", "loss")].min_cell_fraction is None
    assert rows[("any 2 Mb", "loss")].min_cell_fraction is not None


def test_longer_is_easier_and_noisier_is_harder() -> None:
    sizes = [f"any {size // 1_000_000} Mb" for size in SETTINGS.sizes_bp[1:]]
    quiet, loud = rows_of(sd=0.05), rows_of(sd=0.1)
    fractions = [quiet[(size, "loss")].min_cell_fraction for size in sizes]
    assert fractions == sorted(fractions, reverse=True)
    assert all(
        quiet[key].min_cell_fraction < loud[key].min_cell_fraction
        for key in quiet
        if loud[key].min_cell_fraction is not None
    )
    few = rows_of(sd=0.05, wave=0.02, df=10.0)
    many = rows_of(sd=0.05, wave=0.02)
    assert few[("5", "gain")].min_cell_fraction > many[("5", "gain")].min_cell_fraction


def test_noise_that_two_degrees_of_freedom_bear_out_sees_nothing() -> None:
    rows = rows_of(sd=0.05, wave=0.05, df=1.0)
    assert all(row.min_cell_fraction is None for row in rows.values())


def test_x_where_its_level_is_uncertain_or_unknown() -> None:
    known, uncertain, unknown = rows_of(0.0), rows_of(0.07), rows_of(math.inf)
    assert known[("X", "loss")].min_cell_fraction == pytest.approx(known[("5", "loss")].min_cell_fraction)
    z = stats.norm.isf(SETTINGS.family_wise_error / 4) + stats.norm.isf(1 - SETTINGS.power)
    assert uncertain[("X", "loss")].min_cell_fraction > 2 * (1 - 2 ** -(z * 0.07))
    assert uncertain[("5", "loss")] == known[("5", "loss")]
    for region in ("X", "Xp", "Xq", "Y"):
        for kind in ("gain", "loss"):
            assert unknown[(region, kind)].min_cell_fraction is None


def test_a_single_copy_is_counted_as_one() -> None:
    one, two = rows_of(ploidy=1), rows_of(ploidy=2)
    assert one[("5", "loss")].min_cell_fraction == pytest.approx(two[("5", "loss")].min_cell_fraction / 2)


def test_resolution_is_the_least_size_that_a_clonal_loss_shows() -> None:
    assert resolution_bp(list(rows_of(sd=0.05).values())) == 2_000_000
    assert resolution_bp(list(rows_of(sd=0.55).values())) == 10_000_000
    assert resolution_bp(list(rows_of(sd=5.0).values())) is None
    assert resolution_bp([]) is None
