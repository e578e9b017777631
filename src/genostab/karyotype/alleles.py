"""Allele depths of sequenced SNPs: imbalance of a region from the second moment, phase unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaincc, gammainccinv, ndtri

from genostab.arrays import AlleleDepths, Bool, Float64, Genome
from genostab.karyotype.annotate import bands_of, iscn_of
from genostab.karyotype.settings import Settings
from genostab.results import Call, Estimate, Sensitivity
from genostab.units import FRACTION

_LEVEL = 0.95
_Z = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Imbalance:
    """Heterozygous SNPs of one region: mean squared shift of the allele fraction beyond counting noise.

    `z` is the deviation from the genome in standard errors; `shift2` and `shift2_se` the squared shift.
    """

    n_snps: int
    shift2: float
    shift2_se: float
    z: float


@dataclass(frozen=True, kw_only=True)
class _HetSnps:
    """Heterozygous SNPs with, each, an unbiased estimate of the squared shift of its allele fraction."""

    chrom: np.ndarray[tuple[int], np.dtype[np.int16]]
    position: np.ndarray[tuple[int], np.dtype[np.int64]]
    shift2: Float64


def _heterozygous(snps: AlleleDepths, settings: Settings) -> _HetSnps:
    """Squared shift of each heterozygous SNP, unbiased: ((k - n p)^2 - n p (1 - p)) / (n (n - 1)).

    Two reads of one SNP agree by chance alone with p; p is the pooled share of the alternative allele, which takes up
    reference bias.
    """
    depth = snps.ref_depth + snps.alt_depth
    chosen = (snps.genotype == 1) & (depth >= settings.min_depth)
    n, k = depth[chosen].astype(np.float64), snps.alt_depth[chosen].astype(np.float64)
    p = float(k.sum() / n.sum()) if n.size else 0.5
    shift2 = (np.square(k - n * p) - n * p * (1 - p) + (k - n * p) * (2 * p - 1)) / (n * (n - 1))
    return _HetSnps(chrom=snps.chrom[chosen], position=snps.position[chosen], shift2=shift2)


def _imbalance(snps: _HetSnps, inside: Bool, background: float, spread: float) -> Imbalance:
    n = int(inside.sum())
    mean = float(snps.shift2[inside].mean()) - background
    se = spread / np.sqrt(n)
    return Imbalance(n_snps=n, shift2=mean, shift2_se=float(se), z=float(mean / se))


def _background(snps: _HetSnps) -> tuple[float, float]:
    """Median over chromosomes of the mean squared shift (overdispersion), and the spread of one SNP's value."""
    chroms = [c for c in np.unique(snps.chrom) if (snps.chrom == c).sum() >= 2]
    means = [float(snps.shift2[snps.chrom == c].mean()) for c in chroms]
    spreads = [float(snps.shift2[snps.chrom == c].std(ddof=1)) for c in chroms]
    return float(np.median(means)), float(np.median(spreads))


def tail_probability(z: float, n_snps: int) -> float:
    """Chance of a standardised sum of `n_snps` squared normal deviates of at least z.

    Examples
    --------
    >>> round(tail_probability(3.0, 1000000), 5)
    0.00136
    """
    shape = n_snps / 2.0
    return float(gammaincc(shape, max(shape + z * np.sqrt(shape), 0.0)))


def tail_quantile(alpha: float, n_snps: int) -> float:
    """The z at which `tail_probability` is alpha."""
    shape = n_snps / 2.0
    return float((gammainccinv(shape, alpha) - shape) / np.sqrt(shape))


def add_alleles(
    calls: Sequence[Call], snps: AlleleDepths, genome: Genome, settings: Settings
) -> tuple[tuple[Call, ...], tuple[Sensitivity, ...]]:
    """Calls with the number of heterozygous SNPs behind them, copy-neutral LOH added, and allelic sensitivity.

    Parameters
    ----------
    calls : sequence of Call, from depth
    snps : AlleleDepths of the lot
    genome : Genome
    settings : Settings, tables [allele] and [calling]

    Notes
    -----
    The mean of the unbiased squared shift over the SNPs of an arm or chromosome, less that of the genome, is 0 without
    imbalance and (f/2)^2 with copy-neutral LOH in a fraction f of the cells; its spread is taken from the data.
    The tail is that of a chi-square with one degree per SNP, one-sided, Bonferroni over the regions tested. Regions
    with a call from depth are left to it.
    """
    het = _heterozygous(snps, settings)
    if het.chrom.size < settings.min_snps:
        return tuple(calls), ()
    background, spread = _background(het)
    counted = tuple(
        replace(call, n_snps=int(_within(het, genome.names.index(call.chrom), call.start, call.end).sum()))
        for call in calls
    )
    regions = [r for r in _regions(genome) if _within(het, r[1], r[2], r[3]).sum() >= settings.min_snps]
    alpha = settings.family_wise_error / max(len(regions), 1)
    found: list[Call] = []
    rows: list[Sensitivity] = []
    for name, chrom, start, end in regions:
        seen = _imbalance(het, _within(het, chrom, start, end), background, spread)
        rows.append(_sensitivity_row(name, genome, chrom, start, end, seen, alpha, settings))
        taken = any(
            call.reported and call.chrom == genome.names[chrom] and call.start < end and start < call.end
            for call in [*calls, *found]
        )
        if tail_probability(seen.z, seen.n_snps) <= alpha and not taken:
            found.append(_loh_call(genome, chrom, start, end, seen, len(regions)))
    return (*counted, *found), tuple(rows)


def _regions(genome: Genome) -> list[tuple[str, int, int, int]]:
    """Autosomes, then their arms."""
    whole, arms = [], []
    for chrom, name in enumerate(genome.names):
        if name in ("chrX", "chrY"):
            continue
        label, length = name.removeprefix("chr"), int(genome.length_bp[chrom])
        whole.append((label, chrom, 0, length))
        if genome.centromere_start[chrom] >= 0:
            arms.append((label + "p", chrom, 0, int(genome.centromere_start[chrom])))
            arms.append((label + "q", chrom, int(genome.centromere_end[chrom]), length))
    return whole + arms


def _within(het: _HetSnps, chrom: int, start: int, end: int) -> Bool:
    inside: Bool = (het.chrom == chrom) & (het.position >= start) & (het.position < end)
    return inside


def _fraction(shift2: float) -> float:
    """Cell fraction of copy-neutral LOH with squared shift (f/2)^2."""
    return min(1.0, 2.0 * float(np.sqrt(max(shift2, 0.0))))


def _sensitivity_row(
    name: str,
    genome: Genome,
    chrom: int,
    start: int,
    end: int,
    seen: Imbalance,
    alpha: float,
    settings: Settings,
) -> Sensitivity:
    least = (tail_quantile(alpha, seen.n_snps) + float(ndtri(settings.power))) * seen.shift2_se
    fraction = 2.0 * float(np.sqrt(least))
    return Sensitivity(
        region=name,
        chrom=genome.names[chrom],
        start=start,
        end=end,
        kind="cnloh",
        evidence="allele",
        min_cell_fraction=fraction if fraction <= 1.0 else None,
        power=settings.power,
        alpha=settings.family_wise_error,
    )


def _loh_call(genome: Genome, chrom: int, start: int, end: int, seen: Imbalance, n_tests: int) -> Call:
    fraction = Estimate(
        estimate=_fraction(seen.shift2),
        low=_fraction(seen.shift2 - _Z * seen.shift2_se),
        high=_fraction(seen.shift2 + _Z * seen.shift2_se),
        unit=FRACTION,
        level=_LEVEL,
        method="squared shift of heterozygous allele fractions, phase unknown",
        n=seen.n_snps,
    )
    return Call(
        chrom=genome.names[chrom],
        start=start,
        end=end,
        kind="cnloh",
        copy_number=2,
        cell_fraction=fraction,
        ratio_log2=None,
        n_bins=0,
        n_snps=seen.n_snps,
        score=seen.z,
        q_value=min(1.0, tail_probability(seen.z, seen.n_snps) * n_tests),
        origin="unknown",
        hotspot="",
        bands=bands_of(genome, chrom, start, end),
        iscn=iscn_of(
            genome=genome,
            platform="seq",
            chrom=chrom,
            start=start,
            end=end,
            copy_number=2,
            cell_fraction=_fraction(seen.shift2),
            zygosity="hmz",
        ),
        reported=True,
        reason="",
    )
