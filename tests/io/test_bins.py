"""Binned input: every format gives the numbers that its own definition states."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from genostab.errors import GenostabErrors, InputError
from genostab.io.bins import BinsFile, read_bins
from genostab.io.genome import load_genome

HG38 = load_genome("GRCh38")


def read(tmp_path: Path, text: str, name: str = "x.tsv", sample: str | None = None) -> BinsFile:
    path = tmp_path / name
    path.write_text(text)
    return read_bins(path, HG38, sample)


def refused(tmp_path: Path, text: str, sample: str | None = None) -> list[InputError]:
    with pytest.raises((InputError, GenostabErrors)) as caught:
        read(tmp_path, text, sample=sample)
    return list(getattr(caught.value, "errors", [caught.value]))


def test_mosdepth_regions_are_relative_depth(tmp_path: Path) -> None:
    path = tmp_path / "s.regions.bed.gz"
    path.write_bytes(
        gzip.compress(b"chr2\t0\t1000\t31.25\nchr1\t0\t1000\t30.50\nchr1\t1000\t2000\t0.00\nchrM\t0\t9\t99\n")
    )
    out = read_bins(path, HG38)
    assert out.kind == "depth"
    assert out.bins.chrom.tolist() == [0, 0, 1]
    assert out.bins.n_reads.tolist() == [30.5, 0.0, 31.25]
    assert np.isnan(out.bins.ratio_log2).all()
    assert out.bins.weight.tolist() == [1.0, 1.0, 1.0]
    assert out.dropped_contigs == (("chrM", 1),)
    assert any("chrM" in note for note in out.notes)


def test_named_mosdepth_regions(tmp_path: Path) -> None:
    out = read(tmp_path, "1\t10\t20\tBCL2L1\t3.5\n")
    assert (out.kind, out.bins.n_reads.tolist(), out.bins.start.tolist()) == ("depth", [3.5], [10])


def test_bedgraph_after_a_track_line(tmp_path: Path) -> None:
    out = read(tmp_path, "track type=bedGraph\n#c\nchr1\t0\t5\t1.5\nchr1\t5\t10\t2.5\n")
    assert out.bins.n_reads.tolist() == [1.5, 2.5]


def test_fixed_step_wig_of_counts(tmp_path: Path) -> None:
    # HMMcopy's readCounter: the last window passes the end of the chromosome, which a WIG cannot say.
    length = int(HG38.length_bp[20])
    n_windows = -(-length // 10_000_000)
    values = "".join(f"{number}\n" for number in range(n_windows))
    out = read(
        tmp_path, f"track type=wiggle_0\nfixedStep chrom=chr21 start=1 step=10000000 span=10000000\n{values}"
    )
    assert out.kind == "counts"
    assert out.bins.start.tolist() == [10_000_000 * number for number in range(n_windows)]
    assert out.bins.end.tolist()[-1] == length
    assert out.bins.n_reads.tolist() == list(range(n_windows))


def test_fixed_step_without_span_means_the_step(tmp_path: Path) -> None:
    out = read(tmp_path, "fixedStep chrom=1 start=101 step=50\n1\n2\n")
    assert out.bins.start.tolist() == [100, 150]
    assert out.bins.end.tolist() == [150, 200]


def test_variable_step_wig_of_depth(tmp_path: Path) -> None:
    out = read(tmp_path, "variableStep chrom=chr3 span=25\n300701 12.5\n300801 NA\n")
    assert out.kind == "depth"
    assert (out.bins.start.tolist(), out.bins.end.tolist()) == ([300700, 300800], [300725, 300825])
    assert out.bins.n_reads[0] == 12.5
    assert np.isnan(out.bins.n_reads[1])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("fixedStep chrom=chr1 start=1 step=10\n1\nx\n3\n", 3),
        ("fixedStep chrom=chr1 start=1 step=10\n1\ninf\n", 3),
        ("fixedStep chrom=chr1 step=10\n1\n", 1),
        ("fixedStep chrom=chr1 start=-5 step=10\n1\n", 1),
        ("variableStep chrom=chr1 span=10\n1 2 3\n", 2),
        ("fixedStep chrom=chr1 start=1 step=10\n-1\n", 2),
        ("fixedStep chrom=chr1 start=1 step=10 span=20\n1\n2\n", 3),
        ("fixedStep chrom=chr1 start=300000000 step=10\n1\n", 2),
    ],
)
def test_wrong_wig_lines(tmp_path: Path, text: str, line: int) -> None:
    errors = refused(tmp_path, text)
    assert errors[0].where.endswith(f":{line}")


def test_cnvkit_ratio_weight_and_stand_ins(tmp_path: Path) -> None:
    out = read(
        tmp_path,
        "chromosome\tstart\tend\tgene\tlog2\tdepth\tweight\n"
        "chr1\t100\t200\t-\t0.5\t30\t0.8\nchr1\t200\t300\tA,B\t-25.9\t0\t0.4\nchrY\t5\t9\tC\t-0.25\t12\t0.2\n",
        "x.cnr",
    )
    assert out.kind == "ratio"
    assert out.bins.ratio_log2[[0, 2]].tolist() == [0.5, -0.25]
    assert np.isnan(out.bins.ratio_log2[1])
    assert out.bins.weight.tolist() == [0.8, 0.4, 0.2]
    assert np.isnan(out.bins.n_reads).all()
    assert any("1 bins without reads" in note for note in out.notes)


def test_cnvkit_coverage_is_depth_not_ratio(tmp_path: Path) -> None:
    out = read(
        tmp_path,
        "chromosome\tstart\tend\tgene\tdepth\tlog2\nchr1\t0\t10\t-\t8\t3\nchr1\t10\t20\t-\t0\t-20\nchr1\t20\t30\t-\t2\t1\n",
    )
    assert out.kind == "depth"
    assert out.bins.n_reads.tolist() == [8.0, 0.0, 2.0]
    assert np.isnan(out.bins.ratio_log2).all()


def test_counts_with_empty_cells(tmp_path: Path) -> None:
    out = read(tmp_path, "#chrom\tstart\tend\tcounts\tgc\nchr1\t0\t10\t5\t0.4\nchr1\t10\t20\t\tNA\n")
    assert out.kind == "counts"
    assert out.bins.n_reads[0] == 5
    assert np.isnan(out.bins.n_reads[1])
    assert out.bins.gc_fraction[0] == 0.4
    assert np.isnan(out.bins.gc_fraction[1])


def test_broken_counts_are_not_called_counts(tmp_path: Path) -> None:
    out = read(tmp_path, "chrom,start,end,reads\nchr1,0,10,5.5\n")
    assert out.kind == "depth"
    assert any("no whole numbers" in note for note in out.notes)


def test_one_based_bins_are_seen_and_said(tmp_path: Path) -> None:
    out = read(tmp_path, "chrom\tstart\tend\tcounts\n1\t1\t100\t5\n1\t101\t200\t6\n1\t201\t250\t7\n")
    assert out.bins.start.tolist() == [0, 100, 200]
    assert out.bins.end.tolist() == [100, 200, 250]
    assert any("1-based" in note for note in out.notes)


def test_scientific_coordinates_are_numbers(tmp_path: Path) -> None:
    # R writes 1e+05 for 100000.
    out = read(tmp_path, "chrom\tstart\tend\tcounts\n1\t1e+05\t200000\t5\n")
    assert out.bins.start.tolist() == [100_000]


def test_copy_number_becomes_a_ratio_to_its_median(tmp_path: Path) -> None:
    out = read(
        tmp_path,
        "chrom\tstart\tend\tcopy_number\n1\t0\t5\t1\n1\t5\t10\t2\n1\t10\t15\t0.5\n1\t15\t20\t0\n1\t20\t25\t\n",
    )
    assert out.kind == "ratio"
    assert out.bins.ratio_log2[:3].tolist() == [0.0, 1.0, -1.0]
    assert np.isnan(out.bins.ratio_log2[3:]).all()


def test_samples_are_told_apart(tmp_path: Path) -> None:
    text = "sample\tchrom\tstart\tend\tcounts\nA\t1\t0\t5\t1\nB\t1\t0\t5\t9\n"
    assert read(tmp_path, text, sample="B").bins.n_reads.tolist() == [9.0]
    assert refused(tmp_path, text)[0].code == "GS-2201"
    assert refused(tmp_path, text, sample="C")[0].expected == "C"


def test_rows_are_sorted_and_it_is_said(tmp_path: Path) -> None:
    out = read(tmp_path, "chrom\tstart\tend\tcounts\n1\t10\t20\t2\n1\t0\t10\t1\n")
    assert out.bins.n_reads.tolist() == [1.0, 2.0]
    assert any("sorted" in note for note in out.notes)


def test_the_order_of_chromosomes_is_no_news(tmp_path: Path) -> None:
    out = read(tmp_path, "chrom\tstart\tend\tcounts\n10\t0\t10\t2\n2\t0\t10\t1\n")
    assert out.bins.chrom.tolist() == [1, 9]
    assert not any("sorted" in note for note in out.notes)


def test_absent_autosomes_are_named(tmp_path: Path) -> None:
    rows = "".join(f"{number}\t0\t10\t3\n" for number in range(1, 22))
    notes = read(tmp_path, f"chrom\tstart\tend\tcounts\n{rows}").notes
    assert notes == ("no bins on chr22: nothing can be said about them",)


HEAD = "chrom\tstart\tend\tcounts\n"


@pytest.mark.parametrize(
    ("rows", "line", "word"),
    [
        ("1\t0\t10\t1\n1\t5\t15\t1\n", 3, "overlaps"),
        ("1\t0\t10\t1\n2\t0\t5\t1\n1\t0\t10\t1\n", 4, "twice"),
        ("1\t0\t100\t1\n1\t20\t30\t1\n", 3, "twice"),
        ("1\t-5\t10\t1\n", 2, "negative"),
        ("1\t10\t10\t1\n", 2, "not after"),
        ("1\t0.5\t10\t1\n", 2, "whole"),
        ("1\t\t10\t1\n", 2, "no number"),
        ("1\tx\t10\t1\n", 2, "finite number"),
        ("1\t0\t1e30\t1\n", 2, "past the end"),
        ("1\t0\t10\t-1\n", 2, "out of range"),
        ("1\t0\t10\tinf\n", 2, "finite number"),
        ("1\t0\t10\tmany\n", 2, "finite number"),
        ("1\t0\t10\n", 2, "number of fields"),
        ("1\t0\t10\t1\t7\n", 2, "number of fields"),
        ("\t0\t10\t1\n", 2, "not a contig name"),
        ("../../etc\t0\t10\t1\n1\t0\t10\t1\n", 2, "not a contig name"),
    ],
)
def test_wrong_rows_are_named(tmp_path: Path, rows: str, line: int, word: str) -> None:
    errors = refused(tmp_path, HEAD + rows)
    assert len(errors) == 1
    assert errors[0].where.endswith(f"x.tsv:{line}")
    assert word in errors[0].what


def test_a_few_shared_bases_are_let_through(tmp_path: Path) -> None:
    out = read(tmp_path, HEAD + "1\t0\t1000\t1\n1\t990\t2000\t1\n")
    assert any("share a few bases" in note for note in out.notes)
    assert refused(tmp_path, HEAD + "1\t0\t1000\t1\n1\t989\t2000\t1\n")[0].code == "GS-2202"


def test_faults_are_listed_up_to_the_cap_and_counted(tmp_path: Path) -> None:
    errors = refused(tmp_path, HEAD + "1\t5\t1\t1\n" * 50)
    assert len(errors) == 21
    assert [error.where.rsplit(":", 1)[1] for error in errors[:3]] == ["2", "3", "4"]
    assert "30 more faults" in errors[-1].what


def test_another_assembly_is_named(tmp_path: Path) -> None:
    error = refused(tmp_path, HEAD + "chr1\t248950000\t249000000\t1\n")[0]
    assert error.code == "GS-2101"
    assert "GRCh37" in error.action


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEAD, "GS-2104"),
        ("# only comments\n", "GS-2104"),
        (HEAD + "\n\n", "GS-2104"),
        (HEAD + "1\t0\t10\t\n", "GS-2104"),
        ("chrom\tstart\tend\n1\t0\t10\n", "GS-2201"),
        ("chrom\tstart\tend\tcounts\tcounts\n1\t0\t10\t1\t1\n", "GS-2004"),
        ("a b c\n", "GS-2004"),
        ("chromosome\tstart\tend\tgene\tlog2\tprobes\nchr1\t0\t9\t-\t0\t3\n", "GS-2004"),
        ("chromosome\tstart\tend\tgene\tlog2\tspread\nchr1\t0\t9\t-\t0\t3\n", "GS-2004"),
        (HEAD + "scaffold_1\t0\t10\t1\n", "GS-2101"),
        ("fixedStep chrom=chr1 start=1 step=5\n", "GS-2104"),
    ],
)
def test_files_that_are_no_bins(tmp_path: Path, text: str, code: str) -> None:
    assert [error.code for error in refused(tmp_path, text)] == [code]


@pytest.mark.parametrize("sep", [" ", "\t", ","])
def test_targets_name_their_place(tmp_path: Path, sep: str) -> None:
    lines = (
        "Target total_coverage average_coverage on_target",
        "chr1:101-200 450 4.5 TRUE",
        "chr1:301 7 7 TRUE",
        "chr1:1001-9000 80 0.01 FALSE",
        "",
        "HLA-A*01:01:01:01:1-9 9 1 TRUE",
        "chr2:1-4 0 0 TRUE",
    )
    out = read(tmp_path, "\n".join(lines).replace(" ", sep) + "\n")
    places = zip(out.bins.chrom.tolist(), out.bins.start.tolist(), out.bins.end.tolist(), strict=True)
    assert list(places) == [(0, 100, 200), (0, 300, 301), (1, 0, 4)]
    assert (out.kind, out.bins.n_reads.tolist()) == ("depth", [4.5, 7.0, 0.0])
    assert out.dropped_contigs == (("HLA-A*01:01:01:01", 1),)
    assert "1 bins beside the targets are left out" in out.notes


@pytest.mark.parametrize(
    ("row", "line", "word"),
    [
        ("chr1-101-200\t9\t1", 3, "place"),
        ("\t9\t1", 3, "place"),
        ("chr1:300-400\t9", 3, "fields"),
        ("chr1:300-400\t9\tmuch", 3, "average_coverage"),
        ("chr1:400-300\t9\t1", 3, "end"),
        ("chr1:0-30\t9\t1", 3, "start"),
    ],
)
def test_wrong_targets_are_named(tmp_path: Path, row: str, line: int, word: str) -> None:
    text = f"Target\ttotal_coverage\taverage_coverage\nchr1:101-200\t9\t1\n{row}\n"
    (error,) = refused(tmp_path, text)
    assert error.code == "GS-2202"
    assert f":{line}" in error.where
    assert word in str(error)


def test_targets_of_several_samples_are_refused(tmp_path: Path) -> None:
    (error,) = refused(
        tmp_path, "Target\ttotal_coverage\taverage_coverage\tA_mean_cvg\tB_mean_cvg\nchr1:1-9\t9\t1\t1\t0\n"
    )
    assert (error.code, error.found) == ("GS-2004", "a, b")
