"""A small genome, and bins, profiles and calls on it, for the tests of the karyotype room."""

from __future__ import annotations

import numpy as np

from genostab.arrays import Bins, Genome, Profile, Segments, SnpTable
from genostab.io.genome import load_genome
from genostab.karyotype.call import Karyotype
from genostab.karyotype.change import Change
from genostab.karyotype.settings import load_settings
from genostab.results import Call, Estimate

SETTINGS = load_settings()
GRCH38 = load_genome("GRCh38")


def toy_genome(n_chroms: int = 22, length_bp: int = 100_000_000) -> Genome:
    """`n_chroms` equal autosomes with their centromere at 40 to 42 Mb, then X and Y; a band before and after it."""
    names = (*(f"chr{i + 1}" for i in range(n_chroms)), "chrX", "chrY")
    n = len(names)
    return Genome(
        assembly="toy",
        names=names,
        length_bp=np.full(n, length_bp),
        centromere_start=np.full(n, 40_000_000),
        centromere_end=np.full(n, 42_000_000),
        band_chrom=np.repeat(np.arange(n, dtype=np.int16), 2),
        band_start=np.tile([0, 41_000_000], n),
        band_end=np.tile([41_000_000, length_bp], n),
        band_name=("p1", "q1") * n,
        par=(("chrX", 0, 3_000_000),),
    )


def toy_bins(genome: Genome, width_bp: int, reads: float | np.ndarray = 100.0) -> Bins:
    """Bins that tile a genome, with so many reads."""
    n_bins = -(-genome.length_bp // width_bp)
    chrom = np.repeat(np.arange(len(genome.names), dtype=np.int16), n_bins)
    first = np.concatenate(([0], np.cumsum(n_bins)))
    start = (np.arange(chrom.size) - np.repeat(first[:-1], n_bins)) * width_bp
    unknown = np.full(chrom.size, np.nan)
    return Bins(
        chrom=chrom,
        start=start,
        end=np.minimum(start + width_bp, genome.length_bp[chrom]),
        n_reads=np.broadcast_to(np.asarray(reads, dtype=np.float64), chrom.shape).copy(),
        ratio_log2=unknown,
        weight=np.ones(chrom.size),
        gc_fraction=unknown,
        mapq0_fraction=unknown,
        n_duplicates=np.zeros(chrom.size),
    )


def profile_of(
    genome: Genome,
    width_bp: int,
    ratio_log2: np.ndarray,
    sd: float = 0.1,
    wave: float = 0.0,
    df: float = 1e6,
    ploidy: int = 2,
) -> Profile:
    """A profile of tiling bins with known noise."""
    bins = toy_bins(genome, width_bp)
    sex = np.isin(np.array(genome.names)[bins.chrom], ("chrX", "chrY"))
    return Profile(
        chrom=bins.chrom,
        start=bins.start,
        end=bins.end,
        ratio_log2=np.asarray(ratio_log2, dtype=np.float64),
        sd_log2=np.full(bins.chrom.size, sd),
        ploidy=np.full(bins.chrom.size, ploidy, dtype=np.int8),
        autosome=~sex,
        wave_bins=np.array([2]),
        wave_sd_log2=np.full((2, 1), wave),
        wave_df=np.full((2, 1), df),
    )


def change_of(profile: Profile, first: int, last: int, mean: float, se: float = 0.01) -> Change:
    """A significant change of bins [first, last)."""
    return Change(
        chrom=int(profile.chrom[first]),
        first=first,
        last=last,
        start=int(profile.start[first]),
        end=int(profile.end[last - 1]),
        mean_log2=mean,
        se_log2=se,
        df=1e6,
        score=abs(mean) / se,
        p_value=1e-9,
        is_significant=True,
        is_segment=True,
    )


def call_of(chrom: str, start: int, end: int, *, reported: bool = True) -> Call:
    """A call of a gain in all cells."""
    everywhere = Estimate(estimate=1.0, low=0.9, high=1.0, unit="fraction", level=0.95, method="", n=9)
    return Call(
        chrom=chrom,
        start=start,
        end=end,
        kind="gain",
        copy_number=3,
        cell_fraction=everywhere,
        ratio_log2=0.58,
        n_bins=9,
        n_snps=0,
        score=9.0,
        q_value=0.0,
        origin="unknown",
        hotspot="",
        bands="",
        iscn="",
        reported=reported,
        reason="",
    )


def snps_of(
    chrom: np.ndarray, position: np.ndarray, log_r_ratio: np.ndarray, b_allele_fraction: np.ndarray
) -> SnpTable:
    """An array of given signals."""
    return SnpTable(
        sample="s",
        name=tuple(f"rs{i}" for i in range(chrom.size)),
        chrom=chrom.astype(np.int16),
        position=position.astype(np.int64),
        log_r_ratio=log_r_ratio.astype(np.float64),
        b_allele_fraction=b_allele_fraction.astype(np.float64),
        genotype=np.full(chrom.size, -1, dtype=np.int8),
    )


def without_depth() -> Karyotype:
    """A karyotype without a bin: only alleles can speak."""
    none = np.empty(0)
    profile = Profile(
        chrom=np.empty(0, np.int16),
        start=np.empty(0, np.int64),
        end=np.empty(0, np.int64),
        ratio_log2=none,
        sd_log2=none,
        ploidy=np.empty(0, np.int8),
        autosome=np.empty(0, bool),
        wave_bins=np.ones(1, np.int64),
        wave_sd_log2=np.zeros((2, 1)),
        wave_df=np.ones((2, 1)),
    )
    places = np.empty(0, np.int64)
    segments = Segments(
        chrom=profile.chrom, first=places, last=places, start=places, end=places, mean_log2=none, se_log2=none
    )
    return Karyotype(profile=profile, segments=segments, calls=(), sensitivity=())
