"""Records of an array VCF as gtc2vcf and affy2vcf write them, read in one pass; whatever differs is left to
`read_array_vcf`."""

from __future__ import annotations

import numpy as np

from genostab.arrays import Bool, Float64, Genome, Int8, Int64
from genostab.errors import InputError
from genostab.io.array_vcf import (
    ALLELES,
    ALLELES_LENGTH,
    KEYS,
    NOT_GIVEN,
    NUMBERS,
    each_once,
    genotype_of,
)
from genostab.io.delimited import MISSING_TEXTS
from genostab.io.probes import Names, Probes, signals_of
from genostab.io.spans import Spans, UnusualError, expect, fields_of
from genostab.io.vcf_header import (
    FieldError,
    contig_index,
    count_alts,
    format_keys,
    phase_set,
    read_header,
)
from genostab.kernels.spans import find_values

_CHROM, _POS, _ID, _REF, _ALT, _INFO, _FORMAT = 0, 1, 2, 3, 4, 7, 8
_INTENSITY_ONLY = b"INTENSITY_ONLY"
_NO_NUMBERS = dict.fromkeys(NOT_GIVEN, np.nan) | {"-inf": -np.inf}


def read_usual_records(data: bytes, path: str, genome: Genome, sample: str | None) -> Probes | None:
    """Probes of one sample of a VCF; None where anything is not as usual, which `read_array_vcf` then reads or refuses.

    Parameters
    ----------
    data : bytes, the whole VCF
    path : str, for messages
    genome : Genome
    sample : str or None, needed where the file holds several samples

    Notes
    -----
    Usual are printable ASCII, INFO that begins with ALLELE_A and ALLELE_B, numbers of up to 15 digits, and no fault.
    Every probe is then as `read_array_vcf` has it, to the last bit.
    """
    try:
        return _read(data, path, genome, sample)
    except (UnusualError, FieldError, InputError, UnicodeDecodeError):
        return None


def _read(data: bytes, path: str, genome: Genome, sample: str | None) -> Probes:
    at = data.find(b"\n#CHROM")
    n_head = data.find(b"\n", at + 1) + 1
    expect(at >= 0 and n_head > 0)
    head = data[:n_head].decode("utf-8-sig")
    expect("\0" not in head and "\r" not in head)
    lines = head.splitlines(keepends=True)
    column = read_header(enumerate(lines, start=1), path, genome, sample)
    places = (_CHROM, _POS, _ID, _REF, _ALT, _INFO, _FORMAT, column.index)
    found = fields_of(data, n_head, "\t", column.n_fields, places)
    fields = dict(zip(places, found, strict=True))
    line = len(lines) + 1 + np.arange(fields[_CHROM].start.size, dtype=np.int64)
    code, contigs = fields[_CHROM].numbered(MISSING_TEXTS)
    chrom = np.array([contig_index(contig, genome) for contig in contigs], dtype=np.int64)[code]
    position = fields[_POS].decimals(_NO_NUMBERS)
    expect(bool((chrom >= 0).any()) and bool(((position >= 0) & (position == np.floor(position))).all()))
    values = _values(fields[_FORMAT], fields[column.index])
    ratio, fraction = (values[key].decimals(_NO_NUMBERS) for key in ("LRR", "BAF"))
    log_r_ratio, b_allele, problems = signals_of(ratio, fraction, ("LRR", "BAF"), line)
    expect(not problems)
    genotype, haplotype = _genotypes(fields, values["GT"])
    return Probes(
        path=path,
        sample=column.name,
        line=line,
        name=_names(fields[_ID], code, contigs, position),
        chrom=chrom,
        position=position,
        log_r_ratio=log_r_ratio,
        b_allele=np.where(_is_intensity_only(data, n_head, fields[_INFO]), np.nan, b_allele),
        genotype=genotype,
        haplotype=haplotype,
        block=_blocks(values["PS"], haplotype),
    )


def _values(formats: Spans, own: Spans) -> dict[str, Spans]:
    """The sample's values by FORMAT key, empty where a record does not have the key."""
    layout, texts = formats.numbered(MISSING_TEXTS)
    keys = [format_keys(text) for text in texts]
    expect(all(any(number in each for each in keys) for number in NUMBERS))
    wanted = np.full((len(keys), max(len(each) for each in keys)), -2)
    for row, each in zip(wanted, keys, strict=True):
        row[: len(each)] = [KEYS.index(key) if key in KEYS else -1 for key in each]
    start, end = (np.empty((len(KEYS), layout.size), dtype=np.int32) for _ in range(2))
    n_rows = find_values(own.text, ord(":"), own.start, own.end, wanted, layout, start, end)
    expect(n_rows == layout.size)
    return {key: Spans(text=own.text, start=start[i], end=end[i]) for i, key in enumerate(KEYS)}


def _genotypes(fields: dict[int, Spans], called: Spans) -> tuple[Int8, Int8]:
    """Copies of B, and the haplotype that carries it (0 where unphased or homozygous)."""
    ref_code, refs = fields[_REF].numbered(MISSING_TEXTS)
    alt_code, alts = fields[_ALT].numbered(MISSING_TEXTS)
    n_alt = each_once([ref_code, alt_code], lambda row: count_alts(refs[ref_code[row]], alts[alt_code[row]]))
    info = fields[_INFO]
    until = np.minimum(info.start + np.int32(ALLELES_LENGTH), info.end)
    allele_code, alleles = Spans(text=info.text, start=info.start, end=until).numbered()
    known = [ALLELES.fullmatch(each) for each in alleles]
    pairs = [(int(each[1]), int(each[2])) for each in known if each]
    expect(len(pairs) == len(alleles))
    code, texts = called.numbered(NOT_GIVEN)

    def genotype(row: int) -> tuple[int, int]:
        return genotype_of(texts[code[row]], int(n_alt[row]), pairs[allele_code[row]])

    both = each_once([code, n_alt, allele_code], genotype)
    return both[:, 0].astype(np.int8), both[:, 1].astype(np.int8)


def _is_intensity_only(data: bytes, n_head: int, info: Spans) -> Bool:
    """Whether INFO names the flag, be it within a longer word."""
    found, at = np.zeros(info.start.size, dtype=np.bool_), data.find(_INTENSITY_ONLY, n_head)
    places = []
    while at >= 0:
        places.append(at - n_head)
        at = data.find(_INTENSITY_ONLY, at + 1)
    row = np.searchsorted(info.start, places, side="right") - 1
    inside = (row >= 0) & (np.array(places, dtype=np.int64) + len(_INTENSITY_ONLY) <= info.end[row])
    found[row[inside]] = True
    return found


def _blocks(sets: Spans, haplotype: Int8) -> Int64:
    block = np.full(haplotype.size, -1, dtype=np.int64)
    rows = np.flatnonzero(haplotype > 0)
    code, texts = sets.rows(rows).numbered(NOT_GIVEN)
    block[rows] = np.array([phase_set(text) for text in texts], dtype=np.int64)[code]
    return block


def _names(ids: Spans, code: Int64, contigs: list[str], position: Float64) -> Names:
    name = np.array(ids.strings(), dtype=object)
    longest = max(len(text) for text in MISSING_TEXTS)
    for row in np.flatnonzero(ids.end - ids.start <= longest).tolist():
        if name[row] in MISSING_TEXTS:
            name[row] = f"{contigs[code[row]]}:{int(position[row])}"
    return name
