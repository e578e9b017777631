"""SNP arrays as VCF and BCF."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.arrays import SnpTable
from genostab.errors import GenostabErrors, InputError
from genostab.io.genome import load_genome
from genostab.io.snp_array import read_snp_array

HG19 = load_genome("GRCh37")
META = (
    "##fileformat=VCFv4.2\n##contig=<ID=1,length=249250621>\n##contig=<ID=X,length=155270560>\n##contig=<ID=MT,length=16569>\n"
    '##INFO=<ID=ALLELE_A,Number=1,Type=Integer,Description="A allele">\n'
    '##INFO=<ID=ALLELE_B,Number=1,Type=Integer,Description="B allele">\n'
    '##INFO=<ID=GC,Number=1,Type=Float,Description="GC ratio content around the variant">\n'
    '##INFO=<ID=INTENSITY_ONLY,Number=0,Type=Flag,Description="intensity only">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    '##FORMAT=<ID=PS,Number=1,Type=Integer,Description="Phase set">\n'
    '##FORMAT=<ID=BAF,Number=1,Type=Float,Description="B Allele Frequency">\n'
    '##FORMAT=<ID=LRR,Number=1,Type=Float,Description="Log R Ratio">\n'
)
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNA12878\n"
ALLELES = "ALLELE_A=0;ALLELE_B=1"
# The example of the MoChA manual (freeseek/mocha README): BAF is of the reference allele where ALLELE_B=0.
MOCHA = (
    "1\t752566\trs3094315\tG\tA\t.\t.\tALLELE_A=1;ALLELE_B=0;GC=0.3675\tGT:BAF:LRR\t1|1:0.0111:-0.0798\n"
    "1\t776546\trs12124819\tA\tG\t.\t.\tALLELE_A=0;ALLELE_B=1;GC=0.435\tGT:BAF:LRR\t0|1:0.5441:0.4959\n"
    "1\t798959\trs11240777\tG\tA\t.\t.\tALLELE_A=1;ALLELE_B=0;GC=0.4075\tGT:BAF:LRR\t0|0:0.9712:0.2276\n"
    "1\t932457\trs1891910\tG\tA\t.\t.\tALLELE_A=1;ALLELE_B=0;GC=0.6425\tGT:BAF:LRR\t1|0:0.5460:-0.1653\n"
)


def read(tmp_path: Path, text: str, sample: str | None = None) -> SnpTable:
    path = tmp_path / "array.vcf"
    path.write_text(text)
    return read_snp_array(path, HG19, sample)


def refused(tmp_path: Path, text: str, sample: str | None = None) -> list[InputError]:
    with pytest.raises((InputError, GenostabErrors)) as caught:
        read(tmp_path, text, sample)
    errors = list(getattr(caught.value, "errors", [caught.value]))
    assert all(e.what and e.where and e.found and e.expected and e.action for e in errors)
    return errors


def check(out: SnpTable) -> None:
    assert out.sample == "NA12878"
    assert out.name == ("rs3094315", "rs12124819", "rs11240777", "rs1891910")
    assert out.position.tolist() == [752_565, 776_545, 798_958, 932_456]
    assert out.genotype.tolist() == [0, 1, 2, 1]
    assert out.b_allele_fraction == pytest.approx([0.0111, 0.5441, 0.9712, 0.5460])
    assert out.log_r_ratio == pytest.approx([-0.0798, 0.4959, 0.2276, -0.1653])
    assert out.phase is not None
    # B is the right allele of both heterozygous probes: ALT of 0|1, REF of 1|0.
    assert out.phase.haplotype.tolist() == [0, 2, 0, 2]
    assert out.phase.block.tolist() == [-1, 0, -1, 0]


def test_the_example_of_mocha_plain_gzip_and_bcf(tmp_path: Path) -> None:
    text = META + COLUMNS + MOCHA
    check(read(tmp_path, text))
    (tmp_path / "a.vcf.gz").write_bytes(gzip.compress(text.encode()))
    check(read_snp_array(tmp_path / "a.vcf.gz", HG19))
    with (
        pysam.VariantFile(str(tmp_path / "array.vcf")) as source,
        pysam.VariantFile(str(tmp_path / "c.bcf"), "wb", header=source.header) as sink,
    ):
        for record in source:
            sink.write(record)
    check(read_snp_array(tmp_path / "c.bcf", HG19))


def row(
    values: str, *, keys: str = "GT:BAF:LRR", info: str = "ALLELE_A=0;ALLELE_B=1", at: int = 9, alt: str = "G"
) -> str:
    return f"1\t{at}\t.\tA\t{alt}\t.\t.\t{info}\t{keys}\t{values}\n"


def test_genotypes_are_copies_of_b(tmp_path: Path) -> None:
    cases = [
        ("0/1", "ALLELE_A=0;ALLELE_B=1", "G", 1),
        ("1/1", "ALLELE_A=0;ALLELE_B=1", "G", 2),
        ("1/1", "ALLELE_A=1;ALLELE_B=0", "G", 0),
        ("1/1", "GC=0.4;ALLELE_B=0;ALLELE_A=1", "G", 0),
        # Neither allele of the probe is the reference's.
        ("2/2", "ALLELE_A=1;ALLELE_B=2", "G,T", 2),
        ("1/2", "ALLELE_A=1;ALLELE_B=2", "G,T", 1),
        ("0/2", "ALLELE_A=1;ALLELE_B=2", "G,T", -1),
        ("./.", "ALLELE_A=0;ALLELE_B=1", "G", -1),
        ("1", "ALLELE_A=0;ALLELE_B=1", "G", -1),
        # Without the alleles the fraction says which one is there twice.
        ("1/1", "GC=0.4", "G", 0),
        ("0/1", "GC=0.4", "G", 1),
    ]
    rows = [
        row(f"{gt}:0.1:0.2", info=info, alt=alt, at=at)
        for at, (gt, info, alt, _) in enumerate(cases, start=9)
    ]
    assert read(tmp_path, META + COLUMNS + "".join(rows)).genotype.tolist() == [
        copies for *_, copies in cases
    ]


def test_phase_sets_and_what_carries_no_phase(tmp_path: Path) -> None:
    keys = "GT:PS:BAF:LRR"
    rows = (
        row("0|1:9:0.5:0", keys=keys, at=9),
        row("1|0:9:0.5:0", keys=keys, at=10),
        row("1|0:500:0.5:0", keys=keys, at=500),
        row("1|0:.:0.5:0", keys=keys, at=501),
        row("0/1:9:0.5:0", keys=keys, at=502),
        row("0|1:9:0.5:0", keys=keys, at=503, info="GC=0.1"),
    )
    out = read(tmp_path, META + COLUMNS + "".join(rows))
    assert out.phase is not None
    assert out.phase.haplotype.tolist() == [2, 1, 1, 1, 0, 0]
    assert out.phase.block.tolist() == [9, 9, 500, 0, -1, -1]
    assert read(tmp_path, META + COLUMNS + row("0/1:0.5:0")).phase is None


def test_missing_values_other_formats_and_probes_without_alleles(tmp_path: Path) -> None:
    rows = (
        row("0/1:.:0.5", at=9),
        row("0/1:0.5", at=10),
        row("0.25:0/1", keys="LRR:GT".replace("LRR:GT", "LRR:BAF"), at=11),
        row("0/0:0.9:0.1", info="ALLELE_A=0;ALLELE_B=1;INTENSITY_ONLY", at=12),
        row(".", at=13),
        row("0/1:0.5", keys="GT:BAF:LRR:PS", at=15),
        row("0/0:0.1:-inf", at=14),
        "MT\t5\t.\tA\tG\t.\t.\t.\tGT:BAF:LRR\t0/0:0:0\n",
    )
    text = META + COLUMNS + "".join(rows).replace("0.25:0/1", "0.25:0.75")
    out = read(tmp_path, text)
    assert out.name == ("1:9", "1:10", "1:11", "1:12", "1:13", "1:14", "1:15")
    assert np.isnan(out.b_allele_fraction).tolist() == [True, False, False, True, True, False, False]
    assert out.log_r_ratio[[0, 2, 3, 5]].tolist() == [0.5, 0.25, 0.1, -5.0]
    assert np.isnan(out.log_r_ratio[[1, 4, 6]]).all()
    assert out.b_allele_fraction[2] == 0.75


def test_several_samples_need_a_name(tmp_path: Path) -> None:
    text = META + COLUMNS.replace("NA12878", "a\tb") + row("0/1:0.5:0\t1/1:0.9:0.1")
    assert read(tmp_path, text, "b").b_allele_fraction.tolist() == [0.9]
    assert read(tmp_path, text, "a").b_allele_fraction.tolist() == [0.5]
    (error,) = refused(tmp_path, text)
    assert (error.code, error.found) == ("GS-2301", "a, b")


def test_a_wrong_genotype_before_a_right_one(tmp_path: Path) -> None:
    errors = refused(
        tmp_path, META + COLUMNS + row("het:0.5:0", at=5) + row("0|1:0.5:0") + row("9", keys="DP", at=11)
    )
    assert [error.what for error in errors] == ["GT is no genotype"]


def test_a_vcf_without_signals_is_no_array(tmp_path: Path) -> None:
    (error,) = refused(tmp_path, META + COLUMNS + row("0/1:12,9", keys="GT:AD"))
    assert (error.code, error.found, error.expected) == ("GS-2201", "FORMAT AD, GT", "FORMAT BAF and LRR")
    assert "--snps" in error.action
    (error,) = refused(tmp_path, META + COLUMNS + row("0/1:0.5", keys="GT:BAF"))
    assert error.expected == "FORMAT LRR"


@pytest.mark.parametrize(
    ("record", "word"),
    [
        (row("0/1:1.2:0"), "outside 0 to 1"),
        (row("0/1:x:0"), "BAF is no finite number"),
        (row("0/1:0.5:inf"), "LRR is no finite number"),
        (row("0/1:0.5:0:7"), "more values"),
        (row("0/3:0.5:0"), "not there"),
        (row("het:0.5:0"), "no genotype"),
        (row("0|1:x:0.5:0", keys="GT:PS:BAF:LRR"), "no phase set"),
        (row("0.5:0:0/1", keys="BAF:LRR:GT"), "GT is not first"),
        (row("0/1:0.5:0", alt="Q"), "ALT"),
        (row("0/1:0.5:0").replace("1\t9", "1\tx"), "not a position"),
        (row("0/1:0.5:0").replace("1\t9", "1 1\t9"), "CHROM"),
        (row("0/1:0.5:0").replace("\t.\t.\tALL", "\t.\tALL"), "number of fields"),
    ],
)
def test_wrong_records_are_named(tmp_path: Path, record: str, word: str) -> None:
    errors = refused(tmp_path, META + COLUMNS + row("0/1:0.5:0", at=5) + record)
    line = META.count("\n") + 3
    assert [(error.code, error.where.rsplit(":", 1)[1]) for error in errors] == [("GS-2202", str(line))]
    assert word in errors[0].what


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (META, "GS-2301"),
        (META + COLUMNS, "GS-2104"),
        (META + COLUMNS + row("0/1:.:0"), "GS-2104"),
        (META + COLUMNS + row("0/1:0.5:0").replace("1\t9", "MT\t9"), "GS-2101"),
        (META.replace("249250621", "248956422") + COLUMNS + MOCHA, "GS-2101"),
        (META + COLUMNS + row("0/1:0.5:0") + row("0/1:0.5:0"), "GS-2202"),
        (META + COLUMNS + MOCHA[:-1], "GS-2003"),
        (META + COLUMNS + row("0/1:0.5:0", at=249_300_000), "GS-2101"),
    ],
)
def test_files_that_do_not_serve(tmp_path: Path, text: str, code: str) -> None:
    assert [error.code for error in refused(tmp_path, text)] == [code]
