"""Tables of bins of a lot and its parents."""

from __future__ import annotations

from pathlib import Path

from genostab.arrays import Genome
from genostab.io.bins import BinsFile, read_bins
from genostab.lot.manifest import Sequencing
from genostab.run.file_kind import names_must_serve


def read_all_bins(block: Sequencing, path: Path, genome: Genome) -> list[BinsFile]:
    """Bins of the lot in `path` and of its parents.

    Names of samples may be meant for the VCF beside them, but not where they alone tell the lot from its parent.

    Raises
    ------
    InputError, GenostabErrors
        As `read_bins`.
    """
    named = ((path, block.sample_name), *((parent, block.parent_name) for parent in block.parent))
    needs_name = names_must_serve(block, path)
    return [read_bins(each, genome, name, needs_name=needs_name) for each, name in named]
