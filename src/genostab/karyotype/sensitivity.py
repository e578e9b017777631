"""What could have been seen: the smallest cell fraction that this profile would have shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from genostab.arrays import Bool, Genome, Profile
from genostab.karyotype.annotate import Hotspot
from genostab.karyotype.bins import autosomes
from genostab.karyotype.regions import bin_spacing_bp, bins_between, whole_regions
from genostab.karyotype.segment import break_penalty
from genostab.karyotype.settings import Settings
from genostab.karyotype.significance import scan_threshold, standard_error, student_quantile
from genostab.results import CallKind, Sensitivity

_DEPTH_KINDS: tuple[CallKind, ...] = ("gain", "loss")
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
    The least deviation is (threshold + z_power) standard errors with waves: the threshold of the test that a change
    of that extent has to pass, and for segments also the two breaks that it must pay for. `alpha` is the family-wise
    error per genome.
    """
    rows: list[Sensitivity] = []
    regions = whole_regions(profile, genome, settings.min_bins)
    chrom_of = {name: i for i, name in enumerate(genome.names)}
    for region in regions:
        shift = _region_shift(profile, region.first, region.last, len(regions), settings)
        shift = _with_sex(shift, region.chrom, genome, sex_sd_log2, settings)
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
        shift = _segment_shift(profile, first, last, settings)
        shift = _with_sex(shift, chrom, genome, sex_sd_log2, settings)
        rows += _rows(
            spot.name, spot.chrom, spot.start, spot.end, shift, int(profile.ploidy[first]), kinds, settings
        )
    for size_bp in settings.sizes_bp:
        rows += _size_rows(profile, genome, size_bp, settings)
    return tuple(rows)


def _as_kind(kind: str) -> CallKind:
    return "gain" if kind == "gain" else "loss"


def _region_shift(profile: Profile, first: int, last: int, n_regions: int, settings: Settings) -> float:
    independent = 1.0 / np.sqrt(np.sum(1.0 / np.square(profile.sd_log2[first:last]), keepdims=True))
    se, df = standard_error(profile, independent, np.array([float(last - first)]), profile.autosome[[first]])
    threshold = student_quantile(settings.family_wise_error / 4.0 / n_regions, df)
    return float((threshold[0] + ndtri(settings.power)) * se[0])


def _segment_shift(profile: Profile, first: int, last: int, settings: Settings) -> float:
    independent = 1.0 / np.sqrt(np.sum(1.0 / np.square(profile.sd_log2[first:last]), keepdims=True))
    return _segment_shift_at(profile, independent, float(last - first), profile.autosome[[first]], settings)


def _segment_shift_at(
    profile: Profile,
    independent: np.ndarray[tuple[int], np.dtype[np.float64]],
    n_bins: float,
    is_autosome: Bool,
    settings: Settings,
) -> float:
    se, df = standard_error(profile, independent, np.array([n_bins]), is_autosome)
    n_total = profile.chrom.size
    threshold = scan_threshold(np.array([n_bins]), n_total, df, settings.family_wise_error / 2.0)
    by_test = (threshold[0] + ndtri(settings.power)) * se[0]
    by_breaks = (
        np.sqrt(2.0 * break_penalty(n_total, settings)) * independent[0] + ndtri(settings.power) * se[0]
    )
    return float(max(by_test, by_breaks))


def _with_sex(shift: float, chrom: int, genome: Genome, sex_sd_log2: float, settings: Settings) -> float:
    if autosomes(genome)[chrom] or sex_sd_log2 == 0:
        return shift
    total_z = -float(ndtri(settings.family_wise_error / 4.0)) + float(ndtri(settings.power))
    return float(np.hypot(shift, total_z * sex_sd_log2))


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


def _size_rows(profile: Profile, genome: Genome, size_bp: int, settings: Settings) -> list[Sensitivity]:
    """An event of a given size at a place of median noise; on an autosome."""
    chosen = profile.autosome if profile.autosome.any() else np.ones(profile.chrom.size, dtype=bool)
    spacing = bin_spacing_bp(profile, chosen)
    n_bins = size_bp / spacing
    name = f"any {size_bp // 1_000_000} Mb"
    if n_bins < settings.min_bins:
        return [_row(name, "", 0, size_bp, kind, None, settings) for kind in _DEPTH_KINDS]
    independent = np.array([float(np.median(profile.sd_log2[chosen]) / np.sqrt(n_bins))])
    shift = _segment_shift_at(profile, independent, n_bins, np.array([True]), settings)
    return _rows(name, "", 0, size_bp, shift, 2, _DEPTH_KINDS, settings)


def resolution_bp(rows: Sequence[Sensitivity]) -> float | None:
    """Least tested size at which a change in all cells would be found; None if none of them would."""
    sizes = [
        row.end
        for row in rows
        if row.chrom == "" and row.kind == "loss" and row.min_cell_fraction is not None
    ]
    return float(min(sizes)) if sizes else None
