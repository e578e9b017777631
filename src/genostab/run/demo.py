"""The demonstration: a simulated lot, analysed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from genostab.io.genome import load_genome
from genostab.lot.load import load_manifest
from genostab.run.analyze import Outcome, analyse_lot
from genostab.run.demo_lot import write_demo_lot

_ASSEMBLY = "GRCh38"


def run_demo(
    out: Path,
    *,
    seed: int,
    threads: int,
    actor: str,
    command: Sequence[str],
    on_progress: Callable[[str], None],
) -> tuple[Outcome, float, float]:
    """Outcome of the demonstration lot, and the seconds that making and analysing it took.

    Parameters
    ----------
    out : Path; the lot goes to ``lot/`` below it, the results to ``results/``
    seed : int, of the simulation
    threads : int
    actor : str
    command : sequence of str
    on_progress : called with a line before each step
    """
    start = time.perf_counter()
    on_progress("simulating the lot")
    manifest_path = write_demo_lot(
        out / "lot", seed=seed, genome=load_genome(_ASSEMBLY), on_progress=on_progress
    )
    made = time.perf_counter()
    outcome = analyse_lot(
        load_manifest(manifest_path),
        out / "results",
        threads=threads,
        seed=seed,
        actor=actor,
        command=command,
        on_progress=on_progress,
    )
    return outcome, made - start, time.perf_counter() - made
