"""`genostab analyze`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from genostab.cli._options import (
    actor,
    fails,
    outcome_text,
    output_option,
    progress,
    threads_option,
    verbosity_options,
)
from genostab.cli._text import say
from genostab.errors import EXIT_VERDICT_FAIL

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("source", type=_FILE, metavar="LOT.yaml|FILE")
@output_option
@click.option(
    "--parent", "parents", type=_FILE, multiple=True, help="Parent line (BAM, bins, array); twice for a trio."
)
@click.option(
    "--sample", "sample_name", help="Sample of a table of bins, array file or --snps VCF with several."
)
@click.option(
    "--parent-sample",
    "parent_name",
    help="The parent's sample in its table, array or the --snps VCF; without --parent, in the lot's file.",
)
@click.option("--snps", type=_FILE, help="VCF with allele depths (AD); without, they come from the BAM.")
@click.option("--panel", type=_FILE, help="Panel of normals of the same protocol (genostab panel).")
@click.option("--reference", type=_FILE, help="FASTA: decodes a CRAM, and gives GC per bin.")
@click.option(
    "--gc-track", type=_FILE, help="GC fraction (bedGraph, WIG or TSV) in place of that of the reads."
)
@click.option(
    "--mappability-track", type=_FILE, help="Mappability, 0 to 1, in place of the share of MAPQ-0 reads."
)
@click.option("--frequencies", type=_FILE, help="Population frequencies of B, or ALT: finds foreign DNA.")
@click.option("--contaminant", type=_FILE, help="Array or VCF of a person whose DNA may be in the lot.")
@click.option(
    "--exclude",
    "excluded",
    type=_FILE,
    multiple=True,
    help="BED of regions to leave out (exclusion list, assembly gaps); may be repeated.",
)
@click.option(
    "--bin-width", type=click.IntRange(1), metavar="BP", help="Bin width in place of the data's choice."
)
@click.option("--telomeres", is_flag=True, help="Count telomere reads too; takes longer.")
@click.option("--assembly", help="GRCh38 (default), GRCh37, T2T-CHM13 or hg18.")
@click.option("--profile", help="Release profile: a shipped id or a path.")
@click.option(
    "--fail-on",
    type=click.Choice(["fail", "indeterminate"]),
    help="Exit 4 where the overall verdict is FAIL, or is not supported by the data.",
)
@threads_option
@verbosity_options
def analyze(
    source: Path,
    output: Path,
    parents: tuple[Path, ...],
    sample_name: str | None,
    parent_name: str | None,
    snps: Path | None,
    panel: Path | None,
    reference: Path | None,
    gc_track: Path | None,
    mappability_track: Path | None,
    frequencies: Path | None,
    contaminant: Path | None,
    excluded: tuple[Path, ...],
    bin_width: int | None,
    telomeres: bool,
    assembly: str | None,
    profile: str | None,
    fail_on: str | None,
    threads: int,
    quiet: bool,
    verbose: bool,
) -> None:
    """Analyse a lot from its manifest, or a single BAM, CRAM, table of bins or SNP array.

    The results are written under OUT: report.html, results.json, verdicts.tsv, karyotype/ and more.
    """
    from genostab.run.manifests import manifest_for

    aids = {
        "snps": snps,
        "panel": panel,
        "reference": reference,
        "gc_track": gc_track,
        "mappability_track": mappability_track,
        "frequencies": frequencies,
        "contaminant": contaminant,
    }
    manifest = manifest_for(
        source,
        parents=parents,
        aids=aids,
        sample_name=sample_name,
        parent_name=parent_name,
        excluded=excluded,
        bin_width=bin_width,
        telomeres=telomeres,
        assembly=assembly,
        profile=profile,
    )
    from genostab.run.analyze import analyse_lot

    with progress(quiet=quiet, verbose=verbose) as tell:
        outcome = analyse_lot(
            manifest, output, threads=threads, seed=None, actor=actor(), command=sys.argv, on_progress=tell
        )
    if not quiet:
        say(outcome_text(outcome))
    if fails(outcome, fail_on):
        raise click.exceptions.Exit(EXIT_VERDICT_FAIL)
