"""Arrays of 700,000 probes from file to memory; the bar for file to calls is 3 s warm on one core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.io.genome import load_genome
from genostab.io.snp_array import read_snp_array

N_PROBES = 700_000
GENOME = load_genome("GRCh38")
_TABLE_HEAD = "Name\tChr\tPosition\tS1.GType\tS1.Log R Ratio\tS1.B Allele Freq\n"
_REPORT_HEAD = (
    "[Header]\nGSGT Version\t2.0.4\n[Data]\nSNP Name\tSample ID\tAllele1 - AB\tAllele2 - AB\tGC Score\tChr\tPosition\t"
    "B Allele Freq\tLog R Ratio\n"
)
_VCF_HEAD = (
    "##fileformat=VCFv4.2\n"
    + "".join(
        f"##contig=<ID={name},length={length}>\n"
        for name, length in zip(GENOME.names, GENOME.length_bp, strict=True)
    )
    + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("arrays")
    rng = np.random.default_rng(1)
    chrom = np.sort(rng.choice(24, size=N_PROBES, p=GENOME.length_bp / GENOME.length_bp.sum()))
    position = (rng.random(N_PROBES) * GENOME.length_bp[chrom]).astype(np.int64) + 1
    order = np.lexsort((position, chrom))
    genotype = rng.integers(0, 3, N_PROBES)
    ratio = rng.normal(0.0, 0.15, N_PROBES)
    baf = np.clip(genotype / 2 + rng.normal(0.0, 0.03, N_PROBES), 0.0, 1.0)
    found = {kind: folder / f"array.{kind}" for kind in ("txt", "report", "vcf")}
    with found["txt"].open("w") as table, found["report"].open("w") as report, found["vcf"].open("w") as vcf:
        table.write(_TABLE_HEAD)
        report.write(_REPORT_HEAD)
        vcf.write(_VCF_HEAD)
        for i, row in enumerate(order.tolist()):
            name, at, g = GENOME.names[chrom[row]], position[row], genotype[row]
            signals = f"{ratio[row]:.4f}", f"{baf[row]:.4f}"
            table.write(f"rs{i}\t{name[3:]}\t{at}\t{('AA', 'AB', 'BB')[g]}\t{signals[0]}\t{signals[1]}\n")
            alleles = ("A\tA", "A\tB", "B\tB")[g]
            report.write(f"rs{i}\tS1\t{alleles}\t0.9\t{name[3:]}\t{at}\t{signals[1]}\t{signals[0]}\n")
            info = f"ALLELE_A=0;ALLELE_B=1;GC=0.4{i % 100:02d}"
            values = f"{('0/0', '0/1', '1/1')[g]}:20:{signals[1]}:{signals[0]}"
            vcf.write(f"{name}\t{at}\trs{i}\tA\tG\t.\t.\t{info}\tGT:GQ:BAF:LRR\t{values}\n")
    return found


@pytest.mark.benchmark(group="SNP array of 700,000 probes")
@pytest.mark.parametrize("kind", ["txt", "report", "vcf"])
def test_reading(benchmark: BenchmarkFixture, files: dict[str, Path], kind: str) -> None:
    out = benchmark.pedantic(read_snp_array, (files[kind], GENOME), rounds=5, iterations=1, warmup_rounds=1)
    assert out.chrom.size == N_PROBES
