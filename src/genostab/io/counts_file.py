"""Counts of an alignment as a small file that takes the alignment's place, with the alignment's identity."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genostab.arrays import Genome, Int64
from genostab.errors import InputError
from genostab.io.alignment_counts import (
    COUNT_ROWS,
    MAX_FRAGMENT_BP,
    AlignmentCounts,
    CountingRules,
    TelomereReads,
    TelomereRule,
    fragment_quartiles_bp,
    make_bins,
    tile_genome,
)
from genostab.io.counts_text import MAGIC, is_counts_text
from genostab.io.limits import read_text_capped
from genostab.io.number_table import number_bytes, split_head, whole_numbers
from genostab.io.regions import Regions
from genostab.io.tsv import gzip_bytes

_COLUMNS = "\t".join(("chrom", "start", *COUNT_ROWS))


@dataclass(frozen=True, kw_only=True)
class CountsFile:
    """Counts with the name and SHA-256 of the file they were made from.

    `remark` says why the whole file was read where its index could have served; it is not written.
    """

    counts: AlignmentCounts
    source: str
    sha256: str
    remark: str = ""


def counts_bytes(file: CountsFile, genome: Genome) -> bytes:
    """The counts as gzip text: a line of JSON, a header, one row per bin in which something was counted."""
    counts, rules = file.counts, file.counts.rules
    quartiles = fragment_quartiles_bp(counts.fragment_lengths)
    facts = {
        "assembly": genome.assembly,
        "source": file.source,
        "sha256": file.sha256,
        "bin_bp": rules.bin_bp,
        "min_mapq": rules.min_mapq,
        "keep_duplicates": rules.keep_duplicates,
        "with_bases": rules.with_bases,
        "regions": _regions_facts(rules.regions),
        "telomere_rule": asdict(rules.telomere) if rules.telomere else None,
        "telomeres": asdict(counts.telomeres) if counts.telomeres else None,
        "sample": counts.sample,
        "n_records": counts.n_records,
        "n_unused": counts.n_unused,
        "n_low_mapq": counts.n_low_mapq,
        "dropped_contigs": list(counts.dropped_contigs),
        "fragment_quartiles_bp": None if np.isnan(quartiles[0]) else quartiles.astype(int).tolist(),
        "fragment_lengths": counts.fragment_lengths.tolist(),
    }
    bins = counts.bins
    seen = np.flatnonzero(counts.raw.any(axis=0))
    rows = np.column_stack((bins.chrom[seen], bins.start[seen], counts.raw[:, seen].T))
    head = f"{MAGIC}\n#{json.dumps(facts, sort_keys=True)}\n{_COLUMNS}\n"
    return gzip_bytes(head.encode() + number_bytes(rows.astype(np.int64)))


def _regions_facts(regions: Regions | None) -> dict[str, Any] | None:
    if regions is None:
        return None
    return {
        "name": regions.name,
        "sha256": regions.sha256,
        "chrom": regions.chrom.tolist(),
        "start": regions.start.tolist(),
        "end": regions.end.tolist(),
    }


def read_counts(path: Path, genome: Genome) -> CountsFile:
    """Counts of a file that `counts_bytes` made.

    Raises
    ------
    InputError
        GS-2001 to GS-2005 for the file, also for one of another version; GS-2101 where it is of another assembly;
        GS-2202 for a wrong row.
    """
    head, rows = split_head(read_text_capped(path), 3)
    if head and head[0] != MAGIC and is_counts_text(head[0]):
        raise _refuse("GS-2004", path, "counts of another version of genostab", head[0][:60], MAGIC)
    if len(head) < 3 or head[0] != MAGIC or head[2] != _COLUMNS:
        raise _refuse("GS-2004", path, "no counts file", head[0][:60] if head else "nothing", MAGIC)
    try:
        facts = json.loads(head[1][1:])
        if facts["assembly"] != genome.assembly:
            raise _refuse("GS-2101", path, "counts of another assembly", facts["assembly"], genome.assembly)
        rules = _rules(facts)
        lengths = np.array(facts["fragment_lengths"], dtype=np.int64)
        if lengths.shape != (MAX_FRAGMENT_BP + 2,) or (lengths < 0).any():
            raise ValueError("fragment_lengths")
        table = whole_numbers(rows, n_columns=2 + len(COUNT_ROWS))
        raw = _raw(path, rows, table, genome, rules.bin_bp)
        counts = AlignmentCounts(
            rules=rules,
            bins=make_bins(genome, rules.bin_bp, raw),
            raw=raw,
            fragment_lengths=lengths,
            telomeres=TelomereReads(**facts["telomeres"]) if facts["telomeres"] else None,
            sample=str(facts["sample"]),
            n_records=int(facts["n_records"]),
            n_unused=int(facts["n_unused"]),
            n_low_mapq=int(facts["n_low_mapq"]),
            dropped_contigs=tuple(map(str, facts["dropped_contigs"])),
        )
        return CountsFile(counts=counts, source=str(facts["source"]), sha256=str(facts["sha256"]))
    except (ValueError, KeyError, TypeError) as error:
        raise _refuse(
            "GS-2202", path, "a damaged counts file", str(error)[:120], "what genostab count wrote"
        ) from None


def _rules(facts: Mapping[str, Any]) -> CountingRules:
    regions, telomere = facts["regions"], facts["telomere_rule"]
    if int(facts["bin_bp"]) <= 0:
        raise ValueError("bin_bp")
    return CountingRules(
        bin_bp=int(facts["bin_bp"]),
        min_mapq=int(facts["min_mapq"]),
        keep_duplicates=bool(facts["keep_duplicates"]),
        with_bases=bool(facts["with_bases"]),
        telomere=TelomereRule(**telomere) if telomere else None,
        regions=Regions(
            name=str(regions["name"]),
            sha256=str(regions["sha256"]),
            **{key: np.array(regions[key], dtype=np.int64) for key in ("chrom", "start", "end")},
        )
        if regions
        else None,
    )


def _raw(path: Path, rows: str, table: Int64, genome: Genome, bin_bp: int) -> Int64:
    """Counts of all bins from the rows of those in which something was counted."""
    first, chrom, start = tile_genome(genome, bin_bp)
    names_ok = (table[:, 0] >= 0) & (table[:, 0] < len(genome.names))
    at = np.where(names_ok, first[np.where(names_ok, table[:, 0], 0)] + table[:, 1] // bin_bp, -1)
    good = names_ok & (at >= 0) & (at < chrom.size)
    place = np.where(good, at, 0)
    good &= (start[place] == table[:, 1]) & (chrom[place] == table[:, 0]) & (table[:, 2:] >= 0).all(axis=1)
    if not good.all() or (at.size and np.bincount(at).max() > 1):
        line = 4 + int(np.argmin(good)) if not good.all() else 4
        raise _refuse(
            "GS-2202",
            path,
            f"an impossible row (line {line})",
            rows.split("\n", line - 3)[line - 4][:60],
            "one row per bin",
        )
    raw = np.zeros((len(COUNT_ROWS), chrom.size), dtype=np.int64)
    raw[:, at] = table[:, 2:].T
    return raw


def _refuse(code: str, path: Path, what: str, found: object, expected: str) -> InputError:
    return InputError(
        code,
        what=what,
        where=str(path),
        found=str(found),
        expected=expected,
        action="make it again with genostab count",
    )
