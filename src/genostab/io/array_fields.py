"""Columns that every table of probes has, read from the bytes of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from genostab.arrays import Genome, Int8, Int64
from genostab.io.delimited import MISSING_TEXTS
from genostab.io.intervals import contig_indices
from genostab.io.probes import Probes, signals_of
from genostab.io.spans import Spans, expect

_NO_NUMBERS = dict.fromkeys(MISSING_TEXTS, np.nan) | {"-Infinity": -np.inf, "-inf": -np.inf}


@dataclass(frozen=True, kw_only=True)
class ProbeColumns:
    """Names of the columns of a table of probes."""

    name: str
    chrom: str
    position: str
    ratio: str
    fraction: str


def usual_probes(
    fields: Mapping[str, Spans],
    columns: ProbeColumns,
    line: Int64,
    path: str,
    sample: str,
    genome: Genome,
) -> Probes:
    """Probes without genotypes.

    Parameters
    ----------
    fields : mapping of column names to Spans, shape (n_rows,) each
    columns : ProbeColumns
    line : ndarray of int64, shape (n_rows,), 1-based
    path : str, for messages
    sample : str
    genome : Genome

    Raises
    ------
    UnusualError
        Where a name or a chromosome is missing, or a signal is none.
    InputError, GenostabErrors
        As `contig_indices`.
    """
    codes, contigs = fields[columns.chrom].numbered()
    expect(MISSING_TEXTS.isdisjoint(contigs))
    names = fields[columns.name].strings()
    expect(MISSING_TEXTS.isdisjoint(names))
    log_r_ratio, b_allele, problems = signals_of(
        fields[columns.ratio].decimals(_NO_NUMBERS),
        fields[columns.fraction].decimals(_NO_NUMBERS),
        (columns.ratio, columns.fraction),
        line,
    )
    expect(not problems)
    return Probes(
        path=path,
        sample=sample,
        line=line,
        name=np.array(names, dtype=object),
        chrom=contig_indices(tuple(contigs), codes, line, path, genome),
        position=fields[columns.position].decimals(_NO_NUMBERS),
        log_r_ratio=log_r_ratio,
        b_allele=b_allele,
        genotype=np.full(line.size, -1, dtype=np.int8),
    )


def calls_of(spans: Spans, copies: Mapping[str, int]) -> Int8:
    """Copies of B, int8, shape (n_rows,), -1 where the text is missing; `UnusualError` where it is not of `copies`."""
    codes, texts = spans.numbered()
    known = [-1 if text in MISSING_TEXTS else copies.get(text) for text in texts]
    expect(None not in known)
    return np.array(known, dtype=np.int8)[codes]
