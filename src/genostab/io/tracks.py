"""A track of the genome that the user gives (GC fraction, mappability) as one value per bin."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from genostab.arrays import Bins, Float64, Genome
from genostab.io.bins import read_intervals
from genostab.io.intervals import place_intervals
from genostab.io.refusals import Problem, refuse_lines

# HMMcopy's gcCounter writes this where a window holds no base.
_NO_BASE = -1.0


def read_track(path: str | Path, genome: Genome, bins: Bins) -> Float64:
    """Mean of a track over each bin, weighted by the bases that they share.

    Parameters
    ----------
    path : str or Path; bedGraph, WIG, or a TSV with chromosome, start, end and ``value``, ``gc`` or ``mappability``
    genome : Genome
    bins : Bins

    Returns
    -------
    float64, shape (n_bins,), fraction 0..1; NaN where the track does not cover the bin at all

    Raises
    ------
    InputError, GenostabErrors
        As `read_bins`; GS-2202 also for a value outside 0 to 1.

    Notes
    -----
    With F(x) the integral of the track and C(x) the covered bases up to x, a bin [s, e) has
    (F(e) - F(s)) / (C(e) - C(s)). O((n + m) log m).
    """
    raw = read_intervals(path, genome)
    value = next(iter(raw.columns.values()))
    value = np.where(value == _NO_BASE, np.nan, value)
    problems = [
        Problem(
            line=int(raw.line[row]),
            what="a value that is no fraction",
            found=f"{value[row]:g}",
            expected="0 to 1 (divide percent by 100)",
        )
        for row in np.flatnonzero((value < 0) | (value > 1))
    ]
    refuse_lines(str(path), problems, code="GS-2202", action="write the track as fractions")
    placed = place_intervals(raw, genome)
    value = value[placed.order]
    mean = np.full(bins.start.size, np.nan)
    for chrom in np.unique(bins.chrom):
        here = np.flatnonzero(bins.chrom == chrom)
        rows = (placed.chrom == chrom) & np.isfinite(value)
        if rows.any():
            start, end = placed.start[rows], placed.end[rows]
            total = integral(start, end, value[rows], bins.start[here], bins.end[here])
            covered = integral(start, end, np.ones(start.size), bins.start[here], bins.end[here])
            with np.errstate(invalid="ignore"):
                mean[here] = np.where(covered > 0, np.clip(total / covered, 0.0, 1.0), np.nan)
    return mean


def integral(
    start: np.ndarray[tuple[int], np.dtype[np.int64]],
    end: np.ndarray[tuple[int], np.dtype[np.int64]],
    value: Float64,
    low: np.ndarray[tuple[int], np.dtype[np.int64]],
    high: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> Float64:
    """Integral over [low, high) of a step function that is `value` on [start, end) and 0 elsewhere."""
    before = np.concatenate(([0.0], np.cumsum(value * (end - start))))

    def up_to(position: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Float64:
        last = np.searchsorted(start, position, side="right") - 1
        inside = np.maximum(last, 0)
        part = value[inside] * (np.minimum(position, end[inside]) - start[inside])
        return np.where(last >= 0, before[inside] + part, 0.0)

    return up_to(high) - up_to(low)
