"""results.json: its schema, its canonical form, and what happens to numbers that JSON cannot hold."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, get_args

import jsonschema
import numpy as np
import pytest

from genostab.compliance.judge import VerdictName
from genostab.report.document import ReportData
from genostab.report.results_json import results_json, results_schema
from genostab.results import CallKind, Evidence, Origin, Status
from tests.report.sample import sample


@pytest.fixture(scope="module")
def data() -> ReportData:
    return sample(n_bins=600, n_snps=200)


def validate(tree: Any) -> None:
    schema = results_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(tree)


def test_sample_follows_the_schema(data: ReportData) -> None:
    tree = json.loads(results_json(data))
    validate(tree)
    assert tree["schema_version"] == "1.0"
    assert tree["header"]["lot"] == "NSC-2026-014"
    assert tree["calls"][1]["cell_fraction"]["estimate"] == 0.31
    assert tree["calls"][1]["start"] == 31_350_000
    assert tree["verdicts"][0]["class"] == "release"
    assert tree["genome"]["n_bins"] == data.genome.bin_ratio_log2.size  # type: ignore[union-attr]
    assert tree["non_finite"] == []
    assert [s["cell_fraction"] for s in tree["karyotype"]["solutions"]] == [None, None, 0.31]


def test_bare_lot_follows_the_schema(data: ReportData) -> None:
    tree = json.loads(results_json(ReportData(header=data.header, overall=data.overall, verdicts=())))
    validate(tree)
    assert tree["genome"] is None
    assert tree["karyotype"] == {"solutions": []}


def test_every_field_of_the_record_is_written(data: ReportData) -> None:
    tree = json.loads(results_json(data))
    assert set(tree) == {field.name for field in dataclasses.fields(ReportData)} | {
        "schema_version",
        "non_finite",
    }
    for name in (
        "verdicts",
        "calls",
        "sensitivity",
        "measurements",
        "details",
        "qc",
        "not_tested",
        "methods",
    ):
        assert len(tree[name]) == len(getattr(data, name)) > 0


def test_bytes_are_canonical(data: ReportData) -> None:
    written = results_json(data)
    assert written == results_json(sample(n_bins=600, n_snps=200))
    assert written.endswith(b"}\n")
    again = json.dumps(json.loads(written), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert written == (again + "\n").encode()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_numbers_json_lacks_become_null_and_are_named(data: ReportData, bad: float) -> None:
    call = dataclasses.replace(
        data.calls[0], score=bad, cell_fraction=dataclasses.replace(data.calls[0].cell_fraction, estimate=bad)
    )
    written = results_json(dataclasses.replace(data, calls=(call,), provenance={"x": [1.0, np.float64(bad)]}))
    tree = json.loads(written, parse_constant=pytest.fail)
    validate(tree)
    assert tree["calls"][0]["score"] is None
    assert tree["calls"][0]["cell_fraction"]["status"] == "not_computed"
    assert tree["non_finite"] == [
        {"path": "calls.0.cell_fraction.estimate", "was": repr(bad)},
        {"path": "calls.0.score", "was": repr(bad)},
        {"path": "provenance.x.1", "was": repr(bad)},
    ]


def test_not_detected_keeps_its_status_and_limit_of_detection(data: ReportData) -> None:
    tree = json.loads(results_json(data))
    found = next(m for m in tree["measurements"] if m["metric"] == "residual.ddpcr-lin28.frequency")[
        "estimate"
    ]
    assert (found["estimate"], found["status"], found["lod"]) == (None, "not_detected", 2e-5)


def test_file_name_that_is_not_utf8_is_written(data: ReportData) -> None:
    tree = json.loads(results_json(dataclasses.replace(data, warnings=("a\udcff.csv", "報告"))))
    assert tree["warnings"] == ["a\udcff.csv", "報告"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("calls", 0, "kind"), "deletion"),
        (("calls", 0, "start"), -1),
        (("calls", 0, "extra"), 1),
        (("calls", 0, "cell_fraction", "estimate"), None),
        (("verdicts", 0, "verdict"), "pass"),
        (("overall", "disposition"), "released"),
        (("sensitivity", 0, "min_cell_fraction"), 12.5),
        (("schema_version",), "0.9"),
        (("unknown",), {}),
        (("karyotype", "solutions", 0, "cell_fraction"), 31.0),
        (("karyotype", "solutions", 0, "relative_likelihood"), None),
    ],
)
def test_schema_refuses(data: ReportData, path: tuple[Any, ...], value: Any) -> None:
    tree = json.loads(results_json(data))
    node = tree
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        validate(tree)


def test_schema_knows_the_same_words_as_the_records() -> None:
    defs = results_schema()["$defs"]
    for where, literal in (
        (defs["estimate"]["properties"]["status"], Status), (defs["call"]["properties"]["kind"], CallKind),
        (defs["call"]["properties"]["origin"], Origin), (defs["sensitivity"]["properties"]["evidence"], Evidence),
        (defs["verdict"]["properties"]["verdict"], VerdictName),
    ):  # fmt: skip
        assert set(where["enum"]) == set(get_args(literal))
