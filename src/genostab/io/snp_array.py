"""SNP arrays: PennCNV's signal files, plain tables, GenomeStudio's FinalReport, VCF and BCF with LRR and BAF."""

from __future__ import annotations

from pathlib import Path

from genostab.arrays import Genome, SnpTable
from genostab.io.array_records import read_usual_records
from genostab.io.array_table import read_table, read_usual_table
from genostab.io.array_vcf import read_array_vcf
from genostab.io.final_report import is_final_report, read_final_report, read_usual_final_report
from genostab.io.limits import open_bytes, read_bytes_capped, text_of
from genostab.io.probes import table_of_probes
from genostab.io.vcf_header import vcf_bytes


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
    data = read_bytes_capped(path)
    table = read_usual_table(data, where, genome, sample) or read_usual_final_report(
        data, where, genome, sample
    )
    if table is not None:
        return table_of_probes(table, genome)
    text = text_of(data, path)
    read = read_final_report if is_final_report(text) else read_table
    return table_of_probes(read(text, where, genome, sample), genome)
