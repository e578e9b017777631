"""The kinetic LAL numbers of research assays.md section 6, and results that must not be numbers."""

from __future__ import annotations

import numpy as np
import pytest

from genostab.assays.endotoxin import (
    LalCurve,
    endotoxin,
    fit_lal_curve,
    lal_controls,
    maximum_valid_dilution,
    spike_recovery,
)
from genostab.errors import InputError

LEVELS = np.repeat([50.0, 5.0, 0.5, 0.05, 0.005], 2)
ONSET_S = np.array([512.0, 520, 768, 760, 1155, 1168, 1742, 1729, 2630, 2655])
SAMPLE = np.array([1990.0, 2010.0])
SPIKED = np.array([1098.0, 1110.0])


@pytest.fixture
def curve() -> LalCurve:
    return fit_lal_curve(LEVELS, ONSET_S)


def test_curve(curve: LalCurve) -> None:
    assert curve.slope == pytest.approx(-0.17750811351132478, rel=1e-12)
    assert curve.intercept == pytest.approx(3.010998369537394, rel=1e-12)
    assert curve.r == pytest.approx(-0.99989272448722, rel=1e-12)


def test_sample_and_recovery(curve: LalCurve) -> None:
    found = endotoxin(curve, SAMPLE)
    assert found.estimate == pytest.approx((0.02389777493586722 + 0.02258869213688166) / 2, rel=1e-10)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.0225
    assert found.high > 0.024
    diluted = endotoxin(curve, SAMPLE, dilution=10.0)
    assert diluted.estimate == pytest.approx(10 * (found.estimate or 0.0))
    assert diluted.lod == pytest.approx(0.05)
    recovery = spike_recovery(curve, SAMPLE, SPIKED, 0.5)
    assert recovery.estimate == pytest.approx(1.2752998373089991, rel=1e-10)
    assert all(control.passed for control in lal_controls(curve, SAMPLE, recovery))


@pytest.mark.parametrize("onset", [[np.nan, np.nan], [2900.0, 2950.0]])
def test_below_the_lowest_standard_is_a_bound(curve: LalCurve, onset: list[float]) -> None:
    found = endotoxin(curve, np.array(onset), dilution=20.0)
    assert (found.status, found.estimate) == ("not_detected", None)
    assert found.high == found.lod == pytest.approx(0.1)


def test_above_the_highest_standard_is_not_computed(curve: LalCurve) -> None:
    found = endotoxin(curve, np.array([300.0, 310.0]))
    assert (found.status, found.estimate, found.low, found.high) == ("not_computed", None, 50.0, None)


def test_controls_fail(curve: LalCurve) -> None:
    def failed(sample: list[float], spiked: list[float]) -> list[str]:
        recovery = spike_recovery(curve, np.array(sample), np.array(spiked), 0.5)
        return [item.name for item in lal_controls(curve, np.array(sample), recovery) if not item.passed]

    assert failed([1990, 2010], [1500, 1510]) == ["endotoxin.spike_recovery"]
    assert failed([1990, 2010], [900, 905]) == ["endotoxin.spike_recovery"]
    assert failed([1990, 2010], [np.nan, np.nan]) == ["endotoxin.spike_recovery"]
    assert failed([1800, 2200], [1098, 1110]) == ["endotoxin.replicates"]
    assert failed([1990, np.nan], [1098, 1110]) == ["endotoxin.replicates"]
    assert failed([1990], [1098, 1110]) == ["endotoxin.replicates"]
    noisy = fit_lal_curve(LEVELS, ONSET_S * np.tile([1.0, 1.6], 5))
    assert "endotoxin.correlation" in [
        item.name
        for item in lal_controls(noisy, SAMPLE, spike_recovery(noisy, SAMPLE, SPIKED, 0.5))
        if not item.passed
    ]


def test_valid_dilution() -> None:
    assert maximum_valid_dilution(0.5, 1.0, 0.005) == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("levels", "onset"),
    [([1.0, 10.0], [900, 600]), ([1.0, 1.0, 1.0], [1, 2, 3]), ([1.0, 10, 100], [1, 2, 3])],
)
def test_no_curve(levels: list[float], onset: list[float]) -> None:
    with pytest.raises(InputError) as caught:
        fit_lal_curve(np.array(levels), np.array(onset, dtype=float))
    assert caught.value.code == "GS-2401"
