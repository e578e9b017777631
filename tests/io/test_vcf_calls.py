"""The VCF of calls: accepted by bcftools without a warning, and read back equal."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pysam
import pytest

from genostab.io.genome import load_genome
from genostab.io.vcf_calls import VcfCall, calls_vcf, vcf_text

GENOME = load_genome("GRCh38")
GAIN = VcfCall(
    id="gain_20q11",
    chrom=19,
    start=31_000_000,
    end=35_000_000,
    kind="gain",
    copy_number=3.0,
    cell_fraction=0.25,
    cell_fraction_low=0.2,
    cell_fraction_high=0.3,
    origin="acquired",
    reason="",
)
CALLS = [
    GAIN,
    replace(
        GAIN,
        id="loss_18",
        chrom=17,
        start=0,
        end=80_373_285,
        kind="loss",
        copy_number=1.0,
        origin="inherited",
    ),
    replace(
        GAIN,
        id="loh_1p",
        chrom=0,
        start=999,
        end=2000,
        kind="cnloh",
        copy_number=2.0,
        cell_fraction_low=None,
        origin="unknown",
        reason="5 bins; q=0.2, too short: 100% noise",
    ),
    replace(GAIN, id="gain_20", start=30_000_000),
]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "calls.vcf.gz"
    path.write_bytes((pair := calls_vcf(GENOME, "NSC-01", CALLS))[0])
    Path(f"{path}.tbi").write_bytes(pair[1])
    return path


def test_pysam_reads_it_back_equal(written: Path) -> None:
    with pysam.VariantFile(str(written)) as file:
        assert file.header.version == "VCFv4.4"
        assert list(file.header.samples) == ["NSC-01"]
        assert [(name, file.header.contigs[name].length) for name in file.header.contigs] == list(
            zip(GENOME.names, GENOME.length_bp.tolist(), strict=True)
        )
        records = list(file)
    assert [record.id for record in records] == ["loh_1p", "loss_18", "gain_20", "gain_20q11"]
    by_id = {call.id: call for call in CALLS}
    for record in records:
        call = by_id[record.id]
        assert record.chrom == GENOME.names[call.chrom]
        # POS is the base before the event, but never 0.
        assert record.pos == max(call.start, 1)
        assert record.stop == call.end
        assert record.info["SVLEN"] == (call.end - record.pos,)
        assert record.info["SVCLAIM"] == ("D",)
        assert record.info["ORIGIN"] == call.origin
        assert record.alts == ({"gain": "<DUP>", "loss": "<DEL>", "cnloh": "<CNV:LOH>"}[call.kind],)
        assert list(record.filter) == (["rejected"] if call.reason else ["PASS"])
        fields = record.samples["NSC-01"]
        for key, value in (
            ("CN", call.copy_number),
            ("CF", call.cell_fraction),
            ("CFL", call.cell_fraction_low),
            ("CFH", call.cell_fraction_high),
        ):
            assert fields[key] == (None if value is None else pytest.approx(value, rel=1e-6))


def test_the_reason_comes_back(written: Path) -> None:
    with pysam.VariantFile(str(written)) as file:
        reason = next(iter(file)).info["REASON"]
    assert reason == "5 bins%3B q%3D0.2%2C too short%3A 100%25 noise"


def test_the_index_finds_each_call(written: Path) -> None:
    with pysam.VariantFile(str(written)) as file:
        assert [record.id for record in file.fetch("chr18", 40_000_000, 40_000_001)] == ["loss_18"]
        assert [record.id for record in file.fetch("chr20", 30_500_000, 30_500_001)] == ["gain_20"]
        assert list(file.fetch("chr2")) == []


def test_bcftools_accepts_it_without_a_word(written: Path, require_tool: Callable[[str], str]) -> None:
    tool = require_tool("bcftools")
    for arguments in (
        ["view", str(written)],
        ["view", "-H", "-r", "chr18:1-5", str(written)],
        ["stats", str(written)],
    ):
        done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        if "-r" in arguments:
            assert "loss_18" in done.stdout


def test_no_calls_are_a_whole_file_too(tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    data, index = calls_vcf(GENOME, "S", [])
    (tmp_path / "x.vcf.gz").write_bytes(data)
    (tmp_path / "x.vcf.gz.tbi").write_bytes(index)
    done = subprocess.run(
        [require_tool("bcftools"), "view", "-H", "-r", "chr1", str(tmp_path / "x.vcf.gz")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_bytes_are_the_same_on_every_run() -> None:
    assert calls_vcf(GENOME, "S", CALLS) == calls_vcf(GENOME, "S", CALLS[::-1])


def test_every_key_in_use_is_declared() -> None:
    text = vcf_text(GENOME, "S", CALLS)
    header = [line for line in text.splitlines() if line.startswith("##")]
    for record in (line.split("\t") for line in text.splitlines() if not line.startswith("#")):
        for key in (field.split("=")[0] for field in record[7].split(";")):
            assert any(line.startswith(f"##INFO=<ID={key},") for line in header)
        for key in record[8].split(":"):
            assert any(line.startswith(f"##FORMAT=<ID={key},") for line in header)
        assert any(line.startswith(f"##ALT=<ID={record[4].strip('<>')},") for line in header)
        assert record[6] == "PASS" or any(line.startswith(f"##FILTER=<ID={record[6]},") for line in header)


@pytest.mark.parametrize(
    "change",
    [{"end": 64_444_168}, {"start": -1}, {"start": 35_000_000}, {"id": "a b"}, {"id": "a;b"}, {"id": ""}],
)
def test_records_that_cannot_be_are_a_bug(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"chromosome|identifier"):
        vcf_text(GENOME, "S", [replace(GAIN, **change)])  # type: ignore[arg-type]


def test_names_that_would_break_the_header_are_a_bug() -> None:
    with pytest.raises(ValueError, match="sample name"):
        vcf_text(GENOME, "a\tb", [])
    with pytest.raises(ValueError, match="same id"):
        vcf_text(GENOME, "S", [GAIN, GAIN])
