"""Whether a SNP array is good enough to be read: figures of noise against published limits."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from genostab.arrays import Bool, Float64, Genome, Int64, SnpTable, median
from genostab.karyotype.bins import autosomes
from genostab.karyotype.settings import Settings

Row = tuple[str, str | float | int, str, str]
_LABELS = {
    "call_rate": ("call rate", "fraction"),
    "lrr_sd": ("Log R ratio SD", "log R ratio"),
    "baf_median": ("B allele fraction, median of heterozygous probes", "fraction"),
    "baf_sd": ("B allele fraction, SD of heterozygous probes", "fraction"),
    "baf_drift": ("B allele drift", "fraction"),
    "waviness": ("waviness factor, absolute", "log R ratio"),
}


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One published limit: its figure, who published it, its two sides, and whether it decides."""

    figure: str
    set: str
    low: float = -math.inf
    high: float = math.inf
    decides: bool

    def holds(self, value: float) -> bool:
        """Whether a value lies within; an unknown one does."""
        return math.isnan(value) or self.low <= value <= self.high


@dataclass(frozen=True, kw_only=True)
class ArrayQuality:
    """Quality of one array.

    stated : mapping of figure to its published definition over all autosomes, NaN where unknown
    judged : mapping of figure to the value that is held against the limits
    failures : tuple of str, limits that decide and do not hold
    remarks : tuple of str, other limits that do not hold
    genotypes : tuple of int, probes AA, AB, BB and without a genotype
    """

    stated: dict[str, float]
    judged: dict[str, float]
    failures: tuple[str, ...]
    remarks: tuple[str, ...]
    genotypes: tuple[int, int, int, int]


@functools.cache
def _constants() -> dict[str, Any]:
    text = files("genostab.karyotype").joinpath("array_limits.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def array_limits() -> tuple[Limit, ...]:
    """The published limits of array_limits.toml.

    Examples
    --------
    >>> sorted({limit.figure for limit in array_limits() if limit.decides})
    ['lrr_sd']
    """
    return tuple(Limit(**entry) for entry in _constants()["limit"])


def array_quality(snps: SnpTable, genome: Genome, settings: Settings) -> ArrayQuality:
    """Figures of an array's quality, held against the published limits.

    Parameters
    ----------
    snps : SnpTable
    genome : Genome
    settings : Settings, table [array]

    Notes
    -----
    Definitions of PennCNV (Wang et al. 2007, doi 10.1101/gr.6861907; detect_cnv.pl and genomic_wave.pl): Log R ratios
    of autosomes within 2 of zero; BAF of autosomes between 0.25 and 0.75; drift, the share of BAF in 0.2 to 0.25 and
    0.75 to 0.8, median over autosomes; waviness, the median absolute deviation of the medians of 1-Mb windows
    (Diskin et al. 2008, doi 10.1093/nar/gkn556), without the sign that GC content would give it.

    A changed genome moves most of them without being a failure of the array. Held against the limits are therefore
    medians over autosomes, and for the Log R ratio the standard deviation of neighbours' differences over sqrt(2),
    which steps between segments do not widen. array_limits.toml says which limits decide, and why.
    """
    by_chromosome = _chromosomes(snps, genome, settings)
    whole = autosomes(genome)[snps.chrom]
    baf, lrr = snps.b_allele_fraction[whole], snps.log_r_ratio[whole]
    hets = baf[(baf > settings.het_baf_low) & (baf < settings.het_baf_high)]
    waves = np.concatenate([each.windows for each in by_chromosome] or [np.empty(0)])
    # Call rate is of files that hold genotypes at all.
    has_genotypes = bool((snps.genotype >= 0).any())
    drift = _median([each.drift for each in by_chromosome])
    waviness = _deviation(waves)
    stated = {
        "call_rate": float((snps.genotype >= 0).mean()) if has_genotypes else math.nan,
        "lrr_sd": _sd(lrr[np.abs(lrr) <= settings.lrr_sd_range]),
        "baf_median": median(hets) if hets.size else math.nan,
        "baf_sd": _sd(hets),
        "baf_drift": drift,
        "waviness": waviness,
    }
    judged = {
        "call_rate": _median([each.call_rate for each in by_chromosome]) if has_genotypes else math.nan,
        "lrr_sd": _median([each.lrr_sd for each in by_chromosome]),
        "baf_median": _median([each.baf_median for each in by_chromosome]),
        "baf_sd": _median([each.baf_sd for each in by_chromosome]),
        "baf_drift": drift,
        "waviness": waviness,
    }
    broken = [limit for limit in array_limits() if not limit.holds(judged[limit.figure])]
    failures = [_broken_text(limit, judged) for limit in broken if limit.decides]
    if math.isnan(judged["lrr_sd"]):
        failures.append("no autosome has Log R ratios to tell their noise by")
    copies = np.bincount(np.where(snps.genotype < 0, 3, snps.genotype), minlength=4)
    return ArrayQuality(
        stated=stated,
        judged=judged,
        failures=tuple(failures),
        remarks=tuple(_broken_text(limit, judged) for limit in broken if not limit.decides),
        genotypes=(int(copies[0]), int(copies[1]), int(copies[2]), int(copies[3])),
    )


@dataclass(frozen=True, kw_only=True)
class _Chromosome:
    """Figures of one autosome; windows are medians of the Log R ratio."""

    call_rate: float
    lrr_sd: float
    baf_median: float
    baf_sd: float
    drift: float
    windows: Float64


def _chromosomes(snps: SnpTable, genome: Genome, settings: Settings) -> list[_Chromosome]:
    found = []
    edges = np.searchsorted(snps.chrom, np.arange(len(genome.names) + 1))
    for chrom in np.flatnonzero(autosomes(genome)).tolist():
        own = slice(int(edges[chrom]), int(edges[chrom + 1]))
        if own.stop - own.start < 2:
            continue
        baf, lrr = snps.b_allele_fraction[own], snps.log_r_ratio[own]
        hets = baf[(baf > settings.het_baf_low) & (baf < settings.het_baf_high)]
        near = lrr[np.abs(lrr) <= settings.lrr_sd_range]
        found.append(
            _Chromosome(
                call_rate=float((snps.genotype[own] >= 0).mean()),
                lrr_sd=_sd(np.diff(near)) / math.sqrt(2.0),
                baf_median=median(hets) if hets.size else math.nan,
                baf_sd=_sd(hets),
                drift=float(_drifts(baf).mean()),
                windows=_window_medians(snps.position[own], lrr),
            )
        )
    return found


def _drifts(baf: Float64) -> Bool:
    (a, b), (c, d) = _constants()["drift"]["low"], _constants()["drift"]["high"]
    drifts: Bool = ((baf > a) & (baf < b)) | ((baf > c) & (baf < d))
    return drifts


def _window_medians(position: Int64, lrr: Float64) -> Float64:
    """Medians of the Log R ratio in windows with enough probes; positions ascend."""
    known = np.isfinite(lrr)
    window = position[known] // _constants()["wave"]["window_bp"]
    starts = np.flatnonzero(np.diff(window, prepend=-1))
    parts = np.split(lrr[known], starts[1:])
    least = _constants()["wave"]["min_probes"]
    # The middle of the sorted: np.median takes ten times as long on so few.
    ordered = (np.sort(part) for part in parts if part.size >= least)
    return np.array([0.5 * (part[(part.size - 1) // 2] + part[part.size // 2]) for part in ordered])


def _deviation(values: Float64) -> float:
    """Median absolute deviation from the median."""
    return median(np.abs(values - median(values))) if values.size > 1 else math.nan


def _sd(values: Float64) -> float:
    return float(values.std(ddof=1)) if values.size > 1 else math.nan


def _median(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.median(known)) if known else math.nan


def _side(limit: Limit) -> str:
    if math.isinf(limit.high):
        return f"at least {limit.low:g}"
    return f"at most {limit.high:g}" if math.isinf(limit.low) else f"{limit.low:g} to {limit.high:g}"


def _broken_text(limit: Limit, judged: dict[str, float]) -> str:
    label, _ = _LABELS[limit.figure]
    return f"{label} {judged[limit.figure]:.3g}, {limit.set} asks for {_side(limit)}"


def quality_rows(quality: ArrayQuality) -> tuple[Row, ...]:
    """Rows of the QC table: each figure, its limits side by side, and which of them decide."""
    return (
        *_rows(quality),
        ("genotypes AA, AB, BB, none", " ".join(map(str, quality.genotypes)), "probes", ""),
    )


def _rows(quality: ArrayQuality) -> Iterator[Row]:
    limits = array_limits()
    for figure, (label, unit) in _LABELS.items():
        value, judged = quality.stated[figure], quality.judged[figure]
        notes = [
            f"{limit.set} {_side(limit)}: {'within' if limit.holds(judged) else 'beyond'}"
            f"{' (decides)' if limit.decides else ''}"
            for limit in limits
            if limit.figure == figure
        ]
        if math.isnan(value):
            yield label, "unknown", "", "; ".join(notes)
            continue
        if judged != value and not math.isnan(judged):
            notes.insert(0, f"judged by the median of chromosomes, {judged:.3g}")
        yield label, value, unit, "; ".join(notes)
