"""Fewer marks for the same picture: bins as median and range of neighbours, SNPs as the pixels that they fill."""

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


def _cells(x: Float64, y: Float64) -> tuple[Int64, Int64, Int64]:
    """Column, row and number of points of each occupied square of one pixel, by column, then row."""
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    height = int(row.max(initial=0)) + 1
    key, count = np.unique(column * height + row, return_counts=True)
    return key // height, key % height, count.astype(np.int64)


def points_per_square(x: Float64, y: Float64, ends: tuple[float, float]) -> float:
    """Mean number of points in the occupied squares of one pixel between two y; 0 where there is none."""
    inside = (y > ends[0]) & (y < ends[1])
    return float(_cells(x[inside], y[inside])[2].mean()) if inside.any() else 0.0


def column_runs(
    x: Float64, y: Float64, ends: tuple[float, float], share: float
) -> tuple[Float64, Float64, Float64]:
    """Vertical bars over the squares of one pixel that hold points: x, top, bottom.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,), pixels; no NaN
    ends : (float, float), between these y the points are one crowd, above and below them two others
    share : float, of the fullest square of a crowd in one column; squares with fewer points, or one, are left out
        where it is not 0

    Returns
    -------
    tuple of three ndarrays of float64, shape (n_bars,), pixels

    Notes
    -----
    Every point lies in a bar where `share` is 0, so that no outlier is lost. O(n log n).
    """
    column, row, count = _cells(x, y)
    crowd = 3 * (column - column.min(initial=0)) + np.searchsorted(np.array(ends), row + 0.5)
    most = np.zeros(int(crowd.max(initial=0)) + 1, dtype=np.int64)
    np.maximum.at(most, crowd, count)
    kept = count >= np.maximum(share * most[crowd], 2.0 if share else 1.0)
    column, row = column[kept], row[kept]
    breaks = np.flatnonzero((np.diff(column) != 0) | (np.diff(row) != 1)) + 1
    first = np.concatenate(([0], breaks)).astype(np.int64)[: column.size]
    last = np.concatenate((breaks, [column.size])).astype(np.int64)[: first.size] - 1
    x_middle, top, bottom = (edge.astype(np.float64) for edge in (column[first], row[first], row[last]))
    return x_middle + 0.5, top, bottom + 1.0


def thin_fractions(chrom: Int64, position: Float64, fraction: Float64, max_points: int) -> Int64:
    """Indices of SNPs to keep, ascending: one of each cell of position and allele fraction, then even shares.

    Parameters
    ----------
    chrom : ndarray of int64, shape (n,); position : ndarray of float64, shape (n,), share of the chromosome, 0..1
    fraction : ndarray of float64, shape (n,), allele fraction, 0..1; no NaN
    max_points : int

    Notes
    -----
    Half of the bound goes to cells, so that no outlier is lost, the rest to every k-th of the others, those between
    the homozygous bands first: they show imbalance.
    """
    if fraction.size <= max_points:
        return np.arange(fraction.size)
    n_columns = 4096
    kept = np.arange(fraction.size)
    while n_columns > 1:
        key = (chrom * n_columns + np.floor(position * n_columns).astype(np.int64)) * 64
        kept = np.unique(key + np.floor(fraction * 50.0).astype(np.int64), return_index=True)[1]
        if kept.size <= max_points // 2:
            break
        n_columns //= 2
    is_left = np.ones(fraction.size, dtype=bool)
    is_left[kept] = False
    for chosen in ((fraction > 0.1) & (fraction < 0.9), np.ones(fraction.size, dtype=bool)):
        free = np.flatnonzero(is_left & chosen)
        room = max_points - kept.size
        if free.size and room > 0:
            more = free[:: max(1, -(-free.size // room))]
            is_left[more] = False
            kept = np.concatenate((kept, more))
    return np.sort(kept[:max_points]).astype(np.int64)


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
