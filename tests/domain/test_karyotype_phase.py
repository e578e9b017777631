"""Phase of a child's probes from its parents' genotypes."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from genostab.karyotype.phase import aligned_genotypes, phase_from_parents
from tests.domain.karyotype_data import snps_of


def called(*copies: int) -> np.ndarray:
    return np.array(copies, dtype=np.int8)


def test_every_trio_of_genotypes_against_the_transmissions() -> None:
    """Mendel's law by listing which allele each parent can give, instead of by counts of copies."""
    gives = {0: {0}, 1: {0, 1}, 2: {1}, -1: {0, 1}}
    trios = list(product((-1, 0, 1, 2), repeat=3))
    child, first, second = (called(*column) for column in zip(*trios, strict=True))
    found = phase_from_parents(child, first, second)
    n_errors = 0
    for row, (own, one, other) in enumerate(trios):
        ways = [(a, b) for a in gives[one] for b in gives[other] if a + b == own]
        n_errors += own >= 0 and one >= 0 and other >= 0 and not ways
        carriers = {1 if a else 2 for a, _ in ways} if own == 1 else set()
        expected = carriers.pop() if len(carriers) == 1 else 0
        assert found.phase.haplotype[row] == expected, trios[row]
        assert found.phase.block[row] == (0 if expected else -1)
    assert (found.n_trios, found.n_errors) == (27, n_errors)
    # Of 27 trios 12 cannot be: 4 of AA with BB, 4 of two alike homozygous, 4 of one homozygous parent.
    assert n_errors == 12


def test_haplotypes_of_a_simulated_child_are_found_back() -> None:
    rng = np.random.default_rng(7)
    n = 20_000
    frequency = rng.uniform(0.1, 0.9, n)
    haplotypes = (rng.random((4, n)) < frequency).astype(np.int8)
    child = haplotypes[0] + haplotypes[2]
    found = phase_from_parents(child, haplotypes[0] + haplotypes[1], haplotypes[2] + haplotypes[3])
    phased = found.phase.haplotype > 0
    assert found.n_errors == 0
    assert np.array_equal(found.phase.haplotype[phased] == 1, haplotypes[0][phased] == 1)
    # Unphased are heterozygous probes of two heterozygous parents: 2 p^2 q^2 of all, against 2 p q heterozygous ones.
    p, q = frequency, 1.0 - frequency
    expected = float((2 * p * q - 2 * (p * q) ** 2).sum())
    assert abs(int(phased.sum()) - expected) < 4 * np.sqrt(expected)


def test_the_same_donor_gives_no_phase_and_no_errors() -> None:
    genotype = called(0, 1, 2, 1)
    found = phase_from_parents(genotype, genotype, genotype)
    assert not found.phase.haplotype.any()
    assert found.n_errors == 0


def test_genotypes_are_aligned_by_name_and_position() -> None:
    position = np.array([10, 20, 30, 40])
    own = snps_of(np.zeros(4), position, np.zeros(4), np.zeros(4))
    other = replace(
        snps_of(np.zeros(3), np.array([40, 10, 31]), np.zeros(3), np.zeros(3)),
        name=("rs3", "rs0", "rs2"),
        genotype=called(2, 1, 1),
    )
    # rs1 is absent and rs2 stands elsewhere.
    assert aligned_genotypes(own, other).tolist() == [1, -1, -1, 2]
    assert aligned_genotypes(own, replace(own, genotype=called(0, 1, 2, 0))).tolist() == [0, 1, 2, 0]
    empty = snps_of(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))
    assert aligned_genotypes(own, empty).tolist() == [-1] * 4
