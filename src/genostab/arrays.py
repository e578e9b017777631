"""Frozen records of NumPy arrays that travel between rooms. Positions are 0-based half-open, in base pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Int16 = NDArray[np.int16]
Int8 = NDArray[np.int8]
UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Floats = TypeVar("Floats", NDArray[np.float32], NDArray[np.float64])
Bool = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Genome:
    """Chromosomes of one assembly, in karyotype order, with cytobands where known.

    names : tuple of str, shape (n_chromosomes,), with the ``chr`` prefix
    length_bp : int64, shape (n_chromosomes,)
    centromere_start, centromere_end : int64, shape (n_chromosomes,), -1 where unknown
    band_chrom : int16, shape (n_bands,), index into names; empty where bands are unknown
    band_start, band_end : int64, shape (n_bands,)
    band_name : tuple of str, shape (n_bands,), e.g. ``q11.21``
    par : tuple of (chromosome name, start, end), the pseudo-autosomal regions; empty where unknown
    """

    assembly: str
    names: tuple[str, ...]
    length_bp: Int64
    centromere_start: Int64
    centromere_end: Int64
    band_chrom: Int16
    band_start: Int64
    band_end: Int64
    band_name: tuple[str, ...]
    par: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Bins:
    """Genomic bins with what was counted in each; sorted by chromosome, then start.

    chrom : int16, shape (n_bins,), index into Genome.names
    start, end : int64, shape (n_bins,), bp
    n_reads : float64, shape (n_bins,), accepted reads [count]; NaN where only a ratio is known
    ratio_log2 : float64, shape (n_bins,), log2 ratio that the file itself states; NaN where only counts are known
    weight : float64, shape (n_bins,), relative inverse variance that the file states, 1 where it states none
    gc_fraction : float64, shape (n_bins,), 0..1; NaN where unknown
    mapq0_fraction : float64, shape (n_bins,), share of reads that map nowhere uniquely, 0..1; NaN where unknown
    n_duplicates : float64, shape (n_bins,), reads flagged duplicate [count]; NaN where unknown
    excluded_fraction : float64, shape (n_bins,), share of the bin in exclusion lists, 0..1; None without a list
    gap_fraction : float64, shape (n_bins,), share of the bin without a base in the reference sequence (N), 0..1;
        NaN where the sequence lacks the chromosome; None without a sequence
    unread_fraction : float64, shape (n_bins,), share of the narrower bins that a bin was joined from without a read,
        beyond what chance leaves so, 0..1; None where it was not joined
    """

    chrom: Int16
    start: Int64
    end: Int64
    n_reads: Float64
    ratio_log2: Float64
    weight: Float64
    gc_fraction: Float64
    mapq0_fraction: Float64
    n_duplicates: Float64
    excluded_fraction: Float64 | None = None
    gap_fraction: Float64 | None = None
    unread_fraction: Float64 | None = None


@dataclass(frozen=True, kw_only=True)
class Normal:
    """One normal sample of a panel, and how it looks against the others.

    name : str, of its file; sha256 : str, of the alignment or of the table; sex : female, male or unknown
    n_reads : int, reads counted, 0 where the file holds depth
    left_out : str, why it is no part of the panel; "" where it is
    bin_sd_log2 : float, independent noise of its median bin against the others [log2]
    alone_sd_log2, panel_sd_log2 : float, between whole autosomes, by itself and against the others [log2]
    counting_sd_log2 : float, the part of panel_sd_log2 that independent noise explains [log2]
    x_log2, y_log2 : float, mean of X and Y against others of its sex [log2], NaN where unknown
    """

    name: str
    sha256: str
    sex: Literal["female", "male", "unknown"]
    n_reads: int
    left_out: str = ""
    bin_sd_log2: float = math.nan
    alone_sd_log2: float = math.nan
    panel_sd_log2: float = math.nan
    counting_sd_log2: float = math.nan
    x_log2: float = math.nan
    y_log2: float = math.nan


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Normal samples in bins of one kind.

    is_counts : bool, values are reads; otherwise depth over the median autosomal depth of that normal
    bin_bp : int, width of bins that tile the genome, 0 of other bins
    min_mapq : int, least mapping quality of counted reads, 0 for depth
    bins : Bins, pooled over the normals: n_reads is the sum of their values
    values : float32, shape (n_bins, n_normals), NaN where missing
    normals : tuple of Normal, shape (n_normals,)
    evaluated_bp : int, bin width at which the normals were compared, 0 of other bins
    """

    is_counts: bool
    bin_bp: int
    min_mapq: int
    bins: Bins
    values: Float32
    normals: tuple[Normal, ...]
    evaluated_bp: int = 0


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Log2 copy ratio per usable bin or probe, with its noise.

    chrom : int16, shape (n_bins,); start, end : int64, shape (n_bins,), bp
    ratio_log2 : float64, shape (n_bins,), centred on the expected ploidy; no NaN
    sd_log2 : float64, shape (n_bins,), independent noise of one bin, > 0
    ploidy : int8, shape (n_bins,), expected copies (2; 1 on X and Y of a male), > 0
    autosome : bool, shape (n_bins,), not X or Y
    wave_bins : int64, shape (n_scales,), ascending numbers of bins
    wave_sd_log2 : float64, shape (2, n_scales), correlated noise of the mean of so many bins, beyond the independent;
        row 0 for autosomes, row 1 for X and Y
    wave_df : float64, shape (2, n_scales), degrees of freedom behind wave_sd_log2
    tail_sd, tail_normal : float64, shape (n_tail,), mean of n bins in standard deviations of one, and times sqrt(n) the
        Gaussian deviate that is as rare; a Gaussian tail by default
    centre_sd_log2 : float, uncertainty of the centre itself
    x_centred : bool, whether X is centred on itself, its level being unknown
    """

    chrom: Int16
    start: Int64
    end: Int64
    ratio_log2: Float64
    sd_log2: Float64
    ploidy: Int8
    autosome: Bool
    wave_bins: Int64
    wave_sd_log2: Float64
    wave_df: Float64
    tail_sd: Float64 = field(default_factory=lambda: np.zeros(1))
    tail_normal: Float64 = field(default_factory=lambda: np.zeros(1))
    centre_sd_log2: float = 0.0
    x_centred: bool = False

    @cached_property
    def weight(self) -> Float64:
        """Inverse variances of the bins by themselves; float64, shape (n_bins,)."""
        return np.asarray(1.0 / np.square(self.sd_log2))

    @cached_property
    def running(self) -> tuple[Float64, Float64]:
        """Inverse variances and ratios weighted by them, summed up to each bin; float64, shape (n_bins + 1,), each."""
        return running_sum(self.weight), running_sum(self.weight * self.ratio_log2)


def running_sum(values: Float64) -> Float64:
    """Sum of the values before each place; ndarray of float64, shape (n + 1,), the first is 0."""
    total = np.zeros(values.size + 1)
    np.cumsum(values, out=total[1:])
    return total


def median(values: Float64) -> float:
    """Median of one value or more, none of them NaN; that of NumPy, which looks for three places, takes long.

    Examples
    --------
    >>> median(np.array([4.0, 1.0, 2.0])), median(np.array([4.0, 1.0, 2.0, 9.0]))
    (2.0, 3.0)
    """
    middle = values.size // 2
    parted = np.partition(values, middle)
    after = float(parted[middle])
    return after if values.size % 2 else 0.5 * (float(parted[:middle].max()) + after)


@dataclass(frozen=True, kw_only=True)
class Segments:
    """Runs of bins with one mean, per chromosome; bins [first, last) index a Profile.

    chrom : int16; first, last : int64, bin indices; start, end : int64, bp; all shape (n_segments,)
    mean_log2, se_log2 : float64, shape (n_segments,), weighted mean and its standard error from independent noise
    """

    chrom: Int16
    first: Int64
    last: Int64
    start: Int64
    end: Int64
    mean_log2: Float64
    se_log2: Float64


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Which allele of each heterozygous SNP stands on which haplotype.

    haplotype : int8, shape (n_snps,), 1 or 2, the haplotype that carries B, or ALT; 0 where unphased or homozygous
    block : int64, shape (n_snps,), SNPs of one chromosome and block share their haplotypes; -1 where unphased
    """

    haplotype: Int8
    block: Int64


@dataclass(frozen=True, kw_only=True)
class SnpTable:
    """SNP-array probes of one sample, sorted by chromosome and position.

    name : tuple of str, shape (n_snps,); chrom : int16; position : int64, 0-based bp
    log_r_ratio : float64, shape (n_snps,), NaN where missing
    b_allele_fraction : float64, shape (n_snps,), 0..1, NaN where missing
    genotype : int8, shape (n_snps,), copies of B (0, 1, 2), -1 where not called
    phase : Phase, None where the file gives none
    """

    sample: str
    name: tuple[str, ...]
    chrom: Int16
    position: Int64
    log_r_ratio: Float64
    b_allele_fraction: Float64
    genotype: Int8
    phase: Phase | None = None


@dataclass(frozen=True, kw_only=True)
class SnpSites:
    """Biallelic SNPs to look at, sorted by chromosome and position, each position once; `name` is that of their file.

    chrom : int16; position : int64, 0-based bp; alleles : uint8, shape (n_sites, 2), REF and ALT as the 4-bit codes of
    BAM (A 1, C 2, G 4, T 8); all others shape (n_sites,)
    genotype : int8, copies of ALT (0, 1, 2) that the file tells of a sample, -1 where it does not; None without sample
    phase : Phase, of that sample, None where the file gives none
    """

    name: str
    chrom: Int16
    position: Int64
    alleles: UInt8
    genotype: Int8 | None = None
    phase: Phase | None = None


@dataclass(frozen=True, kw_only=True)
class AlleleDepths:
    """Sequenced SNPs of one sample, sorted by chromosome and position.

    chrom : int16; position : int64, 0-based bp; ref_depth, alt_depth : int64, reads; genotype : int8, copies of ALT
    (0, 1, 2), -1 where not called; all shape (n_snps,)
    phase : Phase, None where the file gives none
    """

    sample: str
    chrom: Int16
    position: Int64
    ref_depth: Int64
    alt_depth: Int64
    genotype: Int8
    phase: Phase | None = None


@dataclass(frozen=True, kw_only=True)
class Plate:
    """Wells of a qPCR plate with their layout.

    well : tuple of str, shape (n_wells,), e.g. ``A1``
    role : tuple of str, shape (n_wells,): standard, sample, heat_treated, no_template, lysis_buffer,
        positive_control, internal_control
    lysate : tuple of str, shape (n_wells,), "" where none; a sample and its heat-treated pair share it
    amount_amol : float64, shape (n_wells,), TSR8 template of a standard [amol], NaN elsewhere
    cells : float64, shape (n_wells,), cell equivalents in the well, NaN where none
    cq : float64, shape (n_wells,), quantification cycle, NaN where undetermined
    """

    well: tuple[str, ...]
    role: tuple[str, ...]
    lysate: tuple[str, ...]
    amount_amol: Float64
    cells: Float64
    cq: Float64


@dataclass(frozen=True, kw_only=True)
class Metaphases:
    """Metaphases as a reader scored them.

    cell : tuple of str, shape (n_cells,); karyotype : tuple of str, shape (n_cells,), ISCN string of that cell;
    stain : tuple of str, shape (n_cells,), ``g_band`` or ``giemsa_count``
    """

    cell: tuple[str, ...]
    karyotype: tuple[str, ...]
    stain: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Passages:
    """A culture's passages in order.

    passage : int64, number; day : float64, days since the first row; seeded, harvested : float64, viable cells;
    all shape (n_passages,); harvested is NaN where not counted
    """

    passage: Int64
    day: Float64
    seeded: Float64
    harvested: Float64


@dataclass(frozen=True, kw_only=True)
class DropletCounts:
    """Droplet digital PCR wells.

    well, role, target : tuple of str, shape (n_wells,); role is sample, no_template, negative_control or
        positive_control
    positive, accepted : int64, shape (n_wells,), droplets
    droplet_volume_nl : float64, shape (n_wells,), nL
    cells : float64, shape (n_wells,), cell equivalents in the well
    """

    well: tuple[str, ...]
    role: tuple[str, ...]
    target: tuple[str, ...]
    positive: Int64
    accepted: Int64
    droplet_volume_nl: Float64
    cells: Float64


@dataclass(frozen=True, kw_only=True)
class Observations:
    """Results as a laboratory stated them, one row each, as text; all fields tuple of str, shape (n_rows,).

    `attribute` is a metric of a profile (``viability``, ``virus.hbv``); `line` is the 1-based line of the file.
    """

    path: str
    line: tuple[int, ...]
    attribute: tuple[str, ...]
    value: tuple[str, ...]
    unit: tuple[str, ...]
    n: tuple[str, ...]
    method: tuple[str, ...]
    lod: tuple[str, ...]
    lab: tuple[str, ...]
    operator: tuple[str, ...]
    date: tuple[str, ...]
    evidence_file: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ChromosomeCounts:
    """Reads per chromosome of many libraries.

    library, protocol : tuple of str, shape (n_libraries,); protocol is "" where none is named
    chrom : tuple of str, shape (n_chromosomes,), autosomes with the ``chr`` prefix, in karyotype order
    n_reads : int64, shape (n_libraries, n_chromosomes)
    """

    library: tuple[str, ...]
    protocol: tuple[str, ...]
    chrom: tuple[str, ...]
    n_reads: Int64


@dataclass(frozen=True, kw_only=True)
class AlleleFrequencies:
    """Population frequencies of B (of ALT for reads).

    name : tuple of str, shape (n_snps,), empty where the file has none
    chrom : int16; position : int64, 0-based bp; frequency : float64, 0..1; all shape (n_snps,), sorted by place
    """

    name: tuple[str, ...]
    chrom: Int16
    position: Int64
    frequency: Float64


@dataclass(frozen=True, kw_only=True)
class SequenceVariant:
    """One alternative allele of a VCF record in a sample; position 0-based, depths in reads, -1 where not stated.

    `annotations` are (gene, consequence, protein change such as Arg175His or "") of ANN, CSQ and BCSQ.
    """

    chrom: int
    position: int
    ref: str
    alt: str
    ref_depth: int
    alt_depth: int
    passed: bool
    annotations: tuple[tuple[str, str, str], ...] = ()
