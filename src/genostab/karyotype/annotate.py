"""Cytobands, recurrent hPSC regions and ISCN strings of an interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genostab.arrays import Genome
from genostab.karyotype.settings import Settings
from genostab.results import CallKind


@dataclass(frozen=True, kw_only=True)
class Hotspot:
    """A recurrent abnormality of pluripotent stem cells; `kind` gain, loss or any; genes as (name, start, end)."""

    name: str
    chrom: str
    start: int
    end: int
    kind: str
    genes: tuple[tuple[str, int, int], ...]


def bands_of(genome: Genome, chrom: int, start: int, end: int) -> str:
    """Cytobands of an interval in ISCN form (``20q11.21q11.22``), the bare chromosome for all of it, "" if unknown.

    Parameters
    ----------
    genome : Genome
    chrom : int, index
    start, end : int, 0-based half-open, bp
    """
    name: str = genome.names[chrom].removeprefix("chr")
    if start <= 0 and end >= genome.length_bp[chrom]:
        return name
    inside = np.flatnonzero(
        (genome.band_chrom == chrom) & (genome.band_start < end) & (genome.band_end > start)
    )
    if inside.size == 0:
        return ""
    first, last = genome.band_name[inside[0]], genome.band_name[inside[-1]]
    return f"{name}{first}" if first == last else f"{name}{first}{last}"


def iscn_of(
    *,
    genome: Genome,
    platform: str,
    chrom: int,
    start: int,
    end: int,
    copy_number: int,
    cell_fraction: float,
    zygosity: str = "",
) -> str:
    """ISCN string of one change by sequencing (``seq``) or array (``arr``), with the share of cells where mosaic.

    Parameters
    ----------
    genome : Genome
    platform : str, ``seq`` or ``arr``
    chrom : int, index
    start, end : int, 0-based half-open; written 1-based inclusive
    copy_number : int
    cell_fraction : float, 0..1; left out where it is all cells
    zygosity : str, ``hmz`` for copy-neutral loss of heterozygosity

    Notes
    -----
    ISCN 2020 chapters 14 and 16: ``seq[GRCh38] 20q11.21(30400001_33900000)x3[0.60]``; a whole chromosome is
    ``(12)x3``. Chapter numbers from memory [m].
    """
    name = genome.names[chrom].removeprefix("chr")
    bands = bands_of(genome, chrom, start, end)
    place = f"({name})" if bands == name else f"{bands or name}({start + 1}_{end})"
    share = "" if cell_fraction >= 0.995 else f"[{cell_fraction:.2f}]"
    return f"{platform}[{genome.assembly}] {place}x{copy_number}{' ' + zygosity if zygosity else ''}{share}"


def hotspots_hit(
    hotspots: Sequence[Hotspot], chrom: str, start: int, end: int, kind: CallKind, settings: Settings
) -> tuple[str, ...]:
    """Names of the recurrent abnormalities that a call has.

    Parameters
    ----------
    hotspots : sequence of Hotspot, of the call's assembly
    chrom : str
    start, end : int, 0-based half-open
    kind : gain, loss or cnloh
    settings : Settings, table [hotspots]

    Notes
    -----
    Of one kind (copy-neutral LOH counts as loss), and either covering at least `min_share` of the region, or touching
    one of its key genes, or touching a region no longer than `focal_bp`.
    """
    direction = "gain" if kind == "gain" else "loss"
    return tuple(
        spot.name
        for spot in hotspots
        if spot.chrom == chrom and spot.kind in ("any", direction) and _is_hit(spot, start, end, settings)
    )


def _is_hit(spot: Hotspot, start: int, end: int, settings: Settings) -> bool:
    overlap = min(end, spot.end) - max(start, spot.start)
    if overlap <= 0:
        return False
    if overlap >= settings.min_share * (spot.end - spot.start) or spot.end - spot.start <= settings.focal_bp:
        return True
    return any(gene_start < end and gene_end > start for _, gene_start, gene_end in spot.genes)
