"""The panel VCF of the demonstration lot: allele depths that follow the truth's copies of each haplotype."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from genostab.arrays import Genome
from genostab.run.demo_reads import Tiles
from genostab.run.demo_truth import Truth, haplotype_copies, normals, uniforms

_TRANSITIONS = ("A\tG", "G\tA", "C\tT", "T\tC")


@dataclass(frozen=True, kw_only=True)
class PanelSites:
    """Sites with what was counted; sorted by chromosome, then position.

    chrom : int64, index into Genome.names; position : int64, 0-based bp
    copies_alt : float64, mean copies of ALT per cell; copies_total : float64, mean copies per cell
    ref_depth, alt_depth : int64, reads; all shape (n_sites,)
    """

    chrom: NDArray[np.int64]
    position: NDArray[np.int64]
    copies_alt: NDArray[np.float64]
    copies_total: NDArray[np.float64]
    ref_depth: NDArray[np.int64]
    alt_depth: NDArray[np.int64]


def _places(truth: Truth, tiles: Tiles, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Chromosome and position of distinct sites, uniform over the tiles with unique reads."""
    usable = np.flatnonzero(tiles.readable & ~tiles.repeat)
    n = int(truth.snps["n_sites"])
    tile_bp = int(truth.landscape["tile_bp"])
    slots = np.unique((uniforms(seed, "snp place", n) * usable.shape[0] * tile_bp).astype(np.int64))
    tile = usable[slots // tile_bp]
    return tiles.chrom[tile], tiles.start[tile] + slots % tile_bp


def panel_sites(truth: Truth, genome: Genome, tiles: Tiles, library: str, seed: int) -> PanelSites:
    """Sites of the panel with the reads of each allele in one library.

    Parameters
    ----------
    truth : Truth
    genome : Genome
    tiles : Tiles, from `build_tiles` with the same seed
    library : str, name of the library whose events count
    seed : int, 0..2**64-1

    Returns
    -------
    PanelSites

    Notes
    -----
    Each haplotype carries ALT by the germline genotype; which one does at a heterozygous site is drawn per
    site, as in unphased data, while an event changes one haplotype over its whole length. Depth is log-normal
    times copies / 2; ALT reads are Binomial(depth, ALT copies / copies) with a read error.
    """
    snps = truth.snps
    chrom, position = _places(truth, tiles, seed)
    n = position.shape[0]
    copies = np.ones((2, n))
    for index, name in enumerate(genome.names):
        here = chrom == index
        copies[:, here] = haplotype_copies(truth.events, library, name, position[here])
    genotype = uniforms(seed, "snp genotype", n)
    is_het = genotype < snps["het_share"]
    is_hom_alt = ~is_het & (genotype < snps["het_share"] + snps["hom_alt_share"])
    alt_on_a = uniforms(seed, "snp phase", n) < 0.5
    carries = np.stack((is_hom_alt | (is_het & alt_on_a), is_hom_alt | (is_het & ~alt_on_a)))
    copies_alt, copies_total = (copies * carries).sum(axis=0), copies.sum(axis=0)
    spread = np.exp(snps["depth_log_sd"] * normals(seed, "snp depth", n))
    depth = np.maximum(np.rint(snps["depth_mean"] * spread * copies_total / 2.0), 1).astype(np.int64)
    alt_share = copies_alt / copies_total
    alt_share += snps["error_rate"] * (1.0 - 2.0 * alt_share)
    draws = uniforms(seed, "snp alleles", int(depth.sum())) < np.repeat(alt_share, depth)
    alt_depth = np.add.reduceat(draws.astype(np.int64), np.cumsum(depth) - depth)
    return PanelSites(
        chrom=chrom,
        position=position,
        copies_alt=copies_alt,
        copies_total=copies_total,
        ref_depth=depth - alt_depth,
        alt_depth=alt_depth,
    )


def vcf_text(truth: Truth, genome: Genome, sites: PanelSites, sample: str, seed: int) -> str:
    """VCF 4.2 text of one sample with GT, AD and DP; GT is called from the depths."""
    lines = ["##fileformat=VCFv4.2", "##source=genostab demonstration lot (simulated)"]
    lines.append('##FILTER=<ID=PASS,Description="All filters passed">')
    for name, length_bp in zip(genome.names, genome.length_bp, strict=True):
        lines.append(f"##contig=<ID={name},length={length_bp},assembly={genome.assembly}>")
    lines.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
    lines.append('##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads of each allele">')
    lines.append('##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Reads">')
    lines.append(f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample}")
    depth = sites.ref_depth + sites.alt_depth
    alt_fraction = sites.alt_depth / depth
    margin = truth.snps["hom_call_alt_fraction"]
    called = np.where(alt_fraction < margin, 0, np.where(alt_fraction > 1.0 - margin, 2, 1))
    alleles = (uniforms(seed, "snp alphabet", depth.shape[0]) * len(_TRANSITIONS)).astype(np.int64)
    genotypes = ("0/0", "0/1", "1/1")
    columns = (sites.chrom, sites.position, alleles, called, sites.ref_depth, sites.alt_depth, depth)
    for chrom, position, allele, gt, ref, alt, dp in zip(*(c.tolist() for c in columns), strict=True):
        head = f"{genome.names[chrom]}\t{position + 1}\t.\t{_TRANSITIONS[allele]}\t.\tPASS\t.\tGT:AD:DP"
        lines.append(f"{head}\t{genotypes[gt]}:{ref},{alt}:{dp}")
    return "\n".join(lines) + "\n"


def write_vcf(path: Path, text: str) -> None:
    """Leave a bgzipped VCF and its tabix index at `path`, through temporary files.

    Parameters
    ----------
    path : Path, ending in ``.vcf.gz``
    text : str, VCF text, sorted
    """
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    index = temporary.with_name(f"{temporary.name}.tbi")
    try:
        with pysam.BGZFile(str(temporary), "wb") as file:
            file.write(text.encode())
        pysam.tabix_index(str(temporary), preset="vcf", force=True)
        temporary.replace(path)
        index.replace(path.with_name(f"{path.name}.tbi"))
    finally:
        temporary.unlink(missing_ok=True)
        index.unlink(missing_ok=True)
