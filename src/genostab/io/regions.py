"""Regions of a BED file (UCSC format description): 0-based half-open, joined where they touch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genostab.arrays import Genome, Int64
from genostab.errors import InputError
from genostab.io.genome import chromosome_index
from genostab.io.intervals import refuse_past_end
from genostab.io.limits import open_text, read_bytes_capped
from genostab.io.refusals import Problem, refuse_lines

_NO_REGION = ("#", "track", "browser")


@dataclass(frozen=True, kw_only=True)
class Regions:
    """Disjoint regions in genome order, with the name and SHA-256 of their file.

    chrom : int64, shape (n_regions,), index into Genome.names; start, end : int64, shape (n_regions,), bp
    """

    name: str
    sha256: str
    chrom: Int64
    start: Int64
    end: Int64


def read_regions(path: Path, genome: Genome) -> Regions:
    """Regions of a BED file on the chromosomes of the genome; other contigs are left out.

    Raises
    ------
    InputError
        GS-2001 to GS-2005 for the file; GS-2101 for positions of another assembly, or none on a chromosome.
    GenostabErrors
        GS-2202 for every line that is no region.
    """
    problems: list[Problem] = []
    rows: list[tuple[int, int, int, int]] = []
    for number, line in enumerate(open_text(path), start=1):
        if not line.strip() or line.startswith(_NO_REGION):
            continue
        fields = line.split()
        if len(fields) < 3 or not (fields[1].isdecimal() and fields[2].isdecimal()):
            problems.append(
                Problem(line=number, what="no region", found=line[:60].rstrip(), expected="chrom, start, end")
            )
            continue
        start, end = int(fields[1]), int(fields[2])
        if end <= start:
            problems.append(
                Problem(line=number, what="an empty region", found=f"{start}..{end}", expected="end > start")
            )
        rows.append((number, chromosome_index(fields[0], genome), start, end))
    refuse_lines(str(path), problems, code="GS-2202", action="correct these lines of the BED file")
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    refuse_past_end(str(path), table[:, 0], table[:, 1], table[:, 3].astype(np.float64), genome)
    table = table[table[:, 1] >= 0]
    if not table.size:
        raise InputError(
            "GS-2101",
            what="no region on a chromosome",
            where=str(path),
            found=f"{len(rows)} regions",
            expected=f"chromosomes of {genome.assembly}, with or without chr",
            action="check that this BED file belongs to the assembly named",
        )
    chrom, start_bp, end_bp = _joined(table[np.lexsort((table[:, 2], table[:, 1]))])
    sha256 = hashlib.sha256(read_bytes_capped(path)).hexdigest()
    return Regions(name=path.name, sha256=sha256, chrom=chrom, start=start_bp, end=end_bp)


def _joined(table: Int64) -> tuple[Int64, Int64, Int64]:
    """Chromosome, start and end of sorted rows, each run of touching ones as one."""
    joined: list[list[int]] = []
    for _, chrom, start, end in table.tolist():
        if joined and joined[-1][0] == chrom and start <= joined[-1][2]:
            joined[-1][2] = max(joined[-1][2], end)
        else:
            joined.append([chrom, start, end])
    chrom_of, start_of, end_of = np.array(joined, dtype=np.int64).T
    return chrom_of, start_of, end_of
