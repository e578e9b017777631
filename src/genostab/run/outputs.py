"""The files of one lot, as bytes, under the names and with the columns of the output contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from genostab.arrays import Genome
from genostab.compliance.judge import Verdict, verdict_row
from genostab.io.bed import BedRecord, bed_bytes
from genostab.io.seg import seg_bytes
from genostab.io.tsv import gzip_bytes, table_bytes
from genostab.io.vcf_calls import VcfCall, calls_vcf
from genostab.karyotype.call import Karyotype
from genostab.report.document import ReportData
from genostab.report.multiqc import multiqc_files
from genostab.report.page import report_html
from genostab.report.results_json import results_json
from genostab.results import Call, Sensitivity, Solution

CALL_COLUMNS = (
    "chrom", "start", "end", "kind", "copy_number", "cell_fraction", "cell_fraction_low", "cell_fraction_high",
    "ratio_log2", "n_bins", "n_snps", "score", "q_value", "origin", "hotspot", "bands", "iscn", "status", "reason",
    "start_low", "start_high", "end_low", "end_high", "alternatives",
    "minor_copies", "probability", "undecided",
)  # fmt: skip
KARYOTYPE_FILES = tuple(
    f"karyotype/{name}"
    for name in (
        "calls.tsv", "sensitivity.tsv", "segments.seg", "calls.vcf.gz", "calls.vcf.gz.tbi", "calls.bed", "bins.tsv.gz",
        "solutions.tsv",
    )
)  # fmt: skip
_COLOURS = {"gain": "0,90,181", "loss": "220,50,32", "cnloh": "117,112,179"}


def _call_row(call: Call) -> tuple[object, ...]:
    return (
        call.chrom,
        call.start,
        call.end,
        call.kind,
        call.copy_number,
        call.cell_fraction.estimate,
        call.cell_fraction.low,
        call.cell_fraction.high,
        call.ratio_log2,
        call.n_bins,
        call.n_snps,
        call.score,
        call.q_value,
        call.origin,
        call.hotspot,
        call.bands,
        call.iscn,
        "reported" if call.reported else "rejected",
        call.reason,
        call.start_low,
        call.start_high,
        call.end_low,
        call.end_high,
        call.alternatives,
        call.minor_copies,
        call.probability,
        "yes" if call.undecided else "",
    )


def karyotype_files(
    karyotype: Karyotype, solutions: Sequence[Solution], genome: Genome, sample: str
) -> dict[str, bytes]:
    """karyotype/: calls as TSV, VCF with index and BED; sensitivity; segments as SEG; bins; readings of ploidy.

    Parameters
    ----------
    karyotype : Karyotype
    solutions : sequence of Solution
    genome : Genome
    sample : str, name in VCF and SEG
    """
    vcf, index = calls_vcf(
        genome, sample, [_vcf_call(i, call, genome) for i, call in enumerate(karyotype.calls)]
    )
    contents = (
        table_bytes(CALL_COLUMNS, map(_call_row, karyotype.calls)),
        _record_table(Sensitivity, karyotype.sensitivity),
        seg_bytes(genome, sample, karyotype.segments),
        vcf,
        index,
        bed_bytes([_bed(call) for call in karyotype.calls if call.reported]),
        gzip_bytes(_bins(karyotype, genome)),
        _record_table(Solution, solutions),
    )
    return dict(zip(KARYOTYPE_FILES, contents, strict=True))


def _record_table(record: type[Sensitivity | Solution], rows: Sequence[Sensitivity | Solution]) -> bytes:
    """One line per record, its fields as columns."""
    columns = [field.name for field in fields(record)]
    return table_bytes(columns, ([getattr(row, name) for name in columns] for row in rows))


def _bins(karyotype: Karyotype, genome: Genome) -> bytes:
    profile = karyotype.profile
    names = np.array(genome.names)[profile.chrom].tolist()
    rows = zip(
        names,
        profile.start.tolist(),
        profile.end.tolist(),
        np.round(profile.ratio_log2, 5).tolist(),
        np.round(profile.sd_log2, 5).tolist(),
        profile.ploidy.tolist(),
        strict=True,
    )
    comments = (
        "start, end: 0-based half-open, bp; ratio_log2 relative to the ploidy expected; usable bins only",
    )
    return table_bytes(("chrom", "start", "end", "ratio_log2", "sd_log2", "ploidy"), rows, comments)


def _bed(call: Call) -> BedRecord:
    share = call.cell_fraction.estimate or 0.0
    return BedRecord(
        chrom=call.chrom,
        start=call.start,
        end=call.end,
        name=f"{call.kind}_CN{call.copy_number}_{share:.2f}_{call.origin}",
        score=round(1000 * share),
        rgb=_COLOURS[call.kind],
    )


def _vcf_call(number: int, call: Call, genome: Genome) -> VcfCall:
    return VcfCall(
        id=f"call{number + 1}",
        chrom=genome.names.index(call.chrom),
        start=call.start,
        end=call.end,
        kind=call.kind,
        copy_number=float(call.copy_number),
        cell_fraction=call.cell_fraction.estimate,
        cell_fraction_low=call.cell_fraction.low,
        cell_fraction_high=call.cell_fraction.high,
        origin=call.origin,
        reason=call.reason if not call.reported else "",
        start_low=call.start_low,
        start_high=call.start_high,
        end_low=call.end_low,
        end_high=call.end_high,
    )


def verdict_file(verdicts: tuple[Verdict, ...]) -> bytes:
    """verdicts.tsv."""
    rows = [verdict_row(verdict) for verdict in verdicts]
    columns = list(rows[0]) if rows else [field.name.removesuffix("_") for field in fields(Verdict)]
    return table_bytes(columns, ([row[name] for name in columns] for row in rows))


def lot_files(data: ReportData) -> dict[str, bytes]:
    """results.json, report.html, verdicts.tsv and the MultiQC files."""
    return {
        "results.json": results_json(data),
        "report.html": report_html(data),
        "verdicts.tsv": verdict_file(data.verdicts),
        **multiqc_files(data),
    }
