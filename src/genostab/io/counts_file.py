"""Counts of an alignment as a small file that takes the alignment's place, with the alignment's identity."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genostab.arrays import Genome
from genostab.errors import InputError
from genostab.io.bam import AlignmentCounts, make_bins, tile_genome
from genostab.io.counts_text import MAGIC
from genostab.io.limits import read_text_capped
from genostab.io.number_table import number_bytes, split_head, whole_numbers
from genostab.io.tsv import gzip_bytes

_COLUMNS = "chrom\tstart\tn_reads\tn_mapq0\tn_duplicates\tgc_bases\tacgt_bases"


@dataclass(frozen=True, kw_only=True)
class CountsFile:
    """Counts with what they were made from: file name, its SHA-256, bin width and least mapping quality."""

    counts: AlignmentCounts
    source: str
    sha256: str
    bin_bp: int
    min_mapq: int


def counts_bytes(file: CountsFile, genome: Genome) -> bytes:
    """The counts as gzip text: a line of JSON, a header, one row per bin in which something was counted."""
    counts = file.counts
    facts = {
        "assembly": genome.assembly,
        "source": file.source,
        "sha256": file.sha256,
        "bin_bp": file.bin_bp,
        "min_mapq": file.min_mapq,
        "sample": counts.sample,
        "n_records": counts.n_records,
        "n_unused": counts.n_unused,
        "n_low_mapq": counts.n_low_mapq,
        "dropped_contigs": list(counts.dropped_contigs),
    }
    bins = counts.bins
    seen = np.flatnonzero(counts.raw.any(axis=0))
    rows = np.column_stack((bins.chrom[seen], bins.start[seen], counts.raw[:, seen].T))
    head = f"{MAGIC}\n#{json.dumps(facts, sort_keys=True)}\n{_COLUMNS}\n"
    return gzip_bytes(head.encode() + number_bytes(rows.astype(np.int64)))


def read_counts(path: Path, genome: Genome) -> CountsFile:
    """Counts of a file that `counts_bytes` made.

    Raises
    ------
    InputError
        GS-2001 to GS-2005 for the file, GS-2101 where it is of another assembly, GS-2202 for a wrong row.
    """
    head, rows = split_head(read_text_capped(path), 3)
    if len(head) < 3 or head[0] != MAGIC or head[2] != _COLUMNS:
        raise _refuse(
            "GS-2004", path, "no counts file of this version", head[0][:60] if head else "nothing", MAGIC
        )
    try:
        facts = json.loads(head[1][1:])
        bin_bp = int(facts["bin_bp"])
        table = whole_numbers(rows, n_columns=7)
    except (ValueError, KeyError, TypeError) as error:
        raise _refuse(
            "GS-2202", path, "a damaged counts file", str(error)[:120], "what genostab count wrote"
        ) from None
    if facts.get("assembly") != genome.assembly:
        raise _refuse(
            "GS-2101", path, "counts of another assembly", str(facts.get("assembly")), genome.assembly
        )
    first, chrom, start = tile_genome(genome, bin_bp)
    names_ok = (table[:, 0] >= 0) & (table[:, 0] < len(genome.names))
    at = np.where(names_ok, first[np.where(names_ok, table[:, 0], 0)] + table[:, 1] // bin_bp, -1)
    good = names_ok & (at >= 0) & (at < chrom.size)
    good &= np.where(good, start[np.where(good, at, 0)] == table[:, 1], False) & (table[:, 2:] >= 0).all(
        axis=1
    )
    if not good.all() or (at.size and np.bincount(at).max() > 1):
        line = 4 + int(np.argmin(good)) if not good.all() else 4
        raise _refuse(
            "GS-2202",
            path,
            f"an impossible row (line {line})",
            rows.split("\n", line - 3)[line - 4][:60],
            "one row per bin",
        )
    raw = np.zeros((5, chrom.size), dtype=np.int64)
    raw[:, at] = table[:, 2:].T
    counts = AlignmentCounts(
        bins=make_bins(genome, chrom, start, bin_bp, raw),
        raw=raw,
        sample=str(facts.get("sample", "")),
        n_records=int(facts.get("n_records", 0)),
        n_unused=int(facts.get("n_unused", 0)),
        n_low_mapq=int(facts.get("n_low_mapq", 0)),
        dropped_contigs=tuple(map(str, facts.get("dropped_contigs", []))),
    )
    return CountsFile(
        counts=counts,
        source=str(facts.get("source", "")),
        sha256=str(facts.get("sha256", "")),
        bin_bp=bin_bp,
        min_mapq=int(facts.get("min_mapq", 0)),
    )


def _refuse(code: str, path: Path, what: str, found: str, expected: str) -> InputError:
    return InputError(
        code,
        what=what,
        where=str(path),
        found=found,
        expected=expected,
        action="make it again with genostab count",
    )
