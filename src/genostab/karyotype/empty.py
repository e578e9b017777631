"""Runs of empty bins in a sample by itself: homozygous losses, where the gaps of the assembly are known."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincinv, ndtr, ndtri, pdtr

from genostab.arrays import Bins, Bool, Genome, Int8, Int64
from genostab.karyotype.annotate import Hotspot, bands_of, hotspots_hit, iscn_of
from genostab.karyotype.bins import autosomes
from genostab.karyotype.mask import (
    LOW_COVERAGE,
    REPEATS,
    USED,
    expected_coverage,
    in_exclusion_list,
    in_known_gap,
)
from genostab.karyotype.settings import Settings
from genostab.results import Call, Estimate
from genostab.units import FRACTION

GAPS_UNKNOWN = (
    "homozygous losses cannot be told from assembly gaps without a parent, the reference or a list of gaps"
)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """Empty bins of one chromosome: rows, how many lie clear of masked bins, and whether nothing else is there."""

    rows: Int64
    n_clear: int
    is_whole: bool


def gaps_are_known(bins: Bins, reason: Int8, genome: Genome, settings: Settings) -> bool:
    """Whether an empty bin outside the known gaps says that copies are missing.

    Parameters
    ----------
    bins : Bins of the sample, by itself
    reason : ndarray of int8, shape (n_bins,), as of `mask_bins`
    genome : Genome
    settings : Settings, table [mask]

    Notes
    -----
    The reference sequence shows its gaps. A list holds them where it and the centromeres explain nearly all of the
    empty autosomal bins: a list of other things (repeats, blacklisted signal) leaves the gaps unexplained.
    """
    if bins.gap_fraction is not None:
        return True
    if bins.excluded_fraction is None:
        return False
    empty = autosomes(genome)[bins.chrom] & ~(bins.n_reads > 0) & (reason != REPEATS)
    explained = _is_explained(bins, genome, settings)
    return bool(not empty.any() or explained[empty].mean() >= settings.min_gaps_explained)


def _is_explained(bins: Bins, genome: Genome, settings: Settings) -> Bool:
    """True where a bin lies in a known gap, an exclusion list or the centromere, or its sequence is not known."""
    at = bins.chrom
    in_centromere = (bins.start < genome.centromere_end[at]) & (bins.end > genome.centromere_start[at])
    explained = in_centromere | in_known_gap(bins, settings) | in_exclusion_list(bins, settings)
    return explained if bins.gap_fraction is None else explained | np.isnan(bins.gap_fraction)


def empty_runs(
    bins: Bins,
    reason: Int8,
    ploidy: Int8,
    sd_log2: float,
    genome: Genome,
    hotspots: Sequence[Hotspot],
    settings: Settings,
    *,
    is_counts: bool,
) -> tuple[Call, ...]:
    """Losses of all copies, as calls of unknown origin; rejected where they may be the edge of something masked.

    Parameters
    ----------
    bins : Bins of the sample, by itself, whose gaps are known (`gaps_are_known`)
    reason : ndarray of int8, shape (n_bins,), as of `mask_bins`
    ploidy : ndarray of int8, shape (n_bins,)
    sd_log2 : float, noise of one bin
    genome : Genome
    hotspots : sequence of Hotspot
    settings : Settings, tables [mask] and [calling]
    is_counts : bool, whether `n_reads` are reads

    Notes
    -----
    A run holds bins of low coverage outside known gaps, with nothing but masked bins between them. Its chance is that
    of its mean log2 ratio under the noise of a bin and, of reads, at least the Poisson tail; times the number of bins.
    `min_bins` must lie further from masked stretches than `min_bins`: the edge of a gap is not known to the base.
    """
    expected = expected_coverage(bins, bins.n_reads, ploidy, genome)
    empty = (reason == LOW_COVERAGE) & ~_is_explained(bins, genome, settings)
    # Noise lifts single bins of a mosaic loss over the mask's limit; twice that limit is not noise.
    covered = (reason == USED) & (bins.n_reads > 2.0 * settings.min_coverage * expected)
    calls = []
    for chrom in np.unique(bins.chrom[empty]):
        on = np.flatnonzero(bins.chrom == chrom)
        for run in _runs(on, empty[on], covered[on], reason[on] == USED, settings.min_bins):
            found, wanted = float(bins.n_reads[run.rows].sum()), float(expected[run.rows].sum())
            left = max(found / wanted, settings.least_depth_share)
            chance = float(ndtr(np.log2(left) * math.sqrt(run.rows.size) / sd_log2))
            chance = max(chance, float(pdtr(found, wanted))) if is_counts else chance
            p_value = min(1.0, chance * bins.chrom.size)
            if p_value <= settings.max_p_shown:
                share = _share_of_cells(found, wanted, sd_log2, run.rows.size, settings, is_counts=is_counts)
                calls.append(_as_call(bins, run, share, left, p_value, genome, hotspots, settings))
    return tuple(calls)


def _runs(on: Int64, empty: Bool, covered: Bool, used: Bool, min_bins: int) -> list[_Run]:
    """Runs of at least `min_bins` empty bins between covered ones; masked bins in between pass for neither."""
    edges = np.concatenate(([-1], np.flatnonzero(covered), [covered.size]))
    runs = []
    for before, after in itertools.pairwise(edges.tolist()):
        rows = np.flatnonzero(empty[before + 1 : after]) + before + 1
        if rows.size < min_bins:
            continue
        masked = np.flatnonzero(~empty[before + 1 : after] & ~used[before + 1 : after]) + before + 1
        away = np.full(rows.size, min_bins + 1)
        if masked.size:
            after_it = np.searchsorted(masked, rows)
            away = np.minimum(
                np.abs(rows - masked[np.minimum(after_it, masked.size - 1)]),
                np.abs(rows - masked[np.maximum(after_it - 1, 0)]),
            )
        is_whole = bool(before < 0 and after == covered.size)
        runs.append(_Run(rows=on[rows], n_clear=int((away > min_bins).sum()), is_whole=is_whole))
    return runs


def _share_of_cells(
    found: float, wanted: float, sd_log2: float, n_bins: int, settings: Settings, *, is_counts: bool
) -> Estimate:
    """Share of cells without a copy: what is missing of the expected coverage, with its interval.

    The wider of the noise of the bins and, of reads, the exact Poisson interval (Garwood 1936, doi
    10.1093/biomet/28.3-4.437 [m]).
    """
    tail = (1.0 - settings.level) / 2.0
    reach = 2.0 ** (-float(ndtri(tail)) * sd_log2 / math.sqrt(n_bins))
    low, high = found / reach, max(found * reach, settings.least_depth_share * wanted)
    if is_counts:
        low = min(low, float(gammaincinv(found, tail)) if found > 0 else 0.0)
        high = max(high, float(gammaincinv(found + 1.0, 1.0 - tail)))
    ends = sorted(min(max(1.0 - each / wanted, 0.0), 1.0) for each in (low, found, high))
    return Estimate(
        estimate=ends[1],
        low=ends[0],
        high=ends[2],
        unit=FRACTION,
        level=settings.level,
        method="missing share of the expected coverage",
        n=n_bins,
    )


def _as_call(
    bins: Bins,
    run: _Run,
    share: Estimate,
    left: float,
    p_value: float,
    genome: Genome,
    hotspots: Sequence[Hotspot],
    settings: Settings,
) -> Call:
    chrom = int(bins.chrom[run.rows[0]])
    start, end = int(bins.start[run.rows[0]]), int(bins.end[run.rows[-1]])
    if run.is_whole:
        start, end = 0, int(genome.length_bp[chrom])
    reasons = []
    if p_value > settings.family_wise_error / 2:
        reasons.append(
            f"chance under noise {p_value:.2g}, above {settings.family_wise_error / 2:g} per genome"
        )
    if run.n_clear < settings.min_bins and not run.is_whole:
        reasons.append("beside a gap or masked bins, whose edge may reach further than known")
    hits = hotspots_hit(hotspots, genome.names[chrom], start, end, "loss", settings)
    return Call(
        chrom=genome.names[chrom],
        start=start,
        end=end,
        kind="loss",
        copy_number=0,
        cell_fraction=share,
        ratio_log2=math.log2(left),
        n_bins=run.rows.size,
        n_snps=0,
        score=float(-ndtri(max(p_value / bins.chrom.size, 1e-300))),
        q_value=p_value,
        origin="unknown",
        hotspot="; ".join(hits),
        bands=bands_of(genome, chrom, start, end),
        iscn=iscn_of(
            genome=genome,
            platform="seq",
            chrom=chrom,
            start=start,
            end=end,
            copy_number=0,
            cell_fraction=share.estimate or 0.0,
        ),
        reported=not reasons,
        reason="; ".join(reasons),
    )
