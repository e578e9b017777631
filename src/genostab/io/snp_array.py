"""SNP arrays: PennCNV's signal files, plain tables, GenomeStudio's FinalReport, VCF and BCF with LRR and BAF."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from genostab.arrays import Genome, Int8, SnpTable
from genostab.io.array_records import read_usual_records
from genostab.io.array_vcf import read_array_vcf
from genostab.io.delimited import Delimited, parse_rows, separator, split_header
from genostab.io.final_report import is_final_report, read_final_report
from genostab.io.intervals import contig_indices
from genostab.io.limits import open_bytes, read_text_capped
from genostab.io.probes import Probes, choose_sample, missing_column, signals, table_of_probes
from genostab.io.refusals import Problem, refuse_lines
from genostab.io.vcf_header import vcf_bytes

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
    path : str or Path, plain or gzip: a table with Name, Chr, Position and, per sample, ``<sample>.Log R Ratio`` (or
        LRR), ``<sample>.B Allele Freq`` (or BAF) and, where there is one, ``<sample>.GType``; a FinalReport of
        GenomeStudio; a VCF or BCF with FORMAT LRR and BAF
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
        where no probe holds a B-allele fraction, GS-2201 where a column or the sample is missing, GS-2301 for the
        header of a VCF.
    GenostabErrors
        GS-2202 for each wrong or doubled row.
    """
    where = str(path)
    with open_bytes(path) as reader:
        head = reader.read(16)
    if head.startswith((b"##fileformat=VCF", b"BCF")):
        data = vcf_bytes(path)
        usual = read_usual_records(data, where, genome, sample)
        return table_of_probes(usual or read_array_vcf(data, where, genome, sample), genome)
    text = read_text_capped(path)
    read = read_final_report if is_final_report(text) else _read_table
    return table_of_probes(read(text, where, genome, sample), genome)


def _read_table(text: str, path: str, genome: Genome, sample: str | None) -> Probes:
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
