"""What a count of changes is worth, by size: how small a change shows, and how many noise is expected to add."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genostab.arrays import Genome, Profile
from genostab.karyotype.regions import bin_spacing_bp
from genostab.karyotype.sensitivity import size_sensitivity
from genostab.karyotype.settings import Settings
from genostab.karyotype.significance import search_of


@dataclass(frozen=True, kw_only=True)
class SizeClass:
    """Changes of [low_bp, high_bp), 0 for no upper end.

    n_bins : float, bins or probes in the shortest
    gain, loss : float or None, smallest share of cells in which the shortest is found with the stated power
    expected_false : float, changes of that size that noise alone is expected to add in a genome, at most
    """

    low_bp: int
    high_bp: int
    n_bins: float
    gain: float | None
    loss: float | None
    expected_false: float


def count_by_size(profile: Profile, genome: Genome, settings: Settings) -> tuple[SizeClass, ...]:
    """Size classes between `counted_sizes_bp`.

    Parameters
    ----------
    profile : Profile, as called
    genome : Genome
    settings : Settings, tables [calling] and [sensitivity]

    Notes
    -----
    Half of the family-wise error goes to segments, the same share to every unit of the logarithm of their length (see
    `scan_p_value`); the classes share it by the lengths that they hold. The other half, of whole arms and chromosomes,
    goes to the last class. Fewer than `min_bins` bins are never called.
    """
    search = search_of(profile, genome, settings)
    chosen = profile.autosome if profile.autosome.any() else np.ones(profile.chrom.size, dtype=bool)
    spacing = bin_spacing_bp(profile, chosen)
    lows = settings.counted_sizes_bp
    highs = (*lows[1:], 0)
    all_lengths = float(np.log(search.longest / search.shortest))
    rows = size_sensitivity(profile, search, lows, settings)
    least = {(row.end, row.kind): row.min_cell_fraction for row in rows}
    classes = []
    for low, high in zip(lows, highs, strict=True):
        fewest = max(low / spacing, float(search.shortest))
        most = float(search.longest) if high == 0 else min(high / spacing, float(search.longest))
        share = max(0.0, float(np.log(most / fewest))) / all_lengths if all_lengths > 0 else 0.0
        whole = settings.family_wise_error / 2.0 if high == 0 else 0.0
        classes.append(
            SizeClass(
                low_bp=low,
                high_bp=high,
                n_bins=low / spacing,
                gain=least[low, "gain"],
                loss=least[low, "loss"],
                expected_false=settings.family_wise_error / 2.0 * share + whole,
            )
        )
    return tuple(classes)
