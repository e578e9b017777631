"""A sample against a panel of normals: what it has that they do not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from genostab.arrays import Bins, Bool, Float32, Float64, Genome, Int8, Int64, Panel, Profile
from genostab.errors import InputError
from genostab.karyotype.bins import autosomes, expected_ploidy, join_bins, joined_starts
from genostab.karyotype.mask import in_exclusion_list, usable_bins
from genostab.karyotype.noise import excess_variance
from genostab.karyotype.normalise import counting_variance, make_profile, uncorrected_log2
from genostab.karyotype.panel_trend import corrected_log2, row_medians
from genostab.karyotype.panel_variance import shrunk_ratio, upper_limit
from genostab.karyotype.panel_waves import (
    MAD_SD,
    Scores,
    make_blocks,
    wave_amounts,
    wave_scores,
    wave_shapes,
)
from genostab.karyotype.regions import arm_of
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.karyotype.significance import student_quantile
from genostab.karyotype.trend import trend_log2

_MEDIAN_COST = 0.5 * math.pi  # variance of the median of Gaussian values over that of their mean
_SAME_SHARE = 1e-5
ITSELF = "the sample itself"
_ENOUGH_BINS = 20_000  # a median of so many has 0.9 % of the spread of one


@dataclass(frozen=True, kw_only=True)
class Standard:
    """What a panel expects of a normal sample of one sex.

    bins : Bins of the panel
    ploidy : int8, shape (n_bins,), expected copies
    usable : bool, shape (n_bins,)
    centre : float64, shape (n_bins,), log2 coverage
    variance : float64, shape (n_bins,), of one normal about the centre [log2 squared], 1 where not usable
    n_normals : float64, shape (n_bins,), behind the centre
    shapes : float32, shape (n_bins, n_waves), shapes of the shared waves [log2]
    max_sd_ratio : float, autosomal bins that vary so many times more than their coverage explains are masked
    n_variable : int, such bins, with those of X and Y
    """

    bins: Bins
    ploidy: Int8
    usable: Bool
    centre: Float64
    variance: Float64
    n_normals: Float64
    shapes: Float32
    max_sd_ratio: float
    n_variable: int


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """Some bins of some normals: centre, what is left of each normal, and its counting noise.

    index : int64, shape (n_rows,); columns : bool, shape (n_normals,)
    centre : float32, shape (n_rows,); residual : float32, shape (n_rows, n_columns) [log2]
    counting : float32, shape (n_rows, n_columns) [log2 squared]
    """

    index: Int64
    columns: Bool
    centre: Float32
    residual: Float32
    counting: Float32


def join_panel(panel: Panel, factor: int) -> Panel:
    """The panel with every `factor` consecutive bins of a chromosome as one."""
    if factor == 1:
        return panel
    values = np.add.reduceat(panel.values, joined_starts(panel.bins, factor), axis=0)
    if not panel.is_counts:
        values /= np.float32(factor)
    return replace(panel, bin_bp=panel.bin_bp * factor, bins=join_bins(panel.bins, factor), values=values)


def in_use(panel: Panel) -> Panel:
    """The panel without the normals that were left out."""
    return _only(panel, np.array([not normal.left_out for normal in panel.normals]))


def without(panel: Panel, index: int) -> Panel:
    """The panel without one normal."""
    return _only(panel, np.arange(len(panel.normals)) != index)


def _only(panel: Panel, chosen: Bool) -> Panel:
    if chosen.all():
        return panel
    normals = tuple(normal for normal, keep in zip(panel.normals, chosen, strict=True) if keep)
    return replace(panel, normals=normals, values=panel.values[:, chosen])


def set_aside(panel: Panel, sample: Bins) -> Panel:
    """The panel with the normals left out that are the sample itself, told by the shares of its chromosomes.

    Bins may be joined: the shares do not depend on it. Two libraries do not agree in all of them to one in 100,000.
    """
    n = int(max(panel.bins.chrom.max(), sample.chrom.max())) + 1
    own = np.bincount(sample.chrom, np.nan_to_num(sample.n_reads), n)
    normals = list(panel.normals)
    for i, normal in enumerate(normals):
        its = np.bincount(panel.bins.chrom, np.nan_to_num(panel.values[:, i]).astype(np.float64), n)
        if np.allclose(its / its.sum(), own / own.sum(), rtol=_SAME_SHARE, atol=0.0):
            normals[i] = replace(normal, left_out=ITSELF)
    return replace(panel, normals=tuple(normals))


def normal_bins(panel: Panel, index: int) -> Bins:
    """One normal of a panel as a sample in the panel's bins."""
    return replace(panel.bins, n_reads=panel.values[:, index].astype(np.float64))


def fit_standard(panel: Panel, genome: Genome, sex: Sex, settings: Settings) -> Standard:
    """What the normals in use expect of a sample of that sex.

    Parameters
    ----------
    panel : Panel, at the bin width of the sample
    genome : Genome
    sex : Sex of the sample; X and Y are read against normals of that sex only
    settings : Settings, table [panel]

    Notes
    -----
    Centre: median over the normals, each centred on its autosomes. Waves: principal components of what is left (see
    `panel_waves`); the centre is then that of the normals without them, so that X and Y, which fewer normals tell,
    stand on the same ground. Variance of a bin: mean square of what the waves leave, clipped, shrunk towards that of
    all bins (`shrunk_ratio`). Bins beyond the upper end of the panel's own distribution of variances are masked
    (`upper_limit`). O(n_bins n_normals log n_normals).
    """
    panel = in_use(panel)
    is_autosome = autosomes(genome)[panel.bins.chrom]
    everyone = np.ones(len(panel.normals), dtype=bool)
    of_sex = np.array([normal.sex == sex != "unknown" for normal in panel.normals])
    ploidy = expected_ploidy(panel.bins, genome, sex)
    usable = _usable(panel, of_sex, ploidy, genome, settings)
    log2 = corrected_log2(panel.values, panel.bins, usable, genome, settings, is_counts=panel.is_counts)
    own = np.flatnonzero(usable & is_autosome)
    log2 -= _column_medians(log2[own])
    rows = _fit_rows(log2, panel, own, everyone, settings)
    blocks = make_blocks(panel.bins.chrom[own], panel.bins.start[own], genome, settings)
    scores = wave_scores(rows.residual, blocks, settings)
    standard = Standard(
        bins=panel.bins,
        ploidy=ploidy,
        usable=usable,
        centre=np.zeros(usable.size),
        variance=np.ones(usable.size),
        n_normals=np.ones(usable.size),
        shapes=np.zeros((usable.size, scores.amount.shape[1]), dtype=np.float32),
        max_sd_ratio=math.inf,
        n_variable=0,
    )
    standard = _with_rows(standard, rows, scores, settings)
    sex_bins = np.flatnonzero(usable & ~is_autosome)
    if not sex_bins.size:
        return standard
    alike = scores.of(of_sex)
    if of_sex.sum() < settings.min_normals_waves:
        alike = replace(alike, amount=alike.amount[:, :0])
    other = _fit_rows(log2, panel, sex_bins, of_sex, settings)
    with_xy = _with_rows(standard, other, alike, settings)
    return replace(with_xy, max_sd_ratio=standard.max_sd_ratio)


def _usable(panel: Panel, of_sex: Bool, ploidy: Int8, genome: Genome, settings: Settings) -> Bool:
    """Bins with coverage in the normals, on X and Y in those of the sample's sex, and with no value missing."""
    is_autosome = autosomes(genome)[panel.bins.chrom]
    coverage = panel.values.sum(axis=1, dtype=np.float64)
    like = panel.values[:, of_sex].sum(axis=1, dtype=np.float64)
    share = like[is_autosome].sum() / coverage[is_autosome].sum() if of_sex.any() else 1.0
    coverage[~is_autosome] = (like / share)[~is_autosome]
    known = np.isfinite(coverage)
    usable: Bool = known & usable_bins(panel.bins, np.where(known, coverage, 0.0), ploidy, genome, settings)
    return usable


def _column_medians(values: Float32) -> Float32:
    """Median of each normal, over every so many bins where there are more than a scale needs."""
    thinned = values[:: max(values.shape[0] // _ENOUGH_BINS, 1)]
    return row_medians(np.ascontiguousarray(thinned.T))


def _extra_variance(residual: Float32, counting: Float32) -> Float32:
    """Variance of a bin of each normal beyond counting noise, from its median absolute deviation."""
    is_known = bool(counting.any())
    unit = counting if is_known else np.ones_like(counting)
    scaled = (np.abs(residual) / np.sqrt(unit)).astype(np.float32, copy=False)
    beyond = np.square(MAD_SD * _column_medians(scaled)) - (1.0 if is_known else 0.0)
    return np.asarray(np.maximum(beyond, 0.0) / _column_medians(np.reciprocal(unit)), dtype=np.float32)


def _fit_rows(log2: Float32, panel: Panel, index: Int64, columns: Bool, settings: Settings) -> _Rows:
    """Centre of some bins over some normals, and what is left, clipped."""
    residual = log2[index][:, columns]
    centre = row_medians(residual)
    residual -= centre[:, np.newaxis]
    counting = counting_variance(panel.values[index][:, columns], is_counts=panel.is_counts)
    _clip(residual, counting, settings)
    return _Rows(index=index, columns=columns, centre=centre, residual=residual, counting=counting)


def _clip(residual: Float32, counting: Float32, settings: Settings) -> Float64:
    """Clip what is left of each normal, in place, at so many times what is typical of it; the mean typical variance.

    A benign variant of one normal then neither makes a wave nor masks its bins.
    """
    typical = counting + _extra_variance(residual, counting)
    expected: Float64 = typical.mean(axis=1, dtype=np.float64)
    limit = np.sqrt(typical, out=typical)
    limit *= np.float32(settings.clip_sd)
    np.minimum(residual, limit, out=residual)
    np.maximum(residual, np.negative(limit, out=limit), out=residual)
    return np.maximum(expected, 1e-12)


def _with_rows(standard: Standard, rows: _Rows, scores: Scores, settings: Settings) -> Standard:
    """The standard with the centre, the waves and the variance of some bins; those that vary too much are masked."""
    shapes = wave_shapes(rows.residual, scores)
    left = rows.residual - np.einsum("ik,jk->ij", shapes, scores.amount.astype(np.float32))
    shift = row_medians(left)
    left -= shift[:, np.newaxis]
    expected = _clip(left, rows.counting, settings)
    n, n_rows = int(rows.columns.sum()), rows.index.size
    df = max(n - 1 - scores.amount.shape[1], 0)
    ratio = np.einsum("ij,ij->i", left, left) / (max(df, 1) * expected)
    limit = upper_limit(np.log(np.maximum(ratio, 1e-12))) if df else math.inf
    variable = np.log(np.maximum(ratio, 1e-12)) > limit
    variance = shrunk_ratio(ratio, df) * expected if df else np.full(n_rows, _usual_variance(standard))
    parts = {name: getattr(standard, name).copy() for name in ("usable", "centre", "variance", "n_normals")}
    parts["usable"][rows.index] = ~variable
    parts["centre"][rows.index] = rows.centre + shift
    parts["variance"][rows.index] = variance
    parts["n_normals"][rows.index] = n
    all_shapes = standard.shapes.copy()
    if shapes.shape[1]:
        all_shapes[rows.index] = shapes
    return replace(
        standard,
        **parts,
        shapes=all_shapes,
        max_sd_ratio=math.exp(0.5 * limit) if limit < 100.0 else math.inf,
        n_variable=standard.n_variable + int(variable.sum()),
    )


def _usual_variance(standard: Standard) -> float:
    """Of a bin of the autosomes; where a single normal has no variance of its own."""
    return float(np.median(standard.variance[standard.usable & (standard.n_normals > 1)]))


def check_panel(sample: Bins, panel: Panel, *, is_counts: bool) -> int:
    """How many bins of the panel make one of the sample.

    Raises
    ------
    InputError
        GS-2203 where the two do not hold the same kind of values in bins that go together.
    """
    factor = 1
    if panel.bin_bp and sample.chrom.size:
        factor = max(int(sample.end[0] - sample.start[0]) // panel.bin_bp, 1)
    joined = join_bins(panel.bins, factor)
    same = joined.chrom.size == sample.chrom.size and all(
        np.array_equal(getattr(joined, name), getattr(sample, name)) for name in ("chrom", "start", "end")
    )
    if is_counts == panel.is_counts and same:
        return factor
    names = {True: "reads", False: "depth"}
    raise InputError(
        "GS-2203",
        what="sample and panel do not have the same bins",
        where="panel of normals",
        found=f"{names[panel.is_counts]} in {panel.bins.chrom.size} bins",
        expected=f"{names[is_counts]} in {sample.chrom.size} bins of the sample, or in bins that join to them",
        action="make the panel of normals counted as the sample was: genostab panel NORMAL... -o panel.tsv.gz",
    )


def profile_against_panel(
    sample: Bins, panel: Panel, genome: Genome, sex: Sex, settings: Settings, *, is_counts: bool
) -> Profile:
    """Profile of coverage against normals of the same protocol.

    Parameters
    ----------
    sample : Bins
    panel : Panel, in the bins of the sample or in narrower ones that join to them
    genome : Genome
    sex : Sex; X and Y are left out where no normal in use has it
    settings : Settings
    is_counts : bool, as in `profile_alone`

    Raises
    ------
    InputError
        GS-2203 where sample and panel do not go together; GS-2104 where too few bins are usable.
    """
    standard = standard_for(sample, panel, genome, sex, settings, is_counts=is_counts)
    return profile_by_standard(sample, None, standard, genome, settings, is_counts=is_counts)


def standard_for(
    sample: Bins, panel: Panel, genome: Genome, sex: Sex, settings: Settings, *, is_counts: bool
) -> Standard:
    """What a panel expects in the bins of a sample; GC that the panel does not know is the sample's.

    Raises
    ------
    InputError
        GS-2203 where sample and panel do not go together.
    """
    panel = join_panel(panel, check_panel(sample, panel, is_counts=is_counts))
    if not np.isfinite(panel.bins.gc_fraction).any():
        panel = replace(panel, bins=replace(panel.bins, gc_fraction=sample.gc_fraction))
    return fit_standard(panel, genome, sex, settings)


def profile_by_standard(
    sample: Bins,
    parent: Bins | None,
    standard: Standard,
    genome: Genome,
    settings: Settings,
    *,
    is_counts: bool,
) -> Profile:
    """Profile of a sample with what the standard expects taken out, or of its difference from a parent.

    Notes
    -----
    Variance of a bin: counting noise of the sample (and of the parent, or of the standard's centre), and a multiple of
    the variance of normals there, which the differences of neighbours tell.

    Raises
    ------
    InputError
        GS-2104 where too few bins are usable.
    """
    usable = standard.usable & np.isfinite(sample.n_reads) & ~in_exclusion_list(sample, settings)
    if parent is not None:
        usable &= usable_bins(standard.bins, parent.n_reads, standard.ploidy, genome, settings)
    ratio = _beyond_standard(sample, standard, usable, genome, settings, is_counts)
    known = counting_variance(sample.n_reads, is_counts=is_counts)
    if parent is None:
        known += _MEDIAN_COST * standard.variance / standard.n_normals
    else:
        ratio -= _beyond_standard(parent, standard, usable, genome, settings, is_counts)
        known += counting_variance(parent.n_reads, is_counts=is_counts)
    is_autosome = autosomes(genome)[standard.bins.chrom]
    for own in (is_autosome, ~is_autosome):
        more = _excess(ratio, known, standard, usable & own, settings)
        known[own] += more * standard.variance[own]
    return make_profile(
        bins=sample,
        ratio_log2=ratio,
        counting_variance=known,
        usable=usable,
        ploidy=standard.ploidy,
        genome=genome,
        settings=settings,
    )


def _beyond_standard(
    sample: Bins, standard: Standard, usable: Bool, genome: Genome, settings: Settings, is_counts: bool
) -> Float64:
    """log2 coverage less centre, GC and waves; float64, shape (n_bins,).

    GC is learned within arms, since a sample, other than a normal, may have gained one.
    """
    bins = standard.bins
    seen = replace(bins, n_reads=sample.n_reads)
    ratio = uncorrected_log2(seen, usable, settings, is_counts=is_counts) - standard.centre
    is_own = usable & autosomes(genome)[bins.chrom]
    arm = arm_of(bins.chrom, bins.start, genome)
    ratio -= trend_log2(ratio, (bins.gc_fraction,), is_own, arm, settings)
    own = np.flatnonzero(is_own)
    blocks = make_blocks(bins.chrom[own], bins.start[own], genome, settings)
    amounts = wave_amounts(ratio[own], standard.shapes[own], blocks, settings)
    ratio -= np.einsum("ij,j->i", standard.shapes, amounts)
    return ratio


def _excess(ratio: Float64, known: Float64, standard: Standard, usable: Bool, settings: Settings) -> float:
    """The multiple of the variances of normals that neighbours show beyond what is known of them."""
    at = np.flatnonzero(usable & np.isfinite(ratio))
    same = np.diff(standard.bins.chrom[at]) == 0

    def pairs(values: Float64) -> Float64:
        sums: Float64 = (values[at][1:] + values[at][:-1])[same]
        return sums

    scale = pairs(standard.variance)
    squares = np.square(np.diff(ratio[at]))[same]
    return excess_variance(squares / scale, pairs(known) / scale, settings.noise_clip_sd)


def sex_sd(panel: Panel, sex: Sex, settings: Settings) -> float:
    """Uncertainty of the level of X and Y of a sample of that sex [log2]; inf where fewer than two normals tell it.

    Notes
    -----
    Root mean square of X or Y, the larger, of each normal against the others of its sex, times the ratio of Student's t
    with one degree less than normals to the Gaussian deviate at the error of a call: a few normals may lie close
    together by chance.
    """
    own = [normal for normal in panel.normals if not normal.left_out and normal.sex == sex != "unknown"]
    seen = [np.array([getattr(normal, name) for normal in own]) for name in ("x_log2", "y_log2")]
    known = [values[np.isfinite(values)] for values in seen]
    spreads = [
        math.sqrt(float(np.square(values).mean())) * _student_ratio(values.size - 1, settings)
        for values in known
        if values.size >= 2
    ]
    return max(spreads, default=math.inf)


def _student_ratio(df: int, settings: Settings) -> float:
    tail = settings.family_wise_error / 4.0
    return float(student_quantile(tail, np.array([float(df)]))[0] / -ndtri(tail))
