"""Manifests and command lines that are wrong: every error at once, with file and line, and nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import pysam
import pytest

from genostab.cli.main import run
from tests.malformed.conftest import GoodLot
from tests.malformed.good_lot import FIVE_PARTS, GENOME, refusal, unchanged

MANIFESTS: dict[str, tuple[str, list[tuple[str, int]]]] = {
    "a key with a slip": ("lot: A\nmetaphase: gband.csv\n", [("GS-1102", 2)]),
    "a slip in a block": ("lot: A\nsequencing: {sampel: nsc.bam, sample: nsc.cnr}\n", [("GS-1102", 2)]),
    "no lot": ("metaphases: gband.csv\n", [("GS-1103", 1)]),
    "a wrong type": ("lot: A\nline: {passage: many}\n", [("GS-1104", 2)]),
    "a list as a path": ("lot: A\nmetaphases: [gband.csv]\n", [("GS-1104", 2)]),
    "a number as a path": ("lot: A\nmetaphases: 3\n", [("GS-1104", 2)]),
    "a missing file": ("lot: A\nmetaphases: gone.csv\n", [("GS-1105", 2)]),
    "a folder as a file": ("lot: A\nmetaphases: .\n", [("GS-1105", 2)]),
    "an unknown assembly": ("lot: A\nassembly: GRCh39\n", [("GS-1107", 2)]),
    "a missing contaminant": (
        "lot: A\nsequencing:\n  array: array.txt\n  contaminant: [array.txt, gone.txt]\n",
        [("GS-1105", 4)],
    ),
    "a contaminant's sample without its file": (
        "lot: A\nsequencing: {array: array.txt, contaminant_name: B}\n",
        [("GS-1104", 2)],
    ),
    "no YAML": ("lot: A\n  stage: x: y\n", [("GS-1101", 2)]),
    "a key twice": ("lot: A\nlot: B\n", [("GS-1101", 2)]),
    "an empty file": ("", [("GS-1104", 1)]),
    "a list": ("- lot\n", [("GS-1104", 1)]),
    "endless whole numbers": (
        f"lot: A\ndose: {{cells: 0x{'f' * 5000}}}\n"
        f"line: {{id: L, passage: 0b{'1' * 20_000},\n  population_doublings: -0o{'7' * 6000}}}\n",
        [("GS-1104", 2), ("GS-1104", 3), ("GS-1104", 4)],
    ),
    "several at once": (
        "lot: A\nstage: ready\nmetaphases: gone.csv\ndose: {cells: -1}\nresidual:\n  - {assay: x}\nendotoxn: {}\n",
        [("GS-1104", 2), ("GS-1105", 3), ("GS-1104", 4), ("GS-1104", 6), ("GS-1102", 7)],
    ),
}


@pytest.mark.parametrize("case", MANIFESTS)
@pytest.mark.parametrize("command", ["analyze", "check"])
def test_a_wrong_manifest_is_refused_with_all_its_lines(
    command: str, case: str, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text, expected = MANIFESTS[case]
    path = good.folder / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    out = ["-o", str(good.earlier)] if command == "analyze" else []
    with unchanged(good.folder, good.earlier, tmp_path):
        code = run([command, str(path), *out])
    err = capfd.readouterr().err
    assert code == 2
    lines = re.findall(
        rf"^(GS-\d{{4}}).*\n  where:    {re.escape(str(path))}:(\d+)$", err, flags=re.MULTILINE
    )
    assert [(name, int(line)) for name, line in lines] == expected
    assert FIVE_PARTS.sub("", err).strip() == ""


def test_errors_of_all_tables_come_at_once(
    good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    manifest = tmp_path / "lot.yaml"
    (tmp_path / "g.csv").write_text("cell,karyotype,stain\n1,46,sideways\n", "utf-8")
    (tmp_path / "a.csv").write_text("group,dose_cells,tested,positive\nproduct,1e4,3,7\n", "utf-8")
    (tmp_path / "d.csv").write_text("group,dose_cells,tested\nproduct,1e4,3\n", "utf-8")
    (tmp_path / "o.csv").write_text("attribute,value\nviability,lots\n", "utf-8")
    manifest.write_text(
        "lot: A\nmetaphases: g.csv\ntumorigenicity: {animals: a.csv, dilution: d.csv}\nobservations: o.csv\n"
        "residual: [{assay: one, file: d.csv}, {assay: two, file: a.csv}]\n",
        encoding="utf-8",
    )
    for arguments in (["analyze", str(manifest), "-o", str(tmp_path / "out")], ["check", str(manifest)]):
        capfd.readouterr()
        with unchanged(tmp_path):
            assert run(arguments) == 3
        err = capfd.readouterr().err
        assert {f"{name}.csv" for name in "gado"} == set(re.findall(r"where:.*/(\w\.csv)", err))
        assert f"{tmp_path / 'a.csv'}:2:positive" in err
        assert FIVE_PARTS.sub("", err).strip() == ""


def test_check_goes_on_to_the_files_where_the_manifest_is_wrong(
    good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Errors of the manifest and of every file that it names, in one list."""
    for name, text in {
        "bad.csv": "x\n",
        "bad.cnr": "no bins\n",
        "bad.bam": "no BAM",
        "bad.bed": "chr1\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "array.txt").write_bytes((good.folder / "array.txt").read_bytes())
    (tmp_path / "nsc.bam").write_bytes((good.folder / "nsc.bam").read_bytes()[:-28])
    manifest = tmp_path / "lot.yaml"
    manifest.write_text(
        "lot: no/name\n"
        "profile: unheard-of\n"
        "stage: nowhere\n"
        "sequencing: {sample: nsc.bam, parent: [array.txt, bad.bam, gone.bam], snps: bad.csv, reference: bad.cnr,\n"
        "  gc_track: bad.bed, mappability_track: bad.csv}\n"
        "residual: [{assay: one, file: bad.csv}, {assay: two}]\n"
        "metaphases: bad.csv\n"
        "telomerase: {plate: bad.csv}\n",
        encoding="utf-8",
    )
    with unchanged(tmp_path):
        assert run(["check", str(manifest)]) == 3
    err = capfd.readouterr().err
    assert FIVE_PARTS.sub("", err).strip() == ""
    found = re.findall(r"^(GS-\d{4}).*\n  where:    \S*/([\w.]+)", err, flags=re.MULTILINE)
    of_the_manifest = [code for code, name in found if name == "lot.yaml"]
    assert of_the_manifest == ["GS-1104", "GS-1104", "GS-1105", "GS-1104", "GS-1103"]
    assert re.search(r"GS-1106.*\n  where:    profile\n", err)
    of_the_files = sorted((name, code) for code, name in found if name != "lot.yaml")
    assert ("array.txt", "GS-2203") in of_the_files
    assert ("bad.bam", "GS-2004") in of_the_files
    assert ("nsc.bam", "GS-2003") in of_the_files
    assert {name for name, _ in of_the_files} == {
        "array.txt",
        "bad.bam",
        "bad.bed",
        "bad.cnr",
        "bad.csv",
        "nsc.bam",
    }
    # bad.csv stands in for the SNPs, a track, droplets and metaphases.
    assert sum(name == "bad.csv" for name, _ in of_the_files) >= 4


@pytest.mark.parametrize(
    "blocks", ["", "metaphases: gband.csv\n", "sequencing: {sample: nsc.bam, parent: bank.bam}\n"]
)
def test_check_of_a_sound_lot_says_so(good: GoodLot, capfd: pytest.CaptureFixture[str], blocks: str) -> None:
    path = good.folder / "sound.yaml"
    path.write_text(f"lot: A\n{blocks}", encoding="utf-8")
    assert run(["check", str(path)]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert f"no error; {blocks.count(': ') if 'sequencing' not in blocks else 2} files looked at" in out


# --- alignments of another assembly ------------------------------------------------------------------------


def write_alignment(path: Path, contigs: dict[str, int], mode: str = "wb") -> None:
    header = {"HD": {"VN": "1.6"}, "SQ": [{"SN": name, "LN": length} for name, length in contigs.items()]}
    with pysam.AlignmentFile(str(path), mode, header=header) as file:
        for at in range(20):
            read = pysam.AlignedSegment(file.header)
            read.query_name, read.query_sequence = f"r{at}", "ACGT" * 5
            read.flag, read.reference_id, read.reference_start = 0, 0, at
            read.mapping_quality, read.cigarstring = 60, "20M"
            file.write(read)


HG38 = dict(zip(GENOME.names, GENOME.length_bp.tolist(), strict=True))
HEADERS = {
    "hg19": ({"chr1": 249250621, "chr2": 243199373}, "GRCh37"),
    "one length off": ({**HG38, "chr7": HG38["chr7"] + 1}, "chr7"),
    "mouse": ({f"scaffold_{number}": 1000 for number in range(5)}, "human"),
    "only a decoy": ({"chrM": 16569, "hs37d5": 35477943}, "human"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_an_alignment_of_another_assembly_is_refused(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    contigs, hint = HEADERS[case]
    path = tmp_path / "other.bam"
    write_alignment(path, contigs)
    manifest = tmp_path / "lot.yaml"
    manifest.write_text("lot: A\nsequencing: {sample: other.bam}\n", encoding="utf-8")
    for arguments in (["analyze", str(path), "-o", str(tmp_path / "out")], ["check", str(manifest)]):
        capfd.readouterr()
        with unchanged(tmp_path):
            assert run(arguments) == 3
        err = capfd.readouterr().err
        assert FIVE_PARTS.findall(err) == ["GS-2101"]
        assert hint in err


def test_too_few_reads_are_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_alignment(tmp_path / "few.bam", HG38)
    _, codes = refusal(["analyze", str(tmp_path / "few.bam"), "-o", str(tmp_path / "out")], capfd, tmp_path)
    assert codes == ["GS-2104"]


@pytest.mark.parametrize(("kind", "code"), [("embed_ref_0", "GS-2103"), ("embed_ref_1", "GS-2101")])
def test_a_cram_says_whether_it_lacks_its_reference_or_another_assembly(
    kind: str, code: str, data_dir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The one with its reference inside can be read, and then turns out to be of no human genome."""
    path = data_dir / "bam_small" / f"test_cram.{kind}_version_3.0.cram"
    _, codes = refusal(["analyze", str(path), "-o", str(tmp_path / "out")], capfd, tmp_path)
    assert codes == [code]


def test_a_cram_without_reference_needs_none_where_it_holds_none(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Too few reads is what remains to be said of it."""
    with pysam.AlignmentFile(
        str(tmp_path / "a.cram"),
        "wc",
        header={"SQ": [{"SN": name, "LN": length} for name, length in HG38.items()]},
        format_options=[b"no_ref=1"],
    ):
        pass
    _, codes = refusal(["analyze", str(tmp_path / "a.cram"), "-o", str(tmp_path / "out")], capfd, tmp_path)
    assert codes == ["GS-2104"]


# --- command lines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["analyze"], "GS-1001"),
        (["analyze", "{lot}"], "GS-1001"),
        (["analyze", "{lot}", "-o", "{out}", "--threads", "0"], "GS-1001"),
        (["analyze", "{lot}", "-o", "{out}", "--fail-on", "pass"], "GS-1001"),
        (["analyze", "{lot}", "-o", "{out}", "--parent", "{cnr}"], "GS-1001"),
        (["analyze", "{lot}", "-o", "{out}", "--profile", "no-such"], "GS-1106"),
        (["analyze", "{lot}", "-o", "{out}", "--profile", ""], "GS-1106"),
        (["analyze", "{cnr}", "-o", "{out}", "--profile", "x" * 500], "GS-1106"),
        (["analyze", "{lot}", "-o", "{out}", "--profile", "./no-such.yaml"], "GS-1106"),
        (["analyze", "{cnr}", "-o", "{out}", "--assembly", "mm10"], "GS-1107"),
        (["analyze", "{cnr}", "-o", "{out}", "--assembly", ""], "GS-1107"),
        (["analyze", "{lot}", "-o", "{lot}"], "GS-1108"),
        (["analyze", "{lot}", "-o", "{lot}/below"], "GS-1108"),
        (["check", "{gone}.yaml"], "GS-2001"),
        (["analyze", "{gone}.yaml", "-o", "{out}"], "GS-1001"),
        (["analyze", "{gone}.bam", "-o", "{out}"], "GS-2001"),
        (["profile", "show", "no-such"], "GS-1106"),
        (["profile", "dance"], "GS-1001"),
        (["demo"], "GS-1001"),
        (["demo", "-o", "{out}", "--seed", "-1"], "GS-1001"),
        (["dance"], "GS-1001"),
        (["--dance"], "GS-1001"),
    ],
    ids=" ".join,
)
def test_wrong_command_lines_are_refused(
    words: list[str], code: str, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    manifest = good.folder / "earlier.yaml"
    places = {
        "lot": manifest,
        "out": tmp_path / "out",
        "cnr": good.folder / "nsc.cnr",
        "gone": tmp_path / "gone",
    }
    _, codes = refusal([word.format(**places) for word in words], capfd, good.folder, good.earlier, tmp_path)
    assert codes == [code]


def test_all_missing_files_of_a_command_line_are_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = [
        "analyze",
        "a.bam",
        "--parent",
        "b.bam",
        "--snps",
        "c.vcf",
        "--reference",
        "d.fa",
        "-o",
        str(tmp_path),
    ]
    _, codes = refusal(words, capfd, tmp_path)
    assert codes == ["GS-2001"] * 4


def test_results_of_another_lot_are_not_replaced(good: GoodLot, capfd: pytest.CaptureFixture[str]) -> None:
    other = good.folder / "other.yaml"
    other.write_text("lot: OTHER\nmetaphases: gband.csv\n", encoding="utf-8")
    _, codes = refusal(["analyze", str(other), "-o", str(good.earlier)], capfd, good.earlier)
    assert codes == ["GS-1108"]


def test_text_out_of_a_file_cannot_rewrite_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "o.csv").write_text("attribute,value,unit\nviability,\x1b[2Jgood\x07,%\n", encoding="utf-8")
    (tmp_path / "lot.yaml").write_text("lot: A\nobservations: o.csv\n", encoding="utf-8")
    assert run(["analyze", str(tmp_path / "lot.yaml"), "-o", str(tmp_path / "out")]) == 0
    out = capfd.readouterr().out
    assert "\\x1b[2Jgood\\x07" in out
    assert "\x1b" not in out
