"""The width of the bins: what the data carry, or what the user asks for."""

from __future__ import annotations

from collections.abc import Sequence

from genostab.arrays import Bins, Genome
from genostab.errors import UsageError
from genostab.karyotype.bins import choose_bin_width, median_reads
from genostab.karyotype.settings import Settings
from genostab.run.file_kind import FileKind

Row = tuple[str, str | float | int, str, str]


def check_bin_width(asked: int | None, kind: FileKind, settings: Settings) -> None:
    """Refuse a width that no data could have.

    Raises
    ------
    UsageError
        GS-1104 where the files bring their own bins, or where the width is no multiple of the base width or beyond
        the widest offered.
    """
    widest = settings.bin_widths_bp[-1]
    if asked is None:
        return
    if kind not in ("alignment", "counts"):
        raise _refuse("a table of bins or an array, which bring their own", "no bin width", "leave it out")
    if asked % settings.base_bin_bp or asked > widest:
        expected = f"a multiple of {settings.base_bin_bp} bp, at most {widest} bp"
        raise _refuse(f"{asked} bp", expected, "give such a width, or leave it out: the data then choose it")


def settle_bin_width(
    samples: Sequence[Bins], asked: int | None, genome: Genome, settings: Settings
) -> tuple[int, Row, tuple[str, ...]]:
    """Width [bp], its line among the quality figures, and a warning where the asked width is unwise.

    Raises
    ------
    UsageError
        GS-1104 where the median bin of the asked width holds too few reads to be computed with.
    """
    chosen = choose_bin_width(samples, genome, settings)
    if asked is None or asked == chosen:
        note = f"least with {settings.min_reads_per_bin} reads in the median bin"
        return chosen, ("bin width", chosen, "bp", note), ()
    reads = median_reads(samples, asked, genome, settings)
    if reads < settings.least_reads_per_bin:
        raise _refuse(
            f"{asked} bp, {reads:.0f} reads in the median bin",
            f"at least {settings.least_reads_per_bin} reads; the data would choose {chosen} bp",
            "give a wider width, or leave it out",
        )
    row: Row = ("bin width", asked, "bp", f"asked for; the data would have chosen {chosen} bp")
    if asked > chosen:
        least = settings.min_bins * asked / 1e6
        return asked, row, (f"bins of {asked} bp were asked for: nothing below {least:g} Mb can be called",)
    if reads < settings.min_reads_per_bin:
        few = (
            f"bins of {asked} bp were asked for, with {reads:.0f} reads in the median bin: below "
            f"{settings.min_reads_per_bin} log2 ratios are not Gaussian, and more false calls are made than stated"
        )
        return asked, row, (few,)
    return asked, row, ()


def _refuse(found: str, expected: str, action: str) -> UsageError:
    return UsageError(
        "GS-1104",
        what="a bin width that cannot be used",
        where="sequencing.bin_width (--bin-width)",
        found=found,
        expected=expected,
        action=action,
    )
