"""Arrays whose probes are made by hand: signals of known copies, noise and alleles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genostab.arrays import SnpTable
from genostab.karyotype.call import Karyotype
from genostab.karyotype.snp import (
    array_profile,
    array_sex,
    bins_of_probes,
    call_array,
    heterozygous_probes,
)
from genostab.results import Call
from tests.domain.karyotype_data import SETTINGS, snps_of, toy_genome

GENOME = toy_genome()
PER_CHROM = 1000
CHROM = np.repeat(np.arange(24), PER_CHROM)
POSITION = np.tile(np.arange(PER_CHROM) * 100_000 + 50_000, 24)
ON_X, ON_Y = CHROM == 22, CHROM == 23


def array(
    seed: int,
    *,
    event: tuple[int, int, int] = (0, 0, 0),
    copies: int = 2,
    fraction: float = 1.0,
    lrr_noise: float = 0.15,
    balanced: bool = False,
    sex: str = "female",
) -> SnpTable:
    """Log R ratio 0.66 per log2, B allele fraction of sd 0.03; an event of whole copies in a fraction of the cells."""
    rng = np.random.default_rng(seed)
    genotype = rng.choice(3, CHROM.size, p=[0.35, 0.3, 0.35])
    if sex == "male":
        genotype = np.where((ON_X | ON_Y) & (genotype == 1), 0, genotype)
    inside = (event[0] == CHROM) & (np.arange(CHROM.size) % PER_CHROM >= event[1])
    inside &= np.arange(CHROM.size) % PER_CHROM < event[2]
    total = np.where(inside, 2 + fraction * (copies - 2), 2.0)
    extra_is_b = rng.random(CHROM.size) < 0.5
    b = genotype + np.where(inside, fraction * (copies - 2) * (extra_is_b if genotype.any() else 0), 0.0)
    b = np.where(genotype == 1, b, genotype * total / 2.0)
    baf = np.where(total > 0, b / np.maximum(total, 1e-9), 0.5)
    if balanced:
        baf = genotype / 2.0
    lrr = SETTINGS.lrr_response * np.log2(np.maximum(total, 0.02) / 2.0) + rng.normal(
        0, lrr_noise, CHROM.size
    )
    return snps_of(CHROM, POSITION, lrr, np.clip(baf + rng.normal(0, 0.03, CHROM.size), 0, 1))


def called(sample: SnpTable, parents: tuple[SnpTable, ...] = (), sex: str = "female") -> Karyotype:
    return call_array(sample=sample, parents=parents, sex=sex, genome=GENOME, hotspots=(), settings=SETTINGS)


def reported(karyotype: Karyotype) -> list[tuple[str, str, int, str]]:
    return [(c.chrom, c.kind, c.copy_number, c.origin) for c in karyotype.calls if c.reported]


def test_probes_are_bins_of_one_base() -> None:
    snps = array(1)
    bins = bins_of_probes(snps)
    assert (bins.end - bins.start == 1).all()
    assert np.isnan(bins.n_reads).all()
    np.testing.assert_array_equal(bins.ratio_log2, snps.log_r_ratio)


@pytest.mark.parametrize("sex", ["female", "male"])
def test_sex_by_heterozygous_probes_of_x(sex: str) -> None:
    assert array_sex(array(2, sex=sex), GENOME, SETTINGS) == sex


def test_sex_is_unknown_between_and_without_probes() -> None:
    male = array(2, sex="male")
    # Three in ten of the X probes of a female sample: a mixture.
    mixed = np.where(ON_X & (np.arange(CHROM.size) % 10 == 0), 0.5, male.b_allele_fraction)
    assert array_sex(replace(male, b_allele_fraction=mixed), GENOME, SETTINGS) == "unknown"
    missing = np.where(ON_X, np.nan, male.b_allele_fraction)
    assert array_sex(replace(male, b_allele_fraction=missing), GENOME, SETTINGS) == "unknown"
    homozygous = np.zeros(CHROM.size)
    assert array_sex(replace(male, b_allele_fraction=homozygous), GENOME, SETTINGS) == "unknown"


def test_sex_leaves_the_pseudo_autosomal_region_out() -> None:
    # 0 to 3 Mb of X is pseudo-autosomal here: 30 probes, heterozygous in a male too.
    male = array(2, sex="male")
    baf = np.where(ON_X & (POSITION < 3_000_000), 0.5, male.b_allele_fraction)
    assert array_sex(replace(male, b_allele_fraction=baf), GENOME, SETTINGS) == "male"


def test_heterozygous_is_the_middle_band() -> None:
    baf = np.array([0.0, 0.25, 0.26, 0.5, 0.74, 0.75, 1.0, np.nan])
    snps = snps_of(np.zeros(8, dtype=int), np.arange(8), np.zeros(8), baf)
    expected = [False, False, True, True, True, False, False, False]
    assert heterozygous_probes(snps, SETTINGS).tolist() == expected


def test_profile_is_the_log_r_ratio_over_its_response() -> None:
    snps = array(3, event=(4, 100, 300), copies=1, lrr_noise=0.0001)
    profile = array_profile(snps, GENOME, "female", SETTINGS)
    inside = (profile.chrom == 4) & (profile.start >= 10_000_000) & (profile.start < 30_000_000)
    assert profile.ratio_log2[inside] == pytest.approx(-1.0, abs=0.002)
    assert profile.ratio_log2[~inside] == pytest.approx(0.0, abs=0.002)
    # X is centred on itself; Y and the pseudo-autosomal probes are left out.
    assert profile.chrom.size == 23 * PER_CHROM - 30


@pytest.mark.parametrize(
    ("copies", "fraction", "kind"), [(3, 1.0, "gain"), (1, 1.0, "loss"), (3, 0.5, "gain"), (1, 0.5, "loss")]
)
def test_an_event_with_its_alleles_is_reported(copies: int, fraction: float, kind: str) -> None:
    (call,) = [
        c for c in called(array(5, event=(6, 500, 700), copies=copies, fraction=fraction)).calls if c.reported
    ]
    assert (call.chrom, call.kind, call.copy_number, call.n_snps) == ("chr7", kind, copies, call.n_bins)
    assert abs(call.start - 50_050_000) <= 300_000
    assert abs(call.end - 69_950_001) <= 300_000
    assert call.cell_fraction.low <= fraction <= call.cell_fraction.high


@pytest.mark.parametrize(("copies", "fraction"), [(3, 1.0), (1, 0.5), (3, 0.4)])
def test_a_shift_of_intensity_without_alleles_is_rejected(copies: int, fraction: float) -> None:
    event = array(5, event=(6, 500, 700), copies=copies, fraction=fraction, balanced=True)
    found = called(event)
    assert reported(found) == []
    (call,) = [c for c in found.calls if c.chrom == "chr7" and c.n_bins > 100]
    assert "heterozygous SNPs are balanced" in call.reason
    assert call.undecided


@pytest.mark.parametrize("n", [30, 60, 200])
def test_a_full_loss_with_heterozygous_probes_is_rejected(n: int) -> None:
    found = called(array(7, event=(6, 500, 500 + n), copies=1, balanced=True))
    assert reported(found) == []
    assert any("heterozygous" in c.reason for c in found.calls if c.chrom == "chr7" and c.n_bins > 20)


@pytest.mark.parametrize("n", [20, 60, 200])
@pytest.mark.parametrize("fraction", [0.5, 0.65, 0.8])
def test_a_mosaic_loss_keeps_its_heterozygous_probes(n: int, fraction: float) -> None:
    found = called(array(7, event=(6, 500, 500 + n), copies=1, fraction=fraction))
    assert [entry[:3] for entry in reported(found)] == [("chr7", "loss", 1)]


def test_no_copy_left() -> None:
    (call,) = [c for c in called(array(8, event=(6, 500, 530), copies=0)).calls if c.reported]
    assert (call.kind, call.copy_number, call.cell_fraction.estimate) == ("loss", 0, 1.0)
    assert call.iscn.endswith("x0")


def test_origin_from_parents() -> None:
    deletion = {"event": (6, 500, 530), "copies": 1}
    lot = array(9, **deletion)
    carrier, clean = array(10, **deletion), array(11)
    assert reported(called(lot)) == [("chr7", "loss", 1, "unknown")]
    assert reported(called(lot, (carrier, clean))) == [("chr7", "loss", 1, "inherited")]
    assert reported(called(lot, (clean, clean))) == [("chr7", "loss", 1, "acquired")]


def test_whole_x_and_y_are_not_called_by_their_level() -> None:
    lost = array(12, event=(22, 0, PER_CHROM), copies=1)
    found = called(lost)
    # Without a level of X, its loss from all cells is a stretch without heterozygosity, whatever its Log R ratio.
    assert [(c.chrom, c.kind, c.n_bins) for c in found.calls if c.chrom in ("chrX", "chrY")] == [
        ("chrX", "cnloh", 0)
    ]
    rows = [row for row in found.sensitivity if row.chrom == "chrX"]
    assert rows
    assert all(row.min_cell_fraction is None for row in rows)


def test_euploid_arrays_have_no_call() -> None:
    assert [reported(called(array(seed))) for seed in range(20, 30)] == [[]] * 10


def homozygous_in(snps: SnpTable, chrom: int, first: int, last: int) -> SnpTable:
    """The array with its heterozygous probes of one stretch turned into BB."""
    index = np.arange(CHROM.size) % PER_CHROM
    inside = (chrom == CHROM) & (index >= first) & (index < last) & heterozygous_probes(snps, SETTINGS)
    return replace(snps, b_allele_fraction=np.where(inside, 0.99, snps.b_allele_fraction))


def stretch_of(karyotype: Karyotype) -> Call:
    (call,) = [c for c in karyotype.calls if c.reported]
    assert (call.chrom, call.kind, call.copy_number, call.minor_copies) == ("chr7", "cnloh", 2, 0)
    assert abs(call.start - 50_000_000) < 1_000_000
    assert abs(call.end - 70_000_000) < 1_000_000
    return call


def test_a_stretch_without_heterozygosity_and_what_a_parent_line_says_of_it() -> None:
    before = array(21)
    lot = homozygous_in(before, 6, 500, 700)
    alone = stretch_of(called(lot))
    assert (alone.origin, alone.cell_fraction.low) == ("unknown", None)
    assert "a parent's alleles would tell" in alone.reason
    # The line it came from was heterozygous there: lost in the lot, in all cells.
    lost = stretch_of(called(lot, (before,)))
    assert lost.origin == "acquired"
    assert lost.cell_fraction.low is not None
    assert lost.cell_fraction.low > 0.9
    # The line had the same stretch.
    same = stretch_of(called(lot, (lot,)))
    assert same.origin == "inherited"


def test_both_copies_of_one_parent_break_mendels_law() -> None:
    rng = np.random.default_rng(22)
    genotypes = [rng.choice(3, CHROM.size, p=[0.35, 0.3, 0.35]).astype(np.int8) for _ in range(2)]
    father, mother = (
        replace(array(23), b_allele_fraction=np.clip(g / 2 + rng.normal(0, 0.03, g.size), 0, 1), genotype=g)
        for g in genotypes
    )
    passed = [np.where(g == 1, rng.integers(0, 2, g.size), g // 2) for g in genotypes]
    child = passed[0] + passed[1]
    inside = (CHROM == 6) & (np.arange(CHROM.size) % PER_CHROM // 200 == 2)  # probes 400 to 599
    genotype = np.where(inside, 2 * passed[0], child).astype(np.int8)
    baf = np.clip(genotype / 2 + rng.normal(0, 0.03, genotype.size), 0, 1)
    lot = replace(array(24), b_allele_fraction=baf, genotype=genotype)
    (call,) = [c for c in called(lot, (father, mother)).calls if c.reported]
    assert (call.chrom, call.kind, call.origin) == ("chr7", "cnloh", "acquired")
    assert "both copies of one parent" in call.reason
