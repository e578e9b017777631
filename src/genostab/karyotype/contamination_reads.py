"""The share of foreign DNA in a sequenced library, from the reads of both alleles at known SNPs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, xlogy

from genostab.arrays import AlleleDepths, Float64, Genome, Int64
from genostab.karyotype.bins import autosomes
from genostab.karyotype.contamination import Contamination, Scores, inside_calls, not_measured, settle
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
_STEP = 1e-5
_STEPS = 200


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
    keys = [each.chrom.astype(np.int64) << 32 | each.position for each in (snps, contaminant)]
    _, ours, theirs = np.intersect1d(keys[0], keys[1], return_indices=True)
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
) -> Contamination:
    """Share of foreign DNA among reads.

    Parameters
    ----------
    snps : AlleleDepths, SNPs of a list, whether the sample has ALT or not
    joint : float64, shape (3, 3, n_snps or 1), of `joint_of_spectrum` or `joint_of_contaminant`
    genome : Genome
    settings : SampleSettings
    left_out : sequence of Call, whose regions are not looked at

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
    gradient = _gradient(reads, values)
    score, information = _effective(gradient, row, block, blocks.size)
    scores = Scores(
        fraction=float(values[0]),
        score=score,
        information=information,
        chrom=blocks >> 32,
        n_sites=int(usable.sum()),
    )
    return settle(scores, genome, "binomial reads over the genotypes of two people", settings)


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


class _Rows:
    """Distinct (stratum, depth, ALT reads), with the chances of their genotypes."""

    def __init__(self, rows: Int64, chances: Float64) -> None:
        self.alt = (rows & 0xFFFFF).astype(np.float64)
        self.ref = ((rows >> 20) & 0xFFFFF).astype(np.float64) - self.alt
        self.chances = chances[rows >> 40]

    def log_likelihood(self, values: Float64) -> Float64:
        """Of each row, under fraction, logarithms of the two errors, logit of the second's share, and inbreeding."""
        fraction, often, rare, share = values[0], np.exp(values[1]), np.exp(values[2]), expit(values[3])
        lost = values[4] * self.chances[:, 1]
        chances = [
            self.chances[:, 0] + lost / 2.0,
            self.chances[:, 1] - lost,
            self.chances[:, 2] + lost / 2.0,
        ]
        total = np.zeros(self.alt.size)
        for error, weight in ((often, 1.0 - share), (rare, share)):
            for g in range(3):
                for h in range(3):
                    dose = np.clip(((1.0 - fraction) * g + fraction * h) / 2.0, 0.0, 1.0)
                    theta = np.clip(error + (1.0 - 2.0 * error) * dose, 1e-9, 1.0 - 1e-9)
                    log = xlogy(self.alt, theta) + xlogy(self.ref, 1.0 - theta)
                    total += weight * chances[g][:, h] * np.exp(log)
        log_total: Float64 = np.log(np.maximum(total, 1e-300))
        return log_total


def _fit(reads: _Rows, count: Float64) -> Float64:
    """Fraction, errors and inbreeding of the greatest likelihood."""
    n = float(count.sum())

    def loss(scaled: Float64) -> float:
        return -float((count * reads.log_likelihood(scaled * _SCALE)).sum()) / n

    def slope(scaled: Float64) -> Float64:
        total = np.einsum("i,ij->j", count, _gradient(reads, scaled * _SCALE))
        return np.asarray(-total * _SCALE / n, dtype=np.float64)

    start = np.array([_START, np.log(0.002), np.log(0.02), -4.0, 0.0])
    low = np.array([0.0, -12.0, -5.0, -9.0, -0.3])
    high = np.array([0.45, -3.0, -1.5, 0.0, 0.3])
    bounds = list(zip(low / _SCALE, high / _SCALE, strict=True))
    options: Any = {"maxiter": _STEPS, "ftol": 1e-14, "gtol": 1e-9}
    found = minimize(loss, start / _SCALE, jac=slope, method="L-BFGS-B", bounds=bounds, options=options)
    values: Float64 = found.x * _SCALE
    return values


def _gradient(reads: _Rows, values: Float64) -> Float64:
    """Derivatives of each row by the fraction and by the errors; float64, shape (n_rows, 5)."""
    columns = []
    for i in range(values.size):
        step = np.zeros(values.size)
        step[i] = _STEP if i == 0 else 1e-3
        columns.append(
            (reads.log_likelihood(values + step) - reads.log_likelihood(values - step)) / (2 * step[i])
        )
    return np.stack(columns, axis=1)


def _effective(gradient: Float64, row: Int64, block: Int64, n_blocks: int) -> tuple[Float64, Float64]:
    """Score and information of the fraction of each block, cleared of what the errors explain."""
    count = np.bincount(row, minlength=gradient.shape[0])
    information = np.einsum("ij,i,ik->jk", gradient, count, gradient)
    others = information[1:, 1:] + 1e-9 * np.eye(4) * np.trace(information[1:, 1:])
    slope = np.linalg.solve(others, information[1:, 0])
    effective = gradient[:, 0] - np.einsum("ij,j->i", gradient[:, 1:], slope)
    per_site = effective[row]
    score = np.bincount(block, weights=per_site, minlength=n_blocks)
    own = np.bincount(block, weights=np.square(per_site), minlength=n_blocks)
    return score.astype(np.float64), own.astype(np.float64)
