"""Counts of an alignment to a counts file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from genostab.io.atomic import write_atomic
from genostab.io.bam import count_alignment
from genostab.io.counts_file import CountsFile, counts_bytes
from genostab.io.genome import load_genome
from genostab.karyotype.settings import load_settings
from genostab.run.provenance import sha256_of


def write_counts(
    path: Path,
    out: Path,
    *,
    assembly: str,
    reference: Path | None,
    threads: int,
    on_progress: Callable[[str], None],
) -> CountsFile:
    """The counts of a BAM or CRAM, written to `out`, which every later command takes in its place.

    Parameters
    ----------
    path : Path, BAM or CRAM
    out : Path, ending in .gz by custom
    assembly : str
    reference : Path or None, FASTA of a CRAM
    threads : int
    on_progress : called with a line before each step

    Raises
    ------
    InputError
        As `count_alignment`.
    """
    genome, settings = load_genome(assembly), load_settings()
    on_progress(f"reads of {path.name}")
    counts = count_alignment(
        path,
        genome,
        bin_bp=settings.base_bin_bp,
        min_mapq=settings.min_mapq,
        reference=reference,
        threads=threads,
    )
    on_progress("identity of the file")
    file = CountsFile(
        counts=counts,
        source=path.name,
        sha256=sha256_of(path),
        bin_bp=settings.base_bin_bp,
        min_mapq=settings.min_mapq,
    )
    write_atomic(out, counts_bytes(file, genome))
    return file
