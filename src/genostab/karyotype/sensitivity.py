"""What could have been seen: the smallest cell fraction that this profile would have shown."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from genostab.arrays import Float64, Genome, Profile
from genostab.karyotype.annotate import Hotspot
from genostab.karyotype.noise import running_sum
from genostab.karyotype.regions import bin_spacing_bp, bins_between, whole_regions
from genostab.karyotype.settings import Settings
from genostab.karyotype.significance import (
    Search,
    family_threshold,
    overshoot,
    scan_threshold,
    search_of,
    standard_error,
    student_quantile,
)
from genostab.results import CallKind, Sensitivity

_DEPTH_KINDS: tuple[CallKind, ...] = ("gain", "loss")
_HALVINGS = 30
_NODES, _MOST_BESIDE = 40, 3.0  # of the integral over what intervals beside a segment add
_NO_COPY_LOG2 = 50.0  # a shift that only the last copy in the last cell could show


def smallest_fraction(shift_log2: float, ploidy: int, kind: CallKind) -> float | None:
    """Cell fraction of a one-copy change that moves the mean log2 ratio by `shift_log2`; None above all cells.

    Examples
    --------
    >>> round(smallest_fraction(0.137504, 2, "gain"), 4)
    0.2
    >>> smallest_fraction(1.0, 2, "loss")
    1.0
    >>> smallest_fraction(1.0, 2, "gain") is None
    True
    """
    if shift_log2 >= _NO_COPY_LOG2:
        return None
    linear = 2.0**shift_log2 - 1.0 if kind == "gain" else 1.0 - 2.0**-shift_log2
    fraction = ploidy * linear
    return fraction if fraction <= 1.0 else None


def depth_sensitivity(
    profile: Profile,
    genome: Genome,
    hotspots: Sequence[Hotspot],
    settings: Settings,
    sex_sd_log2: float,
) -> tuple[Sensitivity, ...]:
    """Sensitivity to one-copy gains and losses: chromosomes, arms, recurrent regions, and segments by size.

    Parameters
    ----------
    profile : Profile, as centred for calling
    genome : Genome
    hotspots : sequence of Hotspot of the assembly
    settings : Settings, tables [calling] and [sensitivity]
    sex_sd_log2 : float, extra uncertainty of X and Y [log2]

    Notes
    -----
    The least deviation is that which passes the threshold of its test with the stated power: of the test of whole
    regions for chromosomes and arms, of the scan for the others. `alpha` is the family-wise error per genome.
    """
    search = search_of(profile, genome, settings)
    return (
        *_region_rows(profile, genome, search, settings, sex_sd_log2),
        *_spot_rows(profile, genome, hotspots, search, settings, sex_sd_log2),
        *size_sensitivity(profile, search, settings.sizes_bp, settings),
    )


def _region_rows(
    profile: Profile, genome: Genome, search: Search, settings: Settings, sex_sd_log2: float
) -> list[Sensitivity]:
    """Chromosomes and arms, whole."""
    regions = whole_regions(profile, genome, settings.min_bins)
    noise = _noise_of(profile, [(region.first, region.last) for region in regions], sex_sd_log2)
    threshold = family_threshold(
        noise.n_bins, len(regions), search.tail, noise.df, settings.family_wise_error / 2.0
    )
    shift = noise.se * (threshold + student_quantile(1.0 - settings.power, noise.df))
    rows: list[Sensitivity] = []
    for region, least in zip(regions, shift.tolist(), strict=True):
        rows += _rows(
            region.name, genome.names[region.chrom], region.start, region.end, least,
            int(profile.ploidy[region.first]), _DEPTH_KINDS, settings,
        )  # fmt: skip
    return rows


def _spot_rows(
    profile: Profile,
    genome: Genome,
    hotspots: Sequence[Hotspot],
    search: Search,
    settings: Settings,
    sex_sd_log2: float,
) -> list[Sensitivity]:
    """Recurrent regions, as segments that the scan looks for."""
    chrom_of = {name: i for i, name in enumerate(genome.names)}
    bins = [
        bins_between(profile, chrom_of[spot.chrom], spot.start, spot.end)
        if spot.chrom in chrom_of
        else (0, 0)
        for spot in hotspots
    ]
    is_seen = [last - first >= settings.min_bins for first, last in bins]
    seen = [ends for ends, is_enough in zip(bins, is_seen, strict=True) if is_enough]
    shifts = iter(_segment_shift(_noise_of(profile, seen, sex_sd_log2), search, settings).tolist())
    rows: list[Sensitivity] = []
    for spot, (first, _), is_enough in zip(hotspots, bins, is_seen, strict=True):
        kinds: tuple[CallKind, ...] = _DEPTH_KINDS if spot.kind == "any" else (_as_kind(spot.kind),)
        place = (spot.name, spot.chrom, spot.start, spot.end)
        if is_enough:
            rows += _rows(*place, next(shifts), int(profile.ploidy[first]), kinds, settings)
        else:
            rows += [_row(*place, kind, None, settings) for kind in kinds]
    return rows


def _as_kind(kind: str) -> CallKind:
    return "gain" if kind == "gain" else "loss"


@dataclass(frozen=True, kw_only=True)
class _Noise:
    """Standard errors of means of `n_bins` bins, and their degrees of freedom; ndarray of float64, shape (n,), each."""

    n_bins: Float64
    se: Float64
    df: Float64


def _noise_of(profile: Profile, bins: Sequence[tuple[int, int]], sex_sd_log2: float) -> _Noise:
    """Of the means of bins [first, last)."""
    first, last = np.array(bins, dtype=np.int64).reshape(-1, 2).T
    weight = running_sum(1.0 / np.square(profile.sd_log2))
    n_bins = (last - first).astype(np.float64)
    is_autosome = profile.autosome[first]
    se, df = standard_error(profile, 1.0 / np.sqrt(weight[last] - weight[first]), n_bins, is_autosome)
    return _Noise(n_bins=n_bins, se=np.hypot(se, np.where(is_autosome, 0.0, sex_sd_log2)), df=df)


def _segment_shift(noise: _Noise, search: Search, settings: Settings) -> Float64:
    """Means of segments that the scan finds with the stated power, wherever they lie."""
    threshold = scan_threshold(noise.n_bins, search, noise.df, settings.family_wise_error / 2.0)
    low, high = threshold, threshold + student_quantile(1.0 - settings.power, noise.df)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        is_enough = scan_power(middle, threshold, noise.n_bins, noise.df) >= settings.power
        low, high = np.where(is_enough, low, middle), np.where(is_enough, middle, high)
    return np.asarray(noise.se * high)


def scan_power(shift: Float64, threshold: Float64, n_bins: Float64, df: Float64) -> Float64:
    """Chance that the scan passes its threshold in or beside a segment.

    Parameters
    ----------
    shift : ndarray of float64, shape (n,), true mean of the segment in standard errors, > 0
    threshold : ndarray of float64, shape (n,), in standard errors
    n_bins : ndarray of float64, shape (n,), bins of the segment
    df : ndarray of float64, shape (n,), degrees of freedom of the standard error

    Returns
    -------
    ndarray of float64, shape (n,), 0..1

    Notes
    -----
    P(Z + M > b), with Z the deviation of the segment itself and M what intervals beside it add: from each end a walk
    outwards and one inwards, whose highest points exceed x with chance nu exp(-b x) where Z is near b (Siegmund 1985,
    Sequential Analysis, doi 10.1007/978-1-4757-1862-1, ch. 8 [m]); M is the sum over both ends of the higher of two.
    """
    step = overshoot(threshold / np.sqrt(n_bins))
    x, weight = _beside_nodes()
    at = threshold * x
    once, twice = np.exp(-at), np.exp(-2.0 * at)
    one_end = 1.0 - 2.0 * step * once + step**2 * twice
    both_ends = (
        (1.0 - step) ** 2 * one_end
        + 2.0 * step * (1.0 - once)
        - step**2 * (1.0 - twice)
        - 4.0 * step**2 * at * once
        + 4.0 * step**3 * once * (1.0 - once)
        + 2.0 * step**3 * (once - twice)
        - 2.0 * step**4 * at * twice
    )
    density = np.exp(-0.5 * np.square(threshold - x - shift)) / np.sqrt(2.0 * np.pi)
    beside = (weight * density * (1.0 - both_ends)).sum(axis=0)
    return np.asarray(np.minimum(1.0, stdtr(df, shift - threshold) + beside), dtype=np.float64)


@functools.cache
def _beside_nodes() -> tuple[Float64, Float64]:
    """What intervals beside a segment may add, 0 to `_MOST_BESIDE`, and weights; float64, shape (n_nodes, 1), each."""
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    return (x[:, np.newaxis] + 1.0) * _MOST_BESIDE / 2.0, weight[:, np.newaxis] * _MOST_BESIDE / 2.0


def _rows(
    name: str,
    chrom: str,
    start: int,
    end: int,
    shift_log2: float,
    ploidy: int,
    kinds: Sequence[CallKind],
    settings: Settings,
) -> list[Sensitivity]:
    return [
        _row(name, chrom, start, end, kind, smallest_fraction(shift_log2, ploidy, kind), settings)
        for kind in kinds
    ]


def _row(
    name: str, chrom: str, start: int, end: int, kind: CallKind, fraction: float | None, settings: Settings
) -> Sensitivity:
    return Sensitivity(
        region=name,
        chrom=chrom,
        start=start,
        end=end,
        kind=kind,
        evidence="depth",
        min_cell_fraction=fraction,
        power=settings.power,
        alpha=settings.family_wise_error,
    )


def size_sensitivity(
    profile: Profile, search: Search, sizes_bp: Sequence[int], settings: Settings
) -> tuple[Sensitivity, ...]:
    """Sensitivity to gains and losses of given sizes, on an autosome, at a place of median noise.

    Parameters
    ----------
    profile : Profile, as centred for calling
    search : Search of the profile
    sizes_bp : sequence of int
    settings : Settings, tables [calling] and [sensitivity]
    """
    chosen = profile.autosome if profile.autosome.any() else np.ones(profile.chrom.size, dtype=bool)
    n_bins = np.array(sizes_bp) / bin_spacing_bp(profile, chosen)
    independent = float(np.median(profile.sd_log2[chosen])) / np.sqrt(np.maximum(n_bins, 1e-300))
    se, df = standard_error(profile, independent, n_bins, np.ones(n_bins.size, dtype=bool))
    is_enough = n_bins >= settings.min_bins
    noise = _Noise(n_bins=n_bins[is_enough], se=se[is_enough], df=df[is_enough])
    shifts = iter(_segment_shift(noise, search, settings).tolist())
    rows: list[Sensitivity] = []
    for size_bp, is_seen in zip(sizes_bp, is_enough.tolist(), strict=True):
        size = f"{size_bp // 1_000_000} Mb" if size_bp >= 1_000_000 else f"{size_bp // 1000} kb"
        place = (f"any {size}", "", 0, size_bp)
        if is_seen:
            rows += _rows(*place, next(shifts), 2, _DEPTH_KINDS, settings)
        else:
            rows += [_row(*place, kind, None, settings) for kind in _DEPTH_KINDS]
    return tuple(rows)


def resolution_bp(rows: Sequence[Sensitivity]) -> float | None:
    """Least tested size at which a change in all cells would be found; None if none of them would."""
    sizes = [
        row.end
        for row in rows
        if row.chrom == "" and row.kind == "loss" and row.min_cell_fraction is not None
    ]
    return float(min(sizes)) if sizes else None
