"""Stated results: numbers, bounds and words; zero and "negative" are never a number."""

from __future__ import annotations

from typing import Any

import pytest

from genostab.arrays import Observations
from genostab.assays.observations import measure_observations
from genostab.errors import GenostabErrors
from genostab.results import Estimate, Measurement

COLUMNS = ("attribute", "value", "unit", "n", "method", "lod", "lab", "operator", "date", "evidence_file")


def observations(*rows: dict[str, str]) -> Observations:
    cells: dict[str, Any] = {
        name: tuple(row.get(name, "viability" if name == "attribute" else "") for row in rows)
        for name in COLUMNS
    }
    return Observations(path="obs.csv", line=tuple(range(2, len(rows) + 2)), **cells)


def one(**row: str) -> Measurement:
    (found,) = measure_observations(observations(row))
    return found


def estimate(**row: str) -> Estimate:
    found = one(**row).estimate
    assert found is not None
    return found


def test_percentage_with_n_has_an_exact_interval() -> None:
    """187 of 200: Clopper-Pearson 0.8914 to 0.9650 (R binom.test)."""
    found = estimate(value="93.5", unit="%", n="200")
    assert (found.estimate, found.unit, found.n, found.status) == (0.935, "fraction", 200, "measured")
    assert found.low == pytest.approx(0.8914, abs=1e-4)
    assert found.high == pytest.approx(0.9650, abs=1e-4)


def test_number_without_n_has_no_interval() -> None:
    for row in ({"value": "93.5", "unit": "%"}, {"value": "0.05", "unit": "EU/mL", "n": "4"}):
        found = estimate(**row)
        assert (found.low, found.high) == (None, None)
        assert found.estimate in (0.935, 0.05)
        assert found.status == "measured"


@pytest.mark.parametrize("sign", ["<", "<=", "≤", "< "])
def test_below_is_not_detected(sign: str) -> None:
    found = estimate(value=f"{sign}0.01", unit="%")
    assert (found.status, found.estimate, found.low) == ("not_detected", None, None)
    assert found.high == found.lod == pytest.approx(1e-4)


def test_below_keeps_the_larger_limit() -> None:
    assert estimate(value="<0.01", unit="%", lod="0.1").lod == pytest.approx(1e-3)
    assert estimate(value="<0.5", unit="EU/mL", lod="0.1").lod == 0.5


def test_above_is_a_lower_limit() -> None:
    found = estimate(value=">95", unit="%")
    assert (found.estimate, found.low, found.high) == (None, 0.95, None)


@pytest.mark.parametrize("word", ["not detected", "Negative", "NO GROWTH", "absent", "阴性"])
def test_words_of_absence(word: str) -> None:
    found = one(attribute="mycoplasma", value=word, n="2", lod="10 CFU/mL")
    assert found.text == word.casefold()
    assert found.estimate is not None
    assert (found.estimate.status, found.estimate.estimate) == ("not_detected", None)
    assert (found.estimate.lod, found.estimate.unit, found.estimate.n) == (10.0, "CFU/mL", 2)


@pytest.mark.parametrize("word", ["positive", "neurospheres", "nd", "n.d.", "not done"])
def test_other_words_stay_words(word: str) -> None:
    found = one(value=word)
    assert (found.text, found.estimate) == (word, None)


def test_category_may_begin_with_a_digit() -> None:
    assert one(value="46,XX", unit="category").text == "46,XX"


def test_zero_of_n_is_a_bound() -> None:
    found = estimate(value="0", unit="%", n="600000", lod="0.0005")
    assert (found.status, found.estimate) == ("not_detected", None)
    assert found.lod == found.high == pytest.approx(5e-6)
    assert estimate(value="0", unit="%", n="30").lod == pytest.approx(0.095033852855304139)
    assert estimate(value="0", unit="%", n="30", lod="0.01").lod == pytest.approx(0.095033852855304139)


def test_zero_without_n_or_limit_has_no_bound() -> None:
    for unit in ("%", "EU/mL", "cells"):
        found = estimate(value="0", unit=unit)
        assert (found.status, found.estimate, found.high, found.lod) == ("not_detected", None, None, None)


def test_zero_is_a_value_on_a_log_scale_and_of_counts() -> None:
    assert estimate(value="0.0", unit="cycles").estimate == 0.0
    assert estimate(value="-1.2", unit="cycles").estimate == -1.2
    assert estimate(value="0", unit="count").estimate == 0.0


def test_under_the_stated_limit_of_detection_is_not_detected() -> None:
    found = estimate(value="0.002", unit="EU/mL", lod="0.005 EU/mL")
    assert (found.status, found.estimate, found.high, found.lod) == ("not_detected", None, 0.005, 0.005)


def test_source_and_note() -> None:
    found = one(value="94", unit="%", method="trypan blue", lab="QC", operator="OP1", date="2026-01-15")
    assert found.source == "obs.csv:2"
    assert found.note == "method trypan blue; lab QC; operator OP1; date 2026-01-15"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"value": "95"}, "unit"),
        ({"value": "101", "unit": "%"}, "value"),
        ({"value": "1.5", "unit": "fraction"}, "value"),
        ({"value": "-1", "unit": "%"}, "value"),
        ({"value": "0,5", "unit": "%"}, "value"),
        ({"value": "95 %", "unit": "%"}, "value"),
        ({"value": "95 +- 2", "unit": "%"}, "value"),
        ({"value": "~95", "unit": "%"}, "value"),
        ({"value": "1e9999", "unit": "%"}, "value"),
        ({"value": "95", "unit": "%", "n": "0"}, "n"),
        ({"value": "95", "unit": "%", "n": "many"}, "n"),
        ({"value": "95", "unit": "%", "n": "-3"}, "n"),
        ({"value": "0.001", "unit": "%", "n": "1000"}, "n"),
        ({"value": "0.1", "unit": "EU/mL", "lod": "low"}, "lod"),
        ({"value": "0.1", "unit": "EU/mL", "lod": "0"}, "lod"),
        ({"value": "0.1", "unit": "EU/mL", "lod": "1 %"}, "lod"),
    ],
)
def test_wrong_cells(row: dict[str, str], column: str) -> None:
    with pytest.raises(GenostabErrors) as caught:
        measure_observations(observations({"value": "1", "unit": "%"}, row))
    (error,) = caught.value.errors
    assert error.code == "GS-2202"
    assert error.where == f"obs.csv:3:{column}"


def test_all_rows_are_reported_together() -> None:
    with pytest.raises(GenostabErrors) as caught:
        measure_observations(observations({"value": "1"}, {"value": "ok"}, {"value": "x", "n": "0"}))
    assert [error.where for error in caught.value.errors] == ["obs.csv:2:unit", "obs.csv:4:n"]
