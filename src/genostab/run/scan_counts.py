"""Triage of a cohort by reads per chromosome: gains and losses of whole chromosomes. Never a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genostab.arrays import ChromosomeCounts
from genostab.errors import InputError
from genostab.io.atomic import write_atomic
from genostab.io.chromosome_table import read_chromosome_counts
from genostab.io.tsv import table_bytes
from genostab.karyotype.chromosome_calls import ChromosomeCall, chromosome_calls
from genostab.karyotype.chromosome_counts import CohortScreen, screen_cohort
from genostab.karyotype.chromosome_settings import ChromosomeSettings, load_chromosome_settings

_COLUMNS = (
    "library",
    "protocol",
    "n_reads",
    "status",
    "reason",
    "chrom",
    "kind",
    "copy_number",
    "copies",
    "copies_low",
    "copies_high",
    "cell_fraction",
    "cell_fraction_low",
    "cell_fraction_high",
    "score",
    "p_value",
    "p_family",
    "q_value",
    "min_cell_fraction",
)
_SHOWN_CALLS = 20
_DECIMALS = 4


@dataclass(frozen=True, kw_only=True)
class CohortScan:
    """The table as bytes, and its summary in lines of text."""

    table: bytes
    summary: tuple[str, ...]


def scan_cohort(paths: Sequence[Path], output: Path | None = None) -> CohortScan:
    """Every library against the others of its protocol, and the table written to `output` where one is named.

    Parameters
    ----------
    paths : sequence of Path, one table with a row for each library, or an idxstats output for each
    output : Path or None

    Raises
    ------
    InputError, GenostabErrors
        As `read_chromosome_counts`; GS-2204 where no protocol has libraries enough for a reference.
    ResourceError
        GS-5001 where the table cannot be written.
    """
    settings = load_chromosome_settings()
    read = read_chromosome_counts(paths)
    screen = screen_cohort(read.counts, settings)
    if not screen.references:
        raise _too_few(read.counts, settings, ", ".join(map(str, paths))[:200])
    calls = chromosome_calls(read.counts, screen, settings)
    header = (*_COLUMNS, *(f"min_fraction_{chrom}" for chrom in read.counts.chrom))
    table = table_bytes(header, _rows(read.counts, screen, calls))
    if output is not None:
        write_atomic(output, table)
    return CohortScan(table=table, summary=(*read.notes, *_summary(read.counts, screen, calls, settings)))


def _too_few(counts: ChromosomeCounts, settings: ChromosomeSettings, where: str) -> InputError:
    enough = counts.n_reads.sum(axis=1) >= settings.min_reads
    per_protocol = Counter(protocol for protocol, good in zip(counts.protocol, enough, strict=True) if good)
    most = max(per_protocol.values(), default=0)
    return InputError(
        "GS-2204",
        what="too few libraries for a reference",
        where=where,
        found=f"{len(counts.library)} libraries, at most {most} of one protocol with {settings.min_reads} reads",
        expected=f"at least {settings.min_libraries} such libraries of one protocol",
        action="add libraries made in the same way; for one BAM alone, genostab scan FILE.bam or genostab analyze",
    )


def _rows(
    counts: ChromosomeCounts, screen: CohortScreen, calls: Sequence[ChromosomeCall]
) -> Iterator[list[object]]:
    """A row for each call, and one for each library without."""
    by_library: dict[int, list[ChromosomeCall]] = {}
    for call in calls:
        by_library.setdefault(call.library, []).append(call)
    limits = np.round(np.maximum(screen.min_gain, screen.min_loss), _DECIMALS).tolist()
    reads = counts.n_reads.sum(axis=1).tolist()
    for i, (library, protocol, reason) in enumerate(
        zip(counts.library, counts.protocol, screen.reason, strict=True)
    ):
        start: list[object] = [library, protocol, reads[i]]
        found = by_library.get(i, [])
        for call in found:
            yield [*start, "called", call.remark, *_call_cells(call, counts.chrom[call.chrom]), *limits[i]]
        if not found:
            status = "not_callable" if reason else "none_found"
            shown = [None] * len(limits[i]) if reason else limits[i]
            yield [*start, status, reason, *[None] * (len(_COLUMNS) - 5), *shown]


def _call_cells(call: ChromosomeCall, chrom: str) -> list[object]:
    estimates = [
        None if value is None else round(value, _DECIMALS)
        for each in (call.copies, call.cell_fraction)
        for value in (each.estimate, each.low, each.high)
    ]
    limit = None if call.min_cell_fraction is None else round(call.min_cell_fraction, _DECIMALS)
    odds = [float(f"{value:.4g}") for value in (call.score, call.p_value, call.p_family, call.q_value)]
    return [chrom, call.kind, call.copy_number, *estimates, *odds, limit]


def _summary(
    counts: ChromosomeCounts,
    screen: CohortScreen,
    calls: Sequence[ChromosomeCall],
    settings: ChromosomeSettings,
) -> Iterator[str]:
    n_callable = sum(not reason for reason in screen.reason)
    n_called = len({call.library for call in calls})
    error = settings.family_wise_error
    yield f"{len(counts.library)} libraries: {n_callable} callable, {len(counts.library) - n_callable} not"
    for reason, n in Counter(reason for reason in screen.reason if reason).most_common():
        yield f"  {n} not callable: {reason}"
    yield (
        f"{n_called} libraries with a call; by chance alone at most {error * n_callable:.0f} are expected "
        f"({error:.0%} of the callable ones)"
    )
    firm = sorted((call for call in calls if call.q_value <= error), key=lambda call: call.p_value)
    yield f"{len(firm)} calls with a false-discovery rate of {error:.0%} over the cohort"
    for call in firm[:_SHOWN_CALLS]:
        fraction = call.cell_fraction
        yield (
            f"  {counts.library[call.library]}: {call.kind} of {counts.chrom[call.chrom]}, "
            f"{fraction.estimate:.0%} of cells ({fraction.low:.0%} to {fraction.high:.0%})"
        )
    if len(firm) > _SHOWN_CALLS:
        yield f"  and {len(firm) - _SHOWN_CALLS} more in the table"
