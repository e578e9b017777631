"""Tumour fraction in animals: exact bounds of research 0 and 2.5, and the validity of the controls."""

import numpy as np
import pytest

from genostab.errors import GenostabErrors, UsageError
from genostab.tumorigenicity.animals import animals_tumour_fraction

GOOD = ("positive_control", 1e3, 10, 10)


def study(*rows):
    group, dose, tested, positive = zip(*rows, strict=True)
    return animals_tumour_fraction(
        group, np.array(dose, dtype=float), np.array(tested), np.array(positive), source="animals.csv"
    )


def passed(found):
    return {control.name: control.passed for control in found.controls}


@pytest.mark.parametrize(
    ("n", "upper"),
    [(10, 0.25886555089305228), (30, 0.095033852855304139), (65, 0.045042258123013534)],
)
def test_no_tumour_is_a_bound(n, upper):
    found = study(("product", 1e6, n, 0), GOOD)
    assert found.metric == "tumorigenicity.animals_tumour_fraction"
    assert (found.estimate.status, found.estimate.estimate, found.estimate.low) == (
        "not_detected",
        None,
        None,
    )
    assert found.estimate.high == found.estimate.lod == pytest.approx(upper, rel=1e-13)
    assert found.estimate.n == n


@pytest.mark.parametrize(("n", "fraction"), [(29, 0.10), (59, 0.05), (299, 0.01)])
def test_animals_that_exclude_a_fraction(n, fraction):
    assert study(("product", 1e6, n, 0), GOOD).estimate.high <= fraction
    assert study(("product", 1e6, n - 1, 0), GOOD).estimate.high > fraction


def test_doses_bound_the_frequency_of_tumour_cells():
    found = study(("product", 1e6, 65, 0), GOOD)
    assert 1 / found.facts["tumour_cell_frequency_upper"] == pytest.approx(21697533.045196719, rel=1e-13)
    mixed = study(("product", 1e4, 10, 0), ("product", 1e5, 10, 0), ("product", 1e6, 10, 0), GOOD)
    assert 1 / mixed.facts["tumour_cell_frequency_upper"] == pytest.approx(3705271.0277182092, rel=1e-13)
    assert (mixed.facts["dose_cells_min"], mixed.facts["dose_cells_max"]) == (1e4, 1e6)


def test_tumours_carry_a_two_sided_interval():
    found = study(("product", 1e6, 10, 2), GOOD)
    assert found.estimate.status == "measured"
    assert found.estimate.estimate == 0.2
    # Clopper-Pearson 2 of 10.
    assert (found.estimate.low, found.estimate.high) == pytest.approx((0.0252107263, 0.5560954623), abs=1e-10)
    assert "tumour_cell_frequency_upper" not in found.facts


@pytest.mark.parametrize(
    ("control", "valid"),
    [
        ((10, 10), True),
        ((10, 9), True),
        ((10, 8), False),
        ((20, 9), False),
        ((20, 18), True),
        ((8, 8), False),
    ],
)
def test_the_positive_control_must_grow(control, valid):
    found = study(("product", 1e6, 10, 0), ("positive_control", 1e3, *control))
    assert passed(found) == {"positive control": valid}


def test_a_study_without_positive_control_is_not_valid():
    found = study(("product", 1e6, 10, 0))
    assert passed(found) == {"positive control": False}
    assert found.controls[0].detail.startswith("no positive-control animals")


@pytest.mark.parametrize(("tumours", "valid"), [(0, True), (1, False)])
def test_a_tumour_without_cells_spoils_the_study(tumours, valid):
    found = study(("product", 1e6, 10, 0), GOOD, ("negative_control", np.nan, 10, tumours))
    assert passed(found) == {"positive control": True, "negative control": valid}


def test_wrong_rows_are_refused():
    with pytest.raises(UsageError):
        study(GOOD)
    with pytest.raises(GenostabErrors) as caught:
        study(("product", 1e6, 10, 11), ("positive_control", 1e3, 10, -1))
    assert len(caught.value.errors) == 2
