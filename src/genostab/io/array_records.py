"""Records of an array VCF as gtc2vcf and affy2vcf write them, read in one pass; whatever differs is left to
`read_array_vcf`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from genostab.arrays import Bool, Float64, Genome, Int8, Int32, Int64, UInt8
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
from genostab.io.delimited import MISSING_TEXTS, Delimited
from genostab.io.probes import Names, Probes, signals
from genostab.io.vcf_header import (
    FieldError,
    SampleColumn,
    contig_index,
    count_alts,
    format_keys,
    phase_set,
    read_header,
)
from genostab.kernels.spans import copy_spans, find_fields, find_values, number_texts, read_decimals

_CHROM, _POS, _ID, _REF, _ALT, _INFO, _FORMAT = 0, 1, 2, 3, 4, 7, 8
_MOST_BYTES = 2**31 - 1  # that 32 bits count
_MOST_TEXTS = 2**16  # distinct ones of a field
_INTENSITY_ONLY = b"INTENSITY_ONLY"
_NO_NUMBERS = dict.fromkeys(NOT_GIVEN, np.nan) | {"-inf": -np.inf}


class _UnusualError(Exception):
    """A record that another writer may have written, or that is wrong."""


@dataclass(frozen=True, kw_only=True)
class _Spans:
    """One text [start, end) of each row; both int32, shape (n_rows,)."""

    text: UInt8
    start: Int32
    end: Int32

    def rows(self, rows: Int64) -> _Spans:
        return _Spans(text=self.text, start=self.start[rows], end=self.end[rows])

    def numbered(self, missing: Collection[str] = ()) -> tuple[Int64, list[str]]:
        """Codes of the texts, int64, shape (n_rows,), and the distinct texts, . where missing."""
        code, first = np.empty(self.start.size, dtype=np.int64), np.empty(_MOST_TEXTS, dtype=np.int64)
        slots = np.empty(2 * _MOST_TEXTS, dtype=np.int32)
        n_texts = number_texts(self.text, self.start, self.end, slots, code, first)
        _expect(n_texts >= 0)
        texts = [self.at(row) for row in first[:n_texts].tolist()]
        return code, ["." if text in missing else text for text in texts]

    def at(self, row: int) -> str:
        return self.text[self.start[row] : self.end[row]].tobytes().decode()

    def decimals(self) -> Float64:
        """Numbers, NaN where missing."""
        value, known = np.empty(self.start.size), np.empty(self.start.size, dtype=np.bool_)
        if read_decimals(self.text, self.start, self.end, value, known):
            others = np.flatnonzero(~known)
            code, texts = self.rows(others).numbered()
            _expect(all(text in _NO_NUMBERS for text in texts))
            value[others] = np.array([_NO_NUMBERS[text] for text in texts])[code]
        return value

    def strings(self) -> list[str]:
        out = np.empty(int((self.end - self.start + 1).sum()), dtype=np.uint8)
        n_bytes = copy_spans(self.text, self.start, self.end, out)
        return out[: n_bytes - 1].tobytes().decode().split("\n")


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
    except (_UnusualError, FieldError, InputError, UnicodeDecodeError):
        return None


def _expect(is_usual: bool) -> None:
    if not is_usual:
        raise _UnusualError


def _read(data: bytes, path: str, genome: Genome, sample: str | None) -> Probes:
    at = data.find(b"\n#CHROM")
    n_head = data.find(b"\n", at + 1) + 1
    _expect(at >= 0 and n_head < len(data) <= _MOST_BYTES and data.endswith(b"\n"))
    head = data[:n_head].decode("utf-8-sig")
    _expect("\0" not in head and "\r" not in head)
    lines = head.splitlines(keepends=True)
    column = read_header(enumerate(lines, start=1), path, genome, sample)
    fields = _fields(data, n_head, column)
    line = len(lines) + 1 + np.arange(fields[_CHROM].start.size, dtype=np.int64)
    code, contigs = fields[_CHROM].numbered(MISSING_TEXTS)
    chrom = np.array([contig_index(contig, genome) for contig in contigs], dtype=np.int64)[code]
    position = fields[_POS].decimals()
    _expect(bool((chrom >= 0).any()) and bool(((position >= 0) & (position == np.floor(position))).all()))
    values = _values(fields[_FORMAT], fields[column.index])
    log_r_ratio, b_allele = _signals(values, path, line)
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


def _fields(data: bytes, n_head: int, column: SampleColumn) -> dict[int, _Spans]:
    """The fields that are read, by their place."""
    text = np.frombuffer(data, dtype=np.uint8, offset=n_head)
    n_rows = int(np.count_nonzero(text == ord("\n")))
    wanted = (_CHROM, _POS, _ID, _REF, _ALT, _INFO, _FORMAT, column.index)
    start, end = (np.empty((len(wanted), n_rows), dtype=np.int32) for _ in range(2))
    places = np.array(wanted, dtype=np.int64)
    _expect(find_fields(text, ord("\t"), column.n_fields, places, start, end) == n_rows)
    return {place: _Spans(text=text, start=start[i], end=end[i]) for i, place in enumerate(wanted)}


def _values(formats: _Spans, own: _Spans) -> dict[str, _Spans]:
    """The sample's values by FORMAT key, empty where a record does not have the key."""
    layout, texts = formats.numbered(MISSING_TEXTS)
    keys = [format_keys(text) for text in texts]
    _expect(all(any(number in each for each in keys) for number in NUMBERS))
    wanted = np.full((len(keys), max(len(each) for each in keys)), -2)
    for row, each in zip(wanted, keys, strict=True):
        row[: len(each)] = [KEYS.index(key) if key in KEYS else -1 for key in each]
    start, end = (np.empty((len(KEYS), layout.size), dtype=np.int32) for _ in range(2))
    n_rows = find_values(own.text, ord(":"), own.start, own.end, wanted, layout, start, end)
    _expect(n_rows == layout.size)
    return {key: _Spans(text=own.text, start=start[i], end=end[i]) for i, key in enumerate(KEYS)}


def _signals(values: dict[str, _Spans], path: str, line: Int64) -> tuple[Float64, Float64]:
    import pandas as pd

    frame = pd.DataFrame({key: values[key].decimals() for key in NUMBERS})
    table = Delimited(path=path, header=NUMBERS, line=line, frame=frame)
    log_r_ratio, b_allele, problems = signals(table, "LRR", "BAF")
    _expect(not problems)
    return log_r_ratio, b_allele


def _genotypes(fields: dict[int, _Spans], called: _Spans) -> tuple[Int8, Int8]:
    """Copies of B, and the haplotype that carries it (0 where unphased or homozygous)."""
    ref_code, refs = fields[_REF].numbered(MISSING_TEXTS)
    alt_code, alts = fields[_ALT].numbered(MISSING_TEXTS)
    n_alt = each_once([ref_code, alt_code], lambda row: count_alts(refs[ref_code[row]], alts[alt_code[row]]))
    info = fields[_INFO]
    until = np.minimum(info.start + np.int32(ALLELES_LENGTH), info.end)
    allele_code, alleles = _Spans(text=info.text, start=info.start, end=until).numbered()
    known = [ALLELES.fullmatch(each) for each in alleles]
    pairs = [(int(each[1]), int(each[2])) for each in known if each]
    _expect(len(pairs) == len(alleles))
    code, texts = called.numbered(NOT_GIVEN)

    def genotype(row: int) -> tuple[int, int]:
        return genotype_of(texts[code[row]], int(n_alt[row]), pairs[allele_code[row]])

    both = each_once([code, n_alt, allele_code], genotype)
    return both[:, 0].astype(np.int8), both[:, 1].astype(np.int8)


def _is_intensity_only(data: bytes, n_head: int, info: _Spans) -> Bool:
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


def _blocks(sets: _Spans, haplotype: Int8) -> Int64:
    block = np.full(haplotype.size, -1, dtype=np.int64)
    rows = np.flatnonzero(haplotype > 0)
    code, texts = sets.rows(rows).numbered(NOT_GIVEN)
    block[rows] = np.array([phase_set(text) for text in texts], dtype=np.int64)[code]
    return block


def _names(ids: _Spans, code: Int64, contigs: list[str], position: Float64) -> Names:
    name = np.array(ids.strings(), dtype=object)
    longest = max(len(text) for text in MISSING_TEXTS)
    for row in np.flatnonzero(ids.end - ids.start <= longest).tolist():
        if name[row] in MISSING_TEXTS:
            name[row] = f"{contigs[code[row]]}:{int(position[row])}"
    return name
