"""How noisy a profile is: independent noise per bin, and waves that more bins do not average away.

Outliers count with a bounded weight everywhere, so that a few copy-number changes in the sample do not count as noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from genostab.arrays import Bool, Float64, Genome, Int16, Int64, Profile, median, running_sum
from genostab.karyotype.regions import arm_edges, arm_of
from genostab.karyotype.settings import Settings
from genostab.kernels.waves import block_means, bounded_sums, half_squares

_TAIL_STEPS = 80
_MOST_R = 0.99  # blocks that are all but the same still count as a few
_THINNED_FROM, _THINNED = 4096, 16  # from so many squares on, one in so many is solved first
_MOST_STEPS = 60  # of Newton's method, which takes three to six


def bounded_chi2(clip_sd: float) -> tuple[float, float]:
    """Mean of min(U, clip_sd^2) of a chi-square U with one degree, and the efficiency of the variance solved from it.

    Notes
    -----
    Huber's proposal 2 (1964, Ann Math Statist 35:73, doi 10.1214/aoms/1177703732): v with
    mean min(x^2 / v, c^2) = E min(U, c^2). Its asymptotic variance is v^2 Var(min(U, c^2)) / (n E[U; U < c^2]^2),
    against 2 v^2 / n of the mean square.

    Examples
    --------
    >>> [round(value, 3) for value in bounded_chi2(2.0)]
    [0.921, 0.885]
    """
    c2 = clip_sd * clip_sd
    inside = math.erf(clip_sd / math.sqrt(2.0))
    edge = 2.0 * clip_sd * math.exp(-0.5 * c2) / math.sqrt(2.0 * math.pi)
    first = inside - edge
    mean = first + c2 * (1.0 - inside)
    square = 3.0 * inside - edge * (c2 + 3.0) + c2 * c2 * (1.0 - inside)
    return mean, 2.0 * first * first / (square - mean * mean)


def excess_variance(squares: Float64, known: Float64, clip_sd: float) -> float:
    """The variance v >= 0 that squared deviations show beyond what is known of each.

    Parameters
    ----------
    squares : ndarray of float64, shape (n,), squared deviations of mean 0
    known : ndarray of float64, shape (n,), the known part of their variances, >= 0; shape (1,) where all have one
    clip_sd : float, deviations beyond so many standard deviations count as that many

    Notes
    -----
    mean min(squares / (known + v), clip_sd^2) = its expectation under Gaussian noise; 0 where v = 0 already explains
    the squares, or where there are none. O(n).
    """
    if squares.size == 0 or squares.max() == 0.0:
        return 0.0
    expected, _ = bounded_chi2(clip_sd)
    limit = clip_sd * clip_sd
    if known.max() == 0.0:
        known = np.zeros(1)
    elif known.min() > 0.0:
        total, _, n_beyond = bounded_sums(squares, known, 0.0, limit)
        if total + limit * n_beyond <= expected * squares.size:
            return 0.0
    return _solve_excess(squares, known, expected, limit)


def _solve_excess(squares: Float64, known: Float64, expected: float, limit: float) -> float:
    """The v at which mean min(squares / (known + v), limit) is as expected, to 1e-12.

    Newton's method in 1 / (mean known + v), on which the mean depends all but linearly, from the solution for a few of
    the squares; halving where that leaves the bounds.
    """
    usual = float(known.mean())
    low, high = 0.0, float(squares.mean()) / expected
    v = high
    if squares.size > _THINNED_FROM:
        v = min(_solve_excess(squares[::_THINNED].copy(), known[::_THINNED].copy(), expected, limit), high)
    for _ in range(_MOST_STEPS):
        total, change, n_beyond = bounded_sums(squares, known, v, limit)
        excess = (total + limit * n_beyond) / squares.size - expected
        low, high = (v, high) if excess > 0.0 else (low, v)
        slope = change / squares.size * (usual + v) ** 2
        reciprocal = 1.0 / (usual + v) - excess / slope if slope > 0.0 else 0.0
        after = 1.0 / reciprocal - usual if reciprocal > 0.0 else -1.0
        if after <= 0.0 or not low <= after <= high:
            after = 0.5 * (low + high)
        if abs(after - v) <= 1e-12 * (usual + v):
            return after
        v = after
    return v


def independent_sd(chrom: Int16, ratio_log2: Float64, counting_variance: Float64, clip_sd: float) -> Float64:
    """Standard deviation of each bin: counting noise plus one overdispersion for all.

    Parameters
    ----------
    chrom : ndarray of int16, shape (n_bins,)
    ratio_log2 : ndarray of float64, shape (n_bins,), no NaN
    counting_variance : ndarray of float64, shape (n_bins,), Poisson variance [log2 squared], 0 where unknown
    clip_sd : float, as of `excess_variance`

    Returns
    -------
    ndarray of float64, shape (n_bins,), > 0

    Notes
    -----
    v_i = counting_i + tau^2, with tau^2 from half the squared differences of neighbours. O(n).
    """
    same = chrom[1:] == chrom[:-1]
    squares = np.square(np.diff(ratio_log2))[same] / 2.0
    known = (counting_variance[1:] + counting_variance[:-1])[same] / 2.0
    return np.sqrt(np.maximum(counting_variance + excess_variance(squares, known, clip_sd), 1e-12))


@dataclass(frozen=True, kw_only=True)
class Waves:
    """Noise of means beyond that of independent bins, by scale.

    n_bins : int64, shape (n_scales,), ascending, bins that a mean is of
    sd_log2 : float64, shape (n_scales,), not increasing
    df : float64, shape (n_scales,), degrees of freedom of the whole noise at that scale, >= 1
    """

    n_bins: Int64
    sd_log2: Float64
    df: Float64


@dataclass(frozen=True, kw_only=True)
class _Blocks:
    """Means of runs of bins and their independent variances, arm by arm.

    n_blocks : int64, shape (n_arms,), of each arm; `stride` blocks begin in the length of one
    """

    mean: Float64
    variance: Float64
    n_blocks: Int64
    stride: int

    def steps(self, values: Float64, lag: int) -> tuple[Float64, Float64]:
        """Values of the blocks that have one `lag` blocks on in their arm, and of the latter."""
        ends = np.cumsum(self.n_blocks).tolist()
        pairs = [(end - n, end) for n, end in zip(self.n_blocks.tolist(), ends, strict=True) if n > lag]
        nothing = [np.empty(0)]
        return (
            np.concatenate([values[a : b - lag] for a, b in pairs] or nothing),
            np.concatenate([values[a + lag : b] for a, b in pairs] or nothing),
        )

    def half_squares(self, lag: int) -> Float64:
        """Half the squared steps between means `lag` apart in one arm."""
        squares = np.empty(self.mean.size)
        return squares[: half_squares(self.mean, self.n_blocks, lag, squares)]


@dataclass(frozen=True, kw_only=True)
class _Sums:
    """Running sums of weights and of weighted ratios, shape (n_bins + 1,), and the bins [first, last) of each arm."""

    weight: Float64
    weighted: Float64
    first: Int64
    last: Int64

    @staticmethod
    def of(ratio_log2: Float64, sd_log2: Float64, arm: Int16) -> _Sums:
        weight = 1.0 / np.square(sd_log2)
        first, last = arm_bins(arm)
        return _Sums(
            weight=running_sum(weight), weighted=running_sum(weight * ratio_log2), first=first, last=last
        )

    def blocks(self, n_bins: int) -> _Blocks:
        """Blocks of `n_bins` bins that overlap by half, none across two arms."""
        n_blocks = np.maximum((self.last - self.first - n_bins) // (n_bins // 2) + 1, 0)
        mean, variance = (np.empty(int(n_blocks.sum())) for _ in range(2))
        block_means(self.weight, self.weighted, self.first, self.last, n_bins, mean, variance)
        return _Blocks(mean=mean, variance=variance, n_blocks=n_blocks, stride=2)

    def regions(self, first: Int64, last: Int64) -> _Blocks:
        """Regions of bins [first, last), each a block and an arm by itself."""
        total = self.weight[last] - self.weight[first]
        mean = (self.weighted[last] - self.weighted[first]) / total
        return _Blocks(mean=mean, variance=1.0 / total, n_blocks=np.ones_like(first), stride=1)


def arm_bins(arm: Int16, n_joined: int = 1) -> tuple[Int64, Int64]:
    """Bins [first, last) of each arm, or of every `n_joined` arms, from their ascending numbers per bin.

    ndarray of int64, shape (n_arms,), twice.
    """
    numbers = np.arange(0, int(arm[-1]) + n_joined + 1, n_joined, dtype=arm.dtype)
    edges = np.unique(np.searchsorted(arm, numbers)).astype(np.int64)
    return edges[:-1], edges[1:]


def _waves(scales: Sequence[tuple[int, float, float]]) -> Waves:
    """Waves of (bins, variance, degrees of freedom); a mean is at least as noisy as that of more bins.

    Scales that say otherwise share their variance, weighted by degrees of freedom: isotonic regression.
    """
    if not scales:
        return Waves(n_bins=np.array([2], dtype=np.int64), sd_log2=np.zeros(1), df=np.ones(1))
    n_bins, variance, df = zip(*scales, strict=True)
    return Waves(
        n_bins=np.array(n_bins, dtype=np.int64),
        sd_log2=np.sqrt(_not_increasing(variance, df)),
        df=np.maximum(np.array(df), 1.0),
    )


def _not_increasing(values: Sequence[float], weights: Sequence[float]) -> Float64:
    """The sequence without a rise that is nearest by weighted squares: pool adjacent violators.

    Examples
    --------
    >>> _not_increasing([3.0, 1.0, 2.0], [1.0, 3.0, 1.0]).tolist()
    [3.0, 1.25, 1.25]
    """
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        mean, total, n = value, max(weight, 1.0), 1
        while pools and pools[-1][0] < mean:
            last_mean, last_total, last_n = pools.pop()
            mean = (mean * total + last_mean * last_total) / (total + last_total)
            total, n = total + last_total, n + last_n
        pools.append((mean, total, n))
    return np.concatenate([np.full(n, mean) for mean, _, n in pools])


def wave_noise(ratio_log2: Float64, sd_log2: Float64, arm: Int16, settings: Settings) -> Waves:
    """Waves of the means of 2, 4, 8 .. bins, of whole arms and of whole chromosomes around the centre.

    Parameters
    ----------
    ratio_log2, sd_log2 : ndarray of float64, shape (n_bins,), of bins without changes, the former centred on 0
    arm : ndarray of int16, shape (n_bins,), arm number as of `arm_of`, ascending
    settings : Settings, table [noise]

    Notes
    -----
    Var(mean of a block) = independent noise + wave(L)^2. Blocks overlap by half, which sees more of the same noise.
    The degrees of freedom are their number times the efficiency of the estimate, less what the correlation r_k of
    blocks k apart takes: 1 / (1 + 2 sum of r_k^2) (Bartlett 1935, J R Stat Soc 98:536 [m]). O(n log n).
    """
    sums = _Sums.of(ratio_log2, sd_log2, arm)
    scales: list[tuple[int, float, float]] = []
    n_bins = 2
    while True:
        blocks = sums.blocks(n_bins)
        if blocks.mean.size < blocks.stride * settings.min_blocks:
            break
        scales.append((n_bins, *_around_centre(blocks, settings)))
        n_bins *= 2
    for n_arms in (1, 2):
        first, last = arm_bins(arm, n_arms)
        if first.size >= settings.min_blocks:
            whole = sums.regions(first, last)
            longer = max(int(np.median(last - first)), scales[-1][0] + 1 if scales else 2)
            scales.append((longer, *_around_centre(whole, settings)))
    return _waves(scales)


def _around_centre(blocks: _Blocks, settings: Settings) -> tuple[float, float]:
    """Wave variance of means around 0, and the degrees of freedom of their whole noise."""
    clip_sd = settings.noise_clip_sd
    _, efficiency = bounded_chi2(clip_sd)
    excess = excess_variance(np.square(blocks.mean), blocks.variance, clip_sd)
    total = max(excess + median(blocks.variance), 1e-300)
    r2 = [0.0]
    for lag in range(1, blocks.stride + 1):
        squares = blocks.half_squares(lag)
        seen = excess_variance(squares, np.zeros(1), clip_sd) if squares.size else total
        r2.append(min(max(1.0 - seen / total, 0.0), _MOST_R) ** 2)
    # Beyond the length of a block the correlation falls as over that length.
    return excess, efficiency * blocks.mean.size / (1.0 + 2.0 * sum(r2) / (1.0 - r2[-1]))


def step_noise(ratio_log2: Float64, sd_log2: Float64, arm: Int16, settings: Settings) -> Waves:
    """Waves seen between neighbouring blocks of 2, 4, 8 .. bins: for chromosomes that are too few to be a centre.

    Parameters
    ----------
    ratio_log2, sd_log2 : ndarray of float64, shape (n_bins,)
    arm : ndarray of int16, shape (n_bins,), arm number, ascending
    settings : Settings, table [noise]

    Notes
    -----
    Half the squared step of two neighbouring means is independent noise plus wave(L)^2 (1 - r), so that waves longer
    than the blocks are seen too small.
    """
    _, efficiency = bounded_chi2(settings.noise_clip_sd)
    sums = _Sums.of(ratio_log2, sd_log2, arm)
    scales: list[tuple[int, float, float]] = []
    n_bins = 2
    while True:
        blocks = sums.blocks(n_bins)
        if blocks.mean.size <= blocks.stride:
            break
        squares = blocks.half_squares(blocks.stride)
        if squares.size < blocks.stride * settings.min_blocks:
            break
        variances = blocks.steps(blocks.variance, blocks.stride)
        excess = excess_variance(squares, (variances[0] + variances[1]) / 2.0, settings.noise_clip_sd)
        scales.append((n_bins, excess, efficiency * squares.size / blocks.stride))
        n_bins *= 2
    return _waves(scales)


def wave_at(
    n_bins: Float64, wave_bins: Int64, wave_sd_log2: Float64, wave_df: Float64
) -> tuple[Float64, Float64]:
    """Wave noise and its degrees of freedom for the mean of `n_bins` bins, between the scales on a log axis.

    Parameters
    ----------
    n_bins : ndarray of float64, shape (n,), >= 1
    wave_bins, wave_sd_log2, wave_df : ndarray, shape (n_scales,), as of `Waves`

    Returns
    -------
    ndarray of float64, shape (n,), twice: sd [log2], degrees of freedom

    Examples
    --------
    >>> sd, df = wave_at(np.array([2.0]), np.array([1, 4]), np.array([0.2, 0.1]), np.array([50.0, 10.0]))
    >>> round(float(sd[0]), 6), round(float(df[0]), 6)
    (0.15, 30.0)
    """
    at = np.log(np.maximum(n_bins, 1.0))
    scale = np.log(wave_bins.astype(np.float64))
    return np.interp(at, scale, wave_sd_log2), np.interp(at, scale, wave_df)


def tail_of(deviations: Float64, most: float) -> tuple[Float64, Float64]:
    """How rare a mean of several bins is, given how single bins scatter.

    Parameters
    ----------
    deviations : ndarray of float64, shape (n_bins,), of single bins without changes, in any unit, of mean 0
    most : float, deviation in standard deviations up to which single bins are kept

    Returns
    -------
    sd : ndarray of float64, shape (n_tail,), ascending from 0, mean of n bins in standard deviations of one
    normal : ndarray of float64, shape (n_tail,), times sqrt(n) the Gaussian deviate that is as rare, at most sd

    Notes
    -----
    Cramer's theorem: P(mean of n > a) falls as exp(-n I(a)), with I(a) the largest of t a - K(t), and K the cumulant
    generating function of single bins, here of those observed with both signs; so the deviate is sqrt(2 n I(a))
    (the signed root of Lugannani and Rice 1980, Adv Appl Probab 12:475, doi 10.2307/1426607, without its correction).
    Beyond `most`, where only runs of bins are kept, nothing was observed. O(n).
    """
    spread = float(np.std(deviations)) if deviations.size else 0.0
    if spread == 0.0:
        return np.zeros(1), np.zeros(1)
    n_bins = _TAIL_STEPS * 5
    # np.histogram, which looks on which side of its edges a value is to the last bit, takes twice as long.
    seen = (np.abs(deviations) * (n_bins / (most * spread))).astype(np.int64)
    counts = np.bincount(np.minimum(seen, n_bins - 1), minlength=n_bins)
    middle = (np.arange(n_bins) + 0.5) * (most / n_bins)
    share = counts / counts.sum()
    share_sd = math.sqrt(float((share * np.square(middle)).sum()))
    tilt = np.linspace(0.0, 2.0 * most, _TAIL_STEPS * 2 + 1)
    cumulant = np.log((np.cosh(np.outer(tilt, middle / share_sd)) * share).sum(axis=1))
    sd = np.linspace(0.0, most, _TAIL_STEPS + 1)
    rate = (np.outer(sd, tilt) - cumulant).max(axis=1)
    return sd, np.minimum(sd, np.sqrt(2.0 * np.maximum(rate, 0.0)))


def with_waves(profile: Profile, quiet: Bool, genome: Genome, settings: Settings) -> Profile:
    """The profile with its tail and its wave noise: of the autosomes, and of X and Y, which have at least that.

    Parameters
    ----------
    profile : Profile
    quiet : ndarray of bool, shape (n_bins,), autosomal bins outside significant changes
    genome : Genome
    settings : Settings, table [noise]

    Notes
    -----
    Beyond the blocks that fit on X and Y their noise keeps its ratio to that of the autosomes.
    """
    arm = _arm_numbers(profile, genome)
    ratio, sd = profile.ratio_log2[quiet], profile.sd_log2[quiet]
    own = wave_noise(ratio, sd, arm[quiet], settings)
    other_sd, other_df = own.sd_log2, own.df
    is_other = ~profile.autosome & profile.autosome.any()
    if is_other.any():
        seen = step_noise(profile.ratio_log2[is_other], profile.sd_log2[is_other], arm[is_other], settings)
        other_sd, other_df = _at_least(own, seen)
    tail_sd, tail_normal = tail_of(ratio / sd, settings.clip_sd)
    return replace(
        profile,
        centre_sd_log2=_centre_sd(sd, own),
        tail_sd=tail_sd,
        tail_normal=tail_normal,
        wave_bins=own.n_bins,
        wave_sd_log2=np.stack((own.sd_log2, other_sd)),
        wave_df=np.stack((own.df, other_df)),
    )


def _arm_numbers(profile: Profile, genome: Genome) -> Int16:
    """Number of the arm of each bin; as of `arm_of`, which looks at every bin."""
    first, last = arm_edges(profile, genome)
    return np.repeat(arm_of(profile.chrom[first], profile.start[first], genome), last - first)


def _centre_sd(sd_log2: Float64, waves: Waves) -> float:
    """Standard error of the mean of the quiet bins, in which stretches as long as the last scale are independent."""
    if not sd_log2.size:
        return 0.0
    independent = 1.0 / float(np.sum(1.0 / np.square(sd_log2)))
    share = min(1.0, float(waves.n_bins[-1]) / sd_log2.size)
    return math.sqrt(independent + share * float(waves.sd_log2[-1]) ** 2)


def _at_least(own: Waves, other: Waves) -> tuple[Float64, Float64]:
    """Noise and degrees of freedom of X and Y at the scales of the autosomes, not less noise than theirs."""
    seen, seen_df = wave_at(own.n_bins.astype(np.float64), other.n_bins, other.sd_log2, other.df)
    longer = np.flatnonzero(own.n_bins > other.n_bins[-1])
    if longer.size and longer[0] > 0 and own.sd_log2[longer[0] - 1] > 0:
        seen[longer] *= own.sd_log2[longer] / own.sd_log2[longer[0] - 1]
    return np.maximum(own.sd_log2, seen), np.where(seen > own.sd_log2, np.minimum(seen_df, own.df), own.df)
