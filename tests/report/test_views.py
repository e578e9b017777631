"""Numbers in words: percent, limits, intervals, and sentences about what could not be seen."""

from __future__ import annotations

import dataclasses
import doctest
import importlib

import pytest

from genostab.report.views import cell_text, unseen_sentences, verdict_rows
from genostab.report.wording import apart, estimate_parts, number, quantity
from genostab.results import Estimate, Measurement, Status
from tests.report.sample import measurements, verdicts
from tests.report.sample_genome import fraction, sensitivity


@pytest.mark.parametrize("name", ["svg", "views", "wording", "multiqc"])
def test_examples_in_the_docstrings(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"genostab.report.{name}"))
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (1.0, "100"), (0.07, "7"), (0.29, "29"), (0.57, "57"), (0.123456, "12.35"), (1e-5, "0.001"),
        (5e-6, "0.0005"), (1e-7, "0.00001"), (0.000029956, "0.002996"), (0.99999, "100"),
    ],
)  # fmt: skip
def test_fractions_as_percent(value: float, text: str) -> None:
    assert quantity(value, "fraction") == f"{text}\u202f%"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2e6, "2,000,000"),
        (-0.5, "−0.5"),
        (-3.0, "−3"),
        (1234.5678, "1,235"),
        (-2e-12, "−2e-12"),
        (float("nan"), "not a number"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("value", [0.8999999, 0.9000001, 0.9 - 1e-15, 0.9 + 1e-12])
def test_result_that_misses_its_limit_never_reads_like_it(value: float) -> None:
    assert apart(value, 0.9, "fraction") != quantity(0.9, "fraction")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("measured", "0.1\u202f%"), ("not_detected", "not detected (LOD 0.2\u202f%)"), ("invalid", "invalid"),
        ("below_loq", "below the limit of quantification (LOD 0.2\u202f%)"), ("not_computed", "not computed"),
    ],
)  # fmt: skip
def test_status_of_an_estimate_in_words(status: Status, words: str) -> None:
    estimate = Estimate(
        estimate=0.001,
        low=None,
        high=0.003,
        unit="fraction",
        level=0.95,
        method="m",
        n=9,
        status=status,
        lod=0.002,
    )
    assert estimate_parts(estimate) == (words, "at most 0.3\u202f%")


def test_what_was_not_measured_reads_as_its_status() -> None:
    shown = {row.attribute: row.result for row in verdict_rows(verdicts(), measurements())}
    assert shown["Residual iPSC: LIN28 by ddPCR"] == "not detected"
    assert shown["Endotoxin"] == "below the limit of quantification"
    assert shown["Tumorigenicity in animals"] == "–"


def test_not_detected_never_reads_as_zero() -> None:
    zero = fraction(0.0, None, 1e-5, 300_000, status="not_detected", lod=2e-5)
    verdict = dataclasses.replace(verdicts()[0], metric="m", measured=0.0, n=300_000, high=1e-5, lod=2e-5)
    rows = verdict_rows([verdict], [Measurement(metric="m", estimate=zero)])
    assert rows[0].result == "not detected"


def test_verdict_without_number_and_status_claims_nothing() -> None:
    unknown = dataclasses.replace(verdicts()[0], measured=None, high=0.4)
    assert verdict_rows([unknown])[0].result == "no number"
    assert cell_text(None, "fraction") == "–"


def test_blind_regions_and_worst_case_are_named() -> None:
    record = sensitivity()[0]
    records = [
        dataclasses.replace(record, region="a", start=0, end=10_000_000, min_cell_fraction=0.05),
        dataclasses.replace(record, region="b", start=0, end=1_000_000, min_cell_fraction=0.2),
        dataclasses.replace(record, region="c", start=0, end=1_000, min_cell_fraction=None),
    ]
    (sentence,) = unseen_sentences(records)
    assert sentence.replace("\u202f", " ") == (
        "Gain: below 5 % of cells at best (a, 10 Mb); below 20 % at worst (b, 1 Mb); in any share of cells: c."
    )
    assert unseen_sentences(()) == ()
