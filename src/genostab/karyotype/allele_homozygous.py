"""Long stretches without heterozygosity: inherited, or copy-neutral loss of heterozygosity in all cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from genostab.arrays import Bool, Genome, Int16, Int64
from genostab.karyotype.annotate import bands_of, iscn_of
from genostab.karyotype.call import Karyotype
from genostab.karyotype.settings import Settings
from genostab.kernels.allele_path import imbalance_posterior
from genostab.results import Call, Estimate, Origin
from genostab.units import FRACTION


@dataclass(frozen=True, kw_only=True)
class Zygosity:
    """SNPs of one sample that could be heterozygous, being of two copies, sorted by chromosome and position.

    chrom : int16; position : int64; is_het : bool; all shape (n_snps,)
    """

    chrom: Int16
    position: Int64
    is_het: Bool


@dataclass(frozen=True, kw_only=True)
class ParentSites:
    """What the parents say at SNPs where they speak, sorted by chromosome and position.

    Of one parent line: where it is heterozygous, so that the lot should be as well. Of two parents: where both are
    homozygous and differ, so that their child must be heterozygous.

    chrom : int16; position : int64; must_be_het : bool; all shape (n_sites,)
    """

    chrom: Int16
    position: Int64
    must_be_het: Bool


@dataclass(frozen=True, kw_only=True)
class Homozygous:
    """A stretch without heterozygosity: SNPs [first, last) of a `Zygosity`, extent in bp."""

    chrom: int
    first: int
    last: int
    start: int
    end: int


def homozygous_stretches(zygosity: Zygosity, genome: Genome, settings: Settings) -> tuple[Homozygous, ...]:
    """Stretches in which SNPs are all but never heterozygous, of at least `min_homozygous_bp` without gaps.

    Parameters
    ----------
    zygosity : Zygosity
    genome : Genome
    settings : Settings, table [allele]

    Notes
    -----
    Two hidden states, in which SNPs are heterozygous as often as in the median chromosome, and with
    `homozygous_error`. Shorter stretches are not told from linkage, which keeps neighbouring SNPs alike.
    """
    present = np.unique(zygosity.chrom)
    shares = [float(zygosity.is_het[zygosity.chrom == c].mean()) for c in present]
    share = float(np.median(shares)) if shares else 0.0
    error = min(settings.homozygous_error, share / 2.0)
    if not 0.0 < share < 1.0:
        return ()  # a file of one zygosity says nothing of the other
    table = np.log([[(1.0 - error) / (1.0 - share)], [error / share]])
    found = []
    for c in present.tolist():
        a, b = (int(np.searchsorted(zygosity.chrom, np.int16(c), side=side)) for side in ("left", "right"))
        symbol = zygosity.is_het[a:b].astype(np.int32)
        n = b - a
        if n < settings.min_snps:
            continue
        posterior, _ = imbalance_posterior(
            symbol, table, table, np.full(n, 0.5), 1.0 / n, 1.0 / settings.mean_event_snps
        )
        edges = np.flatnonzero(np.diff(np.concatenate(([False], posterior > 0.5, [False]))))
        for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            start, end = int(zygosity.position[a + first]), int(zygosity.position[a + last - 1]) + 1
            spacing = np.diff(zygosity.position[a + first : a + last])
            seen_bp = int(spacing[spacing <= settings.max_gap_bp].sum())
            if seen_bp >= settings.min_homozygous_bp and last - first >= settings.min_snps:
                beyond = settings.max_unfilled_share * n
                whole = first <= beyond and last >= n - beyond
                found.append(
                    Homozygous(
                        chrom=c,
                        first=a + first,
                        last=a + last,
                        start=0 if whole else start,
                        end=int(genome.length_bp[c]) if whole else end,
                    )
                )
    return tuple(found)


def origin_of_stretch(stretch: Homozygous, parents: ParentSites | None, settings: Settings) -> Origin:
    """Whether a stretch was homozygous before, by the SNPs at which the parents make heterozygosity certain.

    Parameters
    ----------
    stretch : Homozygous
    parents : ParentSites or None
    settings : Settings, table [allele]

    Notes
    -----
    Acquired (or of one parent alone: uniparental disomy) where such SNPs are as frequent as elsewhere, to half;
    inherited where there are no more than genotyping errors, among SNPs enough to tell the two.
    """
    if parents is None:
        return "unknown"
    inside = (parents.chrom == stretch.chrom) & (parents.position >= stretch.start)
    inside &= parents.position < stretch.end
    n, share = int(inside.sum()), float(parents.must_be_het.mean()) if parents.must_be_het.size else 0.0
    if n * share < settings.min_hets:
        return "unknown"
    seen = float(parents.must_be_het[inside].mean())
    if seen >= settings.parent_share * share:
        return "acquired"
    return "inherited" if seen <= settings.max_inherited_share * share else "unknown"


def add_homozygous(
    karyotype: Karyotype,
    stretches: Sequence[Homozygous],
    parents: ParentSites | None,
    genome: Genome,
    platform: str,
    settings: Settings,
) -> Karyotype:
    """The karyotype with the stretches that no reported call explains, as copy-neutral LOH.

    Parameters
    ----------
    karyotype : Karyotype, with the calls of depth and alleles
    stretches : sequence of Homozygous
    parents : ParentSites, None where no parent's alleles are known
    genome : Genome
    platform : str, ``seq`` or ``arr``, for ISCN
    settings : Settings

    Notes
    -----
    Of X, stretches below `min_homozygous_x_bp` are listed only where parents show that they were acquired.
    """
    more = [
        _call(each, origin, genome, platform, settings)
        for each in stretches
        if _is_listed(each, origin := origin_of_stretch(each, parents, settings), genome, settings)
        and not any(
            call.reported
            and call.chrom == genome.names[each.chrom]
            and min(call.end, each.end) - max(call.start, each.start)
            >= settings.same_share * (each.end - each.start)
            for call in karyotype.calls
        )
    ]
    calls = sorted(
        (*karyotype.calls, *more), key=lambda call: (genome.names.index(call.chrom), call.start, call.end)
    )
    return replace(karyotype, calls=tuple(calls))


def _is_listed(each: Homozygous, origin: Origin, genome: Genome, settings: Settings) -> bool:
    is_long = each.end - each.start >= settings.min_homozygous_x_bp
    return genome.names[each.chrom] != "chrX" or is_long or origin == "acquired"


_REASONS: dict[Origin, str] = {
    "unknown": "no heterozygous SNP: inherited from related ancestors, or loss of heterozygosity in all cells; a "
    "parent's alleles would tell",
    "inherited": "no heterozygous SNP, nor in the parents: inherited from related ancestors",
    "acquired": "no heterozygous SNP where the parents' alleles ask for it: loss of heterozygosity in all cells, or "
    "both copies of one parent",
}


def _call(each: Homozygous, origin: Origin, genome: Genome, platform: str, settings: Settings) -> Call:
    n = each.last - each.first
    return Call(
        chrom=genome.names[each.chrom],
        start=each.start,
        end=each.end,
        kind="cnloh",
        copy_number=2,
        cell_fraction=Estimate(
            estimate=1.0,
            low=None,
            high=1.0,
            unit=FRACTION,
            level=settings.level,
            method="share of heterozygous SNPs against the genome",
            n=n,
        ),
        ratio_log2=None,
        n_bins=0,
        n_snps=n,
        score=0.0,
        q_value=0.0,
        p_value=0.0,
        origin=origin,
        hotspot="",
        bands=bands_of(genome, each.chrom, each.start, each.end),
        iscn=iscn_of(
            genome=genome,
            platform=platform,
            chrom=each.chrom,
            start=each.start,
            end=each.end,
            copy_number=2,
            cell_fraction=1.0,
            zygosity="hmz",
        ),
        reported=True,
        reason=_REASONS[origin],
        minor_copies=0,
    )
