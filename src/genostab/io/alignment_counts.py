"""What was counted in an alignment, by which rules: the record that a BAM, a CRAM and a counts file all become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genostab.arrays import Bins, Float64, Genome, Int16, Int64, SnpSites
from genostab.io.regions import Regions

COUNT_ROWS = ("n_forward", "n_reverse", "n_mapq0", "n_duplicates", "gc_bases", "acgt_bases")
MAX_FRAGMENT_BP = 2000


@dataclass(frozen=True, kw_only=True)
class TelomereRule:
    """Which read is telomeric: so many TTAGGG, or CCCTAA, per 100 bases, in reads of at least `min_read_bp`.

    A read is GC-matched where its GC is at least `gc_low_per_100_bp` and below `gc_high_per_100_bp`.
    """

    repeats_per_100_bp: int
    min_read_bp: int
    gc_low_per_100_bp: int
    gc_high_per_100_bp: int


@dataclass(frozen=True, kw_only=True)
class AlleleRule:
    """Which bases are counted at which sites: those of reads of `min_mapq` or more, of that base quality or more."""

    sites: SnpSites
    min_mapq: int
    min_base_quality: int


@dataclass(frozen=True, kw_only=True)
class CountingRules:
    """Which reads are counted: bins of `bin_bp`, MAPQ of at least `min_mapq`, starts inside `regions`, if any.

    Without `with_bases` GC stays unknown, and no sequence is looked at; `telomere` is the rule of telomere reads, None
    where they are not looked for, and `alleles` that of bases at sites; regions do not bound sites.
    """

    bin_bp: int
    min_mapq: int
    keep_duplicates: bool = False
    with_bases: bool = True
    regions: Regions | None = None
    telomere: TelomereRule | None = None
    alleles: AlleleRule | None = None


@dataclass(frozen=True, kw_only=True)
class TelomereReads:
    """Primary reads long enough to be looked at, those that are telomeric, and those of like GC."""

    n_reads: int
    n_telomeric: int
    n_gc_matched: int


@dataclass(frozen=True, kw_only=True)
class AlignmentCounts:
    """Counts of one alignment file.

    `bins` tile every chromosome of the genome; `raw` are the counts behind them, int64, shape (6, n_bins), rows as
    `COUNT_ROWS`; `fragment_lengths` properly paired fragments by length, int64, shape (2002,), the last one for all
    above 2000 bp; `telomeres` None where they were not looked for; `n_records` all records; `n_unused` unmapped,
    secondary, supplementary or failed; `n_low_mapq` below the threshold but above 0, both of those that start inside
    the regions of the rules, if any; `dropped_contigs` not of
    the genome; `site_depths` int64, shape (n_sites, 6), REF forward, REF reverse, ALT forward, ALT reverse, other
    forward, other reverse at the sites of the rules, None where there are none.
    """

    rules: CountingRules
    bins: Bins
    raw: Int64
    fragment_lengths: Int64
    telomeres: TelomereReads | None
    sample: str
    n_records: int
    n_unused: int
    n_low_mapq: int
    dropped_contigs: tuple[str, ...]
    site_depths: Int64 | None = None


def tile_genome(genome: Genome, bin_bp: int) -> tuple[Int64, Int16, Int64]:
    """First bin of each chromosome, and chromosome and start of every bin, of bins that tile the genome.

    Returns
    -------
    first : ndarray of int64, shape (n_chromosomes + 1,), the last one is the number of bins
    chrom : ndarray of int16, shape (n_bins,)
    start : ndarray of int64, shape (n_bins,), bp
    """
    n_bins = -(-genome.length_bp // bin_bp)
    first = np.concatenate(([0], np.cumsum(n_bins)))
    chrom = np.repeat(np.arange(len(genome.names), dtype=np.int16), n_bins)
    start = (np.arange(first[-1]) - np.repeat(first[:-1], n_bins)) * bin_bp
    return first, chrom, start


def make_bins(genome: Genome, bin_bp: int, raw: Int64) -> Bins:
    """Bins that tile the genome, from raw counts.

    Parameters
    ----------
    genome : Genome
    bin_bp : int
    raw : ndarray of int64, shape (6, n_bins), rows as `COUNT_ROWS`
    """
    _, chrom, start = tile_genome(genome, bin_bp)
    forward, reverse, mapq0, duplicates, gc, bases = raw.astype(np.float64)
    accepted = forward + reverse
    with np.errstate(invalid="ignore", divide="ignore"):
        gc_fraction = gc / bases
        mapq0_fraction = mapq0 / (accepted + mapq0)
    return Bins(
        chrom=chrom,
        start=start,
        end=np.minimum(start + bin_bp, genome.length_bp[chrom]),
        n_reads=accepted,
        ratio_log2=np.full(chrom.size, np.nan),
        weight=np.ones(chrom.size),
        gc_fraction=gc_fraction,
        mapq0_fraction=mapq0_fraction,
        n_duplicates=duplicates,
    )


def empty_bins(genome: Genome, bin_bp: int) -> Bins:
    """Bins that tile the genome, as of a file without reads."""
    return make_bins(
        genome, bin_bp, np.zeros((len(COUNT_ROWS), tile_genome(genome, bin_bp)[1].size), np.int64)
    )


def fragment_quartiles_bp(fragment_lengths: Int64) -> Float64:
    """Lower quartile, median and upper quartile of fragments up to 2000 bp; float64, shape (3,), NaN where none.

    Parameters
    ----------
    fragment_lengths : ndarray of int64, shape (2002,), fragments by length [bp], the last one left out

    Examples
    --------
    >>> fragment_quartiles_bp(np.bincount([100, 200, 300, 400], minlength=2002)).tolist()
    [100.0, 200.0, 300.0]
    """
    reached = np.cumsum(fragment_lengths[:-1])
    if reached[-1] == 0:
        return np.full(3, np.nan)
    quartiles: Float64 = np.searchsorted(reached, reached[-1] * np.array([0.25, 0.5, 0.75])).astype(
        np.float64
    )
    return quartiles
