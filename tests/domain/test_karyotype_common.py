"""Common germline variants are never called acquired; their places agree with the cytobands that name them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from genostab.io.genome import load_genome
from genostab.karyotype.annotate import bands_of
from genostab.karyotype.common import CommonVariant, load_common_variants, spare_common
from genostab.results import Origin
from genostab.run.hotspots import load_hotspots
from tests.domain.karyotype_data import SETTINGS, call_of

VARIANT = CommonVariant(name="11q11", chrom="chr11", start=1000, end=2000, source="x")


@pytest.mark.parametrize(
    ("start", "end", "origin", "expected"),
    [
        (1000, 2000, "acquired", "unknown"),
        (1400, 1600, "acquired", "unknown"),
        (500, 1500, "acquired", "unknown"),  # half inside
        (499, 1500, "acquired", "acquired"),
        (1000, 2000, "inherited", "inherited"),
        (1000, 2000, "unknown", "unknown"),
        (2000, 3000, "acquired", "acquired"),
    ],
)
def test_what_lies_mostly_inside_is_not_acquired(
    start: int, end: int, origin: Origin, expected: Origin
) -> None:
    call = replace(call_of("chr11", start, end), origin=origin)
    (spared,) = spare_common([call], [VARIANT], SETTINGS)
    assert spared.origin == expected
    inside = end <= 2000 and start >= 500
    assert spared.reason == ("inside a common germline variant (11q11)" if inside else "")
    assert spared.reported


def test_other_chromosomes_and_recurrent_changes_keep_their_origin() -> None:
    other = replace(call_of("chr12", 1000, 2000), origin="acquired")
    recurrent = replace(call_of("chr11", 1000, 2000), origin="acquired", hotspot="20q11.21")
    rejected = replace(call_of("chr11", 1000, 2000, reported=False), origin="acquired", reason="too few bins")
    found = spare_common([other, recurrent, rejected], [VARIANT], SETTINGS)
    assert [call.origin for call in found] == ["acquired", "acquired", "unknown"]
    assert found[2].reason == "too few bins; inside a common germline variant (11q11)"


@pytest.mark.parametrize("assembly", ["GRCh37", "GRCh38", "T2T-CHM13", "hg18"])
def test_regions_lie_where_their_names_say(assembly: str) -> None:
    genome = load_genome(assembly)
    variants = load_common_variants(assembly)
    assert variants
    for each in variants:
        chrom = genome.names.index(each.chrom)
        assert 0 <= each.start < each.end <= genome.length_bp[chrom]
        assert each.end - each.start < 2_000_000
        assert each.source
        named = each.name.split(",")[0]
        assert named.startswith(each.chrom.removeprefix("chr"))
        if genome.band_name:
            last = named.rsplit("p", 1)[-1] if "p" in named else named.rsplit("q", 1)[-1]
            assert last in bands_of(genome, chrom, each.start, each.end)


@pytest.mark.parametrize("assembly", ["GRCh37", "GRCh38", "T2T-CHM13"])
def test_no_focal_recurrent_region_lies_in_one(assembly: str) -> None:
    for spot in load_hotspots(load_genome(assembly)):
        if spot.end - spot.start > SETTINGS.focal_bp:
            continue
        for each in load_common_variants(assembly):
            shared = min(spot.end, each.end) - max(spot.start, each.start)
            assert spot.chrom != each.chrom or shared < (spot.end - spot.start) / 2
