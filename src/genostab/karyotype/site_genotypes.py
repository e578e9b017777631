"""Genotypes of sites from the reads of both alleles: artefacts left out, posterior over three genotypes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import bdtrc, betaln, gammaln, logsumexp, ndtri, xlog1py, xlogy

from genostab.arrays import AlleleDepths, Bool, Float64, Int8, Int64, Phase, SnpSites
from genostab.karyotype.settings import Settings
from genostab.results import Estimate
from genostab.units import FRACTION


@dataclass(frozen=True, kw_only=True)
class SiteGenotypes:
    """Depths and genotypes of one sample at sites, and how it went.

    `n_strand` sites are left out for ALT from one strand only, `n_third` for a third base; `alt_share` is the pooled
    ALT share of heterozygous sites, below one half by what the reference is preferred; `other_share` the share of
    bases that are neither allele. `phase_note` says of a phase that came with the sites why it is used, or is not.
    """

    snps: AlleleDepths
    n_strand: int
    n_third: int
    alt_share: Estimate
    other_share: float
    phase_note: str = ""


def genotype_sites(sample: str, sites: SnpSites, depths: Int64, settings: Settings) -> SiteGenotypes:
    """Genotypes at the sites that are no artefact, with the phase that came with the sites where it is this donor's.

    Parameters
    ----------
    sample : str
    sites : SnpSites
    depths : ndarray of int64, shape (n_sites, 6), reads: REF forward, REF reverse, ALT forward, ALT reverse, other
        forward, other reverse
    settings : Settings, table [sites]
    """
    ref, alt, other = depths[:, :2].sum(axis=1), depths[:, 2:4].sum(axis=1), depths[:, 4:].sum(axis=1)
    one_strand = one_strand_p(depths) < settings.site_artefact_p
    third = third_base_p(other, ref + alt + other, settings.site_base_error) < settings.site_artefact_p
    kept = np.flatnonzero(~(one_strand | third))
    posterior = genotype_posterior(ref[kept], alt[kept], settings)
    best = posterior.argmax(axis=1)
    called = posterior.max(axis=1) >= settings.site_min_posterior
    snps = AlleleDepths(
        sample=sample,
        chrom=sites.chrom[kept],
        position=sites.position[kept],
        ref_depth=ref[kept],
        alt_depth=alt[kept],
        genotype=np.where(called, best, -1).astype(np.int8),
    )
    phase_note = ""
    if sites.phase is not None and sites.genotype is not None:
        is_donor, phase_note = _same_donor(snps, sites.genotype[kept], settings)
        if is_donor:
            own = Phase(haplotype=sites.phase.haplotype[kept], block=sites.phase.block[kept])
            snps = replace(snps, phase=own)
    return SiteGenotypes(
        snps=snps,
        n_strand=int(one_strand.sum()),
        n_third=int((third & ~one_strand).sum()),
        alt_share=_alt_share(snps, settings.level),
        other_share=float(other.sum() / max(depths.sum(), 1)),
        phase_note=phase_note,
    )


def _same_donor(snps: AlleleDepths, genotype: Int8, settings: Settings) -> tuple[bool, str]:
    """Whether the genotypes of a file are of the donor whose reads these are, and how that shows.

    Notes
    -----
    Where the file says homozygous, reads of the other allele are errors, whatever a lot has lost since. Of another
    person they are the share p q / (p^2 + q^2) at frequencies p and q (Hardy-Weinberg), of a sibling, a parent or a
    child half of that. Without such sites, most of what the file says is heterozygous must be so in the reads.
    """
    ref, alt = snps.ref_depth, snps.alt_depth
    stray = np.where(genotype == 0, alt, ref)[(genotype == 0) | (genotype == 2)]
    n_reads = int((ref + alt)[(genotype == 0) | (genotype == 2)].sum())
    if n_reads >= settings.site_min_compared:
        share = float(stray.sum() / n_reads)
        text = f"{share:.2%} of {n_reads} reads show the other allele where the file says homozygous"
        return share <= settings.site_max_stray, text
    own = snps.genotype[(genotype == 1) & (snps.genotype >= 0)]
    share = float((own == 1).mean()) if own.size else 0.0
    text = f"{share:.0%} of {own.size} SNPs are heterozygous in the reads that the file says are"
    return own.size >= settings.site_min_compared and share >= settings.site_min_het_share, text


def genotype_posterior(ref: Int64, alt: Int64, settings: Settings) -> Float64:
    """Posterior of 0, 1 and 2 copies of ALT, each a third a priori; float64, shape (n_sites, 3).

    Notes
    -----
    ALT reads of n are binomial with p = e or 1 - e where homozygous (e = `site_base_error`), and beta-binomial with
    Beta(a, a), a = `site_het_reads` / 2, where heterozygous. A third each is Hardy-Weinberg with an allele frequency
    uniform over 0 to 1.

    Examples
    --------
    >>> from genostab.karyotype.settings import load_settings
    >>> genotype_posterior(np.array([30, 14, 0]), np.array([0, 16, 30]), load_settings()).argmax(axis=1).tolist()
    [0, 1, 2]
    """
    error, a = settings.site_base_error, settings.site_het_reads / 2.0
    # The binomial coefficient is the same for all three.
    log_likelihood = np.column_stack(
        (
            xlogy(alt, error) + xlog1py(ref, -error),
            betaln(alt + a, ref + a) - betaln(a, a),
            xlogy(ref, error) + xlog1py(alt, -error),
        )
    )
    posterior: Float64 = np.exp(log_likelihood - logsumexp(log_likelihood, axis=1, keepdims=True))
    return posterior


def one_strand_p(depths: Int64) -> Float64:
    """Chance that all ALT reads come from the strand that they do come from; 1 where they come from both.

    Notes
    -----
    C(F, k) / C(n, k) for k ALT reads of the one strand, which has F of all n reads of both alleles (hypergeometric).
    Where all reads are ALT, it is 1 or, of both strands, not asked for.
    """
    forward, reverse = depths[:, 0] + depths[:, 2], depths[:, 1] + depths[:, 3]
    alt_forward, alt_reverse = depths[:, 2], depths[:, 3]
    k = alt_forward + alt_reverse
    one_sided = (k > 0) & ((alt_forward == 0) | (alt_reverse == 0))
    same_strand = np.where(alt_forward > 0, forward, reverse)[one_sided]
    n, k = (forward + reverse)[one_sided], k[one_sided]
    p = np.ones(depths.shape[0])
    p[one_sided] = np.exp(
        gammaln(same_strand + 1) - gammaln(same_strand - k + 1) - gammaln(n + 1) + gammaln(n - k + 1)
    )
    return p


def third_base_p(other: Int64, n: Int64, base_error: float) -> Float64:
    """Chance of so many bases that are neither allele, or more, by errors alone; 1 where there are none."""
    p: Float64 = np.where(other > 0, bdtrc(np.maximum(other - 1, 0), np.maximum(n, 1), base_error), 1.0)
    return p


def are_other_positions(depths: Int64, settings: Settings) -> bool:
    """Whether so many bases are neither allele that the sites cannot be of the assembly of the reads."""
    other, n = int(depths[:, 4:].sum()), int(depths.sum())
    p = third_base_p(np.array([other]), np.array([n]), settings.site_max_other_share)
    return bool(p[0] < settings.site_artefact_p)


def _alt_share(snps: AlleleDepths, level: float) -> Estimate:
    """Pooled ALT share of heterozygous sites; its interval rests on the scatter between sites.

    Notes
    -----
    p = sum k / sum n, with the variance of a ratio of sums, sum (k - n p)^2 / (sum n)^2, so that SNPs that are out of
    balance widen it.
    """
    is_het: Bool = snps.genotype == 1
    k, n = snps.alt_depth[is_het], (snps.ref_depth + snps.alt_depth)[is_het]
    share, reach = None, None
    if is_het.sum() >= 2:
        share = float(k.sum() / n.sum())
        se = float(np.sqrt(np.square(k - n * share).sum()) / n.sum())
        reach = -float(ndtri((1.0 - level) / 2.0)) * se
    return Estimate(
        estimate=share,
        low=None if share is None or reach is None else max(share - reach, 0.0),
        high=None if share is None or reach is None else min(share + reach, 1.0),
        unit=FRACTION,
        level=level,
        method="ALT reads over all reads of heterozygous SNPs, variance between SNPs",
        n=int(is_het.sum()),
    )
