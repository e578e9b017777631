"""Called chromosomes as records: copy number, fraction of cells with its interval, and how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genostab.arrays import ChromosomeCounts
from genostab.karyotype.chromosome_counts import CohortScreen
from genostab.karyotype.chromosome_settings import ChromosomeSettings
from genostab.results import CallKind, Estimate
from genostab.units import COPIES, FRACTION

TOO_MANY_COPIES = (
    "more copies than a chromosome of a culture has: foreign reads are likelier than a change of copies"
)


@dataclass(frozen=True, kw_only=True)
class ChromosomeCall:
    """One chromosome of one library that is called; `library` and `chrom` are indices into the cohort.

    `copies` is the mean over all cells; `p_value` is two-sided, `p_family` corrected for the chromosomes of the library
    (Bonferroni), `q_value` a false-discovery rate over the cohort; `min_cell_fraction` is the smallest fraction that
    would have been found, None where not even all cells would; `remark` is what speaks against the call, or "".
    """

    library: int
    chrom: int
    kind: CallKind
    copy_number: int
    copies: Estimate
    cell_fraction: Estimate
    score: float
    p_value: float
    p_family: float
    q_value: float
    min_cell_fraction: float | None
    remark: str


def chromosome_calls(
    counts: ChromosomeCounts, screen: CohortScreen, settings: ChromosomeSettings
) -> tuple[ChromosomeCall, ...]:
    """The calls of a screen, by library, then chromosome.

    Notes
    -----
    As for segments, the copy number nearest to two that explains the copies in at most all cells is given: depth cannot
    tell one copy more in all cells from two more in half of them.
    """
    calls = []
    for library, chrom in zip(*np.nonzero(screen.is_called), strict=True):
        at = (library, chrom)
        n = int(counts.n_reads[at])
        copies, low, high = (float(a[at]) for a in (screen.copies, screen.copies_low, screen.copies_high))
        step = 1 if screen.tests.score[at] > 0 else -1
        copy_number = 2 + step
        while copy_number > 0 and (low - copy_number if step > 0 else copy_number - high) > 0:
            copy_number += step
        cells = [min(max((each - 2.0) / (copy_number - 2), 0.0), 1.0) for each in (copies, low, high)]
        cells[1:] = sorted(cells[1:])
        limit = float((screen.min_gain if step > 0 else screen.min_loss)[at])
        p_value = float(screen.tests.p_value[at])
        calls.append(
            ChromosomeCall(
                library=int(library),
                chrom=int(chrom),
                kind="gain" if step > 0 else "loss",
                copy_number=copy_number,
                copies=_estimate([copies, low, high], COPIES, n, settings),
                cell_fraction=_estimate(cells, FRACTION, n, settings),
                score=float(screen.tests.score[at]),
                p_value=p_value,
                p_family=min(1.0, p_value * len(counts.chrom)),
                q_value=float(screen.q_value[at]),
                min_cell_fraction=None if np.isnan(limit) else limit,
                remark=TOO_MANY_COPIES if low > settings.max_copies else "",
            )
        )
    return tuple(calls)


def _estimate(values: Sequence[float], unit: str, n: int, settings: ChromosomeSettings) -> Estimate:
    estimate, low, high = values
    return Estimate(
        estimate=estimate,
        low=low,
        high=high,
        unit=unit,
        level=settings.level,
        method="reads per chromosome, profile likelihood, Student's t",
        n=n,
    )
