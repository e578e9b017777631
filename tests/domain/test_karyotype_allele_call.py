"""Calls from allele depths alone, simulated with a known shift."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genostab.arrays import AlleleDepths, Genome, Profile
from genostab.karyotype.allele_call import add_alleles
from genostab.karyotype.allele_depths import signal_of_depths, zygosity_of_depths
from genostab.karyotype.allele_homozygous import add_homozygous, homozygous_stretches
from genostab.karyotype.allele_signal import AlleleSignal
from genostab.karyotype.allele_state import Response
from genostab.karyotype.bins import autosomes
from genostab.karyotype.call import Karyotype
from genostab.results import Call, Sensitivity
from tests.domain.allele_data import gaussian_signal
from tests.domain.karyotype_data import (
    GRCH38,
    SETTINGS,
    call_of,
    profile_of,
    toy_bins,
    toy_genome,
    without_depth,
)

LENGTH = GRCH38.length_bp[:22]


def lot(
    seed: int,
    *,
    loh: tuple[int, int, int, float] | None = None,
    n: int = 12_000,
    depth: float = 30.0,
    share_of_alt: float = 0.48,
) -> AlleleDepths:
    """SNPs of a VCF: six in ten heterozygous, the rest homozygous for the alternative; LOH in a share of the cells.

    The caller takes 15 to 85 % for heterozygous.
    """
    rng = np.random.default_rng(seed)
    chrom = rng.choice(22, n, p=LENGTH / LENGTH.sum()).astype(np.int16)
    position = (rng.random(n) * LENGTH[chrom]).astype(np.int64)
    order = np.lexsort((position, chrom))
    chrom, position = chrom[order], position[order]
    is_het = rng.random(n) < 0.6
    share = np.where(is_het, share_of_alt, 0.999)
    if loh is not None:
        inside = is_het & (chrom == loh[0]) & (position >= loh[1]) & (position < loh[2])
        share = np.where(inside, np.clip(share + rng.choice([-0.5, 0.5], n) * loh[3], 0.001, 0.999), share)
    total = np.maximum(rng.poisson(depth, n), 1)
    alt = rng.binomial(total, share)
    genotype = np.where(alt >= 0.85 * total, 2, np.where(alt > 0.15 * total, 1, 0)).astype(np.int8)
    keep = genotype > 0
    return AlleleDepths(
        sample="s",
        chrom=chrom[keep],
        position=position[keep],
        ref_depth=(total - alt)[keep],
        alt_depth=alt[keep],
        genotype=genotype[keep],
    )


def karyotype_of(snps: AlleleDepths, calls: tuple[Call, ...] = ()) -> Karyotype:
    """The calls of depth as they are, and what the SNPs add to them without any depth of their own."""
    karyotype = replace(without_depth(), calls=calls)
    signal = signal_of_depths(snps, None, autosomes(GRCH38), SETTINGS)
    if signal is None:
        return karyotype
    karyotype = add_alleles(
        karyotype,
        signal,
        (),
        genome=GRCH38,
        hotspots=(),
        platform="seq",
        response=Response(mean=1.0, cv=0.02, place_cv=0.02),
        settings=SETTINGS,
    )
    zygosity = zygosity_of_depths(snps, autosomes(GRCH38), SETTINGS)
    stretches = homozygous_stretches(zygosity, GRCH38, SETTINGS)
    return add_homozygous(karyotype, stretches, None, GRCH38, "seq", SETTINGS)


def read_beside(
    calls: tuple[Call, ...], signal: AlleleSignal, profile: Profile, genome: Genome
) -> tuple[Call, ...]:
    """Calls of the depth of an array, read beside its alleles."""
    return add_alleles(
        replace(without_depth(), profile=profile, own=profile, calls=calls),
        signal,
        (),
        genome=genome,
        hotspots=(),
        platform="arr",
        response=Response(mean=1.0, cv=0.2, place_cv=0.1),
        settings=SETTINGS,
    ).calls


def found_in(snps: AlleleDepths, calls: tuple[Call, ...] = ()) -> tuple[list[Call], dict[str, Sensitivity]]:
    """Reported calls, and the sensitivity to copy-neutral LOH by region."""
    karyotype = karyotype_of(snps, calls)
    rows = {row.region: row for row in karyotype.sensitivity if row.kind == "cnloh"}
    return [call for call in karyotype.calls if call.reported], rows


def test_no_imbalance_no_call() -> None:
    assert [found_in(lot(seed))[0] for seed in range(12)] == [[]] * 12


def shift_of(call: Call) -> tuple[float, float, float]:
    """Allele shift of the state and the share of cells that a call gives, and of its interval."""
    copies = call.copy_number, call.minor_copies
    assert call.minor_copies is not None

    def at(fraction: float) -> float:
        total = 2.0 + fraction * (copies[0] - 2.0)
        return (1.0 + fraction * (copies[0] - copies[1] - 1.0)) / total - 0.5  # type: ignore[operator]

    fraction = call.cell_fraction
    return at(fraction.low or 0.0), at(fraction.estimate or 0.0), at(fraction.high or 1.0)


@pytest.mark.parametrize(("chrom", "fraction"), [(8, 0.4), (19, 0.5), (0, 0.2)])
def test_a_mosaic_of_a_whole_chromosome(chrom: int, fraction: float) -> None:
    (call,), _ = found_in(lot(1, loh=(chrom, 0, int(LENGTH[chrom]), fraction)))
    assert (call.chrom, call.start, call.end) == (GRCH38.names[chrom], 0, LENGTH[chrom])
    # Alleles alone see the shift, f / 2, and not which change it is: what it may be besides is said.
    low, _, high = shift_of(call)
    assert low <= fraction / 2.0 <= high
    assert (call.origin, call.reported) == ("unknown", True)
    assert "copies with probability" in call.alternatives


def test_a_mosaic_of_one_arm_is_a_call_of_the_arm() -> None:
    start = int(GRCH38.centromere_end[19])
    (call,), _ = found_in(lot(2, loh=(19, start, int(LENGTH[19]), 0.6)))
    assert (call.chrom, call.start, call.end) == ("chr20", start, LENGTH[19])
    low, _, high = shift_of(call)
    assert low < 0.3 < high
    assert call.bands.startswith("20q11")


def test_a_change_that_chance_interrupts_is_called_once() -> None:
    # Two runs, 7 Mb apart, that explain a little more than the chromosome, which explains more than either.
    calls, _ = found_in(lot(19, loh=(10, 0, int(LENGTH[10]), 0.2455)))
    assert [(call.chrom, call.start, call.end) for call in calls] == [("chr11", 0, LENGTH[10])]


@pytest.mark.parametrize("second", [0.25, 0.6])
def test_two_changes_of_one_chromosome_are_both_called(second: float) -> None:
    # The chromosome as a whole explains the weaker one alone as well as its own extent does.
    one = lot(11, loh=(0, 10_000_000, 50_000_000, 0.4), n=24_000)
    other = lot(11, loh=(0, 170_000_000, 230_000_000, second), n=24_000)
    is_late = (one.chrom == 0) & (one.position > 110_000_000)
    is_late_other = (other.chrom == 0) & (other.position > 110_000_000)
    first, last = np.flatnonzero(is_late)[[0, -1]]

    def spliced(name: str) -> np.ndarray:
        of_one, of_other = getattr(one, name), getattr(other, name)
        return np.concatenate((of_one[:first], of_other[is_late_other], of_one[last + 1 :]))

    columns = ("chrom", "position", "ref_depth", "alt_depth", "genotype")
    calls, _ = found_in(replace(one, **{name: spliced(name) for name in columns}))
    assert [(call.chrom, round(call.start, -7), round(call.end, -7)) for call in calls] == [
        ("chr1", 10_000_000, 50_000_000),
        ("chr1", 170_000_000, 230_000_000),
    ]


@pytest.mark.parametrize("between", [30_000_000, 99_000_000])
def test_depth_that_found_a_change_in_pieces_still_tells_which_change_it_is(between: int) -> None:
    genome, n = toy_genome(), 1000
    signal = gaussian_signal(
        genome, n, shift=(4, 0, n, 1.0 / 6.0)
    )  # a loss in half of the cells: 1 / (2 - f) - 1 / 2
    is_lost = toy_bins(genome, 1_000_000).chrom == 4
    ratio = np.random.default_rng(1).normal(np.where(is_lost, np.log2(0.75), 0.0), 0.05)
    profile = profile_of(genome, 1_000_000, ratio, sd=0.05)
    pieces = [call_of("chr5", 0, between), call_of("chr5", between, 100_000_000)]
    calls = tuple(replace(each, kind="loss", copy_number=1, p_value=1e-6, ratio_log2=-0.4) for each in pieces)
    (call,) = read_beside(calls, signal, profile, genome)
    assert (call.chrom, call.start, call.end, call.kind) == ("chr5", 0, 100_000_000, "loss")
    # Both rest on depth and alleles together, not on the pieces that depth had found.
    assert call.q_value == call.p_value < 1e-6
    assert call.cell_fraction.estimate == pytest.approx(0.5, abs=0.02)
    assert call.probability is not None
    assert call.probability > 0.99


def test_a_complete_loss_has_no_heterozygous_snps_and_is_still_seen() -> None:
    (call,), rows = found_in(lot(3, loh=(8, 0, int(LENGTH[8]), 1.0)))
    assert (call.chrom, call.end, call.cell_fraction.estimate) == ("chr9", LENGTH[8], 1.0)
    assert (call.cell_fraction.low, call.cell_fraction.high) == (None, 1.0)
    assert call.iscn == "seq[GRCh38] (9)x2 hmz"
    assert "a parent's alleles would tell" in call.reason
    # Its own SNPs cannot show a mosaic any more.
    assert rows["9"].min_cell_fraction is None


def test_sensitivity_falls_with_snps_and_depth() -> None:
    _, shallow = found_in(lot(5, depth=15))
    _, deep = found_in(lot(5, depth=60))
    assert deep["1"].min_cell_fraction < deep["21"].min_cell_fraction
    assert deep["1"].min_cell_fraction < shallow["1"].min_cell_fraction
    assert {row.evidence for row in deep.values()} == {"allele"}
    # The short arms of 13, 14, 15, 21 and 22 are there, seen or not.
    assert sum(row.chrom != "" for row in deep.values()) == 22 + 44


def test_a_change_of_depth_that_the_alleles_rule_out_is_rejected() -> None:
    of_depth = replace(call_of("chr9", 0, int(LENGTH[8])), p_value=1e-6, ratio_log2=0.58)
    karyotype = karyotype_of(lot(7), (of_depth,))
    # Without a profile the alleles have no ratio to compare with, and nothing speaks against the call.
    assert [call.reported for call in karyotype.calls] == [True]


def test_too_few_snps_say_nothing() -> None:
    few = lot(8, n=20)
    karyotype = karyotype_of(few, (call_of("chr1", 0, 10_000),))
    assert (len(karyotype.calls), karyotype.sensitivity) == (1, ())
    _, sparse = found_in(lot(9, n=300))
    assert sparse["21"].min_cell_fraction is None
    shallow = lot(10, depth=3.0)
    assert karyotype_of(shallow).sensitivity == ()


def test_the_rest_of_a_chromosome_beside_a_stronger_change_keeps_the_origin_that_depth_gives() -> None:
    """LOH of 30 Mb in nearly all cells on a chromosome lost in half of them, of which depth knows the origin."""
    genome, n = toy_genome(), 1000
    lost = gaussian_signal(genome, n, shift=(4, 0, n, 1.0 / 6.0))
    mixed = gaussian_signal(genome, n, shift=(4, 0, 300, 0.45))
    is_first = (lost.chrom == 4) & (lost.position < 30_000_000)
    signal = replace(lost, symbol=np.where(is_first, mixed.symbol, lost.symbol).astype(np.int32))
    is_lost = toy_bins(genome, 1_000_000).chrom == 4
    ratio = np.random.default_rng(1).normal(np.where(is_lost, np.log2(0.75), 0.0), 0.05)
    profile = profile_of(genome, 1_000_000, ratio, sd=0.05)
    whole = replace(
        call_of("chr5", 0, 100_000_000),
        kind="loss",
        copy_number=1,
        p_value=1e-6,
        ratio_log2=-0.4,
        origin="acquired",
    )
    calls = read_beside((whole,), signal, profile, genome)
    inner, outer = sorted((c for c in calls if c.reported), key=lambda call: call.end)
    assert (inner.start, round(inner.end, -6)) == pytest.approx((0, 30_000_000), abs=500_000)
    assert (outer.start, outer.end) == pytest.approx((30_000_000, 100_000_000), abs=500_000)
    assert (outer.kind, outer.origin) == ("loss", "acquired")
    assert outer.cell_fraction.estimate == pytest.approx(0.5, abs=0.03)
