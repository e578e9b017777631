"""results.json: everything about one lot for machines, canonical, with a JSON Schema in the package."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import resources
from typing import Any

import numpy as np

from genostab.report.document import GcTrend, GenomeTrack, ReportData

SCHEMA_VERSION = "1.0"


def results_json(data: ReportData) -> bytes:
    """The report as canonical JSON, UTF-8 with a final line feed; the same data give the same bytes.

    Notes
    -----
    Keys sorted, no white space, floats in their shortest round-trip form, fractions 0..1, intervals 0-based
    half-open. JSON has no NaN or infinity: such a number is null, its path and what it was stand in ``non_finite``,
    and an estimate whose centre is lost has status ``not_computed``. The bins themselves are in
    ``karyotype/bins.tsv.gz``; here stand chromosomes, counts and segments, and of the trend of GC its strata.
    O(size).
    """
    lost: list[dict[str, str]] = []
    tree = {
        name: _plain(getattr(data, name), (name,), lost)
        for name in (field.name for field in fields(data))
        if name not in ("genome", "gc_trend")
    }
    tree["genome"] = None if data.genome is None else _genome(data.genome, lost)
    tree["gc_trend"] = None if data.gc_trend is None else _gc_trend(data.gc_trend, lost)
    tree["non_finite"] = lost
    tree["schema_version"] = SCHEMA_VERSION
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # A lone surrogate (a file name that is not UTF-8) becomes the JSON escape \udcXX.
    return (text + "\n").encode("utf-8", "backslashreplace")


def results_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of results.json."""
    text = resources.files("genostab.report").joinpath("results.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _plain(value: object, path: tuple[str, ...], lost: list[dict[str, str]]) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, float | np.floating):
        return _finite(float(value), path, lost)
    if isinstance(value, int | np.integer):
        return int(value)
    if is_dataclass(value):
        tree = {
            field.name.removesuffix("_"): _plain(getattr(value, field.name), (*path, field.name), lost)
            for field in fields(value)
        }
        if tree.get("status") == "measured" and "estimate" in tree and tree["estimate"] is None:
            tree["status"] = "not_computed"
        return tree
    if isinstance(value, Mapping):
        return {str(key): _plain(item, (*path, str(key)), lost) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item, (*path, str(i)), lost) for i, item in enumerate(value)]
    raise TypeError(f"no JSON form for {type(value).__name__} at {'.'.join(path)}")


def _finite(value: float, path: tuple[str, ...], lost: list[dict[str, str]]) -> float | None:
    if math.isfinite(value):
        return value
    lost.append({"path": ".".join(path), "was": repr(value)})
    return None


def _gc_trend(trend: GcTrend, lost: list[dict[str, str]]) -> dict[str, Any]:
    strata = (
        ("gc_fraction", trend.stratum_gc),
        ("before_log2", trend.stratum_before_log2),
        ("after_log2", trend.stratum_after_log2),
    )
    lists = {name: [_finite(v, ("gc_trend", name), lost) for v in values.tolist()] for name, values in strata}
    return {"n_bins": int(trend.gc_fraction.size), **lists}


def _genome(track: GenomeTrack, lost: list[dict[str, str]]) -> dict[str, Any]:
    rows = zip(
        track.segment_chrom.tolist(),
        track.segment_start.tolist(),
        track.segment_end.tolist(),
        track.segment_mean_log2.tolist(),
        strict=True,
    )
    return {
        "chromosomes": [
            {"name": name, "length_bp": length}
            for name, length in zip(track.chrom_names, track.chrom_length_bp.tolist(), strict=True)
        ],
        "n_bins": int(track.bin_ratio_log2.size),
        "n_bins_used": int(np.isfinite(track.bin_ratio_log2).sum()),
        "n_snps": int(np.isfinite(track.snp_baf).sum()),
        "segments": [
            {
                "chrom": track.chrom_names[chrom],
                "start": start,
                "end": end,
                "mean_log2": _finite(mean, ("genome", "segments", str(i), "mean_log2"), lost),
            }
            for i, (chrom, start, end, mean) in enumerate(rows)
        ],
    }
