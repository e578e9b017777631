"""What the alleles of an interval say, and where its ends are not known to the SNP."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.special import ndtri

from genostab.arrays import Float64
from genostab.karyotype.allele_signal import AlleleSignal, shift_likelihood, within
from genostab.karyotype.allele_state import Depth, ShiftCurve, shift_curve
from genostab.karyotype.settings import Settings

Interval = tuple[int, int]


def curve_of(signal: AlleleSignal, inside: slice, settings: Settings) -> ShiftCurve:
    """Likelihood of the allele shifts of an interval of SNPs; the signal remembers it.

    Parameters
    ----------
    signal : AlleleSignal
    inside : slice, the SNPs
    settings : Settings, table [allele]
    """
    key = (inside.start, inside.stop, settings)
    if key not in signal.known:
        signal.known[key] = shift_curve(
            partial(shift_likelihood, signal, inside, settings=settings), settings
        )
    found: ShiftCurve = signal.known[key]
    return found


def open_intervals(
    signal: AlleleSignal,
    chrom: int,
    start: int,
    end: int,
    ends: tuple[int, int, int, int],
    settings: Settings,
) -> list[tuple[Interval, float]]:
    """Intervals that an event may have, with their probabilities; none where it is a matter of few SNPs.

    Parameters
    ----------
    signal : AlleleSignal
    chrom : int
    start, end : int, the likeliest ends
    ends : tuple of int, start_low, start_high, end_low, end_high: what holds each at `level`
    settings : Settings, table [allele]

    Notes
    -----
    Few are `max_unfilled_share` of those inside. Either end is at its likeliest place or at a bound, with weights that
    give a Gaussian's variance back.
    """
    places = ((start, end), (ends[0], ends[3]), (ends[1], ends[2]))
    n, most, least = (max(s.stop - s.start, 0) for s in (within(signal, chrom, *each) for each in places))
    if most - least <= settings.max_unfilled_share * n:
        return []
    z = float(ndtri((1.0 + settings.level) / 2.0))
    beside = 0.5 / z**2
    weights = (beside, 1.0 - 2.0 * beside, beside)
    starts = zip((ends[0], start, ends[1]), weights, strict=True)
    stops = zip((ends[2], end, ends[3]), weights, strict=True)
    found = [((a, b), p * q) for (a, p), (b, q) in itertools.product(starts, stops)]
    is_there = [within(signal, chrom, *each) for each, _ in found]
    kept = [one for one, s in zip(found, is_there, strict=True) if s.stop - s.start >= settings.min_hets]
    total = sum(p for _, p in kept)
    return [(each, p / total) for each, p in kept]


def curve_over(
    curve: ShiftCurve,
    signal: AlleleSignal,
    chrom: int,
    intervals: list[tuple[Interval, float]],
    settings: Settings,
) -> ShiftCurve:
    """The curve of an interval averaged over others that it may be, its evidence kept.

    Parameters
    ----------
    curve : ShiftCurve of the likeliest interval, dense about its maximum
    signal : AlleleSignal
    chrom : int
    intervals : list of intervals [start, end) with their probabilities
    settings : Settings, table [allele]

    Notes
    -----
    p(shift | data) = sum over intervals of p(interval | data) p(shift | data, interval), each normalised, with shifts
    as likely in equal ratios.
    """
    shift = curve.shift[1:]
    total = np.full(shift.size, -math.inf)
    for (start, end), probability in intervals:
        inside = within(signal, chrom, start, end)
        log_ratio = shift_likelihood(signal, inside, shift, settings)
        total = np.logaddexp(total, math.log(probability) + log_ratio - _log_mean(shift, log_ratio))
    log_ratio = total + _log_mean(shift, curve.log_ratio[1:])
    return ShiftCurve(shift=curve.shift, log_ratio=np.concatenate(([0.0], log_ratio)))


def depth_over(depth: Depth, of_each: Sequence[Depth], intervals: Sequence[tuple[Interval, float]]) -> Depth:
    """The depth of the likeliest interval, its error widened by how far that of others differs."""
    between = sum(
        probability * (each.ratio_log2 - depth.ratio_log2) ** 2
        for each, (_, probability) in zip(of_each, intervals, strict=True)
    )
    return replace(depth, sd_log2=math.hypot(depth.sd_log2, math.sqrt(between)))


def _log_mean(shift: Float64, log_ratio: Float64) -> float:
    """Logarithm of the integral of a likelihood over the logarithm of the shift."""
    most = float(log_ratio.max())
    return most + math.log(float(np.trapezoid(np.exp(log_ratio - most), np.log(shift))))
