"""The two low-pass BAM files of the demonstration lot, from its truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genostab.arrays import Genome
from genostab.io.bam_write import write_bam
from genostab.kernels.simulate_reads import encode_reads, place_reads
from genostab.run.demo_truth import Library, Truth, haplotype_copies, normals, stream_key, uniforms


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """Tiles of the whole genome, sorted; what both libraries share.

    chrom : int64, shape (n_tiles,), index into Genome.names; start : int64, shape (n_tiles,), 0-based bp
    gc_fraction : float64, shape (n_tiles,), 0..1
    readable : bool, shape (n_tiles,), whether reads fall here
    repeat : bool, shape (n_tiles,), whether many of them map nowhere uniquely
    """

    chrom: NDArray[np.int64]
    start: NDArray[np.int64]
    gc_fraction: NDArray[np.float64]
    readable: NDArray[np.bool_]
    repeat: NDArray[np.bool_]


def build_tiles(truth: Truth, genome: Genome, seed: int) -> Tiles:
    """GC, gaps and repeats of every tile of a genome.

    Parameters
    ----------
    truth : Truth
    genome : Genome
    seed : int, 0..2**64-1

    Returns
    -------
    Tiles; a shorter last tile of a chromosome is left out
    """
    parts = [_chromosome_tiles(truth, genome, seed, index) for index in range(len(genome.names))]
    chrom, start, gc_fraction, readable, repeat = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return Tiles(chrom=chrom, start=start, gc_fraction=gc_fraction, readable=readable, repeat=repeat)


def _chromosome_tiles(
    truth: Truth, genome: Genome, seed: int, index: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    land, name = truth.landscape, genome.names[index]
    tile_bp = int(land["tile_bp"])
    start = np.arange(genome.length_bp[index] // tile_bp, dtype=np.int64) * tile_bp
    end = start + tile_bp
    readable = np.ones(start.shape[0], dtype=np.bool_)
    readable[[0, -1]] = False
    if name in land["absent_chromosomes"]:
        readable[:] = False
    centromere = (int(genome.centromere_start[index]), int(genome.centromere_end[index]))
    gaps = [(first, last) for chrom, first, last in land["gaps"] if chrom == name]
    for first, last in [*gaps, centromere]:
        readable &= (end <= first) | (start >= last)
    flank = int(land["repeat_flank_bp"])
    block = start // int(land["block_bp"])
    repeat = uniforms(seed, f"repeats {name}", int(block[-1]) + 1)[block] < land["repeat_block_share"]
    repeat |= (end > centromere[0] - flank) & (start < centromere[1] + flank)
    chrom = np.full(start.shape[0], index, dtype=np.int64)
    return chrom, start, _gc_landscape(truth, seed, name, start), readable, repeat


def _gc_landscape(truth: Truth, seed: int, name: str, start: NDArray[np.int64]) -> NDArray[np.float64]:
    land = truth.landscape
    level = np.zeros(start.shape[0])
    for knot_bp, weight in zip(land["gc_knots_bp"], land["gc_knot_weights"], strict=True):
        at = start / knot_bp
        left = at.astype(np.int64)
        height = uniforms(seed, f"gc {knot_bp} {name}", int(left[-1]) + 2)
        share = 0.5 - 0.5 * np.cos(np.pi * (at - left))
        level += weight * (height[left] * (1.0 - share) + height[left + 1] * share)
    return np.asarray(land["gc_low"] + (land["gc_high"] - land["gc_low"]) * level ** land["gc_skew"])


def mean_reads(
    truth: Truth, genome: Genome, tiles: Tiles, library: Library, seed: int
) -> NDArray[np.float64]:
    """Expected distinct reads of every tile: size x gaps x copy number x GC x overdispersion x wave.

    Parameters
    ----------
    truth : Truth
    genome : Genome
    tiles : Tiles
    library : Library
    seed : int, 0..2**64-1

    Returns
    -------
    float64, shape (n_tiles,), expected count; their sum is `library.n_distinct`
    """
    land = truth.landscape
    offset = tiles.gc_fraction - truth.gc_centre
    log2_rate = library.gc_slope * offset + library.gc_curvature * offset**2
    copies = np.empty(tiles.start.shape[0])
    for index, name in enumerate(genome.names):
        here = tiles.chrom == index
        start = tiles.start[here]
        block = start // int(land["block_bp"])
        noise = normals(seed, f"overdispersion {library.name} {name}", int(block[-1]) + 1)[block]
        phase = uniforms(seed, f"wave {library.name} {name}", 1)[0]
        wave = np.sin(2.0 * np.pi * (start / land["wave_bp"] + phase))
        log2_rate[here] += library.overdispersion_log2 * noise + library.wave_log2 * wave
        copies[here] = haplotype_copies(truth.events, library.name, name, start).sum(axis=0)
    weight = np.where(tiles.readable, np.exp2(log2_rate) * copies, 0.0)
    return np.asarray(weight * (library.n_distinct / weight.sum()))


def sam_header(genome: Genome, library: Library, lot: str) -> str:
    """SAM header text of one library: coordinate-sorted, one read group."""
    lines = ["@HD\tVN:1.6\tSO:coordinate"]
    for name, length_bp in zip(genome.names, genome.length_bp, strict=True):
        lines.append(f"@SQ\tSN:{name}\tLN:{length_bp}\tAS:{genome.assembly}")
    lines.append(f"@RG\tID:{library.name}\tSM:{lot}-{library.name}\tLB:{library.name}\tPL:ILLUMINA")
    return "\n".join(lines) + "\n"


def _records(
    truth: Truth, genome: Genome, tiles: Tiles, library: Library, seed: int
) -> Iterator[NDArray[np.uint8]]:
    key = stream_key(seed, f"reads {library.name}")
    mean = mean_reads(truth, genome, tiles, library, seed)
    land = truth.landscape
    mapq0 = np.where(tiles.repeat, float(land["mapq0_share_repeat"]), float(land["mapq0_share_unique"]))
    tags = np.array(bytearray(b"RGZ" + library.name.encode() + b"\0"), dtype=np.uint8)
    serial = 0
    for index in range(len(genome.names)):
        first, last = np.searchsorted(tiles.chrom, (index, index + 1))
        position, tile, flag, mapq, sequence_key = place_reads(
            key,
            int(first),
            tiles.start[first:last],
            int(land["tile_bp"]),
            mean[first:last],
            mapq0[first:last],
            library.duplicate_share,
        )
        gc_fraction = tiles.gc_fraction[first:last][tile]
        yield encode_reads(
            index,
            serial,
            position,
            flag,
            mapq,
            sequence_key,
            gc_fraction,
            truth.read_bp,
            truth.base_quality,
            tags,
        )
        serial += position.shape[0]


def write_library(
    path: Path, truth: Truth, library: Library, *, genome: Genome, tiles: Tiles, seed: int
) -> None:
    """Leave one library's BAM and its index at `path`.

    Parameters
    ----------
    path : Path, the BAM to write
    truth : Truth
    library : Library
    genome : Genome
    tiles : Tiles, from `build_tiles` with the same seed
    seed : int, 0..2**64-1

    Raises
    ------
    ResourceError
        GS-5001 where the files cannot be written.
    """
    contigs = [(name, int(bp)) for name, bp in zip(genome.names, genome.length_bp, strict=True)]
    header = sam_header(genome, library, str(truth.lot["lot"]))
    write_bam(path, header, contigs, _records(truth, genome, tiles, library, seed))
