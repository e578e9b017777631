"""`genostab demo`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from genostab.cli._options import (
    actor,
    outcome_text,
    output_option,
    progress,
    threads_option,
    verbosity_options,
)
from genostab.cli._text import say

DEMO_SEED = 2021


@click.command()
@output_option
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=DEMO_SEED, show_default=True, help="Seed.")
@threads_option
@verbosity_options
def demo(output: Path, seed: int, threads: int, quiet: bool, verbose: bool) -> None:
    """Write a simulated lot with a known truth to OUT/lot, and analyse it into OUT/results.

    The lot has trisomy 12 in 20 % of its cells, a 20q11.21 gain in 60 %, and a deletion inherited from its parent line;
    OUT/lot/truth.yaml holds the whole truth.
    """
    from genostab.run.demo import run_demo

    with progress(quiet=quiet, verbose=verbose) as tell:
        outcome, made_s, analysed_s = run_demo(
            output, seed=seed, threads=threads, actor=actor(), command=sys.argv, on_progress=tell
        )
    if not quiet:
        say(outcome_text(outcome))
        say(f"simulated in {made_s:.1f} s, analysed in {analysed_s:.1f} s")
