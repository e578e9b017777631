"""Telomere content from reads, as TelSeq normalises it, without its step to a length."""

from __future__ import annotations

from scipy import special

from genostab.results import Estimate

_PER_READS = 1000.0


def telomere_content(n_telomeric: int, n_gc_matched: int, level: float) -> Estimate:
    """Telomere reads per 1000 reads of like GC.

    Parameters
    ----------
    n_telomeric : int, reads with enough telomere repeats
    n_gc_matched : int, reads whose GC is about that of telomere repeats, one half
    level : float, coverage of the interval, 0..1

    Returns
    -------
    Estimate in telomere reads per 1000 GC-matched reads; `not_computed` without a matched read. With no telomere read
    the upper end is the exact one-sided bound.

    Notes
    -----
    Reads of like GC are amplified like telomere reads, so that they take the yield of the library out (Ding et al.
    2014, doi 10.1093/nar/gku181). TelSeq multiplies this ratio with the genome's length at that GC over 46 telomeres;
    no length is given here, since that constant is of one reference and one read length. Given the sum of two Poisson
    counts, the first is binomial with odds equal to the ratio of their means: exact limits of that binomial
    (Clopper and Pearson 1934) are limits of the ratio. Both mates of a fragment can be telomeric, so that the interval
    is that of counting alone. O(1).

    Examples
    --------
    >>> content = telomere_content(30, 10_000, 0.95)
    >>> content.estimate, round(content.low, 2), round(content.high, 2)
    (3.0, 2.02, 4.29)
    """
    method = "telomere reads over reads of like GC (TelSeq), exact interval of the ratio of two counts"
    unit = f"reads per {_PER_READS:g} GC-matched reads"
    n = n_telomeric + n_gc_matched
    if n_gc_matched == 0:
        return Estimate(
            estimate=None,
            low=None,
            high=None,
            unit=unit,
            level=level,
            method=method,
            n=n,
            status="not_computed",
        )
    tail = (1.0 - level) / 2.0 if n_telomeric else 1.0 - level
    low = float(special.betaincinv(n_telomeric, n_gc_matched + 1.0, tail)) if n_telomeric else 0.0
    high = float(special.betaincinv(n_telomeric + 1.0, n_gc_matched, 1.0 - tail))
    return Estimate(
        estimate=_PER_READS * n_telomeric / n_gc_matched,
        low=_PER_READS * low / (1.0 - low),
        high=_PER_READS * high / (1.0 - high),
        unit=unit,
        level=level,
        method=method,
        n=n,
    )
