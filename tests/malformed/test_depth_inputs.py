"""Depth from odd alignments: each is understood, with a remark, or refused in five parts, with nothing written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest

from genostab.cli.main import run
from genostab.io.genome import load_genome
from tests.malformed.conftest import GoodLot
from tests.malformed.good_lot import refusal


def analysed(out: Path, *arguments: str | Path) -> dict[str, Any]:
    assert run(["analyze", *map(str, arguments), "-o", str(out), "-q"]) == 0
    content: dict[str, Any] = json.loads((out / "results.json").read_bytes())
    return content


def calls(out: Path) -> list[str]:
    rows = (out / "karyotype" / "calls.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return ["\t".join(row.split("\t")[:5]) for row in rows]


def rewritten(
    source: Path,
    target: Path,
    rename: Callable[[str], str] = str,
    order: Callable[[Sequence[pysam.AlignedSegment]], Sequence[pysam.AlignedSegment]] = list,
    extra: Sequence[tuple[str, int]] = (),
) -> Path:
    """A copy of a BAM with other contig names, reads in another order, or more contigs."""
    with pysam.AlignmentFile(str(source), "rb") as old:
        header = old.header.to_dict()
        reads = order(list(old))
    for line in header["SQ"]:
        line["SN"] = rename(line["SN"])
    header["SQ"] += [{"SN": name, "LN": length} for name, length in extra]
    header["HD"] = {"VN": "1.6", "SO": "unsorted"}
    with pysam.AlignmentFile(str(target), "wb", header=header) as new:
        for read in reads:
            new.write(pysam.AlignedSegment.fromstring(_renamed(read, rename), new.header))
    return target


def _renamed(read: pysam.AlignedSegment, rename: Callable[[str], str]) -> str:
    fields = read.to_string().split("\t")
    fields[2] = rename(fields[2]) if fields[2] != "*" else "*"
    fields[6] = rename(fields[6]) if fields[6] not in "*=" else fields[6]
    return "\t".join(fields)


def bare(name: str) -> str:
    return name.removeprefix("chr")


def refused(
    arguments: list[str], good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> tuple[str, set[str]]:
    """What is printed, and the codes, of a command that must refuse."""
    whole = ["analyze", *arguments, "-o", str(tmp_path / "out")]
    _, codes = refusal(whole, capfd, good.earlier, good.folder, tmp_path)
    assert run(whole) in (2, 3)
    return capfd.readouterr().err, set(codes)


@pytest.fixture(scope="module")
def sound(good: GoodLot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the sound sample against its sound parent."""
    out = tmp_path_factory.mktemp("sound") / "out"
    analysed(out, good.folder / "nsc.bam", "--parent", good.folder / "bank.bam")
    return out


def test_names_with_and_without_chr_are_the_same_chromosomes(
    good: GoodLot, sound: Path, tmp_path: Path
) -> None:
    parent = rewritten(good.folder / "bank.bam", tmp_path / "bank.bam", bare)
    results = analysed(tmp_path / "out", good.folder / "nsc.bam", "--parent", parent)
    assert calls(tmp_path / "out") == calls(sound)
    assert any("with chr in nsc.bam and without in bank.bam" in text for text in results["warnings"])
    earlier = json.loads((sound / "results.json").read_bytes())
    assert not any("with chr" in text for text in earlier["warnings"])


def test_a_list_without_chr_is_understood(good: GoodLot, tmp_path: Path) -> None:
    (tmp_path / "x.bed").write_text("1\t0\t50000000\nMT\t0\t5\n", encoding="utf-8")
    arguments = (good.folder / "nsc.bam", "--parent", good.folder / "bank.bam")
    results = analysed(tmp_path / "out", *arguments, "--exclude", tmp_path / "x.bed")
    assert any("with chr in nsc.bam, bank.bam and without in x.bed" in t for t in results["warnings"])
    assert "x.bed: 1 rows on 1 other contigs (MT) were left out" in results["warnings"]
    (row,) = [row for row in results["qc"] if row["name"] == "bins masked, exclusion list"]
    assert row["note"].startswith("50.0 of 3088.3 Mb")
    assert [each["name"] for each in results["provenance"]["inputs"]] == ["nsc.bam", "bank.bam", "x.bed"]


def test_the_order_of_the_reads_does_not_matter(good: GoodLot, sound: Path, tmp_path: Path) -> None:
    def shuffled(reads: Sequence[pysam.AlignedSegment]) -> list[pysam.AlignedSegment]:
        return [reads[i] for i in np.random.default_rng(1).permutation(len(reads))]

    sample = rewritten(good.folder / "nsc.bam", tmp_path / "nsc.bam", order=shuffled)
    analysed(tmp_path / "out", sample, "--parent", good.folder / "bank.bam")
    assert calls(tmp_path / "out") == calls(sound)
    for name in ("karyotype/bins.tsv.gz", "karyotype/sensitivity.tsv"):
        assert (tmp_path / "out" / name).read_bytes() == (sound / name).read_bytes()


def test_a_reference_with_a_chromosome_twice_is_refused(
    good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sample = rewritten(good.folder / "nsc.bam", tmp_path / "nsc.bam", extra=[("1", 248956422)])
    text, codes = refused([str(sample)], good, tmp_path, capfd)
    assert codes == {"GS-2101"}
    assert "chr1 and 1" in text


def header_only(path: Path, assembly: str, n_reads: int = 0) -> Path:
    genome = load_genome(assembly)
    sizes = zip(genome.names, genome.length_bp.tolist(), strict=True)
    with pysam.AlignmentFile(
        str(path), "wb", header={"SQ": [{"SN": name, "LN": length} for name, length in sizes]}
    ) as out:
        for i in range(n_reads):
            read = pysam.AlignedSegment(out.header)
            read.query_name, read.reference_id, read.reference_start = f"r{i}", 0, 1_000_000
            read.mapping_quality, read.query_sequence, read.cigarstring = 60, "ACGT" * 25, "100M"
            out.write(read)
    return path


@pytest.mark.parametrize(("n_reads", "words"), [(0, "no usable read"), (1, "too few usable bins")])
def test_no_read_and_one_read_are_refused(
    n_reads: int, words: str, good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sample = header_only(tmp_path / "few.bam", "GRCh38", n_reads)
    for more in ([], ["--parent", str(good.folder / "bank.bam")]):
        text, codes = refused([str(sample), *more], good, tmp_path, capfd)
        assert codes == {"GS-2104"}
        assert words in text


def test_a_parent_of_another_assembly_is_named(
    good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    parent = header_only(tmp_path / "old.bam", "GRCh37", 5)
    text, codes = refused([str(good.folder / "nsc.bam"), "--parent", str(parent)], good, tmp_path, capfd)
    assert codes == {"GS-2101"}
    assert "GRCh37" in text
    assert "old.bam" in text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nsc.bam", "--bin-width", "15000"], "GS-1104", "a multiple of 10000 bp"),
        (["nsc.bam", "--bin-width", "2000000"], "GS-1104", "at most 1000000 bp"),
        (["nsc.bam", "--bin-width", "0"], "GS-1001", "0"),
        (["nsc.bam", "--bin-width", "10000"], "GS-1104", "reads in the median bin"),
        (["nsc.cnr", "--bin-width", "50000"], "GS-1104", "bring their own"),
        (["nsc.bam", "--exclude", "gband.csv"], "GS-2202", "no BED region"),
        (["nsc.bam", "--exclude", "absent.bed"], "GS-2001", "absent.bed"),
        (["earlier.yaml", "--exclude", "gband.csv"], "GS-1001", "--exclude"),
        (["earlier.yaml", "--bin-width", "50000"], "GS-1001", "--bin-width"),
    ],
)
def test_widths_and_lists_that_cannot_be_used(
    arguments: list[str],
    code: str,
    words: str,
    good: GoodLot,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    whole = [str(good.folder / word) if "." in word else word for word in arguments]
    text, codes = refused(whole, good, tmp_path, capfd)
    assert codes == {code}
    assert words in text


def test_check_lists_a_wrong_width_and_a_wrong_list_together(
    good: GoodLot, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    manifest = good.folder / "lists.yaml"
    lists = "[gband.csv, gc.bed]"
    manifest.write_text(
        f"lot: A\nsequencing: {{sample: nsc.bam, bin_width: 15000, exclude: {lists}}}\n", encoding="utf-8"
    )
    try:
        _, codes = refusal(["check", str(manifest)], capfd, good.earlier, tmp_path)
    finally:
        manifest.unlink()
    assert {"GS-1104", "GS-2202"} <= set(codes)
