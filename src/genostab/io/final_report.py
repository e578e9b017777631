"""GenomeStudio's FinalReport: a [Header], then [Data] with one row per probe and sample."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from genostab.arrays import Float64, Genome, Int8, Int64
from genostab.errors import GenostabErrors, InputError
from genostab.io.array_fields import ProbeColumns, usual_probes
from genostab.io.delimited import MISSING_TEXTS, Delimited, parse_rows, separator, split_header
from genostab.io.intervals import contig_indices
from genostab.io.probes import Probes, choose_sample, copies_of_b, missing_column, signals
from genostab.io.refusals import Problem, refuse_lines
from genostab.io.spans import Spans, UnusualError, expect, fields_of

Letters = np.ndarray[tuple[int], np.dtype[np.str_]]

_SAMPLE, _NAME, _CHROM, _POSITION = "Sample ID", "SNP Name", "Chr", "Position"
_RATIO, _FRACTION = "Log R Ratio", "B Allele Freq"
_NEEDED = (_SAMPLE, _NAME, _CHROM, _POSITION, _RATIO, _FRACTION)
# Strands on which alleles may be reported; AB says outright which allele is B.
_STRANDS = ("AB", "Top", "Forward", "Plus", "Design")
_ALLELE = re.compile(r"[ACGTIDB-]")
_COLUMNS = ProbeColumns(name=_NAME, chrom=_CHROM, position=_POSITION, ratio=_RATIO, fraction=_FRACTION)
_N_SNPS = re.compile(r"^Num SNPs[\t,]+(\d+)", re.MULTILINE)
_ACTION = (
    "in GenomeStudio's Report Wizard, add it to the displayed fields of the Final Report and export again"
)


def is_final_report(text: str) -> bool:
    """Whether a text is a FinalReport, or the data part of one.

    Examples
    --------
    >>> is_final_report("[Header]\\nGSGT Version\\t2.0\\n"), is_final_report("Name\\tChr\\n")
    (True, False)
    """
    head = text[: text.find("\n")]
    return head.startswith(("[Header]", "[Data]")) or _SAMPLE in split_header(head)


def read_final_report(text: str, path: str, genome: Genome, sample: str | None) -> Probes:
    """Probes of one sample of a FinalReport.

    Parameters
    ----------
    text : str, the file
    path : str, for messages
    genome : Genome
    sample : str or None, needed where the report stacks several samples

    Raises
    ------
    InputError
        GS-2003 where the sample has fewer rows than the header says; GS-2004 without [Data]; GS-2201 where a column
        or the sample is missing.
    GenostabErrors
        GS-2202 for each wrong row of that sample.

    Notes
    -----
    Copies of B come from the AB alleles. On other strands equal or different alleles say whether the probe is
    homozygous, and the B-allele fraction says of which allele.
    """
    header_text, head, rows, first_line = _parts(text, path)
    header = split_header(head)
    _refuse_missing(header, path, first_line)
    alleles = _allele_columns(header)
    table = parse_rows(
        rows,
        path=path,
        first_line=first_line + 1,
        header=header,
        sep=separator(head),
        wanted={_SAMPLE: True, _CHROM: True, _POSITION: False, _RATIO: False, _FRACTION: False}
        | dict.fromkeys(alleles, True),
        distinct=(_NAME,),
    )
    sample, own = _rows_of(table, sample, path)
    _refuse_cut(header_text, own.line.size, sample, path)
    codes, contigs = own.labels(_CHROM)
    chrom = contig_indices(contigs, codes, own.line, path, genome)
    log_r_ratio, b_allele, problems = signals(own, _RATIO, _FRACTION)
    genotype, more = _genotypes(own, alleles, b_allele)
    refuse_lines(path, problems + more, code="GS-2202", action="correct these rows or export again")
    return Probes(
        path=path,
        sample=sample,
        line=own.line,
        name=np.array(own.texts(_NAME), dtype=object),
        chrom=chrom,
        position=own.numbers(_POSITION)[0],
        log_r_ratio=log_r_ratio,
        b_allele=b_allele,
        genotype=genotype,
    )


def read_usual_final_report(data: bytes, path: str, genome: Genome, sample: str | None) -> Probes | None:
    """What `read_final_report` reads, to the last bit; None where anything is unusual, which it reads or refuses."""
    try:
        at = 0 if data.startswith(b"[Data]") else data.find(b"\n[Data]") + 1
        n_before = data.find(b"\n", at) + 1 if data.startswith(b"[") else 0
        n_head = data.find(b"\n", n_before) + 1
        before, head = (data[a:b].decode("utf-8-sig") for a, b in ((0, n_before), (n_before, n_head)))
        expect("\0" not in head and "\r" not in head and (at > 0 or not before.startswith("[Header]")))
        return _usual(data, before, head, path, genome, sample)
    except (UnusualError, InputError, GenostabErrors, UnicodeDecodeError):
        return None


def _usual(data: bytes, before: str, head: str, path: str, genome: Genome, sample: str | None) -> Probes:
    header = split_header(head.rstrip("\n"))
    expect(len({*header}) == len(header) and {*_NEEDED} <= {*header})
    alleles = _allele_columns(header)
    columns = sorted(header.index(name) for name in (*_NEEDED, *alleles))
    found = fields_of(data, len(before) + len(head), separator(head), len(header), columns)
    fields = {header[column]: spans for column, spans in zip(columns, found, strict=True)}
    line = before.count("\n") + 2 + np.arange(found[0].start.size, dtype=np.int64)
    codes, names = fields[_SAMPLE].numbered()
    expect(MISSING_TEXTS.isdisjoint(names))
    sample = choose_sample(tuple(names), sample, path)
    if len(names) > 1:
        rows = np.flatnonzero(codes == names.index(sample))
        fields, line = {name: spans.rows(rows) for name, spans in fields.items()}, line[rows]
    probes = usual_probes(fields, _COLUMNS, line, path, sample, genome)
    _refuse_cut(before, line.size, sample, path)
    if not alleles:
        return probes
    first, second = (_usual_letters(fields[column]) for column in alleles)
    return replace(probes, genotype=_copies(first, second, alleles, probes.b_allele))


def _usual_letters(spans: Spans) -> Letters:
    """One letter per row, - where missing."""
    codes, texts = spans.numbered()
    letters = ["-" if text in MISSING_TEXTS else text for text in texts]
    expect(all(_ALLELE.fullmatch(letter) for letter in letters))
    return np.array(letters, dtype="<U1")[codes]


def _parts(text: str, path: str) -> tuple[str, str, str, int]:
    """Text before the data, their header line, their rows, and the 1-based line of that header."""
    before = ""
    if text.startswith("["):
        start = 0 if text.startswith("[Data]") else text.find("\n[Data]") + 1
        if start == 0 and not text.startswith("[Data]"):
            raise InputError(
                "GS-2004",
                what="a FinalReport without data",
                where=path,
                found="[Header] and no [Data]",
                expected="[Data], and under it one row per probe",
                action="export the Final Report again",
            )
        end = text.find("\n", start) + 1
        before, text = text[:end], text[end:]
    head, _, rows = text.partition("\n")
    return before, head, rows, before.count("\n") + 1


def _refuse_missing(header: tuple[str, ...], path: str, line: int) -> None:
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise missing_column(path, line, header, " and ".join(missing), _ACTION)


def _allele_columns(header: tuple[str, ...]) -> tuple[str, ...]:
    """The two columns of alleles, of the strand that says most; none where no strand has both."""
    for strand in _STRANDS:
        pair = (f"Allele1 - {strand}", f"Allele2 - {strand}")
        if all(column in header for column in pair):
            return pair
    return ()


def _rows_of(table: Delimited, sample: str | None, path: str) -> tuple[str, Delimited]:
    codes, names = table.labels(_SAMPLE)
    nameless = [
        Problem(line=int(table.line[row]), what="a row of no sample", found="nothing", expected=_SAMPLE)
        for row in np.flatnonzero(codes < 0).tolist()
    ]
    refuse_lines(path, nameless, code="GS-2202", action="correct these rows or export again")
    sample = choose_sample(names, sample, path)
    if len(names) == 1:
        return sample, table
    rows = np.flatnonzero(codes == names.index(sample))
    frame = table.frame.iloc[rows]
    return sample, Delimited(path=path, header=table.header, line=table.line[rows], frame=frame)


def _refuse_cut(header_text: str, n_rows: int, sample: str, path: str) -> None:
    stated = _N_SNPS.search(header_text)
    if stated is not None and n_rows < int(stated[1]):
        raise InputError(
            "GS-2003",
            what="the FinalReport is cut",
            where=path,
            found=f"{n_rows} probes of {sample}",
            expected=f"{stated[1]}, as its header says (Num SNPs)",
            action="copy or export the report again to its end",
        )


def _genotypes(table: Delimited, alleles: tuple[str, ...], b_allele: Float64) -> tuple[Int8, list[Problem]]:
    if not alleles:
        return np.full(table.line.size, -1, dtype=np.int8), []
    (codes, texts), (other_codes, other_texts) = (table.labels(column) for column in alleles)
    problems = [
        Problem(
            line=int(table.line[np.flatnonzero(own == code)[0]]),
            what="an unknown allele",
            found=repr(text),
            expected="A, B, C, G, T, I, D, or - where not called",
        )
        for own, some in ((codes, texts), (other_codes, other_texts))
        for code, text in enumerate(some)
        if not _ALLELE.fullmatch(text)
    ]
    first, second = _letters(codes, texts), _letters(other_codes, other_texts)
    return _copies(first, second, alleles, b_allele), problems


def _copies(first: Letters, second: Letters, alleles: tuple[str, ...], b_allele: Float64) -> Int8:
    """Copies of B of each pair of letters, int8, shape (n_rows,), -1 where not called."""
    called = (first != "-") & (second != "-")
    if alleles[0].endswith("AB"):
        copies = (first == "B").astype(np.int8) + (second == "B").astype(np.int8)
        return np.where(called, copies, -1).astype(np.int8)
    return copies_of_b(called & (first != second), called & (first == second), b_allele)


def _letters(codes: Int64, texts: tuple[str, ...]) -> Letters:
    """One letter per row, - where missing."""
    return np.array([*(text[:1] for text in texts), "-"], dtype="<U1")[codes]
