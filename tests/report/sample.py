"""A made-up but realistic lot for the report tests; `python -m tests.report.sample OUT.html` writes its page."""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path

from genostab.compliance.judge import Verdict, overall
from genostab.report.document import (
    Column,
    DetailTable,
    Header,
    Json,
    KaryotypeSummary,
    QcFigure,
    ReportData,
    TextBlock,
)
from genostab.results import Control, Measurement, NotTested, Solution
from tests.report.sample_genome import CALLS, fraction, genome, sensitivity


def _parsed(text: str) -> float | str | None:
    try:
        return float(text)
    except ValueError:
        return text or None


def verdicts() -> tuple[Verdict, ...]:
    """The lot's verdicts, from a table in the layout of verdicts.tsv."""
    with Path(__file__).with_name("sample_verdicts.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    numbers = ("measured", "low", "high", "limit", "lod")
    return tuple(
        Verdict(
            **{key: value for key, value in row.items() if key not in {*numbers, "n", "class"}},  # type: ignore[arg-type]
            **{key: _parsed(row[key]) for key in numbers},  # type: ignore[arg-type]
            n=int(row["n"]) if row["n"] else None,
            class_=row["class"],
        )
        for row in rows
    )


CONTROLS = {
    "residual.ddpcr-lin28.frequency": (
        ("no template", True, "0 of 18,211 droplets"),
        ("positive", True, "recovery 97 %"),
    ),
    "endotoxin": (("spike recovery", True, "104 %"),),
    "marker.gd2_fcm": (("isotype", False, "12 % positive, at most 1 %"),),
    "telomerase.relative_activity": (
        ("heat-treated pair", True, "no product"),
        ("standard curve", True, "R2 0.998"),
    ),
}
ESTIMATES = {
    "karyotype.normal_fraction_g_band": fraction(0.65, 0.408, 0.846, 20, method="Clopper-Pearson"),
    "cnv.acquired_recurrent_count": fraction(3.0, None, None, 59_000, unit="count", method="segmentation"),
    "residual.ddpcr-lin28.frequency": fraction(
        None, None, 0.0000093, 320_000, status="not_detected", lod=0.00002
    ),
    "endotoxin": fraction(
        None, None, 0.05, 4, unit="EU/mL", status="below_loq", lod=0.05, method="kinetic LAL"
    ),
    "marker.gd2_fcm": fraction(0.88, 0.877, 0.883, 50_000),
    "telomerase.relative_activity": fraction(0.034, 0.021, 0.055, 3, method="standard curve"),
}


def measurements() -> tuple[Measurement, ...]:
    """What the verdicts rest on, with controls."""
    facts = {"cnv.acquired_recurrent_count": {"resolution_bp": 510_000.0, "cell_fraction_lod": 0.092}}
    return tuple(
        Measurement(
            metric=metric,
            estimate=estimate,
            controls=tuple(Control(name=n, passed=p, detail=d) for n, p, d in CONTROLS.get(metric, ())),
            facts=facts.get(metric, {}),
            source=f"{metric.partition('.')[0]}.csv",
        )
        for metric, estimate in ESTIMATES.items()
    )


HEADER = Header(
    lot="NSC-2026-014",
    product="iPSC-derived neural stem cells",
    stage="drug_substance",
    line="L01",
    line_sex="female",
    passage=34,
    population_doublings=102.0,
    assembly="GRCh38",
    sample="nsc.bam",
    reference="bank.bam",
    profile_id="keio-sci-2021",
    profile_title="Keio first-in-human NS/PC for spinal cord injury",
    profile_sha256="9b6cf1f2a6f0f1f0c4a5f2b7c2a9de0f1b8e6c3f7a4d5b6c7e8f90a1b2c3d4e5",
    dose_cells=2.0e6,
    dose_route="intrathecal",
    dose_volume_ml=0.02,
    body_weight_kg=70.0,
)
DETAILS = (
    DetailTable(
        title="Metaphase clones",
        columns=(
            Column(name="Karyotype (ISCN)"),
            Column(name="Cells", unit="count"),
            Column(name="Share", unit="fraction"),
            Column(name="Clonal"),
        ),
        rows=(
            ("46,XX", 13, 0.65, None),
            ("46,XX,dup(20)(q11.21q11.21)", 5, 0.25, "yes"),
            ("47,XX,+12", 1, 0.05, "no"),
            ("45,XX,-18", 1, 0.05, "no"),
        ),
        note="G-banding, 20 cells. A structural change or gain in 2 cells, or a loss in 3, makes a clone.",
    ),
    DetailTable(
        title="TRAP standard curve",
        columns=(
            Column(name="TSR8", unit="amol"),
            Column(name="Cq, mean", unit="cycles"),
            Column(name="Replicates", unit="count"),
            Column(name="Residual", unit="cycles"),
        ),
        rows=((20.0, 21.04, 3, 0.03), (2.0, 24.41, 3, -0.05), (0.2, 27.83, 3, 0.01), (0.02, 31.2, 3, 0.01)),
        note="Efficiency 97.4 %, slope −3.386 per decade.",
    ),
)
QC = (
    QcFigure(name="Mean depth", value=28.4, unit="×", note="after duplicate removal"),
    QcFigure(name="Noise of one bin", value=0.091, unit="log2", note="robust, from neighbour differences"),
    QcFigure(name="Duplicates", value=0.084, unit="fraction"),
    QcFigure(name="Bins used", value=0.962, unit="fraction", note="the rest: centromeres, low mappability"),
)
SOLUTIONS = tuple(
    Solution(
        rank=rank,
        ploidy=ploidy,
        cell_fraction=cells,
        log_likelihood=log_likelihood,
        relative_likelihood=math.exp(log_likelihood),
        note=note,
    )
    for rank, (ploidy, cells, log_likelihood, note) in enumerate(
        (
            (2.04, None, 0.0, "normal cells with 2 copies, each change in its own share of cells"),
            (4.08, None, 0.0, "the same with all cells doubled to 4 copies: depth cannot tell"),
            (2.11, 0.31, -1.8, "3 of 3 changed segments at whole copy numbers; unchanged genome 2 copies"),
        ),
        start=1,
    )
)
METHODS = (
    TextBlock(
        title="Copy number",
        text="Reads were counted in 50 kb bins, corrected against the parent, and segmented; a change is "
        "reported when its q value is below 0.01.",
    ),
    TextBlock(title="Residual iPSC", text="Zero positives of n carry the exact bound 1 − 0.05^(1/n)."),
)
LIMITS = (
    TextBlock(
        title="Balanced rearrangements",
        text="Read depth and allele fractions do not change with balanced translocations and inversions; "
        "only metaphases show them.",
    ),
    TextBlock(
        title="Whole-genome doubling", text="Ratios are relative; tetraploid cells look like diploid ones."
    ),
    TextBlock(title="Small variants", text="Single-base changes and short indels were not looked for."),
)
PROVENANCE: dict[str, Json] = {
    "software": {"name": "genostab", "version": "0.1.0", "numpy": "2.4.6", "numba": "0.68.1"},
    "command": ["genostab", "analyze", "LOT.yaml", "-o", "OUT"],
    "seed": 1,
    "started_utc": "2026-11-22T09:14:05Z",
    "ended_utc": "2026-11-22T09:21:48Z",
    "inputs": [
        {"path": "nsc.bam", "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"path": "gband.csv", "sha256": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"},
    ],
    "parameters": {"bin_bp": 50_000, "q_value_max": 0.01},
}


def sample(n_bins: int = 60_000, n_snps: int = 40_000) -> ReportData:
    """The lot, with a genome of that many bins and SNPs."""
    return ReportData(
        header=HEADER,
        overall=overall(verdicts()),
        verdicts=verdicts(),
        calls=CALLS,
        sensitivity=sensitivity(),
        genome=genome(n_bins, n_snps),
        measurements=measurements(),
        details=DETAILS,
        qc=QC,
        not_tested=(
            NotTested(block="tumorigenicity", reason="no animals file in the manifest"),
            NotTested(block="culture.variant_probability", reason="fewer than 3 passages with counts"),
        ),
        deviations=(
            "GD2 flow cytometry was repeated once after the isotype control failed; both runs are invalid.",
        ),
        warnings=(
            "The parent sample has 9.1× depth, a third of the lot's; limits of detection include its noise.",
        ),
        methods=METHODS,
        karyotype=KaryotypeSummary(solutions=SOLUTIONS),
        limits=LIMITS,
        provenance=PROVENANCE,
    )


if __name__ == "__main__":
    from genostab.report.page import report_html

    Path(sys.argv[1]).write_bytes(report_html(sample()))
