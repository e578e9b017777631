"""Whether two samples are of one donor: genotype concordance, kinship, and likelihoods of how they are related."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import betaincinv, ndtri

from genostab.arrays import Bool, Float64, Genome, Int8, Int64, SnpTable
from genostab.karyotype.bins import autosomes
from genostab.karyotype.genotypes import (
    Snps,
    Spectrum,
    called_genotypes,
    fitted_spectrum,
    genotype_likelihoods,
    genotype_shares,
    lists_variants_only,
    two_genotypes,
)
from genostab.karyotype.sample_settings import SampleSettings
from genostab.results import Call, Estimate, SamplePair
from genostab.units import FRACTION

# Chances to share 0, 1, 2 alleles by descent.
_RELATIONS = {
    "one donor": (0.0, 0.0, 1.0),
    "parent and child": (0.0, 1.0, 0.0),
    "siblings": (0.25, 0.5, 0.25),
    "second degree": (0.5, 0.5, 0.0),
    "unrelated": (1.0, 0.0, 0.0),
}
_FIRST_DEGREE = ("parent and child", "siblings")
_FAMILY = (*_FIRST_DEGREE, "second degree")


@dataclass(frozen=True, kw_only=True)
class _Matched:
    """SNPs that two samples share: likelihoods (n_snps, 3), genotypes and blocks of the genome (n_snps,).

    `spectrum` has one entry, or one per SNP; `is_listed` are the genotypes that each file can list.
    """

    likelihood: tuple[Float64, Float64]
    called: tuple[Int8, Int8]
    is_listed: tuple[Float64, Float64]
    block: Int64
    is_spaced: Bool
    spectrum: Spectrum
    same_alleles: bool


def compare_samples(
    first: Snps,
    second: Snps,
    genome: Genome,
    settings: SampleSettings,
    *,
    spectrum: Spectrum | None = None,
    left_out: Sequence[Call] = (),
) -> SamplePair:
    """How two samples are related.

    Parameters
    ----------
    first, second : SnpTable or AlleleDepths, matched by chromosome and position, two arrays also by name
    genome : Genome
    settings : SampleSettings
    spectrum : Spectrum or None, frequency of B at each SNP of `first`; None fits one to the genotypes of the two
    left_out : sequence of Call, whose regions are not compared: lost alleles are no other donor

    Notes
    -----
    Every SNP of the autosomes counts for concordance, IBS and kinship; one in `spacing_bp` for the likelihood, which
    sums over the genotypes that reads or probes allow. One donor may have lost an allele, in either sample, along
    stretches of `block_bp`; that shows as homozygous SNPs, never as opposite homozygotes. An array and a VCF need not
    mean the same allele by B: both ways are summed, and what depends on it is not stated. Files that list variants
    only are compared on what they list. Kinship is KING-robust (Manichaikul et al. 2010, doi
    10.1093/bioinformatics/btq559, equation 11), with a jackknife over blocks. O(n_snps log n_snps).
    """
    matched = _matched(first, second, genome, settings, spectrum, left_out)
    n = matched.block.size
    log = _log_likelihoods(matched, settings)
    relation, reading = _reading(log, n, settings)
    states = _states(matched)
    ibs = np.bincount(2 - np.abs(states[0] - states[1]), minlength=3) if matched.same_alleles else None
    return SamplePair(
        first=first.sample,
        second=second.sample,
        n_snps=n,
        concordance=_concordance(states, matched.same_alleles, settings),
        n_different=int((states[0] != states[1]).sum()),
        ibs0=None if ibs is None else int(ibs[0]),
        ibs1=None if ibs is None else int(ibs[1]),
        ibs2=None if ibs is None else int(ibs[2]),
        kinship=_kinship(matched, settings),
        log_likelihood_ratio_unrelated=log["one donor"] - log["unrelated"],
        log_likelihood_ratio_relative=log["one donor"] - max(log[name] for name in _FIRST_DEGREE),
        relation=relation,
        reading=reading,
        note=_note(matched, first, second, spectrum, settings),
    )


def _matched(
    first: Snps,
    second: Snps,
    genome: Genome,
    settings: SampleSettings,
    spectrum: Spectrum | None,
    left_out: Sequence[Call],
) -> _Matched:
    rows = _shared_rows(first, second, genome, left_out)
    likelihood = [
        genotype_likelihoods(snps, settings)[row] for snps, row in zip((first, second), rows, strict=True)
    ]
    called = [called_genotypes(snps, settings)[row] for snps, row in zip((first, second), rows, strict=True)]
    variants = [lists_variants_only(snps, settings) for snps in (first, second)]
    same_alleles = isinstance(first, SnpTable) == isinstance(second, SnpTable)
    chrom, position = first.chrom[rows[0]].astype(np.int64), first.position[rows[0]]
    place = chrom << 32 | position // settings.spacing_bp
    is_spaced = np.append(True, np.diff(place) != 0)[: place.size]
    if spectrum is None:
        chosen = [each for each, only in zip(likelihood, variants, strict=True) if only == any(variants)]
        shares = genotype_shares(np.concatenate([each[is_spaced] for each in chosen]))
        spectrum = fitted_spectrum(shares, variants_only=any(variants))
    elif spectrum.b.size > 1:
        spectrum = Spectrum(b=spectrum.b[rows[0]], a=spectrum.a[rows[0]])
    _, block = np.unique(chrom << 32 | position // settings.block_bp, return_inverse=True)
    return _Matched(
        likelihood=(likelihood[0], likelihood[1]),
        called=(called[0], called[1]),
        is_listed=(_listed(variants[0]), _listed(variants[1])),
        block=block.astype(np.int64),
        is_spaced=is_spaced,
        spectrum=spectrum,
        same_alleles=same_alleles,
    )


def _listed(variants_only: Bool | bool) -> Float64:
    return np.array([[0.0 if variants_only else 1.0, 1.0, 1.0]])


def _shared_rows(first: Snps, second: Snps, genome: Genome, left_out: Sequence[Call]) -> tuple[Int64, Int64]:
    """Rows of the SNPs of the autosomes that both have, in the order of the genome."""
    keys = [snps.chrom.astype(np.int64) << 32 | snps.position for snps in (first, second)]
    _, *rows = np.intersect1d(keys[0], keys[1], return_indices=True)
    keep = autosomes(genome)[first.chrom[rows[0]]]
    if isinstance(first, SnpTable) and isinstance(second, SnpTable):
        pairs = zip(rows[0].tolist(), rows[1].tolist(), strict=True)
        keep &= np.fromiter((first.name[i] == second.name[j] for i, j in pairs), np.bool_, rows[0].size)
    for call in left_out:
        inside = first.chrom[rows[0]] == genome.names.index(call.chrom)
        inside &= (first.position[rows[0]] >= call.start) & (first.position[rows[0]] < call.end)
        keep &= ~inside
    return rows[0][keep].astype(np.int64), rows[1][keep].astype(np.int64)


def _log_likelihoods(matched: _Matched, settings: SampleSettings) -> dict[str, float]:
    """Natural logarithm of the likelihood of each relation, given that the SNPs are listed."""
    spaced = matched.is_spaced
    likelihood = (matched.likelihood[0][spaced], matched.likelihood[1][spaced])
    block = matched.block[spaced]
    spectrum = matched.spectrum
    if spectrum.b.size > 1:
        spectrum = Spectrum(b=spectrum.b[spaced], a=spectrum.a[spaced])

    def by_block(joint: Float64) -> Float64:
        seen = _chance(joint, likelihood, matched.same_alleles)
        listed = _chance(joint, matched.is_listed, matched.same_alleles)
        return np.bincount(block, weights=np.log(seen / listed), minlength=1).astype(np.float64)

    log = {name: by_block(two_genotypes(spectrum, k)) for name, k in _RELATIONS.items()}
    one = two_genotypes(spectrum, _RELATIONS["one donor"])
    lost = np.stack([by_block(_one_allele_lost(one)), by_block(_one_allele_lost(one).transpose(1, 0, 2))])
    log["one donor"] = np.logaddexp.reduce(
        np.stack(
            [
                log["one donor"] + math.log1p(-2.0 * settings.loh_share),
                *(lost + math.log(settings.loh_share)),
            ]
        )
    )
    return {name: float(values.sum()) for name, values in log.items()}


def _one_allele_lost(one: Float64) -> Float64:
    """Genotypes of one donor whose first sample has lost one allele of every SNP."""
    lost = one.copy()
    lost[0, 1] = lost[2, 1] = one[1, 1] / 2.0
    lost[1, 1] = 0.0
    return lost


def _chance(joint: Float64, likelihood: tuple[Float64, Float64], same_alleles: bool) -> Float64:
    """Chance of what both samples show; float64, shape (n_snps or 1,)."""
    first, second = likelihood
    theirs = second if same_alleles else (second + second[:, ::-1]) / 2.0
    terms = [first[:, i] * joint[i, j] * theirs[:, j] for i in range(3) for j in range(3)]
    return np.asarray(sum(terms), dtype=np.float64)


def _reading(
    log: dict[str, float], n: int, settings: SampleSettings
) -> tuple[str, Literal["same donor", "related", "other donor", "cannot tell"]]:
    least = math.log(settings.min_odds)
    best = max(log, key=lambda name: log[name])
    others = max(value for name, value in log.items() if name != "one donor")
    if n < settings.min_compared or abs(log["one donor"] - others) < least:
        return "", "cannot tell"
    if best == "one donor":
        return best, "same donor"
    family = max(log[name] for name in _FAMILY)
    return best, "related" if family - log["unrelated"] >= least else "other donor"


def _states(matched: _Matched) -> tuple[Int64, Int64]:
    """Genotypes of the SNPs that both have called; only whether they are heterozygous where B may differ."""
    known = (matched.called[0] >= 0) & (matched.called[1] >= 0)
    first, second = (called[known].astype(np.int64) for called in matched.called)
    return (first, second) if matched.same_alleles else (first % 2, second % 2)


def _concordance(states: tuple[Int64, Int64], same_alleles: bool, settings: SampleSettings) -> Estimate:
    n, k = states[0].size, int((states[0] == states[1]).sum())
    tail = (1.0 - settings.level) / 2.0
    what = "genotypes" if same_alleles else "heterozygous or homozygous; the files may differ in what B is"
    return Estimate(
        estimate=k / n if n else None,
        low=float(betaincinv(k, n - k + 1, tail)) if k else 0.0,
        high=float(betaincinv(k + 1, n - k, 1.0 - tail)) if k < n else 1.0,
        unit=FRACTION,
        level=settings.level,
        method=f"share of equal {what}, exact binomial",
        n=n,
        status="measured" if n else "not_computed",
    )


def _kinship(matched: _Matched, settings: SampleSettings) -> Estimate:
    """KING-robust kinship between families, with a jackknife over blocks."""
    first, second = (called.astype(np.int64) for called in matched.called)
    known = (first >= 0) & (second >= 0)
    indicators = (
        (first == 1) & (second == 1) & known,
        (np.abs(first - second) == 2) & known,
        (first == 1) & known,
        (second == 1) & known,
    )
    n_blocks = int(matched.block.max()) + 1 if matched.block.size else 0
    counts = np.array([np.bincount(matched.block[each], minlength=n_blocks) for each in indicators])
    fewest = min(counts[2].sum(), counts[3].sum()) if n_blocks else 0
    lists_all = all(listed[0, 0] > 0.0 for listed in matched.is_listed)
    is_known = matched.same_alleles and lists_all and fewest >= settings.min_compared
    value = _king(counts.sum(axis=1)) if is_known else None
    low = high = None
    if value is not None and n_blocks > 1:
        without = [_king(counts.sum(axis=1) - counts[:, i]) for i in range(n_blocks)]
        se = math.sqrt((n_blocks - 1) ** 2 / n_blocks * float(np.var(without, ddof=1)))
        reach = -float(ndtri((1.0 - settings.level) / 2.0)) * se
        low, high = value - reach, value + reach
    return Estimate(
        estimate=value,
        low=low,
        high=high,
        unit="kinship",
        level=settings.level,
        method="KING-robust, called genotypes, jackknife over blocks",
        n=int(known.sum()),
        status="measured" if is_known else "not_computed",
    )


def _king(counts: Float64 | Int64) -> float:
    both, opposite, first, second = (float(count) for count in counts)
    fewer = max(min(first, second), 1.0)
    return (both - 2.0 * opposite) / (2.0 * fewer) + 0.5 - 0.25 * (first + second) / fewer


def _note(
    matched: _Matched, first: Snps, second: Snps, spectrum: Spectrum | None, settings: SampleSettings
) -> str:
    remarks = [
        f"{each.sample} lists variants only"
        for each in (first, second)
        if lists_variants_only(each, settings)
    ]
    if not matched.same_alleles:
        remarks.append("array against reads: B may be either allele")
    remarks.append(
        "allele frequencies given" if spectrum is not None else "allele frequencies from the genotypes"
    )
    return "; ".join(remarks)
