"""Recurrent hPSC abnormalities of an assembly: the shipped GRCh38 list, carried over by cytoband."""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np

from genostab.arrays import Genome
from genostab.io.genome import load_genome
from genostab.karyotype.annotate import Hotspot

_LISTED_ASSEMBLY = "GRCh38"


def load_hotspots(genome: Genome) -> tuple[Hotspot, ...]:
    """Hotspots in the coordinates of a genome.

    Parameters
    ----------
    genome : Genome

    Returns
    -------
    tuple of Hotspot; in another assembly than GRCh38 each spans the same cytobands and names no gene positions;
    whole chromosomes only where the assembly has no bands
    """
    text = files("genostab.karyotype").joinpath("hotspots_GRCh38.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    listed = tuple(_hotspot(row) for row in csv.DictReader(lines, delimiter="\t"))
    if genome.assembly == _LISTED_ASSEMBLY:
        return listed
    source = load_genome(_LISTED_ASSEMBLY)
    carried = (_carried(spot, source, genome) for spot in listed)
    return tuple(spot for spot in carried if spot is not None)


def _hotspot(row: dict[str, str]) -> Hotspot:
    genes = []
    for gene in filter(None, row["genes"].split("; ")):
        name, _, place = gene.partition(" ")
        start, end = place.split(":")[1].split("-")
        genes.append((name, int(start), int(end)))
    return Hotspot(
        name=row["name"],
        chrom=row["chrom"],
        start=int(row["start"]),
        end=int(row["end"]),
        kind=row["kind"],
        genes=tuple(genes),
    )


def _carried(spot: Hotspot, source: Genome, target: Genome) -> Hotspot | None:
    old, new = source.names.index(spot.chrom), target.names.index(spot.chrom)
    if spot.start == 0 and spot.end >= source.length_bp[old]:
        return Hotspot(
            name=spot.name,
            chrom=spot.chrom,
            start=0,
            end=int(target.length_bp[new]),
            kind=spot.kind,
            genes=(),
        )
    middle = (source.band_start + source.band_end) / 2
    inside = np.flatnonzero((source.band_chrom == old) & (middle >= spot.start) & (middle < spot.end))
    names = {source.band_name[i] for i in inside}
    bands = [
        i
        for i in range(len(target.band_name))
        if target.band_chrom[i] == new and target.band_name[i] in names
    ]
    if not bands:
        return None
    return Hotspot(
        name=spot.name,
        chrom=spot.chrom,
        start=int(target.band_start[bands[0]]),
        end=int(target.band_end[bands[-1]]),
        kind=spot.kind,
        genes=(),
    )
