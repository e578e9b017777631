"""A manifest is read whole, with absolute paths, or refused with all of its errors and their lines."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genostab.errors import GenostabErrors, InputError, UsageError
from genostab.lot.load import load_manifest
from genostab.lot.manifest import Manifest
from genostab.yaml_lines import MAX_BYTES, parse_document

WHOLE = """
lot: NSC-2026-014
product: iPSC-derived neural stem cells
stage: drug_substance            # ipsc_bank | drug_substance | drug_product
profile: keio-sci-2021           # a shipped id, or a path to your own
assembly: GRCh38                 # GRCh37 | GRCh38 | T2T-CHM13
line: {id: L01, sex: female, passage: 34, population_doublings: 102}
dose: {cells: 2.0e6, route: intrathecal, volume_ml: 0.02, body_weight_kg: 70}
sequencing: {sample: nsc.bam, parent: bank.bam, snps: nsc.vcf.gz, array: null, panel: null,
  reference: ref.fa, gc_track: gc.tsv}
metaphases: gband.csv
culture: {passages: passages.csv}
residual: [{assay: ddpcr-lin28, file: ddpcr.csv}, {assay: flow-tra160, positives: 3, events: 300000}]
tumorigenicity: {animals: animals.csv, dilution: dilution.csv}
telomerase: {plate: trap.rdml, layout: layout.csv}
flow: [{metric: marker.sox1_fcm, file: sox1.fcs, channel: FITC-A, control: fmo.fcs}]
endotoxin: {plate: lal.csv}
observations: observations.csv   # attribute, value, unit, n, method, lod, lab, operator, date, evidence_file
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for table in ("gband", "passages", "ddpcr", "animals", "dilution", "layout", "lal", "observations"):
        (tmp_path / f"{table}.csv").touch()
    for name in ("nsc.bam", "bank.bam", "p3.bam", "nsc.vcf.gz", "ref.fa", "gc.tsv"):
        (tmp_path / name).touch()
    for name in ("trap.rdml", "sox1.fcs", "fmo.fcs", "own.yaml"):
        (tmp_path / name).touch()
    return tmp_path


def read(folder: Path, text: str) -> Manifest:
    path = folder / "lot.yaml"
    path.write_text(text, "utf-8")
    return load_manifest(path)


def refusals(folder: Path, text: str) -> list[tuple[str, int]]:
    with pytest.raises(GenostabErrors) as caught:
        read(folder, text)
    assert all(isinstance(error, UsageError) for error in caught.value.errors)
    return [(error.code, int(error.where.rpartition(":")[2])) for error in caught.value.errors]


def test_the_manifest_of_the_design_is_read(folder: Path) -> None:
    lot = read(folder, WHOLE)
    assert (lot.lot, lot.stage, lot.profile, lot.assembly) == (
        "NSC-2026-014",
        "drug_substance",
        "keio-sci-2021",
        "GRCh38",
    )
    assert lot.line is not None
    assert (lot.line.sex, lot.line.passage, lot.line.population_doublings) == ("female", 34, 102.0)
    assert lot.dose is not None
    assert (lot.dose.cells, lot.dose.route, lot.dose.volume_ml) == (2e6, "intrathecal", 0.02)
    assert lot.sequencing is not None
    assert lot.sequencing.sample == folder / "nsc.bam"
    assert lot.sequencing.parent == (folder / "bank.bam",)
    assert lot.sequencing.panel is None
    assert [entry.assay for entry in lot.residual] == ["ddpcr-lin28", "flow-tra160"]
    assert lot.residual[0].file == folder / "ddpcr.csv"
    assert (lot.residual[1].positives, lot.residual[1].events) == (3, 300_000)
    assert lot.flow[0].control == folder / "fmo.fcs"
    assert lot.observations == folder / "observations.csv"


def test_only_the_lot_id_is_needed(folder: Path) -> None:
    lot = read(folder, "lot: A1")
    assert (lot.profile, lot.assembly, lot.stage) == ("cn-nsc-2021", "GRCh38", None)
    assert (lot.sequencing, lot.residual, lot.flow, lot.dose) == (None, (), (), None)


def test_several_parents_and_a_path_as_profile(folder: Path) -> None:
    text = "lot: A1\nprofile: ./own.yaml\nsequencing: {sample: nsc.bam, parent: [bank.bam, sub/../p3.bam]}"
    lot = read(folder, text)
    assert lot.profile == str(folder / "own.yaml")
    assert lot.sequencing is not None
    assert lot.sequencing.parent == (folder / "bank.bam", folder / "p3.bam")


def test_paths_are_relative_to_the_manifest_and_not_to_the_working_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "lot.yaml").write_text("lot: A1\nmetaphases: gband.csv", "utf-8")
    monkeypatch.chdir(folder.parent)
    relative = os.path.join(folder.name, "lot.yaml")
    assert load_manifest(relative).metaphases == folder / "gband.csv"


def test_all_errors_come_together_in_the_order_of_their_lines(folder: Path) -> None:
    text = """lot: ../x
stage: substance
assembly: hg19
profile: ./none.yaml
line: {id: 7, sex: femal, passage: "34"}
dose: {cells: .inf, volume_ml: -1}
sequencing:
  parent: [bank.bam, gone.bam]
  sampel: nsc.bam
residual:
  - {assay: ddpcr-lin28}
  - assay: flow
    positives: 4
    events: 3
  - {assay: A b, positives: 3.5, events: 1e3}
  - {assay: flow, file: ddpcr.csv, positives: 1}
telomerase: {plate: trap.rdml}
culture: passages.csv
lott: A1
dose: {}
"""
    assert refusals(folder, text) == [
        ("GS-1104", 1),
        ("GS-1104", 2),
        ("GS-1107", 3),
        ("GS-1105", 4),
        *[("GS-1104", 5)] * 3,
        ("GS-1105", 8),
        ("GS-1102", 9),
        ("GS-1104", 11),
        ("GS-1104", 12),
        *[("GS-1104", 15)] * 3,
        ("GS-1104", 16),
        ("GS-1103", 17),
        ("GS-1104", 18),
        ("GS-1102", 19),
        ("GS-1101", 20),
    ]


def test_impossible_numbers_are_refused(folder: Path) -> None:
    text = "lot: A1\ndose:\n  cells: .inf\n  volume_ml: -1\n  body_weight_kg: .nan\nline:\n  passage: -1\n"
    assert refusals(folder, text) == [("GS-1104", 3), ("GS-1104", 4), ("GS-1104", 5), ("GS-1104", 7)]


@pytest.mark.parametrize(
    ("key", "hint"), [("tumorgenicity", "tumorigenicity"), ("metaphase", "metaphases"), ("stge", "stage")]
)
def test_an_unknown_key_gets_a_hint(folder: Path, key: str, hint: str) -> None:
    with pytest.raises(GenostabErrors) as caught:
        read(folder, f"lot: A1\n{key}: x")
    (error,) = caught.value.errors
    assert (error.code, error.action) == ("GS-1102", f"did you mean {hint!r}?")


def test_the_hint_knows_the_keys_of_a_nested_block(folder: Path) -> None:
    with pytest.raises(GenostabErrors) as caught:
        read(folder, "lot: A1\nresidual:\n  - assay: flow\n    postives: 3\n    events: 10")
    assert "did you mean 'positives'?" in [error.action for error in caught.value.errors]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("lot: A1\nproduct: !!python/object:os.system x", 2),
        ("lot: A1\nproduct: !!str x", 2),
        ("lot: &a A1\nproduct: *a", 1),
        ("lot: A1\nlot: A2", 2),
        ("lot: A1\nline: {id: x, id: y}", 2),
        ("lot: A1\n---\nlot: A2", 2),
        ("%YAML 1.1\n---\nlot: A1", 2),
        ("lot: A1\n? [a]\n: b", 2),
        ("lot: A1\n  stage: x: y", 2),
        ("lot: [A1", 1),
        ("lot: A1\nproduct: \"a\\e[31m\"", 2),
        ("lot: A1\nproduct: \"a\\u202eb\"", 2),
        ("lot: " + "[" * 100_000, 1),
        ("lot: A1\nproduct: \x07", 1),
    ],
)  # fmt: skip
def test_what_is_no_plain_yaml_is_refused(folder: Path, text: str, line: int) -> None:
    assert ("GS-1101", line) in refusals(folder, text)


@pytest.mark.parametrize("text", ["", "# nothing", "lot", "- lot", "3", "null"])
def test_a_manifest_that_is_no_mapping_is_refused(folder: Path, text: str) -> None:
    assert refusals(folder, text) == [("GS-1104", 1)]


@pytest.mark.parametrize("name", ["..", ".x", "-x", "a/b", "a b", "", "x" * 65, "é", "a\\n", "7", "true"])
def test_a_lot_id_outside_its_alphabet_is_refused(folder: Path, name: str) -> None:
    quoted = name if name in ("7", "true") else f'"{name}"'
    assert refusals(folder, f"lot: {quoted}") == [("GS-1104", 1)]


@pytest.mark.parametrize("name", ["A", "0", "NSC-2026_014.b", "x" * 64])
def test_a_lot_id_in_its_alphabet_is_accepted(folder: Path, name: str) -> None:
    assert read(folder, f'lot: "{name}"').lot == name


@pytest.mark.parametrize("name", ["gone.csv", ".", "x" * 5000, "gband.csv/x"])
def test_a_file_that_is_not_there_is_refused(folder: Path, name: str) -> None:
    assert refusals(folder, f"lot: A1\nmetaphases: {name}") == [("GS-1105", 2)]


def test_a_manifest_that_cannot_be_read_is_refused(folder: Path) -> None:
    big = folder / "big.yaml"
    big.write_text("lot: A1\n" + "#" * MAX_BYTES, "utf-8")
    latin = folder / "latin.yaml"
    latin.write_bytes(b"lot: A1\nproduct: caf\xe9")
    for path, code in (
        (folder / "gone.yaml", "GS-2001"),
        (folder, "GS-2001"),
        ("a\0b", "GS-2001"),
        (big, "GS-2005"),
        (latin, "GS-1101"),
    ):
        with pytest.raises(GenostabErrors) as caught:
            load_manifest(path)
        (error,) = caught.value.errors
        assert error.code == code
        assert isinstance(error, InputError) == code.startswith("GS-2")


def test_words_stay_words_and_numbers_numbers() -> None:
    text = 'a: no\nb: 2026-01-01\nc: 1.5\nd: 0x10\ne: "7"\nf: ~\ng: true\nh: 1_000'
    assert parse_document(text, "x").data == {
        "a": "no",
        "b": "2026-01-01",
        "c": 1.5,
        "d": 16,
        "e": "7",
        "f": None,
        "g": True,
        "h": 1000,
    }


marks = list("lot: \n-[]{},&a*!|>'\"#%?1~\t\x00\ufeff\u00e9")
pieces = st.sampled_from([*marks, "lot: A1\n", "9" * 5000, "0x", "<<", "---", "..."])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(pieces, max_size=30).map("".join) | st.text(max_size=60))
def test_no_text_does_anything_but_be_read_or_refused(folder: Path, text: str) -> None:
    path = folder / "lot.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(GenostabErrors):
        assert load_manifest(path).lot
