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
    "female", "male" or "unknown" (X between the limits, X and Y at odds as in 45,X, or no X bins)
    """
    names = np.array(genome.names)[bins.chrom]
    known = np.isfinite(values)

    def median(chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
        return float(np.median(values[chosen & known])) if (chosen & known).any() else float("nan")

    autosomal = median((names != "chrX") & (names != "chrY") & (values > 0))
    if not autosomal > 0:
        return "unknown"
    on_y = (names == "chrY") & known
    read_y = on_y & (values > 0)
    x, y = median(names == "chrX") / autosomal, median(read_y) / autosomal
    is_sparse = bool(read_y.sum() < settings.female_max_y_share * on_y.sum())
    if x >= settings.female_x_ratio and (not on_y.any() or is_sparse or y <= settings.female_max_y_ratio):
        return "female"
    if x <= settings.male_x_ratio and (not on_y.any() or (not is_sparse and y >= settings.male_min_y_ratio)):
        return "male"
    return "unknown"
