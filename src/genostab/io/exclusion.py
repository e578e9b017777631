"""A list of regions to leave out (BED) as the share of each bin that it covers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genostab.arrays import Bins, Float64, Genome, Int64
from genostab.errors import InputError
from genostab.io.genome import refuse_doubled_names
from genostab.io.intervals import contig_indices, note_dropped, refuse_past_end
from genostab.io.limits import read_text_capped
from genostab.io.refusals import Problem, refuse_lines
from genostab.io.tracks import integral

_NO_DATA = ("#", "track", "browser")


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """Regions of one list, merged and in genome order.

    chrom, start, end : int64, shape (n_regions,), 0-based half-open bp
    contigs : tuple of str, names of chromosomes as the file writes them
    notes : tuple of str, what was set aside while reading
    """

    chrom: Int64
    start: Int64
    end: Int64
    contigs: tuple[str, ...]
    notes: tuple[str, ...]


def read_exclusion(path: Path, genome: Genome) -> Exclusion:
    """Regions of a BED file.

    Parameters
    ----------
    path : Path, BED of three columns or more, plain or gzip, in any order; regions may overlap, and empty ones
        (start = end) say nothing
    genome : Genome

    Raises
    ------
    InputError
        GS-2001 to GS-2005 for the file itself; GS-2101 where no row lies on a chromosome of the genome, where another
        assembly holds all positions, or where one chromosome has two names; GS-2104 without a row.
    GenostabErrors
        GS-2202 for wrong rows; GS-2101 for rows past the end of their chromosome.
    """
    names, start, end, line = _rows(read_text_capped(path), str(path))
    labels = tuple(dict.fromkeys(names))
    code = {name: i for i, name in enumerate(labels)}
    contig = np.array([code[name] for name in names], dtype=np.int64)
    chrom = contig_indices(labels, contig, line, str(path), genome)
    known = tuple(labels[i] for i in np.unique(contig[chrom >= 0]))
    refuse_doubled_names(known, genome, str(path))
    refuse_past_end(str(path), line, chrom, end.astype(np.float64), genome)
    other, counts = np.unique(contig[chrom < 0], return_counts=True)
    dropped = tuple((labels[i], int(n)) for i, n in zip(other.tolist(), counts.tolist(), strict=True))
    chrom, start, end = _merged(chrom[chrom >= 0], start[chrom >= 0], end[chrom >= 0])
    return Exclusion(
        chrom=chrom,
        start=start,
        end=end,
        contigs=known,
        notes=tuple(f"{path.name}: {note}" for note in note_dropped(dropped)),
    )


def excluded_share(lists: tuple[Exclusion, ...], bins: Bins) -> Float64 | None:
    """Share of each bin that any of the lists covers; float64, shape (n_bins,), 0..1; None without a list."""
    if not lists:
        return None
    chrom, start, end = _merged(
        np.concatenate([each.chrom for each in lists]),
        np.concatenate([each.start for each in lists]),
        np.concatenate([each.end for each in lists]),
    )
    share = np.zeros(bins.chrom.size)
    for number in np.unique(chrom):
        here, rows = np.flatnonzero(bins.chrom == number), chrom == number
        low, high = bins.start[here], bins.end[here]
        covered = integral(start[rows], end[rows], np.ones(int(rows.sum())), low, high)
        share[here] = covered / (high - low)
    return share


def _rows(text: str, path: str) -> tuple[list[str], Int64, Int64, Int64]:
    names: list[str] = []
    places: list[tuple[int, int, int]] = []
    problems: list[Problem] = []
    for number, row in enumerate(text.splitlines(), 1):
        if not row.strip() or row.startswith(_NO_DATA):
            continue
        fields = row.split("\t") if "\t" in row else row.split()
        if len(fields) < 3 or not (fields[1].isdecimal() and fields[2].isdecimal()):
            found = " ".join(fields[:4])[:60]
            expected = "chromosome, start and end, 0-based, whole numbers"
            problems.append(Problem(line=number, what="no BED region", found=found, expected=expected))
        elif int(fields[2]) < int(fields[1]):
            found = f"start {fields[1]}, end {fields[2]}"
            problems.append(
                Problem(line=number, what="the end is before the start", found=found, expected="end >= start")
            )
        else:
            names.append(fields[0])
            places.append((int(fields[1]), int(fields[2]), number))
    refuse_lines(path, problems, code="GS-2202", action="correct these rows; a list of regions is a BED file")
    if not places:
        raise InputError(
            "GS-2104",
            what="the exclusion list holds no region",
            where=path,
            found="no row",
            expected="at least one row of chromosome, start and end",
            action="leave the list out, or give the right file",
        )
    start, end, line = np.array(places, dtype=np.float64).T
    return names, start.astype(np.int64), end.astype(np.int64), line.astype(np.int64)


def _merged(chrom: Int64, start: Int64, end: Int64) -> tuple[Int64, Int64, Int64]:
    """Regions in order, those that overlap or touch as one, empty ones left out."""
    full = end > start
    order = np.lexsort((start[full], chrom[full]))
    chrom, start, end = chrom[full][order], start[full][order], end[full][order]
    if not chrom.size:
        return chrom, start, end
    # Offsets beyond any position keep the running maximum of the ends within a chromosome.
    offset = chrom * (int(end.max()) + 2)
    reach = np.maximum.accumulate(end + offset)
    first = np.concatenate(([True], (start + offset)[1:] > reach[:-1]))
    at = np.flatnonzero(first)
    last = np.append(at[1:], chrom.size) - 1
    return chrom[at], start[at], reach[last] - offset[last]
