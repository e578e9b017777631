"""`genostab panel`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from genostab.cli._options import progress, threads_option, verbosity_options
from genostab.cli._text import filled, say, text_table

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
    from genostab.run.panel import make_panel, panel_table

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
        rows, note = panel_table(made)
        say(f"{text_table(rows)}\n{note}")
        for remark in remarks:
            say(filled(remark))
        say(f"{sum(not n.left_out for n in made.normals)} of {len(made.normals)} normals in {output}")
