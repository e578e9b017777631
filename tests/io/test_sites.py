"""Sites of a VCF: which records are sites, against bcftools; what is refused."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.arrays import SnpSites
from genostab.errors import GenostabErrors, InputError
from genostab.io.genome import load_genome
from genostab.io.sites import holds_allele_depths, read_sites

HG38 = load_genome("GRCh38")
HEAD = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n##contig=<ID=chr2,length=242193529>\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
SAMPLE = '##FORMAT=<ID=GT,Number=1,Type=String,Description="x">\n'
AD = '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="x">\n'


def line(chrom: str, position: int | str, ref: str, alt: str, filters: str = "PASS") -> str:
    return f"{chrom}\t{position}\t.\t{ref}\t{alt}\t.\t{filters}\t.\n"


def written(path: Path, rows: str, head: str = HEAD, columns: str = COLUMNS) -> Path:
    path.write_text(f"{head}{columns}\n{rows}")
    return path


def told(sites: SnpSites) -> list[tuple[int, int, int, int]]:
    rows = zip(sites.chrom, sites.position, sites.alleles[:, 0], sites.alleles[:, 1], strict=True)
    return [(int(a), int(b), int(c), int(d)) for a, b, c, d in rows]


def as_bcf(path: Path, out: Path) -> None:
    with (
        pysam.VariantFile(str(path)) as source,
        pysam.VariantFile(str(out), "wb", header=source.header) as bcf,
    ):
        for record in source:
            bcf.write(record)


def test_records_written_by_hand(tmp_path: Path) -> None:
    rows = (
        line("chr2", 7, "A", "C")
        + line("chr1", 900, "g", "t", ".")
        + line("chr1", 5, "A", "G")
        + line("chr1", 5, "A", "G")  # twice: once
        + line("chr1", 20, "A", "G")
        + line("chr1", 20, "A", "T")  # split alleles: none
        + line("chr1", 30, "A", "G")
        + line("chr1", 30, "AT", "A")  # beside an indel: none
        + line("chr1", 40, "A", "<NON_REF>")
        + line("chr1", 50, "A", "G")
        + line("chr1", 50, "A", "<DEL>")  # symbolic alleles split nothing
        + line("chr1", 60, "A", "C,G")
        + line("chr1", 70, "A", "G", "q10")
        + line("chr1", 80, "N", "G")
        + line("chr1", 90, "A", ".")
        + line("chr1", 0, "A", "G")
        + line("chrM", 100, "A", "G")
        + "\n"
    )
    expected = [(0, 4, 1, 4), (0, 49, 1, 4), (0, 899, 4, 8), (1, 6, 1, 2)]
    assert told(read_sites(written(tmp_path / "a.vcf", rows), HG38)) == expected
    bare = HEAD.replace("=chr", "=")
    assert told(read_sites(written(tmp_path / "b.vcf", rows.replace("chr", ""), bare), HG38)) == expected
    (tmp_path / "c.vcf.gz").write_bytes(gzip.compress((tmp_path / "a.vcf").read_bytes()))
    assert told(read_sites(tmp_path / "c.vcf.gz", HG38)) == expected
    crlf = (tmp_path / "a.vcf").read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "d.vcf").write_bytes(crlf)
    assert told(read_sites(tmp_path / "d.vcf", HG38)) == expected


@pytest.mark.parametrize("ending", ["vcf.gz", "bcf"])
def test_sites_are_those_of_bcftools(tmp_path: Path, require_tool: Callable[[str], str], ending: str) -> None:
    """-m2 -M2 -v snps of distinct positions, in the file's order, which is that of the genome."""
    bcftools = require_tool("bcftools")
    rng = np.random.default_rng(2)
    rows = []
    for chrom in ("chr1", "chr2"):
        for position in np.sort(rng.choice(1_000_000, 3000, replace=False)) + 1:
            alleles = rng.permutation(["A", "C", "G", "T", "AC", "GTT"])[: rng.integers(2, 4)]
            filters = rng.choice(["PASS", ".", "low"], p=[0.7, 0.2, 0.1])
            rows.append(line(chrom, int(position), alleles[0], ",".join(alleles[1:]), filters))
    head = HEAD + '##FILTER=<ID=low,Description="x">\n'
    plain, packed = written(tmp_path / "a.vcf", "".join(rows), head), tmp_path / f"b.{ending}"
    mode = "-Oz" if ending == "vcf.gz" else "-Ob"
    subprocess.run([bcftools, "view", mode, "-o", packed, plain], check=True)
    command = [bcftools, "view", "-H", "-m2", "-M2", "-v", "snps", "-f", "PASS,.", packed]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    codes = {"A": 1, "C": 2, "G": 4, "T": 8}
    fields = [text.split("\t") for text in done.stdout.splitlines()]
    expected = [(int(f[0][3:]) - 1, int(f[1]) - 1, codes[f[3]], codes[f[4]]) for f in fields]
    assert len(expected) > 500
    assert told(read_sites(packed, HG38)) == expected


@pytest.mark.parametrize(
    ("rows", "code", "words"),
    [
        ("", "GS-2301", "no usable SNP"),
        (line("chr1", 5, "AT", "A") + line("chr1", 9, "G", "GC"), "GS-2301", "no usable SNP"),
        (line("chr1", 5, "A", "G", "q10"), "GS-2301", "no usable SNP"),
        (line("chrM", 5, "A", "G"), "GS-2101", "no contig is a human chromosome"),
        (line("chr1", 248_956_423, "A", "G"), "GS-2101", "past the end"),
        (line("chr1", 249_000_000, "A", "G"), "GS-2101", "GRCh37"),
        (line("chr1", "5x", "A", "G"), "GS-2301", "POS is no position"),
        (line("chr1", "-5", "A", "G"), "GS-2301", "POS is no position"),
        (line("chr1", "1e3", "A", "G"), "GS-2301", "POS is no position"),
        (line("chr1", "1" * 11, "A", "G"), "GS-2301", "POS is no position"),
        (line("chr1", "1.5", "A", "G"), "GS-2301", "POS is no position"),
        (line("chr1", 5, "A", "G") + "chr1\t8\t.\tA\n", "GS-2301", "a.vcf:6"),
        (line("chr1", 5, "A", "G") + "chr1\t\t.\tA\tG\t.\t.\t.\n", "GS-2301", "a.vcf:6"),
        (line("chr1", 5, "A", "G")[:-1], "GS-2003", "line end"),
        ("\xff\xfe\x00" * 9 + "\n", "GS-2301", "no row can be told"),
    ],
)
def test_what_is_refused(tmp_path: Path, rows: str, code: str, words: str) -> None:
    path = written(tmp_path / "a.vcf", rows)
    with pytest.raises((InputError, GenostabErrors)) as caught:
        read_sites(path, HG38)
    first = caught.value.errors[0] if isinstance(caught.value, GenostabErrors) else caught.value
    assert first.code == code
    assert words in str(first)


def test_headers_that_are_refused(tmp_path: Path) -> None:
    for head, columns, code in (
        (HEAD.replace("248956422", "249250621"), COLUMNS, "GS-2101"),
        (HEAD, "#CHROM\tPOS", "GS-2301"),
        ("not a VCF\n", COLUMNS, "GS-2301"),
    ):
        with pytest.raises(InputError) as caught:
            read_sites(written(tmp_path / "a.vcf", line("chr1", 5, "A", "G"), head, columns), HG38)
        assert caught.value.code == code


def test_a_damaged_bcf_is_refused(tmp_path: Path) -> None:
    plain = written(tmp_path / "a.vcf", "".join(line("chr1", 9 * i + 1, "A", "G") for i in range(9000)))
    as_bcf(plain, tmp_path / "a.bcf")
    whole = (tmp_path / "a.bcf").read_bytes()
    assert read_sites(tmp_path / "a.bcf", HG38).position.size == 9000
    for n_kept in (len(whole) // 2, len(whole) - 40, 30):
        (tmp_path / "b.bcf").write_bytes(whole[:n_kept])
        with pytest.raises(InputError) as caught:
            read_sites(tmp_path / "b.bcf", HG38)
        assert caught.value.code in ("GS-2003", "GS-2102")


def test_which_files_hold_depths(tmp_path: Path) -> None:
    row = line("chr1", 5, "A", "G")[:-1]
    genotype, depths = "\tGT\t0/1\n", "\tGT:AD\t0/1:3,4\n"
    one, two = f"{COLUMNS}\tFORMAT\ts", f"{COLUMNS}\tFORMAT\ts\tt"
    cases = (
        (HEAD, COLUMNS, row + "\n", False),
        (HEAD + AD, COLUMNS, row + "\n", False),
        (HEAD + SAMPLE, one, row + genotype, False),
        (HEAD + SAMPLE, two, row + "\tGT\t0/1\t1/1\n", False),
        (HEAD + SAMPLE + AD, one, row + depths, True),
        (HEAD + SAMPLE + AD, two, row + "\tGT:AD\t0/1:3,4\t0/1:3,4\n", True),
        (HEAD + SAMPLE, one, row + depths, True),  # AD that the header does not declare
        (HEAD + SAMPLE, one, "", False),
        ("not a VCF\n", COLUMNS, row, True),  # left to the reader of depths, which refuses it
    )
    for i, (head, columns, rows, expected) in enumerate(cases):
        path = written(tmp_path / f"{i}.vcf", rows, head, columns)
        assert holds_allele_depths(path) is expected, i
    for i in (0, 2, 4, 5):
        bcf = tmp_path / f"{i}.bcf"
        as_bcf(tmp_path / f"{i}.vcf", bcf)
        assert holds_allele_depths(bcf) is cases[i][3]


def sampled(chrom: str, position: int, *values: str, keys: str = "GT:PS") -> str:
    return f"{line(chrom, position, 'A', 'G')[:-1]}\t{keys}\t" + "\t".join(values) + "\n"


PHASED = HEAD + SAMPLE + '##FORMAT=<ID=PS,Number=1,Type=Integer,Description="x">\n'


@pytest.mark.parametrize("ending", ["vcf", "bcf"])
def test_genotypes_and_phase_of_the_sample(tmp_path: Path, ending: str) -> None:
    rows = (
        sampled("chr1", 10, "0|1:10")
        + sampled("chr1", 20, "1|0:10")
        + sampled("chr1", 30, "0/1:.")
        + sampled("chr1", 40, "1|1:10")
        + sampled("chr1", 50, "./.:.")
        + sampled("chr1", 60, "0/0:.")
        + sampled("chr2", 5, "1|0", keys="GT")
        + sampled("chr2", 7, "0|1:.")
    )
    path = written(tmp_path / "a.vcf", rows, PHASED, COLUMNS + "\tFORMAT\tdonor")
    if ending == "bcf":
        as_bcf(path, path := tmp_path / "a.bcf")
    sites = read_sites(path, HG38)
    assert sites.genotype is not None
    assert sites.phase is not None
    assert sites.genotype.tolist() == [1, 1, 1, 2, -1, 0, 1, 1]
    # The left allele is that of the first haplotype; without PS a chromosome is one block (VCF 4.4, 1.6.2).
    assert sites.phase.haplotype.tolist() == [2, 1, 0, 0, 0, 0, 1, 2]
    assert sites.phase.block.tolist() == [10, 10, -1, -1, -1, -1, 0, 0]


@pytest.mark.parametrize("ending", ["vcf", "bcf"])
def test_of_several_samples_one_is_named(tmp_path: Path, ending: str) -> None:
    rows = sampled("chr1", 10, "0|1:10", "0/0:.") + sampled("chr1", 20, "1|0:10", "1/1:.")
    path = written(tmp_path / "a.vcf", rows, PHASED, COLUMNS + "\tFORMAT\tfirst\tsecond")
    if ending == "bcf":
        as_bcf(path, path := tmp_path / "a.bcf")
    assert read_sites(path, HG38).genotype is None
    second = read_sites(path, HG38, "second")
    assert second.genotype is not None
    assert (second.genotype.tolist(), second.phase) == ([0, 2], None)
    with pytest.raises(InputError, match=r"GS-2301.*the sample is not in the file"):
        read_sites(path, HG38, "third")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("0|2:10", "allele that is not there"),
        ("0-1:10", "no genotype"),
        ("0|1:x", "no phase set"),
        ("0|1:1:2", "more values"),
    ],
)
def test_a_wrong_genotype_is_refused_with_its_line(tmp_path: Path, values: str, words: str) -> None:
    rows = sampled("chr1", 10, "0|1:10") + sampled("chr1", 20, values)
    with pytest.raises(GenostabErrors) as caught:
        read_sites(written(tmp_path / "a.vcf", rows, PHASED, COLUMNS + "\tFORMAT\tdonor"), HG38)
    (error,) = caught.value.errors
    assert (error.code, error.where) == ("GS-2301", f"{tmp_path / 'a.vcf'}:8")
    assert words in error.what
