"""The standard curve against vendor software, and amounts read back against the vendor's plate and a closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import linregress

from genostab.errors import InputError
from genostab.telomerase.curve import Reading, StandardCurve, cq_at, fit_curve, log10_limits, read_log10
from genostab.telomerase.quantify import Signal, net_amount, net_ratio

# QuantStudio RNaseP plate, as the instrument's software prints it (research assays.md section 3b)
SLOPE, INTERCEPT, S_YX = -3.3418637726739684, 40.7700342380298, 0.16513283261119802
SE_SLOPE, R_SQUARED, EFFICIENCY, SXX = (
    0.08673485616855386,
    0.9880202381085528,
    0.99174722240042,
    3.624762331578263,
)
AMOUNTS = np.repeat([1250.0, 2500.0, 5000.0, 10000.0, 20000.0], 4)  # the levels that make this Sxx

# oracle A: LinRegPCR Cq of a synthetic plate (section 2c)
ORACLE_AMOL = np.repeat([40.0, 4.0, 0.4, 0.04, 0.004], 2)
ORACLE_CQ = np.array(
    [
        15.868526936685079,
        15.792565392822334,
        19.454872179587674,
        19.3783449177714,
        23.044938115646794,
        22.969003752030645,
        26.630279468527544,
        26.554000816430253,
        30.219251448607007,
        30.14345523620964,
    ]
)


def vendor_plate() -> StandardCurve:
    """Curve of wells that have the vendor's slope, intercept and residual scatter, by design."""
    residual = S_YX * np.sqrt(18.0 / 20.0) * np.tile([1.0, -1.0, 1.0, -1.0], 5)
    return fit_curve(AMOUNTS, INTERCEPT + SLOPE * np.log10(AMOUNTS) + residual)


def test_curve_is_that_of_the_vendor() -> None:
    curve = vendor_plate()
    assert curve.slope == pytest.approx(SLOPE, rel=1e-12)
    assert curve.intercept == pytest.approx(INTERCEPT, rel=1e-12)
    assert curve.s_yx == pytest.approx(S_YX, rel=1e-12)
    assert curve.sxx == pytest.approx(SXX, rel=1e-12)
    assert curve.se_slope == pytest.approx(SE_SLOPE, rel=1e-12)
    assert curve.r_squared == pytest.approx(R_SQUARED, rel=1e-12)
    assert curve.efficiency == pytest.approx(EFFICIENCY, rel=1e-12)
    assert (curve.n, curve.lowest_amol, curve.highest_amol) == (20, 1250.0, 20000.0)


def test_curve_of_oracle_a() -> None:
    curve = fit_curve(ORACLE_AMOL, ORACLE_CQ)
    assert curve.slope == pytest.approx(-3.5877145949108598, rel=1e-13)
    assert curve.intercept == pytest.approx(21.57782864942021, rel=1e-13)
    assert curve.r_squared == pytest.approx(0.9999437236207358, rel=1e-13)
    assert curve.efficiency + 1.0 == pytest.approx(1.8998922525023874, rel=1e-13)
    cq = [20.985727516301917, 20.909825844270678, 24.570835616276998, 24.494607561034357]
    log10_amol, _ = read_log10(curve, [Reading(mean_cq=value, n_wells=1) for value in cq])
    expected = [1.4622975084245038, 1.5352946445628821, 0.1464745746964623, 0.1538187271053819]
    assert 10.0**log10_amol == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("x0", "n_wells", "error", "limits"),
    [
        (3.718877219926844, 36, 0.01379041952943287, (4896.71, 5234.52, 5595.64)),
        (3.764478039448634, 3, 0.03064097527178087, (5013.07, 5814.04, 6742.99)),
    ],
)
def test_inverse_prediction_of_the_vendor_plate(
    x0: float, n_wells: int, error: float, limits: tuple[float, float, float]
) -> None:
    curve = vendor_plate()
    log10_amount, covariance = read_log10(curve, [Reading(mean_cq=INTERCEPT + SLOPE * x0, n_wells=n_wells)])
    assert log10_amount[0] == pytest.approx(x0, rel=1e-12)
    assert np.sqrt(covariance[0, 0]) == pytest.approx(error, rel=1e-9)
    low, high = log10_limits(curve, float(log10_amount[0]), float(covariance[0, 0]), 0.95)
    assert (10.0**low, 10.0 ** log10_amount[0], 10.0**high) == pytest.approx(limits, abs=0.005)


def test_curve_agrees_with_linregress_and_leaves_wells_without_cq_out() -> None:
    rng = np.random.default_rng(11)
    amounts = np.repeat([40.0, 4.0, 0.4, 0.04, 0.004], 3)
    cq = 21.6 - 3.4 * np.log10(amounts) + 0.2 * rng.standard_normal(15)
    other = linregress(np.log10(amounts[:-1]), cq[:-1])
    cq[-1] = np.nan
    curve = fit_curve(amounts, cq)
    assert curve.slope == pytest.approx(other.slope, rel=1e-12)
    assert curve.intercept == pytest.approx(other.intercept, rel=1e-12)
    assert curve.se_slope == pytest.approx(other.stderr, rel=1e-9)
    assert curve.r_squared == pytest.approx(other.rvalue**2, rel=1e-12)
    assert curve.n == 14


@pytest.mark.parametrize(
    ("amounts", "cq"),
    [
        ([1.0, 10.0], [30.0, 27.0]),
        ([1.0, 1.0, 1.0], [30.0, 30.1, 30.2]),
        ([1.0, 10.0, 100.0], [27.0, 30.0, 33.0]),
        ([1.0, 10.0, 100.0], [27.0, np.nan, np.nan]),
    ],
)
def test_standards_without_a_curve_are_refused(amounts: list[float], cq: list[float]) -> None:
    with pytest.raises(InputError) as caught:
        fit_curve(np.array(amounts), np.array(cq))
    assert caught.value.code == "GS-2401"


def test_net_amount_subtracts_the_heat_pair_and_shares_the_curve_error() -> None:
    """q_S - q_H; the variance against numerical differentiation of the whole computation in its Cq readings."""
    curve = fit_curve(ORACLE_AMOL, ORACLE_CQ + 0.1 * np.tile([1.0, -1.0], 5))
    test = Reading(mean_cq=cq_at(curve, 2.0), n_wells=2)
    heat = Reading(mean_cq=cq_at(curve, 0.5), n_wells=2)
    found = net_amount(curve, Signal(test=test, heat=heat), 0.95)
    assert found.estimate == pytest.approx(1.5, rel=1e-12)
    step = 1e-5
    x = np.log10([2.0, 0.5])
    gradient = [
        (np.log10(10 ** (x[0] + step) - 0.5) - np.log10(10 ** (x[0] - step) - 0.5)) / (2 * step),
        (np.log10(2.0 - 10 ** (x[1] + step)) - np.log10(2.0 - 10 ** (x[1] - step))) / (2 * step),
    ]
    _, covariance = read_log10(curve, [test, heat])
    low, high = log10_limits(curve, np.log10(1.5), float(gradient @ covariance @ np.array(gradient)), 0.95)
    assert (found.low, found.high) == pytest.approx((10.0**low, 10.0**high), rel=1e-6)


def test_heat_pair_below_the_standards_bounds_the_net_amount() -> None:
    """Nothing, or the lowest standard, is subtracted: the interval holds both ends and nothing is extrapolated."""
    curve = fit_curve(ORACLE_AMOL, ORACLE_CQ)
    test = Reading(mean_cq=cq_at(curve, 0.05), n_wells=2)
    found = net_amount(curve, Signal(test=test, heat=None), 0.95)
    assert found.estimate == pytest.approx(0.05, rel=1e-12)
    assert found.low < 0.05 - 0.004 < 0.05 < (found.high or 0.0)
    at_limit = net_amount(
        curve, Signal(test=Reading(mean_cq=cq_at(curve, 0.004), n_wells=2), heat=None), 0.95
    )
    assert at_limit.low == 0.0


def test_ratio_to_the_control() -> None:
    curve = fit_curve(ORACLE_AMOL, ORACLE_CQ + 0.1 * np.tile([1.0, -1.0], 5))
    sample = Signal(
        test=Reading(mean_cq=cq_at(curve, 1.2), n_wells=2), heat=Reading(mean_cq=cq_at(curve, 0.2), n_wells=2)
    )
    control = Signal(
        test=Reading(mean_cq=cq_at(curve, 4.1), n_wells=2), heat=Reading(mean_cq=cq_at(curve, 0.1), n_wells=2)
    )
    found = net_ratio(curve, sample, control, 0.95)
    assert found.estimate == pytest.approx(0.25, rel=1e-12)
    assert found.low < 0.25 < (found.high or 0.0)
    same = net_ratio(curve, control, control, 0.95)
    assert same.estimate == pytest.approx(1.0, rel=1e-12)


def test_a_control_that_its_heat_pair_could_explain_bounds_nothing_from_above() -> None:
    curve = fit_curve(ORACLE_AMOL, ORACLE_CQ)
    at_lowest = Signal(test=Reading(mean_cq=cq_at(curve, 0.004), n_wells=2), heat=None)
    sample = Signal(test=Reading(mean_cq=cq_at(curve, 1.0), n_wells=2), heat=None)
    assert net_ratio(curve, sample, at_lowest, 0.95).high is None
