"""Sex by the coverage of X and Y."""

from __future__ import annotations

import numpy as np
import pytest

from genostab.karyotype.sex import infer_sex
from tests.domain.karyotype_data import SETTINGS, toy_bins, toy_genome

GENOME = toy_genome(3)
BINS = toy_bins(GENOME, 500_000)
NAMES = np.array(GENOME.names)[BINS.chrom]


def coverage(x: float, y: float, unit: float = 100.0) -> np.ndarray:
    return unit * np.where(NAMES == "chrX", x, np.where(NAMES == "chrY", y, 1.0))


@pytest.mark.parametrize(
    ("x", "y", "sex"),
    [
        (1.0, 0.0, "female"),
        (1.0, 0.02, "female"),
        (0.5, 0.5, "male"),
        (0.5, 0.25, "male"),
        (0.85, 0.0, "female"),
        (0.72, 0.0, "unknown"),  # between the limits: mosaic loss of X in half of the cells
        (1.0, 0.5, "unknown"),  # XXY
        (0.5, 0.0, "unknown"),  # X0, or a male whose Y is lost
        (0.5, 0.12, "unknown"),
    ],
)
def test_x_and_y_together(x: float, y: float, sex: str) -> None:
    for unit in (100.0, 0.01):
        assert infer_sex(BINS, coverage(x, y, unit), GENOME, SETTINGS) == sex


def test_reads_in_a_few_repeats_of_y_leave_it_empty() -> None:
    values = coverage(1.0, 0.0)
    values[np.flatnonzero(NAMES == "chrY")[::5]] = 80.0
    assert infer_sex(BINS, values, GENOME, SETTINGS) == "female"
    values[NAMES == "chrX"] = 50.0
    assert infer_sex(BINS, values, GENOME, SETTINGS) == "unknown"  # 45,X


def test_without_y_bins_x_decides() -> None:
    for x, sex in ((1.0, "female"), (0.5, "male")):
        values = np.where(NAMES == "chrY", np.nan, coverage(x, 1.0))
        assert infer_sex(BINS, values, GENOME, SETTINGS) == sex


@pytest.mark.parametrize("missing", ["chrX", "autosomes", "all"])
def test_unknown_where_there_is_nothing_to_compare(missing: str) -> None:
    values = coverage(0.5, 0.5)
    lost = {"chrX": NAMES == "chrX", "autosomes": ~np.isin(NAMES, ("chrX", "chrY")), "all": NAMES != ""}
    assert infer_sex(BINS, np.where(lost[missing], np.nan, values), GENOME, SETTINGS) == "unknown"
    assert infer_sex(BINS, np.zeros(NAMES.size), GENOME, SETTINGS) == "unknown"
