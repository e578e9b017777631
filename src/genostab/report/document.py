"""The one record that every writer of this room reads: a lot, its verdicts, its genome and what was not seen.

`run/` fills it; nothing here computes science. Text is data: each writer escapes it. Fractions stay 0..1 and
intervals 0-based half-open; percent and 1-based positions appear only in what the writers print.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genostab.compliance.judge import Overall, Verdict
from genostab.results import Call, Measurement, NotTested, SamplePair, Sensitivity, SnvFinding, Solution

Bool = NDArray[np.bool_]
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]
Cell = str | float | int | None
Json = str | float | int | bool | None | Mapping[str, "Json"] | tuple["Json", ...] | list["Json"]


def _no_int() -> Int64:
    return np.empty(0, dtype=np.int64)


def _no_float() -> Float64:
    return np.empty(0, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class Header:
    """What was tested and against what; "" or None where the manifest is silent.

    `profile_sha256` is the hash of the profile file as read; `dose_cells` counts cells, `dose_volume_ml` mL,
    `body_weight_kg` kg; `reference` names the parent sample that calls were compared with.
    """

    lot: str
    product: str
    stage: str
    line: str
    profile_id: str
    profile_title: str
    profile_sha256: str
    line_sex: str = ""
    passage: int | None = None
    population_doublings: float | None = None
    assembly: str = ""
    sample: str = ""
    reference: str = ""
    dose_cells: float | None = None
    dose_route: str = ""
    dose_volume_ml: float | None = None
    body_weight_kg: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class GenomeTrack:
    """Bins, segments and SNPs of the genome figure.

    chrom_names : tuple of str, shape (n_chromosomes,), in the order drawn
    chrom_length_bp : int64, shape (n_chromosomes,), > 0
    bin_chrom : int64, shape (n_bins,), index into chrom_names; bin_start, bin_end : int64, shape (n_bins,), bp;
        sorted by chromosome, then start
    bin_ratio_log2 : float64, shape (n_bins,), NaN where the bin was not used
    segment_chrom, segment_start, segment_end : int64, shape (n_segments,)
    segment_mean_log2 : float64, shape (n_segments,), no NaN
    snp_chrom, snp_position : int64, shape (n_snps,), sorted; snp_baf : float64, shape (n_snps,), 0..1 or NaN
    snp_haplotype : int64, shape (n_snps,), 1 or 2, 0 where not phased; empty where nothing is
    """

    chrom_names: tuple[str, ...]
    chrom_length_bp: Int64
    bin_chrom: Int64
    bin_start: Int64
    bin_end: Int64
    bin_ratio_log2: Float64
    segment_chrom: Int64 = field(default_factory=_no_int)
    segment_start: Int64 = field(default_factory=_no_int)
    segment_end: Int64 = field(default_factory=_no_int)
    segment_mean_log2: Float64 = field(default_factory=_no_float)
    snp_chrom: Int64 = field(default_factory=_no_int)
    snp_position: Int64 = field(default_factory=_no_int)
    snp_baf: Float64 = field(default_factory=_no_float)
    snp_haplotype: Int64 = field(default_factory=_no_int)


@dataclass(frozen=True, kw_only=True, eq=False)
class GcTrend:
    """Log2 ratio of bins against their GC content before and after correction, for the figure.

    gc_fraction : float64, shape (n_bins,), 0..1; before_log2, after_log2 : float64, shape (n_bins,); no NaN
    stratum_gc, stratum_before_log2, stratum_after_log2 : float64, shape (n_strata,), medians, ascending in GC
    """

    gc_fraction: Float64
    before_log2: Float64
    after_log2: Float64
    stratum_gc: Float64
    stratum_before_log2: Float64
    stratum_after_log2: Float64


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a detail table; a number in unit ``fraction`` is printed as percent."""

    name: str
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class DetailTable:
    """What lies behind one assay's number, as rows: metaphase clones, a standard curve, passages, animals."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class QcFigure:
    """One quality figure of the data, e.g. the noise of the bins; unit ``fraction`` is printed as percent."""

    name: str
    value: Cell
    unit: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class KaryotypeSummary:
    """What the depth of the whole genome says beyond its calls: its readings as ploidy and share of changed cells."""

    solutions: tuple[Solution, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TextBlock:
    """One titled paragraph of methods or limits."""

    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ReportData:
    """Everything that the report, results.json and the MultiQC file say about one lot.

    `genome` is None where nothing was sequenced, `gc_trend` where no GC content is known; `deviations` are retests,
    overrides and failed controls in words; `identity` compares the lot with its parents,
    `snvs` are SNV hotspots;
    `warnings` are what the run itself remarked; `provenance` is a tree of
    plain values (software, versions, command, seed, inputs with SHA-256, parameters, times).
    """

    header: Header
    overall: Overall
    verdicts: tuple[Verdict, ...]
    calls: tuple[Call, ...] = ()
    sensitivity: tuple[Sensitivity, ...] = ()
    genome: GenomeTrack | None = None
    measurements: tuple[Measurement, ...] = ()
    details: tuple[DetailTable, ...] = ()
    qc: tuple[QcFigure, ...] = ()
    not_tested: tuple[NotTested, ...] = ()
    deviations: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    methods: tuple[TextBlock, ...] = ()
    limits: tuple[TextBlock, ...] = ()
    provenance: Mapping[str, Json] = field(default_factory=dict)
    karyotype: KaryotypeSummary = field(default_factory=KaryotypeSummary)
    gc_trend: GcTrend | None = None
    identity: tuple[SamplePair, ...] = ()
    snvs: tuple[SnvFinding, ...] = ()
