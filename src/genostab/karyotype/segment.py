"""Profile to segments of one mean: outliers drawn in, exact breaks, and like neighbours joined."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.special import erfinv

from genostab.arrays import Float64, Genome, Int64, Profile, Segments
from genostab.karyotype.noise import wave_at
from genostab.karyotype.regions import arm_edges
from genostab.karyotype.settings import Settings
from genostab.karyotype.significance import Search, scan_threshold, search_of, standard_error
from genostab.kernels.scan import strongest_interval
from genostab.kernels.segment import find_breaks

_KNOWN_DF = 1e6
_KNOTS = 64  # of tables by length; they are smooth
_CHI2_MEDIAN = 2.0 * float(erfinv(0.5)) ** 2  # of one degree of freedom


def break_penalty(search: Search, settings: Settings) -> float:
    """Cost of one break: a shortest segment between two breaks is as unlikely under noise as a call.

    Notes
    -----
    A segment adds two breaks and lowers the squared error by z^2, so the penalty is z^2 / 2 at the threshold of the
    scan for the shortest segment.
    """
    shortest = np.array([float(search.shortest)])
    z = scan_threshold(shortest, search, np.array([_KNOWN_DF]), settings.family_wise_error / 2.0)
    return float(z[0]) ** 2 / 2.0


def breaks_of(profile: Profile, genome: Genome, settings: Settings) -> Int64:
    """Bins inside arms at which a new mean starts; ndarray of int64, shape (n_breaks,), ascending.

    The exact optimum, at a penalty that only a strong segment pays twice; `weak_breaks` finds the others.
    """
    penalty = break_penalty(search_of(profile, genome, settings), settings)
    weights = 1.0 / np.square(profile.sd_log2)
    found: list[Int64] = []
    for a, b in zip(*arm_edges(profile, genome), strict=True):
        breaks = np.zeros(b - a, dtype=np.int64)
        n_breaks = find_breaks(profile.ratio_log2[a:b], weights[a:b], penalty, breaks)
        found.append(a + breaks[:n_breaks])
    return np.concatenate(found)


def weak_breaks(profile: Profile, breaks: Int64, genome: Genome, settings: Settings) -> Int64:
    """`breaks` and the ends of intervals between them that stand out from their level.

    Parameters
    ----------
    profile : Profile, centred, with its waves
    breaks : ndarray of int64, shape (n_breaks,), as of `breaks_of`
    genome : Genome
    settings : Settings

    Returns
    -------
    ndarray of int64, shape (n_more,), ascending

    Notes
    -----
    An interval inside a segment pays for one search, where two breaks would pay twice (circular binary segmentation:
    Olshen et al. 2004, Biostatistics 5:557, doi 10.1093/biostatistics/kxh008). The strongest is taken out, and its
    inside and both sides are searched again. The level is the centre of the genome, which is known; the mean of the
    segment where that lies apart from the centre, and on X and Y.
    """
    arms, ends = arm_edges(profile, genome)
    search = search_of(profile, genome, settings)
    kinds = np.unique(profile.autosome).tolist()
    tables = {is_autosome: _asked(profile, search, is_autosome, settings) for is_autosome in kinds}
    edges = np.union1d(np.append(arms, ends[-1]), breaks)
    waiting = [(int(a), int(b)) for a, b in pairwise(edges)]
    found = set(breaks.tolist())
    while waiting:
        a, b = waiting.pop()
        if b - a < search.shortest:
            continue
        is_autosome = bool(profile.autosome[a])
        wave_variance, least_z2 = tables[is_autosome]
        weights = 1.0 / np.square(profile.sd_log2[a:b])
        total = float(weights.sum())
        mean = float((weights * profile.ratio_log2[a:b]).sum()) / total
        is_quiet = is_autosome and mean * mean < settings.quiet_z**2 * (1.0 / total + wave_variance[b - a])
        first, last, excess = strongest_interval(
            profile.ratio_log2[a:b],
            weights,
            0.0 if is_quiet else mean,
            0.0 if is_quiet else 1.0 / total,
            wave_variance[: b - a + 1],
            least_z2[: b - a + 1],
            search.shortest,
        )
        if excess > 0 and last - first < b - a:
            found |= {a + first, a + last} - {a, b}
            waiting += [(a, a + first), (a + first, a + last), (a + last, b)]
    return np.array(sorted(found), dtype=np.int64)


def _asked(
    profile: Profile, search: Search, is_autosome: bool, settings: Settings
) -> tuple[Float64, Float64]:
    """Variance of waves and squared deviation asked of 0 .. longest bins; ndarray, shape (longest + 1,), twice."""
    n_bins = np.arange(search.longest + 1, dtype=np.float64)
    knots = np.unique(np.round(np.geomspace(1, search.longest, _KNOTS)))
    row = 0 if is_autosome else 1
    wave, _ = wave_at(n_bins, profile.wave_bins, profile.wave_sd_log2[row], profile.wave_df[row])
    _, df = wave_at(knots, profile.wave_bins, profile.wave_sd_log2[row], profile.wave_df[row])
    z = scan_threshold(knots, search, df, settings.break_family_wise_error)
    return np.square(wave), np.square(np.interp(np.log(np.maximum(n_bins, 1.0)), np.log(knots), z))


def clipped(profile: Profile, genome: Genome, settings: Settings) -> Float64:
    """Log2 ratios with outliers of one or two bins drawn in; ndarray of float64, shape (n_bins,).

    Notes
    -----
    To within `clip_sd` standard deviations of the median of five bins around, or of the five at the end of an arm.
    """
    values = profile.ratio_log2.copy()
    for a, b in zip(*arm_edges(profile, genome), strict=True):
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
    arms, _ = arm_edges(profile, genome)
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
