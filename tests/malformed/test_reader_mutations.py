"""Readers on good files with a few changed, lost or doubled bytes: an answer or a refusal, never a traceback."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genostab.arrays import Bins
from genostab.errors import GenostabErrors, InputError
from genostab.io.bins import read_bins
from genostab.io.chromosome_table import read_chromosome_counts
from genostab.io.fasta import composition_from_fasta
from genostab.io.genome import load_genome
from genostab.io.snp_array import read_snp_array
from genostab.io.tracks import read_track
from genostab.io.vcf import read_allele_depths

HG38 = load_genome("GRCh38")
N_MUTANTS = 150
ONE_BIN = Bins(
    chrom=np.zeros(1, dtype=np.int16),
    start=np.zeros(1, dtype=np.int64),
    end=np.full(1, 100, dtype=np.int64),
    n_reads=np.ones(1),
    ratio_log2=np.zeros(1),
    weight=np.ones(1),
    gc_fraction=np.zeros(1),
    mapq0_fraction=np.zeros(1),
    n_duplicates=np.zeros(1),
)

BED = "".join(f"chr{chrom}\t{at}\t{at + 100}\t0.5\n" for chrom in (1, 2) for at in range(0, 2000, 100))
WIG = (
    "fixedStep chrom=chr1 start=1 step=100 span=100\n"
    + "0.5\n" * 20
    + "variableStep chrom=chr2 span=9\n5 1\n20 3\n"
)
COUNTS = "chrom\tstart\tend\tcounts\n" + "".join(
    f"1\t{at}\t{at + 10}\t{at % 7}\n" for at in range(0, 300, 10)
)
TARGETS = "Target total_coverage average_coverage on_target\n" + "".join(
    f"chr1:{at}-{at + 9} {at % 7}0 {at % 7} TRUE\n" for at in range(1, 300, 10)
)
ARRAY = "Name\tChr\tPosition\tS.GType\tS.Log R Ratio\tS.B Allele Freq\n" + "".join(
    f"rs{at}\t{at % 3 + 1}\t{at + 1}\tAB\t-0.1\t0.5\n" for at in range(30)
)
REPORT = (
    "[Header]\nNum SNPs\t30\n[Data]\nSNP Name\tSample ID\tChr\tPosition\tAllele1 - Top\tAllele2 - Top\t"
    "Log R Ratio\tB Allele Freq\n"
) + "".join(f"rs{at}\tS\t{at % 3 + 1}\t{at + 1}\tA\tG\t-0.1\t0.5\n" for at in range(30))
ARRAY_VCF = (
    "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n"
) + "".join(
    f"chr1\t{at + 1}\trs{at}\tA\tG\t.\t.\tALLELE_A=0;ALLELE_B=1\tGT:PS:BAF:LRR\t0|1:7:0.5:-0.1\n"
    for at in range(30)
)
VCF = (
    "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n"
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="d">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n"
) + "".join(f"chr1\t{at + 1}\t.\tA\tG\t9\tPASS\t.\tGT:AD\t0/1:{at},9\n" for at in range(30))
CHROMOSOMES = "sample\tprotocol\t" + "\t".join(f"chr{at}" for at in range(1, 23)) + "\n"
CHROMOSOMES += "".join(f"s{at}\tA\t" + "\t".join(["7"] * 22) + "\n" for at in range(9))
IDXSTATS = "".join(f"chr{at}\t1000\t{at}\t0\n" for at in range(1, 23)) + "*\t0\t0\t5\n"
FASTA = ">chr1 x\n" + "ACGTN\n" * 40 + ">chr2\nAC\n"

READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "mosdepth": (BED, lambda path: read_bins(path, HG38)),
    "wig": (WIG, lambda path: read_bins(path, HG38)),
    "counts": (COUNTS, lambda path: read_bins(path, HG38)),
    "targets": (TARGETS, lambda path: read_bins(path, HG38)),
    "array": (ARRAY, lambda path: read_snp_array(path, HG38)),
    "final report": (REPORT, lambda path: read_snp_array(path, HG38)),
    "array vcf": (ARRAY_VCF, lambda path: read_snp_array(path, HG38)),
    "vcf": (VCF, lambda path: read_allele_depths(path, HG38)),
    "reads per chromosome": (CHROMOSOMES, lambda path: read_chromosome_counts([path])),
    "idxstats": (IDXSTATS, lambda path: read_chromosome_counts([path])),
    "track": (BED, lambda path: read_track(path, HG38, ONE_BIN)),
    "fasta": (FASTA, lambda path: composition_from_fasta(path, HG38, ONE_BIN)),
}
# Bytes that carry meaning in these formats, so that mutants reach past the first check.
TELLING = b"\t\n\r 0189.-+eEnaNf:;,/|=<>#\"'chrXYM\0\xff"


def mutant(text: str, draw: np.random.Generator) -> bytes:
    data = bytearray(text.encode())
    for _ in range(draw.integers(1, 6)):
        at = int(draw.integers(len(data)))
        match int(draw.integers(4)):
            case 0:
                data[at] = TELLING[draw.integers(len(TELLING))]
            case 1:
                del data[at : at + int(draw.integers(1, 31))]
            case 2:
                data[at:at] = data[at : at + int(draw.integers(1, 61))]
            case _:
                data.insert(at, TELLING[draw.integers(len(TELLING))])
        if not data:
            break
    packed = gzip.compress(bytes(data)) if draw.random() < 0.2 else bytes(data)
    return packed[: draw.integers(len(packed) + 1)] if draw.random() < 0.1 else packed


@pytest.mark.parametrize("name", READERS)
def test_mutants_give_an_answer_or_a_refusal(name: str, tmp_path: Path) -> None:
    text, reader = READERS[name]
    draw = np.random.default_rng(list(name.encode()))
    refusals: list[InputError] = []
    for _ in range(N_MUTANTS):
        path = tmp_path / "mutant"
        path.write_bytes(mutant(text, draw))
        try:
            reader(path)
        except InputError as error:
            refusals.append(error)
        except GenostabErrors as errors:
            refusals.append(errors.errors[0])
    assert len(refusals) > N_MUTANTS // 3
    for error in refusals:
        assert all((error.what, error.where, error.found, error.expected, error.action))
