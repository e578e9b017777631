"""SNP arrays as VCF or BCF with FORMAT LRR and BAF, as bcftools +gtc2vcf and +affy2vcf write them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from genostab.arrays import Genome, Int8, Int64
from genostab.errors import InputError
from genostab.io.delimited import Delimited, parse_rows
from genostab.io.limits import text_of
from genostab.io.probes import Names, Probes, copies_of_b, signals
from genostab.io.refusals import Problem, refuse_lines
from genostab.io.vcf_header import (
    FieldError,
    contig_index,
    count_alts,
    format_keys,
    genotype_alleles,
    phase_set,
    read_header,
)

# Columns of a record by their place; sample names may repeat those of the standard.
_CHROM, _POS, _ID, _REF, _ALT, _INFO, _FORMAT = "0", "1", "2", "3", "4", "7", "8"
KEYS = ("GT", "BAF", "LRR", "PS")
NUMBERS = ("BAF", "LRR")
NOT_GIVEN = [".", "", "nan", "NaN"]
# gtc2vcf and affy2vcf write both first, so that what follows need not be read.
ALLELES = re.compile(r"ALLELE_A=(\d);ALLELE_B=(\d);?")
ALLELES_LENGTH = len("ALLELE_A=0;ALLELE_B=1;")
_ACTION = "write the VCF again with bcftools +gtc2vcf or +affy2vcf"
_UNCOUNTED = 9999
_MOST_CODES = 2**16  # of combinations that are counted rather than sorted out
_HET, _HOMOZYGOUS = -2, -3  # genotypes of which it is not said which allele is B


def read_array_vcf(data: bytes, path: str, genome: Genome, sample: str | None) -> Probes:
    """Probes of one sample of a VCF.

    Parameters
    ----------
    data : bytes, the whole of it
    path : str, for messages
    genome : Genome
    sample : str or None, needed where the file holds several samples

    Raises
    ------
    InputError
        As `text_of`; GS-2101 where contigs are not those of the assembly; GS-2104 without records; GS-2201 without
        BAF or LRR; GS-2301 where header or samples do not serve.
    GenostabErrors
        GS-2202 for each line with a wrong field.

    Notes
    -----
    INFO ALLELE_A and ALLELE_B number the alleles as GT does; BAF is the fraction of allele B, be it REF or ALT. Where
    they are absent, GT says whether the probe is homozygous and BAF of which allele, and no phase is taken. A probe
    with the flag INTENSITY_ONLY has no alleles: its BAF is left out. Several records of one position are kept.
    """
    text = text_of(data, path)
    n_head = text.find("\n", text.find("\n#CHROM") + 1) + 1
    head = (text[:n_head] if "\n#CHROM" in text else text).splitlines(keepends=True)
    column = read_header(enumerate(head, start=1), path, genome, sample)
    own = str(column.index)
    table = parse_rows(
        text[n_head:],
        path=path,
        first_line=len(head) + 1,
        header=tuple(map(str, range(column.n_fields))),
        sep="\t",
        wanted=dict.fromkeys((_CHROM, _REF, _ALT, _FORMAT), True) | {_POS: False},
        distinct=(_ID, _INFO, own),
    )
    problems: list[Problem] = []
    chrom = _chromosomes(table, genome, problems)
    values = _values(table, own, problems)
    log_r_ratio, b_allele, wrong = signals(values, "LRR", "BAF")
    info = table.texts(_INFO)
    b_allele = np.where(["INTENSITY_ONLY" in each for each in info], np.nan, b_allele)
    genotype, haplotype = _genotypes(table, values, info, problems)
    block = _blocks(values, haplotype, problems)
    refuse_lines(path, problems + wrong, code="GS-2202", action=_ACTION)
    _refuse_strange(table, chrom, path)
    by_fraction = copies_of_b(genotype == _HET, genotype == _HOMOZYGOUS, b_allele)
    return Probes(
        path=path,
        sample=column.name,
        line=table.line,
        name=_names(table),
        chrom=chrom,
        position=table.numbers(_POS)[0],
        log_r_ratio=log_r_ratio,
        b_allele=b_allele,
        genotype=np.where(genotype < -1, by_fraction, genotype).astype(np.int8),
        haplotype=haplotype,
        block=block,
    )


def _codes(column: Any) -> Int64:
    """Numbers of the distinct values of a column, from 0 on; int64, shape (n_rows,)."""
    import pandas as pd

    return np.asarray(pd.factorize(column, use_na_sentinel=False)[0], dtype=np.int64)


def _once(
    table: Delimited,
    keys: Sequence[Int64],
    understand: Callable[[int], int | tuple[int, int]],
    problems: list[Problem],
    missing: int | tuple[int, int] = -1,
) -> Int64:
    """What `understand` says of the first row of each combination of codes, for all rows that have it.

    A FieldError becomes a problem of that row, and `missing`.
    """

    def checked(row: int) -> int | tuple[int, int]:
        try:
            return understand(row)
        except FieldError as wrong:
            at = int(table.line[row])
            problems.append(Problem(line=at, what=wrong.what, found=wrong.found, expected=wrong.expected))
            return missing

    return each_once(keys, checked)


def each_once(keys: Sequence[Int64], understand: Callable[[int], int | tuple[int, int]]) -> Int64:
    """What `understand` says of the first row of each combination of codes, for all rows that have it.

    Parameters
    ----------
    keys : sequence of int64, shape (n_rows,), from 0 on
    understand : function of a row

    Returns
    -------
    int64, shape (n_rows,), or (n_rows, 2) where it says two numbers
    """
    code, n_codes = np.zeros(1, dtype=np.int64), 1
    for key in keys:
        n_keys = int(key.max()) + 1
        code, n_codes = code * n_keys + key, n_codes * n_keys
        if n_codes > _MOST_CODES:
            code = _codes(code)
            n_codes = int(code.max()) + 1
    first = np.full(n_codes, -1, dtype=np.int64)
    first[code[::-1]] = np.arange(code.size)[::-1]
    seen = np.flatnonzero(first >= 0)
    found = np.array([understand(row) for row in first[seen].tolist()], dtype=np.int64)
    of_code = np.zeros((n_codes, *found.shape[1:]), dtype=np.int64)
    of_code[seen] = found
    return of_code[code]


def _text(table: Delimited, column: str, row: int) -> str:
    """One cell, . where it is missing."""
    value = table.frame[column].iat[row]
    return value if isinstance(value, str) else "."


def _chromosomes(table: Delimited, genome: Genome, problems: list[Problem]) -> Int64:
    def understand(row: int) -> int:
        return contig_index(_text(table, _CHROM, row), genome)

    return _once(table, [_codes(table.frame[_CHROM])], understand, problems)


def _values(table: Delimited, own: str, problems: list[Problem]) -> Delimited:
    """The sample's values by FORMAT key, missing where a record does not have the key."""
    import pandas as pd

    n = table.line.size
    parts: list[Any] = []
    used: set[str] = set()
    texts = np.array(table.texts(own), dtype=object)
    codes = _codes(table.frame[_FORMAT])
    for code in range(int(codes.max()) + 1):
        rows = np.flatnonzero(codes == code)
        written = _text(table, _FORMAT, int(rows[0]))
        try:
            keys = format_keys(written)
        except FieldError as wrong:
            at = int(table.line[rows[0]])
            problems.append(Problem(line=at, what=wrong.what, found=wrong.found, expected=wrong.expected))
            continue
        used.update(keys)
        parts.append(_split(texts[rows], rows, keys, written, table, problems))
    _refuse_other_keys(used, table.path)
    frame = pd.concat(parts).reindex(index=range(n), columns=list(KEYS))
    return Delimited(path=table.path, header=KEYS, line=table.line, frame=frame)


def _split(
    texts: Names, rows: Int64, keys: tuple[str, ...], written: str, table: Delimited, problems: list[Problem]
) -> Any:
    """Values of records of one FORMAT, as a frame indexed by row; trailing values may be left out."""
    import pandas as pd

    data = "".join([f"{text or '.'}\n" for text in texts.tolist()]).encode()
    raw = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(raw == ord("\n"))
    n_values = np.add.reduceat(raw == ord(":"), np.concatenate(([0], ends[:-1] + 1)), dtype=np.int32) + 1
    many = np.flatnonzero(n_values > len(keys))
    problems += [
        Problem(
            line=int(table.line[rows[each]]),
            what="more values than FORMAT keys",
            found=str(texts[each])[:80],
            expected=written,
        )
        for each in many.tolist()
    ]
    wanted = [key for key in KEYS if key in keys]
    if many.size or not wanted:
        return pd.DataFrame(index=rows)
    # A last row with every value, since records may leave trailing ones out.
    full = (":".join("." for _ in keys) + "\n").encode()
    frame = pd.read_csv(
        io.BytesIO(data + full),
        sep=":",
        header=None,
        names=list(keys),
        index_col=False,
        usecols=wanted,
        dtype={key: str for key in wanted if key not in NUMBERS},
        keep_default_na=False,
        na_values=NOT_GIVEN,
        quoting=3,
        low_memory=False,
        skip_blank_lines=False,
    )
    return frame.iloc[:-1].set_index(rows)


def _alleles_of_info(info: list[str]) -> Names:
    """ALLELE_A and ALLELE_B of each record as the start of INFO that both writers give it."""
    heads = [each[:ALLELES_LENGTH] for each in info]
    usual = {head: ALLELES.fullmatch(head) is not None for head in set(heads)}
    if all(usual.values()):
        return np.array(heads, dtype=object)
    return np.array(
        [
            head if usual[head] else f"ALLELE_A={_info(each, 'ALLELE_A')};ALLELE_B={_info(each, 'ALLELE_B')};"
            for head, each in zip(heads, info, strict=True)
        ],
        dtype=object,
    )


def _info(info: str, key: str) -> str:
    """Value of an INFO key, "" where absent."""
    return next((each[len(key) + 1 :] for each in info.split(";") if each.startswith(f"{key}=")), "")


def _genotypes(
    table: Delimited, values: Delimited, info: list[str], problems: list[Problem]
) -> tuple[Int8, Int8]:
    """Copies of B (or `_HET`, `_HOMOZYGOUS`), and the haplotype that carries it (0 where unphased or homozygous)."""
    alleles = _alleles_of_info(info)

    def n_alts(row: int) -> int:
        return count_alts(_text(table, _REF, row), _text(table, _ALT, row))

    sites = [_codes(table.frame[_REF]), _codes(table.frame[_ALT])]
    # Alleles that cannot be counted are one fault, not another one in each genotype.
    n_alt = _once(table, sites, n_alts, problems, _UNCOUNTED)

    def genotype(row: int) -> tuple[int, int]:
        known = ALLELES.fullmatch(alleles[row])
        pair = (int(known[1]), int(known[2])) if known else None
        return genotype_of(_text(values, "GT", row), int(n_alt[row]), pair)

    keys = [_codes(values.frame["GT"]), n_alt, _codes(alleles)]
    both = _once(table, keys, genotype, problems, (-1, 0))
    return both[:, 0].astype(np.int8), both[:, 1].astype(np.int8)


def genotype_of(text: str, n_alt: int, pair: tuple[int, int] | None) -> tuple[int, int]:
    """Copies of B, and the haplotype that carries it, 0 where that is not known; raises FieldError.

    Parameters
    ----------
    text : str, GT
    n_alt : int, alleles in ALT
    pair : numbers of the alleles A and B; None where they are not given: then it is said only whether both differ
    """
    alleles, is_phased = genotype_alleles(text, n_alt)
    if len(alleles) != 2 or -1 in alleles:
        return -1, 0
    if pair is None:
        return (_HET if alleles[0] != alleles[1] else _HOMOZYGOUS), 0
    a, b = pair
    if a == b or not set(alleles) <= {a, b}:
        return -1, 0
    copies = alleles.count(b)
    return copies, (alleles.index(b) + 1 if copies == 1 and is_phased else 0)


def _blocks(values: Delimited, haplotype: Int8, problems: list[Problem]) -> Int64:
    block = np.full(haplotype.size, -1, dtype=np.int64)
    rows = np.flatnonzero(haplotype > 0)
    if rows.size:
        phased = Delimited(
            path=values.path,
            header=values.header,
            line=values.line[rows],
            frame=values.frame.iloc[rows],
        )
        sets = [_codes(phased.frame["PS"])]
        block[rows] = _once(phased, sets, lambda row: phase_set(_text(phased, "PS", row)), problems)
    return block


def _names(table: Delimited) -> Names:
    name = np.array(table.texts(_ID), dtype=object)
    for row in np.flatnonzero(name == "").tolist():
        name[row] = f"{_text(table, _CHROM, row)}:{table.frame[_POS].iat[row]}"
    return name


def _refuse_other_keys(keys: set[str], path: str) -> None:
    missing = [key for key in NUMBERS if key not in keys]
    if missing:
        raise InputError(
            "GS-2201",
            what="the VCF holds no array signals",
            where=path,
            found=f"FORMAT {', '.join(sorted(keys))}",
            expected=f"FORMAT {' and '.join(missing)}",
            action=f"{_ACTION}; a VCF of sequencing goes with its reads, as --snps or sequencing.snps",
        )


def _refuse_strange(table: Delimited, chrom: Int64, path: str) -> None:
    if not (chrom >= 0).any():
        raise InputError(
            "GS-2101",
            what="no contig is a human chromosome",
            where=path,
            found=", ".join(table.labels(_CHROM)[1][:5]),
            expected="chromosomes 1 to 22, X and Y",
            action="check that this file belongs to a human sample",
        )
