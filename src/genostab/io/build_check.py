"""Which assembly positions of probes belong to: none can stand in a centromere of its own."""

from __future__ import annotations

import functools
import itertools
import math
from importlib import resources

import numpy as np
from ruamel.yaml import YAML

from genostab.arrays import Genome, Int16, Int64
from genostab.errors import InputError
from genostab.io.genome import known_assemblies, load_genome

# Assemblies with N in their centromeres; T2T-CHM13 is known by its acen bands alone.
_WITH_GAPS = ("hg18", "GRCh37")
_BY_BANDS = "T2T-CHM13"


@functools.cache
def array_defaults() -> dict[str, float]:
    """Values of ``arrays.yaml`` by name."""
    text = resources.files("genostab.io").joinpath("data/arrays.yaml").read_text(encoding="utf-8")
    return {name: float(entry["value"]) for name, entry in YAML(typ="safe").load(text).items()}


@functools.cache
def _centromeres(assembly: str) -> tuple[Int64, Int64]:
    """Start and end of the centromere of each chromosome, -1 where none is known."""
    genome = load_genome(assembly)
    if assembly == _BY_BANDS:
        return genome.centromere_start, genome.centromere_end
    start, end = (np.full(len(genome.names), -1, dtype=np.int64) for _ in range(2))
    text = resources.files("genostab.io").joinpath("data/centromeres.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        name, _, rest = line.partition("\t")
        if name == assembly:
            chrom, first, last = rest.split("\t")
            index = genome.names.index(chrom)
            start[index], end[index] = int(first), int(last)
    return start, end


def probes_in_centromeres(chrom: Int16, position: Int64, assembly: str) -> int:
    """Number of probes that stand inside the centromeres of an assembly.

    Parameters
    ----------
    chrom : int16, shape (n_snps,), index into Genome.names; position : int64, shape (n_snps,), 0-based bp; sorted
    assembly : str

    Examples
    --------
    >>> probes_in_centromeres(np.zeros(2, np.int16), np.array([1000, 123_000_000]), "GRCh37")
    1
    """
    start, end = _centromeres(assembly)
    edges = np.searchsorted(chrom, np.arange(start.size + 1, dtype=chrom.dtype)).tolist()
    own = [position[a:b] for a, b in itertools.pairwise(edges)]
    ends = zip(own, np.stack((start, end), axis=1), strict=True)
    return sum(int(np.diff(np.searchsorted(each, extent))[0]) for each, extent in ends)


def refuse_other_build(path: str, chrom: Int16, position: Int64, genome: Genome) -> None:
    """Refuse probes that stand where the stated assembly has no place for them.

    Parameters
    ----------
    path : str, for the message
    chrom : int16, shape (n_snps,); position : int64, shape (n_snps,), 0-based bp; sorted
    genome : Genome, of the stated assembly

    Raises
    ------
    InputError
        GS-2101 with the numbers for each assembly.

    Notes
    -----
    k of n probes stand in centromeres. An assembly does not fit where a Poisson variable of mean n s, with s the
    allowed share, reaches k with a probability below `build_alpha`, or where positions lie past its ends. Refused
    where the stated assembly does not fit and another does. Positions that fit none (made up, or of a build that is
    not known) and arrays of few chromosomes or probes pass: they carry no such evidence.
    """
    n = int(chrom.size)
    if not _is_too_many(probes_in_centromeres(chrom, position, genome.assembly), n, genome.assembly):
        return
    seen = {assembly: probes_in_centromeres(chrom, position, assembly) for assembly in known_assemblies()}
    fitting = [
        assembly
        for assembly, k in seen.items()
        if not _is_too_many(k, n, assembly) and _holds(chrom, position, assembly)
    ]
    if not fitting:
        return
    others = ", ".join(f"{k} of {assembly}" for assembly, k in seen.items() if assembly != genome.assembly)
    raise InputError(
        "GS-2101",
        what=f"the positions are not those of {genome.assembly}",
        where=path,
        found=f"{seen[genome.assembly]} of {n} probes stand inside centromeres of {genome.assembly}, {others}",
        expected=f"about none inside centromeres of {genome.assembly}, where no probe can be placed",
        action=f"all positions fit {' and '.join(fitting)}: state that assembly, or export with its own manifest",
    )


def _holds(chrom: Int16, position: Int64, assembly: str) -> bool:
    return bool((position < load_genome(assembly).length_bp[chrom]).all())


def _is_too_many(k: int, n: int, assembly: str) -> bool:
    """Whether k or more of n probes are too rare in the right assembly to be chance."""
    defaults = array_defaults()
    mean = n * defaults["probes_in_gap" if assembly in _WITH_GAPS else "probes_in_satellite"]
    if k <= mean:
        return False
    term = math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1))
    chance, i = 0.0, k
    while term > 1e-17 * chance:  # they fall at least as fast as mean / k
        chance, i = chance + term, i + 1
        term *= mean / i
    return chance < defaults["build_alpha"]
