"""`genostab scan`."""

from __future__ import annotations

from pathlib import Path

import click

from genostab.cli._text import say


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.bam|FILE.cram")
@click.option("--assembly", default="GRCh38", show_default=True, help="GRCh38, GRCh37 or T2T-CHM13.")
@click.option(
    "--profile",
    "table",
    type=click.Path(path_type=Path),
    metavar="OUT.tsv",
    help="Write the whole genome in windows of 16 kb, too.",
)
def scan(file: Path, assembly: str, table: Path | None) -> None:
    """Look at sex and gross aneuploidy by the index alone, in a second: a triage, never a verdict."""
    from genostab.run.scan import scan_alignment, write_profile

    found = scan_alignment(file, assembly)
    say("triage from the index, not a verdict: a mosaic or a small change cannot be seen here")
    say(f"sex: {found.sex}")
    for row in found.chromosomes:
        mark = "  look at this" if row.is_suspect else ""
        say(f"{row.name:<6} {row.copies:5.2f} copies{mark}")
    if table is not None:
        write_profile(found, table)
        say(f"windows of 16 kb in {table}")
