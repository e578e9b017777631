"""Profile to segments of one mean: outliers drawn in, exact breaks, and like neighbours joined."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from scipy.special import erfinv

from genostab.arrays import Float64, Genome, Int64, Profile, Segments, median
from genostab.karyotype.noise import wave_at
from genostab.karyotype.regions import arm_edges
from genostab.karyotype.settings import Settings
from genostab.karyotype.significance import Search, scan_threshold, search_of, standard_error
from genostab.kernels.scan import strongest_interval
from genostab.kernels.segment import find_breaks

Scatter = Callable[[int, int], float]
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
    found: list[Int64] = []
    for a, b in zip(*arm_edges(profile, genome), strict=True):
        breaks = np.zeros(b - a, dtype=np.int64)
        n_breaks = find_breaks(profile.ratio_log2[a:b], profile.weight[a:b], penalty, breaks)
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
    kinds = set(profile.autosome[arms].tolist())
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
        weights = profile.weight[a:b]
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
        inner = _running_median(values[a:b])
        short = b - a - inner.size
        middle = np.pad(inner, (short // 2, short - short // 2), mode="edge")
        reach = settings.clip_sd * profile.sd_log2[a:b]
        values[a:b] = np.clip(values[a:b], middle - reach, middle + reach)
    return values


def _running_median(values: Float64) -> Float64:
    """Medians of every five neighbours; of all values where there are fewer."""
    if values.size < 5:
        return np.array([np.median(values)])
    a, b, c, d, e = (values[i : values.size - 4 + i] for i in range(5))
    a, b, c, d = np.minimum(a, b), np.maximum(a, b), np.minimum(c, d), np.maximum(c, d)
    # The least and the greatest of four are not the median of five, which is that of the other two and the fifth.
    low, high = np.maximum(a, c), np.minimum(b, d)
    return np.maximum(np.minimum(low, high), np.minimum(np.maximum(low, high), e))


def summarise_segments(profile: Profile, first: Int64, last: Int64) -> Segments:
    """Segments of given bins, with their weighted means.

    Parameters
    ----------
    profile : Profile
    first, last : ndarray of int64, shape (n_segments,), bins [first, last), each of one chromosome
    """
    weight, weighted = (sums[last] - sums[first] for sums in profile.running)
    return Segments(
        chrom=profile.chrom[first],
        first=first,
        last=last,
        start=profile.start[first],
        end=profile.end[last - 1],
        mean_log2=weighted / weight,
        se_log2=1.0 / np.sqrt(weight),
    )


def merge_alike(
    profile: Profile, breaks: Int64, genome: Genome, settings: Settings, scatter: Scatter | None = None
) -> Segments:
    """Neighbours of one chromosome joined, most alike first, until every two differ by more than noise and waves.

    Parameters
    ----------
    profile : Profile
    breaks : ndarray of int64, shape (n_breaks,)
    genome : Genome
    settings : Settings
    scatter : as `scatter_of` gives it for these ratios less any constant, where it is at hand
    """
    scatter = scatter or scatter_of(profile, settings)
    arms, _ = arm_edges(profile, genome)
    edges = [*np.union1d(arms, breaks).tolist(), profile.chrom.size]
    apart = np.array([_distance(profile, edges[i : i + 3], scatter) for i in range(len(edges) - 2)])
    while apart.size:
        i = int(np.argmin(apart))
        if apart[i] >= settings.same_state_z:
            break
        del edges[i + 1]
        apart = np.delete(apart, i)
        for k in (i - 1, i):
            if 0 <= k < apart.size:
                apart[k] = _distance(profile, edges[k : k + 3], scatter)
    first = np.array(edges[:-1], dtype=np.int64)
    return summarise_segments(profile, first, np.array(edges[1:], dtype=np.int64))


def _distance(profile: Profile, edges: Sequence[int], scatter: Scatter) -> float:
    """Standard errors between the means of the bins between three edges; inf for two chromosomes."""
    at = np.array(edges)
    first, last = at[:2], at[1:]
    if profile.chrom[first[0]] != profile.chrom[first[1]]:
        return float("inf")
    weight, weighted = (sums[last] - sums[first] for sums in profile.running)
    mean = weighted / weight
    n_bins = np.diff(at).astype(np.float64)
    se, _ = standard_error(profile, 1.0 / np.sqrt(weight), n_bins, profile.autosome[first])
    noise = float(np.hypot(se[0], se[1])) * scatter(edges[0], edges[2])
    return abs(float(mean[1] - mean[0])) / noise


def scatter_of(profile: Profile, settings: Settings) -> Scatter:
    """How much noisier bins [first, last) are than the model, at least 1; remembered, for the centre has no part in it.

    Probes with fewer copies scatter more, so that one deletion can look like several levels.
    """
    variance = np.square(profile.sd_log2)
    scaled = np.square(np.diff(profile.ratio_log2)) / (variance[1:] + variance[:-1])

    @cache
    def scatter(first: int, last: int) -> float:
        if last - first < settings.min_scatter_bins:
            return 1.0
        return max(1.0, math.sqrt(median(scaled[first : last - 1]) / _CHI2_MEDIAN))

    return scatter
