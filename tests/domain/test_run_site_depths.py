"""A VCF that holds no allele depths beside reads: lot and parent are counted at its sites; what is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.arrays import AlleleDepths
from genostab.errors import InputError
from genostab.io.genome import load_genome
from genostab.karyotype.settings import load_settings
from genostab.lot.manifest import Sequencing
from genostab.run.check import check_lot
from genostab.run.count import write_counts
from genostab.run.demo_lot import write_lot
from genostab.run.demo_truth import load_truth
from genostab.run.sequencing import Sequenced, analyse_sequencing

GENOME, SETTINGS = load_genome("GRCh38"), load_settings()
HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


@pytest.fixture(scope="module")
def lot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lot")
    truth = load_truth()
    libraries = tuple(dataclasses.replace(library, n_distinct=40_000) for library in truth.libraries)
    small = dataclasses.replace(truth, libraries=libraries, snps={**truth.snps, "n_sites": 300})
    write_lot(folder, small, seed=7, genome=GENOME, on_progress=lambda line: None)
    return folder


def bases_by_pysam(path: Path) -> dict[tuple[str, int], str]:
    """Base of the tenth place of every 20th accepted read; sites that two reads cover are left to the pileup."""
    found = {}
    with pysam.AlignmentFile(str(path)) as file:
        for k, read in enumerate(file):
            good = not read.flag & 0xF04 and read.mapping_quality >= 20 and read.query_qualities[9] >= 20
            if good and k % 20 == 0 and read.query_sequence[9] in "ACGT":
                found[read.reference_name, read.reference_start + 9] = read.query_sequence[9]
    return found


@pytest.fixture(scope="module")
def sites(lot: Path) -> Path:
    """Sites whose ALT is what a read of the lot shows, so that each has one ALT read or more."""
    path = lot / "sites.vcf"
    rows = (
        f"{chrom}\t{position + 1}\t.\t{'ACGT'['CGTA'.index(base)]}\t{base}\t.\tPASS\t.\n"
        for (chrom, position), base in bases_by_pysam(lot / "nsc.bam").items()
    )
    path.write_text(HEAD + "".join(rows))
    return path


def analysed(**files: object) -> Sequenced:
    return analyse_sequencing(
        Sequencing(**files), sex=None, genome=GENOME, settings=SETTINGS, threads=1, on_progress=lambda _: None
    )


def test_lot_and_parent_are_counted_at_the_sites(lot: Path, sites: Path) -> None:
    bank = (
        lot / "half.bam"
    )  # reads of the demonstration have chance bases, so that the true parent has others here
    pysam.view("-b", "-s", "1.5", "-o", str(bank), str(lot / "nsc.bam"), catch_stdout=False)
    found = analysed(sample=lot / "nsc.bam", parent=bank, snps=sites)
    assert isinstance(found.snps, AlleleDepths)
    expected = bases_by_pysam(lot / "nsc.bam")
    places = [(GENOME.names.index(chrom), position) for chrom, position in expected]
    assert sorted(places) == list(zip(found.snps.chrom.tolist(), found.snps.position.tolist(), strict=True))
    assert len(places) > 1000
    assert (found.snps.alt_depth >= 1).all()
    (parent,) = found.parent_snps
    assert 0 < (parent.ref_depth + parent.alt_depth).sum() < found.snps.alt_depth.sum()
    rows = {name: (value, note) for name, value, _, note in found.qc}
    assert rows["genotypes called, nsc.bam"][1].startswith(f"of {len(places)} sites; mean depth 1.")
    assert "reference bias, half.bam" in rows
    assert rows["heterozygous SNPs"][0] == int((found.snps.genotype == 1).sum())


def test_without_a_parent_there_are_no_parents_genotypes(lot: Path, sites: Path) -> None:
    found = analysed(sample=lot / "nsc.bam", snps=sites)
    assert isinstance(found.snps, AlleleDepths)
    assert found.parent_snps == ()


def test_depths_of_the_vcf_come_first(lot: Path) -> None:
    found = analysed(sample=lot / "nsc.bam", snps=lot / "nsc.vcf.gz")
    assert isinstance(found.snps, AlleleDepths)
    assert found.snps.ref_depth.mean() > 5
    assert not [name for name, *_ in found.qc if name.startswith("reference bias")]


def refused(**files: object) -> InputError:
    with pytest.raises(InputError) as caught:
        analysed(**files)
    return caught.value


def test_sites_without_a_read_are_refused(lot: Path, tmp_path: Path) -> None:
    none = tmp_path / "none.vcf"
    none.write_text(HEAD + "chr1\t5\t.\tA\tC\t.\tPASS\t.\n")  # in the gap at the start of the chromosome
    error = refused(sample=lot / "nsc.bam", snps=none)
    assert (error.code, error.what) == ("GS-2104", "no read shows an allele of any site")


def test_sites_at_which_reads_show_other_bases_are_refused(lot: Path, tmp_path: Path) -> None:
    """REF and ALT drawn by chance, as at positions of another assembly: half of the bases are neither."""
    rng, path = np.random.default_rng(4), tmp_path / "other.vcf"
    rows = []
    for chrom, position in bases_by_pysam(lot / "nsc.bam"):
        ref, alt = rng.permutation(list("ACGT"))[:2]
        rows.append(f"{chrom}\t{position + 1}\t.\t{ref}\t{alt}\t.\tPASS\t.\n")
    path.write_text(HEAD + "".join(rows))
    error = refused(sample=lot / "nsc.bam", snps=path)
    assert (error.code, error.what) == ("GS-2101", "the reads show neither allele at many of the sites")


def test_sites_on_other_contigs_than_the_reads_are_refused(lot: Path, sites: Path, tmp_path: Path) -> None:
    header = {"SQ": [{"SN": "chr21", "LN": int(GENOME.length_bp[20])}]}
    pysam.AlignmentFile(str(tmp_path / "a.bam"), "wb", header=header).close()
    only = tmp_path / "one.vcf"
    only.write_text(HEAD + "chr1\t50000\t.\tA\tC\t.\tPASS\t.\n")
    error = refused(sample=tmp_path / "a.bam", snps=only)
    assert (error.code, error.what) == ("GS-2101", "no site lies on a contig of the alignment")


def test_counts_and_bins_have_no_reads_to_look_at(lot: Path, sites: Path, tmp_path: Path) -> None:
    counts = tmp_path / "nsc.counts.tsv.gz"
    write_counts(
        lot / "nsc.bam",
        counts,
        assembly="GRCh38",
        reference=None,
        min_mapq=None,
        keep_duplicates=False,
        with_bases=True,
        regions=None,
        telomeres=False,
        threads=1,
        on_progress=lambda _: None,
    )
    bins = tmp_path / "a.regions.bed"
    rng = np.random.default_rng(1)
    bins.write_text(
        "".join(
            f"{name}\t{at}\t{at + 1_000_000}\t{rng.normal(30, 1):.2f}\n"
            for name, length in zip(GENOME.names, GENOME.length_bp, strict=True)
            for at in range(0, int(length) - 1_000_000, 1_000_000)
        )
    )
    for sample in (counts, bins):
        error = refused(sample=sample, snps=sites)
        assert error.code == "GS-2301"
        assert sample.name in error.found


def test_check_reads_sites(lot: Path, sites: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "lot.yaml"
    manifest.write_text(f"lot: a\nsequencing: {{sample: {lot / 'nsc.bam'}, snps: {sites}}}\n")
    assert check_lot(manifest) == 2
