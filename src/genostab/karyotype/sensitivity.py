"""What could have been seen: the smallest cell fraction that this profile would have shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from genostab.arrays import Float64, Genome, Profile
from genostab.karyotype.annotate import Hotspot
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
    rows: list[Sensitivity] = []
    regions = whole_regions(profile, genome, settings.min_bins)
    search = search_of(profile, genome, settings)
    chrom_of = {name: i for i, name in enumerate(genome.names)}
    for region in regions:
        noise = _noise_of(profile, region.first, region.last, sex_sd_log2)
        threshold = family_threshold(
            noise.n_bins, len(regions), search.tail, noise.df, settings.family_wise_error / 2.0
        )
        shift = float(noise.se[0] * (threshold[0] + student_quantile(1.0 - settings.power, noise.df)[0]))
        rows += _rows(
            region.name, genome.names[region.chrom], region.start, region.end, shift,
            int(profile.ploidy[region.first]), _DEPTH_KINDS, settings,
        )  # fmt: skip
    for spot in hotspots:
        chrom = chrom_of.get(spot.chrom, -1)
        first, last = bins_between(profile, chrom, spot.start, spot.end) if chrom >= 0 else (0, 0)
        kinds: tuple[CallKind, ...] = _DEPTH_KINDS if spot.kind == "any" else (_as_kind(spot.kind),)
        if last - first < settings.min_bins:
            rows += [
                _row(spot.name, spot.chrom, spot.start, spot.end, kind, None, settings) for kind in kinds
            ]
            continue
        shift = _segment_shift(_noise_of(profile, first, last, sex_sd_log2), search, settings)
        rows += _rows(
            spot.name, spot.chrom, spot.start, spot.end, shift, int(profile.ploidy[first]), kinds, settings
        )
    for size_bp in settings.sizes_bp:
        rows += size_sensitivity(profile, genome, size_bp, settings)
    return tuple(rows)


def _as_kind(kind: str) -> CallKind:
    return "gain" if kind == "gain" else "loss"


@dataclass(frozen=True, kw_only=True)
class _Noise:
    """Standard error of a mean of `n_bins` bins, and its degrees of freedom; ndarray of float64, shape (1,), each."""

    n_bins: Float64
    se: Float64
    df: Float64


def _noise_at(
    profile: Profile, independent: float, n_bins: float, is_autosome: bool, extra_sd: float
) -> _Noise:
    n = np.array([n_bins])
    se, df = standard_error(profile, np.array([independent]), n, np.array([is_autosome]))
    return _Noise(n_bins=n, se=np.hypot(se, 0.0 if is_autosome else extra_sd), df=df)


def _noise_of(profile: Profile, first: int, last: int, sex_sd_log2: float) -> _Noise:
    independent = float(1.0 / np.sqrt(np.sum(1.0 / np.square(profile.sd_log2[first:last]))))
    return _noise_at(profile, independent, float(last - first), bool(profile.autosome[first]), sex_sd_log2)


def _segment_shift(noise: _Noise, search: Search, settings: Settings) -> float:
    """Mean of a segment that the scan finds with the stated power, wherever it lies."""
    threshold = scan_threshold(noise.n_bins, search, noise.df, settings.family_wise_error / 2.0)
    low, high = threshold, threshold + student_quantile(1.0 - settings.power, noise.df)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        is_enough = scan_power(middle, threshold, noise.n_bins, noise.df) >= settings.power
        low, high = np.where(is_enough, low, middle), np.where(is_enough, middle, high)
    return float(noise.se[0] * high[0])


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
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    x, weight = (x[:, np.newaxis] + 1.0) * _MOST_BESIDE / 2.0, weight[:, np.newaxis] * _MOST_BESIDE / 2.0
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
    profile: Profile, genome: Genome, size_bp: int, settings: Settings
) -> tuple[Sensitivity, ...]:
    """Sensitivity to a gain and a loss of a given size, on an autosome, at a place of median noise.

    Parameters
    ----------
    profile : Profile, as centred for calling
    genome : Genome
    size_bp : int
    settings : Settings, tables [calling] and [sensitivity]
    """
    search = search_of(profile, genome, settings)
    chosen = profile.autosome if profile.autosome.any() else np.ones(profile.chrom.size, dtype=bool)
    spacing = bin_spacing_bp(profile, chosen)
    n_bins = size_bp / spacing
    name = f"any {size_bp // 1_000_000} Mb" if size_bp >= 1_000_000 else f"any {size_bp // 1000} kb"
    if n_bins < settings.min_bins:
        return tuple(_row(name, "", 0, size_bp, kind, None, settings) for kind in _DEPTH_KINDS)
    independent = float(np.median(profile.sd_log2[chosen]) / np.sqrt(n_bins))
    shift = _segment_shift(_noise_at(profile, independent, n_bins, True, 0.0), search, settings)
    return tuple(_rows(name, "", 0, size_bp, shift, 2, _DEPTH_KINDS, settings))


def resolution_bp(rows: Sequence[Sensitivity]) -> float | None:
    """Least tested size at which a change in all cells would be found; None if none of them would."""
    sizes = [
        row.end
        for row in rows
        if row.chrom == "" and row.kind == "loss" and row.min_cell_fraction is not None
    ]
    return float(min(sizes)) if sizes else None
