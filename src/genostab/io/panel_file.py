"""A panel of normals as one gzip text: a line of JSON, a header, one row of whole numbers per bin."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from genostab.arrays import Bins, Float64, Genome, Int64, Normal, Panel
from genostab.errors import InputError
from genostab.io.alignment_counts import tile_genome
from genostab.io.limits import read_text_capped
from genostab.io.number_table import number_bytes, split_head, whole_numbers
from genostab.io.tsv import format_cell, gzip_bytes

MAGIC = "#genostab-panel 1"
# Shares are written in millionths, depth in hundred-thousandths of the normal's autosomal median.
_SHARE, _DEPTH = 1e6, 1e5
_PLACE = ("chrom", "start", "end", "gc_millionths", "mapq0_millionths")
_SEXES = ("female", "male", "unknown")
_DIGITS = 6


def panel_bytes(panel: Panel, genome: Genome) -> bytes:
    """The panel as gzip text; equal panels give equal bytes.

    Parameters
    ----------
    panel : Panel
    genome : Genome

    Notes
    -----
    Bins in which no normal has a read are left out where bins tile the genome. A number that is not known is empty.
    """
    facts = {
        "assembly": genome.assembly,
        "values": "reads" if panel.is_counts else "depth",
        "bin_bp": panel.bin_bp,
        "min_mapq": panel.min_mapq,
        "evaluated_bp": panel.evaluated_bp,
        "normals": [{name: _rounded(value) for name, value in asdict(n).items()} for n in panel.normals],
    }
    bins, n_place = panel.bins, len(_PLACE)
    seen = np.flatnonzero((panel.values != 0).any(axis=1) | (panel.bin_bp == 0))
    rows = np.empty((seen.size, n_place + len(panel.normals)), dtype=np.int64)
    rows[:, 0], rows[:, 1], rows[:, 2] = bins.chrom[seen], bins.start[seen], bins.end[seen]
    rows[:, 3], rows[:, 4] = (_whole(x[seen], _SHARE) for x in (bins.gc_fraction, bins.mapq0_fraction))
    scale = 1.0 if panel.is_counts else _DEPTH
    for column in range(len(panel.normals)):
        rows[:, n_place + column] = _whole(panel.values[seen, column].astype(np.float64), scale)
    columns = "\t".join((*_PLACE, *(format_cell(normal.name) for normal in panel.normals)))
    head = f"{MAGIC}\n#{json.dumps(facts, sort_keys=True)}\n{columns}\n"
    return gzip_bytes(head.encode() + number_bytes(rows))


def _whole(values: Float64, scale: float) -> Int64:
    """Values times scale as whole numbers, -1 where not known."""
    return np.where(np.isfinite(values), np.rint(np.nan_to_num(values) * scale), -1.0).astype(np.int64)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.{_DIGITS}g}")
    return value


def read_panel(path: Path, genome: Genome) -> Panel:
    """The panel of a file that `panel_bytes` made.

    Parameters
    ----------
    path : Path
    genome : Genome

    Raises
    ------
    InputError
        GS-2001 to GS-2005 for the file, GS-2101 where it is of another assembly, GS-2202 where it is damaged.
    """
    head, rows = split_head(read_text_capped(path), 3)
    if len(head) < 3 or head[0] != MAGIC:
        found = head[0][:60] if head else "nothing"
        raise _refuse("GS-2004", path, "no panel of normals of this version", found, MAGIC)
    try:
        facts = json.loads(head[1][1:])
        normals = tuple(_normal(each) for each in facts["normals"])
        values, bin_bp, evaluated_bp, min_mapq = (
            facts[name] for name in ("values", "bin_bp", "evaluated_bp", "min_mapq")
        )
        if values not in ("reads", "depth") or not normals or head[2].split("\t")[:5] != list(_PLACE):
            raise ValueError("values, normals or columns that no panel has")
        if sum(not normal.left_out for normal in normals) < 2:
            raise ValueError("fewer than two normals in use")
        table = whole_numbers(rows, len(_PLACE) + len(normals))
        if facts["assembly"] == genome.assembly:
            _check_rows(table, int(bin_bp), genome)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refuse(
            "GS-2202", path, "a damaged panel", str(error)[:120], "what genostab panel wrote"
        ) from None
    if facts["assembly"] != genome.assembly:
        raise _refuse(
            "GS-2101", path, "a panel of another assembly", str(facts["assembly"])[:60], genome.assembly
        )
    if bin_bp:
        table = _tiled(table, int(bin_bp), genome)
    return _panel(table, values == "reads", int(bin_bp), int(evaluated_bp), int(min_mapq), normals)


def _normal(facts: Mapping[str, Any]) -> Normal:
    if set(facts) != {field.name for field in fields(Normal)} or facts["sex"] not in _SEXES:
        raise ValueError("a normal with other facts")
    known: dict[str, Any] = {name: math.nan if value is None else value for name, value in facts.items()}
    normal = Normal(**known)
    texts = (normal.name, normal.sha256, normal.left_out)
    numbers = [value for name, value in known.items() if name.endswith("_log2")]
    if not all(isinstance(text, str) for text in texts) or not isinstance(normal.n_reads, int):
        raise ValueError("a normal with facts of other types")
    if not all(isinstance(number, int | float) for number in numbers):
        raise ValueError("a normal with figures that are no numbers")
    return normal


def _check_rows(table: Int64, bin_bp: int, genome: Genome) -> None:
    """Refuse rows that are no bins of the genome in its order.

    Raises
    ------
    ValueError
    """
    chrom, start, end = table[:, 0], table[:, 1], table[:, 2]
    if not table.shape[0] or chrom.min() < 0 or chrom.max() >= len(genome.names):
        raise ValueError("a chromosome that the genome does not have")
    good = (start >= 0) & (end > start) & (end <= genome.length_bp[chrom])
    good &= (table[:, 3:5] <= _SHARE).all(axis=1)
    good[1:] &= (np.diff(chrom) > 0) | ((np.diff(chrom) == 0) & (np.diff(start) > 0))
    if bin_bp:
        good &= (start % bin_bp == 0) & (end == np.minimum(start + bin_bp, genome.length_bp[chrom]))
    if not good.all():
        raise ValueError(f"row {int(np.argmin(good)) + 1}: no bin of its own, or out of order")


def _tiled(table: Int64, bin_bp: int, genome: Genome) -> Int64:
    """The rows among those of all bins; bins that were left out have no reads and no GC."""
    first, chrom, start = tile_genome(genome, bin_bp)
    whole = np.zeros((chrom.size, table.shape[1]), dtype=np.int64)
    whole[:, 0], whole[:, 1] = chrom, start
    whole[:, 2] = np.minimum(start + bin_bp, genome.length_bp[chrom])
    whole[:, 3:5] = -1
    whole[first[table[:, 0]] + table[:, 1] // bin_bp] = table
    return whole


def _panel(
    table: Int64, is_counts: bool, bin_bp: int, evaluated_bp: int, min_mapq: int, normals: Sequence[Normal]
) -> Panel:
    values = table[:, len(_PLACE) :].astype(np.float32)
    values[values < 0] = np.nan
    if not is_counts:
        values /= np.float32(_DEPTH)
    share = np.where(table[:, 3:5] < 0, np.nan, table[:, 3:5] / _SHARE)
    return Panel(
        is_counts=is_counts,
        bin_bp=bin_bp,
        min_mapq=min_mapq,
        bins=Bins(
            chrom=table[:, 0].astype(np.int16),
            start=np.ascontiguousarray(table[:, 1]),
            end=np.ascontiguousarray(table[:, 2]),
            n_reads=np.nansum(values, axis=1, dtype=np.float64),
            ratio_log2=np.full(table.shape[0], np.nan),
            weight=np.ones(table.shape[0]),
            gc_fraction=share[:, 0],
            mapq0_fraction=share[:, 1],
            n_duplicates=np.full(table.shape[0], np.nan),
        ),
        values=values,
        normals=tuple(normals),
        evaluated_bp=evaluated_bp,
    )


def _refuse(code: str, path: Path, what: str, found: str, expected: str) -> InputError:
    return InputError(
        code,
        what=what,
        where=str(path),
        found=found,
        expected=expected,
        action="make it again with genostab panel, or name the right file",
    )
