"""Binned input, its format known by its content: mosdepth, bedGraph, WIG, CNVkit, TSV of counts or ratios."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genostab.arrays import Bins, Float64, Genome
from genostab.errors import InputError
from genostab.io.bin_table import parse_bin_table
from genostab.io.genome import naming, refuse_doubled_names
from genostab.io.intervals import PlacedIntervals, RawIntervals, note_dropped, place_intervals
from genostab.io.limits import read_text_capped
from genostab.io.refusals import Problem, refuse_lines
from genostab.io.target_table import is_target_table, parse_target_table
from genostab.io.wig import is_wig, parse_wig


@dataclass(frozen=True, kw_only=True)
class BinsFile:
    """Bins of one file and what they hold.

    kind : str; ``counts``: n_reads are reads, Poisson noise holds. ``depth``: n_reads are a relative depth,
        the noise must be taken from the bins themselves. ``ratio``: ratio_log2 alone is known
    dropped_contigs : tuple of (contig, rows) that are no chromosome of the genome
    notes : tuple of str, what was decided or set aside while reading
    naming : str, "with chr" or "without chr", as the file names its chromosomes
    """

    bins: Bins
    kind: str
    dropped_contigs: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]
    naming: str


def read_intervals(
    path: str | Path, genome: Genome, sample: str | None = None, *, needs_name: bool = True
) -> RawIntervals:
    """Rows of a binned file before they are checked and sorted; the format is known by the content.

    Arguments as of `read_bins`.

    Raises
    ------
    InputError, GenostabErrors
        As `read_bins`.
    """
    text = read_text_capped(path)
    if is_wig(text):
        return parse_wig(text, str(path), genome)
    if is_target_table(text):
        return parse_target_table(text, str(path), sample if needs_name else None)
    return parse_bin_table(text, str(path), sample, needs_name=needs_name)


def read_bins(
    path: str | Path, genome: Genome, sample: str | None = None, *, needs_name: bool = True
) -> BinsFile:
    """Bins of one sample, sorted by chromosome and start.

    Parameters
    ----------
    path : str or Path; mosdepth .regions.bed, bedGraph, WIG, CNVkit .cnr or .cnn, coverage of targets by GATK or
        PureCN, or a TSV or CSV with a header of chromosome, start, end and counts, log2, copy_number or depth; plain or
        gzip
    genome : Genome
    sample : str or None, needed where a ``sample`` column names several
    needs_name : bool, False where `sample` may be meant for another file: one without that column is read all the same

    Returns
    -------
    BinsFile

    Raises
    ------
    InputError
        GS-2001 to GS-2005 and GS-2102 for the file itself, GS-2101 where no row lies on a known chromosome or
        where another assembly holds all positions, GS-2104 where no bin holds a value, GS-2201 where a column
        or the sample is missing.
    GenostabErrors
        GS-2202 for each wrong, doubled or overlapping row, GS-2101 for each row past its chromosome's end.

    Notes
    -----
    A mean depth is kept as it is: reads = depth x width / read length, and the file holds no read length.
    CNVkit's stand-ins for "no read" and copy numbers of 0 become NaN; `notes` counts them.
    """
    raw = read_intervals(path, genome, sample, needs_name=needs_name)
    _refuse_negative(raw)
    refuse_doubled_names(raw.contig_names, genome, str(path))
    placed = place_intervals(raw, genome)
    bins = _bins(raw, placed)
    if not (np.isfinite(bins.n_reads) | np.isfinite(bins.ratio_log2)).any():
        raise InputError(
            "GS-2104",
            what="no bin holds a value",
            where=str(path),
            found=f"{bins.start.size} bins, all missing",
            expected="at least one number",
            action="check the step that wrote this file",
        )
    return BinsFile(
        bins=bins,
        kind=raw.kind,
        dropped_contigs=placed.dropped,
        notes=(*raw.notes, *placed.notes, *note_dropped(placed.dropped)),
        naming=naming(raw.contig_names, genome),
    )


def _refuse_negative(raw: RawIntervals) -> None:
    problems = [
        Problem(
            line=int(raw.line[row]), what=f"negative {name}", found=f"{values[row]:g}", expected="0 or more"
        )
        for name, values in raw.columns.items()
        if name != "ratio"
        for row in np.flatnonzero(values < 0)
    ]
    refuse_lines(raw.path, problems, code="GS-2202", action="check the step that wrote this file")


def _bins(raw: RawIntervals, placed: PlacedIntervals) -> Bins:
    def column(*names: str, default: float = np.nan) -> Float64:
        values = next((raw.columns[name] for name in names if name in raw.columns), None)
        return np.full(placed.order.size, default) if values is None else values[placed.order]

    unknown = np.full(placed.order.size, np.nan)
    return Bins(
        chrom=placed.chrom,
        start=placed.start,
        end=placed.end,
        n_reads=unknown if raw.kind == "ratio" else column("counts", "depth", "value"),
        ratio_log2=column("ratio"),
        weight=np.nan_to_num(column("weight", default=1.0), nan=0.0),
        gc_fraction=column("gc"),
        mapq0_fraction=unknown,
        n_duplicates=unknown.copy(),
    )
