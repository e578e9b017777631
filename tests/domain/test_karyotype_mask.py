"""Which bins are left out, and for which reason, on bins set by hand and on real lists."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genostab.io.exclusion import excluded_share, read_exclusion
from genostab.karyotype.bins import expected_ploidy
from genostab.karyotype.mask import (
    EXCLUDED,
    GAP,
    LOW_COVERAGE,
    NO_COPIES,
    PSEUDO_AUTOSOMAL,
    REPEATS,
    USED,
    in_pseudo_autosomal,
    mask_bins,
    masked_rows,
    usable_bins,
)
from tests.domain.karyotype_data import GRCH38, SETTINGS, toy_bins, toy_genome

SMALL = toy_genome(2, 50_030_000)


def test_pseudo_autosomal_regions_of_grch38() -> None:
    # PAR1 chrX:10,001-2,781,479 and PAR2 chrX:155,701,383-156,030,895; on Y 10,001-2,781,479 and 56,887,903-57,217,415.
    bins = toy_bins(GRCH38, 100_000)
    inside = in_pseudo_autosomal(bins, GRCH38)
    names = np.array(GRCH38.names)[bins.chrom]
    spans = {}
    for name in ("chrX", "chrY"):
        starts = bins.start[inside & (names == name)]
        spans[name] = (starts.size, int(starts.min()), int(starts.max()))
    assert spans == {"chrX": (28 + 4, 0, 156_000_000), "chrY": (28 + 5, 0, 57_200_000)}
    assert set(names[inside]) == {"chrX", "chrY"}


def test_masks_leave_out_gaps_repeats_par_and_absent_chromosomes() -> None:
    bins = toy_bins(toy_genome(2, 50_000_000), 1_000_000)
    genome = toy_genome(2, 50_000_000)
    coverage = np.full(bins.chrom.size, 100.0)
    coverage[5], coverage[6], coverage[7] = 0.0, 24.9, 25.1
    mapq0 = np.full(bins.chrom.size, np.nan)
    mapq0[8], mapq0[9] = 0.51, 0.49
    coverage[100:150] = 50.0
    coverage[110], coverage[111] = 12.4, 12.6
    ploidy = expected_ploidy(bins, genome, "male")
    usable = usable_bins(replace(bins, mapq0_fraction=mapq0), coverage, ploidy, genome, SETTINGS)
    # 0 to 3 Mb of X is pseudo-autosomal in the toy genome; a single X is measured against half the reads.
    assert np.flatnonzero(~usable).tolist() == [5, 6, 8, 100, 101, 102, 110]
    female = usable_bins(bins, coverage, expected_ploidy(bins, genome, "female"), genome, SETTINGS)
    assert not female[150:].any()


def test_a_short_last_bin_is_no_gap() -> None:
    bins = toy_bins(SMALL, 1_000_000)
    coverage = 100.0 * (bins.end - bins.start) / 1_000_000
    ploidy = np.full(bins.chrom.size, 2, dtype=np.int8)
    last = np.flatnonzero(bins.chrom == 0)[-1]
    assert bins.end[last] - bins.start[last] == 30_000
    assert usable_bins(bins, coverage, ploidy, SMALL, SETTINGS)[last]


def test_each_masked_bin_has_the_first_reason_that_holds() -> None:
    genome = toy_genome(2, 50_000_000)
    bins = toy_bins(genome, 1_000_000)
    nothing = np.zeros(bins.chrom.size)
    gap, listed, repeats, coverage = nothing.copy(), nothing.copy(), nothing.copy(), nothing + 100.0
    gap[10], listed[10:12], repeats[10:13], coverage[10:14] = 0.06, 0.06, 0.51, 0.0
    gap[20], listed[21] = 0.05, 0.05  # as much as is allowed
    gap[101], gap[30] = 1.0, np.nan
    bins = replace(bins, gap_fraction=gap, excluded_fraction=listed, mapq0_fraction=repeats)
    reason = mask_bins(bins, coverage, expected_ploidy(bins, genome, "female"), genome, SETTINGS)
    assert reason[10:14].tolist() == [GAP, EXCLUDED, REPEATS, LOW_COVERAGE]
    assert reason[[20, 21, 30]].tolist() == [USED] * 3
    assert (reason[150:] == NO_COPIES).all()  # Y of a female
    assert reason[100:104].tolist() == [PSEUDO_AUTOSOMAL] * 3 + [USED]
    rows = {name: (count, note) for name, count, _, note in masked_rows(bins, reason)}
    assert rows == {
        "bins masked, no copies expected": (50, "50.0 of 200.0 Mb"),
        "bins masked, pseudo-autosomal": (3, "3.0 of 200.0 Mb"),
        "bins masked, gap in the reference sequence": (1, "1.0 of 200.0 Mb"),
        "bins masked, exclusion list": (1, "1.0 of 200.0 Mb"),
        "bins masked, MAPQ 0": (1, "1.0 of 200.0 Mb"),
        "bins masked, low coverage": (1, "1.0 of 200.0 Mb"),
    }


@pytest.mark.parametrize(
    ("name", "autosomal_mb", "share"),
    [
        # Mb by bedtools merge and a sum; shares of 50-kb bins follow from them where regions are long.
        ("encode_unified_GRCh38_exclusion_list.bed.gz", 66.0, 0.024),
        ("hg38_gaps.bed.gz", 118.7, 0.045),
        ("exclude_cnv_100bp_GRCh38.bed.gz", 2.1, 0.003),
    ],
)
def test_real_lists_mask_about_what_they_cover(
    data_dir: Path, name: str, autosomal_mb: float, share: float
) -> None:
    lists = (read_exclusion(data_dir / "tracks" / name, GRCH38),)
    bins = toy_bins(GRCH38, 50_000)
    covered = excluded_share(lists, bins)
    assert covered is not None
    autosomal = bins.chrom < 22
    assert (covered * (bins.end - bins.start))[autosomal].sum() / 1e6 == pytest.approx(autosomal_mb, abs=0.5)
    reason = mask_bins(
        replace(bins, excluded_fraction=covered),
        np.full(bins.chrom.size, 100.0),
        expected_ploidy(bins, GRCH38, "male"),
        GRCH38,
        SETTINGS,
    )
    assert (reason[autosomal] == EXCLUDED).mean() == pytest.approx(share, abs=0.002)
