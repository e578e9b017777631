"""What the science rooms hand on: estimates with their uncertainty, calls, limits of detection, measurements.

No float travels bare: an `Estimate` carries its interval, method, n and status, and "not detected" is a status
with a limit of detection, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["measured", "not_detected", "below_loq", "invalid", "not_computed"]
CallKind = Literal["gain", "loss", "cnloh"]
Origin = Literal["acquired", "inherited", "unknown"]
Evidence = Literal["depth", "allele", "both"]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One number with what is known about it.

    `estimate`, `low`, `high` are in `unit` (None where there is none: a one-sided bound has no other side);
    `level` is the coverage of low..high (0.95); `n` is what was counted (cells, events, bins, wells), 0 if stated
    by others without n; `lod` is the limit of detection in `unit`; `status` says how to read it all.
    """

    estimate: float | None
    low: float | None
    high: float | None
    unit: str
    level: float
    method: str
    n: int
    status: Status = "measured"
    lod: float | None = None


@dataclass(frozen=True, kw_only=True)
class Control:
    """One control or validity gate of an assay: its name, whether it held, and value against limit in words."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One measured metric of a lot, as `compliance/` judges it.

    `metric` is the key that profile criteria name, e.g. ``karyotype.normal_fraction``; `estimate` is numeric, `text`
    is a category ("negative"); a failed control makes the verdict INVALID; `facts` are further numbers that a
    criterion may require (``resolution_bp``, ``cell_fraction_lod``); `source` names file or sheet line.
    """

    metric: str
    estimate: Estimate | None = None
    text: str | None = None
    controls: tuple[Control, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class NotTested:
    """A block of the manifest that could not be computed, and why."""

    block: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """One copy-number or allelic call; interval 0-based half-open, fractions 0..1, columns of calls.tsv.

    Start and end lie between their low and high at the level of the cell fraction; None where that is not estimated.
    `alternatives` are other copy numbers, each in its share of cells, that explain the same ratio as well. `p_value`
    is its chance under noise anywhere in the genome; `minor_copies` are those of the rarer allele and `probability`
    that of this state, given that there is a change, where alleles tell. `undecided` says of a rejected call that a
    change of both alleles in a part of the cells would look like it.
    """

    chrom: str
    start: int
    end: int
    kind: CallKind
    copy_number: int
    cell_fraction: Estimate
    ratio_log2: float | None
    n_bins: int
    n_snps: int
    score: float
    q_value: float
    origin: Origin
    hotspot: str
    bands: str
    iscn: str
    reported: bool
    reason: str
    start_low: int | None = None
    start_high: int | None = None
    end_low: int | None = None
    end_high: int | None = None
    alternatives: str = ""
    p_value: float = 1.0
    minor_copies: int | None = None
    probability: float | None = None
    undecided: bool = False


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """The smallest cell fraction of one region and kind that would have been found with `power` at `alpha`.

    `min_cell_fraction` is None where even a change in all cells would not have been found.
    """

    region: str
    chrom: str
    start: int
    end: int
    kind: CallKind
    evidence: Evidence
    min_cell_fraction: float | None
    power: float
    alpha: float


@dataclass(frozen=True, kw_only=True)
class Solution:
    """One reading of the depth as ploidy and share of changed cells; columns of solutions.tsv.

    `ploidy` is the mean number of autosomal copies in the changed cells, or in all cells where `cell_fraction` is None
    (each change then has its own); `log_likelihood` and `relative_likelihood` are relative to the most likely one,
    which need not have rank 1 where the likelihood does not decide.
    """

    rank: int
    ploidy: float
    cell_fraction: float | None
    log_likelihood: float
    relative_likelihood: float
    note: str


@dataclass(frozen=True, kw_only=True)
class SamplePair:
    """Two samples compared SNP by SNP; columns of identity.tsv.

    `n_snps` is how many SNPs of the autosomes both have; `n_different` how many of the `concordance.n` called ones have
    another genotype; ibs0, ibs1, ibs2 how many share 0, 1, 2 alleles, None where the two files need not mean the same
    allele by B. Log-likelihood ratios are natural, of one donor against two unrelated ones and against the closest
    relatives; `relation` is the likeliest.
    """

    first: str
    second: str
    n_snps: int
    concordance: Estimate
    n_different: int
    ibs0: int | None
    ibs1: int | None
    ibs2: int | None
    kinship: Estimate
    log_likelihood_ratio_unrelated: float
    log_likelihood_ratio_relative: float
    relation: str
    reading: Literal["same donor", "related", "other donor", "cannot tell"]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class SnvFinding:
    """One SNV hotspot, or one variant in its gene; columns of snv_hotspots.tsv.

    `change` is the protein change, "" where the whole gene is listed; `position` 0-based, None without a variant;
    `vaf` is the share of ALT reads, not_detected with what would have been seen where there is none, and not_computed
    where no depth is known there; `matched` says how: hotspot, gene, not annotated, not seen; `depth` in reads;
    `depth_needed` is what `wanted_vaf` takes.
    """

    gene: str
    change: str
    chrom: str
    position: int | None
    ref: str
    alt: str
    depth: int | None
    vaf: Estimate
    matched: Literal["hotspot", "gene", "not annotated", "not seen"]
    passed: bool
    depth_needed: int
    source: str
