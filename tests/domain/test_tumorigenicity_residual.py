"""Residual iPSC of one counting assay: exact limits of research 2.5 and assays.md section 6, LODs, background."""

import math

import mpmath
import numpy as np
import pytest
from scipy import stats

from genostab.errors import GenostabErrors
from genostab.tumorigenicity import counts
from genostab.tumorigenicity.residual import residual_frequency


def frequency(positives, cells, **options):
    options = {"assay": "in-house", "assay_lod": None, "source": "sheet.csv:2"} | options
    return residual_frequency(positives=positives, tested_cells=cells, **options)


@pytest.mark.parametrize(
    ("positives", "cells", "upper"),
    [
        (0, 300000, 9.985724387502285e-06),
        (3, 300000, 2.5845316992528456e-05),
        (12, 100000, 1.944184581475167e-04),
        (0, 10, 0.25886555089305228),
        (0, 30, 0.095033852855304139),
        (0, 65, 0.045042258123013534),
    ],
)
def test_one_sided_upper_bound(positives, cells, upper):
    assert frequency(positives, cells).facts["upper_one_sided"] == pytest.approx(upper, rel=1e-13)


@pytest.mark.parametrize(("limit", "cells"), [(1e-3, 2995), (1e-4, 29956), (2e-5, 149786), (5e-6, 599145)])
def test_cells_that_zero_positives_need(limit, cells):
    assert frequency(0, cells).estimate.high <= limit < frequency(0, cells - 1).estimate.high


def test_zero_positives_are_not_detected():
    found = frequency(0, 300000)
    assert found.metric == "residual.in-house.frequency"
    assert (found.estimate.status, found.estimate.estimate, found.estimate.low) == (
        "not_detected",
        None,
        None,
    )
    assert found.estimate.high == pytest.approx(9.985724387502285e-06, rel=1e-13)
    assert found.estimate.lod == pytest.approx(2.995732273553991 / 300000, rel=1e-13)
    assert found.source == "sheet.csv:2"


def test_positives_carry_a_two_sided_interval():
    found = frequency(3, 300000)
    assert found.estimate.status == "measured"
    assert found.estimate.estimate == 1e-5
    # Each limit gives the observed count the tail probability .025.
    assert stats.binom.cdf(3, 300000, found.estimate.high) == pytest.approx(0.025, rel=1e-9)
    assert stats.binom.sf(2, 300000, found.estimate.low) == pytest.approx(0.025, rel=1e-9)


def test_recovery_widens_the_bound_and_the_lod():
    whole, third = frequency(0, 1e5), frequency(0, 1e5, recovery=0.3)
    assert third.estimate.high == pytest.approx(whole.estimate.high / 0.3, rel=1e-12)
    assert third.estimate.lod * 1e5 == pytest.approx(9.98577424517998, rel=1e-13)


def test_the_larger_lod_stands_and_both_are_named():
    published = frequency(0, 300000, assay="flow-tra160")
    assert published.estimate.lod == 1e-3
    assert published.facts["statistical_lod"] < 1e-5
    assert "Kuroda 2012" in published.note
    assert "statistical LOD 9.99e-06" in published.note
    few = frequency(0, 100, assay="flow-tra160")
    assert few.estimate.lod == pytest.approx(2.995732273553991 / 100)
    own = frequency(0, 300000, assay="flow-tra160", assay_lod=5e-5)
    assert own.estimate.lod == 5e-5
    assert "stated by the laboratory" in own.note


def test_soft_agar_says_nothing_about_ipsc():
    found = frequency(0, 1e6, assay="soft-agar")
    assert found.estimate.status == "not_computed"
    assert (found.estimate.high, found.estimate.lod) == (None, None)
    assert "cannot detect iPSC" in found.note


def test_a_count_within_its_background_is_not_detected():
    found = frequency(3, 300000, background_per_cell=1e-5)
    assert found.estimate.status == "not_detected"
    bound = found.estimate.high * 300000
    with mpmath.workdps(30):
        share = mpmath.gammainc(4, 3 + bound, regularized=True) / mpmath.gammainc(4, 3, regularized=True)
    assert float(share) == pytest.approx(0.05, rel=1e-9)
    assert found.estimate.high < frequency(3, 300000).estimate.high
    assert found.controls[0].passed


def test_a_count_above_its_background_is_the_difference():
    found = frequency(12, 300000, background_per_cell=1e-5)
    assert found.estimate.estimate == pytest.approx(9 / 300000)
    # Garwood's exact lower limit of 12, less the background of 3.
    assert found.estimate.low * 300000 == pytest.approx(stats.chi2.ppf(0.025, 24) / 2 - 3, rel=1e-9)
    assert found.estimate.high > stats.chi2.ppf(0.975, 26) / 2 / 300000 - 1e-5


def test_background_never_buys_a_bound_below_that_of_zero():
    none = frequency(0, 300000, background_per_cell=1e-4).estimate.high * 300000
    assert none == pytest.approx(-math.log(0.05), rel=1e-12)
    assert not frequency(0, 300000, background_per_cell=1e-4).controls[0].passed


def test_bound_with_background_covers():
    # Exact coverage over the Poisson law of the count, for every true signal on a grid.
    background = 3.5
    limits = np.array([counts.signal_upper(k, background, 0.95) for k in range(60)])
    for signal in np.linspace(0.1, 20, 40):
        chances = stats.poisson.pmf(np.arange(60), signal + background)
        assert chances[limits >= signal].sum() >= 0.95 - 1e-9


@pytest.mark.parametrize("background", [0.0, 0.3, 3.5, 40.0])
def test_statistical_lod_holds_both_error_rates(background):
    signal = counts.signal_lod(background, 0.95)
    critical = next(k for k in range(1, 200) if stats.poisson.sf(k - 1, background) <= 0.05)
    assert stats.poisson.sf(critical - 1, background + signal) == pytest.approx(0.95, rel=1e-9)


@pytest.mark.parametrize(
    ("wrong", "n_errors"),
    [
        ({"positives": 5, "cells": 4}, 1),
        ({"positives": -1, "cells": 4, "recovery": 0.0}, 2),
        ({"positives": 0, "cells": 0}, 1),
        ({"positives": 0, "cells": math.nan}, 2),
        (
            {
                "positives": 0,
                "cells": 9,
                "recovery": 1.2,
                "background_per_cell": -1,
                "assay_lod": 0,
                "level": 1,
            },
            4,
        ),
    ],
)
def test_wrong_counts_are_refused_together(wrong, n_errors):
    with pytest.raises(GenostabErrors) as caught:
        frequency(**wrong)
    assert [error.code for error in caught.value.errors] == ["GS-1104"] * n_errors
