"""Which bins can be used, and why the others cannot."""

from __future__ import annotations

import numpy as np

from genostab.arrays import Bins, Bool, Float64, Genome, Int8
from genostab.karyotype.bins import autosomes
from genostab.karyotype.settings import Settings

USED, NO_COPIES, PSEUDO_AUTOSOMAL, GAP, EXCLUDED, REPEATS, LOW_COVERAGE, PARTLY_UNREAD = range(8)
REASONS = {
    NO_COPIES: "no copies expected",
    PSEUDO_AUTOSOMAL: "pseudo-autosomal",
    GAP: "gap in the reference sequence",
    EXCLUDED: "exclusion list",
    REPEATS: "MAPQ 0",
    LOW_COVERAGE: "low coverage",
    PARTLY_UNREAD: "partly without reads",
}


def in_pseudo_autosomal(bins: Bins, genome: Genome) -> Bool:
    """True where a bin touches a pseudo-autosomal region; bool, shape (n_bins,)."""
    touched = np.zeros(bins.chrom.size, dtype=bool)
    for name, start, end in genome.par:
        own = np.flatnonzero(bins.chrom == genome.names.index(name))
        touched[own] |= (bins.start[own] < end) & (bins.end[own] > start)
    return touched


def in_known_gap(bins: Bins, settings: Settings) -> Bool:
    """True where more than the allowed share of a bin holds no base of the reference; bool, shape (n_bins,)."""
    return _more_than(bins.gap_fraction, bins, settings)


def in_exclusion_list(bins: Bins, settings: Settings) -> Bool:
    """True where more than the allowed share of a bin is in an exclusion list; bool, shape (n_bins,)."""
    return _more_than(bins.excluded_fraction, bins, settings)


def _more_than(share: Float64 | None, bins: Bins, settings: Settings) -> Bool:
    if share is None:
        return np.zeros(bins.chrom.size, dtype=bool)
    return np.asarray(np.nan_to_num(share) > settings.max_excluded_fraction)


def expected_coverage(bins: Bins, coverage: Float64, ploidy: Int8, genome: Genome) -> Float64:
    """Coverage of a bin of that width and ploidy; float64, shape (n_bins,), 0 where no copy is expected.

    Parameters
    ----------
    bins : Bins
    coverage : ndarray of float64, shape (n_bins,), reads or depth, of which the autosomal median is the level
    ploidy : ndarray of int8, shape (n_bins,)
    genome : Genome
    """
    present = coverage[autosomes(genome)[bins.chrom] & (coverage > 0)]
    level = float(np.median(present)) if present.size else 0.0
    width = (bins.end - bins.start).astype(np.float64)
    expected: Float64 = level * np.minimum(width / np.median(width), 1.0) * ploidy / 2.0
    return expected


def mask_bins(bins: Bins, coverage: Float64, ploidy: Int8, genome: Genome, settings: Settings) -> Int8:
    """Why a bin is left out, the first of the reasons that hold.

    Parameters
    ----------
    bins : Bins of the sample
    coverage : ndarray of float64, shape (n_bins,), reads of the parent, or of the sample where there is no parent
    ploidy : ndarray of int8, shape (n_bins,)
    genome : Genome
    settings : Settings, table [mask]

    Returns
    -------
    ndarray of int8, shape (n_bins,): `USED`, or a key of `REASONS`, in their order
    """
    least = settings.min_coverage * expected_coverage(bins, coverage, ploidy, genome)
    reason = np.full(bins.chrom.size, USED, dtype=np.int8)
    holds = (
        (PARTLY_UNREAD, _more_than(bins.unread_fraction, bins, settings)),
        (LOW_COVERAGE, ~((coverage > least) & (coverage > 0))),
        (REPEATS, np.nan_to_num(bins.mapq0_fraction) > settings.max_mapq0_fraction),
        (EXCLUDED, in_exclusion_list(bins, settings)),
        (GAP, in_known_gap(bins, settings)),
        (PSEUDO_AUTOSOMAL, in_pseudo_autosomal(bins, genome)),
        (NO_COPIES, ploidy <= 0),
    )
    for code, chosen in holds:
        reason[chosen] = code
    return reason


def usable_bins(bins: Bins, coverage: Float64, ploidy: Int8, genome: Genome, settings: Settings) -> Bool:
    """Bins in which a copy number can be read; bool, shape (n_bins,). Arguments as of `mask_bins`."""
    return np.asarray(mask_bins(bins, coverage, ploidy, genome, settings) == USED)


def masked_rows(bins: Bins, reason: Int8) -> tuple[tuple[str, int, str, str], ...]:
    """Quality figures: bins and Mb left out, reason by reason.

    Parameters
    ----------
    bins : Bins
    reason : ndarray of int8, shape (n_bins,), as of `mask_bins`
    """
    width = (bins.end - bins.start) / 1e6
    return tuple(
        (
            f"bins masked, {text}",
            int((reason == code).sum()),
            "bins",
            f"{float(width[reason == code].sum()):.1f} of {float(width.sum()):.1f} Mb",
        )
        for code, text in REASONS.items()
        if (reason == code).any()
    )
