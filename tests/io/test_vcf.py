"""Allele depths from VCF and BCF."""

from __future__ import annotations

import gzip
from pathlib import Path

import pysam
import pytest

from genostab.arrays import AlleleDepths
from genostab.errors import GenostabErrors, InputError
from genostab.io.genome import load_genome
from genostab.io.vcf import read_allele_depths

HG38 = load_genome("GRCh38")
META = (
    "##fileformat=VCFv4.2\n"
    "##contig=<ID=chr1,length=248956422>\n##contig=<ID=chr2,length=242193529>\n##contig=<ID=chrUn,length=5>\n"
    '##FILTER=<ID=LowQual,Description="x">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="x">\n'
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="x">\n'
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="x">\n'
)
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
RECORDS = (
    "chr2\t10\trs1\tA\tG\t50\tPASS\t.\tGT:AD:DP\t0/1:12,9:21\n"
    "chr2\t11\t.\tA\tAT\t50\tPASS\t.\tGT:AD\t0/1:12,9\n"
    "chr2\t12\t.\tA\tG,T\t50\tPASS\t.\tGT:AD\t1/2:1,12,9\n"
    "chr2\t13\t.\tC\tT\t50\tLowQual\t.\tGT:AD\t0/1:12,9\n"
    "chr2\t14\t.\tC\tT\t50\t.\t.\tGT:AD\t1|1:0,30\n"
    "chr2\t15\t.\tC\tT\t50\tPASS\t.\tGT:AD\t./.:.\n"
    "chr2\t16\t.\tC\tT\t50\tPASS\t.\tGT:DP:AD\t0/0:5\n"
    "chr2\t17\t.\tC\tT\t50\tPASS\t.\tGT:AD\t1:0,7\n"
    "chr2\t18\t.\tC\tA\t50\tPASS\t.\tGT:AD\t0/1:4,5\n"
    "chr2\t18\t.\tC\tG\t50\tPASS\t.\tGT:AD\t0/1:4,6\n"
    "chr2\t19\t.\tC\t.\t50\tPASS\t.\tGT:AD\t0/0:9\n"
    "chrUn\t3\t.\tC\tG\t50\tPASS\t.\tGT:AD\t0/1:4,6\n"
    "chr1\t99\t.\tg\tt\t50\tPASS\t.\tGT:AD\t./1:3,4\n"
)


def read(tmp_path: Path, text: str, sample: str | None = None) -> AlleleDepths:
    path = tmp_path / "x.vcf"
    path.write_text(text)
    return read_allele_depths(path, HG38, sample)


def refused(tmp_path: Path, text: str, sample: str | None = None) -> list[InputError]:
    with pytest.raises((InputError, GenostabErrors)) as caught:
        read(tmp_path, text, sample)
    return list(getattr(caught.value, "errors", [caught.value]))


def check(out: AlleleDepths) -> None:
    assert out.sample == "S1"
    assert out.chrom.tolist() == [0, 1, 1, 1]
    assert out.position.tolist() == [98, 9, 13, 16]
    assert out.ref_depth.tolist() == [3, 12, 0, 0]
    assert out.alt_depth.tolist() == [4, 9, 30, 7]
    assert out.genotype.tolist() == [-1, 1, 2, -1]


def test_only_biallelic_snps_that_passed_are_kept(tmp_path: Path) -> None:
    check(read(tmp_path, META + COLUMNS + RECORDS))


def write_bcf(tmp_path: Path) -> None:
    """b.vcf as c.bcf."""
    with (
        pysam.VariantFile(str(tmp_path / "b.vcf")) as source,
        pysam.VariantFile(str(tmp_path / "c.bcf"), "wb", header=source.header) as sink,
    ):
        for record in source:
            sink.write(record)


def test_gzip_bgzf_and_bcf_say_the_same(tmp_path: Path) -> None:
    text = META + COLUMNS + RECORDS
    (tmp_path / "a.vcf.gz").write_bytes(gzip.compress(text.encode()))
    check(read_allele_depths(tmp_path / "a.vcf.gz", HG38))
    (tmp_path / "b.vcf").write_text(text)
    pysam.tabix_compress(str(tmp_path / "b.vcf"), str(tmp_path / "b.vcf.gz"))
    check(read_allele_depths(tmp_path / "b.vcf.gz", HG38))
    write_bcf(tmp_path)
    check(read_allele_depths(tmp_path / "c.bcf", HG38))


def test_every_cut_of_a_bcf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.vcf").write_text(META + COLUMNS + RECORDS)
    write_bcf(tmp_path)
    data = (tmp_path / "c.bcf").read_bytes()
    for end in range(1, len(data), 23):
        (tmp_path / "d.bcf").write_bytes(data[:end])
        with pytest.raises(InputError) as caught:
            read_allele_depths(tmp_path / "d.bcf", HG38)
        assert caught.value.code in {"GS-2003", "GS-2102", "GS-2004", "GS-2301"}


def test_samples(tmp_path: Path) -> None:
    text = META + COLUMNS.replace("S1", "S1\tS2") + "chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2\t0/0:3,4\n"
    assert read(tmp_path, text, "S2").ref_depth.tolist() == [3]
    assert read(tmp_path, text, "S1").ref_depth.tolist() == [1]
    assert refused(tmp_path, text)[0].found == "S1, S2"
    assert refused(tmp_path, text, "S3")[0].expected == "S3"
    assert refused(tmp_path, text.replace("S2", "S1"), "S1")[0].code == "GS-2301"


def test_phase_comes_from_bars_and_phase_sets(tmp_path: Path) -> None:
    rows = (
        "chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD:PS\t0|1:1,2:5\n"
        "chr1\t6\t.\tA\tG\t.\t.\t.\tGT:AD:PS\t1|0:1,2:5\n"
        "chr1\t7\t.\tA\tG\t.\t.\t.\tGT:AD:PS\t0/1:1,2:5\n"
        "chr1\t8\t.\tA\tG\t.\t.\t.\tGT:AD:PS\t1|1:1,2:5\n"
        "chr1\t9\t.\tA\tG\t.\t.\t.\tGT:AD\t1|0:1,2\n"
        "chr2\t9\t.\tA\tG\t.\t.\t.\tGT:AD:PS\t1|0:1,2:9\n"
    )
    out = read(tmp_path, META + COLUMNS + rows)
    assert out.phase is not None
    assert out.phase.haplotype.tolist() == [2, 1, 0, 0, 1, 1]
    assert out.phase.block.tolist() == [5, 5, -1, -1, 0, 9]
    assert read(tmp_path, META + COLUMNS + rows.replace("|", "/")).phase is None
    assert "phase set" in refused(tmp_path, META + COLUMNS + rows.replace(":5\n", ":x\n"))[0].what


def test_the_alleles_that_a_gvcf_adds_hide_no_snp(tmp_path: Path) -> None:
    rows = (
        "chr1\t1\t.\tA\t<NON_REF>\t.\t.\tEND=4\tGT:DP:AD\t0/0:30:30,0\n"
        "chr1\t5\t.\tA\tG,<NON_REF>\t.\t.\t.\tGT:AD\t0/1:11,9,0\n"
        "chr1\t6\t.\tA\tG,<*>\t.\t.\t.\tGT:AD\t1|1:0,20,1\n"
        "chr1\t7\t.\tA\tG,<NON_REF>\t.\t.\t.\tGT:AD\t1/2:1,9,3\n"
        "chr1\t8\t.\tA\tG,T,<NON_REF>\t.\t.\t.\tGT:AD\t1/2:1,9,9,0\n"
        "chr1\t9\t.\tAC\tA,<NON_REF>\t.\t.\t.\tGT:AD\t0/1:9,9,0\n"
        "chr1\t10\t.\tA\t<*>\t.\t.\tEND=99\tGT:DP\t0/0:30\n"
    )
    out = read(tmp_path, META + COLUMNS + rows)
    assert out.position.tolist() == [4, 5, 6]
    assert out.genotype.tolist() == [1, 2, -1]
    assert (out.ref_depth.tolist(), out.alt_depth.tolist()) == ([11, 0, 1], [9, 20, 9])
    wrong = rows.replace("0/1:11,9,0", "0/1:11,9")
    assert "another number of alleles" in refused(tmp_path, META + COLUMNS + wrong)[0].what


@pytest.mark.parametrize(
    ("record", "word"),
    [
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1", "another number of alleles"),
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2,3", "another number of alleles"),
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,-2", "no list of depths"),
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2.5", "no list of depths"),
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/2:1,2", "not there"),
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t2:1,2", "not there"),
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\thet:1,2", "no genotype"),
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tAD:GT\t1,2:0/1", "GT is not first"),
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD:AD\t0/1:1,2:1,2", "FORMAT"),
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2:9", "more values"),
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD", "number of fields"),
        ("chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2\t0/1:1,2", "number of fields"),
        ("chr1\t5 \t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2", "POS"),
        ("chr1\t٥\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2", "POS"),
        ("chr1\t5\t.\tA\tQ\t.\t.\t.\tGT:AD\t0/1:1,2", "ALT"),
        ("chr1\t5\t.\tA\tG,.\t.\t.\t.\tGT:AD\t0/1:1,2,3", "ALT"),
        ("chr1\t5\t.\t\tG\t.\t.\t.\tGT:AD\t0/1:1,2", "REF"),
        ("chr1\t5\t.\tA\tG\t.\tPASS;0\t.\tGT:AD\t0/1:1,2", "FILTER"),
        ("chr 1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2", "CHROM"),
        ("chr1\t2\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2", "goes back"),
        ("chr1\t3\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2", "twice"),
        ("chr1\t248990000\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2", "not on its chromosome"),
    ],
)
def test_wrong_fields_are_named_with_their_line(tmp_path: Path, record: str, word: str) -> None:
    first = "chr1\t3\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2\n"
    errors = refused(tmp_path, f"{META}{COLUMNS}{first}{record}\n")
    assert len(errors) == 1
    assert errors[0].code == "GS-2301"
    assert errors[0].where.endswith(f":{META.count(chr(10)) + 3}")
    assert word in errors[0].what


def test_reading_ends_when_the_list_is_full(tmp_path: Path) -> None:
    errors = refused(tmp_path, META + COLUMNS + "chr1\tx\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2\n" * 500)
    assert len(errors) == 21


RECORD = "chr1\t5\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:1,2\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "GS-2002"),
        ("chr1\t0\t5\n", "GS-2301"),
        ("##fileformat=VCFv3.3\n" + COLUMNS + RECORD, "GS-2301"),
        (META, "GS-2301"),
        (META + COLUMNS, "GS-2301"),
        (META + COLUMNS.replace("\tFORMAT\tS1", "") + "chr1\t5\t.\tA\tG\t.\t.\t.\n", "GS-2301"),
        (META + COLUMNS + RECORD.replace(":AD", "").replace(":1,2", ""), "GS-2301"),
        (META.replace("AD,Number=R", "AD,Number=1") + COLUMNS + RECORD, "GS-2301"),
        (META.replace("AD,Number=R,Type=Integer", "AD,Number=R,Type=String") + COLUMNS + RECORD, "GS-2301"),
        (META + COLUMNS + RECORD.replace("\t.\t.\t.\tGT", "\t.\tLowQual\t.\tGT"), "GS-2301"),
        (META.replace("248956422", "249250621") + COLUMNS + RECORD, "GS-2101"),
        (META + COLUMNS + RECORD.rstrip("\n"), "GS-2003"),
    ],
)
def test_files_that_do_not_serve(tmp_path: Path, text: str, code: str) -> None:
    assert [error.code for error in refused(tmp_path, text)] == [code]
