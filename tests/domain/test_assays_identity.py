"""STR matches against strprofiler 0.5.1 (numbers of research assays.md section 6)."""

from __future__ import annotations

import pytest

from genostab.assays.identity import Formula, mixture_control, str_match

QUERY = {
    "TH01": ["6", "9.3"],
    "TPOX": ["8", "8"],
    "D5": ["11", "12"],
    "D13": ["8", "11"],
    "D7": ["10", "12"],
    "D16": ["9", "10"],
    "CSF": ["10", "12"],
    "vWA": ["16", "18"],
}
REFERENCE = {
    "TH01": ["6", "9.3"],
    "TPOX": ["8", "11"],
    "D5": ["11", "12"],
    "D13": ["11"],
    "D7": ["10", "12"],
    "D16": ["9", "13"],
    "CSF": ["10"],
    "vWA": ["16", "18", "19"],
}


@pytest.mark.parametrize(
    ("formula", "percent", "with_one_more"),
    [
        ("tanabe", 80.0, 78.78787878787878),
        ("masters_query", 80.0, 81.25),
        ("masters_reference", 80.0, 76.47058823529412),
    ],
)
def test_match(formula: Formula, percent: float, with_one_more: float) -> None:
    found = str_match(QUERY, REFERENCE, formula)
    assert found.estimate == pytest.approx(percent / 100, rel=1e-12)
    assert (found.n, found.low, found.high) == (8, None, None)
    more = str_match(QUERY | {"D3": ["X"]}, REFERENCE | {"D3": ["X", "Y"]}, formula)
    assert more.estimate == pytest.approx(with_one_more / 100, rel=1e-12)


def test_amelogenin_and_loci_of_one_profile_do_not_count() -> None:
    query = QUERY | {"AMEL": ["X"], "D21": ["30"], "D3": []}
    reference = REFERENCE | {"Amel": ["X", "Y"], "FGA": ["22"], "D3": ["15"]}
    assert str_match(query, reference).estimate == pytest.approx(0.8)


def test_nothing_in_common_to_compare() -> None:
    found = str_match({"TH01": ["6"]}, {"FGA": ["22"]})
    assert (found.estimate, found.status, found.n) == (None, "not_computed", 0)


def test_mixture() -> None:
    assert mixture_control(REFERENCE).passed
    three = {f"L{i}": ["1", "2", "3"] for i in range(3)}
    assert mixture_control(three).passed
    failed = mixture_control(three | {"L9": ["1", "2", "3"]})
    assert not failed.passed
    assert "4 loci" in failed.detail
