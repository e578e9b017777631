"""What an array shows of X and Y: Log R ratios of three stretches, and heterozygous probes, by their bands or phase."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from genostab.arrays import Bool, Float64, Genome, SnpTable
from genostab.karyotype.allele_array import signal_of_array
from genostab.karyotype.allele_ends import curve_of
from genostab.karyotype.allele_sensitivity import phased_evidence
from genostab.karyotype.allele_signal import AlleleSignal, within
from genostab.karyotype.band_split import (
    Bands,
    SplitLikelihood,
    band_counts,
    expected_counts,
    learn_bands,
    split_likelihood,
)
from genostab.karyotype.bins import diploid_chromosomes
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.karyotype.sex_regions import SexProbes, sex_probes

_BLOCKS = 16
_MIN_SHARE_OF_TWO_X = 0.5  # of the autosomes' heterozygous probes: one X has none, two have about as many
_MOST_SPLIT_OF_TWO_X = 0.43  # beyond, bands run into the homozygous ones: a loss in 92 % of the cells or more
_MEDIAN_SE = 1.2533  # standard error of a median over that of a mean, Gaussian


@dataclass(frozen=True, kw_only=True)
class Level:
    """Median Log R ratio of a stretch less that of the autosomes, what it has without a change, and their errors.

    `seen`, `se` : measured; `normal`, `normal_sd` : without a change; `response`, `response_cv` : Log R ratio per log2
    copy ratio and its relative error; `n_probes` : int
    """

    seen: float
    se: float
    normal: float
    normal_sd: float
    response: float
    response_cv: float
    n_probes: int

    def log_likelihood(self, log2_ratio: Float64) -> Float64:
        """Of a copy ratio [log2], Gaussian, the errors of level and response integrated out."""
        return np.asarray(-0.5 * np.square(self.residual_z(log2_ratio)) - np.log(self._sd(log2_ratio)))

    def residual_z(self, log2_ratio: Float64) -> Float64:
        """Standardised distance of what is seen from what a copy ratio gives."""
        return np.asarray((self.seen - self.normal - self.response * log2_ratio) / self._sd(log2_ratio))

    def expected_gain(self, log2_ratio: Float64) -> Float64:
        """Log-likelihood ratio of a copy ratio to none, where exactly what it gives is seen."""
        none = self._sd(np.zeros(1))
        away = self.response * log2_ratio / none
        return np.asarray(0.5 * np.square(away) - np.log(self._sd(log2_ratio) / none))

    def _sd(self, log2_ratio: Float64) -> Float64:
        response = self.response_cv * self.response * np.abs(log2_ratio)
        return np.asarray(np.sqrt(self.se**2 + self.normal_sd**2 + np.square(response)))


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for and against changes of X and Y; a piece is None where the array has too few probes of it.

    `is_xy` : the cells began with X and Y, otherwise with two X; `bands` and `counts` are what `split` is computed
    from, unless `phased` is there: SNPs of known phase, `n_phased` of them where there are two copies of X
    """

    is_xy: bool
    y: Level | None
    x: Level | None
    pseudo_autosomal: Level | None
    bands: Bands | None
    counts: Float64
    split: SplitLikelihood | None
    phased: AlleleSignal | None = None
    n_phased: int = 0

    def expected_gain(self, split: Float64, settings: Settings) -> tuple[Float64, Float64]:
        """Log-likelihood ratios to none that true splits give, mean and variance; float64, shape (n_splits,), each."""
        if self.phased is not None:
            return phased_evidence(self.phased, self.n_phased, split, settings)
        if self.bands is None or self.split is None:
            return np.zeros(split.size), np.zeros(split.size)
        n = float(self.counts.sum())
        seen = [split_likelihood(expected_counts(self.bands, s, n), self.bands) for s in split.tolist()]
        gain = np.array([each.gain for each in seen])
        return gain, 2.0 * gain


def gather_evidence(
    snps: SnpTable,
    *,
    seen: Sex,
    stated: Sex,
    reference: Evidence | None,
    genome: Genome,
    settings: Settings,
) -> Evidence | None:
    """Evidence of one array; None where it does not tell whether the cells began with a Y.

    Parameters
    ----------
    snps : SnpTable
    seen : Sex, from heterozygous probes on X
    stated : Sex, as settled; it decides where all of X is homozygous and Y silent
    reference : Evidence of an array of the same probes and sex that has no change, or None
    genome : Genome
    settings : Settings, table [sex_array]

    Notes
    -----
    A Y is there where its male-specific probes are not further below the level of one Y than 3 standard deviations of
    that level. Without one, X tells: heterozygous bands, wherever they stand, are of two X. All of X homozygous is a
    male who lost Y, or where the line is stated to be female, a loss of X.
    """
    probes = sex_probes(snps, genome)
    level = _autosomal_level(snps, probes, settings)
    y = _level(snps, probes.y, level, settings.y_level_lrr, settings.y_level_sd, settings, is_y=True)
    if y is not None and y.seen > y.normal - settings.max_residual_z * y.normal_sd:
        found = _evidence(snps, probes, level, y, True, seen == "male", reference, settings)
        return _with_phase(found, snps, probes.autosome | probes.pseudo_autosomal, genome, settings)
    two_x = _evidence(snps, probes, level, y, False, False, reference, settings)
    if seen == "female" or stated == "female" or _has_two_x(two_x):
        return _with_phase(
            two_x, snps, probes.autosome | probes.pseudo_autosomal | probes.x, genome, settings
        )
    return _evidence(snps, probes, level, y, True, True, reference, settings) if seen == "male" else None


def _with_phase(
    evidence: Evidence, snps: SnpTable, has_two_copies: Bool, genome: Genome, settings: Settings
) -> Evidence:
    """The evidence with the likelihood of heterozygous probes of known phase, where there are enough, for their bands.

    Notes
    -----
    A haplotype that is lost in a part of the cells shows on one side all along: that is seen from far smaller splits
    than a distance of bands, and no noise of the bands is taken for it.
    """
    if snps.phase is None or evidence.split is None:
        return evidence
    known = replace(snps, b_allele_fraction=np.where(has_two_copies, snps.b_allele_fraction, np.nan))
    signal = signal_of_array(known, None, diploid_chromosomes(genome, "female"), settings)
    if signal is None or signal.linked is None:
        return evidence
    chrom = genome.names.index("chrX")
    inside = within(signal, chrom, 0, int(genome.length_bp[chrom]))
    n_phased = int(signal.phased[inside].sum())
    if n_phased < settings.min_snps:
        return evidence
    curve = curve_of(signal, inside, settings)
    split = replace(evidence.split, split=curve.shift, log_likelihood=curve.log_ratio)
    return replace(evidence, split=split, phased=signal, n_phased=n_phased)


def _has_two_x(evidence: Evidence) -> bool:
    """Whether X has about as many heterozygous probes as autosomes, in bands apart from the homozygous ones."""
    bands, split = evidence.bands, evidence.split
    if bands is None or split is None:
        return False
    return split.het_share >= _MIN_SHARE_OF_TWO_X * bands.het_share and split.best <= _MOST_SPLIT_OF_TWO_X


def _evidence(
    snps: SnpTable,
    probes: SexProbes,
    level: float | None,
    y: Level | None,
    is_xy: bool,
    has_single_x: bool,
    reference: Evidence | None,
    settings: Settings,
) -> Evidence:
    """Evidence of cells that began with X and Y, or with two X."""
    normal_x = settings.male_x_level_lrr if is_xy else settings.female_x_level_lrr
    x = _level(snps, probes.x, level, normal_x, settings.x_level_sd, settings)
    par = _level(snps, probes.pseudo_autosomal, level, 0.0, settings.pseudo_level_sd, settings)
    is_two_copy = probes.pseudo_autosomal if is_xy else probes.pseudo_autosomal | probes.x
    bands, counts = _bands_of(snps, probes, is_two_copy, has_single_x, settings)
    if reference is not None and reference.is_xy == is_xy:
        y, x, par = (
            _anchored(mine, theirs, settings)
            for mine, theirs in ((y, reference.y), (x, reference.x), (par, reference.pseudo_autosomal))
        )
    return Evidence(
        is_xy=is_xy,
        y=y if is_xy else None,
        x=x,
        pseudo_autosomal=par,
        bands=bands,
        counts=counts,
        split=None if bands is None else split_likelihood(counts, bands),
    )


def _autosomal_level(snps: SnpTable, probes: SexProbes, settings: Settings) -> float | None:
    """Median Log R ratio of the autosomes; None where too few probes have one."""
    values = snps.log_r_ratio[probes.autosome]
    values = values[np.isfinite(values)]
    return None if values.size < settings.min_sex_probes else float(np.median(values))


def _level(
    snps: SnpTable,
    inside: Bool,
    level: float | None,
    normal: float,
    normal_sd: float,
    settings: Settings,
    *,
    is_y: bool = False,
) -> Level | None:
    """What a stretch shows beyond the level of the autosomes."""
    values = snps.log_r_ratio[inside]
    values = values[np.isfinite(values)]
    if level is None or values.size < settings.min_sex_probes:
        return None
    return Level(
        seen=float(np.median(values) - level),
        se=_median_se(values),
        normal=normal,
        normal_sd=normal_sd,
        response=settings.y_response if is_y else settings.sex_response,
        response_cv=settings.y_response_cv if is_y else settings.sex_response_cv,
        n_probes=values.size,
    )


def _median_se(values: Float64) -> float:
    """Of the median of probes in genome order: the larger of what single probes and what blocks of them scatter."""
    single = 1.4826 * float(np.median(np.abs(values - np.median(values)))) / np.sqrt(values.size)
    blocks = np.array(
        [np.median(block) for block in np.array_split(values, min(_BLOCKS, values.size // 5 + 1))]
    )
    between = float(blocks.std(ddof=1)) / np.sqrt(blocks.size) if blocks.size > 1 else 0.0
    return max(_MEDIAN_SE * float(single), float(between), 1e-6)


def _anchored(mine: Level | None, theirs: Level | None, settings: Settings) -> Level | None:
    """The level without a change as another array of the same probes has it."""
    if mine is None or theirs is None or mine.n_probes < 0.9 * theirs.n_probes:
        return mine
    spread = float(np.hypot(settings.same_array_sd, theirs.se))
    if spread >= mine.normal_sd:
        return mine
    return Level(
        seen=mine.seen,
        se=mine.se,
        normal=theirs.seen,
        normal_sd=spread,
        response=mine.response,
        response_cv=mine.response_cv,
        n_probes=mine.n_probes,
    )


def _bands_of(
    snps: SnpTable, probes: SexProbes, inside: Bool, has_single_x: bool, settings: Settings
) -> tuple[Bands | None, Float64]:
    """Bands, homozygous ones from a single X where there is one, and the counts of the probes with two alleles."""
    baf = snps.b_allele_fraction
    known = np.isfinite(baf)
    is_het = (baf > settings.het_baf_low) & (baf < settings.het_baf_high)
    balanced = baf[probes.autosome & is_het]
    alike = baf[known & (probes.x if has_single_x else probes.autosome & ~is_het)]
    counts = band_counts(baf[inside])
    if min(counts.sum(), balanced.size, alike.size) < settings.min_sex_probes:
        return None, counts
    share = float(is_het[known & probes.autosome].mean())
    return learn_bands(balanced, alike, share, round(share * counts.sum()), settings), counts
