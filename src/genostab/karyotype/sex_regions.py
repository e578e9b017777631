"""Where the probes of X and Y stand: pseudo-autosomal, X-transposed, male-specific."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from genostab.arrays import Bool, Genome, SnpTable


@dataclass(frozen=True, kw_only=True)
class SexProbes:
    """Probes by place, bool, shape (n_snps,) each.

    pseudo_autosomal : on X and Y alike; x : X without them and without its X-transposed stretch;
    y : the male-specific part of Y; autosome : all autosomes
    """

    pseudo_autosomal: Bool
    x: Bool
    y: Bool
    autosome: Bool


def sex_probes(snps: SnpTable, genome: Genome) -> SexProbes:
    """Probes of the sex chromosomes by what they see.

    Parameters
    ----------
    snps : SnpTable
    genome : Genome

    Notes
    -----
    Probes that Illumina names XY are read as X; their position tells the pseudo-autosomal from the X-transposed.
    """
    male_specific, x_transposed = _regions().get(genome.assembly, ((0, 0), (0, 0)))
    on_x, on_y = (np.array([name == sex for name in genome.names])[snps.chrom] for sex in ("chrX", "chrY"))
    shared = np.zeros(snps.chrom.size, dtype=bool)
    for name, start, end in genome.par:
        own = np.flatnonzero(snps.chrom == genome.names.index(name))
        shared[own] |= (snps.position[own] >= start) & (snps.position[own] < end)
    return SexProbes(
        pseudo_autosomal=shared,
        x=on_x & ~shared & ~_between(snps, x_transposed),
        y=on_y & ~shared & _between(snps, male_specific),
        autosome=~on_x & ~on_y,
    )


def _between(snps: SnpTable, ends: tuple[int, int]) -> Bool:
    inside: Bool = (snps.position >= ends[0] - 1) & (snps.position < ends[1])
    return inside


@functools.cache
def _regions() -> dict[str, tuple[tuple[int, int], tuple[int, int]]]:
    text = files("genostab.karyotype").joinpath("sex_regions.toml").read_text(encoding="utf-8")
    return {
        assembly: (_ends(table["male_specific"]), _ends(table["x_transposed"]))
        for assembly, table in tomllib.loads(text).items()
    }


def _ends(pair: list[int]) -> tuple[int, int]:
    return pair[0], pair[1]
