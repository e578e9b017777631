"""Rows of chrom, start, end put into genome order, or refused with their lines."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from genostab.arrays import Bool, Float64, Genome, Int16, Int64
from genostab.errors import InputError
from genostab.io.genome import assemblies_that_hold, chromosome_index
from genostab.io.refusals import Problem, refuse_lines

# Reference names of the SAM specification without slash and backslash, which no assembly uses and paths do.
_CONTIG = re.compile(r"[0-9A-Za-z][0-9A-Za-z!#$%&*+.:;=?@^_|~-]*")


@dataclass(frozen=True, kw_only=True)
class RawIntervals:
    """Intervals as a file states them.

    kind : str, counts, depth or ratio
    contig : int64, shape (n_rows,), index into contig_names, -1 where missing
    start, end : float64, shape (n_rows,), as written, NaN where missing
    line : int64, shape (n_rows,), 1-based
    columns : dict of name to float64, shape (n_rows,), NaN where missing
    """

    path: str
    kind: str
    contig: Int64
    contig_names: tuple[str, ...]
    start: Float64
    end: Float64
    line: Int64
    columns: dict[str, Float64]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlacedIntervals:
    """Intervals on known chromosomes in genome order.

    order : int64, shape (n_bins,), rows of the file; chrom : int16; start, end : int64, 0-based half-open bp
    dropped : tuple of (contig, rows) that are no chromosome of the genome
    """

    order: Int64
    chrom: Int16
    start: Int64
    end: Int64
    dropped: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]


@functools.cache
def bin_defaults() -> dict[str, float]:
    """Values of ``bins.yaml`` by name."""
    text = resources.files("genostab.io").joinpath("data/bins.yaml").read_text(encoding="utf-8")
    return {name: float(entry["value"]) for name, entry in YAML(typ="safe").load(text).items()}


def contig_indices(raw_names: tuple[str, ...], codes: Int64, line: Int64, path: str, genome: Genome) -> Int64:
    """Chromosome index of each row, -1 for other contigs.

    Raises
    ------
    GenostabErrors
        GS-2202 for a row whose contig is missing or no reference name.
    InputError
        GS-2101 where no row lies on a chromosome of the genome.
    """
    wrong = {code for code, name in enumerate(raw_names) if not _CONTIG.fullmatch(name)} | {-1}
    bad = np.isin(codes, list(wrong))
    problems = [
        Problem(
            line=int(line[row]),
            what="not a contig name",
            found=repr(raw_names[codes[row]]) if codes[row] >= 0 else "nothing",
            expected="a name such as chr1",
        )
        for row in np.flatnonzero(bad)
    ]
    refuse_lines(path, problems, code="GS-2202", action="correct these rows or export the file again")
    index = np.array([chromosome_index(name, genome) for name in raw_names], dtype=np.int64)
    chrom = index[codes]
    if not (chrom >= 0).any():
        raise InputError(
            "GS-2101",
            what="no contig is a human chromosome",
            where=path,
            found=", ".join(raw_names[:5]),
            expected=f"chromosomes of {genome.assembly}, with or without chr",
            action="check that this file belongs to a human sample",
        )
    return chrom


def _one_based_width(start: Float64, end: Float64) -> int:
    """Bin width where the file counts from 1 with inclusive ends, 0 where it does not."""
    widths, counts = np.unique(end - start + 1.0, return_counts=True)
    width = widths[np.argmax(counts)]
    return int(width) if width > 1 and bool(np.all(np.mod(start, width) == 1.0)) else 0


def _coordinate_problems(raw: RawIntervals) -> list[Problem]:
    start, end = raw.start, raw.end
    checks: list[tuple[Bool, str, str]] = [
        (~(np.isfinite(start) & np.isfinite(end)), "start or end is no number", "whole numbers"),
        (
            (start != np.floor(start)) | (end != np.floor(end)),
            "start or end is no whole number",
            "whole numbers",
        ),
        (start < 0, "a negative start", "0 or more"),
        (end <= start, "the end is not after the start", "end > start"),
    ]
    problems, seen = [], np.zeros(start.size, dtype=np.bool_)
    for bad, what, expected in checks:
        for row in np.flatnonzero(bad & ~seen):
            found = f"start {start[row]:.15g}, end {end[row]:.15g}"
            problems.append(Problem(line=int(raw.line[row]), what=what, found=found, expected=expected))
        seen |= bad
    return problems


def refuse_past_end(path: str, line: Int64, chrom: Int64, end: Float64, genome: Genome) -> None:
    """Refuse positions past the end of their chromosome; rows with chromosome -1 are let through.

    Raises
    ------
    InputError
        GS-2101 where another assembly holds all positions; it is named.
    GenostabErrors
        GS-2101 for each such row where no assembly does.
    """
    known = chrom >= 0
    past = np.flatnonzero(known & (end > genome.length_bp[np.where(known, chrom, 0)]))
    if not past.size:
        return
    extents = {int(index): float(end[chrom == index].max()) for index in np.unique(chrom[known])}
    fitting = assemblies_that_hold(extents)
    if fitting:
        row = past[0]
        name = genome.names[chrom[row]]
        raise InputError(
            "GS-2101",
            what=f"positions past the ends of the chromosomes of {genome.assembly}",
            where=f"{path}:{line[row]}",
            found=f"{end[row]:.15g} on {name}; {past.size} rows in all",
            expected=f"at most {genome.length_bp[chrom[row]]} on {name}",
            action=f"all positions fit {' and '.join(fitting)}: state that assembly",
        )
    problems = [
        Problem(
            line=int(line[row]),
            what=f"a position past the end of {genome.names[chrom[row]]}",
            found=f"{end[row]:.15g}",
            expected=f"at most {genome.length_bp[chrom[row]]} ({genome.assembly})",
        )
        for row in past
    ]
    refuse_lines(path, problems, code="GS-2101", action="check these rows, and that the sample is human")


def _refuse_overlaps(raw: RawIntervals, placed: PlacedIntervals) -> tuple[str, ...]:
    chrom, start, end = placed.chrom, placed.start, placed.end
    shared = np.minimum(end[1:], end[:-1]) - start[1:]
    width = np.minimum(end[1:] - start[1:], end[:-1] - start[:-1])
    overlapping = (chrom[1:] == chrom[:-1]) & (shared > 0)
    allowed = bin_defaults()["max_overlap_fraction"] * width
    problems = [
        Problem(
            line=int(raw.line[placed.order[row + 1]]),
            what="the bin is there twice" if shared[row] == width[row] else "the bin overlaps another",
            found=f"{shared[row]} bp shared with line {raw.line[placed.order[row]]}",
            expected="bins that do not overlap",
        )
        for row in np.flatnonzero(overlapping & (shared > allowed))
    ]
    refuse_lines(
        raw.path, problems, code="GS-2202", action="remove the doubled rows or export the file again"
    )
    n_small = int(overlapping.sum())
    return (f"{n_small} pairs of neighbouring bins share a few bases",) if n_small else ()


def place_intervals(raw: RawIntervals, genome: Genome) -> PlacedIntervals:
    """Intervals of the file in genome order, checked.

    Parameters
    ----------
    raw : RawIntervals
    genome : Genome

    Raises
    ------
    GenostabErrors
        GS-2202 for wrong, doubled or overlapping rows; GS-2101 for rows past the end of a chromosome.
    InputError
        GS-2101 where no row lies on a known chromosome, or where another assembly holds all positions.

    Notes
    -----
    A file counts from 1 with inclusive ends where the commonest width w = end - start + 1 is above 1 and
    every start is 1 more than a multiple of w; otherwise it is read as 0-based half-open.
    """
    chrom = contig_indices(raw.contig_names, raw.contig, raw.line, raw.path, genome)
    refuse_lines(
        raw.path,
        _coordinate_problems(raw),
        code="GS-2202",
        action="correct these rows or export the file again",
    )
    notes: list[str] = []
    start, end = raw.start, raw.end
    width = _one_based_width(start[chrom >= 0], end[chrom >= 0])
    if width:
        start = start - 1.0
        notes.append(f"start is 1-based here (bins of {width} bp that start at 1): read as 0-based half-open")
    refuse_past_end(raw.path, raw.line, chrom, end, genome)
    rows = np.flatnonzero(chrom >= 0)
    order = rows[np.lexsort((start[rows], chrom[rows]))]
    if not np.array_equal(order, rows) and not _whole_blocks(chrom[rows], start[rows]):
        notes.append("rows were not in order of position and have been sorted")
    placed = PlacedIntervals(
        order=order,
        chrom=chrom[order].astype(np.int16),
        start=start[order].astype(np.int64),
        end=end[order].astype(np.int64),
        dropped=_dropped(raw, chrom),
        notes=(),
    )
    notes.extend(_refuse_overlaps(raw, placed))
    notes.extend(_absent(placed.chrom, genome))
    return PlacedIntervals(**{**vars(placed), "notes": tuple(notes)})


def _whole_blocks(chrom: Int64, start: Float64) -> bool:
    """Whether only the order of the chromosomes differs from the genome's."""
    changes = np.flatnonzero(np.diff(chrom)) + 1
    rising = np.all((np.diff(start) > 0) | (np.diff(chrom) != 0))
    return bool(rising) and changes.size + 1 == np.unique(chrom).size


def _dropped(raw: RawIntervals, chrom: Int64) -> tuple[tuple[str, int], ...]:
    codes, counts = np.unique(raw.contig[chrom < 0], return_counts=True)
    return tuple(
        (raw.contig_names[code], int(count))
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
    )


def _absent(chrom: Int16, genome: Genome) -> tuple[str, ...]:
    autosomes = [name for name in genome.names if name not in {"chrX", "chrY"}]
    absent = [name for index, name in enumerate(autosomes) if not np.any(chrom == index)]
    return (f"no bins on {', '.join(absent)}: nothing can be said about them",) if absent else ()


def note_dropped(dropped: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """Sentence on rows that lie on other contigs, none where there are none."""
    if not dropped:
        return ()
    rows = sum(count for _, count in dropped)
    some = ", ".join(name for name, _ in dropped[:5])
    return (f"{rows} rows on {len(dropped)} other contigs ({some}) were left out",)


def finite_or_missing(values: Float64, bad: Bool, line: Int64, column: str) -> list[Problem]:
    """Problems of a column of numbers: text, and infinities."""
    wrong = bad | np.isinf(values)
    return [
        Problem(
            line=int(line[row]),
            what=f"{column} is no finite number",
            found="text" if bad[row] else f"{values[row]}",
            expected="a finite number, or nothing where it is missing",
        )
        for row in np.flatnonzero(wrong)
    ]


def as_float(values: Any) -> Float64:
    """Array of float64."""
    return np.asarray(values, dtype=np.float64)
