"""Allele depths of biallelic SNPs from a VCF or BCF; strict on every field that is read, blind to the others."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from genostab.arrays import AlleleDepths, Genome, Int64, Phase
from genostab.io.genome import assemblies_that_hold
from genostab.io.limits import load_limits
from genostab.io.refusals import Problem, refuse_lines
from genostab.io.vcf_header import (
    FieldError,
    SampleColumn,
    contig_index,
    count_alts,
    format_keys,
    genotype_alleles,
    phase_set,
    read_header,
    unusable,
    vcf_lines,
)

_POSITION_DIGITS = 10
_FILTER = re.compile(r"\.|(?!0(?:;|$))[^\s;.][^\s;]*(?:;(?!0(?:;|$))[^\s;.][^\s;]*)*")
_DEPTHS = re.compile(r"(?:\d{1,9}|\.)(?:,(?:\d{1,9}|\.))*")
_DEPTH_DIGITS = 9  # of the usual pair of depths; longer ones are looked at more closely
_SNP_BASES = frozenset("ACGTacgt")
# What a gVCF adds to ALT for all alleles that were not seen.
_UNSEEN_ALLELES = (",<NON_REF>", ",<*>")
_KEYS = ("GT", "AD", "PS")


class _Sites:
    """Biallelic SNPs as they are read, what they are checked against, and fields that were checked before."""

    def __init__(self, genome: Genome) -> None:
        self.lengths: list[int] = genome.length_bp.tolist()
        self.chrom: list[int] = []
        self.position: list[int] = []
        self.ref: list[int] = []
        self.alt: list[int] = []
        self.genotype: list[int] = []
        self.haplotype: list[int] = []
        self.block: list[int] = []
        self.saw_depths = False
        self.contig, self.last = "", -1
        self.closed: set[str] = set()
        self.alleles: set[tuple[str, str]] = set()
        self.shared: set[tuple[int, int]] = set()
        self.contigs: dict[str, int] = {}
        self.filters: dict[str, bool] = {}
        self.formats: dict[str, tuple[int, ...]] = {}
        self.genotypes: dict[tuple[str, int], tuple[int, int]] = {}


def read_allele_depths(path: str | Path, genome: Genome, sample: str | None = None) -> AlleleDepths:
    """Reads of both alleles at the biallelic SNPs of one sample, in genome order.

    Parameters
    ----------
    path : str or Path; VCF 4.x, plain, gzip or BGZF, or BCF
    genome : Genome
    sample : str or None, needed where the file holds several samples

    Returns
    -------
    AlleleDepths
        Sites on chromosomes 1 to 22, X and Y whose FILTER is PASS or missing and whose AD is there. Sites that
        another record splits (same position, other ALT) are left out, as are indels, multi-allelic records and the
        reference blocks of a gVCF; its allele <NON_REF> or <*> makes no SNP multi-allelic.
        genotype is -1 for haploid calls and where an allele is missing. `phase` is that of genotypes written with |,
        in blocks of PS; without PS a chromosome is one block. Haplotype 1 is the left allele's.

    Raises
    ------
    InputError
        GS-2001 to GS-2005 and GS-2102 for the file itself, GS-2101 where contigs or positions are not those of the
        assembly, GS-2301 where header, samples or AD do not serve.
    GenostabErrors
        GS-2301 for each line with a wrong field among CHROM, POS, REF, ALT, FILTER, FORMAT and the sample's GT,
        AD and PS; reading ends when the cap of listed lines is reached.

    Notes
    -----
    VCF 4.4 specification, sections 1.2 to 1.6. ID, QUAL, INFO, other FORMAT keys, other samples and the header lines
    of fields that are not used here are not read, so faults in them are not reported.
    """
    where = str(path)
    lines = vcf_lines(path)
    column = read_header(lines, where, genome, sample)
    sites, problems = _Sites(genome), []
    cap = load_limits().listed_problems
    for number, line in lines:
        if line == "\n":
            continue
        try:
            _read_record(line[:-1].split("\t"), column, sites, genome)
        except FieldError as wrong:
            problems.append(Problem(line=number, what=wrong.what, found=wrong.found, expected=wrong.expected))
            if len(problems) > cap:
                break
    refuse_lines(where, problems, code="GS-2301", action="write the VCF again with a current variant caller")
    return _finish(sites, column.name, where, genome)


def _read_record(fields: list[str], column: SampleColumn, sites: _Sites, genome: Genome) -> None:
    """Check one record and keep it where it is a biallelic SNP that passed its filters."""
    if len(fields) != column.n_fields:
        raise FieldError("wrong number of fields", f"{len(fields)}", f"{column.n_fields}")
    contig, position, _, ref, alt, _, filters, _, keys = fields[:9]
    if contig not in sites.contigs:
        sites.contigs[contig] = contig_index(contig, genome)
    if not (position.isascii() and position.isdecimal() and len(position) <= _POSITION_DIGITS):
        raise FieldError("POS is no position", position, "a whole number")
    here = int(position)
    seen = _seen_alleles(alt) if alt[-1:] == ">" else alt
    is_snp = ref in _SNP_BASES and seen in _SNP_BASES
    n_alt = 1 if is_snp and seen is alt else count_alts(ref, alt)
    if filters not in sites.filters:
        sites.filters[filters] = _passed(filters)
    if keys not in sites.formats:
        names = format_keys(keys)
        sites.formats[keys] = len(names), *(names.index(key) if key in names else -1 for key in _KEYS)
    n_keys, at_genotype, at_depths, at_set = sites.formats[keys]
    values = fields[column.index].split(":")
    if len(values) > n_keys:
        raise FieldError("more values than FORMAT keys", fields[column.index], keys)
    chrom = sites.contigs[contig]
    if chrom < 0:
        return
    _check_order(contig, here, sites)
    copies, haplotype = (
        _genotype(values[at_genotype], n_alt, sites) if 0 <= at_genotype < len(values) else (-1, 0)
    )
    depths = _depths(values[at_depths], n_alt) if 0 <= at_depths < len(values) else None
    sites.saw_depths |= depths is not None
    if seen != "." and "<" not in seen:
        _check_doubled(ref.upper(), seen.upper(), chrom, sites)
    if not is_snp or depths is None or not sites.filters[filters]:
        return
    if not 0 < here <= sites.lengths[chrom] and not _on_chromosome(chrom, here, genome):
        return
    in_set = haplotype > 0 and 0 <= at_set < len(values)
    sites.chrom.append(chrom)
    sites.position.append(here)
    sites.ref.append(depths[0])
    sites.alt.append(depths[1])
    sites.genotype.append(copies)
    sites.haplotype.append(haplotype)
    sites.block.append(phase_set(values[at_set]) if in_set else 0 if haplotype else -1)


def _seen_alleles(alt: str) -> str:
    """ALT without a gVCF's allele for all that was not seen."""
    for unseen in _UNSEEN_ALLELES:
        if alt.endswith(unseen):
            return alt[: -len(unseen)]
    return alt


def _passed(filters: str) -> bool:
    if not _FILTER.fullmatch(filters):
        raise FieldError("FILTER is wrong", filters, "PASS, ., or names joined by ;")
    return filters in {"PASS", "."}


def _check_order(contig: str, position: int, sites: _Sites) -> None:
    if contig != sites.contig:
        if contig in sites.closed:
            raise FieldError("CHROM comes back", contig, "each contig in one block")
        sites.closed.add(sites.contig)
        sites.contig, sites.last = contig, -1
    if position < sites.last:
        raise FieldError("POS goes back", f"{position} after {sites.last}", "sorted positions")
    if position > sites.last:
        sites.alleles.clear()
    sites.last = position


def _check_doubled(ref: str, alt: str, chrom: int, sites: _Sites) -> None:
    if (ref, alt) in sites.alleles:
        raise FieldError("the variant is there twice", f"{ref}>{alt}", "one record per variant")
    sites.alleles.add((ref, alt))
    if len(sites.alleles) > 1:
        sites.shared.add((chrom, sites.last))


def _on_chromosome(chrom: int, position: int, genome: Genome) -> bool:
    """Whether a base of the chromosome is meant; 0 and length + 1 are its telomeres."""
    length = int(genome.length_bp[chrom])
    if position in {0, length + 1}:
        return False
    if position <= length:
        return True
    fitting = ", ".join(assemblies_that_hold({chrom: position}))
    expected = f"1 to {length} ({genome.assembly})" + (f"; it fits {fitting}" if fitting else "")
    raise FieldError("POS is not on its chromosome", f"{position}", expected)


def _genotype(text: str, n_alt: int, sites: _Sites) -> tuple[int, int]:
    """Copies of ALT of a diploid call, -1 where there is none, and the haplotype that carries it, 0 where unphased."""
    known = sites.genotypes.get((text, n_alt))
    if known is None:
        alleles, is_phased = genotype_alleles(text, n_alt)
        is_diploid = len(alleles) == 2 and set(alleles) <= {0, 1}
        copies = sum(alleles) if is_diploid else -1
        known = copies, alleles.index(1) + 1 if copies == 1 and is_phased else 0
        sites.genotypes[text, n_alt] = known
    return known


def _depths(text: str, n_alt: int) -> tuple[int, int] | None:
    """Reads of REF and the first ALT; None where missing or where there is no ALT."""
    ref, _, alt = text.partition(",")
    if n_alt == 1 and text.isascii() and ref.isdecimal() and alt.isdecimal() and len(text) <= _DEPTH_DIGITS:
        return int(ref), int(alt)
    if text == ".":
        return None
    if not _DEPTHS.fullmatch(text):
        raise FieldError("AD is no list of depths", text, "whole numbers joined by commas")
    values = text.split(",")
    if len(values) != n_alt + 1:
        raise FieldError("AD has another number of alleles", text, f"{n_alt + 1} values")
    if n_alt == 0 or "." in values[:2]:
        return None
    return int(values[0]), int(values[1])


def _finish(sites: _Sites, name: str, where: str, genome: Genome) -> AlleleDepths:
    if not sites.saw_depths:
        action = "call again with allele depths (bcftools mpileup -a AD, or GATK's AD)"
        raise unusable(where, "no record holds allele depths", "no AD value", "FORMAT/AD at SNPs", action)
    keep = [
        row
        for row, site in enumerate(zip(sites.chrom, sites.position, strict=True))
        if site not in sites.shared
    ]
    if not keep:
        action = "check the FILTER column, the contig names and that SNPs were called"
        raise unusable(where, "no usable SNP", "0 biallelic SNPs with AD", "at least one that passed", action)
    chrom = np.array(sites.chrom, dtype=np.int16)[keep]
    position = np.array(sites.position, dtype=np.int64)[keep] - 1
    order = np.lexsort((position, chrom))

    def picked(values: list[int]) -> Int64:
        return np.array(values, dtype=np.int64)[keep][order]

    haplotype, block = picked(sites.haplotype), picked(sites.block)
    is_phased = bool((haplotype > 0).any())
    return AlleleDepths(
        sample=name,
        chrom=chrom[order],
        position=position[order],
        ref_depth=picked(sites.ref),
        alt_depth=picked(sites.alt),
        genotype=picked(sites.genotype).astype(np.int8),
        phase=Phase(haplotype=haplotype.astype(np.int8), block=block) if is_phased else None,
    )
