"""Bands, ISCN strings and recurrent regions, against the cytoband table and the standard's own examples."""

from __future__ import annotations

import pytest

from genostab.io.genome import load_genome
from genostab.karyotype.annotate import Hotspot, bands_of, hotspots_hit, iscn_of
from genostab.run.hotspots import load_hotspots
from tests.domain.karyotype_data import GRCH38, SETTINGS, toy_genome

GRCH37 = load_genome("GRCh37")


def bands(chrom: str, start: int, end: int, genome=GRCH38) -> str:
    return bands_of(genome, genome.names.index(chrom), start, end)


@pytest.mark.parametrize(
    ("chrom", "start", "end", "expected"),
    [
        # UCSC cytoBand hg38: chr20 q11.21 30,400,000-33,500,000, q11.22 33,500,000-35,800,000.
        ("chr20", 30_400_000, 33_500_000, "20q11.21"),
        ("chr20", 30_400_000, 33_500_001, "20q11.21q11.22"),
        ("chr20", 33_499_999, 33_500_000, "20q11.21"),
        ("chr20", 33_500_000, 33_500_001, "20q11.22"),
        ("chr12", 0, 133_275_309, "12"),
        ("chr12", 1, 133_275_309, "12p13.33q24.33"),
        ("chrX", 0, 5_000_000, "Xp22.33p22.32"),
        ("chr17", 7_668_401, 7_687_550, "17p13.1"),
    ],
)
def test_bands(chrom: str, start: int, end: int, expected: str) -> None:
    assert bands(chrom, start, end) == expected


def test_no_bands_no_name() -> None:
    assert bands("chr3", 100, 200, load_genome("hg18")) == ""
    assert bands("chr3", 0, 199_501_827, load_genome("hg18")) == "3"


def iscn(chrom: str, start: int, end: int, copies: int, fraction: float, genome=GRCH38, **more: str) -> str:
    facts = {"platform": "arr", "zygosity": ""} | more
    return iscn_of(
        genome=genome,
        chrom=genome.names.index(chrom),
        start=start,
        end=end,
        copy_number=copies,
        cell_fraction=fraction,
        **facts,
    )


def test_forms_of_iscn() -> None:
    # ISCN 2020 chapter 14 [m]: build in brackets, bands, first and last base, copies. 51,001,876 is the first base.
    assert (
        iscn("chr20", 51_001_875, 62_375_085, 1, 1.0, GRCH37)
        == "arr[GRCh37] 20q13.2q13.33(51001876_62375085)x1"
    )
    # A whole chromosome stands without coordinates.
    assert iscn("chr8", 0, 145_138_636, 3, 1.0) == "arr[GRCh38] (8)x3"
    # Copy-neutral loss of heterozygosity is x2 hmz.
    assert iscn("chr11", 0, 5_000_000, 2, 1.0, zygosity="hmz").endswith("(1_5000000)x2 hmz")
    # The share of cells in brackets for a mosaic.
    assert iscn("chr12", 0, 133_275_309, 3, 0.2, platform="seq") == "seq[GRCh38] (12)x3[0.20]"
    assert iscn("chr12", 0, 133_275_309, 3, 0.996, platform="seq") == "seq[GRCh38] (12)x3"
    assert iscn("chr12", 0, 133_275_309, 3, 0.994, platform="seq").endswith("[0.99]")


@pytest.mark.parametrize(
    ("chrom", "start", "end", "copies", "fraction", "zygosity", "expected"),
    [
        ("chr12", 0, 133_275_309, 3, 0.3, "", "(12)x3[0.30]"),
        ("chr12", 0, 133_200_000, 3, 0.3, "", "12p13.33q24.33(1_133200000)x3[0.30]"),
        ("chr20", 30_400_000, 34_400_000, 3, 1.0, "", "20q11.21q11.22(30400001_34400000)x3"),
        ("chr20", 40_000_000, 64_444_167, 2, 0.6, "hmz", "20q12q13.33(40000001_64444167)x2 hmz[0.60]"),
        ("chrX", 0, 156_040_895, 1, 0.4, "", "(X)x1[0.40]"),
        ("chrX", 0, 156_040_895, 2, 1.0, "hmz", "(X)x2 hmz"),
        ("chrY", 0, 57_227_415, 0, 0.77, "", "(Y)x0[0.77]"),
    ],
)
def test_forms_of_iscn_of_an_array(
    chrom: str, start: int, end: int, copies: int, fraction: float, zygosity: str, expected: str
) -> None:
    # Bands of GRCh38 as UCSC has them; the share of cells in brackets, and hmz after the copies, as in ISCN 2020 [m].
    assert iscn(chrom, start, end, copies, fraction, zygosity=zygosity) == f"arr[GRCh38] {expected}"


def test_coordinates_stand_alone_where_bands_are_unknown() -> None:
    hg18 = load_genome("hg18")
    assert iscn("chr3", 3_974_669, 4_071_644, 1, 1.0, hg18) == "arr[hg18] 3(3974670_4071644)x1"


SPOT = Hotspot(
    name="big gain",
    chrom="chr1",
    start=20_000_000,
    end=60_000_000,
    kind="gain",
    genes=(("KEY", 50_000_000, 50_100_000),),
)
FOCAL = Hotspot(name="focal", chrom="chr1", start=70_000_000, end=80_000_000, kind="any", genes=())


@pytest.mark.parametrize(
    ("start", "end", "kind", "hits"),
    [
        (20_000_000, 40_000_000, "gain", ("big gain",)),  # exactly half of it
        (20_000_000, 39_999_999, "gain", ()),
        (20_000_000, 60_000_000, "loss", ()),  # the other way
        (20_000_000, 60_000_000, "cnloh", ()),
        (50_099_999, 50_500_000, "gain", ("big gain",)),  # the key gene by one base
        (50_100_000, 50_500_000, "gain", ()),
        (79_999_999, 90_000_000, "gain", ("focal",)),
        (79_999_999, 90_000_000, "cnloh", ("focal",)),
        (80_000_000, 90_000_000, "loss", ()),
        (0, 100_000_000, "gain", ("big gain", "focal")),
    ],
)
def test_hotspots_by_share_gene_and_size(start: int, end: int, kind: str, hits: tuple[str, ...]) -> None:
    assert hotspots_hit((SPOT, FOCAL), "chr1", start, end, kind, SETTINGS) == hits
    assert hotspots_hit((SPOT, FOCAL), "chr2", start, end, kind, SETTINGS) == ()


def test_shipped_hotspots_are_where_their_bands_and_genes_are() -> None:
    spots = {spot.name: spot for spot in load_hotspots(GRCH38)}
    assert bands("chr20", spots["20q11.21 gain"].start, spots["20q11.21 gain"].end) == "20q11.21"
    assert bands("chr17", spots["17p13.1 loss"].start, spots["17p13.1 loss"].end) == "17p13.1"
    assert bands("chr18", spots["18q21-qter loss"].start, spots["18q21-qter loss"].end) == "18q21.1q23"
    for spot in spots.values():
        length = int(GRCH38.length_bp[GRCH38.names.index(spot.chrom)])
        assert 0 <= spot.start < spot.end <= length
        assert spot.kind in ("gain", "loss", "any")
        for _, start, end in spot.genes:
            assert start < end <= length
            assert start < spot.end
            assert end > spot.start


def test_hotspots_of_another_assembly_span_the_same_bands() -> None:
    here = {spot.name: spot for spot in load_hotspots(GRCH38)}
    there = {spot.name: spot for spot in load_hotspots(GRCH37)}
    assert here.keys() == there.keys()
    # UCSC cytoBand hg19: 20q11.21 29,400,000-32,100,000; BCL2L1 lies at 30,252,255-30,311,792 there.
    assert (there["20q11.21 gain"].start, there["20q11.21 gain"].end) == (29_400_000, 32_100_000)
    assert (there["chr12 trisomy"].start, there["chr12 trisomy"].end) == (0, 133_851_895)
    for name, spot in there.items():
        if spot.start > 0 and spot.chrom != "chr1":
            assert bands(spot.chrom, spot.start, spot.end, GRCH37).startswith(
                bands(here[name].chrom, here[name].start, here[name].end)[:3]
            )
        assert spot.genes == ()


def test_hotspots_without_bands_are_whole_chromosomes_only() -> None:
    names = {spot.name for spot in load_hotspots(load_genome("hg18"))}
    assert names == {"chr12 trisomy", "chr8 trisomy", "chrX gain"}
    assert toy_genome().band_name[0] == "p1"
