"""`genostab analyze` on real files of known truth, through the command line."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.arrays import Genome
from genostab.cli.main import run
from genostab.io.alignment_counts import CountingRules, fragment_quartiles_bp
from genostab.io.bam import count_alignment


def calls_of(out: Path) -> list[dict[str, str]]:
    with (out / "karyotype" / "calls.tsv").open() as stream:
        return [row for row in csv.DictReader(stream, delimiter="\t") if row["status"] == "reported"]


def sex_of(out: Path) -> str:
    qc = json.loads((out / "results.json").read_bytes())["qc"]
    return next(str(row["value"]) for row in qc if row["name"] == "sex")


def test_trio_calls_are_those_of_penncnv(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "snp_penncnv_trio"
    arguments = [str(folder / "offspring.txt.gz"), "--assembly", "hg18"]
    for parent in ("mother", "father"):
        arguments += ["--parent", str(folder / f"{parent}.txt.gz")]
    assert run(["analyze", *arguments, "-o", str(tmp_path), "-q"]) == 0
    with (folder / "truth_calls_hg18.tsv").open() as stream:
        truth = [row for row in csv.DictReader(stream, delimiter="\t") if row["sample"] == "offspring"]
    autosomal = [call for call in calls_of(tmp_path) if call["chrom"] != "chrX"]
    assert len(autosomal) == len(truth)
    for row in truth:
        start, end = int(row["start"]) - 1, int(row["end"])
        call = next(
            call
            for call in autosomal
            if call["chrom"] == f"chr{row['chrom']}" and int(call["start"]) < end and start < int(call["end"])
        )
        assert call["copy_number"] == row["cn"]
        shared = min(int(call["end"]), end) - max(int(call["start"]), start)
        assert shared >= 0.9 * (end - start)
        # PennCNV's table leaves the inheritance of the homozygous deletion open; its mother carries one lost copy.
        assert call["origin"] == ("acquired" if row["inheritance"] == "de_novo" else "inherited")


def test_a_euploid_cell_has_no_autosomal_call(data_dir: Path, tmp_path: Path) -> None:
    path = data_dir / "cn_aneufinder" / "human_euploid_500kb.tsv.gz"
    assert run(["analyze", str(path), "--assembly", "GRCh37", "-o", str(tmp_path), "-q"]) == 0
    assert [call for call in calls_of(tmp_path) if call["chrom"] not in ("chrX", "chrY")] == []
    assert sex_of(tmp_path) == "female"
    # Counts alone, without GC: nothing can be called, and the verdict says so instead of counting none.
    with (tmp_path / "verdicts.tsv").open() as stream:
        verdicts = {row["criterion"]: row["verdict"] for row in csv.DictReader(stream, delimiter="\t")}
    assert verdicts["CNV_HOT"] == "INVALID"


@pytest.mark.parametrize("name", ["male01", "male02", "female01", "female02"])
def test_sex_of_capture_samples(data_dir: Path, tmp_path: Path, name: str) -> None:
    path = data_dir / "cn_cnvkit" / f"{name}.targetcoverage.cnn.gz"
    assert run(["analyze", str(path), "--assembly", "GRCh37", "-o", str(tmp_path), "-q"]) == 0
    assert sex_of(tmp_path) == name[:-2]


def test_a_mouse_is_not_read_as_human(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data_dir / "cn_aneufinder" / "mouse_aneuploid_500kb.tsv.gz"
    assert run(["analyze", str(path), "--assembly", "GRCh37", "-o", str(tmp_path / "out"), "-q"]) == 3
    assert "GS-2101" in capsys.readouterr().err


def test_counts_of_a_real_cram_equal_a_loop_over_its_reads(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "bam_hg002_chr1_3Mb"
    fasta = tmp_path / "subset.fa"
    fasta.write_bytes(gzip.decompress((folder / "subset.fa.gz").read_bytes()))
    pysam.faidx(str(fasta))
    cram = folder / "NA24385_chr1.cram"
    with pysam.AlignmentFile(str(cram), "rc", reference_filename=str(fasta)) as file:
        names, lengths = file.references, file.lengths
        n_bins = [-(-length // 10_000) for length in lengths]
        first = np.concatenate(([0], np.cumsum(n_bins)))
        expected, lengths_bp = np.zeros((4, first[-1])), []
        for read in file.fetch(until_eof=True):
            if read.is_unmapped or read.is_secondary or read.is_qcfail or read.is_supplementary:
                continue
            if read.is_paired and read.is_read2 and not read.mate_is_unmapped:
                continue
            at = first[read.reference_id] + read.reference_start // 10_000
            low = read.mapping_quality < 10
            row = 3 if read.is_duplicate else 2 if read.mapping_quality == 0 else int(read.is_reverse)
            if row > 1 or not low:
                expected[row, at] += 1
            if row < 2 and not low and read.is_proper_pair and read.is_read1 and read.template_length:
                lengths_bp.append(min(abs(read.template_length), 2001))
    genome = Genome(
        assembly="slice",
        names=tuple(f"chr{name.removeprefix('chr')}" for name in names),
        length_bp=np.array(lengths),
        centromere_start=np.full(len(names), -1),
        centromere_end=np.full(len(names), -1),
        band_chrom=np.empty(0, np.int16),
        band_start=np.empty(0, np.int64),
        band_end=np.empty(0, np.int64),
        band_name=(),
        par=(),
    )
    counted = count_alignment(cram, genome, CountingRules(bin_bp=10_000, min_mapq=10), reference=fasta)
    assert counted.n_records == 199_110
    np.testing.assert_array_equal(counted.raw[:4], expected)
    np.testing.assert_array_equal(counted.fragment_lengths, np.bincount(lengths_bp, minlength=2002))
    usual = np.sort([length for length in lengths_bp if length <= 2000])
    quartiles = np.quantile(usual, [0.25, 0.5, 0.75], method="inverted_cdf")
    np.testing.assert_array_equal(fragment_quartiles_bp(counted.fragment_lengths), quartiles)
