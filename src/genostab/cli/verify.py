"""`genostab verify`."""

from __future__ import annotations

from pathlib import Path

import click

from genostab.cli._text import say


@click.command()
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT")
def verify(out: Path) -> None:
    """Check that the results under OUT are as they were written; print the last hash, to be kept elsewhere."""
    from genostab.run.verify import verify_results

    n_files, last = verify_results(out)
    say(f"{n_files} files as recorded; last hash {last}")
