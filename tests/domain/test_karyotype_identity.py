"""Whose DNA two samples are: closed forms, published formulas, simulated families and lost alleles."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from genostab.arrays import SnpTable
from genostab.karyotype.genotypes import Spectrum, fitted_spectrum, genotype_shares, two_genotypes
from genostab.karyotype.identity import compare_samples
from genostab.karyotype.sample_settings import load_sample_settings
from tests.statistical.sample_genomes import (
    GENOME,
    array_of,
    frequencies,
    person,
    places,
    reads_of,
    relative,
)

SETTINGS = load_sample_settings()
CHROM, POSITION = places(6000)


def of_genotypes(*genotypes: int, name: str = "s") -> SnpTable:
    """An array of chromosome 1, SNPs 100 kb apart."""
    copies = np.array(genotypes, dtype=np.int8)
    at = np.arange(copies.size, dtype=np.int64) * 100_000
    table = array_of(copies, np.zeros(copies.size, np.int16), at, 0.0, np.random.default_rng(0))
    return replace(table, sample=name)


@pytest.mark.parametrize("k", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.25, 0.5, 0.25)])
def test_joint_genotypes_of_a_known_frequency(k: tuple[float, float, float]) -> None:
    """The ITO matrices of Li and Sacks (1954), with a spectrum so narrow that the frequency is known."""
    p, q = 0.3, 0.7
    joint = two_genotypes(Spectrum(b=np.array([p * 1e9]), a=np.array([q * 1e9])), k)[:, :, 0]
    single = np.array([q * q, 2 * p * q, p * p])
    unrelated = np.outer(single, single)
    one_shared = single[:, None] * np.array([[q, p, 0.0], [q / 2, 0.5, p / 2], [0.0, q, p]])
    expected = k[0] * unrelated + k[1] * one_shared + k[2] * np.diag(single)
    assert joint == pytest.approx(expected, abs=1e-8)
    assert joint.sum() == pytest.approx(1.0)


def test_joint_genotypes_of_a_uniform_spectrum() -> None:
    # With p uniform, E[p^i (1-p)^j] = i! j! / (i+j+1)!; two unrelated people AB and AB: 4 * 2! 2! / 5!
    joint = two_genotypes(Spectrum(b=np.ones(1), a=np.ones(1)), (1.0, 0.0, 0.0))[:, :, 0]
    assert joint[1, 1] == pytest.approx(16 / 120)
    assert joint[0, 2] == pytest.approx(4 / 120)


def test_the_spectrum_explains_the_shares() -> None:
    spectrum = fitted_spectrum(np.array([0.5, 0.3, 0.2]), variants_only=False)
    single = [float((math.comb(2, g) * spectrum.moment(g, 2 - g))[0]) for g in (0, 1, 2)]
    assert single == pytest.approx([0.5, 0.3, 0.2], abs=1e-6)


def test_shares_from_single_reads_do_not_lose_the_heterozygotes() -> None:
    rng = np.random.default_rng(1)
    genotype = rng.choice(3, 200_000, p=[0.5, 0.36, 0.14])
    depth = rng.poisson(1.0, genotype.size)
    alt = rng.binomial(depth, np.array([0.0, 0.5, 1.0])[genotype])
    share = np.array([1e-6, 0.5, 1 - 1e-6])
    likelihood = share ** alt[:, None] * (1 - share) ** (depth - alt)[:, None]
    assert genotype_shares(likelihood) == pytest.approx([0.5, 0.36, 0.14], abs=0.02)


def test_king_kinship_and_ibs_by_hand() -> None:
    # 24 SNPs: both AB 12, AB against AA 6 each way, opposite homozygotes 3, equal homozygotes 9.
    first = of_genotypes(*[1] * 12, *[1] * 6, *[0] * 6, *[0] * 3, *[2] * 9, name="a")
    second = of_genotypes(*[1] * 12, *[0] * 6, *[1] * 6, *[2] * 3, *[2] * 9, name="b")
    pair = compare_samples(first, second, GENOME, replace(SETTINGS, min_compared=10))
    # KING-robust: (12 - 2*3) / (2*18) + 1/2 - (18 + 18) / (4*18)
    assert pair.kinship.estimate == pytest.approx(6 / 36 + 0.5 - 0.5)
    assert (pair.ibs0, pair.ibs1, pair.ibs2, pair.n_different) == (3, 12, 21, 15)
    assert pair.concordance.estimate == pytest.approx(21 / 36)


@pytest.mark.parametrize(
    ("relation", "reading"),
    [
        ("one donor", "same donor"),
        ("parent and child", "related"),
        ("siblings", "related"),
        ("unrelated", "other donor"),
    ],
)
@pytest.mark.parametrize("depths", [(None, None), (30, 30), (5, 5), (30, 1)])
def test_simulated_pairs(relation: str, reading: str, depths: tuple[float | None, float | None]) -> None:
    rng = np.random.default_rng([3, len(relation)])
    copies = relative(relation, frequencies(CHROM.size, rng), CHROM, rng)
    first, second = (
        array_of(each, CHROM, POSITION, 0.01, rng)
        if depth is None
        else reads_of(each, CHROM, POSITION, depth, rng)
        for each, depth in zip(copies, depths, strict=True)
    )
    assert compare_samples(first, second, GENOME, SETTINGS).reading == reading


def test_an_array_against_reads_needs_no_common_allele() -> None:
    rng = np.random.default_rng(5)
    copies = person(frequencies(CHROM.size, rng), rng).sum(axis=0).astype(np.int8)
    turned = np.where(rng.random(copies.size) < 0.5, 2 - copies, copies).astype(np.int8)
    pair = compare_samples(
        array_of(turned, CHROM, POSITION, 0.01, rng),
        reads_of(copies, CHROM, POSITION, 30, rng),
        GENOME,
        SETTINGS,
    )
    assert pair.reading == "same donor"
    assert (pair.ibs0, pair.kinship.status) == (None, "not_computed")


@pytest.mark.parametrize(("relation", "reading"), [("one donor", "same donor"), ("siblings", "related")])
def test_files_that_list_variants_only(relation: str, reading: str) -> None:
    rng = np.random.default_rng(8)
    copies = relative(relation, frequencies(CHROM.size, rng), CHROM, rng)
    listed = []
    for each in copies:
        keep = each > 0
        listed.append(reads_of(each[keep], CHROM[keep], POSITION[keep], 30, rng))
    pair = compare_samples(*listed, GENOME, SETTINGS)
    assert "variants only" in pair.note
    assert pair.reading == reading


def test_lost_alleles_over_a_third_of_the_genome_are_no_other_donor() -> None:
    rng = np.random.default_rng(9)
    copies = person(frequencies(CHROM.size, rng), rng).sum(axis=0).astype(np.int8)
    lost = copies.copy()
    gone = (CHROM < 6) & (copies == 1)
    lost[gone] = 2 * rng.integers(0, 2, int(gone.sum()))
    pair = compare_samples(
        array_of(lost, CHROM, POSITION, 0.01, rng),
        array_of(copies, CHROM, POSITION, 0.01, rng),
        GENOME,
        SETTINGS,
    )
    assert pair.concordance.estimate is not None
    assert pair.concordance.estimate < 0.9
    assert pair.reading == "same donor"


def test_too_few_snps_say_nothing() -> None:
    pair = compare_samples(of_genotypes(0, 1, 2, 1), of_genotypes(0, 1, 2, 1, name="t"), GENOME, SETTINGS)
    assert (pair.reading, pair.relation) == ("cannot tell", "")
    assert pair.kinship.estimate is None


def test_arrays_of_other_probes_share_nothing() -> None:
    one = of_genotypes(*[1] * 50)
    other = replace(one, name=tuple(f"x{i}" for i in range(50)))
    pair = compare_samples(one, other, GENOME, SETTINGS)
    assert (pair.n_snps, pair.reading, pair.concordance.status) == (0, "cannot tell", "not_computed")
