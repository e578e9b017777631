"""A change inside a larger one: of another level, on a chromosome that is changed as a whole."""

from __future__ import annotations

import pytest

from genostab.results import Call
from tests.statistical.array_genomes import GENOME, Event, karyotype_of, simulate_array, with_sex_chromosomes

INNER = (100_000_000, 130_000_000)


def reported(
    chrom: str, outer: str, inner: str, shares: tuple[float, float], end: int = INNER[1]
) -> list[Call]:
    """Reported calls where the whole chromosome has one change, and a stretch of it another on the same haplotype."""
    length = int(GENOME.length_bp[GENOME.names.index(chrom)])
    sample = simulate_array(
        5,
        fraction=list(shares),
        events=(
            Event(chrom=chrom, start=0, end=length, kind=outer),
            Event(chrom=chrom, start=INNER[0], end=end, kind=inner),
        ),
        n_snps=200_000,
        switch_rate=0.005,
        wave_scale=0.3,
        x_level=0.1 if chrom == "chrX" else None,
    )
    found = with_sex_chromosomes(sample)[0] if chrom == "chrX" else karyotype_of(sample)
    return sorted((call for call in found.calls if call.reported), key=lambda call: call.start)


def test_a_gain_on_a_chromosome_that_some_cells_have_lost() -> None:
    # 0.8 copies of one haplotype, 1.3 in the stretch, beside 1 of the other: taken together LOH of 11 % of the cells.
    outer, inner = reported("chr5", "loss", "gain", (0.2, 0.5))
    assert (outer.start, outer.end, outer.kind) == (0, int(GENOME.length_bp[4]), "loss")
    assert outer.cell_fraction.estimate == pytest.approx(0.2, abs=0.01)
    assert (inner.start, inner.end) == pytest.approx(INNER, abs=500_000)
    assert (inner.kind, inner.copy_number) == ("gain", 3)
    assert inner.cell_fraction.estimate == pytest.approx(0.3, abs=0.02)


def test_more_copies_of_a_piece_of_a_trisomy() -> None:
    # 2.4 copies of one haplotype in 4 Mb, as of three in 0.7 of the cells.
    outer, inner = reported("chr5", "gain", "gain", (0.5, 0.9), 104_000_000)
    assert (outer.start, outer.copy_number) == (0, 3)
    assert outer.cell_fraction.estimate == pytest.approx(0.5, abs=0.02)
    assert (inner.start, inner.end) == pytest.approx((100_000_000, 104_000_000), abs=500_000)
    assert inner.copy_number == 4
    assert inner.cell_fraction.estimate == pytest.approx(0.7, abs=0.05)


def test_a_gain_on_an_x_that_some_cells_have_lost() -> None:
    outer, inner = reported("chrX", "loss", "gain", (0.2, 0.5))
    assert (outer.chrom, outer.start, outer.end) == ("chrX", 0, int(GENOME.length_bp[22]))
    assert outer.kind == "loss" or "loss of X" in outer.alternatives
    assert (inner.start, inner.end) == pytest.approx(INNER, abs=500_000)
    assert inner.kind == "gain"


def test_a_trisomy_alone_is_one_call() -> None:
    (call,) = reported("chr5", "gain", "gain", (0.5, 0.0))
    assert (call.start, call.end, call.copy_number) == (0, int(GENOME.length_bp[4]), 3)
