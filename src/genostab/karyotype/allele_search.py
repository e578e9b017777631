"""Runs of heterozygous SNPs out of balance, wherever they begin and end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genostab.arrays import Float64, Genome, Int32
from genostab.karyotype.allele_signal import (
    AlleleSignal,
    ratio_tables,
    spread_at,
    symbol_with_phase,
    within,
)
from genostab.karyotype.settings import Settings
from genostab.kernels.allele_path import imbalance_posterior

_INSIDE = 0.5  # more likely in than out


@dataclass(frozen=True, kw_only=True)
class AlleleRun:
    """SNPs [first, last) of a signal that are out of balance.

    start, end : int, bp; `ends` are the intervals of both: start_low, start_high, end_low, end_high
    log_evidence : float, natural logarithm of the likelihood ratio of an imbalance in or about these SNPs against
        none on the chromosome, the search paid for: its mean is at most 1 under balance
    """

    chrom: int
    first: int
    last: int
    start: int
    end: int
    ends: tuple[int, int, int, int]
    log_evidence: float


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """Tables of one reading of the phase: rows, chance of a turn before each SNP, and log-likelihood ratios."""

    symbol: Int32
    switch: Float64
    plus: Float64
    minus: Float64


def find_runs(signal: AlleleSignal, genome: Genome, settings: Settings) -> tuple[AlleleRun, ...]:
    """Runs of imbalance on each chromosome, likely or not; the caller weighs their evidence.

    Parameters
    ----------
    signal : AlleleSignal
    genome : Genome
    settings : Settings, table [allele]

    Notes
    -----
    A hidden Markov model of balance and imbalances of `search_shifts` with a sign; one imbalance is expected per
    chromosome beforehand, `mean_event_snps` long. A run is where imbalance is the more likely; its evidence is that of
    the stretch up to its neighbours.
    """
    return tuple(
        run for chrom in range(len(genome.names)) for run in runs_on(signal, chrom, genome, settings)
    )


def runs_on(signal: AlleleSignal, chrom: int, genome: Genome, settings: Settings) -> list[AlleleRun]:
    """Runs of imbalance on one chromosome, as `find_runs` has them."""
    inside = within(signal, chrom, 0, int(genome.length_bp[chrom]))
    if inside.stop - inside.start < settings.min_snps:
        return []
    if "readings" not in signal.known:
        signal.known["readings"] = _readings(signal, settings)
    return _runs_of(signal, chrom, inside, signal.known["readings"], settings)


def _readings(signal: AlleleSignal, settings: Settings) -> list[_Reading]:
    """Without phase, where small shifts look like wider noise; and with phase, at every rate of switches."""
    plus, minus = ratio_tables(signal, settings.search_shifts)
    told = np.square(settings.search_shifts) >= 4.0 * spread_at(signal, 1) * signal.variance
    n = signal.chrom.size
    readings = [
        _Reading(
            symbol=signal.symbol,
            switch=np.full(n, 0.5),
            plus=np.ascontiguousarray(plus[:, told]),
            minus=np.ascontiguousarray(minus[:, told]),
        )
    ]
    if signal.linked is not None:
        symbol = symbol_with_phase(signal, slice(None))
        readings += [
            _Reading(symbol=symbol, switch=np.where(signal.linked, rate, 0.5), plus=plus, minus=minus)
            for rate in settings.switch_rates
        ]
    return readings


def _runs_of(
    signal: AlleleSignal, chrom: int, inside: slice, readings: list[_Reading], settings: Settings
) -> list[AlleleRun]:
    n = inside.stop - inside.start
    enter, leave = 1.0 / n, 1.0 / settings.mean_event_snps
    posterior, of_all = _posterior(signal, inside, readings, enter, leave)
    is_in = np.concatenate(([False], posterior > _INSIDE, [False]))
    edges = np.flatnonzero(np.diff(is_in))
    firsts, lasts = edges[::2], edges[1::2]
    runs = []
    for i, (first, last) in enumerate(zip(firsts.tolist(), lasts.tolist(), strict=True)):
        before = int(lasts[i - 1] + first) // 2 if i else 0
        after = int(last + firsts[i + 1]) // 2 if i + 1 < firsts.size else n
        window = slice(inside.start + before, inside.start + after)
        is_all = window == inside
        log_evidence = of_all if is_all else _posterior(signal, window, readings, enter, leave)[1]
        position = signal.position[inside]
        runs.append(
            AlleleRun(
                chrom=chrom,
                first=inside.start + first,
                last=inside.start + last,
                start=int(position[first]),
                end=int(position[last - 1]) + 1,
                ends=_ends(posterior, position, first, last, before, after, settings),
                log_evidence=log_evidence,
            )
        )
    return runs


def _posterior(
    signal: AlleleSignal, inside: slice, readings: list[_Reading], enter: float, leave: float
) -> tuple[Float64, float]:
    """Chance of imbalance at each SNP and log evidence, over all readings of the phase."""
    found = [
        imbalance_posterior(each.symbol[inside], each.plus, each.minus, each.switch[inside], enter, leave)
        for each in readings
    ]
    evidence = np.array([log_evidence for _, log_evidence in found])
    total = float(np.logaddexp.reduce(evidence))
    weight = np.exp(evidence - total)
    posterior = sum((share * each for share, (each, _) in zip(weight, found, strict=True)), np.zeros(1))
    return posterior, total - float(np.log(evidence.size))


def _ends(
    posterior: Float64,
    position: np.ndarray[tuple[int], np.dtype[np.int64]],
    first: int,
    last: int,
    before: int,
    after: int,
    settings: Settings,
) -> tuple[int, int, int, int]:
    """Where the chance of imbalance passes the tails of the interval, on either side of the run."""
    tail = (1.0 - settings.level) / 2.0
    middle = first + int(np.argmax(posterior[first:last]))
    outside_low = np.flatnonzero(posterior[before:first] < tail)
    start_low = before + int(outside_low[-1]) + 1 if outside_low.size else before
    sure = np.flatnonzero(posterior[start_low : middle + 1] >= 1.0 - tail)
    start_high = start_low + int(sure[0]) if sure.size else middle
    outside_high = np.flatnonzero(posterior[last:after] < tail)
    end_high = last + int(outside_high[0]) - 1 if outside_high.size else after - 1
    sure = np.flatnonzero(posterior[middle : end_high + 1] >= 1.0 - tail)
    end_low = middle + int(sure[-1]) if sure.size else middle
    return (
        int(position[start_low]),
        int(position[max(start_high, start_low)]),
        int(position[end_low]) + 1,
        int(position[max(end_high, end_low)]) + 1,
    )
