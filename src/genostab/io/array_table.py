"""Plain tables of SNP arrays: one row per probe, and columns for each sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from genostab.arrays import Genome, Int8
from genostab.errors import GenostabErrors, InputError
from genostab.io.array_fields import ProbeColumns, calls_of, usual_probes
from genostab.io.delimited import Delimited, parse_rows, separator, split_header
from genostab.io.final_report import is_final_report
from genostab.io.intervals import contig_indices
from genostab.io.probes import Probes, choose_sample, missing_column, signals
from genostab.io.refusals import Problem, refuse_lines
from genostab.io.spans import UnusualError, expect, fields_of

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


def read_usual_table(data: bytes, path: str, genome: Genome, sample: str | None) -> Probes | None:
    """What `read_table` reads, to the last bit; None where anything is not as usual, which it reads or refuses."""
    try:
        head = data[: data.find(b"\n") + 1].decode("utf-8-sig")
        expect(bool(head) and not is_final_report(head) and "\0" not in head and "\r" not in head)
        return _usual(data, head, path, genome, sample)
    except (UnusualError, InputError, GenostabErrors, UnicodeDecodeError):
        return None


def _usual(data: bytes, head: str, path: str, genome: Genome, sample: str | None) -> Probes:
    header = split_header(head.rstrip("\n"))
    place = {role: _find(header, names, role, path) for role, names in _PLACE.items()}
    sample, signal = _signal_columns(header, sample, path)
    columns = sorted(header.index(name) for name in (*place.values(), *signal.values()))
    expect(len({*columns}) == len(place) + len(signal) and len({*header}) == len(header))
    found = fields_of(data, data.find(b"\n") + 1, separator(head), len(header), columns)
    fields = {header[column]: spans for column, spans in zip(columns, found, strict=True)}
    line = 2 + np.arange(found[0].start.size, dtype=np.int64)
    columns_of = ProbeColumns(**place, ratio=signal["lrr"], fraction=signal["baf"])
    owner = sample or Path(path).name.split(".")[0]
    probes = usual_probes(fields, columns_of, line, path, owner, genome)
    if "genotype" not in signal:
        return probes
    return replace(probes, genotype=calls_of(fields[signal["genotype"]], _GENOTYPES))


def read_table(text: str, path: str, genome: Genome, sample: str | None) -> Probes:
    """A table with one row per probe and columns for each sample."""
    head, _, rows = text.partition("\n")
    header = split_header(head)
    place = {role: _find(header, names, role, path) for role, names in _PLACE.items()}
    sample, signal = _signal_columns(header, sample, path)
    table = parse_rows(
        rows,
        path=path,
        first_line=2,
        header=header,
        sep=separator(head),
        wanted={place["chrom"]: True, place["position"]: False}
        | {column: role == "genotype" for role, column in signal.items()},
        distinct=(place["name"],),
    )
    codes, contigs = table.labels(place["chrom"])
    chrom = contig_indices(contigs, codes, table.line, path, genome)
    log_r_ratio, b_allele, problems = signals(table, signal["lrr"], signal["baf"])
    genotype, more = _genotypes(table, signal)
    refuse_lines(path, problems + more, code="GS-2202", action="correct these rows or export again")
    return Probes(
        path=path,
        sample=sample or Path(path).name.split(".")[0],
        line=table.line,
        name=np.array(table.texts(place["name"]), dtype=object),
        chrom=chrom,
        position=table.numbers(place["position"])[0],
        log_r_ratio=log_r_ratio,
        b_allele=b_allele,
        genotype=genotype,
    )


def _find(header: tuple[str, ...], names: tuple[str, ...], role: str, path: str) -> str:
    column = next((column for column in header if column.lower() in names), None)
    if column is None:
        expected = f"{role}, written as one of {', '.join(names)}"
        raise missing_column(path, 1, header, expected, "export the file with this column")
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
    owner = choose_sample(samples, sample, f"{path}:1") if samples else ""
    columns = found.get(owner, {})
    for role in ("lrr", "baf"):
        if role not in columns:
            expected = f"{role}, written as one of {', '.join(_SIGNAL[role])}"
            raise missing_column(path, 1, header, expected, "export the file with this column")
    return sample or owner, columns


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
