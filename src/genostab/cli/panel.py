"""`genostab panel`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genostab.cli._options import progress, threads_option, verbosity_options
from genostab.cli._text import filled, say, text_table

if TYPE_CHECKING:
    from genostab.arrays import Panel

_FILE = click.Path(path_type=Path)
_SEXES = ("female", "male", "unknown")


def _sexes(context: click.Context, parameter: click.Parameter, value: str | None) -> list[Any] | None:
    if value is None:
        return None
    given = [name.strip() for name in value.split(",")]
    if not set(given) <= set(_SEXES):
        raise click.BadParameter(f"{value!r} is no list of {', '.join(_SEXES)}")
    return given


@click.command()
@click.argument("files", type=_FILE, nargs=-1, required=True, metavar="NORMAL...")
@click.option(
    "-o",
    "--output",
    type=_FILE,
    required=True,
    metavar="PANEL.tsv.gz",
    help="Panel file for analyze --panel.",
)
@click.option("--assembly", default="GRCh38", show_default=True, help="GRCh38, GRCh37, T2T-CHM13 or hg18.")
@click.option(
    "--sex",
    callback=_sexes,
    metavar="SEX,SEX...",
    help="Of each normal in turn; from X and Y where not given.",
)
@click.option("--reference", type=_FILE, help="FASTA: decodes a CRAM, and gives GC to coverage without it.")
@threads_option
@verbosity_options
def panel(
    files: tuple[Path, ...],
    output: Path,
    assembly: str,
    sex: list[Any] | None,
    reference: Path | None,
    threads: int,
    quiet: bool,
    verbose: bool,
) -> None:
    """Make a panel of normals from BAM, CRAM or counts files, or from coverage in equal bins.

    Normals and lots need the same protocol: library, read length, aligner. Three make a panel; with ten or more the
    waves that they share are learnt and taken out. Each normal is compared with the others, and left out where it
    carries a change of its own or scatters far more than they do.
    """
    from genostab.run.panel import make_panel

    with progress(quiet=quiet, verbose=verbose) as tell:
        made, remarks = make_panel(
            files,
            output,
            assembly=assembly,
            sexes=sex,
            reference=reference,
            threads=threads,
            on_progress=tell,
        )
    if not quiet:
        say(_table(made))
        for remark in remarks:
            say(filled(remark))
        say(f"{sum(not n.left_out for n in made.normals)} of {len(made.normals)} normals in {output}")


def _table(made: Panel) -> str:
    """Each normal: its noise against the others, and between its whole chromosomes without and with the panel."""
    rows: list[tuple[str, ...]] = [
        (
            "normal",
            "sex",
            "reads",
            "bin SD",
            "chromosome SD alone",
            "with panel",
            "independent noise",
            "left out",
        )
    ]
    rows += [
        (
            normal.name,
            normal.sex,
            str(normal.n_reads or ""),
            *(
                "" if math.isnan(value) else f"{value:.5f}"
                for value in (
                    normal.bin_sd_log2,
                    normal.alone_sd_log2,
                    normal.panel_sd_log2,
                    normal.counting_sd_log2,
                )
            ),
            normal.left_out,
        )
        for normal in made.normals
    ]
    width = (
        f"log2, in bins of {made.evaluated_bp} bp" if made.evaluated_bp else "log2, in the bins of the files"
    )
    return f"{text_table(rows)}\n{width}; each normal against the others"
