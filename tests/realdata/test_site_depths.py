"""Alleles at sites of real reads: to the read as samtools and bcftools count them; genotypes against NIST's."""

from __future__ import annotations

import gzip
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.arrays import Genome, Int64, SnpSites
from genostab.io.alignment_counts import AlleleRule, CountingRules
from genostab.io.bam import count_alignment
from genostab.io.genome import load_genome
from genostab.io.sites import holds_allele_depths, read_sites
from genostab.karyotype.settings import load_settings
from genostab.karyotype.site_genotypes import genotype_sites

HG19 = load_genome("GRCh37")
SETTINGS = load_settings()
CODE = {"A": 1, "C": 2, "G": 4, "T": 8}
LETTER = {code: base for base, code in CODE.items()}


def three_megabases() -> Genome:
    """GRCh37 with a chromosome 1 as long as that of the slice."""
    length = HG19.length_bp.copy()
    length[0] = 3_000_000
    return replace(HG19, length_bp=length)


@pytest.fixture(scope="module")
def slice_of_hg002(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """CRAM and plain FASTA."""
    folder = data_dir / "bam_hg002_chr1_3Mb"
    fasta = tmp_path_factory.mktemp("hg002") / "subset.fa"
    fasta.write_bytes(gzip.decompress((folder / "subset.fa.gz").read_bytes()))
    pysam.faidx(str(fasta))
    return folder / "NA24385_chr1.cram", fasta


@pytest.fixture(scope="module")
def single_reads(slice_of_hg002: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reads as a BAM in which no pair is proper, so that every base of every read is its own."""
    cram, fasta = slice_of_hg002
    path = tmp_path_factory.mktemp("single") / "a.bam"
    pysam.view("-b", "-T", str(fasta), "--remove-flags", "2", "-o", str(path), str(cram), catch_stdout=False)
    pysam.index(str(path))
    return path


@pytest.fixture(scope="module")
def hg002_sites(slice_of_hg002: tuple[Path, Path]) -> SnpSites:
    """Every 7th base of the slice, with an ALT that goes round; 30,000 and more have reads."""
    with pysam.FastaFile(str(slice_of_hg002[1])) as file:
        text = file.fetch("1").upper()
    position = np.array([i for i in range(0, len(text), 7) if text[i] in CODE], dtype=np.int64)
    alleles = [
        (CODE[text[i]], CODE["ACGT"[("ACGT".index(text[i]) + 1 + k % 3) % 4]]) for k, i in enumerate(position)
    ]
    return SnpSites(
        name="every 7th",
        chrom=np.zeros(position.size, dtype=np.int16),
        position=position,
        alleles=np.array(alleles, dtype=np.uint8),
    )


def depths_of(path: Path, sites: SnpSites, genome: Genome, reference: Path | None = None) -> Int64:
    alleles = AlleleRule(sites=sites, min_mapq=20, min_base_quality=20)
    rules = CountingRules(bin_bp=100_000, min_mapq=10, with_bases=False, alleles=alleles)
    found = count_alignment(path, genome, rules, reference=reference).site_depths
    assert found is not None
    return found


def as_depths(sites: SnpSites, seen: dict[int, Counter[str]]) -> Int64:
    """Letters of each position, capital where forward, as the six columns."""
    expected = np.zeros((sites.position.size, 6), dtype=np.int64)
    for i, position in enumerate(sites.position.tolist()):
        ref, alt = (LETTER[int(code)] for code in sites.alleles[i])
        for letter, n in seen.get(position, Counter()).items():
            base = letter.upper()
            column = {ref: 0, alt: 2}.get(base, 4)
            if base in CODE:
                expected[i, column + letter.islower()] += n
    return expected


def piled_up(path: Path, sites: SnpSites, **options: object) -> dict[int, Counter[str]]:
    """What samtools' pileup shows at sites, by pysam, without BAQ and with orphans."""
    wanted = set(sites.position.tolist())
    with pysam.AlignmentFile(str(path)) as file:
        columns = file.pileup(
            stepper="samtools",
            flag_filter=0xF04,
            min_mapping_quality=20,
            min_base_quality=20,
            ignore_orphans=False,
            compute_baq=False,
            max_depth=1_000_000,
            **options,
        )
        return {
            column.reference_pos: Counter(column.get_query_sequences())
            for column in columns
            if column.reference_pos in wanted
        }


def test_depths_are_those_of_the_pileup_to_the_read(single_reads: Path, hg002_sites: SnpSites) -> None:
    depths = depths_of(single_reads, hg002_sites, three_megabases())
    expected = as_depths(hg002_sites, piled_up(single_reads, hg002_sites, ignore_overlaps=False))
    np.testing.assert_array_equal(depths, expected)
    assert (depths.sum(axis=1) > 0).sum() > 30_000
    assert (depths.sum(axis=0) > 100).all()


def test_depths_are_those_of_bcftools(
    single_reads: Path,
    slice_of_hg002: tuple[Path, Path],
    hg002_sites: SnpSites,
    require_tool: Callable[[str], str],
    tmp_path: Path,
) -> None:
    """ADF and ADR of REF and, where bcftools lists it, of our ALT."""
    bcftools, bed = require_tool("bcftools"), tmp_path / "sites.bed"
    bed.write_text("".join(f"1\t{at}\t{at + 1}\n" for at in hg002_sites.position.tolist()))
    command = [
        bcftools,
        "mpileup",
        "-f",
        str(slice_of_hg002[1]),
        "-T",
        str(bed),
        "-q20",
        "-Q20",
        "-B",
        "-x",
        "-A",
    ]
    command += ["--ff", "0xF04", "-d", "1000000", "-I", "-a", "AD,ADF,ADR", str(single_reads)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    depths = depths_of(single_reads, hg002_sites, three_megabases())
    row_of = {at: i for i, at in enumerate(hg002_sites.position.tolist())}
    n_compared = n_alt = 0
    for line in done.stdout.splitlines():
        if line.startswith("#"):
            continue
        fields = line.split("\t")
        i = row_of[int(fields[1]) - 1]
        values = dict(zip(fields[8].split(":"), fields[9].split(":"), strict=True))
        names = [fields[3], *fields[4].split(",")]
        strands = [[int(n) for n in values[key].split(",")] for key in ("ADF", "ADR")]
        assert depths[i, :2].tolist() == [strand[0] for strand in strands]
        alt = LETTER[int(hg002_sites.alleles[i, 1])]
        if alt in names:
            assert depths[i, 2:4].tolist() == [strand[names.index(alt)] for strand in strands]
            n_alt += 1
        n_compared += 1
    assert n_compared > 30_000
    assert n_alt > 300


def test_a_cram_gives_the_depths_of_its_bam(
    slice_of_hg002: tuple[Path, Path], hg002_sites: SnpSites, tmp_path: Path
) -> None:
    cram, fasta = slice_of_hg002
    bam = tmp_path / "a.bam"
    pysam.view("-b", "-T", str(fasta), "-o", str(bam), str(cram), catch_stdout=False)
    of_cram = depths_of(cram, hg002_sites, three_megabases(), fasta)
    np.testing.assert_array_equal(of_cram, depths_of(bam, hg002_sites, three_megabases()))
    assert of_cram.sum() > 100_000


def once_per_pair(path: Path, fasta: Path, sites: SnpSites) -> dict[int, Counter[str]]:
    """Letters of each site, with both mates at hand: the forward read is silent wherever its mate is aligned across."""
    with pysam.AlignmentFile(str(path), "rc", reference_filename=str(fasta), check_sq=False) as file:
        reads = [
            read
            for read in file.fetch(until_eof=True)
            if not read.flag & (0x4 | 0x100 | 0x200 | 0x800) and read.cigartuples
        ]
    mates = {(read.query_name, read.is_read1): read for read in reads}
    wanted, seen = set(sites.position.tolist()), {}
    for read in reads:
        if read.is_duplicate or read.mapping_quality < 20:
            continue
        mate, spared = mates.get((read.query_name, not read.is_read1)), (0, 0)
        if read.is_proper_pair and read.is_forward and mate is not None and mate.is_reverse:
            spared = (mate.reference_start, mate.reference_end)
        elif read.is_proper_pair and read.is_forward and mate is None:  # cut off with the slice
            spared = (read.next_reference_start, read.reference_start + abs(read.template_length))
        text, qualities = read.query_sequence, read.query_qualities
        for q, at in read.get_aligned_pairs(matches_only=True):
            if at in wanted and qualities[q] >= 20 and not spared[0] <= at < spared[1]:
                letter = text[q].lower() if read.is_reverse else text[q]
                seen.setdefault(at, Counter())[letter] += 1
    return seen


def test_mates_count_once_as_with_both_at_hand(
    slice_of_hg002: tuple[Path, Path], hg002_sites: SnpSites, single_reads: Path
) -> None:
    """TLEN is a base too long in 0.1 % of these pairs, where a soft clip begins; no base counts twice."""
    cram, fasta = slice_of_hg002
    depths = depths_of(cram, hg002_sites, three_megabases(), fasta)
    expected = as_depths(hg002_sites, once_per_pair(cram, fasta, hg002_sites))
    assert (depths <= expected).all()
    assert (expected - depths).sum() < 1e-5 * expected.sum()
    each = depths_of(single_reads, hg002_sites, three_megabases())
    assert 0.03 < 1.0 - depths.sum() / each.sum() < 0.05


def test_mates_cost_few_bases_beside_a_pileup_that_knows_their_names(
    slice_of_hg002: tuple[Path, Path], hg002_sites: SnpSites, tmp_path: Path
) -> None:
    """samtools takes the better base of two; of the bases that it counts, less than 0.1 % are lost."""
    cram, fasta = slice_of_hg002
    bam = tmp_path / "a.bam"
    pysam.view(
        "-b", "-T", str(fasta), "-o", f"{bam}##idx##{bam}.bai", "--write-index", str(cram), catch_stdout=False
    )
    depths = depths_of(bam, hg002_sites, three_megabases())
    theirs = as_depths(hg002_sites, piled_up(bam, hg002_sites, ignore_overlaps=True))
    assert 0.999 < depths.sum() / theirs.sum() <= 1.0
    # A pair is still counted at most once: what is more at a site is a base that samtools takes for the worse one.
    assert (depths.sum(axis=1) > theirs.sum(axis=1)).sum() < 1e-4 * hg002_sites.position.size


def test_genotypes_are_those_of_nist(data_dir: Path) -> None:
    folder = data_dir / "bam_small"
    vcf, bam = folder / "test_nist.b37_chr20_100kbp_at_10mb.vcf.gz", folder / "NA12878_small.bam"
    assert not holds_allele_depths(vcf)
    sites = read_sites(vcf, HG19)
    depths = depths_of(bam, sites, HG19)
    expected = as_depths(sites, piled_up(bam, sites, ignore_overlaps=True))
    both = depths.reshape(-1, 3, 2).sum(axis=2)
    np.testing.assert_array_equal(both, expected.reshape(-1, 3, 2).sum(axis=2))
    assert both.sum() > 500
    found = genotype_sites("NA12878", sites, depths, SETTINGS)
    with pysam.VariantFile(str(vcf)) as file:
        truth = {record.start: sum(a or 0 for a in record.samples[0]["GT"]) for record in file}
    called = np.flatnonzero(found.snps.genotype >= 0)
    right = [int(found.snps.genotype[i]) == truth[int(found.snps.position[i])] for i in called]
    assert len(right) > 10
    assert all(right)
