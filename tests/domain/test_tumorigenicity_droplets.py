"""Residual iPSC by droplet PCR: assays.md section 4 numbers, background, calibration, and what must not be guessed."""

import math

import numpy as np
import pytest

from genostab.arrays import DropletCounts
from genostab.errors import InputError
from genostab.tumorigenicity.residual import residual_from_droplets

SAMPLE = ("sample", 2412, 17320, 50.0)
BLANK = ("no_template", 31, 16980, math.nan)
IPSC = ("positive_control", 9000, 17000, 10.0)


def droplets(*wells, volume=0.85, target="LIN28"):
    role, positive, accepted, cells = zip(*wells, strict=True)
    return DropletCounts(
        well=tuple(f"A{i}" for i in range(len(wells))),
        role=role,
        target=(target,) * len(wells),
        positive=np.array(positive),
        accepted=np.array(accepted),
        droplet_volume_nl=np.full(len(wells), volume),
        cells=np.array(cells),
    )


def residual(*wells, **options):
    options = {"source": "ddpcr.csv"} | options
    return residual_from_droplets("in-house", droplets(*wells), **options)


def control(found, name):
    return next(control for control in found.controls if control.name == name)


def test_copies_per_cell_without_calibration():
    found = residual(SAMPLE, BLANK)
    assert found.metric == "residual.in-house.frequency"
    assert found.facts["copies_per_ul"] == pytest.approx(176.42814296150246, rel=1e-13)
    assert found.facts["background_copies_per_ul"] == pytest.approx(2.1498186438633997, rel=1e-13)
    assert found.facts["net_copies_per_reaction"] == pytest.approx(3485.5664863527813, rel=1e-13)
    assert found.facts["copies_per_cell"] == pytest.approx(69.71132972705563, rel=1e-13)
    assert found.estimate.status == "not_computed"
    assert (found.estimate.estimate, found.estimate.low, found.estimate.high) == (None, None, None)
    assert "cannot be turned into a cell fraction" in found.note


def test_exact_limits_of_a_concentration():
    # 90 of 14109 droplets of 0.91 nL: 7.03, exact 5.65-8.64 copies per uL.
    found = residual_from_droplets(
        "in-house", droplets(("sample", 90, 14109, 100.0), volume=0.91), source="ddpcr.csv"
    )
    limits = [found.facts[name] for name in ("copies_per_ul", "copies_per_ul_low", "copies_per_ul_high")]
    assert limits == pytest.approx([7.03, 5.65, 8.64], abs=0.005)


def test_calibration_gives_the_cell_fraction():
    found = residual(("sample", 600, 17000, 50000.0), ("no_template", 0, 17000, math.nan), IPSC)
    per_cell = -math.log1p(-600 / 17000) / 50000
    per_ipsc = -math.log1p(-9000 / 17000) / 10
    assert found.estimate.status == "measured"
    assert found.estimate.estimate == pytest.approx(per_cell / per_ipsc, rel=1e-12)
    assert found.estimate.low < found.estimate.estimate < found.estimate.high
    assert found.facts["statistical_lod"] == pytest.approx(-math.log(0.05) / 50000)


def test_wells_of_one_role_are_one_sample():
    one = residual(("sample", 600, 17000, 50000.0), IPSC)
    two = residual(("sample", 320, 8500, 25000.0), ("sample", 280, 8500, 25000.0), IPSC)
    assert two.estimate.estimate == pytest.approx(2 * one.estimate.estimate)
    assert two.estimate.n == one.estimate.n == 50000


def test_no_copies_are_bounded_by_the_cells_that_were_sampled():
    # The droplets alone would exclude 1 copy in 17000 droplets; 20000 cells cannot exclude less than 3 in 20000.
    found = residual(("sample", 0, 17000, 20000.0), IPSC)
    assert found.estimate.status == "not_detected"
    assert (found.estimate.estimate, found.estimate.low) == (None, None)
    assert found.estimate.high >= -math.log(0.05) / 20000
    assert found.estimate.lod == pytest.approx(-math.log(0.05) / 20000)
    more = residual(("sample", 0, 17000, 20000.0), IPSC, lysed_cells=1e7)
    assert -math.log(0.05) / 1e7 < more.estimate.high < found.estimate.high


def test_copies_within_the_background_are_not_detected():
    found = residual(("sample", 30, 17000, 20000.0), BLANK, IPSC)
    assert found.estimate.status == "not_detected"
    assert control(found, "background").passed


def test_a_negative_control_is_scaled_by_cells():
    alone = residual(("sample", 200, 17000, 20000.0), IPSC)
    half = residual(("sample", 200, 17000, 20000.0), ("negative_control", 50, 17000, 10000.0), IPSC)
    share = math.log1p(-50 / 17000) * 2 / math.log1p(-200 / 17000)
    assert half.estimate.estimate == pytest.approx(alone.estimate.estimate * (1 - share), rel=1e-12)
    assert half.estimate.high > alone.estimate.estimate * (1 - share)


def test_a_background_above_the_sample_fails_its_control():
    found = residual(("sample", 5, 17000, 20000.0), ("negative_control", 90, 17000, 20000.0), IPSC)
    assert not control(found, "background").passed
    assert found.estimate.high >= -math.log(0.05) / 20000


@pytest.mark.parametrize(
    ("wells", "status", "failed"),
    [
        ([("sample", 17000, 17000, 50.0), IPSC], "invalid", "saturation"),
        ([("sample", 3, 9000, 50.0), IPSC], "not_detected", "accepted droplets"),
    ],
)
def test_a_bad_run_fails_its_control(wells, status, failed):
    found = residual(*wells)
    assert not control(found, failed).passed
    assert status != "invalid" or found.estimate.status == "invalid"


def test_an_ipsc_control_without_signal_is_invalid():
    found = residual(("sample", 3, 17000, 50.0), BLANK, ("positive_control", 30, 17000, 10.0))
    assert found.estimate.status == "invalid"
    assert found.estimate.high is None


def test_the_published_lod_counts():
    found = residual_from_droplets(
        "ddpcr-lin28", droplets(("sample", 0, 17000, 2e7), IPSC), source="ddpcr.csv"
    )
    assert found.estimate.lod == 1e-5


@pytest.mark.parametrize(
    ("counted", "target"),
    [
        (droplets(BLANK), None),
        (droplets(SAMPLE), "OCT4"),
        (droplets(SAMPLE, ("sample", 1, 17000, 60.0)), None),
        (droplets(("sample", 1, 17000, math.nan)), None),
        (droplets(("sample", 2, 1, 50.0)), None),
        (droplets(SAMPLE, volume=0.0), None),
    ],
)
def test_wells_that_cannot_be_used_together_are_refused(counted, target):
    with pytest.raises(InputError) as caught:
        residual_from_droplets("in-house", counted, target=target, source="ddpcr.csv")
    assert caught.value.code == "GS-2401"


def test_limits_cover_simulated_lots():
    # 4 iPSC expected in 20000 cells, 40 copies each, 3 background copies; at most 5 % of 300 intervals may miss.
    rng = np.random.default_rng(20)
    frequency, n, misses = 2e-4, 17000, 0
    for _ in range(300):
        copies = (40 * rng.poisson(frequency * 20000) + 3, 3, 40 * 200)
        sample, blank, ipsc = (int(rng.binomial(n, -math.expm1(-one / n))) for one in copies)
        one = residual(
            ("sample", sample, n, 20000.0),
            ("no_template", blank, n, math.nan),
            ("positive_control", ipsc, n, 200.0),
        ).estimate
        misses += one.high < frequency or (one.low or 0.0) > frequency
    assert misses <= 15
