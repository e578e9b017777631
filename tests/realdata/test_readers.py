"""Readers on real files: rows as counted by hand in the files, and the wrong assembly refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from genostab.errors import GenostabErrors, InputError
from genostab.io.bins import read_bins
from genostab.io.build_check import probes_in_centromeres, refuse_other_build
from genostab.io.genome import load_genome
from genostab.io.snp_array import read_snp_array
from genostab.io.vcf import read_allele_depths

HG18, HG19, HG38 = (load_genome(name) for name in ("hg18", "hg19", "hg38"))


def columns(path: Path) -> tuple[list[str], list[list[str]]]:
    with gzip.open(path, "rt") as handle:
        header, *rows = (line.rstrip("\n").split("\t") for line in handle)
    return header, rows


@pytest.mark.parametrize(
    ("file", "kind", "rows"),
    [
        ("amplicon.cnr", "ratio", 1433),
        ("p2-20_1.cnr", "ratio", 19089),
        ("p2-20_2.cnr", "ratio", 19089),
        *(
            (f"{name}.targetcoverage.cnn", "depth", 34654)
            for name in ("female01", "female02", "male01", "male02")
        ),
    ],
)
def test_cnvkit_files(data_dir: Path, file: str, kind: str, rows: int) -> None:
    path = data_dir / "cn_cnvkit" / f"{file}.gz"
    out = read_bins(path, HG19)
    assert (out.kind, out.bins.start.size, out.dropped_contigs) == (kind, rows, ())
    header, lines = columns(path)
    assert len(lines) == rows
    at = {name: header.index(name) for name in header}
    value = out.bins.ratio_log2 if kind == "ratio" else out.bins.n_reads
    for place in (0, rows // 2, rows - 1):
        key = [HG19.names[out.bins.chrom[place]].removeprefix("chr"), str(out.bins.start[place])]
        (line,) = (row for row in lines if [row[0].removeprefix("chr"), row[1]] == key)
        assert value[place] == float(line[at["log2" if kind == "ratio" else "depth"]])
    with pytest.raises(InputError, match="GRCh38") as caught:
        read_bins(path, HG38)
    assert "GRCh37" in caught.value.action


def test_stand_ins_for_no_read_are_no_losses(data_dir: Path) -> None:
    bins = read_bins(data_dir / "cn_cnvkit" / "p2-20_1.cnr.gz", HG19).bins
    assert int(np.isnan(bins.ratio_log2).sum()) == 11
    assert np.nanmin(bins.ratio_log2) > -10


@pytest.mark.parametrize("file", ["amplicon.cns", "cl_seq.cns", "tr95t.cns"])
def test_segments_are_not_taken_for_bins(data_dir: Path, file: str) -> None:
    with pytest.raises(InputError) as caught:
        read_bins(data_dir / "cn_cnvkit" / f"{file}.gz", HG19)
    assert caught.value.code == "GS-2004"
    assert "segments" in caught.value.what


def test_aneufinder_counts(data_dir: Path) -> None:
    path = data_dir / "cn_aneufinder" / "human_euploid_500kb.tsv.gz"
    out = read_bins(path, HG19)
    _, lines = columns(path)
    assert out.kind == "counts"
    assert out.bins.start.size == len(lines) - 1 == 6182
    assert out.dropped_contigs == (("GL000192.1", 1),)
    assert out.bins.n_reads.sum() == sum(int(row[3]) for row in lines if row[0] != "GL000192.1")
    assert (out.bins.start % 500_000 == 0).all()


def test_the_mouse_is_refused(data_dir: Path) -> None:
    for genome in (HG19, HG38):
        with pytest.raises(GenostabErrors) as caught:
            read_bins(data_dir / "cn_aneufinder" / "mouse_aneuploid_500kb.tsv.gz", genome)
        assert {error.code for error in caught.value.errors} == {"GS-2101"}


@pytest.mark.parametrize(("sample", "missing"), [("X17222", 14608), ("Y17204", 14608)])
def test_rascal_ratios(data_dir: Path, sample: str, missing: int) -> None:
    path = data_dir / "cn_rascal_swgs" / "copy_number_30kb.tsv.gz"
    out = read_bins(path, HG19, sample)
    header, lines = columns(path)
    mine = [row for row in lines if row[0] == sample]
    assert out.kind == "ratio"
    assert out.bins.start.size == len(mine) == 103_199
    copies = np.array([float(row[header.index("copy_number")] or "nan") for row in mine])
    assert int(np.isnan(copies).sum()) == missing
    assert int(np.isnan(out.bins.ratio_log2).sum()) == missing + int((copies == 0).sum())
    order = np.argsort(-copies)[:5]
    expected = np.log2(copies[order] / np.median(copies[copies > 0]))
    assert np.sort(out.bins.ratio_log2[np.isfinite(out.bins.ratio_log2)])[::-1][:5] == pytest.approx(expected)
    # The last bin of chromosome 1 ends with the chromosome.
    assert out.bins.end[out.bins.chrom == 0][-1] == 249_250_621


@pytest.mark.parametrize("name", ["tumor", "normal"])
def test_purecn_coverage(data_dir: Path, name: str) -> None:
    path = data_dir / "cn_purecn" / f"example_{name}.txt.gz"
    rows = [line.split(" ") for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:]]
    out = read_bins(path, HG19)
    assert (out.kind, len(rows), out.notes) == ("depth", 10_049, ())
    chrom, start, end = out.bins.chrom.tolist(), out.bins.start.tolist(), out.bins.end.tolist()
    places = [f"{HG19.names[c]}:{s + 1}-{e}" for c, s, e in zip(chrom, start, end, strict=True)]
    depth = dict(zip(places, out.bins.n_reads.tolist(), strict=True))
    assert depth == {place: float(mean) for place, _, mean, _ in rows}
    # The file's own total over its mean is the width, so that both ends belong to a target.
    totals = {place: float(total) for place, total, _, _ in rows}
    width = dict(zip(places, (out.bins.end - out.bins.start).tolist(), strict=True))
    seen = [place for place in places if depth[place] > 0]
    assert len(seen) > 9000
    assert [totals[place] / depth[place] for place in seen] == pytest.approx([width[p] for p in seen])


@pytest.mark.parametrize(
    "file",
    [
        "cn_ancient_chr_counts/chr_counts.tsv.gz",
        "cn_purecn/example_intervals.txt.gz",
        "cn_purecn/example_vcf.vcf.gz",
    ],
)
def test_tables_of_other_kinds_are_refused(data_dir: Path, file: str) -> None:
    with pytest.raises(InputError) as caught:
        read_bins(data_dir / file, HG19)
    assert caught.value.code == "GS-2004"


@pytest.mark.parametrize(
    ("person", "sample", "het"),
    [("father", "99HI0698C", 25482), ("mother", "99HI0697A", 30019), ("offspring", "99HI0700A", 25419)],
)
def test_penncnv_trio(data_dir: Path, person: str, sample: str, het: int) -> None:
    path = data_dir / "snp_penncnv_trio" / f"{person}.txt.gz"
    out = read_snp_array(path, HG18)
    assert (out.sample, len(out.name)) == (sample, 93_129)
    assert int((out.genotype == 1).sum()) == het
    assert (out.name[0], out.position[0], out.chrom[0]) == ("rs13072188", 38_410, 2)
    assert np.all(np.diff(out.position)[np.diff(out.chrom) == 0] >= 0)
    called = out.b_allele_fraction[(out.genotype == 1) & np.isfinite(out.b_allele_fraction)]
    assert abs(float(np.median(called)) - 0.5) < 0.05
    for genome in (HG19, HG38):
        with pytest.raises(InputError) as caught:
            read_snp_array(path, genome)
        assert caught.value.code == "GS-2101"
        assert "hg18" in caught.value.action


def test_brge_samples(data_dir: Path) -> None:
    path = data_dir / "snp_brge_sexchr" / "lrr_baf.tsv.gz"
    with pytest.raises(InputError, match="several samples"):
        read_snp_array(path, HG18)
    out = read_snp_array(path, HG18, "SAMPLE_29")
    assert len(out.name) == 41_495
    # 18,239 probes of X and 540 of the pseudo-autosomal XY.
    assert [int((out.chrom == chrom).sum()) for chrom in (20, 21, 22, 23)] == [10_341, 10_678, 18_779, 1697]
    assert int(np.isnan(out.b_allele_fraction).sum()) == 38
    # Truth: mosaic loss of Y; median LRR of Y about -1.2.
    lost = float(np.nanmedian(out.log_r_ratio[(out.chrom == 23) & (out.position > 2_709_520)]))
    assert -1.5 < lost < -1.0
    with pytest.raises(InputError) as caught:
        read_snp_array(path, HG38, "SAMPLE_29")
    assert "hg18" in caught.value.action


@pytest.mark.parametrize(
    ("file", "sample"),
    [("snp_penncnv_trio/mother.txt.gz", None), ("snp_brge_sexchr/lrr_baf.tsv.gz", "SAMPLE_8")],
)
@pytest.mark.parametrize("assembly", ["GRCh37", "GRCh38", "T2T-CHM13"])
def test_hg18_arrays_give_themselves_away_inside_the_chromosomes(
    data_dir: Path, file: str, sample: str | None, assembly: str
) -> None:
    """Without the probes past the ends of the chromosomes, which are refused first, the centromeres still tell."""
    out = read_snp_array(data_dir / file, HG18, sample)
    assert probes_in_centromeres(out.chrom, out.position, "hg18") == 0
    refuse_other_build(file, out.chrom, out.position, HG18)
    genome = load_genome(assembly)
    within = out.position < genome.length_bp[out.chrom]
    with pytest.raises(InputError, match=f"not those of {assembly}") as caught:
        refuse_other_build(file, out.chrom[within], out.position[within], genome)
    assert caught.value.code == "GS-2101"
    assert "0 of hg18" in caught.value.found
    assert "fit hg18:" in caught.value.action
    assert int(caught.value.found.split(" of ")[0]) >= 13


@pytest.mark.parametrize("file", ["H1395", "HCC1143"])
def test_arrays_without_positions_are_refused(data_dir: Path, file: str) -> None:
    with pytest.raises(InputError) as caught:
        read_snp_array(data_dir / "snp_acnr" / f"{file}.tsv.gz", HG19)
    assert caught.value.code == "GS-2201"


def test_purecn_vcf(data_dir: Path) -> None:
    path = data_dir / "cn_purecn" / "example_vcf.vcf.gz"
    with gzip.open(path, "rt") as handle:
        lines = [line.rstrip("\n").split("\t") for line in handle if not line.startswith("##")]
    sample = lines[0][9]
    usable = [
        row
        for row in lines[1:]
        if len(row[3]) == len(row[4]) == 1 and row[6] in {"PASS", "."} and row[8].split(":")[1] == "AD"
    ]
    out = read_allele_depths(path, HG19, sample)
    depths = [tuple(map(int, row[9].split(":")[1].split(","))) for row in usable]
    assert len(out.chrom) == len(usable) > 0
    assert (int(out.ref_depth.sum()), int(out.alt_depth.sum())) == tuple(map(sum, zip(*depths, strict=True)))
