"""Risk of one dose: conjugate posterior and tumour scenarios to the printed digits of research 2.5."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genostab.errors import GenostabErrors, UsageError
from genostab.tumorigenicity.defaults import load_defaults
from genostab.tumorigenicity.posterior import AssayCount, dose_risk, heterogeneity_p

NOG, RETINA = "nog-subcutaneous-matrigel", "nude-rat-subretinal"


def risk(*counted, prior="jeffreys", dose=2e6):
    """One exchangeable assay without a published LOD per (positives, cells)."""
    assays = [AssayCount(assay="in-house", positives=k, tested_cells=n) for k, n in counted]
    return dose_risk(assays, dose, prior=prior, source="lot.yaml")


@pytest.mark.parametrize(
    ("positives", "prior", "any_ipsc", "any_tumour"),
    [
        (0, "jeffreys", 0.55278640450004206, 0.010353089934656048),
        (0, "flat", 0.8, 0.020598993398117019),
        (3, "jeffreys", 0.99642229123600034, 0.070259153915030675),
    ],
)
def test_predictive_probabilities(positives, prior, any_ipsc, any_tumour):
    _, cells, tumour = risk((positives, 5e5), prior=prior)
    assert cells.facts["probability_at_least_one_ipsc"] == pytest.approx(any_ipsc, rel=1e-13)
    assert tumour.facts[f"{NOG}.probability"] == pytest.approx(any_tumour, rel=1e-13)


def test_mean_residual_cells():
    frequency, cells, _ = risk((3, 5e5))
    assert cells.estimate.estimate == pytest.approx(14, rel=1e-14)
    assert frequency.estimate.estimate == pytest.approx(7e-6, rel=1e-14)
    assert frequency.estimate.status == "measured"


@pytest.mark.parametrize(
    ("prior", "upper"), [("jeffreys", 3.841458820694126e-6), ("flat", 5.991464547107982e-6)]
)
def test_upper_limit_of_zero_positives(prior, upper):
    frequency, cells, _ = risk((0, 5e5), prior=prior)
    assert frequency.estimate.high == pytest.approx(upper, rel=1e-13)
    assert cells.estimate.high == pytest.approx(2e6 * upper, rel=1e-13)
    assert (frequency.estimate.status, frequency.estimate.low) == ("not_detected", None)
    assert frequency.estimate.lod == pytest.approx(2.995732273553991 / 5e5, rel=1e-13)


def test_the_default_prior_is_jeffreys():
    default = dose_risk([AssayCount(assay="in-house", positives=0, tested_cells=5e5)], 2e6)
    assert default[0].estimate.high == pytest.approx(3.841458820694126e-6, rel=1e-13)


def test_published_tpd50_scenarios():
    chance = {site.name: site.tumour_per_cell for site in load_defaults().scenarios}
    assert chance[NOG] == pytest.approx(math.log(2) / 10**2.12)
    assert 1 / chance[NOG] == pytest.approx(190.2, abs=0.05)
    assert 1 / chance[RETINA] == pytest.approx(77477, abs=0.5)


def test_the_risk_is_a_band_over_the_sites():
    _, cells, tumour = risk((0, 5e5))
    worst = -math.expm1(-cells.estimate.high * math.log(2) / 10**2.12)
    assert tumour.metric == "tumorigenicity.probability_per_dose"
    assert tumour.estimate.estimate == tumour.estimate.high == pytest.approx(worst, rel=1e-12)
    assert tumour.estimate.low == tumour.facts[f"{RETINA}.probability"]
    assert tumour.facts[f"{NOG}.probability_upper"] == tumour.estimate.high
    assert tumour.estimate.low < tumour.facts[f"{NOG}.probability"] < tumour.estimate.high
    assert "no probability for a patient" in tumour.note


def test_two_runs_of_an_assay_are_one_larger_run():
    split, whole = risk((1, 2e5), (2, 3e5)), risk((3, 5e5))
    assert split[0].estimate.high == pytest.approx(whole[0].estimate.high, rel=1e-13)
    assert "pooled as exchangeable" in split[0].note


def test_assays_that_disagree_are_not_averaged_down():
    # Conditional on 12 positives, all 12 in a twentieth of the cells.
    frequency, _, _ = risk((12, 5e4), (0, 1e6))
    assert "not pooled" in frequency.note
    assert frequency.estimate.estimate == pytest.approx(12.5 / 5e4, rel=1e-13)


def test_heterogeneity_is_the_poisson_deviance():
    # 2 (8 ln(8 / 5) + 2 ln(2 / 5)) on one degree of freedom.
    deviance = 2 * (8 * math.log(8 / 5) + 2 * math.log(2 / 5))
    found = heterogeneity_p([AssayCount(assay="a", positives=k, tested_cells=1e5) for k in (8, 2)])
    assert found == pytest.approx(math.erfc(math.sqrt(deviance / 2)), rel=1e-12)


@given(positives=st.integers(0, 50), cells=st.floats(1e3, 1e9))
def test_no_assay_is_credited_below_its_lod(positives, cells):
    counted = AssayCount(assay="flow-tra160", positives=min(positives, int(cells)), tested_cells=cells)
    frequency, _, _ = dose_risk([counted], 2e6, prior="flat")
    assert frequency.estimate.high >= 1e-3 * (1 - 1e-12)
    assert frequency.estimate.lod >= min(1e-3, 2.9957 / cells)


def test_zero_events_of_a_blunt_assay_only_say_its_lod():
    frequency, _, _ = dose_risk([AssayCount(assay="flow-tra160", positives=0, tested_cells=1e9)], 2e6)
    assert frequency.estimate.lod == pytest.approx(1e-3, rel=1e-12)
    own = AssayCount(assay="flow-tra160", positives=0, tested_cells=1e6, assay_lod=1e-5)
    assert dose_risk([own], 2e6)[0].estimate.lod == pytest.approx(1e-5, rel=1e-12)


def test_soft_agar_does_not_enter():
    agar = AssayCount(assay="soft-agar", positives=0, tested_cells=1e9)
    alone = dose_risk([agar], 2e6)
    assert {found.estimate.status for found in alone} == {"not_computed"}
    flow = AssayCount(assay="in-house", positives=0, tested_cells=5e5)
    both = dose_risk([agar, flow], 2e6)
    assert both[0].estimate == dose_risk([flow], 2e6)[0].estimate
    assert "left out, cannot detect iPSC: soft-agar" in both[0].note


def test_what_cannot_be_a_count_is_refused():
    with pytest.raises(GenostabErrors) as caught:
        risk((4, 3), (1, -1), dose=0)
    assert len(caught.value.errors) == 4
    with pytest.raises(UsageError):
        dose_risk([], 2e6)
    with pytest.raises(UsageError):
        risk((0, 10), prior="wish")
