"""Segments as SEG for IGV: 1-based inclusive."""

from __future__ import annotations

from genostab.arrays import Genome, Segments
from genostab.io.tsv import table_bytes

_COLUMNS = ("ID", "chrom", "loc.start", "loc.end", "num.mark", "seg.mean")


def seg_bytes(genome: Genome, sample: str, segments: Segments) -> bytes:
    """Segments as SEG; seg.mean is the log2 copy ratio.

    Parameters
    ----------
    genome : Genome
    sample : str
    segments : Segments
    """
    marks = segments.last - segments.first
    rows = [
        [
            sample,
            genome.names[segments.chrom[row]],
            int(segments.start[row]) + 1,
            int(segments.end[row]),
            int(marks[row]),
            float(segments.mean_log2[row]),
        ]
        for row in range(segments.chrom.size)
    ]
    return table_bytes(_COLUMNS, rows)
