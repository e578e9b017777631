"""SNV hotspots of a lot's VCF for the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from genostab.arrays import Genome
from genostab.io.tsv import table_bytes
from genostab.io.variants import read_variants
from genostab.karyotype.sample_settings import load_sample_settings
from genostab.karyotype.snv_hotspots import find_snvs
from genostab.report.document import Column, DetailTable
from genostab.results import SnvFinding

SNV_FILE = "karyotype/snv_hotspots.tsv"
_COLUMNS = (
    "gene", "change", "chrom", "position", "ref", "alt", "depth", "vaf", "vaf_low", "vaf_high", "vaf_lod", "status",
    "matched", "filter", "depth_needed", "source",
)  # fmt: skip


def check_snvs(path: Path, genome: Genome) -> tuple[SnvFinding, ...]:
    """Each variant of a listed gene or change in a VCF, and each hotspot without one.

    Raises
    ------
    InputError
        As `read_variants`.
    """
    return find_snvs(read_variants(path, genome), genome, load_sample_settings())


def snv_table(findings: Sequence[SnvFinding]) -> DetailTable:
    """The findings as a table of the report."""
    wanted = load_sample_settings().wanted_vaf
    return DetailTable(
        title="SNV hotspots",
        columns=(
            *(Column(name=name) for name in ("gene", "change", "place", "found", "depth")),
            *(
                Column(name=name, unit="fraction")
                for name in ("VAF", "low", "high", "would have been seen from")
            ),
            Column(name="depth needed"),
            Column(name="source"),
        ),
        rows=tuple(
            (
                each.gene,
                each.change or "any",
                "" if each.position is None else f"{each.chrom}:{each.position + 1} {each.ref}>{each.alt}",
                each.matched + ("" if each.passed else ", filtered"),
                each.depth,
                each.vaf.estimate,
                each.vaf.low if each.vaf.estimate is not None else None,
                each.vaf.high if each.vaf.estimate is not None else None,
                each.vaf.lod,
                each.depth_needed,
                each.source,
            )
            for each in findings
        ),
        note="Protein changes are matched by the annotation of the VCF (ANN, CSQ, BCSQ) only; “not annotated” lies in "
        f"a listed gene. Depth needed: for a share of reads of {wanted:.0%}. Where no depth is known, “not seen” says "
        "nothing. A VCF of variants only shows the depth of variant sites, not of the hotspot itself.",
    )


def snv_file(findings: Sequence[SnvFinding]) -> bytes:
    """karyotype/snv_hotspots.tsv."""
    rows = [
        (
            each.gene,
            each.change,
            each.chrom,
            each.position,
            each.ref,
            each.alt,
            each.depth,
            each.vaf.estimate,
            each.vaf.low,
            each.vaf.high,
            each.vaf.lod,
            each.vaf.status,
            each.matched,
            "PASS" if each.passed else "filtered",
            each.depth_needed,
            each.source,
        )
        for each in findings
    ]
    return table_bytes(_COLUMNS, rows)
