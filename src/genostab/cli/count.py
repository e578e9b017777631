"""`genostab count`."""

from __future__ import annotations

from pathlib import Path

import click

from genostab.cli._options import progress, threads_option, verbosity_options
from genostab.cli._text import say

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=_FILE, metavar="FILE.bam|FILE.cram")
@click.option("-o", "--output", type=_FILE, required=True, metavar="COUNTS.tsv.gz", help="Counts file.")
@click.option("--reference", type=_FILE, help="FASTA of a CRAM.")
@click.option("--assembly", default="GRCh38", show_default=True, help="GRCh38, GRCh37 or T2T-CHM13.")
@click.option(
    "--min-mapq", type=click.IntRange(0, 254), help="Least mapping quality; that of analyze if left out."
)
@click.option("--keep-duplicates", is_flag=True, help="Count reads flagged duplicate as any other.")
@click.option(
    "--regions",
    type=_FILE,
    metavar="BED",
    help="Count only reads that start inside; an index makes it faster.",
)
@click.option("--telomeres", is_flag=True, help="Count telomere reads of the whole file too.")
@click.option(
    "--no-gc",
    is_flag=True,
    help="Look at no bases: a CRAM then needs no FASTA. Such counts are called against a parent only.",
)
@threads_option
@verbosity_options
def count(
    file: Path,
    output: Path,
    reference: Path | None,
    assembly: str,
    min_mapq: int | None,
    keep_duplicates: bool,
    regions: Path | None,
    telomeres: bool,
    no_gc: bool,
    threads: int,
    quiet: bool,
    verbose: bool,
) -> None:
    """Count a BAM or CRAM once, into a small file that `analyze` takes in its place."""
    if telomeres and no_gc:
        raise click.UsageError("--telomeres looks at bases, --no-gc does not: give one of them")
    from genostab.run.count import write_counts

    with progress(quiet=quiet, verbose=verbose) as tell:
        counted = write_counts(
            file,
            output,
            assembly=assembly,
            reference=reference,
            min_mapq=min_mapq,
            keep_duplicates=keep_duplicates,
            with_bases=not no_gc,
            regions=regions,
            telomeres=telomeres,
            threads=threads,
            on_progress=tell,
        )
    counts = counted.counts
    if not quiet:
        if counted.remark:
            say(counted.remark, err=True)
        say(f"{int(counts.bins.n_reads.sum())} reads of {counts.n_records} records in {output}")
