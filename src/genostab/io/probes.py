"""Probes of one array, as any of its formats gives them, checked and put into genome order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genostab.arrays import Bool, Float64, Genome, Int8, Int64, Phase, SnpTable
from genostab.errors import InputError
from genostab.io.build_check import array_defaults, refuse_other_build
from genostab.io.delimited import Delimited
from genostab.io.intervals import finite_or_missing, refuse_past_end
from genostab.io.refusals import Problem, refuse_lines

Names = np.ndarray[tuple[int], np.dtype[np.object_]]
Rows = Int64 | slice


@dataclass(frozen=True, kw_only=True)
class Probes:
    """Rows of a file, in its order.

    path, sample : str
    line : int64, shape (n_rows,), 1-based line of the file
    name : object, shape (n_rows,), str
    chrom : int64, shape (n_rows,), index into Genome.names, -1 for other contigs
    position : float64, shape (n_rows,), 1-based bp, 0 where the probe has no place, NaN where none is given
    log_r_ratio, b_allele : float64, shape (n_rows,), NaN where missing
    genotype : int8, shape (n_rows,), copies of B, -1 where not called
    haplotype, block : int8 and int64, shape (n_rows,), as in Phase; None where the format has no phase
    """

    path: str
    sample: str
    line: Int64
    name: Names
    chrom: Int64
    position: Float64
    log_r_ratio: Float64
    b_allele: Float64
    genotype: Int8
    haplotype: Int8 | None = None
    block: Int64 | None = None


def table_of_probes(probes: Probes, genome: Genome) -> SnpTable:
    """Probes on chromosomes 1 to 22, X and Y, sorted by chromosome and position.

    Parameters
    ----------
    probes : Probes, with numbers that `signal_problems` has passed
    genome : Genome

    Raises
    ------
    InputError
        GS-2101 where the positions are those of another assembly; GS-2104 where no probe has a place, or a B-allele
        fraction.
    GenostabErrors
        GS-2202 for each wrong position, and each probe that is there twice; GS-2101 for positions past the end.

    Notes
    -----
    Position 0 is how Illumina writes a probe without a place: left out, as are probes on chromosome 0 and MT. XY
    probes belong to the pseudo-autosomal regions and stand at their position on X.
    """
    path, line = probes.path, probes.line
    _refuse_positions(probes)
    placed = (probes.chrom >= 0) & (probes.position >= 1)
    if not placed.any():
        raise InputError(
            "GS-2104",
            what="no probe has a place",
            where=path,
            found=f"{probes.chrom.size} probes at position 0",
            expected="chromosome and position of each probe",
            action="export again with the array's manifest loaded",
        )
    chrom = np.where(placed, probes.chrom, -1)
    known: Rows = slice(None) if placed.all() else np.flatnonzero(placed)
    _refuse_doubled(path, line[known], probes.name[known])
    refuse_past_end(path, line, chrom, probes.position, genome)
    order = known
    own, at = probes.chrom[known], probes.position[known]
    if not _is_sorted(own, at):
        order = np.flatnonzero(placed)[np.lexsort((at, own))]
    out_chrom = probes.chrom[order].astype(np.int16)
    out_position = probes.position[order].astype(np.int64) - 1
    refuse_other_build(path, out_chrom, out_position, genome)
    b_allele = probes.b_allele[order]
    _refuse_all_missing(b_allele, path)
    return SnpTable(
        sample=probes.sample,
        name=tuple(probes.name[order].tolist()),
        chrom=out_chrom,
        position=out_position,
        log_r_ratio=probes.log_r_ratio[order],
        b_allele_fraction=b_allele,
        genotype=probes.genotype[order],
        phase=_phase(probes, order),
    )


def signals(table: Delimited, log_r_ratio: str, b_allele: str) -> tuple[Float64, Float64, list[Problem]]:
    """Log R ratio and B-allele fraction of every row of a table, and what is wrong with them.

    Parameters
    ----------
    table : Delimited
    log_r_ratio, b_allele : str, names of the columns

    Notes
    -----
    GenomeStudio writes -Infinity for the Log R ratio of a probe without signal: -5, as PennCNV takes it.
    """
    ratio, bad_ratio = table.numbers(log_r_ratio)
    baf, bad_baf = table.numbers(b_allele)
    return signals_of(ratio, baf, (log_r_ratio, b_allele), table.line, (bad_ratio, bad_baf))


def signals_of(
    ratio: Float64, baf: Float64, names: tuple[str, str], line: Int64, bad: tuple[Bool, Bool] | None = None
) -> tuple[Float64, Float64, list[Problem]]:
    """What `signals` says, from the numbers of both columns, NaN where missing.

    Parameters
    ----------
    ratio, baf : ndarray of float64, shape (n_rows,)
    names : names of their columns
    line : ndarray of int64, shape (n_rows,)
    bad : two ndarrays of bool, shape (n_rows,), where a text is no number; None where there is no such text
    """
    bad_ratio, bad_baf = bad or (np.zeros(line.size, dtype=np.bool_),) * 2
    ratio = np.where(np.isneginf(ratio), array_defaults()["lrr_without_signal"], ratio)
    problems = finite_or_missing(ratio, bad_ratio, line, names[0])
    problems += finite_or_missing(baf, bad_baf, line, names[1])
    return ratio, baf, problems + fraction_problems(baf, line)


def fraction_problems(b_allele: Float64, line: Int64) -> list[Problem]:
    """B-allele fractions outside 0 to 1."""
    outside = np.isfinite(b_allele) & ((b_allele < 0) | (b_allele > 1))
    return [
        Problem(
            line=int(line[row]),
            what="a B-allele fraction outside 0 to 1",
            found=f"{b_allele[row]:g}",
            expected="0 to 1, or nothing where it is missing",
        )
        for row in np.flatnonzero(outside)
    ]


def copies_of_b(is_het: Bool, is_homozygous: Bool, b_allele: Float64) -> Int8:
    """Copies of B where it is known only whether the two alleles differ: the B-allele fraction tells which is which.

    Parameters
    ----------
    is_het, is_homozygous : bool, shape (n_rows,)
    b_allele : float64, shape (n_rows,), NaN where missing

    Returns
    -------
    int8, shape (n_rows,), -1 where not called, or homozygous without a fraction

    Examples
    --------
    >>> copies_of_b(np.array([1, 0, 0], bool), np.array([0, 1, 1], bool), np.array([0.4, 0.1, 0.9])).tolist()
    [1, 0, 2]
    """
    homozygous = np.where(b_allele < 0.5, 0, np.where(b_allele > 0.5, 2, -1))
    return np.where(is_het, 1, np.where(is_homozygous, homozygous, -1)).astype(np.int8)


def missing_column(path: str, line: int, header: Sequence[str], expected: str, action: str) -> InputError:
    """The refusal (GS-2201) of a table without a column that is needed."""
    return InputError(
        "GS-2201",
        what="a column is missing",
        where=f"{path}:{line}",
        found=", ".join(header[:12]) or "an empty line",
        expected=expected,
        action=action,
    )


def choose_sample(samples: Sequence[str], sample: str | None, where: str) -> str:
    """The one sample of a file, or the named one.

    Raises
    ------
    InputError
        GS-2201 where the name is missing or unknown.
    """
    if sample is None and len(samples) == 1:
        return samples[0]
    if sample in samples:
        return str(sample)
    raise InputError(
        "GS-2201",
        what="the file holds several samples" if sample is None else "the sample is not in the file",
        where=where,
        found=", ".join(samples[:10]) or "no name of a sample",
        expected="the name of one of them" if sample is None else sample,
        action="name the sample to read: --sample, or sequencing.sample_name",
    )


def _is_sorted(chrom: Int64, position: Float64) -> bool:
    is_after = (chrom[1:] == chrom[:-1]) & (position[1:] >= position[:-1])
    return bool(((chrom[1:] > chrom[:-1]) | is_after).all())


def _phase(probes: Probes, order: Rows) -> Phase | None:
    if probes.haplotype is None or probes.block is None:
        return None
    haplotype = probes.haplotype[order]
    return Phase(haplotype=haplotype, block=probes.block[order]) if (haplotype > 0).any() else None


def _refuse_positions(probes: Probes) -> None:
    position = probes.position
    whole = np.isfinite(position) & (position >= 0) & (position == np.floor(position))
    problems = [
        Problem(
            line=int(probes.line[row]),
            what="not a position",
            found="no number" if np.isnan(position[row]) else f"{position[row]:.15g}",
            expected="a whole number from 1, or 0 where the probe has no place",
        )
        for row in np.flatnonzero(~whole & (probes.chrom >= 0))
    ]
    refuse_lines(probes.path, problems, code="GS-2202", action="correct these rows or export again")


def _refuse_all_missing(b_allele: Float64, path: str) -> None:
    if np.isfinite(b_allele).any():
        return
    raise InputError(
        "GS-2104",
        what="no probe holds a B-allele fraction",
        where=path,
        found=f"{b_allele.size} probes, all missing",
        expected="at least one number",
        action="check the export of this sample",
    )


def _refuse_doubled(path: str, line: Int64, names: Names) -> None:
    import pandas as pd

    digests = np.sort(np.fromiter(map(hash, names), dtype=np.int64, count=names.size))
    # Equal names have equal hashes; the other way round it is a matter of chance.
    if (digests[1:] != digests[:-1]).all() or len(set(names.tolist())) == names.size:
        return
    codes: Any = pd.factorize(names)[0]
    first = np.full(names.size, -1, dtype=np.int64)
    rows = np.arange(names.size)
    first[codes[::-1]] = rows[::-1]
    problems = [
        Problem(
            line=int(line[row]),
            what="a probe without a name" if not names[row] else "the probe is there twice",
            found=repr(names[row]),
            expected=f"one row per probe; line {line[first[codes[row]]]} holds it too",
        )
        for row in np.flatnonzero(first[codes] != rows)
    ]
    refuse_lines(path, problems, code="GS-2202", action="remove the doubled rows or export again")
