"""Runs of empty bins: losses of all copies where gaps are known, gaps and their edges where not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import poisson

from genostab.arrays import Bins
from genostab.karyotype.bins import expected_ploidy
from genostab.karyotype.empty import empty_runs, gaps_are_known
from genostab.karyotype.mask import mask_bins
from genostab.results import Call
from tests.domain.karyotype_data import SETTINGS, toy_bins, toy_genome

GENOME = toy_genome(3, 60_000_000)
BINS = toy_bins(GENOME, 100_000, 200.0)
NOTHING = np.zeros(BINS.chrom.size)


def runs(bins: Bins, sex: str = "female", sd: float = 0.11) -> tuple[Call, ...]:
    ploidy = expected_ploidy(bins, GENOME, sex)  # type: ignore[arg-type]
    reason = mask_bins(bins, bins.n_reads, ploidy, GENOME, SETTINGS)
    return empty_runs(bins, reason, ploidy, sd, GENOME, (), SETTINGS, is_counts=True)


def emptied(*spans: tuple[int, int], reads: float = 0.0) -> Bins:
    values = BINS.n_reads.copy()
    for first, last in spans:
        values[first:last] = reads
    return replace(BINS, n_reads=values, gap_fraction=NOTHING)


def test_a_run_of_empty_sequence_has_no_copy() -> None:
    (call,) = runs(emptied((100, 110)))
    assert (call.chrom, call.start, call.end, call.copy_number) == ("chr1", 10_000_000, 11_000_000, 0)
    assert (call.kind, call.origin, call.reported, call.n_bins) == ("loss", "unknown", True, 10)
    assert call.iscn == "seq[toy] 1p1(10000001_11000000)x0"
    assert call.cell_fraction.high == 1.0
    # Nothing seen of 2,000 reads: at most 3.69 are missed (exact Poisson, two-sided 95 %), or 1 % of the level.
    assert call.cell_fraction.low == pytest.approx(1.0 - 0.01, abs=1e-3)


@pytest.mark.parametrize(("n_bins", "n_calls"), [(2, 0), (3, 1)])
def test_one_or_two_empty_bins_are_no_run(n_bins: int, n_calls: int) -> None:
    assert len(runs(emptied((100, 100 + n_bins)))) == n_calls


def test_what_the_reference_lacks_is_a_gap() -> None:
    bins = emptied((100, 110))
    gap = NOTHING.copy()
    gap[100:110] = 1.0
    assert runs(replace(bins, gap_fraction=gap)) == ()
    gap[100:110] = np.nan  # a chromosome that the sequence does not hold
    assert runs(replace(bins, gap_fraction=gap)) == ()
    assert runs(replace(bins, gap_fraction=None, excluded_fraction=np.where(gap == 0, 0.0, 1.0))) == ()


def test_the_edge_of_a_gap_is_told_from_a_loss_beside_it() -> None:
    gap = NOTHING.copy()
    gap[100:110] = 1.0
    (edge,) = runs(replace(emptied((100, 115)), gap_fraction=gap))
    assert not edge.reported
    assert "edge" in edge.reason
    (beyond,) = runs(replace(emptied((100, 116)), gap_fraction=gap))
    assert (beyond.reported, beyond.start, beyond.end) == (True, 11_000_000, 11_600_000)


def test_masked_bins_inside_a_loss_do_not_split_it() -> None:
    listed = NOTHING.copy()
    listed[120] = 1.0
    (call,) = runs(replace(emptied((100, 140)), excluded_fraction=listed))
    assert (call.start, call.end, call.n_bins) == (10_000_000, 14_000_000, 39)
    assert len(runs(emptied((100, 110), (111, 120)))) == 2  # a bin with reads does


def test_centromeres_are_explained() -> None:
    assert runs(emptied((400, 420))) == ()


def test_a_chromosome_without_reads_is_lost_whole() -> None:
    on_y = np.flatnonzero(BINS.chrom == 4)
    bins = emptied((int(on_y[0]), int(on_y[-1]) + 1))
    assert runs(bins, "female") == ()
    (call,) = runs(bins, "male")
    assert (call.chrom, call.start, call.end, call.iscn) == ("chrY", 0, 60_000_000, "seq[toy] (Y)x0")


def test_empty_bins_of_few_reads_are_chance() -> None:
    level = 1.2
    reads = poisson.rvs(level, size=BINS.chrom.size, random_state=1).astype(float)
    bins = replace(BINS, n_reads=reads, gap_fraction=NOTHING)
    assert not any(call.reported for call in runs(bins, sd=1.0))


@pytest.mark.parametrize(("explained", "known"), [(9, True), (8, False)])
def test_a_list_counts_as_gaps_where_it_explains_the_empty_bins(explained: int, known: bool) -> None:
    bins = replace(emptied((100, 110)), gap_fraction=None)
    ploidy = expected_ploidy(bins, GENOME, "female")
    reason = mask_bins(bins, bins.n_reads, ploidy, GENOME, SETTINGS)
    assert not gaps_are_known(bins, reason, GENOME, SETTINGS)  # no list at all
    listed = NOTHING.copy()
    listed[100 : 100 + explained] = 1.0
    bins = replace(bins, excluded_fraction=listed)
    assert gaps_are_known(bins, reason, GENOME, SETTINGS) == known
    assert gaps_are_known(replace(bins, gap_fraction=NOTHING), reason, GENOME, SETTINGS)
