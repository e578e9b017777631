"""Sex from the coverage of X and Y, or unknown."""

from __future__ import annotations

from typing import Literal

import numpy as np

from genostab.arrays import Bins, Genome
from genostab.karyotype.settings import Settings

Sex = Literal["female", "male", "unknown"]


def infer_sex(
    bins: Bins, values: np.ndarray[tuple[int], np.dtype[np.float64]], genome: Genome, settings: Settings
) -> Sex:
    """Sex by the median of X and Y bins over that of the autosomes.

    Parameters
    ----------
    bins : Bins
    values : ndarray of float64, shape (n_bins,), coverage on a linear scale, NaN where unknown
    genome : Genome
    settings : Settings, table [sex]

    Returns
    -------
    "female", "male" or "unknown" (X between the limits, X and Y at odds, or no X bins)
    """
    names = np.array(genome.names)[bins.chrom]
    known = np.isfinite(values)

    def median(chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
        return float(np.median(values[chosen & known])) if (chosen & known).any() else float("nan")

    autosomal = median((names != "chrX") & (names != "chrY") & (values > 0))
    if not autosomal > 0:
        return "unknown"
    x, y = median(names == "chrX") / autosomal, median((names == "chrY") & (values > 0)) / autosomal
    n_y = ((names == "chrY") & known).sum()
    empty_y = (
        n_y == 0
        or bool(((names == "chrY") & known & (values > 0)).sum() < 0.5 * n_y)
        or y <= settings.female_max_y_ratio
    )
    if x >= settings.female_x_ratio and empty_y:
        return "female"
    if x <= settings.male_x_ratio and (np.isnan(y) or n_y == 0 or y >= settings.male_min_y_ratio):
        return "male"
    return "unknown"
