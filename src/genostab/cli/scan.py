"""`genostab scan`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from genostab.cli._text import say

_NO_VERDICT = "not a verdict: a small change cannot be seen here, nor a mosaic below the stated fraction"


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE.bam|FILE.cram|COUNTS.tsv|FILE.idxstats...",
)
@click.option(
    "--assembly", default="GRCh38", show_default=True, help="GRCh38, GRCh37 or T2T-CHM13; of a BAM or CRAM."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="OUT.tsv",
    help="Windows of 16 kb of a BAM or CRAM, or the table of a cohort, which goes to standard output without it.",
)
def scan(files: tuple[Path, ...], assembly: str, output: Path | None) -> None:
    """Look at sex and gross aneuploidy in a second: a triage, never a verdict.

    One BAM or CRAM is looked at by its index alone. A table of reads per chromosome, one row for each library, or the
    outputs of samtools idxstats, is looked at library by library against the others of the same protocol.
    """
    from genostab.run.file_kind import file_kind

    alignments = [file for file in files if file_kind(file) == "alignment"]
    if not alignments:
        _scan_cohort(files, output)
    elif len(files) > 1:
        raise click.UsageError("a BAM or CRAM is scanned alone")
    else:
        _scan_alignment(files[0], assembly, output)


def _scan_alignment(file: Path, assembly: str, output: Path | None) -> None:
    from genostab.run.scan import scan_alignment, write_profile

    found = scan_alignment(file, assembly)
    say("triage from the index, not a verdict: a mosaic or a small change cannot be seen here")
    say(f"sex: {found.sex}")
    for row in found.chromosomes:
        mark = "  look at this" if row.is_suspect else ""
        say(f"{row.name:<6} {row.copies:5.2f} copies{mark}")
    if output is not None:
        write_profile(found, output)
        say(f"windows of 16 kb in {output}")


def _scan_cohort(files: tuple[Path, ...], output: Path | None) -> None:
    from genostab.run.scan_counts import scan_cohort

    found = scan_cohort(files, output)
    if output is None:
        sys.stdout.write(found.table.decode())
    say(f"triage by reads per chromosome, {_NO_VERDICT}", err=True)
    for line in found.summary:
        say(line, err=True)
    if output is not None:
        say(f"table: {output}", err=True)
