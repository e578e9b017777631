"""Chromosomes and their arms, whole, as alleles are tested on them."""

from __future__ import annotations

from dataclasses import dataclass

from genostab.arrays import Genome


@dataclass(frozen=True, kw_only=True)
class AlleleRegion:
    """A region under test: its name (``12``, ``12p``) and extent."""

    chrom: int
    start: int
    end: int
    name: str


def allele_regions(genome: Genome, *, with_x: bool) -> tuple[AlleleRegion, ...]:
    """Autosomes, and X where there are two of it, then their arms where the centromere is known."""
    whole, arms = [], []
    for chrom, name in enumerate(genome.names):
        if name == "chrY" or (name == "chrX" and not with_x):
            continue
        label, length = name.removeprefix("chr"), int(genome.length_bp[chrom])
        whole.append(AlleleRegion(chrom=chrom, start=0, end=length, name=label))
        if genome.centromere_start[chrom] >= 0:
            before, after = int(genome.centromere_start[chrom]), int(genome.centromere_end[chrom])
            arms.append(AlleleRegion(chrom=chrom, start=0, end=before, name=label + "p"))
            arms.append(AlleleRegion(chrom=chrom, start=after, end=length, name=label + "q"))
    return tuple(whole + arms)
