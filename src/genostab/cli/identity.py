"""`genostab identity`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from genostab.cli._text import say, text_table


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    metavar="ARRAY.txt|SNPS.vcf.gz...",
)
@click.option("--assembly", default="GRCh38", show_default=True, help="GRCh38, GRCh37, T2T-CHM13 or hg18.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="OUT.tsv", help="Write the full table there."
)
def identity(files: tuple[Path, ...], assembly: str, output: Path | None) -> None:
    """Tell for every pair of samples whether they are of one donor.

    Takes SNP arrays and VCFs with allele depths, one sample each, in any mixture whose SNPs have positions in common.
    """
    from genostab.run.identity import identity_cohort

    pairs, table = identity_cohort(files, assembly, output)
    if output is None:
        sys.stdout.write(table.decode())
        return
    rows = [("first", "second", "SNPs", "concordance", "IBS0", "kinship", "reading")]
    rows += [
        (
            pair.first,
            pair.second,
            str(pair.n_snps),
            "" if pair.concordance.estimate is None else f"{pair.concordance.estimate:.4f}",
            "" if pair.ibs0 is None else str(pair.ibs0),
            "" if pair.kinship.estimate is None else f"{pair.kinship.estimate:.3f}",
            f"{pair.reading} ({pair.relation})" if pair.relation else pair.reading,
        )
        for pair in pairs
    ]
    say(text_table(rows))
    say(f"table: {output}", err=True)
