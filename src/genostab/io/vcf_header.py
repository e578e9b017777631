"""Header and fields of a VCF or BCF that its readers share; strict on every field that is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genostab.arrays import Genome
from genostab.errors import InputError
from genostab.io.genome import check_contigs, chromosome_index
from genostab.io.limits import open_bytes, open_text, read_bytes_capped

_FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
_VERSION = re.compile(r"##fileformat=VCFv4\.[0-9]+")
_META = re.compile(r"##[^=\s]+=.+")
_CONTIG_META = re.compile(r"##contig=<(?:.*,)?ID=([^,>]+)(?:,.*)?>")
_LENGTH = re.compile(r"[<,]length=(\d+)")
_AD_META = re.compile(r"##FORMAT=<ID=AD,Number=([^,]+),Type=([^,]+)")
# Colons stand in names of HLA contigs; <ID> names a contig of an assembly file.
_CONTIG = re.compile(r"[0-9A-Za-z!#$%&+./:;?@^_|~-][0-9A-Za-z!#$%&*+./:;=?@^_|~-]*|<[^\s,<>]+>")
_BASES = re.compile(r"[ACGTNacgtn]+")
_ALT = re.compile(
    r"[ACGTNacgtn]+|\*|\.|<[^\s,<>]+>|\.[ACGTNacgtn]+|[ACGTNacgtn]+\."
    r"|[ACGTNacgtn]+([\[\]])[^\s\[\]]+:\d+\1|([\[\]])[^\s\[\]]+:\d+\2[ACGTNacgtn]+"
)
_FORMAT_KEY = re.compile(r"[A-Za-z_][0-9A-Za-z_.]*")
_GENOTYPE = re.compile(r"(?:\.|\d{1,4})(?:[/|](?:\.|\d{1,4}))*")
_ALLELE_SEPARATOR = re.compile(r"[/|]")
_PHASE_SET_DIGITS = 10


class FieldError(Exception):
    """One wrong field: what, found, expected."""

    def __init__(self, what: str, found: str, expected: str) -> None:
        super().__init__(what)
        self.what, self.found, self.expected = what, found[:80] or "nothing", expected


def unusable(where: str, what: str, found: str, expected: str, action: str) -> InputError:
    """The refusal (GS-2301) of a whole VCF."""
    return InputError(
        "GS-2301", what=what, where=where, found=found[:200] or "nothing", expected=expected, action=action
    )


def vcf_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Lines of a VCF (plain, gzip, BGZF) or a BCF, each with its 1-based number.

    Raises
    ------
    InputError
        As `open_text`; GS-2102 for a BCF that cannot be decoded.
    """
    return enumerate(_bcf_lines(str(path)) if _is_bcf(path) else open_text(path), start=1)


def vcf_bytes(path: str | Path) -> bytes:
    """A whole VCF (plain, gzip, BGZF) or BCF as the bytes of a VCF.

    Raises
    ------
    InputError
        As `read_bytes_capped`; GS-2102 for a BCF that cannot be decoded.
    """
    return "".join(_bcf_lines(str(path))).encode() if _is_bcf(path) else read_bytes_capped(path)


def sample_names(path: str | Path) -> tuple[str, ...]:
    """Samples that the header of a VCF or BCF names; none where there is no such header."""
    for _, line in vcf_lines(path):
        if line.startswith("#CHROM"):
            return tuple(line.rstrip("\n").split("\t")[9:])
        if not line.startswith("#"):
            break
    return ()


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
class SampleColumn:
    """Where the sample stands: index into the fields of a record, and how many fields there are."""

    name: str
    index: int
    n_fields: int


def read_header(
    lines: Iterator[tuple[int, str]], where: str, genome: Genome, sample: str | None
) -> SampleColumn:
    """Where the sample stands, from the lines up to the #CHROM line, which are used up.

    Raises
    ------
    InputError
        GS-2101 where contig lengths are not those of the assembly; GS-2301 where header or samples do not serve.
    """
    contigs: dict[str, int] = {}
    action = "write the VCF again with a current variant caller"
    number, line = next(lines, (1, ""))
    if not _VERSION.fullmatch(line.rstrip("\n")):
        raise unusable(
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
            raise unusable(at, "no header line", line, "##key=value, or the #CHROM line", action)
        contig, length, depths = _CONTIG_META.fullmatch(line), _LENGTH.search(line), _AD_META.match(line)
        if line.startswith("##contig=") and (contig is None or not _CONTIG.fullmatch(contig[1])):
            raise unusable(
                at, "a contig line without a contig name", line, "##contig=<ID=...,length=...>", action
            )
        if contig is not None and length is not None:
            contigs[contig[1]] = int(length[1])
        if depths is not None and (depths[1] not in {"R", "."} or depths[2] != "Integer"):
            found = f"Number={depths[1]}, Type={depths[2]}"
            raise unusable(at, "AD is declared otherwise", found, "Number=R, Type=Integer", action)
    raise unusable(
        f"{where}:{number}", "the #CHROM line is missing", "the end of the file", "#CHROM ...", action
    )


def _sample_column(fields: list[str], at: str, sample: str | None) -> SampleColumn:
    names = fields[len(_FIXED) :]
    if tuple(fields[: len(_FIXED)]) != _FIXED or not names:
        action = "write the VCF with FORMAT and a sample"
        raise unusable(
            at, "the #CHROM line is wrong", " ".join(fields), " ".join([*_FIXED, "SAMPLE"]), action
        )
    if len(set(names)) != len(names) or not all(name.strip() for name in names):
        raise unusable(
            at, "sample names repeat or are empty", ", ".join(names), "distinct names", "rename them"
        )
    if sample is None and len(names) > 1:
        found = ", ".join(names[:10])
        raise unusable(at, "the file holds several samples", found, "one sample", "name the sample to read")
    if sample is not None and sample not in names:
        found = ", ".join(names[:10])
        raise unusable(at, "the sample is not in the file", found, sample, "name one of these")
    name = names[0] if sample is None else sample
    return SampleColumn(name=name, index=len(_FIXED) + names.index(name), n_fields=len(fields))


def contig_index(contig: str, genome: Genome) -> int:
    """Index of a CHROM field's chromosome, -1 for another contig; raises FieldError."""
    if not _CONTIG.fullmatch(contig):
        raise FieldError("CHROM is no contig name", contig, "a name without spaces, commas, < and >")
    return chromosome_index(contig, genome)


def count_alts(ref: str, alt: str) -> int:
    """Number of alleles in ALT; raises FieldError where REF or ALT is none."""
    if not _BASES.fullmatch(ref):
        raise FieldError("REF is no bases", ref, "A, C, G, T, N")
    alts = alt.split(",")
    if not all(_ALT.fullmatch(allele) for allele in alts) or (len(alts) > 1 and "." in alts):
        raise FieldError("ALT is no allele", alt, "bases, *, <ID> or a breakend; . where there is none")
    return 0 if alt == "." else len(alts)


def format_keys(keys: str) -> tuple[str, ...]:
    """The keys of a FORMAT field; GT first where it is there.

    Raises
    ------
    FieldError

    Examples
    --------
    >>> format_keys("GT:AD")
    ('GT', 'AD')
    """
    names = tuple(keys.split(":"))
    if not all(_FORMAT_KEY.fullmatch(name) for name in names) or len(set(names)) != len(names):
        raise FieldError("FORMAT is wrong", keys, "distinct keys joined by :")
    if "GT" in names[1:]:
        raise FieldError("GT is not first", keys, "GT first")
    return names


def genotype_alleles(text: str, n_alt: int) -> tuple[tuple[int, ...], bool]:
    """Alleles of a genotype in order, -1 where missing, and whether they are phased.

    Raises
    ------
    FieldError

    Examples
    --------
    >>> genotype_alleles("0|1", 1), genotype_alleles("./1", 1)
    (((0, 1), True), ((-1, 1), False))
    """
    if not _GENOTYPE.fullmatch(text):
        raise FieldError("GT is no genotype", text, "alleles joined by / or |")
    alleles = tuple(-1 if allele == "." else int(allele) for allele in _ALLELE_SEPARATOR.split(text))
    if any(allele > n_alt for allele in alleles):
        raise FieldError("GT names an allele that is not there", text, f"0 to {n_alt}")
    return alleles, "|" in text and "/" not in text


def phase_set(text: str) -> int:
    """Number of a phase set; 0 where it is missing, which is one set for the whole chromosome.

    Raises
    ------
    FieldError

    Notes
    -----
    VCF 4.4 specification, section 1.6.2: PS is a whole number, by convention the position of the first variant.

    Examples
    --------
    >>> phase_set("10050"), phase_set(".")
    (10050, 0)
    """
    if text == ".":
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= _PHASE_SET_DIGITS):
        raise FieldError("PS is no phase set", text, "a whole number, or .")
    return int(text)
