"""Simulated people and their relatives, and what arrays and reads show of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.arrays import AlleleDepths, Genome, SnpTable
from genostab.io.genome import load_genome

GENOME = load_genome("GRCh38")
AUTOSOMES = range(22)
Int8 = NDArray[np.int8]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]


def places(n: int) -> tuple[NDArray[np.int16], Int64]:
    """Chromosome and position of about `n` SNPs, evenly over the autosomes."""
    length = GENOME.length_bp[:22]
    each = [int(n * share) for share in length / length.sum()]
    chrom = np.repeat(np.arange(22), each).astype(np.int16)
    position = np.concatenate(
        [np.linspace(0, bp - 1, k).astype(np.int64) for k, bp in zip(each, length, strict=True)]
    )
    return chrom, position


def frequencies(n: int, rng: np.random.Generator) -> Float64:
    """Frequency of B: minor alleles of 5 to 50 %, B the minor one in half of the SNPs."""
    minor = rng.uniform(0.05, 0.5, n)
    return np.where(rng.random(n) < 0.5, minor, 1.0 - minor)


def person(p: Float64, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Two haplotypes; bool, shape (2, n_snps), True for B."""
    return rng.random((2, p.size)) < p


def gamete(
    parent: NDArray[np.bool_], chrom: NDArray[np.int16], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """A haplotype of a child: one crossover per arm, at random."""
    out = np.empty(parent.shape[1], dtype=np.bool_)
    for c in np.unique(chrom):
        at = np.flatnonzero(chrom == c)
        start = int(rng.integers(2))
        cuts = np.sort(rng.integers(0, at.size, rng.poisson(1.6)))
        strand = (start + np.searchsorted(cuts, np.arange(at.size), side="right")) % 2
        out[at] = parent[strand, at]
    return out


def relative(
    relation: str, p: Float64, chrom: NDArray[np.int16], rng: np.random.Generator
) -> tuple[Int8, Int8]:
    """Copies of B of two people of that relation; int8, shape (n_snps,)."""
    one, two = person(p, rng), person(p, rng)
    child = np.stack([gamete(one, chrom, rng), gamete(two, chrom, rng)])
    if relation == "unrelated":
        pair = (one, two)
    elif relation == "one donor":
        pair = (one, one)
    elif relation == "parent and child":
        pair = (one, child)
    elif relation == "siblings":
        pair = (child, np.stack([gamete(one, chrom, rng), gamete(two, chrom, rng)]))
    else:
        other = np.stack([gamete(one, chrom, rng), gamete(person(p, rng), chrom, rng)])
        pair = (child, other)
    return pair[0].sum(axis=0).astype(np.int8), pair[1].sum(axis=0).astype(np.int8)


def array_of(
    copies: Int8, chrom: NDArray[np.int16], position: Int64, error: float, rng: np.random.Generator
) -> SnpTable:
    """An array whose genotypes are wrong in `error` of the SNPs."""
    wrong = rng.random(copies.size) < error
    seen = np.where(wrong, (copies + rng.integers(1, 3, copies.size)) % 3, copies).astype(np.int8)
    return SnpTable(
        sample="array",
        name=tuple(f"s{i}" for i in range(copies.size)),
        chrom=chrom,
        position=position,
        log_r_ratio=np.zeros(copies.size),
        b_allele_fraction=seen / 2.0,
        genotype=seen,
    )


def reads_of(
    copies: Int8,
    chrom: NDArray[np.int16],
    position: Int64,
    depth: float,
    rng: np.random.Generator,
    *,
    error: float = 0.003,
) -> AlleleDepths:
    """Reads of a library of that mean depth at every SNP."""
    n = rng.poisson(depth, copies.size)
    share = np.array([error, 0.5, 1.0 - error])[copies]
    alt = rng.binomial(n, share)
    return AlleleDepths(
        sample=f"{depth:g}x",
        chrom=chrom,
        position=position,
        ref_depth=(n - alt).astype(np.int64),
        alt_depth=alt.astype(np.int64),
        genotype=np.full(copies.size, -1, dtype=np.int8),
    )


def genome() -> Genome:
    """The assembly of the simulated people."""
    return GENOME
