"""`genostab warmup`."""

from __future__ import annotations

import click

from genostab.cli._text import say


@click.command()
def warmup() -> None:
    """Compile all kernels into the cache, so that the first analysis does not wait for it."""
    from genostab.run.warmup import compile_kernels

    compile_kernels()
    say("all kernels are compiled")
