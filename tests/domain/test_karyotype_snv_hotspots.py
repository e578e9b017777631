"""SNV hotspots: matched by annotation, by interval where there is none, and what their absence says."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import beta, binom

from genostab.io.genome import load_genome
from genostab.io.variants import protein_change, read_variants
from genostab.karyotype.sample_settings import load_sample_settings
from genostab.karyotype.snv_hotspots import depth_for, find_snvs, least_vaf, load_snv_hotspots
from genostab.results import SnvFinding

GENOME = load_genome("GRCh38")
SETTINGS = load_sample_settings()
HEADER = """##fileformat=VCFv4.2
##contig=<ID=chr17>
##contig=<ID=chr3>
##INFO=<ID=ANN,Number=.,Type=String,Description="Functional annotations: 'Allele | Annotation | ...'">
##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequence annotations from Ensembl VEP. Format: \
Allele|Consequence|SYMBOL|HGVSc|HGVSp">
##INFO=<ID=BCSQ,Number=.,Type=String,Description="Haplotype-aware consequence annotation">
##FORMAT=<ID=GT,Number=1,Type=String,Description="GT">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="AD">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tlot
"""
ANN = "ANN=T|missense_variant|MODERATE|TP53|ENSG1|transcript|ENST1|protein_coding|5/11|c.524G>A|p.Arg175His|1|1|1|1|"


def findings(tmp_path: Path, *records: str) -> tuple[SnvFinding, ...]:
    path = tmp_path / "lot.vcf"
    path.write_text(HEADER + "".join(record + "\n" for record in records))
    return find_snvs(read_variants(path, GENOME), GENOME, SETTINGS)


def record(pos: int, info: str, depths: str = "80,20", chrom: str = "chr17") -> str:
    return f"{chrom}\t{pos}\t.\tC\tT\t.\tPASS\t{info}\tGT:AD\t0/1:{depths}"


@pytest.mark.parametrize(
    "info",
    [
        ANN,
        "CSQ=T|missense_variant&splice_region_variant|TP53|c.524G>A|ENSP1.2:p.Arg175His",
        "BCSQ=missense|TP53|ENST1|protein_coding|-|175R>175H|7675088C>T",
    ],
)
def test_a_listed_change_in_three_annotations(tmp_path: Path, info: str) -> None:
    first = findings(tmp_path, record(7675088, info))[0]
    assert (first.gene, first.change, first.matched, first.depth) == ("TP53", "Arg175His", "hotspot", 100)
    assert first.vaf.estimate == 0.2
    # Clopper and Pearson's interval of 20 of 100
    assert first.vaf.low == pytest.approx(beta.ppf(0.025, 20, 81))
    assert first.vaf.high == pytest.approx(beta.ppf(0.975, 21, 80))
    assert "10.1038/nature22312" in first.source


def test_another_change_of_a_listed_gene_and_a_silent_one(tmp_path: Path) -> None:
    other = "BCSQ=missense|TP53|ENST1|protein_coding|-|282R>282W|1C>T"
    silent = "BCSQ=synonymous|TP53|ENST1|protein_coding|-|213R|1C>T"
    found = [
        each for each in findings(tmp_path, record(7673776, other), record(7674894, silent)) if each.position
    ]
    assert [(each.gene, each.change, each.matched) for each in found] == [("TP53", "Arg282Trp", "gene")]


def test_a_gene_without_interval_is_found_by_annotation_only(tmp_path: Path) -> None:
    info = "BCSQ=missense|OGG1|ENST1|protein_coding|+|154R>154H|1C>T"
    (found,) = [each for each in findings(tmp_path, record(9751000, info, chrom="chr3")) if each.position]
    assert (found.gene, found.change, found.matched) == ("OGG1", "Arg154His", "hotspot")
    assert found.source.count("doi") == 2


def test_without_annotation_the_interval_tells_and_absence_is_not_claimed(tmp_path: Path) -> None:
    found = findings(tmp_path, record(7675088, "."))
    assert [(each.gene, each.matched) for each in found if each.position] == [("TP53", "not annotated")]
    absent = [each for each in found if each.gene == "TP53" and each.position is None]
    assert len(absent) == 10
    assert {each.vaf.status for each in absent} == {"not_computed"}


def test_absence_has_a_limit_of_detection_where_a_depth_is_known(tmp_path: Path) -> None:
    silent = "BCSQ=synonymous|TP53|ENST1|protein_coding|-|213R|1C>T"
    found = findings(tmp_path, record(7674894, silent, "15,15"))
    absent = {(each.gene, each.change): each for each in found}
    tp53, egfr = absent["TP53", "Arg175His"], absent["EGFR", ""]
    assert (tp53.depth, tp53.vaf.status, tp53.vaf.estimate) == (30, "not_detected", None)
    # At the limit, fewer than three ALT reads of 30 have a chance of 5 %.
    assert binom.cdf(2, 30, tp53.vaf.lod) == pytest.approx(0.05)
    assert (egfr.depth, egfr.vaf.status) == (None, "not_computed")


def test_depth_that_is_needed() -> None:
    n = depth_for(0.05, SETTINGS)
    assert binom.sf(2, n, 0.05) >= 0.95 > binom.sf(2, n - 1, 0.05)
    assert least_vaf(2, SETTINGS) is None


def test_changes_that_are_none() -> None:
    assert protein_change("p.(Gly245Ser)") == "Gly245Ser"
    assert protein_change("c.524G>A") == ""


def test_every_hotspot_has_its_source_and_no_interval_outside_grch38() -> None:
    spots = load_snv_hotspots("GRCh37")
    assert len(spots) == 18
    assert all("doi 10." in spot.source and spot.start == -1 for spot in spots)
