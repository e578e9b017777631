"""The share of foreign DNA in a sequenced library, from the reads of both alleles at known SNPs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from genostab.arrays import AlleleDepths, Float64, Genome, Int64
from genostab.karyotype.bins import autosomes
from genostab.karyotype.contamination import (
    Contamination,
    Influence,
    inside_calls,
    not_measured,
    settle,
    shared_places,
)
from genostab.karyotype.genotypes import (
    Snps,
    Spectrum,
    genotype_likelihoods,
    lists_variants_only,
    two_genotypes,
)
from genostab.karyotype.sample_settings import SampleSettings
from genostab.results import Call

_START = 0.02
_SCALE = np.array([0.02, 1.0, 1.0, 1.0, 0.02])  # of equal weight in the search
_STEPS = 200
_FRACTIONS = (0.0, 0.45)  # searched


def joint_of_spectrum(spectrum: Spectrum) -> Float64:
    """Chances of the genotypes of the sample and of another person; float64, shape (3, 3, n_snps or 1)."""
    return two_genotypes(spectrum, (1.0, 0.0, 0.0))


def joint_of_contaminant(
    snps: AlleleDepths, spectrum: Spectrum, contaminant: Snps, settings: SampleSettings
) -> Float64:
    """As `joint_of_spectrum`, of a contaminant whose genotypes are known where it has the SNP.

    Frequencies are needed all the same: at low depth two people are alike where an allele is frequent, which would pass
    for foreign reads.
    """
    ours, theirs = shared_places(snps, contaminant)
    joint = np.broadcast_to(joint_of_spectrum(spectrum), (3, 3, snps.chrom.size)).copy()
    joint[:, :, ours] *= genotype_likelihoods(contaminant, settings)[theirs].T
    scaled: Float64 = joint / joint.sum(axis=(0, 1))
    return scaled


def reads_contamination(
    snps: AlleleDepths,
    joint: Float64,
    genome: Genome,
    settings: SampleSettings,
    *,
    left_out: Sequence[Call] = (),
    systematic: float = 0.0,
) -> Contamination:
    """Share of foreign DNA among reads.

    Parameters
    ----------
    snps : AlleleDepths, SNPs of a list, whether the sample has ALT or not
    joint : float64, shape (3, 3, n_snps or 1), of `joint_of_spectrum` or `joint_of_contaminant`
    genome : Genome
    settings : SampleSettings
    left_out : sequence of Call, whose regions are not looked at
    systematic : float, as of `settle`

    Notes
    -----
    ALT reads of a site are binomial with share e + (1 - 2 e) ((1 - c) g + c h) / 2, g and h copies in the sample and in
    the other person, summed over both with the chances of their frequency (Jun et al. 2012, doi
    10.1016/j.ajhg.2012.09.004); e is one of two error rates, that of most sites and that of some, fitted together with
    the fraction c and with the inbreeding of the sample: at low depth what a missing heterozygote is to frequencies,
    foreign DNA is to reads. Variance is that between blocks, of the score of c cleared of those of the others.
    """
    if lists_variants_only(snps, settings):
        return not_measured("the file lists variants of the sample only", 0, settings)
    depth = snps.ref_depth + snps.alt_depth
    usable = (depth > 0) & autosomes(genome)[snps.chrom] & ~inside_calls(snps, left_out, genome)
    if usable.sum() < settings.least_sites:
        return not_measured("too few sites with reads", int(usable.sum()), settings)
    usable &= depth <= settings.max_depth_ratio * max(float(np.median(depth[usable])), 1.0)
    joint = np.broadcast_to(joint, (3, 3, depth.size))[:, :, usable]
    chances, stratum = _strata(joint, settings)
    alt, depth = snps.alt_depth[usable], depth[usable]
    rows, row = np.unique((stratum << 40) | (depth << 20) | alt, return_inverse=True)
    blocks, block = np.unique(
        snps.chrom[usable].astype(np.int64) << 32 | snps.position[usable] // settings.block_bp,
        return_inverse=True,
    )
    reads = _Rows(rows, chances)
    count = np.bincount(row, minlength=rows.size).astype(np.float64)
    values = _fit(reads, count)
    _, gradient = reads.log_likelihood(values)
    influence, sites = _influence(gradient, row, block, blocks.size)
    each = Influence(
        fraction=float(values[0]),
        by_block=influence,
        weight=sites,
        chrom=blocks >> 32,
        n_sites=int(usable.sum()),
    )
    odds = float((count * reads.log_likelihood(values)[0]).sum())
    alone = _fit(reads, count, (0.0, 0.0))
    odds -= float((count * reads.log_likelihood(alone)[0]).sum())
    method = "binomial reads over the genotypes of two people"
    found = settle(each, genome, method, settings, systematic=systematic)
    return replace(found, log_odds=odds)


def _strata(joint: Float64, settings: SampleSettings) -> tuple[Float64, Int64]:
    """Mean chances of each stratum of the other person's expected dose, shape (n_strata, 3, 3), and each SNP's."""
    _, one, two = joint.sum(axis=0)
    expected = one + 2.0 * two
    cuts = np.unique(np.quantile(expected, np.arange(1, settings.strata) / settings.strata))
    stratum = np.searchsorted(cuts, expected, side="left")
    members = np.maximum(np.bincount(stratum, minlength=len(cuts) + 1), 1)
    sums = [
        np.bincount(stratum, weights=joint[g, h], minlength=len(cuts) + 1) for g in range(3) for h in range(3)
    ]
    return (np.stack(sums, axis=1) / members[:, None]).reshape(-1, 3, 3), stratum.astype(np.int64)


# Copies of ALT of the sample and of the other person, once for each of the two errors.
_OWN, _OTHER = (np.tile(each.ravel(), 2) for each in np.indices((3, 3)))
_LOST = np.array([0.5, -1.0, 0.5])[
    :, None
]  # of heterozygotes that the sample has too few, to both homozygotes


class _Rows:
    """Distinct (stratum, depth, ALT reads), with the chances of their genotypes."""

    def __init__(self, rows: Int64, chances: Float64) -> None:
        self.alt = (rows & 0xFFFFF).astype(np.float64)[:, None]
        self.ref = ((rows >> 20) & 0xFFFFF).astype(np.float64)[:, None] - self.alt
        self.stratum = rows >> 40
        self.chances = chances
        self.lost = _LOST * chances[:, None, 1]

    def log_likelihood(self, values: Float64) -> tuple[Float64, Float64]:
        """Of each row, and its derivatives by all values.

        Parameters
        ----------
        values : float64, shape (5,), fraction, logarithms of the two errors, logit of the second's share, inbreeding

        Returns
        -------
        float64, shape (n_rows,); float64, shape (n_rows, 5)
        """
        error = np.repeat(np.exp(values[1:3]), 9)
        rare = expit(values[3])
        weight = np.repeat([1.0 - rare, rare], 9)
        dose = ((1.0 - values[0]) * _OWN + values[0] * _OTHER) / 2.0
        theta = error + (1.0 - 2.0 * error) * dose
        genotypes = np.maximum(self.chances + values[4] * self.lost, 1e-9)
        genotypes = np.tile(genotypes.reshape(-1, 9), 2)
        log = self.alt * np.log(theta) + self.ref * np.log1p(-theta)
        largest = log.max(axis=1, keepdims=True)
        seen = np.exp(log - largest)
        each = seen * (weight * genotypes)[self.stratum]
        total = each.sum(axis=1, keepdims=True)
        each /= total
        by_theta = each * (self.alt / theta - self.ref / (1.0 - theta))
        by_error = by_theta * ((1.0 - 2.0 * dose) * error)
        turned = np.repeat([-rare, 1.0 - rare], 9)
        lost = np.tile(self.lost.reshape(-1, 9), 2)
        slopes = [
            by_theta @ ((1.0 - 2.0 * error) * (_OTHER - _OWN) / 2.0),
            by_error[:, :9].sum(axis=1),
            by_error[:, 9:].sum(axis=1),
            each @ turned,
            (seen * (weight * lost)[self.stratum]).sum(axis=1) / total[:, 0],
        ]
        return (largest + np.log(total))[:, 0], np.stack(slopes, axis=1)


def _fit(reads: _Rows, count: Float64, fractions: tuple[float, float] = _FRACTIONS) -> Float64:
    """Fraction, errors and inbreeding of the greatest likelihood."""
    n = float(count.sum())

    def loss(scaled: Float64) -> tuple[float, Float64]:
        log, slopes = reads.log_likelihood(scaled * _SCALE)
        return -float((count * log).sum()) / n, -(count @ slopes) * _SCALE / n

    start = np.array([_START, np.log(0.002), np.log(0.02), -4.0, 0.0])
    low = np.array([fractions[0], -12.0, -5.0, -9.0, -0.3])
    high = np.array([fractions[1], -3.0, -1.5, 0.0, 0.3])
    start = np.clip(start, low, high)
    bounds = list(zip(low / _SCALE, high / _SCALE, strict=True))
    options: Any = {"maxiter": _STEPS, "ftol": 1e-14, "gtol": 1e-9}
    found = minimize(loss, start / _SCALE, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    values: Float64 = found.x * _SCALE
    return values


def _influence(gradient: Float64, row: Int64, block: Int64, n_blocks: int) -> tuple[Float64, Float64]:
    """What each block adds to the fraction, cleared of what the errors explain, and its sites."""
    count = np.bincount(row, minlength=gradient.shape[0])
    information = np.einsum("ij,i,ik->jk", gradient, count, gradient)
    information[1:, 1:] += 1e-9 * np.eye(4) * np.trace(information[1:, 1:])
    of_row = gradient @ np.linalg.solve(information, np.eye(5)[0])
    influence = np.bincount(block, weights=of_row[row], minlength=n_blocks)
    return influence.astype(np.float64), np.bincount(block, minlength=n_blocks).astype(np.float64)
