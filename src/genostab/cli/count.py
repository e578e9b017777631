"""`genostab count`."""

from __future__ import annotations

from pathlib import Path

import click

from genostab.cli._options import progress, threads_option, verbosity_options
from genostab.cli._text import say


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.bam|FILE.cram")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="COUNTS.tsv.gz",
    help="Counts file.",
)
@click.option("--reference", type=click.Path(path_type=Path), help="FASTA of a CRAM.")
@click.option("--assembly", default="GRCh38", show_default=True, help="GRCh38, GRCh37 or T2T-CHM13.")
@threads_option
@verbosity_options
def count(
    file: Path, output: Path, reference: Path | None, assembly: str, threads: int, quiet: bool, verbose: bool
) -> None:
    """Count a BAM or CRAM once, into a small file that `analyze` takes in its place."""
    from genostab.run.count import write_counts

    with progress(quiet=quiet, verbose=verbose) as tell:
        counted = write_counts(
            file, output, assembly=assembly, reference=reference, threads=threads, on_progress=tell
        )
    if not quiet:
        say(f"{int(counted.counts.raw[0].sum())} reads of {counted.counts.n_records} records in {output}")
