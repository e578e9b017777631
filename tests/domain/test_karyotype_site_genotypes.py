"""Genotypes at sites: probabilities against scipy's distributions, error rates and coverage by simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from genostab.arrays import Phase, SnpSites
from genostab.karyotype.settings import load_settings
from genostab.karyotype.site_genotypes import (
    genotype_posterior,
    genotype_sites,
    one_strand_p,
    third_base_p,
)

SETTINGS = load_settings()


def sites(n: int) -> SnpSites:
    return SnpSites(
        name="s",
        chrom=np.zeros(n, dtype=np.int16),
        position=np.arange(n, dtype=np.int64) * 100,
        alleles=np.tile(np.array([[1, 2]], dtype=np.uint8), (n, 1)),
    )


def by_strand(ref: np.ndarray, alt: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    columns = []
    for reads in (ref, alt, other):
        forward = rng.binomial(reads, 0.5)
        columns += [forward, reads - forward]
    return np.column_stack(columns).astype(np.int64)


def test_posterior_is_that_of_binomial_and_beta_binomial() -> None:
    n, k = (grid.ravel() for grid in np.meshgrid(np.arange(0, 61, 3), np.arange(0, 61, 4)))
    n, k = n[k <= n], k[k <= n]
    error, a = SETTINGS.site_base_error, SETTINGS.site_het_reads / 2
    likelihood = np.column_stack(
        (stats.binom.pmf(k, n, error), stats.betabinom.pmf(k, n, a, a), stats.binom.pmf(k, n, 1 - error))
    )
    expected = likelihood / likelihood.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(genotype_posterior(n - k, k, SETTINGS), expected, rtol=1e-9, atol=1e-12)


def test_no_read_is_no_genotype() -> None:
    found = genotype_sites("x", sites(3), np.zeros((3, 6), dtype=np.int64), SETTINGS)
    assert found.snps.genotype.tolist() == [-1, -1, -1]
    assert (found.alt_share.estimate, found.alt_share.n, found.other_share) == (None, 0, 0.0)


def test_chance_of_one_strand_is_hypergeometric() -> None:
    rng = np.random.default_rng(1)
    depths = rng.integers(0, 12, (400, 6))
    depths[::2, 3] = 0
    depths[1::4, 2] = 0
    p = one_strand_p(depths)
    for row, own in zip(depths, p, strict=True):
        forward, reverse, alt_forward, alt_reverse = row[0] + row[2], row[1] + row[3], row[2], row[3]
        k = alt_forward + alt_reverse
        if k == 0 or (alt_forward and alt_reverse):
            assert own == 1.0
            continue
        same = forward if alt_forward else reverse
        assert np.isclose(own, stats.hypergeom.pmf(k, forward + reverse, same, k), rtol=1e-9)


def test_chance_of_a_third_base_is_binomial() -> None:
    other, n = np.array([0, 1, 3, 5, 0]), np.array([30, 30, 30, 8, 0])
    expected = stats.binom.sf(other - 1, n, 0.01)
    np.testing.assert_allclose(third_base_p(other, n, 0.01), expected, rtol=1e-9)


def test_artefacts_are_left_out_and_counted() -> None:
    depths = np.array(
        [
            [8, 8, 7, 7, 0, 0],
            [5, 15, 12, 0, 0, 0],  # ALT forward only: C(17,12) / C(32,12) = 3e-5
            [0, 0, 0, 20, 0, 0],  # every read is ALT and reverse: nothing odd
            [9, 9, 0, 0, 3, 3],  # six of 24 bases are neither allele
            [9, 9, 2, 0, 0, 0],  # two of one strand by chance
        ],
        dtype=np.int64,
    )
    found = genotype_sites("x", sites(5), depths, SETTINGS)
    assert found.snps.position.tolist() == [0, 200, 400]
    assert (found.n_strand, found.n_third) == (1, 1)
    assert found.snps.genotype.tolist()[:2] == [1, 2]
    assert found.other_share == 6 / depths.sum()


def test_wrong_genotypes_are_as_rare_as_said() -> None:
    """Donors whose SNPs and reads are as the prior says: of called ones at most 1 % are wrong, at any depth."""
    rng = np.random.default_rng(2)
    size, shares = 60_000, []
    for depth in (5, 10, 30):
        truth = rng.integers(0, 3, size)
        n = rng.poisson(depth, size)
        share = np.select([truth == 0, truth == 2], [0.01, 0.99], rng.beta(10, 10, size))
        alt = rng.binomial(n, share)
        found = genotype_sites("x", sites(size), by_strand(n - alt, alt, 0 * n, rng), SETTINGS)
        kept = found.snps.position // 100
        called = found.snps.genotype >= 0
        wrong = (found.snps.genotype != truth[kept])[called].mean()
        assert wrong < 0.01
        shares.append(float(called.mean()))
        assert found.n_strand < 3e-4 * size
    assert shares == sorted(shares)
    assert shares[-1] > 0.95


def test_interval_of_the_reference_bias_covers_it() -> None:
    """ALT share 0.48, between SNPs spread by an SD of 0.05: 95 % intervals hold it in 90 to 99 of 100 runs."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        n = rng.poisson(30, 500) + 1
        share = np.clip(rng.normal(0.48, 0.05, n.size), 0.2, 0.8)
        alt = rng.binomial(n, share)
        lax = replace(SETTINGS, site_min_posterior=0.0)  # so that no SNP is left out for its own reads
        found = genotype_sites("x", sites(n.size), by_strand(n - alt, alt, 0 * n, rng), lax).alt_share
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.48 <= found.high
    assert 180 <= held <= 198


N = 4000


def family(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Genotypes of a donor, a sibling and a stranger at SNPs whose rarer allele has 10 to 50 %."""
    frequency = rng.uniform(0.1, 0.5, N)
    father, mother, stranger = ((rng.random((2, N)) < frequency).astype(np.int64) for _ in range(3))

    def child() -> np.ndarray:
        rows = rng.integers(0, 2, (2, N))
        return np.take_along_axis(father, rows[:1], 0)[0] + np.take_along_axis(mother, rows[1:], 0)[0]

    return {"donor": child(), "sibling": child(), "stranger": stranger.sum(axis=0)}


def reads_of(genotype: np.ndarray, share: np.ndarray, rng: np.random.Generator, depth: float) -> np.ndarray:
    """Reads of REF and ALT with one base in a hundred wrong; `share` of ALT where heterozygous."""
    n = rng.poisson(depth, genotype.size)
    alt = rng.binomial(n, np.where(genotype == 1, share, genotype / 2.0) * 0.98 + 0.01)
    return by_strand(n - alt, alt, np.zeros_like(n), rng)


@pytest.mark.parametrize("depth", [3.0, 30.0])
@pytest.mark.parametrize("whose", ["donor", "sibling", "stranger"])
def test_phase_is_used_where_the_genotypes_are_the_donors(whose: str, depth: float) -> None:
    rng = np.random.default_rng(4)
    people = family(rng)
    told = people[whose]
    haplotype = np.where(told == 1, rng.integers(1, 3, N), 0).astype(np.int8)
    phase = Phase(haplotype=haplotype, block=np.where(told == 1, 0, -1))
    file = replace(sites(N), genotype=told.astype(np.int8), phase=phase)
    # Half of the genome has lost one haplotype: what is heterozygous in the donor is not in the lot.
    share = np.where(np.arange(N) < N // 2, 0.0, 0.5)
    found = genotype_sites("x", file, reads_of(people["donor"], share, rng, depth), SETTINGS)
    assert "homozygous" in found.phase_note
    if whose != "donor":
        assert found.snps.phase is None
        return
    assert found.snps.phase is not None
    at = found.snps.position // 100
    assert (found.snps.phase.haplotype == haplotype[at]).all()


def test_a_file_of_heterozygous_sites_alone_is_taken_by_them() -> None:
    rng = np.random.default_rng(5)
    people = family(rng)
    for whose, is_used in (("donor", True), ("sibling", False)):
        is_het = people[whose] == 1
        phase = Phase(haplotype=is_het.astype(np.int8)[is_het], block=np.zeros(is_het.sum(), dtype=np.int64))
        genotype = np.ones(is_het.sum(), dtype=np.int8)
        file = replace(sites(genotype.size), genotype=genotype, phase=phase)
        depths = reads_of(people["donor"][is_het], np.full(genotype.size, 0.5), rng, 30.0)
        assert (genotype_sites("x", file, depths, SETTINGS).snps.phase is not None) == is_used
