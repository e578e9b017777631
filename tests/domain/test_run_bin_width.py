"""The width of the bins: the data's choice, and what is said of another one."""

from __future__ import annotations

import pytest

from genostab.errors import UsageError
from genostab.run.bin_width import check_bin_width, settle_bin_width
from genostab.run.file_kind import FileKind
from tests.domain.karyotype_data import SETTINGS, toy_bins, toy_genome

GENOME = toy_genome(3, 20_000_000)
BINS = toy_bins(GENOME, SETTINGS.base_bin_bp, 4.0)  # 4 reads in 10 kb: 80 in 200 kb, 200 in 500 kb


@pytest.mark.parametrize("asked", [None, 500_000])
def test_the_data_choose(asked: int | None) -> None:
    width, row, warnings = settle_bin_width([BINS], asked, GENOME, SETTINGS)
    assert (width, row[1], warnings) == (500_000, 500_000, ())
    assert row[3] == "least with 100 reads in the median bin"


@pytest.mark.parametrize(
    ("asked", "words"),
    [(1_000_000, "nothing below 3 Mb can be called"), (200_000, "80 reads"), (30_000, "12 reads")],
)
def test_an_unwise_width_is_taken_with_a_warning(asked: int, words: str) -> None:
    width, row, (warning,) = settle_bin_width([BINS], asked, GENOME, SETTINGS)
    assert (width, row[1]) == (asked, asked)
    assert row[3] == "asked for; the data would have chosen 500000 bp"
    assert words in warning


def test_a_width_that_is_wise_though_not_offered_is_taken() -> None:
    assert settle_bin_width([BINS], 300_000, GENOME, SETTINGS)[2] == ()  # 120 reads


def test_the_poorer_of_two_samples_decides() -> None:
    poor = toy_bins(GENOME, SETTINGS.base_bin_bp, 1.0)
    assert settle_bin_width([BINS, poor], None, GENOME, SETTINGS)[0] == 1_000_000
    with pytest.raises(UsageError, match="bin width") as caught:
        settle_bin_width([BINS, poor], 50_000, GENOME, SETTINGS)
    assert caught.value.found == "50000 bp, 5 reads in the median bin"


@pytest.mark.parametrize(
    ("asked", "kind", "is_refused"),
    [
        (None, "bins", False),
        (50_000, "alignment", False),
        (50_000, "counts", False),
        (50_000, "bins", True),
        (50_000, "array", True),
        (15_000, "alignment", True),
        (5_000, "alignment", True),
        (1_010_000, "alignment", True),
    ],
)
def test_widths_that_no_data_could_have(asked: int | None, kind: FileKind, is_refused: bool) -> None:
    if not is_refused:
        check_bin_width(asked, kind, SETTINGS)
        assert asked is None or asked % SETTINGS.base_bin_bp == 0
        return
    with pytest.raises(UsageError) as caught:
        check_bin_width(asked, kind, SETTINGS)
    assert caught.value.code == "GS-1104"
