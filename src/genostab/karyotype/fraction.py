"""Log2 ratio to copy number and fraction of cells, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

from genostab.results import CallKind, Estimate
from genostab.units import FRACTION


@dataclass(frozen=True, kw_only=True)
class State:
    """Copies in the changed cells, and the fraction of cells that are changed."""

    kind: CallKind
    copy_number: int
    cell_fraction: Estimate


def fraction_at(ratio_log2: float, ploidy: int, copy_number: int) -> float:
    """Fraction of cells with `copy_number` copies, the rest having `ploidy`, that gives a mean log2 ratio.

    Notes
    -----
    f = ploidy (2^ratio - 1) / (copy_number - ploidy); may lie outside 0..1.

    Examples
    --------
    >>> round(fraction_at(math.log2(1.1), 2, 3), 12)
    0.2
    """
    return ploidy * (math.exp2(ratio_log2) - 1.0) / (copy_number - ploidy)


def ratio_at(cell_fraction: float, ploidy: int, copy_number: int) -> float:
    """Mean log2 ratio of a mixture: log2(1 + f (copy_number - ploidy) / ploidy); -inf where no copy is left.

    Examples
    --------
    >>> round(ratio_at(0.2, 2, 3), 6)
    0.137504
    """
    linear = 1.0 + cell_fraction * (copy_number - ploidy) / ploidy
    return math.log2(linear) if linear > 0 else -math.inf


def explain_ratio(ratio_log2: float, half_width_log2: float, level: float, ploidy: int, n: int) -> State:
    """The copy number nearest to the normal one that explains a ratio in at most all cells, with its fraction.

    Parameters
    ----------
    ratio_log2 : float, mean log2 ratio relative to `ploidy` copies
    half_width_log2 : float, of its interval, noise and waves together
    level : float, coverage of that interval, 0..1
    ploidy : int, 1 or 2
    n : int, bins or probes behind it

    Notes
    -----
    One copy more or less is taken unless even the lower end of the interval then needs more than all cells. Depth
    alone cannot tell two copies more in f of the cells from one copy more in 2 f: the nearest is reported. The
    interval is that of the mean ratio carried through the equation.
    """
    step = 1 if ratio_log2 > 0 else -1
    low_ratio, high_ratio = ratio_log2 - half_width_log2, ratio_log2 + half_width_log2
    nearer = low_ratio if step > 0 else high_ratio
    copy_number = ploidy + step
    while copy_number > 0 and fraction_at(nearer, ploidy, copy_number) > 1.0:
        copy_number += step
    ends = sorted(fraction_at(end, ploidy, copy_number) for end in (low_ratio, high_ratio))
    estimate = Estimate(
        estimate=min(max(fraction_at(ratio_log2, ploidy, copy_number), 0.0), 1.0),
        low=min(max(ends[0], 0.0), 1.0),
        high=min(max(ends[1], 0.0), 1.0),
        unit=FRACTION,
        level=level,
        method="mean log2 ratio, noise with waves, Student's t",
        n=n,
    )
    return State(kind="gain" if step > 0 else "loss", copy_number=copy_number, cell_fraction=estimate)
