"""Allele depths of biallelic SNPs from a VCF or BCF; strict on every field that is read, blind to the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genostab.arrays import AlleleDepths, Genome, Int64
from genostab.errors import InputError
from genostab.io.genome import assemblies_that_hold, check_contigs, chromosome_index
from genostab.io.limits import load_limits, open_bytes, open_text
from genostab.io.refusals import Problem, refuse_lines

_FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
_VERSION = re.compile(r"##fileformat=VCFv4\.[0-9]+")
_META = re.compile(r"##[^=\s]+=.+")
_CONTIG_META = re.compile(r"##contig=<(?:.*,)?ID=([^,>]+)(?:,.*)?>")
_LENGTH = re.compile(r"[<,]length=(\d+)")
_AD_META = re.compile(r"##FORMAT=<ID=AD,Number=([^,]+),Type=([^,]+)")
# Colons stand in names of HLA contigs; <ID> names a contig of an assembly file.
_CONTIG = re.compile(r"[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*|<[^\s,<>]+>")
_POSITION_DIGITS = 10
_BASES = re.compile(r"[ACGTNacgtn]+")
_ALT = re.compile(
    r"[ACGTNacgtn]+|\*|\.|<[^\s,<>]+>|\.[ACGTNacgtn]+|[ACGTNacgtn]+\."
    r"|[ACGTNacgtn]+([\[\]])[^\s\[\]]+:\d+\1|([\[\]])[^\s\[\]]+:\d+\2[ACGTNacgtn]+"
)
_FILTER = re.compile(r"\.|(?!0(?:;|$))[^\s;.][^\s;]*(?:;(?!0(?:;|$))[^\s;.][^\s;]*)*")
_FORMAT_KEY = re.compile(r"[A-Za-z_][0-9A-Za-z_.]*")
_GENOTYPE = re.compile(r"(?:\.|\d+)(?:[/|](?:\.|\d+))*")
_DEPTHS = re.compile(r"(?:\d{1,9}|\.)(?:,(?:\d{1,9}|\.))*")
_SNP_BASES = frozenset("ACGTacgt")
_USUAL_GENOTYPES = {"0/0": 0, "0/1": 1, "1/0": 1, "1/1": 2, "0|0": 0, "0|1": 1, "1|0": 1, "1|1": 2}


class _FieldError(Exception):
    """One wrong field: what, found, expected."""

    def __init__(self, what: str, found: str, expected: str) -> None:
        super().__init__(what)
        self.what, self.found, self.expected = what, found[:80] or "nothing", expected


class _Sites:
    """Biallelic SNPs as they are read, what they are checked against, and fields that were checked before."""

    def __init__(self) -> None:
        self.chrom: list[int] = []
        self.position: list[int] = []
        self.ref: list[int] = []
        self.alt: list[int] = []
        self.genotype: list[int] = []
        self.saw_depths = False
        self.contig, self.last = "", -1
        self.closed: set[str] = set()
        self.alleles: set[tuple[str, str]] = set()
        self.shared: set[tuple[int, int]] = set()
        self.contigs: dict[str, int] = {}
        self.filters: dict[str, bool] = {}
        self.formats: dict[str, tuple[int, int, int]] = {}


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
        another record splits (same position, other ALT) are left out, as are indels and multi-allelic records.
        genotype is -1 for haploid calls and where an allele is missing.

    Raises
    ------
    InputError
        GS-2001 to GS-2005 and GS-2102 for the file itself, GS-2101 where contigs or positions are not those of the
        assembly, GS-2301 where header, samples or AD do not serve.
    GenostabErrors
        GS-2301 for each line with a wrong field among CHROM, POS, REF, ALT, FILTER, FORMAT and the sample's GT and
        AD; reading ends when the cap of listed lines is reached.

    Notes
    -----
    VCF 4.4 specification, sections 1.2 to 1.6. ID, QUAL, INFO, other FORMAT keys, other samples and the header lines
    of fields that are not used here are not read, so faults in them are not reported.
    """
    where = str(path)
    lines = enumerate(_bcf_lines(where) if _is_bcf(path) else open_text(path), start=1)
    column = _read_header(lines, where, genome, sample)
    sites, problems = _Sites(), []
    cap = load_limits().listed_problems
    for number, line in lines:
        if line == "\n":
            continue
        try:
            _read_record(line[:-1].split("\t"), column, sites, genome)
        except _FieldError as wrong:
            problems.append(Problem(line=number, what=wrong.what, found=wrong.found, expected=wrong.expected))
            if len(problems) > cap:
                break
    refuse_lines(where, problems, code="GS-2301", action="write the VCF again with a current variant caller")
    return _finish(sites, column.name, where, genome)


def _unusable(where: str, what: str, found: str, expected: str, action: str) -> InputError:
    return InputError(
        "GS-2301", what=what, where=where, found=found[:200] or "nothing", expected=expected, action=action
    )


def _is_bcf(path: str | Path) -> bool:
    with open_bytes(path) as reader:
        return reader.read(3) == b"BCF"


def _bcf_lines(where: str) -> Iterator[str]:
    """A BCF as the lines of its VCF."""
    import pysam

    before = pysam.set_verbosity(0)
    try:
        with pysam.VariantFile(where) as file:
            yield from str(file.header).splitlines(keepends=True)
            for record in file:
                yield str(record)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise InputError(
            "GS-2102",
            what="the BCF cannot be decoded",
            where=where,
            found=str(error),
            expected="an intact BCF 2",
            action="write it again, or convert it with bcftools view -Oz",
        ) from error
    finally:
        pysam.set_verbosity(before)


@dataclass(frozen=True, kw_only=True)
class _Column:
    """Where the sample stands: index into the fields of a record, and how many fields there are."""

    name: str
    index: int
    n_fields: int


def _read_header(lines: Iterator[tuple[int, str]], where: str, genome: Genome, sample: str | None) -> _Column:
    contigs: dict[str, int] = {}
    action = "write the VCF again with a current variant caller"
    number, line = next(lines, (1, ""))
    if not _VERSION.fullmatch(line.rstrip("\n")):
        raise _unusable(
            f"{where}:1", "no VCF", line.rstrip("\n"), "##fileformat=VCFv4.x on the first line", action
        )
    for number, text in lines:
        line = text.rstrip("\n")
        at = f"{where}:{number}"
        if line.startswith("#CHROM"):
            if contigs:
                check_contigs(contigs, genome, where)
            return _sample_column(line.split("\t"), at, sample)
        if not _META.fullmatch(line):
            raise _unusable(at, "no header line", line, "##key=value, or the #CHROM line", action)
        contig, length, depths = _CONTIG_META.fullmatch(line), _LENGTH.search(line), _AD_META.match(line)
        if line.startswith("##contig=") and (contig is None or not _CONTIG.fullmatch(contig[1])):
            raise _unusable(
                at, "a contig line without a contig name", line, "##contig=<ID=...,length=...>", action
            )
        if contig is not None and length is not None:
            contigs[contig[1]] = int(length[1])
        if depths is not None and (depths[1] not in {"R", "."} or depths[2] != "Integer"):
            found = f"Number={depths[1]}, Type={depths[2]}"
            raise _unusable(at, "AD is declared otherwise", found, "Number=R, Type=Integer", action)
    raise _unusable(
        f"{where}:{number}", "the #CHROM line is missing", "the end of the file", "#CHROM ...", action
    )


def _sample_column(fields: list[str], at: str, sample: str | None) -> _Column:
    names = fields[len(_FIXED) :]
    if tuple(fields[: len(_FIXED)]) != _FIXED or not names:
        action = "write the VCF with FORMAT and a sample"
        raise _unusable(
            at, "the #CHROM line is wrong", " ".join(fields), " ".join([*_FIXED, "SAMPLE"]), action
        )
    if len(set(names)) != len(names) or not all(name.strip() for name in names):
        raise _unusable(
            at, "sample names repeat or are empty", ", ".join(names), "distinct names", "rename them"
        )
    if sample is None and len(names) > 1:
        found = ", ".join(names[:10])
        raise _unusable(at, "the file holds several samples", found, "one sample", "name the sample to read")
    if sample is not None and sample not in names:
        found = ", ".join(names[:10])
        raise _unusable(at, "the sample is not in the file", found, sample, "name one of these")
    name = names[0] if sample is None else sample
    return _Column(name=name, index=len(_FIXED) + names.index(name), n_fields=len(fields))


def _read_record(fields: list[str], column: _Column, sites: _Sites, genome: Genome) -> None:
    """Check one record and keep it where it is a biallelic SNP that passed its filters."""
    if len(fields) != column.n_fields:
        raise _FieldError("wrong number of fields", f"{len(fields)}", f"{column.n_fields}")
    contig, position, _, ref, alt, _, filters, _, keys = fields[:9]
    if contig not in sites.contigs:
        sites.contigs[contig] = _contig(contig, genome)
    if not (position.isascii() and position.isdecimal() and len(position) <= _POSITION_DIGITS):
        raise _FieldError("POS is no position", position, "a whole number")
    here = int(position)
    is_snp = ref in _SNP_BASES and alt in _SNP_BASES
    n_alt = 1 if is_snp else _count_alts(ref, alt)
    if filters not in sites.filters:
        sites.filters[filters] = _passed(filters)
    if keys not in sites.formats:
        sites.formats[keys] = _format(keys)
    n_keys, at_genotype, at_depths = sites.formats[keys]
    values = fields[column.index].split(":")
    if len(values) > n_keys:
        raise _FieldError("more values than FORMAT keys", fields[column.index], keys)
    chrom = sites.contigs[contig]
    if chrom < 0:
        return
    _check_order(contig, here, sites)
    copies = _genotype(values[at_genotype], n_alt) if 0 <= at_genotype < len(values) else -1
    depths = _depths(values[at_depths], n_alt) if 0 <= at_depths < len(values) else None
    sites.saw_depths |= depths is not None
    if alt != "." and "<" not in alt:
        _check_doubled(ref.upper(), alt.upper(), chrom, sites)
    if not is_snp or depths is None or not sites.filters[filters]:
        return
    if not _on_chromosome(chrom, here, genome):
        return
    sites.chrom.append(chrom)
    sites.position.append(here)
    sites.ref.append(depths[0])
    sites.alt.append(depths[1])
    sites.genotype.append(copies)


def _contig(contig: str, genome: Genome) -> int:
    if not _CONTIG.fullmatch(contig):
        raise _FieldError("CHROM is no contig name", contig, "a name without spaces, commas, < and >")
    return chromosome_index(contig, genome)


def _count_alts(ref: str, alt: str) -> int:
    if not _BASES.fullmatch(ref):
        raise _FieldError("REF is no bases", ref, "A, C, G, T, N")
    alts = alt.split(",")
    if not all(_ALT.fullmatch(allele) for allele in alts) or (len(alts) > 1 and "." in alts):
        raise _FieldError("ALT is no allele", alt, "bases, *, <ID> or a breakend; . where there is none")
    return 0 if alt == "." else len(alts)


def _passed(filters: str) -> bool:
    if not _FILTER.fullmatch(filters):
        raise _FieldError("FILTER is wrong", filters, "PASS, ., or names joined by ;")
    return filters in {"PASS", "."}


def _format(keys: str) -> tuple[int, int, int]:
    """Number of keys, and where GT and AD stand (-1 where absent)."""
    names = keys.split(":")
    if not all(_FORMAT_KEY.fullmatch(name) for name in names) or len(set(names)) != len(names):
        raise _FieldError("FORMAT is wrong", keys, "distinct keys joined by :")
    if "GT" in names[1:]:
        raise _FieldError("GT is not first", keys, "GT first")
    return len(names), 0 if names[0] == "GT" else -1, names.index("AD") if "AD" in names else -1


def _check_order(contig: str, position: int, sites: _Sites) -> None:
    if contig != sites.contig:
        if contig in sites.closed:
            raise _FieldError("CHROM comes back", contig, "each contig in one block")
        sites.closed.add(sites.contig)
        sites.contig, sites.last = contig, -1
    if position < sites.last:
        raise _FieldError("POS goes back", f"{position} after {sites.last}", "sorted positions")
    if position > sites.last:
        sites.alleles.clear()
    sites.last = position


def _check_doubled(ref: str, alt: str, chrom: int, sites: _Sites) -> None:
    if (ref, alt) in sites.alleles:
        raise _FieldError("the variant is there twice", f"{ref}>{alt}", "one record per variant")
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
    raise _FieldError("POS is not on its chromosome", f"{position}", expected)


def _genotype(text: str, n_alt: int) -> int:
    """Copies of ALT of a diploid call, -1 where haploid, polyploid or partly missing."""
    if text in _USUAL_GENOTYPES and n_alt:
        return _USUAL_GENOTYPES[text]
    if not _GENOTYPE.fullmatch(text):
        raise _FieldError("GT is no genotype", text, "alleles joined by / or |")
    alleles = re.split(r"[/|]", text)
    numbers = [int(allele) for allele in alleles if allele != "."]
    if any(number > n_alt for number in numbers):
        raise _FieldError("GT names an allele that is not there", text, f"0 to {n_alt}")
    return sum(number > 0 for number in numbers) if len(alleles) == len(numbers) == 2 else -1


def _depths(text: str, n_alt: int) -> tuple[int, int] | None:
    """Reads of REF and the first ALT; None where missing or where there is no ALT."""
    if text == ".":
        return None
    if not _DEPTHS.fullmatch(text):
        raise _FieldError("AD is no list of depths", text, "whole numbers joined by commas")
    values = text.split(",")
    if len(values) != n_alt + 1:
        raise _FieldError("AD has another number of alleles", text, f"{n_alt + 1} values")
    if n_alt == 0 or "." in values[:2]:
        return None
    return int(values[0]), int(values[1])


def _finish(sites: _Sites, name: str, where: str, genome: Genome) -> AlleleDepths:
    if not sites.saw_depths:
        action = "call again with allele depths (bcftools mpileup -a AD, or GATK's AD)"
        raise _unusable(where, "no record holds allele depths", "no AD value", "FORMAT/AD at SNPs", action)
    keep = [
        row
        for row, site in enumerate(zip(sites.chrom, sites.position, strict=True))
        if site not in sites.shared
    ]
    if not keep:
        action = "check the FILTER column, the contig names and that SNPs were called"
        raise _unusable(
            where, "no usable SNP", "0 biallelic SNPs with AD", "at least one that passed", action
        )
    chrom = np.array(sites.chrom, dtype=np.int16)[keep]
    position = np.array(sites.position, dtype=np.int64)[keep] - 1
    order = np.lexsort((position, chrom))

    def picked(values: list[int]) -> Int64:
        return np.array(values, dtype=np.int64)[keep][order]

    return AlleleDepths(
        sample=name,
        chrom=chrom[order],
        position=position[order],
        ref_depth=picked(sites.ref),
        alt_depth=picked(sites.alt),
        genotype=picked(sites.genotype).astype(np.int8),
    )
