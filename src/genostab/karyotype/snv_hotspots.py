"""SNVs that recur in pluripotent stem cells: seen with their share of reads, or with what would have been."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from scipy.special import betaincinv

from genostab.arrays import Genome, SequenceVariant
from genostab.karyotype.sample_settings import SampleSettings
from genostab.results import Estimate, SnvFinding
from genostab.units import FRACTION

_METHOD = "share of ALT reads, exact binomial"


@dataclass(frozen=True, kw_only=True)
class SnvHotspot:
    """One listed gene (change "") or protein change; interval 0-based half-open, -1 where not known."""

    gene: str
    change: str
    chrom: str
    start: int
    end: int
    source: str


def load_snv_hotspots(assembly: str) -> tuple[SnvHotspot, ...]:
    """The shipped list; intervals of genes only where a source gives them in the assembly's coordinates.

    Examples
    --------
    >>> [each.gene for each in load_snv_hotspots("GRCh38") if not each.change]
    ['BCOR', 'CDK12', 'EGFR', 'PATZ1']
    """
    text = files("genostab.karyotype").joinpath("snv_hotspots.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    merged: dict[tuple[str, str], SnvHotspot] = {}
    for row in csv.DictReader(lines, delimiter="\t"):
        key, source = (row["gene"], row["change"]), f"{row['source']}, doi {row['doi']}"
        known = assembly == "GRCh38" and bool(row["grch38_start"])
        if key in merged:
            source = f"{merged[key].source}; {source}"
        merged[key] = SnvHotspot(
            gene=row["gene"],
            change=row["change"],
            chrom=row["grch38_chrom"] if known else "",
            start=int(row["grch38_start"]) - 1 if known else -1,
            end=int(row["grch38_end"]) if known else -1,
            source=source,
        )
    return tuple(merged.values())


def least_vaf(depth: int, settings: SampleSettings) -> float | None:
    """The share of ALT reads that shows in `min_alt_reads` of `depth` with the stated power; None if none does.

    Examples
    --------
    >>> from genostab.karyotype.sample_settings import load_sample_settings
    >>> round(least_vaf(30, load_sample_settings()), 3)
    0.195
    """
    if depth < settings.min_alt_reads:
        return None
    return float(betaincinv(settings.min_alt_reads, depth - settings.min_alt_reads + 1, settings.power))


def depth_for(vaf: float, settings: SampleSettings) -> int:
    """Reads at which that share of ALT reads would be seen with the stated power."""
    low, high = settings.min_alt_reads, 1 << 24
    while low < high:
        middle = (low + high) // 2
        least = least_vaf(middle, settings)
        low, high = (low, middle) if least is not None and least <= vaf else (middle + 1, high)
    return low


def find_snvs(
    variants: Sequence[SequenceVariant], genome: Genome, settings: SampleSettings
) -> tuple[SnvFinding, ...]:
    """Each variant of a listed change or gene, and each hotspot without one.

    Notes
    -----
    A protein change is matched by the annotation only. Without one, a variant inside a listed gene's interval is
    reported as not annotated. The depth where nothing is seen is the median over the file's sites inside the gene.
    """
    spots = load_snv_hotspots(genome.assembly)
    found: list[SnvFinding] = []
    for variant in variants:
        if variant.alt_depth < 0 or variant.alt_depth >= settings.min_alt_reads:
            found += _matches(variant, spots, genome, settings)
    seen = {(each.gene, each.change) for each in found if each.matched == "hotspot"}
    unclear = {each.gene for each in found if each.matched == "not annotated"}
    absent = [
        _absent(spot, variants, genome, settings, spot.gene in unclear)
        for spot in spots
        if (spot.gene, spot.change) not in seen
    ]
    return (*found, *absent)


def _matches(
    variant: SequenceVariant, spots: Sequence[SnvHotspot], genome: Genome, settings: SampleSettings
) -> list[SnvFinding]:
    """The variant under the listed change, else under its gene."""
    by_gene = {spot.gene: [each for each in spots if each.gene == spot.gene] for spot in spots}
    for gene, consequence, change in dict.fromkeys(variant.annotations):
        parts = consequence.lstrip("*@").split("&")
        changes = any(part.startswith(settings.protein_changing) for part in parts)
        if gene in by_gene and changes:
            exact = [spot for spot in by_gene[gene] if spot.change in ("", change)]
            spot = exact[0] if exact else by_gene[gene][0]
            return [_seen(variant, gene, change, "hotspot" if exact else "gene", spot, genome, settings)]
    if variant.annotations:
        return []
    for spot in spots:
        if spot.chrom == genome.names[variant.chrom] and spot.start <= variant.position < spot.end:
            return [_seen(variant, spot.gene, "", "not annotated", spot, genome, settings)]
    return []


def _seen(
    variant: SequenceVariant,
    gene: str,
    change: str,
    matched: str,
    spot: SnvHotspot,
    genome: Genome,
    settings: SampleSettings,
) -> SnvFinding:
    n, k = max(variant.ref_depth, 0) + max(variant.alt_depth, 0), max(variant.alt_depth, 0)
    tail = (1.0 - settings.level) / 2.0
    return SnvFinding(
        gene=gene,
        change=change if matched == "gene" or not spot.change else spot.change,
        chrom=genome.names[variant.chrom],
        position=variant.position,
        ref=variant.ref,
        alt=variant.alt,
        depth=n or None,
        vaf=Estimate(
            estimate=k / n if n else None,
            low=float(betaincinv(k, n - k + 1, tail)) if k else None,
            high=(float(betaincinv(k + 1, n - k, 1.0 - tail)) if k < n else 1.0) if n else None,
            unit=FRACTION,
            level=settings.level,
            method=_METHOD,
            n=n,
            status="measured" if n else "not_computed",
        ),
        matched=matched,  # type: ignore[arg-type]
        passed=variant.passed,
        depth_needed=depth_for(settings.wanted_vaf, settings),
        source=spot.source,
    )


def _absent(
    spot: SnvHotspot,
    variants: Sequence[SequenceVariant],
    genome: Genome,
    settings: SampleSettings,
    unclear: bool,
) -> SnvFinding:
    """A hotspot without a variant, with what its depth would have shown."""
    depths = [
        each.ref_depth + each.alt_depth
        for each in variants
        if each.alt_depth >= 0
        and genome.names[each.chrom] == spot.chrom
        and spot.start <= each.position < spot.end
    ]
    depth = int(np.median(depths)) if depths else None
    least = None if depth is None or unclear else least_vaf(depth, settings)
    return SnvFinding(
        gene=spot.gene,
        change=spot.change,
        chrom=spot.chrom,
        position=None,
        ref="",
        alt="",
        depth=depth,
        vaf=Estimate(
            estimate=None,
            low=None if least is None else 0.0,
            high=least,
            unit=FRACTION,
            level=settings.power,
            method=f"at least {settings.min_alt_reads} ALT reads at the median depth of the gene's sites",
            n=depth or 0,
            status="not_computed" if least is None else "not_detected",
            lod=least,
        ),
        matched="not seen",
        passed=True,
        depth_needed=depth_for(settings.wanted_vaf, settings),
        source=spot.source,
    )
