"""The smallest share of cells that alleles, and alleles with depth, would have shown."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from genostab.arrays import Float64, Genome, Profile
from genostab.karyotype.allele_region import allele_regions
from genostab.karyotype.allele_signal import (
    AlleleSignal,
    has_x,
    ratio_tables,
    spread_at,
    within,
)
from genostab.karyotype.allele_state import shift_and_ratio
from genostab.karyotype.annotate import Hotspot
from genostab.karyotype.origin import mean_over
from genostab.karyotype.settings import Settings
from genostab.kernels.allele_path import imbalance_likelihood
from genostab.results import CallKind, Evidence, Sensitivity

_KINDS: tuple[CallKind, ...] = ("gain", "loss", "cnloh")
_CHAIN = 20_000  # SNPs simulated for what phase adds, in stretches of `_STRETCH`
_STRETCH = 250
_SHIFTS, _SIZES = (0.002, 0.45), 16  # at which the information of one SNP is known
_TYPICAL_STEP_BP = 40_000_000
_FRACTIONS = 400  # of cells that are tried


@dataclass(frozen=True, kw_only=True)
class _Information:
    """Mean and variance of the log-likelihood ratio that one SNP gives at each shift.

    shift, mean, variance : float64, shape (n,), the first of each is 0
    """

    shift: Float64
    mean: Float64
    variance: Float64

    def at(self, shift: Float64) -> tuple[Float64, Float64]:
        """Mean and variance at other shifts, linear in the square of the shift."""
        square, known = np.square(shift), np.square(self.shift)
        return np.interp(square, known, self.mean), np.interp(square, known, self.variance)


def allele_sensitivity(
    signal: AlleleSignal,
    profile: Profile,
    response: float,
    genome: Genome,
    hotspots: Sequence[Hotspot],
    settings: Settings,
    *,
    knows_x_level: bool,
) -> tuple[Sensitivity, ...]:
    """Sensitivity to gains, losses and copy-neutral LOH: chromosomes, arms, recurrent regions, segments by size.

    Parameters
    ----------
    signal : AlleleSignal
    profile : Profile of the depth
    response : float, the least log2 ratio per log2 of copies that is to be reckoned with
    genome : Genome
    hotspots : sequence of Hotspot of the assembly
    settings : Settings, tables [allele] and [sensitivity]
    knows_x_level : bool, whether the depth of whole X and its arms says how many there are

    Notes
    -----
    The log evidence of a change is about Gaussian: its mean is the information of all SNPs and half the squared
    deviation of the depth, less what is paid for the open state and share of cells, and for the search. A share of
    cells is found with the stated power where that mean exceeds the threshold by as many standard deviations. What
    phase adds is simulated with the largest of `switch_rates`.
    """
    information = [_unphased_information(signal)]
    if signal.linked is not None and signal.linked.any():
        information.append(_phased_information(signal, settings))
    regions = allele_regions(genome, with_x=has_x(signal, genome))
    log_region = math.log(len(regions)) - math.log(settings.allele_family_wise_error / 2.0)
    rows: list[Sensitivity] = []
    for region in regions:
        inside = within(signal, region.chrom, region.start, region.end)
        n = inside.stop - inside.start
        is_told = knows_x_level or genome.names[region.chrom] != "chrX"
        sd = _depth_sd(profile, region.chrom, region.start, region.end) if is_told else math.inf
        rows += _rows(
            (region.name, genome.names[region.chrom], region.start, region.end),
            [_found(signal, information, n, sd, response, kind, log_region, 0, settings) for kind in _KINDS],
            settings,
        )
    n_chrom = max(1, signal.chrom.size // max(np.unique(signal.chrom).size, 1))
    known = {region.chrom for region in regions}
    log_search = math.log(len(known))
    log_search -= math.log(settings.allele_family_wise_error / 2.0)
    log_search += math.log(n_chrom * settings.mean_event_snps * len(settings.search_shifts))
    for spot in hotspots:
        chrom = genome.names.index(spot.chrom) if spot.chrom in genome.names else -1
        if chrom not in known:
            continue
        inside = within(signal, chrom, spot.start, spot.end)
        n = inside.stop - inside.start
        is_told = knows_x_level or spot.chrom != "chrX"
        sd = _depth_sd(profile, chrom, spot.start, spot.end) if is_told else math.inf
        rows += _rows(
            (spot.name, spot.chrom, spot.start, spot.end),
            [
                _found(signal, information, n, sd, response, kind, log_search, n, settings)
                for kind in _KINDS
                if spot.kind in ("any", "gain" if kind == "gain" else "loss")
            ],
            settings,
        )
    for size in settings.sizes_bp:
        n, sd = _typical(signal, profile, size, genome)
        rows += _rows(
            (f"any {size // 1_000_000} Mb", "", 0, size),
            [_found(signal, information, n, sd, response, kind, log_search, n, settings) for kind in _KINDS],
            settings,
        )
    return tuple(rows)


def phased_evidence(
    signal: AlleleSignal, n: int, shift: Float64, settings: Settings
) -> tuple[Float64, Float64]:
    """Mean and variance of the log-likelihood ratio of a true shift to none, of `n` SNPs phased as often as all.

    Parameters
    ----------
    signal : AlleleSignal with phased SNPs
    n : int
    shift : ndarray of float64, shape (n_shifts,)
    settings : Settings, table [allele]

    Returns
    -------
    ndarray of float64, shape (n_shifts,), twice; what the open rate of switches costs is taken off the mean
    """
    mean, variance = _phased_information(signal, settings).at(shift)
    open_rate = math.log(1.0 + len(settings.switch_rates))
    return np.maximum(n * mean - open_rate, 0.0), n * variance


def _unphased_information(signal: AlleleSignal) -> _Information:
    """Of the folded likelihood, over what SNPs as the noise is fitted would show."""
    shifts = tuple(np.geomspace(*_SHIFTS, _SIZES).tolist())
    up = signal.log_likelihood(shifts, 1.0)
    down = signal.log_likelihood(tuple(-s for s in shifts), 1.0)
    either = np.logaddexp(up, down) - math.log(2.0)
    log_ratio = either - signal.log_likelihood((0.0,), 1.0)
    mass = _shown_under(signal, either)
    mean = (mass * log_ratio).sum(axis=0)
    variance = (mass * np.square(log_ratio - mean)).sum(axis=0)
    return _information(shifts, mean, variance)


def _shown_under(signal: AlleleSignal, log_likelihood: Float64) -> Float64:
    """Share of SNPs that show each symbol where that is its likelihood, in groups as large as seen.

    float64, shape (n_symbols, n_shifts); only symbols that occur, which leave out what is too rare to matter.
    """
    seen = np.bincount(signal.symbol, minlength=signal.group.size)
    density = np.where(seen[:, np.newaxis] > 0, np.exp(log_likelihood), 0.0)
    n_groups = int(signal.group.max()) + 1
    of_group = np.zeros((n_groups, density.shape[1]))
    np.add.at(of_group, signal.group, density)
    share = np.bincount(signal.group, weights=seen, minlength=n_groups) / seen.sum()
    return np.asarray(density / of_group[signal.group] * share[signal.group, np.newaxis])


def _information(shifts: Sequence[float], mean: Float64, variance: Float64) -> _Information:
    return _Information(
        shift=np.concatenate(([0.0], shifts)),
        mean=np.concatenate(([0.0], np.maximum(mean, 0.0))),
        variance=np.concatenate(([0.0], variance)),
    )


def _phased_information(signal: AlleleSignal, settings: Settings) -> _Information:
    """Of phased SNPs whose sign turns at the largest stated rate, by simulation from the fitted noise."""
    rng = np.random.default_rng(0)
    shifts = tuple(np.geomspace(*_SHIFTS, _SIZES).tolist())
    plus, minus = ratio_tables(signal, shifts)
    ways = (shifts, tuple(-s for s in shifts))
    shown = [_shown_under(signal, signal.log_likelihood(each, 1.0)) for each in ways]
    rate = max(settings.switch_rates)
    is_up = np.cumsum(rng.random(_CHAIN) < rate) % 2 == 0
    n_symbols, n_unphased = signal.group.size, int(_CHAIN * (1.0 - signal.phased.mean()))
    switch, u = np.full(_CHAIN, rate), rng.random(_CHAIN)
    mean, variance = [], []
    for k in range(len(shifts)):
        drawn = [np.searchsorted(np.cumsum(each[:, k]) / each[:, k].sum(), u) for each in shown]
        symbol = np.where(is_up, drawn[0], drawn[1])
        symbol[rng.choice(_CHAIN, n_unphased, replace=False)] += n_symbols
        shown_as, up, down = symbol.astype(np.int32), plus[:, k : k + 1].copy(), minus[:, k : k + 1].copy()
        parts = [
            imbalance_likelihood(shown_as[i : i + _STRETCH], up, down, switch[i : i + _STRETCH])[0]
            for i in range(0, _CHAIN, _STRETCH)
        ]
        mean.append(np.mean(parts) / _STRETCH)
        variance.append(np.var(parts) / _STRETCH)
    return _information(shifts, np.array(mean), np.array(variance))


def _depth_sd(profile: Profile, chrom: int, start: int, end: int) -> float:
    seen = mean_over(profile, chrom, start, end)
    return math.inf if seen is None else seen[1]


def _typical(signal: AlleleSignal, profile: Profile, size: int, genome: Genome) -> tuple[int, float]:
    """SNPs in a stretch of that size at median density, and the error of its depth."""
    counts, errors = [], []
    for chrom in np.unique(signal.chrom).tolist():
        for start in range(size, int(genome.length_bp[chrom]) - 2 * size, max(4 * size, _TYPICAL_STEP_BP)):
            inside = within(signal, chrom, start, start + size)
            counts.append(inside.stop - inside.start)
            errors.append(_depth_sd(profile, chrom, start, start + size))
    return (int(np.median(counts)), float(np.median(errors))) if counts else (0, math.inf)


def _found(
    signal: AlleleSignal,
    information: Sequence[_Information],
    n: int,
    depth_sd: float,
    response: float,
    kind: CallKind,
    log_threshold: float,
    n_searched: int,
    settings: Settings,
) -> tuple[CallKind, Evidence, float | None]:
    """The least share of cells of one kind of change that is found, by the better of the readings of phase."""
    evidence: Evidence = "allele" if kind == "cnloh" else "both"
    if n < settings.min_snps:
        return kind, evidence, None
    fraction, shift, ratio = _tried(settings)
    row = _KINDS.index(kind)
    deviation = np.abs(response * ratio[row]) / depth_sd if math.isfinite(depth_sd) else np.zeros(_FRACTIONS)
    least: float | None = None
    for i, each in enumerate(information):
        mean, variance = (n * of_one for of_one in each.at(shift[row]))
        if i == 0:
            # The spread of the noise from place to place hides a part of what unphased SNPs say.
            told = 1.0 / (1.0 + 2.0 * n * spread_at(signal, n) ** 2)
            mean, variance = told * mean, told * variance
        mean, variance = mean + 0.5 * deviation**2, variance + deviation**2
        readings = len(information) * (1 if i == 0 else len(settings.switch_rates))
        paid = np.full(mean.size, math.log(readings) - math.log(settings.state_shares[row]))
        if n_searched:
            # The threshold has paid for the size of the shift. As many places to begin, and to end, are as good as
            # there are SNPs to a unit of information.
            paid -= 2.0 * np.log(np.maximum(2.0 * n_searched / np.maximum(mean, 1.0), 1.0))
        else:
            paid += _open(mean, settings)
        is_found = mean - paid - log_threshold >= float(ndtri(settings.power)) * np.sqrt(variance)
        if is_found.any():
            first = float(fraction[int(np.argmax(is_found))])
            least = first if least is None else min(least, first)
    return kind, evidence, least


@functools.lru_cache(maxsize=4)
def _tried(settings: Settings) -> tuple[Float64, Float64, Float64]:
    """Shares of cells, shape (n,), and the shifts and log2 ratios of every state there, shape (n_states, n)."""
    fraction = np.geomspace(settings.least_fraction, 1.0, _FRACTIONS)
    return fraction, *shift_and_ratio(fraction)


def _open(mean: Float64, settings: Settings) -> Float64:
    """What the open share of cells costs: the share of the prior that the likelihood leaves."""
    width = np.sqrt(2.0 * np.pi) / np.sqrt(
        8.0 * np.maximum(mean, 1.0)
    )  # of log f, where the mean goes as f^2 or f^4
    span = -math.log(settings.least_fraction) / (1.0 - settings.clonal_share)
    return np.asarray(np.log(span / width))


def _rows(
    place: tuple[str, str, int, int],
    found: Sequence[tuple[CallKind, Evidence, float | None]],
    settings: Settings,
) -> list[Sensitivity]:
    name, chrom, start, end = place
    return [
        Sensitivity(
            region=name,
            chrom=chrom,
            start=start,
            end=end,
            kind=kind,
            evidence=evidence,
            min_cell_fraction=fraction,
            power=settings.power,
            alpha=settings.allele_family_wise_error,
        )
        for kind, evidence, fraction in found
    ]
