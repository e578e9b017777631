"""How well the profile is corrected: the trend of GC before and after, waves by size, and how far noise reaches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genostab.arrays import Bins, Bool, Float64, Genome, Int64, Profile
from genostab.karyotype.noise import arm_bins, wave_at
from genostab.karyotype.normalise import uncorrected_log2
from genostab.karyotype.regions import arm_of, bin_spacing_bp
from genostab.karyotype.settings import Settings
from genostab.results import Call

_MEDIAN_EFFICIENCY = math.pi / 2.0  # variance of a median over that of a mean, Gaussian noise
_MAD_TO_SD = 1.4826
_WAVE_SIZES_MB = (1, 5, 20)
_MAX_LAG_BINS = 500

Row = tuple[str, str | float, str, str]


@dataclass(frozen=True, kw_only=True)
class GcQuality:
    """Log2 ratio against GC before and after correction, in quiet autosomal bins with known GC.

    gc_fraction, before_log2, after_log2 : float64, shape (n_bins,)
    stratum_gc, stratum_before_log2, stratum_after_log2 : float64, shape (n_strata,), medians
    trend_before_log2, trend_after_log2 : root mean square of the strata's medians beyond their noise
    explained_before, explained_after : share of the variance that lies between strata, 0..1
    """

    gc_fraction: Float64
    before_log2: Float64
    after_log2: Float64
    stratum_gc: Float64
    stratum_before_log2: Float64
    stratum_after_log2: Float64
    trend_before_log2: float
    trend_after_log2: float
    explained_before: float
    explained_after: float


def quiet_bins(profile: Profile, calls: Sequence[Call], genome: Genome) -> Bool:
    """Autosomal bins outside reported calls; bool, shape (n_bins,)."""
    quiet = profile.autosome.copy()
    for call in calls:
        if call.reported:
            on = profile.chrom == genome.names.index(call.chrom)
            quiet &= ~(on & (profile.start < call.end) & (profile.end > call.start))
    return quiet


def gc_quality(
    samples: Sequence[Bins],
    profile: Profile,
    quiet: Bool,
    settings: Settings,
    *,
    is_counts: bool,
) -> GcQuality | None:
    """What GC explains of a profile before and after its correction; None where too few bins have a known GC.

    Parameters
    ----------
    samples : one or two Bins with the same bins, the lot and, for a profile against it, its parent
    profile : Profile, corrected
    quiet : ndarray of bool, shape (n profile bins,), as of `quiet_bins`
    settings : Settings, table [gc]
    is_counts : bool, whether `n_reads` are reads

    Notes
    -----
    Medians m_k of n_k bins in `quality_strata` quantile strata of GC, other than those that the correction used:
    trend^2 = sum w_k m_k^2 - sum w_k (pi / 2) s^2 / n_k. The share explained is the adjusted R^2 of the strata.
    """
    at = _rows_of(profile, samples[0])
    everything = np.ones(samples[0].chrom.size, dtype=bool)
    before = [uncorrected_log2(bins, everything, settings, is_counts=is_counts)[at] for bins in samples]
    uncorrected = before[0] - before[1] if len(before) > 1 else before[0]
    gc = samples[0].gc_fraction[at]
    known = quiet & np.isfinite(gc) & np.isfinite(uncorrected)
    n_strata = min(settings.quality_strata, int(known.sum()) // settings.min_bins_per_stratum)
    if n_strata < 2:
        return None
    gc, uncorrected, corrected = gc[known], uncorrected[known], profile.ratio_log2[known]
    uncorrected, corrected = uncorrected - np.median(uncorrected), corrected - np.median(corrected)
    strata = np.array_split(np.argsort(gc, kind="stable"), n_strata)
    level_before, trend_before, explained_before = _between_strata(uncorrected, strata, settings)
    level_after, trend_after, explained_after = _between_strata(corrected, strata, settings)
    return GcQuality(
        gc_fraction=gc,
        before_log2=uncorrected,
        after_log2=corrected,
        stratum_gc=np.array([np.median(gc[s]) for s in strata]),
        stratum_before_log2=level_before,
        stratum_after_log2=level_after,
        trend_before_log2=trend_before,
        trend_after_log2=trend_after,
        explained_before=explained_before,
        explained_after=explained_after,
    )


def _rows_of(profile: Profile, bins: Bins) -> Int64:
    """Row of `bins` for each bin of a profile that was made from it."""
    reach = int(bins.end.max()) + 1
    rows: Int64 = np.searchsorted(
        bins.chrom * np.int64(reach) + bins.start, profile.chrom * np.int64(reach) + profile.start
    )
    return rows


def _between_strata(
    values: Float64, strata: Sequence[Int64], settings: Settings
) -> tuple[Float64, float, float]:
    """Medians of the strata, their root mean square beyond noise, and the share of variance between strata."""
    level = np.array([np.median(values[s]) for s in strata])
    size = np.array([s.size for s in strata], dtype=np.float64)
    sd = np.array([_MAD_TO_SD * np.median(np.abs(values[s] - m)) for s, m in zip(strata, level, strict=True)])
    trend2 = np.average(level**2 - _MEDIAN_EFFICIENCY * sd**2 / size, weights=size)
    spread = settings.clip_sd * _MAD_TO_SD * float(np.median(np.abs(values)))
    drawn_in = np.clip(values, -spread, spread)
    within = sum(float(np.square(drawn_in[s] - drawn_in[s].mean()).sum()) for s in strata)
    total = float(np.square(drawn_in - drawn_in.mean()).sum())
    n = values.size
    explained = 1.0 - (within / (n - size.size)) / (total / (n - 1)) if total > 0 else 0.0
    return level, math.sqrt(max(trend2, 0.0)), max(explained, 0.0)


def gc_rows(gc: GcQuality) -> tuple[Row, ...]:
    """Quality figures of the correction for GC."""
    return (
        ("GC trend before correction", gc.trend_before_log2, "log2", "root mean square over strata of GC"),
        ("GC trend left", gc.trend_after_log2, "log2", "the same after correction, beyond its noise"),
        (
            "variance explained by GC before correction",
            gc.explained_before,
            "fraction",
            "of quiet autosomal bins",
        ),
        ("variance explained by GC left", gc.explained_after, "fraction", "of quiet autosomal bins"),
    )


def gc_warning(gc: GcQuality, profile: Profile, settings: Settings) -> tuple[str, ...]:
    """A sentence where the trend of GC that is left is large against the noise of one bin."""
    noise = float(np.median(profile.sd_log2))
    if gc.trend_after_log2 <= settings.max_trend_share * noise:
        return ()
    return (
        f"a trend of GC of {gc.trend_after_log2:.3f} log2 is left after correction, where one bin has a noise of "
        f"{noise:.3f}: regions of much or little GC may look gained or lost",
    )


def wave_rows(profile: Profile, quiet: Bool, genome: Genome, settings: Settings) -> tuple[Row, ...]:
    """Noise that more bins do not average away, by size, and how far it reaches."""
    spacing = bin_spacing_bp(profile, profile.autosome)
    rows: list[Row] = []
    for size in _WAVE_SIZES_MB:
        n_bins = size * 1e6 / spacing
        if 1.0 <= n_bins <= profile.wave_bins[-1]:
            row = 0
            sd, _ = wave_at(
                np.array([n_bins]), profile.wave_bins, profile.wave_sd_log2[row], profile.wave_df[row]
            )
            rows.append(
                (f"waves over {size} Mb", float(sd[0]), "log2", f"beyond the noise of {n_bins:.0f} bins")
            )
    length = autocorrelation_length_bp(profile, quiet, genome, settings)
    note = "neighbouring bins are correlated up to here: 1/e of that at one bin's distance"
    if length == 0.0:
        note = "no correlation of neighbouring bins beyond chance"
    return (*rows, ("autocorrelation length", length, "bp", note))


def autocorrelation_length_bp(profile: Profile, quiet: Bool, genome: Genome, settings: Settings) -> float:
    """Distance at which the correlation of bins falls to 1/e of that of neighbours; 0 where neighbours have none.

    Parameters
    ----------
    profile : Profile
    quiet : ndarray of bool, shape (n_bins,)
    genome : Genome
    settings : Settings, `clip_sd` and `absent_z`

    Notes
    -----
    Covariance of bins k apart in one arm, over quiet bins, outliers drawn in. Neighbours are correlated where theirs
    is beyond `absent_z` standard errors of chance, variance / sqrt(n). O(n k), at most 500 bins far.
    """
    sd = profile.sd_log2[quiet]
    x = np.clip(profile.ratio_log2[quiet] / sd, -settings.clip_sd, settings.clip_sd)
    arm = arm_of(profile.chrom[quiet], profile.start[quiet], genome)
    if x.size < 2:
        return 0.0
    x = x - x.mean()

    def covariance(lag: int) -> float:
        product = x[lag:] * x[:-lag]
        same = arm[lag:] == arm[:-lag]
        return float(product[same].mean()) if same.any() else 0.0

    nearest = covariance(1)
    if nearest <= settings.absent_z * float(x.var()) / math.sqrt(x.size):
        return 0.0
    longest = int(np.diff(np.stack(arm_bins(arm)), axis=0).max())
    lags = range(2, min(_MAX_LAG_BINS, longest))
    lag = next((lag for lag in lags if covariance(lag) < nearest / math.e), _MAX_LAG_BINS)
    return lag * bin_spacing_bp(profile, quiet)
