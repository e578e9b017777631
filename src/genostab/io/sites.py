"""Sites of biallelic SNPs from a VCF or BCF without allele depths, and one sample's genotypes: columns at a time."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from genostab.arrays import Bool, Genome, Int64, SnpSites
from genostab.errors import InputError
from genostab.io.bgzf import Readable
from genostab.io.genome import check_contigs
from genostab.io.intervals import contig_indices, refuse_past_end
from genostab.io.limits import load_limits, not_text, open_bytes, open_text
from genostab.io.refusals import Problem, refuse_lines
from genostab.io.site_genotype import genotypes_of_column

_FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
_COLUMNS = ("chrom", "position", "ref", "alt", "filter")
_PLACES = (0, 1, 3, 4, 6)
_FORMAT_PLACE = 8
_QUERY = "%CHROM\t%POS\t%REF\t%ALT\t%FILTER"
_CONTIG_META = re.compile(r"##contig=<(?:.*,)?ID=([^,>]+)(?:,.*)?>")
_LENGTH = re.compile(r"[<,]length=(\d+)")
_POSITION_DIGITS = 10
_CODES = {"A": 1, "C": 2, "G": 4, "T": 8}
_ACTION = "give a VCF of biallelic SNPs of the assembly, such as common variants of a population"


def holds_allele_depths(path: str | Path) -> bool:
    """Whether a VCF or BCF is to be read for depths: it has a sample, and AD in its header or first record.

    A file that is no VCF counts as one that does, so that its reader refuses it.
    """
    with open_bytes(path) as reader:
        is_bcf = reader.read(3) == b"BCF"
    if is_bcf:
        with _opened_bcf(path) as file:
            return len(file.header.samples) > 0 and "AD" in file.header.formats
    declared, n_columns = False, 0
    for line in open_text(path):
        declared |= line.startswith("##FORMAT=<ID=AD,")
        if line.startswith("#CHROM"):
            n_columns = len(line.split("\t"))
        elif not line.startswith("#"):
            if not n_columns:
                return True
            fields = line.rstrip("\n").split("\t")
            declared |= len(fields) > 9 and "AD" in fields[8].split(":")
            break
    return n_columns == 0 or (n_columns > 9 and declared)


def read_sites(path: str | Path, genome: Genome, sample: str | None = None) -> SnpSites:
    """Biallelic SNPs whose FILTER is PASS or missing, in genome order.

    Parameters
    ----------
    path : str or Path; VCF 4.x, plain, gzip or BGZF, or BCF, in any order, with or without samples
    genome : Genome
    sample : str or None, whose genotypes and phase are read; without it, those of the only one, and of several none

    Returns
    -------
    SnpSites
        Sites on chromosomes 1 to 22, X and Y. What another record splits (same position, other alleles) is left out;
        a record that comes twice counts once.

    Raises
    ------
    InputError
        GS-2001 to GS-2005 and GS-2102 for the file itself; GS-2101 where contigs or positions are not those of the
        assembly; GS-2301 where there is no header, no usable SNP or no such sample.
    GenostabErrors
        GS-2301 for each line whose POS is no number, that lacks a field, or whose GT or PS is wrong.
    """
    where = str(path)
    with open_bytes(path) as reader:
        is_bcf = reader.read(3) == b"BCF"
    frame, line, contigs = _bcf_table(path, sample) if is_bcf else _vcf_table(path, sample)
    if contigs:
        check_contigs(contigs, genome, where)
    names = tuple(str(name) for name in frame["chrom"].cat.categories)
    codes = frame["chrom"].cat.codes.to_numpy().astype(np.int64)
    chrom = contig_indices(names, codes, line, where, genome)
    position = frame["position"].to_numpy(np.int64)
    ref, alt = (_base_codes(frame[name]) for name in ("ref", "alt"))
    is_snp = (ref > 0) & (alt > 0) & (position > 0)
    passed = frame["filter"].isin(["PASS", "."]).to_numpy()
    refuse_past_end(where, line, np.where(is_snp, chrom, -1), position.astype(np.float64), genome)
    rows = np.flatnonzero(_distinct(frame, chrom, position) & is_snp & passed & (chrom >= 0))
    if not rows.size:
        raise _unusable(
            where,
            "no usable SNP",
            f"{line.size} records, {int(is_snp.sum())} of them biallelic SNPs, {int(passed.sum())} passed",
            "at least one biallelic SNP that passed, at a position of its own",
            _ACTION,
        )
    rows = rows[np.lexsort((position[rows], chrom[rows]))]
    genotype, phase = None, None
    if "sample" in frame:
        genotype, phase = genotypes_of_column(frame["format"], frame["sample"], rows, line, where)
    return SnpSites(
        name=Path(path).name,
        chrom=chrom[rows].astype(np.int16),
        position=position[rows] - 1,
        alleles=np.ascontiguousarray(np.column_stack((ref[rows], alt[rows])).astype(np.uint8)),
        genotype=genotype,
        phase=phase,
    )


def _sample_place(names: Sequence[str], sample: str | None, where: str) -> int | None:
    """Which of the samples is read; None for none."""
    if sample is None or not names:
        return 0 if len(names) == 1 else None
    if sample not in names:
        found = ", ".join(names[:10])
        raise _unusable(where, "the sample is not in the file", found, sample, "name one of these")
    return names.index(sample)


def _unusable(where: str, what: str, found: str, expected: str, action: str) -> InputError:
    return InputError(
        "GS-2301", what=what, where=where, found=found[:200] or "nothing", expected=expected, action=action
    )


def _base_codes(column: Any) -> Int64:
    """4-bit codes of single bases, 0 for anything else."""
    codes = np.array([_CODES.get(str(text).upper(), 0) for text in column.cat.categories] + [0])
    found: Int64 = codes[column.cat.codes.to_numpy()]
    return found


def _distinct(frame: Any, chrom: Int64, position: Int64) -> Bool:
    """Rows that are the first of their kind, at positions where no other pair of alleles is told."""
    is_allele = np.array(
        [text != "." and "<" not in str(text) for text in frame["alt"].cat.categories] + [False]
    )[frame["alt"].cat.codes.to_numpy()]
    rows = np.flatnonzero(is_allele)
    ref, alt = (frame[name].cat.codes.to_numpy()[rows] for name in ("ref", "alt"))
    order = np.lexsort((rows, alt, ref, position[rows], chrom[rows]))
    place = np.column_stack((chrom[rows], position[rows]))[order]
    same_place = np.zeros(rows.size + 1, dtype=np.bool_)
    same_place[1:-1] = (place[1:] == place[:-1]).all(axis=1)
    same = same_place.copy()
    same[1:-1] &= (ref[order][1:] == ref[order][:-1]) & (alt[order][1:] == alt[order][:-1])
    # Beside a neighbour at the same position that is no repeat, the position belongs to several variants.
    group = np.cumsum(~same_place[:-1]) - 1
    n_kinds = np.bincount(group, weights=~same[:-1]) if rows.size else np.empty(0)
    kept = ~same[:-1] & (n_kinds[group] == 1)
    distinct = np.zeros(chrom.size, dtype=np.bool_)
    distinct[rows[order[kept]]] = True
    return distinct


class _WatchedEnd:
    """A reader that remembers the last byte it gave, since a cut file shows by its last line."""

    def __init__(self, reader: Readable) -> None:
        self._reader, self.last = reader, b""

    def read(self, size: int = -1, /) -> bytes:
        piece = self._reader.read(size)
        self.last = piece[-1:] or self.last
        return piece

    def __iter__(self) -> Iterator[bytes]:
        """For pandas, which asks of a reader that it can be iterated."""
        return iter(lambda: self.read(1 << 20), b"")


def _header(reader: io.BufferedIOBase, where: str) -> tuple[int, Sequence[str], Mapping[str, int]]:
    """Lines of the header, columns, and contigs with their lengths; the reader is left at the first record."""
    contigs: dict[str, int] = {}
    number, line = 0, "##"
    while line.startswith("##"):
        number += 1
        line = reader.readline(load_limits().line_bytes).decode("utf-8", errors="replace").rstrip("\r\n")
        contig, length = _CONTIG_META.fullmatch(line), _LENGTH.search(line)
        if contig is not None and length is not None:
            contigs[contig[1]] = int(length[1])
    columns = line.split("\t")
    if tuple(columns[: len(_FIXED)]) != _FIXED:
        found, expected = line[:80], "##... lines, then " + " ".join(_FIXED)
        raise _unusable(f"{where}:{number}", "no VCF", found, expected, "give a VCF or BCF")
    return number, columns, contigs


def _vcf_table(path: str | Path, sample: str | None) -> tuple[Any, Int64, Mapping[str, int]]:
    """Rows as a frame, their lines, and the contigs of the header."""
    with open_bytes(path) as reader:
        n_before, columns, contigs = _header(reader, str(path))
        watched = _WatchedEnd(reader)
        wanted = dict(zip(_PLACES, _COLUMNS, strict=True))
        place = _sample_place(columns[_FORMAT_PLACE + 1 :], sample, str(path))
        if place is not None:
            wanted |= {_FORMAT_PLACE: "format", _FORMAT_PLACE + 1 + place: "sample"}
        frame = _parsed(watched, str(path), len(columns), wanted)
    if watched.last != b"\n":
        raise InputError(
            "GS-2003",
            what="the file is truncated",
            where=str(path),
            found="a last line without a line end",
            expected="a line end after the last line",
            action="copy or write the file again to its end",
        )
    return *_checked(frame, str(path), n_before), contigs


def _parsed(reader: Any, where: str, n_columns: int, places: Mapping[int, str]) -> Any:
    """The columns at the places; POS as text, since a frame cannot say which line of a column is no number."""
    import pandas as pd

    names = [str(at) for at in range(n_columns)]
    wanted = {names[at]: name for at, name in places.items()}
    try:
        frame = pd.read_csv(
            reader,
            sep="\t",
            header=None,
            names=names,
            usecols=list(wanted),
            dtype={at: str if name == "position" else "category" for at, name in wanted.items()},
            keep_default_na=False,
            na_values=[""],
            quoting=csv.QUOTE_NONE,
            skip_blank_lines=False,
            index_col=False,
        ).rename(columns=wanted)
    except pd.errors.ParserError as error:
        raise _unusable(where, "no row can be told", str(error), f"{n_columns} fields", _ACTION) from None
    except UnicodeDecodeError as error:
        raise not_text(Path(where), f"byte 0x{error.object[error.start]:02x}") from None
    if frame.empty:
        raise _unusable(where, "no usable SNP", "no record", "at least one biallelic SNP", _ACTION)
    return frame


def _checked(frame: Any, where: str, n_before: int) -> tuple[Any, Int64]:
    """Rows with whole fields and their lines; blank lines are left out."""
    frame = frame[frame.notna().any(axis=1).to_numpy()]
    line = n_before + 1 + frame.index.to_numpy(np.int64)
    texts = frame["position"].fillna("").str
    good = (texts.isdecimal() & (texts.len() <= _POSITION_DIGITS)).to_numpy()
    whole = frame.notna().all(axis=1).to_numpy()
    problems = [
        Problem(
            line=int(line[row]),
            what="wrong number of fields" if not whole[row] else "POS is no position",
            found="an empty or missing field" if not whole[row] else str(frame["position"].iloc[row])[:80],
            expected="CHROM to FILTER" if not whole[row] else "a whole number",
        )
        for row in np.flatnonzero(~(good & whole))
    ]
    refuse_lines(where, problems, code="GS-2301", action="write the VCF again, sorted or not, to its end")
    return frame.assign(position=frame["position"].astype(np.int64)), line


@contextmanager
def _opened_bcf(path: str | Path) -> Iterator[Any]:
    import pysam

    before = pysam.set_verbosity(0)
    try:
        with pysam.VariantFile(str(path)) as file:
            yield file
    except (OSError, ValueError, pysam.SamtoolsError) as error:
        raise InputError(
            "GS-2102",
            what="the BCF cannot be decoded",
            where=str(path),
            found=str(error)[:200],
            expected="an intact BCF 2",
            action="write it again, or convert it with bcftools view -Oz",
        ) from error
    finally:
        pysam.set_verbosity(before)


def _bcf_table(path: str | Path, sample: str | None) -> tuple[Any, Int64, Mapping[str, int]]:
    """As `_vcf_table`; bcftools writes the columns, and records are counted as lines from 1."""
    from pysam import bcftools

    columns: Sequence[str] = _COLUMNS
    query = [_QUERY + "\n"]
    with _opened_bcf(path) as file:
        contigs = {name: contig.length for name, contig in file.header.contigs.items() if contig.length}
        samples, keys = list(file.header.samples), [key for key in ("GT", "PS") if key in file.header.formats]
        place = _sample_place(samples, sample, str(path))
        if place is not None and keys:
            columns = (*_COLUMNS, "format", "sample")
            of_sample = f"\t{':'.join(keys)}[\t{':'.join(f'%{key}' for key in keys)}]\n"
            query = [_QUERY + of_sample, "-s", samples[place]]
        text = bcftools.query("-f", *query, str(path))
    frame = _parsed(io.BytesIO(text.encode()), str(path), len(columns), dict(enumerate(columns)))
    return *_checked(frame, str(path), 0), contigs
