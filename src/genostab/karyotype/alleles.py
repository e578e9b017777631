"""Allele depths of sequenced SNPs: imbalance of a region from the second moment, phase unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import bdtr, gammaincc, gammainccinv, ndtri

from genostab.arrays import AlleleDepths, Bool, Float64, Genome, Int16, Int64
from genostab.karyotype.annotate import bands_of, iscn_of
from genostab.karyotype.settings import Settings
from genostab.results import Call, Estimate, Sensitivity
from genostab.units import FRACTION

_FIXED_POINT_STEPS = 30
_FULL_SHIFT2 = 0.25  # of a SNP that has lost one allele


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
class _Place:
    """A region under test."""

    chrom: int
    start: int
    end: int
    name: str


@dataclass(frozen=True, kw_only=True)
class _HetSnps:
    """Heterozygous SNPs with, each, an unbiased estimate of the squared shift of its allele fraction."""

    chrom: Int16
    position: Int64
    depth: Int64
    shift2: Float64


def squared_shift(alt_depth: Float64, depth: Float64) -> Float64:
    """Unbiased squared shift of the allele fraction of each heterozygous SNP from that of all.

    Parameters
    ----------
    alt_depth, depth : ndarray of float64, shape (n_snps,), reads of the alternative allele and of both, depth >= 2

    Returns
    -------
    ndarray of float64, shape (n_snps,)

    Notes
    -----
    ((k - n p)^2 - n p (1 - p) + (k - n p) (2 p - 1)) / (n (n - 1)), with p the pooled share of the alternative allele,
    which takes up reference bias. With k binomial (n, p + d) its mean is d^2 for every d.
    """
    p = float(alt_depth.sum() / depth.sum()) if depth.size else 0.5
    away = alt_depth - depth * p
    shift2 = (np.square(away) - depth * p * (1.0 - p) + away * (2.0 * p - 1.0)) / (depth * (depth - 1.0))
    return np.asarray(shift2, dtype=np.float64)


def _imbalance(snps: _HetSnps, inside: Bool, background: float, spread: float) -> Imbalance:
    n = int(inside.sum())
    mean = float(snps.shift2[inside].mean()) - background
    se = spread / np.sqrt(n)
    return Imbalance(n_snps=n, shift2=mean, shift2_se=float(se), z=float(mean / se))


def _background(snps: _HetSnps) -> tuple[float, float]:
    """Median over chromosomes of the mean squared shift (overdispersion), and the spread of one SNP's value."""
    parts = [snps.shift2[snps.chrom == c] for c in np.unique(snps.chrom) if (snps.chrom == c).sum() >= 2]
    parts = parts or [snps.shift2]
    return float(np.median([p.mean() for p in parts])), float(np.median([p.std(ddof=1) for p in parts]))


def tail_probability(z: float, n_snps: int) -> float:
    """Chance of a standardised sum of `n_snps` squared normal deviates of at least z.

    Examples
    --------
    >>> round(tail_probability(3.0, 1000000), 5)
    0.00137
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
    The tail is that of a chi-square with one degree per SNP, one-sided, Bonferroni over the regions tested. A region
    whose SNPs are all but never heterozygous has lost it in all cells. The SNPs of reported calls from depth are left
    out, and regions that those mostly cover.
    """
    deep = (snps.genotype >= 0) & (snps.ref_depth + snps.alt_depth >= settings.min_depth)
    counted = tuple(replace(call, n_snps=_n_het(call, snps, deep, genome)) for call in calls)
    reported = [_place_of(call, genome) for call in calls if call.reported]
    for called in reported:
        deep &= ~_within(snps.chrom, snps.position, called)
    is_het = deep & (snps.genotype == 1)
    if is_het.sum() < settings.min_snps:
        return counted, ()
    alt, depth = snps.alt_depth[is_het], (snps.ref_depth + snps.alt_depth)[is_het]
    shift2 = squared_shift(alt.astype(np.float64), depth.astype(np.float64))
    het = _HetSnps(chrom=snps.chrom[is_het], position=snps.position[is_het], depth=depth, shift2=shift2)
    share, noise = float(is_het.sum() / deep.sum()), _background(het)
    regions = _regions(genome)
    alpha = settings.family_wise_error / len(regions)
    tests = []
    for place in regions:
        is_free = _covered(place, reported) < settings.same_share
        n = int((deep & _within(snps.chrom, snps.position, place)).sum()) if is_free else 0
        tests.append(_test(place, n, het, share, noise, settings))
    found = [_loh_call(test, genome, len(regions), settings) for test in _settled(tests, alpha, settings)]
    return (*counted, *found), tuple(_sensitivity_row(test, genome, alpha, settings) for test in tests)


def _place_of(call: Call, genome: Genome) -> _Place:
    return _Place(chrom=genome.names.index(call.chrom), start=call.start, end=call.end, name="")


def _n_het(call: Call, snps: AlleleDepths, deep: Bool, genome: Genome) -> int:
    inside = _within(snps.chrom, snps.position, _place_of(call, genome))
    return int((inside & deep & (snps.genotype == 1)).sum())


def _covered(place: _Place, others: Sequence[_Place]) -> float:
    """Share of a region that others cover; they may count twice where they overlap."""
    overlaps = (
        max(0, min(place.end, other.end) - max(place.start, other.start))
        for other in others
        if other.chrom == place.chrom
    )
    return sum(overlaps) / (place.end - place.start)


@dataclass(frozen=True, kw_only=True)
class _Test:
    """What the SNPs of one region show.

    `seen` is None for too few heterozygous SNPs; `log_odds` speaks for a complete loss of heterozygosity; `n_missing`
    is how many heterozygous SNPs it may have too few; `depth` is their median.
    """

    place: _Place
    seen: Imbalance | None
    n_snps: int
    log_odds: float
    n_missing: float
    depth: float

    @property
    def is_complete(self) -> bool:
        """Whether the SNPs are all but never heterozygous."""
        return self.log_odds > 0.0

    @property
    def p_value(self) -> float:
        """Chance under no imbalance, of the complete loss or of the mosaic."""
        if self.is_complete:
            return float(np.exp(-self.log_odds))
        return tail_probability(self.seen.z, self.seen.n_snps) if self.seen else 1.0


def _test(
    place: _Place,
    n: int,
    het: _HetSnps,
    share: float,
    noise: tuple[float, float],
    settings: Settings,
) -> _Test:
    """The test of a region with `n` SNPs, of which those of `het` are heterozygous; nothing is seen for too few."""
    inside = _within(het.chrom, het.position, place)
    n_het = int(inside.sum()) if n >= settings.min_snps else 0
    expected, sd = n * share, float(np.sqrt(n * share * (1.0 - share)))
    reach = -float(ndtri((1.0 - settings.level) / 2.0)) * sd
    return _Test(
        place=place,
        seen=_imbalance(het, inside, *noise) if n_het >= settings.min_snps else None,
        n_snps=n_het,
        log_odds=_log_odds_of_loss(n_het, n, share, settings) if n >= settings.min_snps else 0.0,
        n_missing=max(expected + reach - n_het, 0.0),
        depth=float(np.median(het.depth)),
    )


def _settled(tests: Sequence[_Test], alpha: float, settings: Settings) -> list[_Test]:
    """Regions with imbalance: a chromosome where its arms are alike, else the arms that have it."""
    kept: list[_Test] = []
    for chrom in sorted({test.place.chrom for test in tests}):
        whole, *arms = [test for test in tests if test.place.chrom == chrom]
        arms = [arm for arm in arms if arm.seen is not None or arm.is_complete]
        if whole.p_value <= alpha and (len(arms) < 2 or _is_alike(arms[0], arms[1], settings)):
            kept.append(whole)
        else:
            kept += [arm for arm in arms if arm.p_value <= alpha]
    return kept


def _is_alike(a: _Test, b: _Test, settings: Settings) -> bool:
    if a.is_complete or b.is_complete or a.seen is None or b.seen is None:
        return a.is_complete and b.is_complete
    apart = abs(a.seen.shift2 - b.seen.shift2)
    return apart < settings.same_state_z * float(np.hypot(a.seen.shift2_se, b.seen.shift2_se))


def _regions(genome: Genome) -> list[_Place]:
    """Autosomes, then their arms."""
    whole, arms = [], []
    for chrom, name in enumerate(genome.names):
        if name in ("chrX", "chrY"):
            continue
        label, length = name.removeprefix("chr"), int(genome.length_bp[chrom])
        whole.append(_Place(chrom=chrom, start=0, end=length, name=label))
        if genome.centromere_start[chrom] >= 0:
            before, after = int(genome.centromere_start[chrom]), int(genome.centromere_end[chrom])
            arms.append(_Place(chrom=chrom, start=0, end=before, name=label + "p"))
            arms.append(_Place(chrom=chrom, start=after, end=length, name=label + "q"))
    return whole + arms


def _within(chrom: Int16, position: Int64, place: _Place) -> Bool:
    inside: Bool = (chrom == place.chrom) & (position >= place.start) & (position < place.end)
    return inside


def _log_odds_of_loss(n_het: int, n: int, share: float, settings: Settings) -> float:
    """Log-likelihood ratio of `het_error` against the genome's share of heterozygous SNPs; n_het of n are."""
    error = min(settings.het_error, share)
    if n_het == n:
        return n * float(np.log(error / share))
    return n_het * float(np.log(error / share)) + (n - n_het) * float(np.log((1.0 - error) / (1.0 - share)))


def _fraction(shift2: float) -> float:
    """Cell fraction of copy-neutral LOH with squared shift (f/2)^2."""
    return min(1.0, 2.0 * float(np.sqrt(max(shift2, 0.0))))


def _mosaic_fraction(test: _Test, seen: Imbalance, settings: Settings) -> Estimate:
    """Fraction with its interval, whose upper end allows for SNPs too unbalanced to be called heterozygous.

    Notes
    -----
    A SNP is taken to be missed below `least_het_share`; no more can be missed than the region has too few. The
    estimate itself is of the called SNPs, and thus low where many are missed.
    """
    z = -float(ndtri((1.0 - settings.level) / 2.0))
    reach = z * _se_at(seen, max(seen.shift2, 0.0))
    high = max(seen.shift2 + reach, 0.0)
    minor = max(0.5 - float(np.sqrt(high)), 0.0)
    lost = float(bdtr(np.ceil(settings.least_het_share * test.depth) - 1.0, int(test.depth), minor))
    missed = min(test.n_missing, seen.n_snps * lost / max(1.0 - lost, 1.0 / seen.n_snps))
    high = (seen.n_snps * high + missed * _FULL_SHIFT2) / (seen.n_snps + missed)
    return Estimate(
        estimate=_fraction(seen.shift2),
        low=_fraction(seen.shift2 - reach),
        high=_fraction(high),
        unit=FRACTION,
        level=settings.level,
        method="squared shift of heterozygous allele fractions, phase unknown",
        n=seen.n_snps,
    )


def _se_at(seen: Imbalance, shift2: float) -> float:
    """Standard error of the mean squared shift where it is `shift2`.

    With s^2 the sampling variance of one allele fraction, the square of N(d, s^2) has variance 2 s^4 + 4 d^2 s^2.
    """
    spread = seen.shift2_se * float(np.sqrt(seen.n_snps))
    return float(np.sqrt((spread**2 + 4.0 * shift2 * spread / np.sqrt(2.0)) / seen.n_snps))


def _whole_fraction(n: int, settings: Settings) -> Estimate:
    """All cells; how many fewer would still leave no SNP heterozygous depends on the caller."""
    return Estimate(
        estimate=1.0,
        low=None,
        high=1.0,
        unit=FRACTION,
        level=settings.level,
        method="share of heterozygous SNPs against the genome",
        n=n,
    )


def _sensitivity_row(test: _Test, genome: Genome, alpha: float, settings: Settings) -> Sensitivity:
    """The least mosaic of copy-neutral LOH that the region's SNPs would show; None for too few SNPs."""
    place, fraction = test.place, None
    if test.seen is not None:
        threshold = tail_quantile(alpha, test.seen.n_snps) * test.seen.shift2_se
        least = threshold
        for _ in range(_FIXED_POINT_STEPS):
            least = threshold + float(ndtri(settings.power)) * _se_at(test.seen, least)
        fraction = 2.0 * float(np.sqrt(least))
    return Sensitivity(
        region=place.name,
        chrom=genome.names[place.chrom],
        start=place.start,
        end=place.end,
        kind="cnloh",
        evidence="allele",
        min_cell_fraction=fraction if fraction is not None and fraction <= 1.0 else None,
        power=settings.power,
        alpha=settings.family_wise_error,
    )


def _loh_call(test: _Test, genome: Genome, n_tests: int, settings: Settings) -> Call:
    place = test.place
    if test.seen is not None and not test.is_complete:
        fraction = _mosaic_fraction(test, test.seen, settings)
        score = test.seen.z
    else:
        fraction = _whole_fraction(test.n_snps, settings)
        score = float(np.sqrt(2.0 * test.log_odds))
    return Call(
        chrom=genome.names[place.chrom],
        start=place.start,
        end=place.end,
        kind="cnloh",
        copy_number=2,
        cell_fraction=fraction,
        ratio_log2=None,
        n_bins=0,
        n_snps=test.n_snps,
        score=score,
        q_value=min(1.0, test.p_value * n_tests),
        origin="unknown",
        hotspot="",
        bands=bands_of(genome, place.chrom, place.start, place.end),
        iscn=iscn_of(
            genome=genome,
            platform="seq",
            chrom=place.chrom,
            start=place.start,
            end=place.end,
            copy_number=2,
            cell_fraction=fraction.estimate or 0.0,
            zygosity="hmz",
        ),
        reported=True,
        reason="",
    )
