"""A made-up but realistic lot for the report tests; `python -m tests.report.sample OUT.html` writes its page."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from genostab.compliance.judge import Verdict, overall
from genostab.report.document import (
    Column,
    DetailTable,
    GenomeTrack,
    Header,
    QcFigure,
    ReportData,
    TextBlock,
)
from genostab.results import Call, Control, Estimate, Measurement, NotTested, Sensitivity

# GRCh38 lengths in Mb, rounded
CHROMS = {
    "chr1": 248.956422,
    "chr2": 242.193529,
    "chr3": 198.295559,
    "chr4": 190.214555,
    "chr5": 181.538259,
    "chr6": 170.805979,
    "chr7": 159.345973,
    "chr8": 145.138636,
    "chr9": 138.394717,
    "chr10": 133.797422,
    "chr11": 135.086622,
    "chr12": 133.275309,
    "chr13": 114.364328,
    "chr14": 107.043718,
    "chr15": 101.991189,
    "chr16": 90.338345,
    "chr17": 83.257441,
    "chr18": 80.373285,
    "chr19": 58.617616,
    "chr20": 64.444167,
    "chr21": 46.709983,
    "chr22": 50.818468,
    "chrX": 156.040895,
}
CENTROMERES = {"chr1": 123.4, "chr8": 45.2, "chr12": 35.5, "chr17": 25.1, "chr20": 28.1, "chrX": 61.0}


def fraction(
    estimate: float | None, low: float | None, high: float | None, n: int = 0, **more: object
) -> Estimate:
    fields: dict[str, object] = {"unit": "fraction", "level": 0.95, "method": "exact binomial", **more}
    return Estimate(estimate=estimate, low=low, high=high, n=n, **fields)  # type: ignore[arg-type]


CALLS = (
    Call(
        chrom="chr1",
        start=143_200_000,
        end=248_956_422,
        kind="gain",
        copy_number=3,
        cell_fraction=fraction(0.118, 0.094, 0.142, 2000, method="segment mean"),
        ratio_log2=0.0827,
        n_bins=2114,
        n_snps=8120,
        score=14.2,
        q_value=3.1e-9,
        origin="acquired",
        hotspot="1q gain",
        bands="1q21.1-q44",
        iscn="sseq[GRCh38] 1q21.1q44(143200001_248956422)x2~3",
        reported=True,
        reason="",
    ),
    Call(
        chrom="chr20",
        start=31_350_000,
        end=33_900_000,
        kind="gain",
        copy_number=3,
        cell_fraction=fraction(0.31, 0.262, 0.358, 51, method="segment mean"),
        ratio_log2=0.2077,
        n_bins=51,
        n_snps=402,
        score=21.7,
        q_value=2e-14,
        origin="acquired",
        hotspot="20q11.21 gain",
        bands="20q11.21",
        iscn="sseq[GRCh38] 20q11.21(31350001_33900000)x2~3",
        reported=True,
        reason="",
    ),
    Call(
        chrom="chr18",
        start=48_000_000,
        end=80_373_285,
        kind="loss",
        copy_number=1,
        cell_fraction=fraction(0.22, 0.195, 0.245, 640, method="segment mean"),
        ratio_log2=-0.168,
        n_bins=640,
        n_snps=2950,
        score=18.9,
        q_value=1e-12,
        origin="acquired",
        hotspot="18q loss",
        bands="18q21.1-q23",
        iscn="sseq[GRCh38] 18q21.1q23(48000001_80373285)x1~2",
        reported=True,
        reason="",
    ),
    Call(
        chrom="chr9",
        start=60_000,
        end=21_900_000,
        kind="cnloh",
        copy_number=2,
        cell_fraction=fraction(0.47, 0.44, 0.5, 1810, method="allele shift"),
        ratio_log2=0.004,
        n_bins=430,
        n_snps=1810,
        score=33.0,
        q_value=1e-20,
        origin="inherited",
        hotspot="",
        bands="9p24.3-p21.3",
        iscn="",
        reported=True,
        reason="",
    ),
    Call(
        chrom="chr14",
        start=105_600_000,
        end=106_800_000,
        kind="loss",
        copy_number=1,
        cell_fraction=fraction(0.5, 0.37, 0.63, 24),
        ratio_log2=-0.41,
        n_bins=24,
        n_snps=33,
        score=6.1,
        q_value=0.004,
        origin="unknown",
        hotspot="",
        bands="14q32.33",
        iscn="",
        reported=False,
        reason="inside the immunoglobulin heavy-chain locus, masked in every sample",
    ),
    Call(
        chrom="chr4",
        start=68_400_000,
        end=68_650_000,
        kind="gain",
        copy_number=3,
        cell_fraction=fraction(0.9, 0.6, 1.0, 5),
        ratio_log2=0.51,
        n_bins=5,
        n_snps=2,
        score=5.0,
        q_value=0.03,
        origin="inherited",
        hotspot="",
        bands="4q13.2",
        iscn="",
        reported=False,
        reason="q value above the threshold of 0.01; same interval in the parent",
    ),
)


def genome(n_bins: int = 60_000, n_snps: int = 40_000, seed: int = 20) -> GenomeTrack:
    """Bins of equal width with noise, the calls above, a single bad bin, and unused bins at the centromeres."""
    rng = np.random.default_rng(seed)
    names = tuple(CHROMS)
    length = np.array([round(mb * 1e6) for mb in CHROMS.values()], dtype=np.int64)
    width = int(length.sum() // n_bins) + 1
    per_chrom = -(-length // width)
    chrom = np.repeat(np.arange(len(names)), per_chrom)
    rank = np.arange(chrom.size) - np.repeat(np.cumsum(per_chrom) - per_chrom, per_chrom)
    start = rank * width
    end = np.minimum(start + width, length[chrom])
    ratio = rng.normal(0.0, 0.09, chrom.size)
    segments: list[tuple[int, int, int, float]] = []
    marked = [call for call in CALLS if call.reported and call.kind != "cnloh"]
    for i, name in enumerate(names):
        at = 0
        for call in sorted((c for c in marked if c.chrom == name), key=lambda c: c.start):
            inside = (chrom == i) & (start >= call.start) & (start < call.end)
            assert call.ratio_log2 is not None
            ratio[inside] += call.ratio_log2
            segments += [(i, at, call.start, 0.001), (i, call.start, call.end, call.ratio_log2)]
            at = call.end
        if at < length[i] - width:
            segments.append((i, at, int(length[i]), -0.002))
        middle = CENTROMERES.get(name, CHROMS[name] * 0.42) * 1e6
        ratio[(chrom == i) & (np.abs(start - middle) < 1.6e6)] = np.nan
    ratio[int(chrom.size * 0.71)] = 0.95
    snp_chrom = np.sort(rng.choice(len(names), n_snps, p=length / length.sum()))
    position = np.floor(rng.random(n_snps) * length[snp_chrom]).astype(np.int64)
    order = np.lexsort((position, snp_chrom))
    snp_chrom, position = snp_chrom[order], position[order]
    genotype = rng.choice(3, n_snps, p=[0.36, 0.28, 0.36])
    baf = np.clip(genotype / 2 + rng.normal(0, 0.022, n_snps), 0, 1)
    sign = rng.choice([-1.0, 1.0], n_snps)
    for call, shift in zip(CALLS[:4], (0.028, 0.067, 0.055, 0.235), strict=True):
        inside = (snp_chrom == names.index(call.chrom)) & (position >= call.start) & (position < call.end)
        baf = np.where(inside & (genotype == 1), baf + sign * shift, baf)
    columns = list(zip(*segments, strict=True))
    return GenomeTrack(
        chrom_names=names,
        chrom_length_bp=length,
        bin_chrom=chrom.astype(np.int64),
        bin_start=start.astype(np.int64),
        bin_end=end.astype(np.int64),
        bin_ratio_log2=ratio,
        segment_chrom=np.array(columns[0], dtype=np.int64),
        segment_start=np.array(columns[1], dtype=np.int64),
        segment_end=np.array(columns[2], dtype=np.int64),
        segment_mean_log2=np.array(columns[3]),
        snp_chrom=snp_chrom.astype(np.int64),
        snp_position=position,
        snp_baf=baf,
    )


def sensitivity() -> tuple[Sensitivity, ...]:
    """Hotspots and chromosome arms; noise shrinks with the root of the length."""
    places = [
        ("20q11.21", "chr20", 31_300_000, 35_900_000),
        ("1q32 (MDM4)", "chr1", 204_400_000, 204_700_000),
        ("12p", "chr12", 0, 35_500_000),
        ("17q25", "chr17", 72_900_000, 83_257_441),
        ("18q21-qter", "chr18", 45_900_000, 80_373_285),
        ("8q24 (MYC)", "chr8", 126_000_000, 129_500_000),
        ("TP53", "chr17", 7_668_401, 7_687_550),
        ("DMD", "chrX", 31_100_000, 33_300_000),
    ]
    for name, mb in CHROMS.items():
        centre = round(CENTROMERES.get(name, mb * 0.42) * 1e6)
        short = name.removeprefix("chr")
        if short not in {"13", "14", "15", "21", "22"}:
            places.append((f"{short}p", name, 0, centre))
        places.append((f"{short}q", name, centre, round(mb * 1e6)))
    records = []
    for region, chrom, start, end in places:
        for kind, factor in (("gain", 1.0), ("loss", 0.86), ("cnloh", 0.7)):
            value = factor * (0.035 + 0.19 / np.sqrt((end - start) / 1e6))
            blind = value > 1 or (kind == "cnloh" and chrom == "chrX")
            records.append(
                Sensitivity(
                    region=region,
                    chrom=chrom,
                    start=start,
                    end=end,
                    kind=kind,  # type: ignore[arg-type]
                    evidence="allele" if kind == "cnloh" else "both",
                    min_cell_fraction=None if blind else float(value),
                    power=0.95,
                    alpha=0.001,
                )
            )
    return tuple(records)


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


def measurements() -> tuple[Measurement, ...]:
    return (
        Measurement(
            metric="karyotype.normal_fraction_g_band",
            estimate=fraction(0.65, 0.408, 0.846, 20, method="Clopper-Pearson"),
            source="gband.csv",
        ),
        Measurement(
            metric="cnv.acquired_recurrent_count",
            estimate=Estimate(
                estimate=3.0,
                low=None,
                high=None,
                unit="count",
                level=0.95,
                method="segmentation of 50 kb bins against the parent",
                n=59_000,
            ),
            facts={"resolution_bp": 510_000.0, "cell_fraction_lod": 0.092},
            source="nsc.bam",
        ),
        Measurement(
            metric="residual.ddpcr-lin28.frequency",
            estimate=fraction(
                None,
                None,
                0.0000093,
                320_000,
                status="not_detected",
                lod=0.00002,
                method="exact Poisson bound",
            ),
            controls=(
                Control(name="no template", passed=True, detail="0 of 18,211 droplets"),
                Control(name="positive", passed=True, detail="recovery 97 % of the spike"),
            ),
            source="ddpcr.csv",
        ),
        Measurement(
            metric="endotoxin",
            estimate=Estimate(
                estimate=None,
                low=None,
                high=0.05,
                unit="EU/mL",
                level=0.95,
                method="kinetic LAL",
                n=4,
                status="below_loq",
                lod=0.05,
            ),
            controls=(Control(name="spike recovery", passed=True, detail="104 %"),),
            source="lal.csv",
        ),
        Measurement(
            metric="marker.gd2_fcm",
            estimate=fraction(0.88, 0.877, 0.883, 50_000),
            controls=(Control(name="isotype", passed=False, detail="12 % positive, at most 1 %"),),
            source="gd2.fcs",
        ),
        Measurement(
            metric="telomerase.relative_activity",
            estimate=fraction(0.034, 0.021, 0.055, 3, method="standard curve, delta method"),
            controls=(
                Control(name="heat-treated pair", passed=True, detail="no product"),
                Control(name="standard curve", passed=True, detail="efficiency 97.4 %, R2 0.998"),
            ),
            source="trap.rdml",
        ),
    )


def sample(n_bins: int = 60_000, n_snps: int = 40_000) -> ReportData:
    judged = verdicts()
    return ReportData(
        header=Header(
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
        ),
        overall=overall(judged),
        verdicts=judged,
        calls=CALLS,
        sensitivity=sensitivity(),
        genome=genome(n_bins, n_snps),
        measurements=measurements(),
        details=(
            DetailTable(
                title="Metaphase clones",
                columns=(
                    Column(name="Karyotype (ISCN)"),
                    Column(name="Cells", unit="count"),
                    Column(name="Share", unit="fraction"),
                    Column(name="Clonal"),
                ),
                rows=(
                    ("46,XX", 13, 0.65, "–"),
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
                rows=(
                    (20.0, 21.04, 3, 0.03),
                    (2.0, 24.41, 3, -0.05),
                    (0.2, 27.83, 3, 0.01),
                    (0.02, 31.2, 3, 0.01),
                ),
                note="Efficiency 97.4 %, slope −3.386 per decade.",
            ),
        ),
        qc=(
            QcFigure(name="Mean depth", value=28.4, unit="×", note="after duplicate removal"),
            QcFigure(
                name="Noise of one bin",
                value=0.091,
                unit="log2",
                note="robust standard deviation of neighbour differences",
            ),
            QcFigure(name="Duplicates", value=0.084, unit="fraction", note=""),
            QcFigure(
                name="Bins used", value=0.962, unit="fraction", note="the rest: centromeres, low mappability"
            ),
        ),
        not_tested=(
            NotTested(block="tumorigenicity", reason="no animals file in the manifest"),
            NotTested(block="culture.variant_probability", reason="fewer than 3 passages with counts"),
        ),
        deviations=(
            "GD2 flow cytometry repeated once after the isotype control failed; both runs are invalid.",
        ),
        warnings=(
            "The parent sample has 9.1× depth, a third of the lot's; limits of detection include its noise.",
        ),
        methods=(
            TextBlock(
                title="Copy number",
                text="Reads were counted in 50 kb bins, corrected against the parent, and segmented; a change is "
                "reported when its q value is below 0.01.",
            ),
            TextBlock(
                title="Residual iPSC",
                text="Zero positives of n carry the exact one-sided 95 % bound 1 − 0.05^(1/n).",
            ),
        ),
        limits=(
            TextBlock(
                title="Balanced rearrangements",
                text="Read depth and allele fractions do not change with balanced translocations and inversions; "
                "only metaphases show them.",
            ),
            TextBlock(
                title="Whole-genome doubling",
                text="Ratios are relative; tetraploid cells look like diploid ones in sequencing data.",
            ),
            TextBlock(
                title="Small variants",
                text="Single-base changes and short indels, TP53 among them, were not looked for.",
            ),
        ),
        provenance={
            "software": {"name": "genostab", "version": "0.1.0", "numpy": "2.4.6", "numba": "0.68.1"},
            "command": ["genostab", "analyze", "LOT.yaml", "-o", "OUT"],
            "seed": 1,
            "started_utc": "2026-11-22T09:14:05Z",
            "ended_utc": "2026-11-22T09:21:48Z",
            "inputs": [
                {
                    "path": "nsc.bam",
                    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                    "bytes": 41_204_551_998,
                },
                {
                    "path": "gband.csv",
                    "sha256": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
                    "bytes": 1_284,
                },
            ],
            "parameters": {"bin_bp": 50_000, "q_value_max": 0.01},
        },
    )


if __name__ == "__main__":
    from genostab.report.page import report_html

    Path(sys.argv[1]).write_bytes(report_html(sample()))
