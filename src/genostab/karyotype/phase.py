"""Phase of heterozygous probes from the genotypes of two parents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genostab.arrays import Int8, Int64, Phase, SnpTable


@dataclass(frozen=True, kw_only=True)
class ParentalPhase:
    """Phase by descent, and how well the three fit together.

    phase : Phase; haplotype 1 came from the first parent; one block, 0, per chromosome
    n_trios : int, probes called in all three; n_errors : int, those that break Mendel's law
    """

    phase: Phase
    n_trios: int
    n_errors: int

    @property
    def error_rate(self) -> float:
        """Share of the probes called in all three that break Mendel's law; NaN where there is none."""
        return self.n_errors / self.n_trios if self.n_trios else float("nan")


def aligned_genotypes(snps: SnpTable, other: SnpTable) -> Int8:
    """Genotypes of another array at the probes of this one.

    Parameters
    ----------
    snps, other : SnpTable

    Returns
    -------
    int8, shape (n_snps,), copies of B; -1 where not called, or where the other has no probe of this name and position
    """
    if snps.name == other.name:
        rows = np.arange(snps.chrom.size)
    else:
        index = {name: row for row, name in enumerate(other.name)}
        rows = np.array([index.get(name, -1) for name in snps.name], dtype=np.int64)
    found = np.full(snps.chrom.size, -1, dtype=np.int8)
    if not other.chrom.size:
        return found
    is_same = (rows >= 0) & (other.chrom[rows] == snps.chrom) & (other.position[rows] == snps.position)
    found[is_same] = other.genotype[rows[is_same]]
    return found


def phase_from_parents(genotype: Int8, first: Int8, second: Int8) -> ParentalPhase:
    """Which parent the B allele of each heterozygous probe came from.

    Parameters
    ----------
    genotype, first, second : int8, shape (n_snps,), copies of B of the sample and its two parents, -1 where not called;
        autosomes, where each parent gives one allele

    Notes
    -----
    A homozygous parent gave the allele that it has; where both parents are heterozygous, or the only one that is called
    is, nothing is known. A probe breaks Mendel's law where no allele of each parent together make its genotype; it is
    not phased. One parent line, being the same donor, is no parent in this sense. O(n_snps).

    Examples
    --------
    >>> found = phase_from_parents(*(np.array(x, np.int8) for x in ([1, 1, 1], [0, 2, 1], [2, 1, 1])))
    >>> found.phase.haplotype.tolist(), found.n_errors
    ([2, 1, 0], 0)
    """
    called = (genotype >= 0) & (first >= 0) & (second >= 0)
    wrong = called & ~_possible(genotype, first, second)
    is_het = (genotype == 1) & ~wrong
    from_first = is_het & ((first == 2) | (second == 0))
    from_second = is_het & ((first == 0) | (second == 2))
    haplotype = np.where(from_first & ~from_second, 1, np.where(from_second & ~from_first, 2, 0))
    block: Int64 = np.where(haplotype > 0, 0, -1).astype(np.int64)
    return ParentalPhase(
        phase=Phase(haplotype=haplotype.astype(np.int8), block=block),
        n_trios=int(called.sum()),
        n_errors=int(wrong.sum()),
    )


def _possible(genotype: Int8, first: Int8, second: Int8) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether one allele of each parent make the genotype: as few copies of B as homozygous parents force, or more."""
    least = (first == 2).astype(np.int8) + (second == 2).astype(np.int8)
    most = (first > 0).astype(np.int8) + (second > 0).astype(np.int8)
    possible: np.ndarray[tuple[int], np.dtype[np.bool_]] = (genotype >= least) & (genotype <= most)
    return possible
