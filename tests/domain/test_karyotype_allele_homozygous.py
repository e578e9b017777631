"""Stretches without heterozygosity: where they begin and end, and which are not listed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genostab.karyotype.allele_homozygous import Zygosity, add_homozygous, homozygous_stretches
from tests.domain.karyotype_data import SETTINGS, call_of, toy_genome, without_depth

GENOME = toy_genome()
SPACING = 20_000
N = GENOME.length_bp[0] // SPACING


def zygosity(start: int, end: int, *, share: float = 0.3, error: float = 0.005, chrom: int = 4) -> Zygosity:
    """SNPs of which so many are heterozygous, next to none in [start, end) of one chromosome."""
    rng = np.random.default_rng(2)
    chroms = np.repeat(np.arange(22, dtype=np.int16), N)
    position = np.tile(np.arange(N, dtype=np.int64) * SPACING, 22)
    inside = (chroms == chrom) & (position >= start) & (position < end)
    is_het = rng.random(chroms.size) < np.where(inside, error, share)
    return Zygosity(chrom=chroms, position=position, is_het=is_het)


@pytest.mark.parametrize(("start", "end"), [(20_000_000, 32_000_000), (60_000_000, 67_000_000)])
def test_a_stretch_is_found_with_its_ends(start: int, end: int) -> None:
    (found,) = homozygous_stretches(zygosity(start, end), GENOME, SETTINGS)
    assert found.chrom == 4
    # One SNP in three is heterozygous: the ends are known to within a few of them.
    assert found.start == pytest.approx(start, abs=20 * SPACING)
    assert found.end == pytest.approx(end, abs=20 * SPACING)


def test_a_short_stretch_is_left_to_linkage() -> None:
    short = SETTINGS.min_homozygous_bp - 1_000_000
    assert homozygous_stretches(zygosity(20_000_000, 20_000_000 + short), GENOME, SETTINGS) == ()


def test_a_whole_chromosome_is_one_stretch() -> None:
    (found,) = homozygous_stretches(zygosity(0, 100_000_000), GENOME, SETTINGS)
    assert (found.start, found.end) == (0, GENOME.length_bp[4])


def test_a_gap_does_not_lengthen_a_stretch() -> None:
    # 4 Mb of SNPs on either side of 10 Mb without any: 8 Mb seen; 2 Mb on either side: 4 Mb.
    for seen, n in ((4_000_000, 1), (2_000_000, 0)):
        of = zygosity(50_000_000 - seen, 60_000_000 + seen)
        gap = (of.chrom == 4) & (of.position >= 50_000_000) & (of.position < 60_000_000)
        kept = Zygosity(chrom=of.chrom[~gap], position=of.position[~gap], is_het=of.is_het[~gap])
        assert len(homozygous_stretches(kept, GENOME, SETTINGS)) == n


def test_an_inbred_or_empty_sample_says_nothing() -> None:
    of = zygosity(0, 0)
    none = replace(of, is_het=np.zeros(of.is_het.size, dtype=bool))
    assert homozygous_stretches(none, GENOME, SETTINGS) == ()
    assert homozygous_stretches(of, GENOME, SETTINGS) == ()


def test_a_stretch_that_a_call_explains_is_not_listed_twice() -> None:
    before, of = without_depth(), homozygous_stretches(zygosity(20_000_000, 32_000_000), GENOME, SETTINGS)
    (call,) = add_homozygous(before, of, None, GENOME, "arr", SETTINGS).calls
    assert (call.chrom, call.kind, call.copy_number, call.minor_copies) == ("chr5", "cnloh", 2, 0)
    assert call.reported
    loss = call_of("chr5", 15_000_000, 40_000_000)
    assert add_homozygous(replace(before, calls=(loss,)), of, None, GENOME, "arr", SETTINGS).calls == (loss,)
    rejected = replace(loss, reported=False)
    assert (
        len(add_homozygous(replace(before, calls=(rejected,)), of, None, GENOME, "arr", SETTINGS).calls) == 2
    )
