"""Population frequencies of B: PennCNV's PFB files, and tables like them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from genostab.arrays import AlleleFrequencies, Genome
from genostab.errors import InputError
from genostab.io.delimited import parse_rows, separator, split_header
from genostab.io.intervals import contig_indices, refuse_past_end
from genostab.io.limits import read_text_capped
from genostab.io.refusals import Problem, refuse_lines

_NAMES = ("name", "snp", "snp name", "id")
_COLUMNS = {
    "chrom": ("chr", "chrom", "chromosome"),
    "position": ("position", "pos"),
    "frequency": ("pfb", "frequency", "af"),
}


def read_frequencies(path: str | Path, genome: Genome) -> AlleleFrequencies:
    """Frequencies of B (of ALT for reads), sorted by chromosome and position.

    Parameters
    ----------
    path : str or Path; a header with Chr, Position (1-based), PFB (or frequency, AF) and perhaps Name; plain or
        gzip
    genome : Genome

    Returns
    -------
    AlleleFrequencies
        Where the file has names, positions may be of another assembly and are not held against this one. Without SNPs
        on other contigs, and without those whose frequency is missing or not of 0 to 1: PFB files mark probes that are
        no SNP by 2.

    Raises
    ------
    InputError
        GS-2001 to GS-2005 for the file, GS-2101 for another assembly, GS-2201 where a column is missing.
    GenostabErrors
        GS-2202 for each row whose position or frequency is no number.
    """
    head, _, rows = read_text_capped(path).partition("\n")
    header = split_header(head)
    found = {
        role: next((column for column in header if column.lower() in names), None)
        for role, names in _COLUMNS.items()
    }
    columns = {role: column for role, column in found.items() if column is not None}
    for role, names in _COLUMNS.items():
        if role not in columns:
            raise InputError(
                "GS-2201",
                what="a column is missing",
                where=f"{path}:1",
                found=", ".join(header[:12]),
                expected=f"{role}, written as one of {', '.join(names)}",
                action="export the file with this column",
            )
    name = next((column for column in header if column.lower() in _NAMES), None)
    table = parse_rows(
        rows,
        path=str(path),
        first_line=2,
        header=header,
        sep=separator(head),
        wanted={columns["chrom"]: True, columns["position"]: False, columns["frequency"]: False}
        | ({name: True} if name is not None else {}),
    )
    codes, contigs = table.labels(columns["chrom"])
    chrom = contig_indices(contigs, codes, table.line, str(path), genome)
    position, bad_position = table.numbers(columns["position"])
    frequency, bad_frequency = table.numbers(columns["frequency"])
    wrong = bad_frequency | ((bad_position | ~(position >= 1.0)) & (chrom >= 0))
    problems = [
        Problem(
            line=int(table.line[row]), what="no frequency", found="text", expected="position from 1, 0 to 1"
        )
        for row in np.flatnonzero(wrong)
    ]
    refuse_lines(str(path), problems, code="GS-2202", action="correct these rows")
    if name is None:
        refuse_past_end(str(path), table.line, chrom, position, genome)
    kept = np.flatnonzero((chrom >= 0) & (frequency >= 0.0) & (frequency <= 1.0))
    order = kept[np.lexsort((position[kept], chrom[kept]))]
    texts = [] if name is None else table.texts(name)
    return AlleleFrequencies(
        name=tuple(texts[row] for row in order.tolist()) if texts else (),
        chrom=chrom[order].astype(np.int16),
        position=position[order].astype(np.int64) - 1,
        frequency=frequency[order],
    )
