"""Homozygous probes of an array in bins of their shift, and what noise and foreign DNA make of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, ndtr

from genostab.arrays import Bool, Float64, Genome, Int64, SnpTable
from genostab.karyotype.bins import autosomes
from genostab.karyotype.sample_settings import SampleSettings

# What a side depends on: fraction, share of wrong doses, and its noise: offset, log of the narrow width, log of how
# much wider the other is, logit of that one's share.
N_SHARED, N_NOISE = 2, 4
_HALF_COPIES = np.array([[0.0], [0.5], [1.0]])


@dataclass(frozen=True, kw_only=True)
class Side:
    """Homozygous probes of one side (AA or BB) in bins of their shift, by stratum of the expected foreign dose.

    count : float64, shape (n_blocks, n_strata, n_bins); by_stratum : float64, shape (n_strata, n_bins), its sum
    dose : float64, shape (n_strata, 3), chances that the other person has 0, 1, 2 of the other allele
    members : float64, shape (n_strata, 1), probes; mean_dose : float64, shape (3,), of all probes
    """

    count: Float64
    by_stratum: Float64
    dose: Float64
    members: Float64
    mean_dose: Float64


def sides_of(
    snps: SnpTable,
    dose: tuple[Float64, Float64],
    left_out: Bool,
    genome: Genome,
    settings: SampleSettings,
) -> tuple[tuple[Side, Side], Int64]:
    """Both sides, and the chromosome of each block.

    Parameters
    ----------
    snps : SnpTable
    dose : two float64, shape (n_snps or 1, 3), chances of another person's 0, 1, 2 copies where it is AA and BB
    left_out : bool, shape (n_snps,)
    genome : Genome
    settings : SampleSettings
    """
    baf = snps.b_allele_fraction
    usable = autosomes(genome)[snps.chrom] & ~left_out
    blocks_of = -(-genome.length_bp // settings.block_bp)
    first = np.concatenate([[0], np.cumsum(blocks_of)])
    block = first[snps.chrom] + np.minimum(snps.position // settings.block_bp, blocks_of[snps.chrom] - 1)
    chrom = np.repeat(np.arange(blocks_of.size), blocks_of)
    # A missing fraction is below no limit.
    low, high = usable & (baf < settings.max_shift), usable & (baf > 1.0 - settings.max_shift)
    sides = (
        _side(baf[low], _rows(dose[0], low), block[low], chrom.size, settings),
        _side(1.0 - baf[high], _rows(dose[1], high), block[high], chrom.size, settings),
    )
    return sides, chrom


def _rows(dose: Float64, own: Bool) -> Float64:
    return dose[own] if len(dose) > 1 else np.broadcast_to(dose, (int(own.sum()), 3))


def _side(shift: Float64, dose: Float64, block: Int64, n_blocks: int, settings: SampleSettings) -> Side:
    expected = dose[:, 1] + 2.0 * dose[:, 2]
    cuts = np.zeros(0)
    if shift.size:
        cuts = np.unique(np.quantile(expected, np.arange(1, settings.strata) / settings.strata))
    stratum = np.searchsorted(cuts, expected, side="left")
    n_strata, n_bins = len(cuts) + 1, _n_bins(settings)
    # Bin 0 are probes at 0 exactly, where everything below is cut off.
    at = np.where(shift <= 0.0, 0, np.minimum(shift / settings.shift_bin, n_bins - 2).astype(np.int64) + 1)
    key = (block * n_strata + stratum) * n_bins + at
    count = np.bincount(key, minlength=n_blocks * n_strata * n_bins).reshape(n_blocks, n_strata, n_bins)
    members = np.bincount(stratum, minlength=n_strata)
    occupied = members > 0
    sums = [np.bincount(stratum, weights=dose[:, h], minlength=n_strata)[occupied] for h in range(3)]
    by_block = count[:, occupied].astype(np.float64)
    own = members[occupied].astype(np.float64)[:, None]
    return Side(
        count=by_block,
        by_stratum=by_block.sum(axis=0),
        dose=np.stack(sums, axis=1) / own,
        members=own,
        mean_dose=np.stack(sums, axis=1).sum(axis=0) / max(float(own.sum()), 1.0),
    )


def _n_bins(settings: SampleSettings) -> int:
    return round(settings.max_shift / settings.shift_bin) + 1


def shapes(values: Float64, settings: SampleSettings, *, slopes: bool) -> Float64:
    """Chances of each bin where the other person has 0, 1, 2 copies, and their derivatives.

    Parameters
    ----------
    values : float64, shape (6,), fraction, share of wrong doses (not used here), and noise
    settings : SampleSettings
    slopes : bool

    Returns
    -------
    float64, shape (1 or 6, 3, n_bins): the chances; then by fraction and by the four of noise

    Notes
    -----
    Two normal distributions with an offset, cut at 0; no width below half a bin is told.
    """
    fraction, offset, narrow, wider, mixed = values[0], *values[N_SHARED:]
    sd = settings.shift_bin / 2.0 + np.exp(narrow)
    wide, share = sd * (1.0 + np.exp(wider)), expit(mixed)
    away = np.arange(_n_bins(settings)) * settings.shift_bin - offset - fraction * _HALF_COPIES
    z, z_wide = away / sd, away / wide
    below, below_wide = ndtr(z), ndtr(z_wide)
    parts = [(1.0 - share) * below + share * below_wide]
    if slopes:
        near = (1.0 - share) * np.exp(-z * z / 2.0) / np.sqrt(2.0 * np.pi)
        far = share * np.exp(-z_wide * z_wide / 2.0) / np.sqrt(2.0 * np.pi)
        shift = -near / sd - far / wide
        parts += [
            shift * _HALF_COPIES,
            shift,
            -(near * z + far * z_wide) * np.exp(narrow) / sd,
            -far * z_wide * expit(wider),
            share * (1.0 - share) * (below_wide - below),
        ]
    stacked = np.stack(parts)
    return np.concatenate([stacked[:, :, :1], np.diff(stacked, axis=2)], axis=2)


def log_chances(values: Float64, side: Side, settings: SampleSettings) -> Float64:
    """Logarithm of the chance of each bin given the stratum; float64, shape (n_strata, n_bins)."""
    chances = _doses(values, side) @ _with_outliers(shapes(values, settings, slopes=False), settings)[0]
    log: Float64 = np.log(chances / chances.sum(axis=1, keepdims=True))
    return log


def log_chances_and_slopes(values: Float64, side: Side, settings: SampleSettings) -> tuple[Float64, Float64]:
    """As `log_chances`, and its derivatives by all of `values`; float64, shape (6, n_strata, n_bins)."""
    dose = _doses(values, side)
    each = _with_outliers(shapes(values, settings, slopes=True), settings)
    chances = dose @ each[0]
    by_dose = (side.mean_dose - side.dose) @ each[0]
    slopes = np.stack([dose @ each[1], by_dose, *(dose @ one for one in each[2:])])
    total = chances.sum(axis=1, keepdims=True)
    return np.log(chances / total), slopes / chances - slopes.sum(axis=2, keepdims=True) / total


def _doses(values: Float64, side: Side) -> Float64:
    doses = (1.0 - values[1]) * side.dose + values[1] * side.mean_dose
    return np.asarray(np.maximum(doses, 1e-6), dtype=np.float64)


def _with_outliers(each: Float64, settings: SampleSettings) -> Float64:
    each *= 1.0 - settings.outlier_share
    each[0] += settings.outlier_share / _n_bins(settings)
    return each


def pooled(log: Float64, side: Side) -> Float64:
    """Expected probes of each bin over all strata, which have as many as they have; float64, shape (n_bins,)."""
    total: Float64 = (side.members * np.exp(log)).sum(axis=0)
    return total


def given_shift(log: Float64, side: Side) -> Float64:
    """Logarithm of the chance of the stratum given the bin; float64, shape (n_strata, n_bins)."""
    posterior: Float64 = np.log(side.members) + log - np.log(pooled(log, side))
    return posterior


def of_all(slopes: Float64, log: Float64, side: Side) -> Float64:
    """Derivatives of the logarithm of `pooled`; float64, shape (6, n_bins)."""
    weighted = side.members * np.exp(log)
    return np.asarray((weighted * slopes).sum(axis=1) / weighted.sum(axis=0), dtype=np.float64)


def block_scores(per_bin: Float64, side: Side) -> Float64:
    """Sums of scores over the probes of each block, less what the make-up of the block by strata brings.

    Parameters
    ----------
    per_bin : float64, shape (n_scores, n_strata, n_bins)
    side : Side

    Returns
    -------
    float64, shape (n_scores, n_blocks)

    Notes
    -----
    How many probes a stratum has is given, not drawn: a score scatters about the mean of its stratum.
    """
    mean = (per_bin * side.by_stratum).sum(axis=2, keepdims=True) / side.members
    n_blocks = side.count.shape[0]
    return np.asarray((per_bin - mean).reshape(len(per_bin), -1) @ side.count.reshape(n_blocks, -1).T)
