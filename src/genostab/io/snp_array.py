"""SNP-array signal files: PennCNV's, a plain table, or one table of several samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from genostab.arrays import Float64, Genome, Int8, Int64, SnpTable
from genostab.errors import InputError
from genostab.io.delimited import Delimited, parse_rows, separator, split_header
from genostab.io.intervals import contig_indices, finite_or_missing, refuse_past_end
from genostab.io.limits import read_text_capped
from genostab.io.refusals import Problem, refuse_lines

_PLACE = {
    "name": ("name", "snp", "snp name"),
    "chrom": ("chr", "chrom", "chromosome"),
    "position": ("position", "pos"),
}
_SIGNAL = {
    "lrr": ("log r ratio", "lrr", "log_r_ratio"),
    "baf": ("b allele freq", "baf", "b_allele_fraction"),
    "genotype": ("gtype", "genotype"),
}
_GENOTYPES = {"AA": 0, "AB": 1, "BA": 1, "BB": 2, "NC": -1, "--": -1, "0": 0, "1": 1, "2": 2, "-1": -1}


def read_snp_array(path: str | Path, genome: Genome, sample: str | None = None) -> SnpTable:
    """Probes of one sample, sorted by chromosome and position.

    Parameters
    ----------
    path : str or Path; a header with Name, Chr, Position and, per sample, ``<sample>.Log R Ratio`` (or LRR),
        ``<sample>.B Allele Freq`` (or BAF) and, where there is one, ``<sample>.GType``; plain or gzip
    genome : Genome
    sample : str or None, needed where the file holds several samples

    Returns
    -------
    SnpTable
        Probes on other contigs (M, unplaced) are left out; several probes of one position are all kept.

    Raises
    ------
    InputError
        GS-2001 to GS-2005 and GS-2102 for the file itself, GS-2101 where positions fit another assembly, GS-2104
        where no probe holds a B-allele fraction, GS-2201 where a column or the sample is missing.
    GenostabErrors
        GS-2202 for each wrong or doubled row.
    """
    text = read_text_capped(path)
    head, _, rows = text.partition("\n")
    header = split_header(head)
    place = {role: _find(header, names, role, str(path)) for role, names in _PLACE.items()}
    sample, signal = _signal_columns(header, sample, str(path))
    table = parse_rows(
        rows,
        path=str(path),
        first_line=2,
        header=header,
        sep=separator(head),
        wanted={place["name"]: True, place["chrom"]: True, place["position"]: False}
        | {column: role == "genotype" for role, column in signal.items()},
    )
    codes, contigs = table.labels(place["chrom"])
    chrom = contig_indices(contigs, codes, table.line, str(path), genome)
    position, log_r_ratio, b_allele, genotype = _values(table, place, signal, chrom)
    name = np.array(table.texts(place["name"]), dtype=object)
    known = np.flatnonzero(chrom >= 0)
    _refuse_doubled(table, name, known)
    refuse_past_end(str(path), table.line, chrom, position, genome)
    order = known[np.lexsort((position[known], chrom[known]))]
    _refuse_all_missing(b_allele[order], str(path))
    return SnpTable(
        sample=sample or Path(path).name.split(".")[0],
        name=tuple(name[order].tolist()),
        chrom=chrom[order].astype(np.int16),
        position=position[order].astype(np.int64) - 1,
        log_r_ratio=log_r_ratio[order],
        b_allele_fraction=b_allele[order],
        genotype=genotype[order],
    )


def _refuse_all_missing(b_allele: Float64, path: str) -> None:
    if np.isfinite(b_allele).any():
        return
    raise InputError(
        "GS-2104",
        what="no probe holds a B-allele fraction",
        where=path,
        found=f"{b_allele.size} probes, all missing",
        expected="at least one number",
        action="check the export of this sample",
    )


def _missing(path: str, header: tuple[str, ...], expected: str) -> InputError:
    return InputError(
        "GS-2201",
        what="a column is missing",
        where=f"{path}:1",
        found=", ".join(header[:12]),
        expected=expected,
        action="export the file with this column",
    )


def _find(header: tuple[str, ...], names: tuple[str, ...], role: str, path: str) -> str:
    column = next((column for column in header if column.lower() in names), None)
    if column is None:
        raise _missing(path, header, f"{role}, written as one of {', '.join(names)}")
    return column


def _signal_columns(header: tuple[str, ...], sample: str | None, path: str) -> tuple[str, dict[str, str]]:
    """Sample and its columns by role."""
    found: dict[str, dict[str, str]] = {}
    for column in header:
        for role, names in _SIGNAL.items():
            for name in names:
                lower = column.lower()
                if lower == name or lower.endswith(f".{name}"):
                    found.setdefault(column[: -len(name)].rstrip("."), {})[role] = column
    samples = [owner for owner, columns in found.items() if owner and "baf" in columns]
    if (sample is None and len(samples) > 1) or (sample is not None and samples and sample not in samples):
        raise InputError(
            "GS-2201",
            what="the file holds several samples" if sample is None else "the sample is not in the file",
            where=f"{path}:1",
            found=", ".join(samples[:10]),
            expected="the name of one of them" if sample is None else sample,
            action="name the sample to read",
        )
    owner = sample if samples and sample is not None else next(iter(samples), "")
    columns = found.get(owner, {})
    for role in ("lrr", "baf"):
        if role not in columns:
            raise _missing(path, header, f"{role}, written as one of {', '.join(_SIGNAL[role])}")
    return sample or owner, columns


def _values(
    table: Delimited, place: dict[str, str], signal: dict[str, str], chrom: Int64
) -> tuple[Float64, Float64, Float64, Int8]:
    """Position (1-based), log R ratio, B-allele fraction and genotype of every row; refuses wrong ones."""
    line = table.line
    position, bad_position = table.numbers(place["position"])
    whole = np.isfinite(position) & (position >= 1) & (position == np.floor(position))
    problems = [
        Problem(
            line=int(line[row]),
            what="not a position",
            found="text" if bad_position[row] else f"{position[row]:.15g}",
            expected="a whole number from 1",
        )
        for row in np.flatnonzero(~whole & (chrom >= 0))
    ]
    log_r_ratio, bad_ratio = table.numbers(signal["lrr"])
    b_allele, bad_allele = table.numbers(signal["baf"])
    problems += finite_or_missing(log_r_ratio, bad_ratio, line, signal["lrr"])
    problems += finite_or_missing(b_allele, bad_allele, line, signal["baf"])
    outside = np.isfinite(b_allele) & ((b_allele < 0) | (b_allele > 1))
    problems += [
        Problem(
            line=int(line[row]),
            what="a B-allele fraction outside 0 to 1",
            found=f"{b_allele[row]:g}",
            expected="0 to 1, or nothing where it is missing",
        )
        for row in np.flatnonzero(outside)
    ]
    genotype, more = _genotypes(table, signal)
    refuse_lines(table.path, problems + more, code="GS-2202", action="correct these rows or export again")
    return position, log_r_ratio, b_allele, genotype


def _genotypes(table: Delimited, signal: dict[str, str]) -> tuple[Int8, list[Problem]]:
    if "genotype" not in signal:
        return np.full(table.line.size, -1, dtype=np.int8), []
    codes, texts = table.labels(signal["genotype"])
    problems = [
        Problem(
            line=int(table.line[np.flatnonzero(codes == code)[0]]),
            what="an unknown genotype",
            found=repr(text),
            expected="AA, AB, BB or NC",
        )
        for code, text in enumerate(texts)
        if text not in _GENOTYPES
    ]
    copies = np.array([*(_GENOTYPES.get(text, -1) for text in texts), -1], dtype=np.int8)
    return copies[codes], problems


def _refuse_doubled(
    table: Delimited, name: np.ndarray[tuple[int], np.dtype[np.object_]], known: Int64
) -> None:
    first: dict[str, int] = {}
    problems = []
    for row in known.tolist():
        earlier = first.setdefault(name[row], row)
        if earlier != row:
            problems.append(
                Problem(
                    line=int(table.line[row]),
                    what="a probe without a name" if not name[row] else "the probe is there twice",
                    found=repr(name[row]),
                    expected=f"one row per probe; line {table.line[earlier]} holds it too",
                )
            )
    refuse_lines(table.path, problems, code="GS-2202", action="remove the doubled rows or export again")
