"""Allele depths simulated with a known shift, and tails against exact distributions."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from genostab.arrays import AlleleDepths
from genostab.karyotype.alleles import add_alleles, squared_shift, tail_probability, tail_quantile
from genostab.results import Call, Sensitivity
from tests.domain.karyotype_data import GRCH38, SETTINGS, call_of

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


def found_in(snps: AlleleDepths, calls: tuple[Call, ...] = ()) -> tuple[list[Call], dict[str, Sensitivity]]:
    all_calls, rows = add_alleles(calls, snps, GRCH38, SETTINGS)
    return [call for call in all_calls if call.kind == "cnloh"], {row.region: row for row in rows}


@given(n=st.integers(2, 40), p=st.floats(0.2, 0.8), q=st.floats(0.05, 0.95))
def test_squared_shift_is_unbiased_for_every_depth_and_shift(n: int, p: float, q: float) -> None:
    """Exact expectation over k binomial (n, q), with the pooled share held at p by a partner SNP of huge depth."""
    k = np.arange(n + 1)
    huge = 1e15
    value = np.array(
        [squared_shift(np.array([i, p * huge]), np.array([n, huge]))[0] for i in k.astype(float)]
    )
    assert float(stats.binom.pmf(k, n, q) @ value) == pytest.approx((q - p) ** 2, abs=1e-6)


@pytest.mark.parametrize(("shift", "bias"), [(0.0, 0.5), (0.0, 0.44), (0.05, 0.48), (0.15, 0.5)])
def test_squared_shift_averages_to_the_truth(shift: float, bias: float) -> None:
    rng = np.random.default_rng(int(1000 * shift) + int(100 * bias))
    depth = rng.poisson(25, 200_000) + 10
    sign = np.where(np.arange(depth.size) % 2 == 0, 1, -1)
    values = squared_shift(rng.binomial(depth, bias + sign * shift).astype(float), depth.astype(float))
    error = 4 * values.std() / np.sqrt(values.size)
    assert values.mean() == pytest.approx(shift**2, abs=error)
    assert error < 3e-4


@pytest.mark.parametrize("n", [20, 200, 5000])
def test_tail_is_that_of_a_chi_square(n: int) -> None:
    for z in (-2.0, 0.0, 3.0, 6.0):
        exact = mpmath.gammainc(n / 2, n / 2 + z * mpmath.sqrt(n / 2), regularized=True)
        assert tail_probability(z, n) == pytest.approx(float(exact), rel=1e-9)
        assert tail_probability(z, n) == pytest.approx(stats.chi2.sf(n + z * np.sqrt(2 * n), n), rel=1e-9)
    for alpha in (0.01, 1e-6):
        assert tail_probability(tail_quantile(alpha, n), n) == pytest.approx(alpha, rel=1e-8)


def test_no_imbalance_no_call() -> None:
    assert [found_in(lot(seed))[0] for seed in range(12)] == [[]] * 12


@pytest.mark.parametrize(("chrom", "fraction"), [(8, 0.4), (19, 0.5), (0, 0.2)])
def test_a_mosaic_of_a_whole_chromosome(chrom: int, fraction: float) -> None:
    (call,), _ = found_in(lot(1, loh=(chrom, 0, int(LENGTH[chrom]), fraction)))
    assert (call.chrom, call.start, call.end) == (GRCH38.names[chrom], 0, LENGTH[chrom])
    assert call.cell_fraction.low < fraction < call.cell_fraction.high
    assert (call.copy_number, call.origin, call.reported) == (2, "unknown", True)
    assert call.iscn == f"seq[GRCh38] ({chrom + 1})x2 hmz[{call.cell_fraction.estimate:.2f}]"


def test_a_mosaic_of_one_arm_is_a_call_of_the_arm() -> None:
    start = int(GRCH38.centromere_end[19])
    (call,), _ = found_in(lot(2, loh=(19, start, int(LENGTH[19]), 0.6)))
    assert (call.chrom, call.start, call.end) == ("chr20", start, LENGTH[19])
    assert call.cell_fraction.low < 0.6 < call.cell_fraction.high
    assert call.bands.startswith("20q11")


def test_a_complete_loss_has_no_heterozygous_snps_and_is_still_seen() -> None:
    (call,), rows = found_in(lot(3, loh=(8, 0, int(LENGTH[8]), 1.0)))
    assert (call.chrom, call.end, call.cell_fraction.estimate) == ("chr9", LENGTH[8], 1.0)
    assert (call.cell_fraction.low, call.cell_fraction.high) == (None, 1.0)
    assert call.iscn == "seq[GRCh38] (9)x2 hmz"
    # Its own SNPs cannot show a mosaic any more.
    assert rows["9"].min_cell_fraction is None


def test_missing_heterozygous_snps_open_the_interval_to_all_cells() -> None:
    (call,), _ = found_in(lot(4, loh=(0, 0, int(LENGTH[0]), 0.75)))
    # At 30 reads two in five of these SNPs are called homozygous: the estimate is low, its upper end is not.
    assert call.cell_fraction.low < call.cell_fraction.estimate < 0.75 < call.cell_fraction.high


def test_sensitivity_falls_with_snps_and_depth() -> None:
    _, shallow = found_in(lot(5, depth=15))
    _, deep = found_in(lot(5, depth=60))
    assert deep["1"].min_cell_fraction < deep["21"].min_cell_fraction
    assert deep["1"].min_cell_fraction < shallow["1"].min_cell_fraction
    assert {row.evidence for row in deep.values()} == {"allele"}
    assert {row.kind for row in deep.values()} == {"cnloh"}
    # The short arms of 13, 14, 15, 21 and 22 are there, seen or not.
    assert len(deep) == 22 + 44


def test_sensitivity_by_hand() -> None:
    """White SNPs of one depth: threshold plus power, with the variance that the shift itself adds."""
    n, depth = 30_000, 40
    rng = np.random.default_rng(6)
    chrom = np.sort(rng.choice(22, n, p=LENGTH / LENGTH.sum())).astype(np.int16)
    position = (rng.random(n) * LENGTH[chrom]).astype(np.int64)
    alt = rng.binomial(depth, 0.5, n)
    snps = AlleleDepths(
        sample="s",
        chrom=chrom,
        position=position,
        ref_depth=depth - alt,
        alt_depth=alt,
        genotype=np.ones(n, dtype=np.int8),
    )
    _, rows = found_in(snps)
    s2 = 0.25 / depth
    alpha = SETTINGS.family_wise_error / 66
    for name, number in (("1", 0), ("21", 20)):
        m = int((chrom == number).sum())
        critical = (stats.chi2.isf(alpha, m) - m) / np.sqrt(2 * m) * np.sqrt(2 * s2**2 / m)
        shift2 = critical
        for _ in range(50):
            spread = np.sqrt((2 * s2**2 + 4 * shift2 * s2) / m)
            shift2 = critical + stats.norm.ppf(SETTINGS.power) * spread
        assert rows[name].min_cell_fraction == pytest.approx(2 * np.sqrt(shift2), rel=0.015)


def test_calls_from_depth_are_counted_and_left_out() -> None:
    snps = lot(7, loh=(8, 0, int(LENGTH[8]), 0.8))
    of_depth = call_of("chr9", 0, int(LENGTH[8]))
    calls, rows = add_alleles((of_depth,), snps, GRCH38, SETTINGS)
    assert [call.kind for call in calls] == ["gain"]
    assert calls[0].n_snps == int(((snps.chrom == 8) & (snps.genotype == 1)).sum())
    assert {r.region: r.min_cell_fraction for r in rows}["9q"] is None
    # A short call on the chromosome, or one that is rejected, does not hide what the rest shows.
    for other in (call_of("chr9", 0, 3_000_000), call_of("chr9", 0, int(LENGTH[8]), reported=False)):
        (seen,), _ = found_in(snps, (other,))
        assert seen.chrom == "chr9"


def test_too_few_snps_say_nothing() -> None:
    few = lot(8, n=20)
    calls, rows = add_alleles((call_of("chr1", 0, 10_000),), few, GRCH38, SETTINGS)
    assert (len(calls), rows) == (1, ())
    _, sparse = found_in(lot(9, n=300))
    assert sparse["21"].min_cell_fraction is None
    shallow = lot(10, depth=3.0)
    assert add_alleles((), shallow, GRCH38, SETTINGS) == ((), ())
