"""MultiQC files: readable by its rules, and without a character that its page would take for markup."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

from genostab.report.multiqc import multiqc_files, safe_name
from tests.report.sample import sample
from tests.report.test_page import PAYLOADS, with_text


def test_rows_and_headers_belong_together() -> None:
    data = sample(600, 200)
    table = json.loads(multiqc_files(data)["genostab_mqc.json"])
    general = json.loads(multiqc_files(data)["genostab_general_mqc.json"])
    assert (table["plot_type"], general["plot_type"]) == ("table", "generalstats")
    assert table["id"] != general["id"]
    for tree in (table, general):
        assert list(tree["data"]) == ["NSC-2026-014"]
        assert set(tree["data"]["NSC-2026-014"]) <= set(tree["headers"])
    row = general["data"]["NSC-2026-014"]
    assert row["verdict"] == "FAIL"
    assert (row["failed"], row["acquired"], row["recurrent"], row["largest"]) == (3, 3, 3, 31.0)


def test_worst_verdict_of_a_criterion_stands() -> None:
    data = sample(600, 200)
    first = data.verdicts[0]
    twice = dataclasses.replace(data, verdicts=(first, dataclasses.replace(first, verdict="INVALID")))
    table = json.loads(multiqc_files(twice)["genostab_mqc.json"])
    assert table["data"]["NSC-2026-014"] == {safe_name(first.criterion): "INVALID"}


def test_untested_genome_states_no_count_of_changes() -> None:
    data = dataclasses.replace(sample(600, 200), genome=None, calls=(), sensitivity=())
    row = json.loads(multiqc_files(data)["genostab_general_mqc.json"])["data"]["NSC-2026-014"]
    assert set(row) == {"verdict", "failed"}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_carries_markup(payload: str) -> None:
    for content in multiqc_files(with_text(sample(600, 200), payload)).values():
        text = json.dumps(json.loads(content), ensure_ascii=False)
        assert not re.search(r"[<>&`'=\x00-\x1f\u0080-\U0010ffff]", text)


def test_same_data_give_the_same_bytes() -> None:
    assert multiqc_files(sample(600, 200)) == multiqc_files(sample(600, 200))
