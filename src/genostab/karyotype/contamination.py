"""The share of foreign DNA in an array, from its homozygous probes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import chdtrc, expit, ndtr, ndtri

from genostab.arrays import Bool, Float64, Genome, Int64, SnpTable
from genostab.karyotype.bins import autosomes
from genostab.karyotype.genotypes import (
    Snps,
    Spectrum,
    fitted_spectrum,
    genotype_likelihoods,
    genotype_shares,
    one_genotype,
    two_genotypes,
)
from genostab.karyotype.sample_settings import SampleSettings
from genostab.results import Call, Estimate
from genostab.units import FRACTION

_STEP = 1e-4  # of numerical derivatives by the fraction
_ROUNDS = 6
_NOISE_STEPS = 150  # each round starts from the noise of the one before
_STARTS = (0.0, 0.15)
_NOISE_STEPS_OF_DERIVATIVES = (1e-5, 1e-3, 1e-3, 1e-3)
# Noise: offset, log of the narrow width, log of how much wider the other is, logit of its share.
_PRIOR_MEAN = np.array([0.0, -4.5, 0.5, -2.0])
_PRIOR_SD = np.array([1.0, 5.0, 1.0, 2.0])


@dataclass(frozen=True, kw_only=True)
class Contamination:
    """Share of foreign DNA, and whether the chromosomes agree on it.

    chrom : tuple of str; by_chromosome, se_by_chromosome : float64, shape (n_chromosomes,), fraction, may be negative
    homogeneity_p : float, chance that chromosomes alike differ as much
    """

    fraction: Estimate
    chrom: tuple[str, ...]
    by_chromosome: Float64
    se_by_chromosome: Float64
    homogeneity_p: float


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Derivatives of the log-likelihood by the fraction at its maximum, block by block.

    score, information : float64, shape (n_blocks,); chrom : int64, shape (n_blocks,)
    """

    fraction: float
    score: Float64
    information: Float64
    chrom: Int64
    n_sites: int


@dataclass(frozen=True, kw_only=True)
class _Side:
    """Homozygous probes of one side (AA or BB) in bins of their shift, by stratum of the expected foreign dose.

    count : float64, shape (n_blocks, n_strata, n_bins); by_stratum : float64, shape (n_strata, n_bins), its sum
    dose : float64, shape (n_strata, 3), chances that the other person has 0, 1, 2 of the other allele
    """

    count: Float64
    by_stratum: Float64
    dose: Float64


def foreign_dose(spectrum: Spectrum) -> tuple[Float64, Float64]:
    """Chances of another person's 0, 1, 2 copies of the other allele where the sample is AA, and where it is BB.

    Returns
    -------
    two float64, shape (n_snps or 1, 3)
    """
    joint = two_genotypes(spectrum, (1.0, 0.0, 0.0))
    sides = (joint[0].T, joint[2, ::-1].T)
    return sides[0] / sides[0].sum(axis=1, keepdims=True), sides[1] / sides[1].sum(axis=1, keepdims=True)


def known_dose(snps: Snps, contaminant: Snps, settings: SampleSettings) -> tuple[Float64, Float64]:
    """As `foreign_dose`, of a contaminant whose genotypes are known; equal chances where it has no such SNP."""
    keys = [each.chrom.astype(np.int64) << 32 | each.position for each in (snps, contaminant)]
    _, ours, theirs = np.intersect1d(keys[0], keys[1], return_indices=True)
    likelihood = genotype_likelihoods(contaminant, settings)
    shares = genotype_shares(likelihood)
    posterior = np.tile(one_genotype(fitted_spectrum(shares, variants_only=False)).T, (snps.chrom.size, 1))
    posterior[ours] = likelihood[theirs] * shares
    posterior /= posterior.sum(axis=1, keepdims=True)
    return posterior, posterior[:, ::-1]


def array_contamination(
    snps: SnpTable,
    dose: tuple[Float64, Float64],
    genome: Genome,
    settings: SampleSettings,
    *,
    left_out: Sequence[Call] = (),
) -> Contamination:
    """Share of foreign DNA in an array.

    Parameters
    ----------
    snps : SnpTable
    dose : two float64, shape (n_snps, 3), of `foreign_dose` or `known_dose`
    genome : Genome
    settings : SampleSettings
    left_out : sequence of Call, whose regions are not looked at

    Notes
    -----
    A fraction c of DNA with h copies of the other allele shifts a homozygous probe by c h / 2 from 0 or 1; noise moves
    it too, is cut at 0 and 1, and differs from array to array. The likelihood is therefore that of the stratum of
    the expected h given the shift: noise that does not depend on how frequent an allele is, of whatever shape, makes
    no fraction. The shape, two normal distributions with an offset, cut at 0, scales the fraction; it is fitted to all
    strata. Variance is that between blocks. Heterozygous probes take no part: a mosaic shifts those only.
    From `apart_fraction` on the modes c / 2 and c stand out of the noise, and the interval spans that of the
    likelihood of the shift itself too: the two differ where the response is not as modelled. The dependence on
    frequency is that of BAFRegress (Jun et al. 2012, doi 10.1016/j.ajhg.2012.09.004).
    """
    sides, block_chrom = _sides(snps, dose, genome, settings, left_out)
    n = int(sum(side.count.sum() for side in sides))
    if n < settings.least_sites:
        return not_measured("too few homozygous probes", n, settings)
    fits = [_fit(sides, start, settings) for start in _STARTS]
    fraction, noises, _ = max(fits, key=lambda fit: fit[2])
    score, information = _derivatives(sides, noises, fraction, settings)
    if not 0.0 < float(information.sum()) < np.inf:
        return not_measured("the shift of the homozygous probes has no fit", n, settings)
    scores = Scores(fraction=fraction, score=score, information=information, chrom=block_chrom, n_sites=n)
    found = settle(
        scores, genome, "stratum of the foreign allele given the shift of homozygous probes", settings
    )
    if fraction < settings.apart_fraction or found.fraction.estimate is None:
        return found
    fraction, noises = _refined(sides, fraction, noises, settings)
    score, information = _influence(sides, fraction, noises, settings)
    if not 0.0 < float(information.sum()) < np.inf:
        return found
    scores = Scores(fraction=fraction, score=score, information=information, chrom=block_chrom, n_sites=n)
    return _spanned(found, settle(scores, genome, "shift of homozygous probes", settings))


def _spanned(found: Contamination, other: Contamination) -> Contamination:
    """The first estimate, with an interval that spans both: where they differ, the response is not as modelled."""
    one, two = found.fraction, other.fraction
    lows = [each.low for each in (one, two) if each.low is not None]
    highs = [each.high for each in (one, two) if each.high is not None]
    method = f"{one.method}; the interval spans that of their shift itself"
    return replace(found, fraction=replace(one, low=min(lows), high=max(highs), method=method))


def _sides(
    snps: SnpTable,
    dose: tuple[Float64, Float64],
    genome: Genome,
    settings: SampleSettings,
    left_out: Sequence[Call],
) -> tuple[tuple[_Side, ...], Int64]:
    """Both sides, and the chromosome of each block."""
    baf = snps.b_allele_fraction
    usable = np.isfinite(baf) & autosomes(genome)[snps.chrom] & ~inside_calls(snps, left_out, genome)
    chrom = snps.chrom.astype(np.int64)
    blocks, block = np.unique(chrom << 32 | snps.position // settings.block_bp, return_inverse=True)
    sides = []
    for shift, chances in zip((baf, 1.0 - baf), dose, strict=True):
        own = usable & (shift < settings.max_shift)
        sides.append(_side(shift[own], chances[own], block[own], blocks.size, settings))
    return tuple(sides), blocks >> 32


def _side(shift: Float64, dose: Float64, block: Int64, n_blocks: int, settings: SampleSettings) -> _Side:
    expected = dose @ np.array([0.0, 1.0, 2.0])
    cuts = np.zeros(0)
    if shift.size:
        cuts = np.unique(np.quantile(expected, np.arange(1, settings.strata) / settings.strata))
    stratum = np.searchsorted(cuts, expected, side="left")
    n_strata, n_bins = len(cuts) + 1, _n_bins(settings)
    # Bin 0 are probes at 0 exactly, where everything below is cut off.
    at = np.where(shift <= 0.0, 0, np.minimum(shift / settings.shift_bin, n_bins - 2).astype(np.int64) + 1)
    key = (block * n_strata + stratum) * n_bins + at
    count = np.bincount(key, minlength=n_blocks * n_strata * n_bins).reshape(n_blocks, n_strata, n_bins)
    members = np.maximum(np.bincount(stratum, minlength=n_strata), 1)
    means = [np.bincount(stratum, weights=dose[:, h], minlength=n_strata) / members for h in range(3)]
    occupied = np.bincount(stratum, minlength=n_strata) > 0
    by_block = count[:, occupied].astype(np.float64)
    return _Side(count=by_block, by_stratum=by_block.sum(axis=0), dose=np.stack(means, axis=1)[occupied])


def _n_bins(settings: SampleSettings) -> int:
    return round(settings.max_shift / settings.shift_bin) + 1


def inside_calls(snps: Snps, calls: Sequence[Call], genome: Genome) -> Bool:
    """SNPs inside any of the calls; bool, shape (n_snps,)."""
    inside = np.zeros(snps.chrom.size, dtype=np.bool_)
    for call in calls:
        here = snps.chrom == genome.names.index(call.chrom)
        inside |= here & (snps.position >= call.start) & (snps.position < call.end)
    return inside


def _density(noise: Float64, fraction: float, dose: Float64, settings: SampleSettings) -> Float64:
    """Chance of each bin in each stratum; float64, shape (n_strata, n_bins); no width below half a bin is told."""
    offset, sd = noise[0], settings.shift_bin / 2.0 + np.exp(noise[1])
    wide, share = sd * (1.0 + np.exp(noise[2])), expit(noise[3])
    edges = np.arange(_n_bins(settings)) * settings.shift_bin
    away = edges - offset - fraction * np.array([[0.0], [0.5], [1.0]])
    below = (1.0 - share) * ndtr(away / sd) + share * ndtr(away / wide)
    bins = np.concatenate([below[:, :1], np.diff(below, axis=1)], axis=1)
    uniform = settings.outlier_share / _n_bins(settings)
    density: Float64 = dose @ ((1.0 - settings.outlier_share) * bins + uniform)
    return density


def _weighted(noise: Float64, fraction: float, side: _Side, settings: SampleSettings) -> Float64:
    """Expected probes of each stratum and bin, the strata with as many as they have."""
    density = _density(noise, fraction, side.dose, settings)
    weighted: Float64 = density * (side.by_stratum.sum(axis=1) / density.sum(axis=1))[:, None]
    return weighted


def _log_posterior(noise: Float64, fraction: float, side: _Side, settings: SampleSettings) -> Float64:
    """Logarithm of the chance of the stratum given the bin; float64, shape (n_strata, n_bins)."""
    weighted = _weighted(noise, fraction, side, settings)
    log: Float64 = np.log(weighted / weighted.sum(axis=0))
    return log


def _fit_noise(side: _Side, fraction: float, start: Float64, settings: SampleSettings) -> Float64:
    pooled = side.by_stratum.sum(axis=0)

    def loss(noise: Float64) -> float:
        expected = _weighted(noise, fraction, side, settings).sum(axis=0)
        return -float(pooled @ np.log(expected))

    found: Float64 = minimize(
        loss, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 0.1, "maxiter": _NOISE_STEPS}
    ).x
    return found


def _fit(
    sides: Sequence[_Side], start: float, settings: SampleSettings
) -> tuple[float, list[Float64], float]:
    """Fraction, noise of each side, and log-likelihood: in turns until the fraction stays."""
    fraction = start
    noises = [np.array([0.0, np.log(0.01), 0.5, -2.0]) for _ in sides]
    totals = [side.by_stratum for side in sides]

    def log_likelihood(c: float) -> float:
        return sum(
            float((total * _log_posterior(noise, c, side, settings)).sum())
            for side, noise, total in zip(sides, noises, totals, strict=True)
        )

    for _ in range(_ROUNDS):
        noises = [
            _fit_noise(side, fraction, noise, settings) for side, noise in zip(sides, noises, strict=True)
        ]
        grid = np.linspace(settings.fraction_low, settings.fraction_high, 49)
        best = float(grid[int(np.argmax([log_likelihood(c) for c in grid.tolist()]))])
        step = float(grid[1] - grid[0])
        found = minimize_scalar(
            lambda c: -log_likelihood(c),
            bounds=(best - step, best + step),
            method="bounded",
            options={"xatol": 1e-6},
        )
        settled = abs(float(found.x) - fraction) < _STEP
        fraction = float(found.x)
        if settled:
            break
    return fraction, noises, log_likelihood(fraction)


def _derivatives(
    sides: Sequence[_Side], noises: Sequence[Float64], fraction: float, settings: SampleSettings
) -> tuple[Float64, Float64]:
    """Score and information of each block."""
    score, information = np.zeros(sides[0].count.shape[0]), np.zeros(sides[0].count.shape[0])
    for side, noise in zip(sides, noises, strict=True):
        down, here, up = (
            _log_posterior(noise, c, side, settings) for c in (fraction - _STEP, fraction, fraction + _STEP)
        )
        score += np.tensordot(side.count, (up - down) / (2.0 * _STEP), axes=2)
        # The curvature of a block by itself is noise: each has its share by its probes.
        probes = side.count.sum(axis=(1, 2))
        curvature = float((side.by_stratum * (up - 2.0 * here + down)).sum()) / _STEP**2
        information -= curvature * probes / probes.sum()
    return score, information


def _log_density(noise: Float64, fraction: float, side: _Side, settings: SampleSettings) -> Float64:
    """Logarithm of the chance of each bin given the stratum; float64, shape (n_strata, n_bins)."""
    density = _density(noise, fraction, side.dose, settings)
    log: Float64 = np.log(density / density.sum(axis=1, keepdims=True))
    return log


def _own(values: Float64, i: int) -> Float64:
    """Noise of one side among fraction and noises."""
    return values[1 + 4 * i : 5 + 4 * i]


def _refined(
    sides: Sequence[_Side], fraction: float, noises: Sequence[Float64], settings: SampleSettings
) -> tuple[float, list[Float64]]:
    """Fraction and noises of the greatest likelihood of the shift given the stratum, all at once."""
    n = sum(float(side.by_stratum.sum()) for side in sides)

    def loss(values: Float64) -> float:
        seen = sum(
            float((side.by_stratum * _log_density(_own(values, i), float(values[0]), side, settings)).sum())
            for i, side in enumerate(sides)
        )
        return -(seen - _prior(values)) / n

    start = np.concatenate([[fraction], *noises])
    bounds = [(0.0, settings.fraction_high), *((None, None),) * (start.size - 1)]
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-15, "gtol": 1e-10}).x
    return float(found[0]), [_own(found, i) for i in range(len(sides))]


def _prior(values: Float64) -> float:
    """Weak: where the noise has one width, how wide the other is and how frequent mean nothing."""
    away = np.square((values[1:].reshape(-1, 4) - _PRIOR_MEAN) / _PRIOR_SD)
    return float(away.sum()) / 2.0


def _influence(
    sides: Sequence[_Side], fraction: float, noises: Sequence[Float64], settings: SampleSettings
) -> tuple[Float64, Float64]:
    """Score and information of the fraction in each block, cleared of what the noise explains."""
    values = np.concatenate([[fraction], *noises])
    steps = np.array([_STEP, *_NOISE_STEPS_OF_DERIVATIVES * len(sides)])

    def slopes(at: Float64, side: _Side, i: int) -> Float64:
        columns = []
        for k in (0, *range(1 + 4 * i, 5 + 4 * i)):
            step = steps * (np.arange(at.size) == k)
            ahead, behind = (
                _log_density(_own(moved, i), float(moved[0]), side, settings)
                for moved in (at + step, at - step)
            )
            columns.append((ahead - behind) / (2.0 * steps[k]))
        return np.stack(columns)

    n_blocks, size = sides[0].count.shape[0], values.size
    parts, probes = np.zeros((size, n_blocks)), np.zeros(n_blocks)
    information = np.diag(np.append(0.0, np.tile(_PRIOR_SD**-2.0, len(sides))))
    for i, side in enumerate(sides):
        rows = [0, *range(1 + 4 * i, 5 + 4 * i)]
        here = slopes(values, side, i)
        parts[rows] += np.tensordot(here, side.count, axes=([1, 2], [1, 2]))
        # Expected information: squares of the slopes where probes are.
        flat = here.reshape(5, -1)
        information[np.ix_(rows, rows)] += (flat * side.by_stratum.ravel()) @ flat.T
        probes += side.count.sum(axis=(1, 2))
    if not np.isfinite(information).all():
        return np.zeros(n_blocks), np.zeros(n_blocks)
    inverse = np.linalg.pinv(information)[0]
    if not inverse[0] > 0.0:
        return np.zeros(n_blocks), np.zeros(n_blocks)
    own_information = 1.0 / float(inverse[0])
    return own_information * (inverse @ parts), own_information * probes / probes.sum()


def settle(scores: Scores, genome: Genome, method: str, settings: SampleSettings) -> Contamination:
    """The fraction with its interval, or that none was detected with what would have been.

    Notes
    -----
    Variance is that between blocks (sandwich): sum of squared scores over squared information. Chromosomes are one
    step of Newton from the whole. Detected is a fraction whose lower bound at `detection_alpha` is above
    `systematic_fraction`, on which the chromosomes agree.
    """
    total = max(float(scores.information.sum()), np.finfo(np.float64).tiny)
    se = float(np.sqrt(np.square(scores.score).sum())) / total
    present = [
        c for c in np.unique(scores.chrom).tolist() if scores.information[scores.chrom == c].sum() > 0.0
    ]
    own = [scores.chrom == c for c in present]
    information = np.array([scores.information[each].sum() for each in own])
    by_chromosome = scores.fraction + np.array([scores.score[each].sum() for each in own]) / information
    # As precise as the information says, times what blocks scatter beyond it.
    spread = max(se * np.sqrt(total), 1.0)
    se_chromosome = spread / np.sqrt(information)
    chi2 = float(np.square((by_chromosome - scores.fraction) / se_chromosome).sum())
    homogeneity = float(chdtrc(len(present) - 1, chi2)) if len(present) > 1 else 1.0
    z = -float(ndtri((1.0 - settings.level) / 2.0))
    needed = -float(ndtri(settings.detection_alpha)) * se + settings.systematic_fraction
    detected = scores.fraction > needed
    low = max(scores.fraction - z * se, 0.0)
    fraction = Estimate(
        estimate=scores.fraction if detected else None,
        low=low if detected else 0.0,
        high=min(max(scores.fraction + z * se, 0.0), 1.0)
        if detected
        else max(scores.fraction + z * se, needed),
        unit=FRACTION,
        level=settings.level,
        method=method,
        n=scores.n_sites,
        status="measured" if detected else "not_detected",
        lod=needed + float(ndtri(settings.power)) * se,
    )
    return Contamination(
        fraction=fraction,
        chrom=tuple(genome.names[c] for c in present),
        by_chromosome=by_chromosome,
        se_by_chromosome=se_chromosome,
        homogeneity_p=homogeneity,
    )


def not_measured(why: str, n: int, settings: SampleSettings) -> Contamination:
    """No fraction, with the reason as its method."""
    return Contamination(
        fraction=Estimate(
            estimate=None,
            low=None,
            high=None,
            unit=FRACTION,
            level=settings.level,
            method=why,
            n=n,
            status="not_computed",
        ),
        chrom=(),
        by_chromosome=np.zeros(0),
        se_by_chromosome=np.zeros(0),
        homogeneity_p=1.0,
    )
