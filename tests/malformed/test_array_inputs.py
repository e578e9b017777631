"""Arrays and allele VCFs that are sound and yet not usable: refused in five parts, or told apart by a sample's name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genostab.cli.main import run
from tests.malformed.conftest import GoodLot
from tests.malformed.good_lot import refusal

VCF_HEAD = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n"
VCF_COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
TABLE = "Name\tChr\tPosition\ta.LRR\ta.BAF\tb.LRR\tb.BAF\n"
REPORT = "[Header]\n[Data]\nSNP Name,Sample ID,B Allele Freq,Log R Ratio,Chr,Position\n"
ARRAYS: dict[str, tuple[str, str, str]] = {
    "several samples in a table": (TABLE + "r\t1\t5\t0\t0\t0\t0\n", "GS-2201", "a, b"),
    "several samples in a report": (REPORT + "r,a,0,0,1,5\nr,b,0,0,1,5\n", "GS-2201", "a, b"),
    "several samples in a VCF": (
        VCF_HEAD + VCF_COLUMNS + "a\tb\nchr1\t5\t.\tA\tG\t.\t.\t.\tGT:BAF:LRR\t0/1:0:0\t0/1:0:0\n",
        "GS-2301",
        "a, b",
    ),
    "a VCF of reads": (
        VCF_HEAD + VCF_COLUMNS + "a\nchr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:5,5\n",
        "GS-2201",
        "FORMAT BAF and LRR",
    ),
    "a report without positions": (
        REPORT.replace(",Chr,Position", "") + "r,a,0,0\n",
        "GS-2201",
        "Chr and Position",
    ),
    "no fraction at all": (REPORT + "r,a,,0,1,5\n", "GS-2104", "1 probes, all missing"),
    "a fraction above 1": (REPORT + "r,a,1.5,0,1,5\n", "GS-2202", "1.5"),
    "a probe twice": (REPORT + "r,a,0,0,1,5\nr,a,0,0,1,6\n", "GS-2202", "line 4"),
    "GRCh37 under GRCh38": (
        REPORT
        + "".join(
            f"r{at},a,0,0,3,{at}\n" for at in range(1, 190_000_000, 5_000) if not 90.504e6 < at < 93.505e6
        ),
        "GS-2101",
        "0 of GRCh37",
    ),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(name: str, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text, code, word = ARRAYS[name]
    path = tmp_path / "array.txt"
    path.write_text(text, encoding="utf-8")
    whole = ["analyze", str(path), "-o", str(tmp_path / "out")]
    _, codes = refusal(whole, capfd, good.earlier, good.folder, tmp_path)
    assert set(codes) == {code}
    assert run(whole) == 3
    assert word in capfd.readouterr().err


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("command", ["analyze", "check"])
def test_arrays_of_a_contaminant(
    command: str, name: str, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The contaminant's array is read as the lot's is, and held against the same assembly."""
    text, code, word = ARRAYS[name]
    (tmp_path / "person.txt").write_text(text, encoding="utf-8")
    (tmp_path / "array.txt").write_bytes((good.folder / "array.txt").read_bytes())
    manifest = tmp_path / "lot.yaml"
    manifest.write_text("lot: A\nsequencing: {array: array.txt, contaminant: person.txt}\n", encoding="utf-8")
    out = ["-o", str(tmp_path / "out")] if command == "analyze" else []
    assert run([command, str(manifest), *out]) == 3
    err = capfd.readouterr().err
    assert code in err
    assert word in err
    assert "person.txt" in err
    assert not (tmp_path / "out" / "results.json").exists()


SNPS: dict[str, tuple[str, list[str], str]] = {
    "no AD": ("a\nchr1\t5\t.\tA\tG\t.\t.\t.\tGT\t0/1\n", [], "holds no allele depths"),
    "several samples": ("a\tb\nchr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:5,5\t0/0:9,0\n", [], "a, b"),
}


@pytest.mark.parametrize("name", SNPS)
def test_allele_vcfs(name: str, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rows, _, word = SNPS[name]
    path = tmp_path / "snps.vcf"
    path.write_text(VCF_HEAD + VCF_COLUMNS + rows, encoding="utf-8")
    whole = ["analyze", str(good.folder / "nsc.cnr"), "--snps", str(path), "-o", str(tmp_path / "out")]
    _, codes = refusal(whole, capfd, good.earlier, good.folder, tmp_path)
    assert set(codes) == {"GS-2301"}
    assert run(whole) == 3
    assert word in capfd.readouterr().err


def test_a_name_chooses_from_the_vcf_beside_reads(good: GoodLot, tmp_path: Path) -> None:
    rows = "".join(
        f"chr1\t{at}\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:5,5\t0/0:9,0\n" for at in range(1_000_000, 1_090_000, 1000)
    )
    path = tmp_path / "snps.vcf"
    path.write_text(VCF_HEAD + VCF_COLUMNS + "a\tb\n" + rows, encoding="utf-8")
    for name, n_het in (("a", 90), ("b", 0)):
        out = tmp_path / name
        whole = [
            "analyze",
            str(good.folder / "nsc.bam"),
            "--snps",
            str(path),
            "--sample",
            name,
            "-o",
            str(out),
        ]
        assert run([*whole, "-q"]) == 0
        rows_of = {row["name"]: row["value"] for row in json.loads((out / "results.json").read_bytes())["qc"]}
        assert rows_of["heterozygous SNPs"] == n_het


@pytest.mark.parametrize("kind", ["array.txt", "report.txt", "array.vcf"])
def test_all_forms_of_one_array_say_the_same(kind: str, good: GoodLot, tmp_path: Path) -> None:
    found = {}
    for name in ("array.txt", kind):
        assert run(["analyze", str(good.folder / name), "-o", str(tmp_path / name), "-q"]) == 0
        content = json.loads((tmp_path / name / "results.json").read_bytes())
        found[name] = [content["calls"], content["sensitivity"], content["qc"][1:]]
    assert found[kind] == found["array.txt"]


def test_lot_and_parent_from_one_report(good: GoodLot, tmp_path: Path) -> None:
    report = (good.folder / "report.txt").read_text(encoding="utf-8")
    head, rows = report.split("Freq\n")
    both = head + "Freq\n" + rows.replace("\tS\t", "\tlot\t") + rows.replace("\tS\t", "\tbank\t")
    path = tmp_path / "both.txt"
    path.write_text(both, encoding="utf-8")
    whole = [
        "analyze",
        str(path),
        "--sample",
        "lot",
        "--parent-sample",
        "bank",
        "-o",
        str(tmp_path / "out"),
        "-q",
    ]
    assert run(whole) == 0
    header = json.loads((tmp_path / "out" / "results.json").read_bytes())["header"]
    assert (header["lot"], header["sample"], header["reference"]) == ("lot", "lot", "both.txt (bank)")
