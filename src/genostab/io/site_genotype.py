"""Genotypes and phase that a VCF of sites gives of one sample: a column of texts, each different one read once."""

from __future__ import annotations

from typing import Any

import numpy as np

from genostab.arrays import Int8, Int64, Phase
from genostab.io.refusals import Problem, refuse_lines
from genostab.io.vcf_header import FieldError, format_keys, genotype_alleles, phase_set


def genotypes_of_column(
    keys: Any, values: Any, rows: Int64, line: Int64, where: str
) -> tuple[Int8, Phase | None]:
    """Copies of ALT, -1 where not told, and the phase of genotypes written with |; None where there is none.

    Parameters
    ----------
    keys, values : pandas categorical Series of text, FORMAT and the sample's column
    rows : ndarray of int64, those to be read, biallelic all of them
    line : ndarray of int64, line of each row of the columns
    where : str, file, for messages

    Raises
    ------
    GenostabErrors
        GS-2301 for each line with a wrong FORMAT, GT or PS.
    """
    n_values = len(values.cat.categories)
    pair = keys.cat.codes.to_numpy()[rows].astype(np.int64) * n_values + values.cat.codes.to_numpy()[rows]
    distinct, first, which = np.unique(pair, return_index=True, return_inverse=True)
    read = np.empty((distinct.size, 3), dtype=np.int64)
    problems = []
    for i, code in enumerate(distinct.tolist()):
        texts = str(keys.cat.categories[code // n_values]), str(values.cat.categories[code % n_values])
        try:
            read[i] = _genotype(*texts)
        except FieldError as wrong:
            at = int(line[rows[first[i]]])
            problems.append(Problem(line=at, what=wrong.what, found=wrong.found, expected=wrong.expected))
    refuse_lines(where, problems, code="GS-2301", action="write the VCF again with a current phasing program")
    copies, haplotype, block = read[which.ravel()].T
    phase = Phase(haplotype=haplotype.astype(np.int8), block=block) if haplotype.any() else None
    return copies.astype(np.int8), phase


def _genotype(keys: str, values: str) -> tuple[int, int, int]:
    """Copies of ALT, the haplotype that carries it (0 where unphased or homozygous), and its block (-1 likewise)."""
    names, given = format_keys(keys), values.split(":")
    if len(given) > len(names):
        raise FieldError("more values than FORMAT keys", values, keys)
    if names[0] != "GT":
        return -1, 0, -1
    alleles, is_phased = genotype_alleles(given[0], 1)
    if len(alleles) != 2 or -1 in alleles:
        return -1, 0, -1
    if sum(alleles) != 1 or not is_phased:
        return sum(alleles), 0, -1
    at_set = names.index("PS") if "PS" in names else -1
    return 1, alleles.index(1) + 1, phase_set(given[at_set]) if 0 <= at_set < len(given) else 0
