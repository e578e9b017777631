"""How unlikely a deviation is under noise: of one mean, and of the largest of all segments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.special import gammaincinv, ndtr, stdtrit

from genostab.arrays import Bool, Float64, Genome, Int64, Profile
from genostab.karyotype.noise import wave_at
from genostab.karyotype.regions import arm_edges
from genostab.karyotype.settings import Settings

_LEAST_Z, _MOST_Z = 1.5, 1e6  # few degrees of freedom put the threshold very far out
_HALVINGS = 34  # to 1e-9
_NODES = 49
_LEAST_NORMAL = 2.0  # the tail formula falls only beyond sqrt(3)
_PValue = Callable[[Float64], Float64]


@dataclass(frozen=True, kw_only=True)
class Tail:
    """How rare means of few bins are: `tail_sd` and `tail_normal` of a `Profile`; a Gaussian tail by default.

    sd, normal : ndarray of float64, shape (n_tail,)
    """

    sd: Float64 = field(default_factory=lambda: np.zeros(1))
    normal: Float64 = field(default_factory=lambda: np.zeros(1))


def tail_in(profile: Profile) -> Tail:
    """The tail of a profile's single bins."""
    return Tail(sd=profile.tail_sd, normal=profile.tail_normal)


@dataclass(frozen=True, kw_only=True)
class Search:
    """What a search for deviating intervals looks through: bins in all, shortest and longest interval, their tail."""

    n_bins: int
    shortest: int
    longest: int
    tail: Tail = field(default_factory=Tail)


def search_of(profile: Profile, genome: Genome, settings: Settings) -> Search:
    """The search of a profile: every interval of an arm of at least `min_bins` bins."""
    first, last = arm_edges(profile, genome)
    return Search(
        n_bins=profile.chrom.size,
        shortest=settings.min_bins,
        longest=int((last - first).max()),
        tail=tail_in(profile),
    )


def scan_p_value(z: Float64, n_bins: Float64, search: Search, df: Float64) -> Float64:
    """Chance that noise anywhere in the genome makes an interval stand out as much as one of that length and z.

    Parameters
    ----------
    z : ndarray of float64, shape (n,), deviation from a known level in standard errors
    n_bins : ndarray of float64, shape (n,), bins of the interval
    search : Search
    df : ndarray of float64, shape (n,), degrees of freedom of the standard error

    Returns
    -------
    ndarray of float64, shape (n,), 0..1

    Notes
    -----
    Intervals of n of N bins that pass z are expected N z^3 phi(z) nu(z / sqrt(n))^2 / (2 n^2) times, both signs
    together (Siegmund 1988, Ann Probab 16:487, doi 10.1214/aop/1176991769, for a known level). Every length is given
    the same share of the chance per unit of log n, which asks least of long intervals:
    p(z) = (N / n) z^3 phi(z) nu^2 log(longest / shortest) / 2, at most 1, averaged over what the noise may be. Where
    single bins have heavier tails than a Gaussian, z stands for the deviate that is as rare (see `tail_of`).
    """
    return _over_noise(_scan_tail(n_bins, search), z, _noise_nodes(df))


def _scan_tail(n_bins: Float64, search: Search) -> _PValue:
    """The p-value of the scan where the noise is known."""
    length = np.maximum(n_bins, 1.0)
    lengths = max(1.0, float(np.log(search.longest / search.shortest)))

    def p_value(z: Float64) -> Float64:
        normal = np.maximum(_as_rare(z, length, search.tail), _LEAST_NORMAL)
        tail = np.exp(-0.5 * np.square(normal)) / np.sqrt(2.0 * np.pi)
        steps = np.square(overshoot(normal / np.sqrt(length)))
        return np.asarray(0.5 * lengths * search.n_bins / length * normal**3 * tail * steps)

    return p_value


def _as_rare(z: Float64, n_bins: Float64, tail: Tail) -> Float64:
    """The Gaussian deviate that is as rare as a mean of so many bins that deviates by z."""
    per_bin = z / np.sqrt(n_bins)
    rare = np.interp(per_bin, tail.sd, tail.normal) * np.sqrt(n_bins)
    return np.where(per_bin <= tail.sd[-1], rare, z)


def family_p_value(z: Float64, n_bins: Float64, n_tests: int, tail: Tail, df: Float64) -> Float64:
    """Chance that any of `n_tests` means, all judged by the same noise, deviates by z either way: Bonferroni.

    Parameters
    ----------
    z : ndarray of float64, shape (n,), deviation in standard errors
    n_bins : ndarray of float64, shape (n,), bins of the mean
    n_tests : int
    tail : Tail
    df : ndarray of float64, shape (n,), degrees of freedom of the standard error

    Returns
    -------
    ndarray of float64, shape (n,), 0..1

    Examples
    --------
    >>> family_p_value(np.array([1.959964]), np.array([9.0]), 1, Tail(), np.array([1e8])).round(4).tolist()
    [0.05]
    """
    return _over_noise(_family_tail(n_bins, n_tests, tail), z, _noise_nodes(df))


def _family_tail(n_bins: Float64, n_tests: int, tail: Tail) -> _PValue:
    """The p-value of the family where the noise is known."""
    length = np.maximum(n_bins, 1.0)
    return lambda z: np.asarray(2.0 * n_tests * ndtr(-_as_rare(z, length, tail)))


def _noise_nodes(df: Float64) -> tuple[Float64, Float64]:
    """Scales s that the noise may truly have, and their weights: s^2 is chi-square over its degrees of freedom.

    Float64, shape (n_nodes, n), each; nodes in log s.
    """
    ends = [2.0 / df * gammaincinv(df / 2.0, np.full(df.size, p)) for p in (1e-12, 1.0 - 1e-9)]
    low, high = (0.5 * np.log(np.maximum(end, 1e-12)) for end in ends)
    log_s = low + (high - low) * np.linspace(0.0, 1.0, _NODES)[:, np.newaxis]
    log_density = df * (log_s - 0.5 * np.exp(2.0 * log_s))
    return np.exp(log_s), np.exp(log_density - log_density.max(axis=0))


def _over_noise(p_value: _PValue, z: Float64, nodes: tuple[Float64, Float64]) -> Float64:
    """Mean of min(1, p(|z| s)) over what the true noise may be.

    One estimate serves all tests, so that a family can be wrong at most once; Student's t for each test alone would
    count that chance many times.
    """
    scale, weight = nodes
    p = np.minimum(1.0, p_value(np.abs(z) * scale))
    return np.asarray((weight * p).sum(axis=0) / weight.sum(axis=0))


def overshoot(step: Float64) -> Float64:
    """Share of a continuous scan's crossings that steps of that size see: Siegmund's nu.

    Parameters
    ----------
    step : ndarray of float64, shape (n,), > 0, threshold over the square root of the number of bins

    Notes
    -----
    nu(x) = (2/x) (Phi(x/2) - 1/2) / ((x/2) Phi(x/2) + phi(x/2)), within 2 % of the series (Siegmund and Yakir 2007, The
    Statistics of Gene Mapping, doi 10.1007/978-0-387-49686-3).

    Examples
    --------
    >>> overshoot(np.array([1e-6, 1.0])).round(3).tolist()
    [1.0, 0.549]
    """
    half = step / 2.0
    density = np.exp(-0.5 * np.square(half)) / np.sqrt(2.0 * np.pi)
    return np.asarray((ndtr(half) - 0.5) / half / (half * ndtr(half) + density), dtype=np.float64)


def student_quantile(p_one_sided: float, df: Float64) -> Float64:
    """Deviate t with upper tail `p_one_sided`; ndarray of float64, shape (n,)."""
    return np.asarray(-stdtrit(df, p_one_sided), dtype=np.float64)


def scan_threshold(n_bins: Float64, search: Search, df: Float64, alpha: float) -> Float64:
    """The deviation at which `scan_p_value` is alpha; ndarray of float64, shape (n,)."""
    return _threshold(_scan_tail(n_bins, search), df, alpha)


def family_threshold(n_bins: Float64, n_tests: int, tail: Tail, df: Float64, alpha: float) -> Float64:
    """The deviation at which `family_p_value` is alpha; ndarray of float64, shape (n,)."""
    return _threshold(_family_tail(n_bins, n_tests, tail), df, alpha)


def _threshold(p_value: _PValue, df: Float64, alpha: float) -> Float64:
    """Where falling p-values, averaged over the noise, reach alpha: by bisection of the logarithm."""
    nodes = _noise_nodes(df)
    low, high = np.full(df.size, np.log(_LEAST_Z)), np.full(df.size, np.log(_MOST_Z))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        above = _over_noise(p_value, np.exp(middle), nodes) > alpha
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(np.exp(0.5 * (low + high)), dtype=np.float64)


def error_of_rest(profile: Profile, chrom: int, first: Int64, last: Int64) -> tuple[Float64, Int64]:
    """Standard error of the mean of a chromosome outside bins [first, last), and how many bins that are.

    Parameters
    ----------
    profile : Profile
    chrom : int
    first, last : ndarray of int64, shape (n,), indices of bins of that chromosome

    Returns
    -------
    ndarray of float64, inf where no bin is left, and of int64, shape (n,) each
    """
    a, b = (int(np.searchsorted(profile.chrom, np.int16(chrom), side=side)) for side in ("left", "right"))
    weight, n_rest = profile.running[0], (b - a) - (last - first)
    error, left = np.full(first.size, np.inf), np.flatnonzero(n_rest > 0)
    if left.size:
        of_rest = weight[b] - weight[a] - (weight[last[left]] - weight[first[left]])
        is_autosome = np.full(left.size, bool(profile.autosome[a]))
        n_bins = n_rest[left].astype(np.float64)
        error[left] = standard_error(profile, 1.0 / np.sqrt(of_rest), n_bins, is_autosome)[0]
    return error, n_rest


def standard_error(
    profile: Profile, independent: Float64, n_bins: Float64, is_autosome: Bool
) -> tuple[Float64, Float64]:
    """Standard error of means of `n_bins` bins with waves, and its degrees of freedom.

    Parameters
    ----------
    profile : Profile
    independent : ndarray of float64, shape (n,), standard error from independent noise [log2]
    n_bins : ndarray of float64, shape (n,)
    is_autosome : ndarray of bool, shape (n,), not X or Y

    Returns
    -------
    ndarray of float64, shape (n,), twice
    """
    own, own_df = wave_at(n_bins, profile.wave_bins, profile.wave_sd_log2[0], profile.wave_df[0])
    sex, sex_df = wave_at(n_bins, profile.wave_bins, profile.wave_sd_log2[1], profile.wave_df[1])
    wave, df = np.where(is_autosome, own, sex), np.where(is_autosome, own_df, sex_df)
    variance = np.square(independent) + np.square(wave)
    return np.sqrt(variance), df
