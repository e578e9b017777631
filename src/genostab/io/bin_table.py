"""Bins written as a table: CNVkit .cnr and .cnn, mosdepth .regions.bed, bedGraph, TSV of counts or ratios."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genostab.arrays import Float64
from genostab.errors import InputError
from genostab.io.delimited import Delimited, parse_rows, separator, split_header
from genostab.io.intervals import RawIntervals, bin_defaults, finite_or_missing
from genostab.io.refusals import Problem, no_samples, refuse_lines

_NAMES = {
    "chrom": ("chrom", "chromosome", "chr", "seqnames", "contig"),
    "start": ("start", "chromstart"),
    "end": ("end", "stop", "chromend"),
    "sample": ("sample",),
    "counts": ("counts", "count", "reads", "n_reads"),
    "ratio": ("ratio_log2", "log2", "log2_ratio"),
    "copy_number": ("copy_number",),
    "depth": ("depth", "mean_depth", "average_coverage"),
    "weight": ("weight",),
    "gc": ("gc_fraction", "gc"),
    "value": ("value", "mappability", "gc_content"),
}
_PLACE = ("chrom", "start", "end")
_MEASURED = ("counts", "ratio", "copy_number", "depth")
# What a track of the genome holds instead of a measurement.
_TRACKS = ("value", "gc")
# Columns that only files of other kinds have.
_OTHER_KINDS = {
    "probes": "segments (.cns)",
    "num.mark": "segments (.seg)",
    "spread": "a CNVkit reference",
}
_HEADERLESS = {4: ("chrom", "start", "end", "depth"), 5: ("chrom", "start", "end", "name", "depth")}


@dataclass(frozen=True, kw_only=True)
class _Layout:
    header: tuple[str, ...]
    roles: dict[str, str]
    sep: str
    first_line: int
    offset: int


def parse_bin_table(text: str, path: str, sample: str | None, *, needs_name: bool = True) -> RawIntervals:
    """Intervals of a table of bins.

    Parameters
    ----------
    text : str, the whole file, every line ended
    path : str, for messages
    sample : str or None, needed where a ``sample`` column names several
    needs_name : bool, as in `read_bins`

    Raises
    ------
    InputError
        GS-2004 where it is no table of bins, GS-2104 where it has no row, GS-2201 where a column or the
        sample is missing.
    GenostabErrors
        GS-2202 for each wrong line.
    """
    layout = _layout(text, path)
    measured = [role for role in _MEASURED if role in layout.roles]
    measured = measured or [role for role in _TRACKS if role in layout.roles]
    if not measured:
        raise _missing_column(path, layout, "counts, log2, copy_number or depth")
    roles = [*_PLACE, *measured, *(role for role in ("weight", "gc", "sample") if role in layout.roles)]
    table = parse_rows(
        text[layout.offset :],
        path=path,
        first_line=layout.first_line,
        header=layout.header,
        sep=layout.sep,
        wanted={layout.roles[role]: role in {"chrom", "sample"} for role in roles},
    )
    if "sample" in roles:
        table = _one_sample(table, layout.roles["sample"], path, sample)
    elif sample is not None and needs_name:
        raise no_samples(path, ", ".join(layout.header), sample)
    return _raw(table, layout, measured)


def _layout(text: str, path: str) -> _Layout:
    """Header, columns by role, and where the rows begin."""
    offset, number, commented = 0, 0, ""
    while offset < len(text):
        end = text.index("\n", offset) + 1
        line = text[offset : end - 1]
        number += 1
        if line.startswith("#"):
            commented = line
        elif line and not line.startswith(("track", "browser")):
            break
        offset = end
    else:
        raise _no_rows(path)
    for candidate, skip in ((line, 1), (commented, 0)):
        header = split_header(candidate)
        roles = _roles(header)
        if all(role in roles for role in _PLACE):
            start = end if skip else offset
            return _Layout(
                header=header, roles=roles, sep=separator(candidate), first_line=number + skip, offset=start
            )
    fields = line.split("\t")
    if len(fields) in _HEADERLESS and fields[1].isdigit() and fields[2].isdigit():
        header = _HEADERLESS[len(fields)]
        return _Layout(header=header, roles=_roles(header), sep="\t", first_line=number, offset=offset)
    raise InputError(
        "GS-2004",
        what="the file is no table of bins",
        where=f"{path}:{number}",
        found=line[:80].strip() or "a blank line",
        expected="a header with chromosome, start and end, or rows of chromosome, start, end, depth",
        action="give a mosdepth, WIG, .cnr, .cnn or tab-separated file of bins",
    )


def _roles(header: tuple[str, ...]) -> dict[str, str]:
    lower = {name.lower(): name for name in reversed(header)}
    roles = {
        role: next((lower[name] for name in names if name in lower), "") for role, names in _NAMES.items()
    }
    if any(name in lower for name in _OTHER_KINDS):
        roles["other"] = next(text for name, text in _OTHER_KINDS.items() if name in lower)
    return {role: name for role, name in roles.items() if name}


def _no_rows(path: str) -> InputError:
    return InputError(
        "GS-2104",
        what="the file holds no rows",
        where=path,
        found="comments only",
        expected="at least one bin",
        action="check the step that wrote this file",
    )


def _missing_column(path: str, layout: _Layout, expected: str) -> InputError:
    return InputError(
        "GS-2201",
        what="a column is missing",
        where=f"{path}:{layout.first_line - 1}",
        found=", ".join(layout.header),
        expected=f"one of {expected}",
        action="add the column, or name it as above",
    )


def _one_sample(table: Delimited, column: str, path: str, sample: str | None) -> Delimited:
    codes, names = table.labels(column)
    if sample is None and len(names) == 1:
        return table
    if sample not in names:
        raise InputError(
            "GS-2201",
            what="the file holds several samples" if sample is None else "the sample is not in the file",
            where=path,
            found=", ".join(names[:10]),
            expected="the name of one of them" if sample is None else sample,
            action="name it: --sample and --parent-sample, or sample_name and parent_name in the manifest",
        )
    rows = np.flatnonzero(codes == names.index(sample))
    frame = table.frame.iloc[rows].reset_index(drop=True)
    return Delimited(path=table.path, header=table.header, line=table.line[rows], frame=frame)


def _raw(table: Delimited, layout: _Layout, measured: list[str]) -> RawIntervals:
    if "other" in layout.roles:
        raise InputError(
            "GS-2004",
            what=f"the file holds {layout.roles['other']}, not bins",
            where=table.path,
            found=", ".join(layout.header),
            expected="bins of one sample",
            action="give the file of bins (.cnr or .cnn of the sample) that it was made from",
        )
    columns: dict[str, Float64] = {}
    problems: list[Problem] = []
    for role in dict.fromkeys((*measured, *(role for role in ("weight", "gc") if role in layout.roles))):
        values, bad = table.numbers(layout.roles[role])
        problems += finite_or_missing(values, bad, table.line, layout.roles[role])
        problems += _out_of_range(role, values, table, layout.roles[role])
        columns[role] = values
    start, bad_start = table.numbers(layout.roles["start"])
    end, bad_end = table.numbers(layout.roles["end"])
    for bad, column in ((bad_start, "start"), (bad_end, "end")):
        problems += finite_or_missing(np.where(bad, np.nan, 0.0), bad, table.line, column)
    refuse_lines(table.path, problems, code="GS-2202", action="correct these values or export the file again")
    kind, columns, notes = _interpret(columns)
    contig, contig_names = table.labels(layout.roles["chrom"])
    return RawIntervals(
        path=table.path,
        kind=kind,
        contig=contig,
        contig_names=contig_names,
        start=start,
        end=end,
        line=table.line,
        columns=columns,
        notes=notes,
    )


def _out_of_range(role: str, values: Float64, table: Delimited, column: str) -> list[Problem]:
    limit = bin_defaults()["max_abs_log2"]
    low, high = {
        "ratio": (-limit, limit),
        "gc": (0.0, 1.0),
        "value": (-np.inf, np.inf),
    }.get(role, (0.0, np.inf))
    wrong = np.isfinite(values) & ((values < low) | (values > high))
    return [
        Problem(
            line=int(table.line[row]),
            what=f"{column} is out of range",
            found=f"{values[row]:g}",
            expected=f"{low:g} to {high:g}" if np.isfinite(high) else f"{low:g} or more",
        )
        for row in np.flatnonzero(wrong)
    ]


def _interpret(columns: dict[str, Float64]) -> tuple[str, dict[str, Float64], tuple[str, ...]]:
    """Kind, and the columns with missing ratios as NaN."""
    if "counts" in columns:
        counts = columns["counts"]
        if np.array_equal(counts, np.floor(counts), equal_nan=True):
            return "counts", columns, ()
        return "depth", columns, ("the counts are no whole numbers: read as relative depth",)
    if "ratio" in columns:
        if "weight" not in columns and "depth" in columns and _is_log_of(columns["ratio"], columns["depth"]):
            columns = {role: values for role, values in columns.items() if role != "ratio"}
            return "depth", columns, ("log2 is that of the depth, not a ratio: depth is used",)
        ratio = columns["ratio"]
        null = ratio < bin_defaults()["null_log2_below"]
        notes = (f"{int(null.sum())} bins without reads have no log ratio",) if null.any() else ()
        return "ratio", {**columns, "ratio": np.where(null, np.nan, ratio)}, notes
    if "copy_number" in columns:
        return _ratio_of_copies(columns)
    return "depth", columns, ()


def _is_log_of(ratio: Float64, depth: Float64) -> bool:
    """Whether `ratio` is log2(depth), as in a .cnn (written with 6 digits)."""
    positive = depth > 0
    if not positive.any():
        return False
    return bool(np.nanmedian(np.abs(ratio[positive] - np.log2(depth[positive]))) < 1e-3)


def _ratio_of_copies(columns: dict[str, Float64]) -> tuple[str, dict[str, Float64], tuple[str, ...]]:
    copies = columns["copy_number"]
    positive = copies > 0
    if not positive.any():
        return "ratio", {**columns, "ratio": np.full_like(copies, np.nan)}, ()
    median = float(np.median(copies[positive]))
    ratio = np.full_like(copies, np.nan)
    ratio[positive] = np.log2(copies[positive] / median)
    notes = [f"log2 ratio taken from copy_number over its median {median:.6g}"]
    n_zero = int((copies == 0).sum())
    if n_zero:
        notes.append(f"{n_zero} bins of copy number 0 have no log ratio")
    return "ratio", {**columns, "ratio": ratio}, tuple(notes)
