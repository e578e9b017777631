"""How much noisier a library is than its protocol's model says, and how well that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, chdtr, fdtrc, fdtri, ndtri

from genostab.arrays import Bool, Float64, Int64
from genostab.karyotype.chromosome_settings import ChromosomeSettings

_UPPER = (
    0.9  # quantile whose ratio to the median tells the spread; a tenth of junk libraries does not reach it
)
_MOST_DF = 1e4
_BISECTIONS = 50
_GRID = 2000  # of the integral over quantiles


@dataclass(frozen=True, kw_only=True)
class NoisePrior:
    """What libraries of like depth say of a library's variance relative to the model.

    scale, df : float64, shape (n_libraries,), variances are distributed as scale F(own df, df)
    """

    scale: Float64
    df: Float64


@dataclass(frozen=True, kw_only=True)
class LibraryNoise:
    """Variance of a library's deviations relative to the model.

    factor : float64, shape (n_libraries, n_chromosomes), from the other chromosomes of the library
    df : float64, shape (n_libraries,), degrees of freedom of that factor
    """

    factor: Float64
    df: Float64


def noise_prior(deviation: Float64, reads: Float64, settings: ChromosomeSettings) -> NoisePrior:
    """How much the variance of libraries differs, in groups of like depth.

    Parameters
    ----------
    deviation : float64, shape (n_libraries, n_chromosomes), standard normal under the model
    reads : float64, shape (n_libraries,)
    settings : ChromosomeSettings, table [library]

    Notes
    -----
    s^2 / s0^2 of the libraries of a group follows F(d, d0); s0^2 and d0 come from their median and upper decile, so
    that junk libraries do not widen it.
    """
    nothing = np.zeros(deviation.shape, dtype=np.bool_)
    variance, df = _trimmed(np.square(deviation), nothing, settings.trim_share)
    scale, prior_df = np.empty(len(reads)), np.empty(len(reads))
    order = np.argsort(reads, kind="stable")
    for members in np.array_split(order, max(1, len(order) // settings.class_libraries)):
        scale[members], prior_df[members] = _prior(variance[members], float(df[0]))
    return NoisePrior(scale=scale, df=prior_df)


def library_noise(
    deviation: Float64, prior: NoisePrior, left_out: Bool, settings: ChromosomeSettings
) -> LibraryNoise:
    """Variance of each library's deviations, moderated by that of libraries of like depth.

    Parameters
    ----------
    deviation : float64, shape (n_libraries, n_chromosomes), standard normal under the model
    prior : NoisePrior, of these libraries
    left_out : bool, shape of deviation, chromosomes that are known to be changed
    settings : ChromosomeSettings, table [library]

    Notes
    -----
    s^2 of a library is the mean square of its smallest deviations (a share of the largest may be changes), scaled to 1
    under the normal. The moderated variance is (d0 s0^2 + d s^2) / (d0 + d), with d0 + d degrees of freedom (Smyth
    2004, doi 10.2202/1544-6115.1027). A library that is an outlier among its like keeps its own s^2 and d (as in
    Phipson et al. 2016, doi 10.1214/16-AOAS920).
    """
    squared = np.square(deviation)
    whole, whole_df = _trimmed(squared, left_out, settings.trim_share)
    others, own_df = _trimmed_without_each(squared, left_out, settings.trim_share)
    is_outlier = fdtrc(whole_df, prior.df, whole / prior.scale) < settings.outlier_p
    weight = np.where(is_outlier, 0.0, prior.df)
    total = weight + own_df
    factor = ((weight * prior.scale)[:, None] + own_df[:, None] * others) / total[:, None]
    return LibraryNoise(factor=factor, df=total)


def _trimmed(squared: Float64, left_out: Bool, share: float) -> tuple[Float64, Float64]:
    """Mean of the smallest squares over its expectation, and its degrees of freedom; shape (n_libraries,)."""
    total, n = _running_sums(squared, left_out)[1], (~left_out).sum(axis=1)
    kept = np.maximum(n - (share * n).astype(np.int64), 1)
    mean, df = _trimmed_moments(kept, n)
    return total[np.arange(len(squared)), kept - 1] / (mean * kept), df


def _trimmed_without_each(squared: Float64, left_out: Bool, share: float) -> tuple[Float64, Float64]:
    """The same for each chromosome from all others; shape (n_libraries, n_chromosomes)."""
    ordered, total = _running_sums(squared, left_out)
    n_others = squared.shape[1] - left_out.sum(axis=1) - 1
    kept = np.maximum(n_others - (share * n_others).astype(np.int64), 1)
    rows = np.arange(len(squared))
    among = ~left_out & (squared <= ordered[rows, kept - 1][:, None])
    without = np.where(among, total[rows, kept][:, None] - squared, total[rows, kept - 1][:, None])
    mean, df = _trimmed_moments(kept, n_others)
    return without / (mean * kept)[:, None], df


def _running_sums(squared: Float64, left_out: Bool) -> tuple[Float64, Float64]:
    """Squares in ascending order, those left out last, and their running sums."""
    ordered = np.sort(np.where(left_out, np.inf, squared), axis=1)
    return ordered, np.cumsum(np.where(np.isfinite(ordered), ordered, 0.0), axis=1)


def _trimmed_moments(kept: Int64, n: Int64) -> tuple[Float64, Float64]:
    """Expectation of the mean of the `kept` smallest of n squares of normals, and the chi-square df of its spread.

    The expectation is exact: n/kept times the integral of the quantile Q(u) P(Binomial(n - 1, u) < kept). The spread is
    that of large n, from the Winsorised variance (Tukey and McLaughlin 1963).
    """
    mean, df = np.empty(len(n)), np.empty(len(n))
    u = (np.arange(_GRID) + 0.5) / _GRID
    squares = np.square(ndtri(0.5 * (1.0 + u)))
    for k, size in {(int(k), int(size)) for k, size in zip(kept, n, strict=True)}:
        same = (kept == k) & (n == size)
        mean[same] = size / k * np.mean(squares * bdtr(k - 1, size - 1, u))
        share = k / size
        bound = float(ndtri(0.5 * (1.0 + min(share, 1.0 - 1.0 / _GRID)))) ** 2
        first, rest = chdtr(3, bound), 1.0 - share
        winsorised = 3.0 * chdtr(5, bound) + rest * bound**2 - (first + rest * bound) ** 2
        df[same] = 2.0 * size * first**2 / winsorised
    return mean, df


def _prior(variance: Float64, df: float) -> tuple[float, float]:
    """Scale and degrees of freedom of the variances' own distribution, scale F(df, prior df), from two quantiles."""
    median, upper = (float(np.quantile(variance, q)) for q in (0.5, _UPPER))
    low, high = 1.0, _MOST_DF
    for _ in range(_BISECTIONS):
        middle = float(np.sqrt(low * high))
        if fdtri(df, middle, _UPPER) / fdtri(df, middle, 0.5) > upper / median:
            low = middle
        else:
            high = middle
    return median / float(fdtri(df, high, 0.5)), high
