"""Bases at sites: kernel beside its plain twin, the pass with 1 M sites beside the pass without, and bcftools.

Every round of a ratio measures everything once, so that what is compared ran within the same seconds.
"""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pysam
import pytest
from numpy.typing import NDArray
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.realistic_bam import LENGTH_BP, N_CONTIGS, NAMES, records, write_realistic_bam
from benchmarks.test_counting import measured, own_cpu_seconds, program_cpu_seconds, ratios, twenty_contigs
from genostab.arrays import Genome, SnpSites
from genostab.io.alignment_counts import AlleleRule, CountingRules
from genostab.io.bam import count_alignment
from genostab.io.bam_write import write_bam
from genostab.io.sites import read_sites
from genostab.kernels.allele_depths import count_alleles
from reference import allele_depths as plain

N_RECORDS = 20_000
COUNTS_ONLY = CountingRules(bin_bp=10_000, min_mapq=10, with_bases=False)


def sites_every(step_bp: int, n_contigs: int = N_CONTIGS) -> SnpSites:
    position = np.arange(step_bp // 2, LENGTH_BP, step_bp, dtype=np.int64)
    rng = np.random.default_rng(step_bp)
    ref = rng.integers(0, 4, position.size * n_contigs)
    alt = (ref + rng.integers(1, 4, ref.size)) % 4
    return SnpSites(
        name=f"every {step_bp}",
        chrom=np.repeat(np.arange(n_contigs, dtype=np.int16), position.size),
        position=np.tile(position, n_contigs),
        alleles=np.array([1, 2, 4, 8], dtype=np.uint8)[np.column_stack((ref, alt))],
    )


def with_sites(sites: SnpSites, rules: CountingRules = COUNTS_ONLY) -> CountingRules:
    return replace(rules, alleles=AlleleRule(sites=sites, min_mapq=20, min_base_quality=20))


def walk(
    function: Callable[..., tuple[int, int]], data: NDArray[np.uint8], sites: SnpSites
) -> tuple[int, int]:
    depths, cursor = np.zeros((sites.position.size, 6), dtype=np.int64), np.array([-1, 0, 0])
    where = np.array([[0, sites.position.size]])
    return function(data, where, sites.position, sites.alleles, 20, 20, False, cursor, depths)


@pytest.mark.parametrize("step_bp", [3000, 200])
@pytest.mark.parametrize(
    ("function", "n"), [(count_alleles, N_RECORDS), (plain.count_alleles, N_RECORDS // 200)]
)
def test_count_alleles(
    benchmark: BenchmarkFixture, function: Callable[..., tuple[int, int]], n: int, step_bp: int
) -> None:
    data, sites = records(n, contig=0, seed=4), sites_every(step_bp, n_contigs=1)
    walk(count_alleles, data, sites)
    benchmark.extra_info["records"] = n
    assert benchmark(walk, function, data, sites) == (data.size, 0)


@pytest.fixture(scope="module")
def bam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_realistic_bam(tmp_path_factory.mktemp("alleles") / "a.bam", 400_000)


def count(path: Path, genome: Genome, rules: CountingRules) -> int:
    return count_alignment(path, genome, rules, threads=1).n_records


def test_cpu_over_the_pass_without_sites(benchmark: BenchmarkFixture, bam: Path) -> None:
    """1 M sites on these 200 Mb are one per 200 bp, 15 times as many a read as on a genome, which has one per 3 kb."""
    rules = {
        "counts": COUNTS_ONLY,
        "counts_gc": replace(COUNTS_ONLY, with_bases=True),
        "a site per 3 kb": with_sites(sites_every(3000)),
        "1 M sites": with_sites(sites_every(200)),
        "1 M sites, gc": with_sites(sites_every(200), replace(COUNTS_ONLY, with_bases=True)),
    }
    assert rules["1 M sites"].alleles is not None
    assert rules["1 M sites"].alleles.sites.position.size == 1_000_000
    genome = twenty_contigs()
    actions = {
        name: partial(own_cpu_seconds, partial(count, bam, genome, rule)) for name, rule in rules.items()
    }
    seconds = measured(actions)
    benchmark.extra_info["over_counts"] = ratios(seconds, "counts")
    benchmark.extra_info["over_counts_gc"] = ratios(seconds, "counts_gc")
    benchmark.extra_info["cpu_s"] = {
        name: round(statistics.median(times), 3) for name, times in seconds.items()
    }
    benchmark.extra_info["load"] = os.getloadavg()[0]
    assert benchmark(count, bam, genome, rules["1 M sites"]) == 400_000


REGION_BP, READS_PER_CONTIG, SITE_STEP_BP = 125_000, 25_000, 500


def thirtyfold(folder: Path) -> tuple[Path, Path, Path]:
    """BAM of 20 contigs, the first 125 kb of each covered 30-fold, its FASTA, and a site per 500 bp there.

    Every third site is heterozygous; all other bases are those of the FASTA.
    """
    rng = np.random.default_rng(9)
    codes = np.array([1, 2, 4, 8], dtype=np.uint8)
    reference = codes[rng.integers(0, 4, (N_CONTIGS, REGION_BP + 1000))]
    place = np.arange(250, REGION_BP, SITE_STEP_BP)
    alternative = np.array([0, 2, 4, 0, 8, 0, 0, 0, 1], dtype=np.uint8)[reference[:, place]]
    other = reference.copy()
    other[:, place[::3]] = alternative[:, ::3]
    buffers = (
        _placed(records(READS_PER_CONTIG, contig, 3), np.stack((reference[contig], other[contig])))
        for contig in range(N_CONTIGS)
    )
    lines = "".join(f"@SQ\tSN:{name}\tLN:{LENGTH_BP}\n" for name in NAMES)
    draft, path = folder / "draft.bam", folder / "deep.bam"
    write_bam(draft, f"@HD\tVN:1.6\tSO:coordinate\n{lines}", [(name, LENGTH_BP) for name in NAMES], buffers)
    pysam.view("-b", "-o", str(path), str(draft), catch_stdout=False)
    pysam.index(str(path))
    letters = np.array(list("=AC G   T"))
    texts = ["".join(letters[row]).ljust(LENGTH_BP, "N") for row in reference]
    fasta, vcf = folder / "a.fa", folder / "sites.vcf.gz"
    fasta.write_text("".join(f">{name}\n{text}\n" for name, text in zip(NAMES, texts, strict=True)))
    pysam.faidx(str(fasta))
    rows = "".join(
        f"{NAMES[i]}\t{at + 1}\t.\t{texts[i][at]}\t{letters[alternative[i, k]]}\t.\tPASS\t.\n"
        for i in range(N_CONTIGS)
        for k, at in enumerate(place)
    )
    contigs = "".join(f"##contig=<ID={name},length={LENGTH_BP}>\n" for name in NAMES)
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    with pysam.BGZFile(str(vcf), "wb") as out:
        out.write(f"##fileformat=VCFv4.2\n{contigs}{columns}{rows}".encode())
    pysam.tabix_index(str(vcf), preset="vcf", force=True)
    return path, fasta, vcf


def _placed(raw: NDArray[np.uint8], haplotypes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Records moved into the region, their order kept, with the bases of either haplotype in turn."""
    at, n = 0, 0
    while at < raw.size:
        start = int(raw[at + 8 : at + 12].view("<i4")[0]) * REGION_BP // LENGTH_BP
        raw[at + 8 : at + 12] = np.array([start], "<i4").view(np.uint8)
        raw[at + 28 : at + 32] = np.array([start + 200], "<i4").view(np.uint8)
        bases = haplotypes[n % 2, start : start + 150]
        sequence = at + 36 + int(raw[at + 12]) + 4
        raw[sequence : sequence + 75] = (bases[::2] << 4) | bases[1::2]
        at += 4 + int(raw[at : at + 4].view("<i4")[0])
        n += 1
    return raw


def test_sites_per_cpu_second_beside_bcftools(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """From a BAM and a VCF to depths, reading of the VCF and counts per bin included, one thread each."""
    if shutil.which("bcftools") is None:
        pytest.skip("bcftools is not installed")
    path, fasta, vcf = thirtyfold(tmp_path)
    genome = twenty_contigs()
    usual = ["bcftools", "mpileup", "-f", str(fasta), "-T", str(vcf), "-q20", "-Q20", "-a", "AD"]
    fastest = [*usual, "-B", "-x", "-d", "100000"]
    (tmp_path / "call.sh").write_text(f"{' '.join(usual)} -Ou {path} | bcftools call -m -Ou > calls.bcf\n")

    def own() -> int:
        sites = read_sites(vcf, genome)
        depths = count_alignment(path, genome, with_sites(sites), threads=1).site_depths
        assert depths is not None
        assert 20 < depths.sum(axis=1).mean() < 30
        return int(sites.position.size)

    programs = {
        "mpileup | call -m": ["sh", "call.sh"],
        "mpileup": [*usual, "-Ou", "-o", "x.bcf", str(path)],
        "mpileup -B -x": [*fastest, "-Ou", "-o", "x.bcf", str(path)],
    }
    seconds = measured(
        {
            "own": partial(own_cpu_seconds, own),
            **{name: partial(program_cpu_seconds, command, tmp_path) for name, command in programs.items()},
        }
    )
    n_sites = own()
    benchmark.extra_info["sites"] = n_sites
    benchmark.extra_info["sites_per_cpu_s"] = {
        name: round(n_sites / statistics.median(times)) for name, times in seconds.items()
    }
    benchmark.extra_info["over_own"] = ratios(seconds, "own")
    benchmark.extra_info["load"] = os.getloadavg()[0]
    assert benchmark(own) == n_sites
