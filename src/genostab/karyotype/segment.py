"""Profile to segments of one mean: outliers drawn in, exact breaks, and like neighbours joined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import erfinv

from genostab.arrays import Float64, Genome, Int64, Profile, Segments
from genostab.karyotype.noise import arm_bins
from genostab.karyotype.regions import arm_of
from genostab.karyotype.settings import Settings
from genostab.karyotype.significance import scan_threshold, standard_error
from genostab.kernels.segment import find_breaks

_CHI2_MEDIAN = 2.0 * float(erfinv(0.5)) ** 2  # of one degree of freedom


def break_penalty(n_total: int, settings: Settings) -> float:
    """Cost of one break: a segment between two breaks is as unlikely under noise as the settings allow.

    Notes
    -----
    A segment adds two breaks and lowers the squared error by z^2, so the penalty is z^2 / 2 at the threshold of the
    scan for the shortest segment.
    """
    shortest = np.array([float(settings.min_bins)])
    z = scan_threshold(shortest, n_total, np.array([1e6]), settings.break_family_wise_error)
    return float(z[0]) ** 2 / 2.0


def breaks_of(profile: Profile, genome: Genome, settings: Settings) -> Int64:
    """Bins inside arms at which a new mean starts; ndarray of int64, shape (n_breaks,), ascending."""
    penalty = break_penalty(profile.chrom.size, settings)
    weights = 1.0 / np.square(profile.sd_log2)
    found: list[Int64] = []
    for a, b in zip(*arm_bins(arm_of(profile.chrom, profile.start, genome)), strict=True):
        breaks = np.zeros(b - a, dtype=np.int64)
        n_breaks = find_breaks(profile.ratio_log2[a:b], weights[a:b], penalty, breaks)
        found.append(a + breaks[:n_breaks])
    return np.concatenate(found)


def clipped(profile: Profile, genome: Genome, settings: Settings) -> Float64:
    """Log2 ratios with outliers of one or two bins drawn in; ndarray of float64, shape (n_bins,).

    Notes
    -----
    To within `clip_sd` standard deviations of the median of five bins around, or of the five at the end of an arm.
    """
    values = profile.ratio_log2.copy()
    for a, b in zip(*arm_bins(arm_of(profile.chrom, profile.start, genome)), strict=True):
        inner = np.median(np.lib.stride_tricks.sliding_window_view(values[a:b], min(5, b - a)), axis=1)
        short = b - a - inner.size
        middle = np.pad(inner, (short // 2, short - short // 2), mode="edge")
        reach = settings.clip_sd * profile.sd_log2[a:b]
        values[a:b] = np.clip(values[a:b], middle - reach, middle + reach)
    return values


def summarise_segments(profile: Profile, first: Int64, last: Int64) -> Segments:
    """Segments of given bins, with their weighted means.

    Parameters
    ----------
    profile : Profile
    first, last : ndarray of int64, shape (n_segments,), bins [first, last), each of one chromosome
    """
    weight = 1.0 / np.square(profile.sd_log2)
    total = np.concatenate(([0.0], np.cumsum(weight)))
    total_wx = np.concatenate(([0.0], np.cumsum(weight * profile.ratio_log2)))
    w = total[last] - total[first]
    return Segments(
        chrom=profile.chrom[first],
        first=first,
        last=last,
        start=profile.start[first],
        end=profile.end[last - 1],
        mean_log2=(total_wx[last] - total_wx[first]) / w,
        se_log2=1.0 / np.sqrt(w),
    )


def merge_alike(profile: Profile, breaks: Int64, genome: Genome, settings: Settings) -> Segments:
    """Neighbours of one chromosome joined, most alike first, until every two differ by more than noise and waves."""
    arms, _ = arm_bins(arm_of(profile.chrom, profile.start, genome))
    edges = [*np.union1d(arms, breaks).tolist(), profile.chrom.size]
    apart = np.array([_distance(profile, edges[i : i + 3], settings) for i in range(len(edges) - 2)])
    while apart.size:
        i = int(np.argmin(apart))
        if apart[i] >= settings.same_state_z:
            break
        del edges[i + 1]
        apart = np.delete(apart, i)
        for k in (i - 1, i):
            if 0 <= k < apart.size:
                apart[k] = _distance(profile, edges[k : k + 3], settings)
    first = np.array(edges[:-1], dtype=np.int64)
    return summarise_segments(profile, first, np.array(edges[1:], dtype=np.int64))


def _distance(profile: Profile, edges: Sequence[int], settings: Settings) -> float:
    """Standard errors between the means of the bins between three edges; inf for two chromosomes."""
    at = np.array(edges)
    first, last = at[:2], int(at[2])
    if profile.chrom[first[0]] != profile.chrom[first[1]]:
        return float("inf")
    weight = 1.0 / np.square(profile.sd_log2[first[0] : last])
    total = np.add.reduceat(weight, first - first[0])
    mean = np.add.reduceat(weight * profile.ratio_log2[first[0] : last], first - first[0]) / total
    n_bins = np.diff(at).astype(np.float64)
    se, _ = standard_error(profile, 1.0 / np.sqrt(total), n_bins, profile.autosome[first])
    scatter = _local_noise(profile, int(first[0]), last, settings)
    return float(abs(mean[1] - mean[0]) / (np.hypot(se[0], se[1]) * scatter))


def _local_noise(profile: Profile, first: int, last: int, settings: Settings) -> float:
    """How much noisier these bins are than the model, at least 1.

    Probes with fewer copies scatter more, so that one deletion can look like several levels.
    """
    if last - first < settings.min_scatter_bins:
        return 1.0
    variance = np.square(profile.sd_log2[first:last])
    scaled = np.square(np.diff(profile.ratio_log2[first:last])) / (variance[1:] + variance[:-1])
    return max(1.0, float(np.sqrt(np.median(scaled) / _CHI2_MEDIAN)))
