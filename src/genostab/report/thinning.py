"""Fewer marks for the same picture: bins as median and range of neighbours, SNPs as one per pixel cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genostab.report.document import Float64, GenomeTrack, Int64


@dataclass(frozen=True, kw_only=True, eq=False)
class Groups:
    """Neighbouring bins of one chromosome taken together; all arrays of shape (n_groups,).

    chrom : int64; centre : float64, bp; low, middle, high : float64, minimum, median and maximum log2 ratio;
    `size` is the number of bins in a full group, 1 where every bin stands for itself
    """

    size: int
    chrom: Int64
    centre: Float64
    low: Float64
    middle: Float64
    high: Float64


def group_bins(track: GenomeTrack, max_groups: int) -> Groups:
    """Bins as groups of equal size that never cross a chromosome; a one-bin outlier stays visible in low or high.

    Parameters
    ----------
    track : GenomeTrack; bins with a NaN ratio are left out
    max_groups : int, upper bound on the number of groups, more than the number of chromosomes

    Notes
    -----
    size = ceil(n_bins / (max_groups - n_chromosomes)), because each chromosome may end in a part group. Half as many
    groups as the plot has device pixels draw the same envelope as all bins do. Cost O(n log n).
    """
    used = np.flatnonzero(np.isfinite(track.bin_ratio_log2))
    chrom, ratio = track.bin_chrom[used], track.bin_ratio_log2[used]
    start, end = track.bin_start[used], track.bin_end[used]
    n_chromosomes = len(track.chrom_names)
    size = max(1, -(-used.size // max(1, max_groups - n_chromosomes))) if used.size > max_groups else 1
    per_chrom = np.bincount(chrom, minlength=n_chromosomes)
    rank = np.arange(used.size) - np.repeat(np.cumsum(per_chrom) - per_chrom, per_chrom)
    first = np.flatnonzero(rank % size == 0)
    count = np.diff(np.append(first, used.size))
    last = first + count - 1
    ordered = ratio[np.lexsort((ratio, np.repeat(np.arange(first.size), count)))]
    middle = 0.5 * (ordered[first + (count - 1) // 2] + ordered[first + count // 2])
    return Groups(
        size=size,
        chrom=chrom[first],
        centre=(start[first] + end[last]).astype(np.float64) / 2.0,
        low=ordered[first],
        middle=middle,
        high=ordered[last],
    )


def one_per_cell(x: Float64, y: Float64, cell_px: float, max_points: int) -> Int64:
    """Indices of points to draw: the first in each square of `cell_px`, then every k-th if still too many.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,), pixels; no NaN
    """
    column = np.floor(x / cell_px).astype(np.int64)
    row = np.floor(y / cell_px).astype(np.int64)
    key = column * (row.max(initial=0) + 1) + row
    kept = np.sort(np.unique(key, return_index=True)[1]).astype(np.int64)
    return kept[:: max(1, -(-kept.size // max_points))]
