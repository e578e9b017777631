"""What the script of the page needs to zoom into the genome figure: positions and values as base64 integers."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from genostab.report.document import Float64, GenomeTrack, Int64
from genostab.report.figures import COPY_GUIDES, ratio_limit
from genostab.report.thinning import group_bins, thin_fractions
from genostab.report.wording import call_label, visible
from genostab.results import Call

MAX_BINS = 60_000
MAX_SNPS = 60_000
_POSITION_STEPS = 65_535
_VALUE_STEPS = 10_000


def viewer_data(track: GenomeTrack, calls: Sequence[Call]) -> dict[str, Any]:
    """The track as plain JSON values for the page's script.

    Notes
    -----
    A position is uint16, in 1/65,535 of its chromosome (3.8 kb on chr1: under a pixel at any zoom that the script
    allows); a log2 ratio and an allele fraction are int16, in 1/10,000, clipped to +-3.2; 8 bytes of text per mark.
    Up to `MAX_BINS` bins are kept one by one, more as medians of neighbours; of SNPs up to `MAX_SNPS`, as
    `thin_fractions` does. They come unphased, of the first haplotype, of the second.
    """
    groups = group_bins(track, MAX_BINS)
    snps = _snps_to_draw(track)
    haplotype = track.snp_haplotype if track.snp_haplotype.size else np.zeros_like(track.snp_chrom)
    segments = zip(
        track.segment_chrom.tolist(),
        track.segment_start.tolist(),
        track.segment_end.tolist(),
        track.segment_mean_log2.tolist(),
        strict=True,
    )
    return {
        "chroms": [
            [name, length]
            for name, length in zip(track.chrom_names, track.chrom_length_bp.tolist(), strict=True)
        ],
        "limit": ratio_limit(track, calls),
        "guides": [[value, text] for value, text in COPY_GUIDES],
        "group": groups.size,
        "bins": _packed(track, groups.chrom, groups.centre, groups.middle),
        "snps": [_packed_snps(track, snps[haplotype[snps] == which]) for which in (0, 1, 2)],
        "segments": [[c, a, b, round(mean, 4)] for c, a, b, mean in segments if np.isfinite(mean)],
        "calls": [
            [track.chrom_names.index(call.chrom), call.start, call.end, call.kind, visible(call_label(call))]
            for call in calls
            if call.chrom in track.chrom_names
        ],
    }


def _snps_to_draw(track: GenomeTrack) -> Int64:
    known = np.flatnonzero(np.isfinite(track.snp_baf))
    share = track.snp_position[known] / track.chrom_length_bp[track.snp_chrom[known]]
    fraction = np.clip(track.snp_baf[known], 0.0, 1.0)
    return known[thin_fractions(track.snp_chrom[known], share, fraction, MAX_SNPS)]


def _packed_snps(track: GenomeTrack, snps: Int64) -> dict[str, Any]:
    position = track.snp_position[snps].astype(np.float64)
    return _packed(track, track.snp_chrom[snps], position, track.snp_baf[snps])


def _packed(track: GenomeTrack, chrom: Int64, position: Float64, value: Float64) -> dict[str, Any]:
    share = position / track.chrom_length_bp[chrom]
    steps = np.clip(np.round(share * _POSITION_STEPS), 0, _POSITION_STEPS).astype("<u2")
    values = np.round(np.clip(value, -3.2, 3.2) * _VALUE_STEPS).astype("<i2")
    return {
        "per_chrom": np.bincount(chrom, minlength=len(track.chrom_names)).tolist(),
        "position": base64.b64encode(steps.tobytes()).decode("ascii"),
        "value": base64.b64encode(values.tobytes()).decode("ascii"),
    }
