"""`genostab check`."""

from __future__ import annotations

from pathlib import Path

import click

from genostab.cli._text import say


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path), metavar="LOT.yaml")
def check(manifest: Path) -> None:
    """Find every error of a manifest and of the files that it names, before any work; all in one list."""
    from genostab.run.check import check_lot

    n_files = check_lot(manifest)
    say(f"{manifest}: no error; {n_files} files looked at")
