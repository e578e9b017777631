"""Triage of an alignment from its index and header alone: sex and gross aneuploidy. Never a verdict."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genostab.errors import InputError
from genostab.io.alignment_index import WINDOW_BP, ContigIndex, find_index, read_index, refuse_other_index
from genostab.io.atomic import write_atomic
from genostab.io.bam import read_alignment_header
from genostab.io.genome import check_contigs, chromosome_index, load_genome
from genostab.io.tsv import table_bytes


@dataclass(frozen=True, kw_only=True)
class ChromosomeScan:
    """One chromosome: copies as the index suggests them, blocks behind that, and whether they call for a look."""

    name: str
    copies: float
    n_blocks: int
    n_mapped: int
    is_suspect: bool


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A triage: sex ("female", "male" or "unknown"), every chromosome, and its windows."""

    sex: str
    chromosomes: tuple[ChromosomeScan, ...]
    windows: tuple[ScanWindows, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class ScanWindows:
    """The 16-kb windows of one chromosome: compressed bytes, float64, shape (n_windows,), and bytes of two copies."""

    name: str
    length_bp: int
    window_bytes: NDArray[np.float64]
    bytes_of_two: float


def scan_alignment(path: Path, assembly: str) -> Scan:
    """Copies of each chromosome by the compressed bytes that its index allots to it.

    Parameters
    ----------
    path : Path, BAM or CRAM with its index beside it
    assembly : str

    Raises
    ------
    InputError
        GS-2001 without index, GS-2003 and GS-2004 for one that cannot be read, GS-2101 for another assembly or the
        index of another file, GS-2104 where it shows no reads.

    Notes
    -----
    The median over blocks of bytes per base, over that of all autosomal blocks, times two. Bytes follow reads only
    roughly (base qualities, GC), so that less than the stated deviation says nothing.
    """
    genome = load_genome(assembly)
    rules = _rules()
    header = read_alignment_header(path)
    check_contigs(header.contigs, genome, str(path))
    contigs = read_index(find_index(path), list(header.contigs.values()))
    known = [chromosome_index(name, genome) >= 0 for name in header.contigs]
    refuse_other_index(path, [contig for contig, is_known in zip(contigs, known, strict=True) if is_known])
    blocks: dict[int, tuple[NDArray[np.float64], int]] = {}
    for name, contig in zip(header.contigs, contigs, strict=True):
        chrom = chromosome_index(name, genome)
        if chrom >= 0:
            blocks[chrom] = (_blocks(contig, int(rules["block_windows"])), contig.n_mapped)
    autosomal = [b for chrom, (b, _) in blocks.items() if genome.names[chrom] not in ("chrX", "chrY")]
    everything = np.concatenate(autosomal) if autosomal else np.empty(0)
    level = float(np.median(everything[everything > 0])) if (everything > 0).any() else 0.0
    if level <= 0:
        raise InputError(
            "GS-2104",
            what="the index shows no reads on autosomes",
            where=str(path),
            found=f"{len(contigs)} contigs without compressed bytes",
            expected="an aligned whole genome",
            action="check the file with samtools idxstats",
        )
    copies = {chrom: 2.0 * _typical(own, level, rules) / level for chrom, (own, _) in blocks.items()}
    by_name = {genome.names[chrom]: value for chrom, value in copies.items()}
    sex = _sex(by_name.get("chrX"), by_name.get("chrY"), rules)
    return Scan(
        sex=sex,
        chromosomes=tuple(
            ChromosomeScan(
                name=genome.names[chrom],
                copies=copies[chrom],
                n_blocks=own.size,
                n_mapped=n_mapped,
                is_suspect=abs(copies[chrom] - _expected(genome.names[chrom], sex))
                >= rules["suspect_copies"],
            )
            for chrom, (own, n_mapped) in sorted(blocks.items())
        ),
        windows=tuple(
            ScanWindows(
                name=genome.names[chrom],
                length_bp=int(genome.length_bp[chrom]),
                window_bytes=contigs[position].window_bytes,
                bytes_of_two=level * WINDOW_BP,
            )
            for chrom, position in sorted(
                (chromosome_index(name, genome), i) for i, name in enumerate(header.contigs)
            )
            if chrom >= 0
        ),
    )


def write_profile(scan: Scan, out: Path) -> None:
    """The windows of a triage as a table: chrom, start, end, compressed bytes, copies as they suggest them.

    Parameters
    ----------
    scan : Scan
    out : Path, TSV; positions are 0-based half-open
    """
    rows = (
        (
            each.name,
            at * WINDOW_BP,
            min((at + 1) * WINDOW_BP, each.length_bp),
            round(n_bytes),
            round(copies, 3),
        )
        for each in scan.windows
        for at, (n_bytes, copies) in enumerate(
            zip(
                each.window_bytes.tolist(),
                (2.0 * each.window_bytes / each.bytes_of_two).tolist(),
                strict=True,
            )
        )
        if at * WINDOW_BP < each.length_bp
    )
    columns = ("chrom", "start", "end", "compressed_bytes", "copies")
    write_atomic(out, table_bytes(columns, rows, ("triage from the index, never a verdict",)))


def _rules() -> dict[str, float]:
    text = files("genostab.run").joinpath("scan.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _blocks(contig: ContigIndex, block_windows: int) -> NDArray[np.float64]:
    """Bytes per base of whole blocks of windows."""
    n = contig.window_bytes.size // block_windows
    whole = contig.window_bytes[: n * block_windows].reshape(n, block_windows)
    per_base: NDArray[np.float64] = whole.sum(axis=1) / (block_windows * WINDOW_BP)
    return per_base


def _typical(own: NDArray[np.float64], level: float, rules: dict[str, float]) -> float:
    """Median of the blocks that are no assembly gap; of all blocks where most are empty (Y of a female)."""
    present = own[own > rules["gap_share"] * level]
    if present.size > own.size / 2:
        return float(np.median(present))
    return float(np.median(own)) if own.size else 0.0


def _sex(x: float | None, y: float | None, rules: dict[str, float]) -> str:
    if x is None:
        return "unknown"
    if x >= rules["female_x_copies"] and (y is None or y <= rules["female_y_copies"]):
        return "female"
    if x <= rules["male_x_copies"] and (y is None or y >= rules["male_y_copies"]):
        return "male"
    return "unknown"


def _expected(name: str, sex: str) -> float:
    if name == "chrX":
        return 1.0 if sex == "male" else 2.0
    if name == "chrY":
        return 1.0 if sex == "male" else 0.0
    return 2.0
