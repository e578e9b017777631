"""One lot from manifest to files: what is absent is said, what is ignored is said, what is stale goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from genostab.cli.main import run
from genostab.lot.load import load_manifest
from genostab.run.blocks import analyse_blocks
from genostab.run.outputs import KARYOTYPE_FILES
from genostab.run.provenance import input_files, software_versions
from tests.malformed.good_lot import contents, write_good_lot


@pytest.fixture(scope="module")
def lot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lot")
    write_good_lot(folder)
    return folder


def analysed(folder: Path, text: str, out: Path) -> dict[str, Any]:
    manifest = folder / "case.yaml"
    manifest.write_text(f"lot: A\n{text}\n", encoding="utf-8")
    assert run(["analyze", str(manifest), "-o", str(out), "-q"]) == 0
    content: dict[str, Any] = json.loads((out / "results.json").read_bytes())
    return content


def not_tested(results: dict[str, Any]) -> dict[str, str]:
    return {entry["block"]: entry["reason"] for entry in results["not_tested"]}


def test_an_empty_manifest_says_of_every_block_that_it_is_not_there(lot: Path, tmp_path: Path) -> None:
    results = analysed(lot, "", tmp_path)
    assert results["overall"]["verdict"] == "NOT TESTED"
    assert set(not_tested(results)) == {
        "sequencing or array",
        "metaphases",
        "culture",
        "residual",
        "tumorigenicity",
        "telomerase",
        "flow cytometry files",
        "endotoxin plate",
        "observations",
    }
    assert set(not_tested(results).values()) == {"not in the manifest"}
    assert {verdict["verdict"] for verdict in results["verdicts"]} == {"NOT TESTED"}
    assert results["calls"] == results["measurements"] == []


@pytest.mark.parametrize(
    ("text", "block", "reason"),
    [
        ("flow: [{metric: marker.sox1_fcm, file: gband.csv}]", "flow cytometry files", "not read yet"),
        ("endotoxin: {plate: gband.csv}", "endotoxin plate", "not read yet"),
        ("tumorigenicity: {}", "tumorigenicity", "not in the manifest"),
        ("residual: [{assay: x, positives: 0, events: 1000}]", "residual iPSC per dose", "no dose.cells"),
        ("sequencing: {sample: nsc.cnr}", "origin of the calls", "no parent line"),
        (
            "sequencing: {array: array.txt, panel: gband.csv}",
            "sequencing.panel",
            "an array is compared with no panel",
        ),
        ("sequencing: {sample: nsc.bam, array: array.txt}", "sequencing.sample", "array is analysed"),
        ("sequencing: {array: array.txt, exclude: gc.bed}", "sequencing.exclude", "not for the probes"),
        ("sequencing: {array: array.txt, snps: nsc.vcf.gz}", "sequencing.snps", "own allele fractions"),
    ],
)
def test_what_is_given_but_not_used_is_said(
    text: str, block: str, reason: str, lot: Path, tmp_path: Path
) -> None:
    assert reason in not_tested(analysed(lot, text, tmp_path))[block]


def test_results_of_a_block_that_is_gone_go_too(lot: Path, tmp_path: Path) -> None:
    analysed(lot, "sequencing: {sample: nsc.cnr}", tmp_path)
    assert set(KARYOTYPE_FILES) <= contents(tmp_path).keys()
    (tmp_path / "karyotype" / "my-notes.txt").write_text("mine")
    analysed(lot, "metaphases: gband.csv", tmp_path)
    left = contents(tmp_path)
    assert {name for name in left if name.startswith("karyotype/")} == {
        "karyotype/",
        "karyotype/my-notes.txt",
    }
    (tmp_path / "karyotype" / "my-notes.txt").unlink()
    analysed(lot, "metaphases: gband.csv", tmp_path)
    assert "karyotype/" not in contents(tmp_path)
    assert len((tmp_path / "audit.jsonl").read_bytes().splitlines()) == 3


def test_results_that_cannot_be_read_do_not_stop_a_run(lot: Path, tmp_path: Path) -> None:
    for damage in (b"", b"{", b"[]", b'{"header": 3}', b"\xff"):
        (tmp_path / "results.json").write_bytes(damage)
        assert analysed(lot, "", tmp_path)["header"]["lot"] == "A"


def test_the_dose_needs_an_assay_that_counts_cells(lot: Path) -> None:
    manifest = lot / "dose.yaml"
    manifest.write_text(
        "lot: A\ndose: {cells: 1.0e6}\nresidual: [{assay: x, positives: 0, events: 1000}]\n", "utf-8"
    )
    told: list[str] = []
    result = analyse_blocks(load_manifest(manifest), told.append)
    metrics = {measurement.metric for measurement in result.measurements}
    assert {"residual.x.frequency", "residual.cells_per_dose", "residual.posterior_frequency"} <= metrics
    (table,) = result.details
    assert table.rows[0][:3] == ("x", 0, 1000.0)
    assert told[0] == "metaphases"


def test_every_input_is_named_once_in_the_order_of_the_manifest(lot: Path) -> None:
    manifest = lot / "inputs.yaml"
    manifest.write_text(
        "lot: A\nsequencing: {sample: nsc.cnr, parent: [nsc.cnr, nsc.wig], reference: gc.bed}\nmetaphases: gband.csv\n"
        "residual: [{assay: x, file: ddpcr.csv}, {assay: y, file: ddpcr.csv}]\n",
        encoding="utf-8",
    )
    names = [path.name for path in input_files(load_manifest(manifest))]
    assert names == ["nsc.cnr", "nsc.wig", "gc.bed", "gband.csv", "ddpcr.csv"]


def test_versions_name_what_computes_and_say_unknown_where_it_is_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = software_versions()
    assert {"genostab", "python", "numpy", "numba", "scipy", "pysam"} <= found.keys()
    assert "unknown" not in found.values()
    monkeypatch.setattr("genostab.run.provenance._PACKAGES", ("no-such-package",))
    assert software_versions()["no-such-package"] == "unknown"


@pytest.mark.parametrize(
    ("name", "lot_name"),
    [("nsc.cnr", "nsc"), ("my lot (1).cnr", "my-lot-1-"), ("...cnr", "sample"), ("é" * 90 + "a.cnr", "a")],
)
def test_a_bare_file_is_a_lot_of_its_name(name: str, lot_name: str, lot: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / name).write_bytes((lot / "nsc.cnr").read_bytes())
    arguments = ["analyze", str(folder / name), "-o", str(tmp_path / "out"), "-q", "--assembly", "hg38"]
    assert run([*arguments, "--profile", "keio-sci-2021", "--snps", str(lot / "nsc.vcf.gz")]) == 0
    header = json.loads((tmp_path / "out" / "results.json").read_bytes())["header"]
    assert (header["lot"], header["assembly"], header["profile_id"]) == (lot_name, "GRCh38", "keio-sci-2021")


def test_options_take_the_place_of_what_the_manifest_says(lot: Path, tmp_path: Path) -> None:
    manifest = lot / "options.yaml"
    manifest.write_text(
        "lot: A\nassembly: GRCh37\nprofile: keio-sci-2021\nmetaphases: gband.csv\n", encoding="utf-8"
    )
    arguments = ["--assembly", "T2T-CHM13", "--profile", "cn-nsc-2021"]
    assert run(["analyze", str(manifest), "-o", str(tmp_path), "-q", *arguments]) == 0
    header = json.loads((tmp_path / "results.json").read_bytes())["header"]
    assert (header["assembly"], header["profile_id"]) == ("T2T-CHM13", "cn-nsc-2021")
