"""Each normal of a panel against the others: its noise, and whether it belongs there."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr

from genostab.arrays import Float64, Genome, Normal, Panel, Profile
from genostab.errors import InputError
from genostab.karyotype.bins import autosomes, choose_bin_width
from genostab.karyotype.change import Change, find_changes
from genostab.karyotype.normalise import profile_alone
from genostab.karyotype.panel import (
    fit_standard,
    join_panel,
    normal_bins,
    profile_by_standard,
    without,
)
from genostab.karyotype.settings import Settings


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A normal with its figures, and its longest significant change against the others."""

    normal: Normal
    change: Change | None


def checked_panel(panel: Panel, genome: Genome, settings: Settings) -> Panel:
    """The panel with the figures of every normal against the others, and those left out that do not belong.

    Parameters
    ----------
    panel : Panel
    genome : Genome
    settings : Settings, table [panel]

    Notes
    -----
    Leave-one-out: each normal is a sample, the others are its panel. One by one, the worst first, those leave that
    carry a change longer than `max_benign_bp`, then those whose whole chromosomes scatter more than the others'
    (Grubbs 1969, doi 10.1080/00401706.1969.10490657, on the logarithm). O(n_normals^2 n_bins) for each that leaves.

    Raises
    ------
    InputError
        GS-2106 where fewer than `min_normals` are given or left.
    """
    _refuse_few(panel, settings)
    coarse = _at_checked_width(panel, genome, settings)
    everyone = range(len(panel.normals))
    seen = {i: _compared(coarse, i, genome, settings) for i in everyone}
    is_fresh = True
    while True:
        used = {i: each for i, each in seen.items() if not coarse.normals[i].left_out}
        changed = {i: each.change for i, each in used.items() if each.change is not None}
        worst = _most_changed(changed, genome)
        if worst is None and is_fresh:
            worst = _most_scattered(used, settings)
            if worst is None:
                break
        if worst is not None:
            coarse = _marked(coarse, *worst)
            _refuse_few(coarse, settings)
        # What the others look like is told again once no change is left among them.
        again, is_fresh = (changed, False) if changed else (used, True)
        seen.update({i: _compared(coarse, i, genome, settings) for i in again})
    left_out = [i for i in everyone if coarse.normals[i].left_out]
    seen.update({i: _compared(coarse, i, genome, settings) for i in left_out})
    return replace(panel, normals=tuple(seen[i].normal for i in everyone), evaluated_bp=coarse.bin_bp)


def _at_checked_width(panel: Panel, genome: Genome, settings: Settings) -> Panel:
    """The panel in bins that the normal with the fewest reads fills, of `evaluated_bp` at least."""
    if panel.bin_bp != settings.base_bin_bp:
        return panel
    width = settings.evaluated_bp
    if panel.is_counts:
        fewest = int(np.argmin(panel.values.sum(axis=0, dtype=np.float64)))
        width = max(width, choose_bin_width([normal_bins(panel, fewest)], genome, settings))
    return join_panel(panel, width // panel.bin_bp)


def _marked(panel: Panel, index: int, reason: str) -> Panel:
    normals = list(panel.normals)
    normals[index] = replace(normals[index], left_out=reason)
    return replace(panel, normals=tuple(normals))


def _refuse_few(panel: Panel, settings: Settings) -> None:
    left_out = [normal for normal in panel.normals if normal.left_out]
    n, n_used = len(panel.normals), len(panel.normals) - len(left_out)
    if n_used < settings.min_normals:
        raise InputError(
            "GS-2106",
            what="too few normals for a panel",
            where="panel of normals",
            found="; ".join(
                [f"{n_used} of {n} normals", *(f"{each.name}: {each.left_out}" for each in left_out)]
            ),
            expected=f"at least {settings.min_normals}, and {settings.min_normals_waves} to learn their waves",
            action="add normal samples of the same protocol",
        )


def _compared(panel: Panel, index: int, genome: Genome, settings: Settings) -> _Seen:
    """One normal against the others in use."""
    normal = panel.normals[index]
    standard = fit_standard(without(panel, index), genome, normal.sex, settings)
    sample = normal_bins(panel, index)
    profile = profile_by_standard(sample, None, standard, genome, settings, is_counts=panel.is_counts)
    alone = profile_alone(sample, genome, normal.sex, settings, is_counts=panel.is_counts)
    means, variances = chromosome_means(profile, genome)
    own = autosomes(genome)
    x, y = (means[genome.names.index(name)] for name in ("chrX", "chrY"))
    figures = replace(
        normal,
        bin_sd_log2=float(np.median(profile.sd_log2)),
        alone_sd_log2=_scatter(chromosome_means(alone, genome)[0][own]),
        panel_sd_log2=_scatter(means[own]),
        counting_sd_log2=math.sqrt(float(np.nanmean(variances[own]))),
        x_log2=float(x),
        y_log2=float(y),
    )
    return _Seen(normal=figures, change=_longest_change(profile, len(panel.normals), genome, settings))


def chromosome_means(profile: Profile, genome: Genome) -> tuple[Float64, Float64]:
    """Weighted mean of each chromosome less their autosomal median, and its independent variance.

    Returns
    -------
    ndarray of float64, shape (n_chromosomes,), twice, NaN where a chromosome has no bin: [log2], [log2 squared]
    """
    weight = 1.0 / np.square(profile.sd_log2)
    n = len(genome.names)
    total = np.bincount(profile.chrom, weight, n)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.bincount(profile.chrom, weight * profile.ratio_log2, n) / total
        variances = np.where(total > 0, 1.0 / total, np.nan)
    centre = np.nanmedian(means[autosomes(genome)])
    return means - centre, variances


def _scatter(means: Float64) -> float:
    known = means[np.isfinite(means)]
    return float(known.std(ddof=1)) if known.size > 1 else math.nan


def _longest_change(profile: Profile, n_normals: int, genome: Genome, settings: Settings) -> Change | None:
    """The longest change of the autosomes, longer than a benign one and significant among so many normals."""
    found = find_changes(profile, genome, settings, math.inf).changes
    is_autosome = autosomes(genome)
    # By its share of the bins: targets lie apart, and a few of them span a centromere.
    spanned = genome.length_bp[np.unique(profile.chrom[profile.autosome])].sum()
    least_bins = settings.max_benign_bp * profile.autosome.sum() / spanned
    long = [
        change
        for change in found
        if change.is_significant
        and change.p_value * n_normals <= settings.family_wise_error
        and is_autosome[change.chrom]
        and change.last - change.first > least_bins
    ]
    return max(long, key=lambda change: change.last - change.first, default=None)


def _most_changed(changed: dict[int, Change], genome: Genome) -> tuple[int, str] | None:
    """The normal with the clearest change, and that in words; None where none has one."""
    if not changed:
        return None
    index = max(changed, key=lambda i: changed[i].score)
    change = changed[index]
    kind = "gain" if change.mean_log2 > 0 else "loss"
    place = f"{genome.names[change.chrom]}:{change.start}-{change.end}"
    return index, f"{kind} of {place}, log2 {change.mean_log2:+.3f}"


def _most_scattered(seen: dict[int, _Seen], settings: Settings) -> tuple[int, str] | None:
    """The normal whose whole chromosomes scatter more than chance lets one of so many; None where none does."""
    numbers = [i for i, each in seen.items() if each.normal.panel_sd_log2 > 0]
    if len(numbers) < settings.min_normals:
        return None
    spread = np.log(np.array([seen[i].normal.panel_sd_log2 for i in numbers]))
    at = int(np.argmax(spread))
    others = np.delete(spread, at)
    if not others.std() > 0:
        return None
    t = (spread[at] - others.mean()) / (others.std(ddof=1) * math.sqrt(1.0 + 1.0 / others.size))
    p = float(stdtr(others.size - 1.0, -t))
    if p * len(numbers) > settings.family_wise_error:
        return None
    own, usual = math.exp(spread[at]), math.exp(others.mean())
    return numbers[at], f"whole chromosomes scatter by {own:.4f} log2, those of the others by {usual:.4f}"
