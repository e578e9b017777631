"""Calls and sensitivity to the measurements that profiles judge."""

from __future__ import annotations

import math
from collections.abc import Sequence

from genostab.karyotype.call import Karyotype
from genostab.karyotype.sensitivity import resolution_bp
from genostab.results import Call, Control, Estimate, Measurement, Sensitivity
from genostab.units import COUNT


def _count(calls: Sequence[Call], doubtful: Sequence[Call], n_regions: int) -> Estimate:
    """Calls, with those in doubt as the upper end: they may be acquired."""
    return Estimate(
        estimate=float(len(calls)),
        low=float(len(calls)),
        high=float(len(calls) + len(doubtful)),
        unit=COUNT,
        level=1.0,
        method="calls of acquired origin; the upper end adds those of unknown origin, and undecided ones",
        n=n_regions,
    )


def _is_doubtful(call: Call) -> bool:
    return (call.reported and call.origin == "unknown") or (call.undecided and call.origin != "inherited")


def _worst_fraction(rows: Sequence[Sensitivity]) -> float | None:
    """The largest smallest fraction of any region and kind of change; None where one shows nothing even in all cells.

    Of the rows of one region and kind the most sensitive evidence counts.
    """
    best: dict[tuple[str, str], float] = {}
    for row in rows:
        place = (row.region, row.kind)
        fraction = math.inf if row.min_cell_fraction is None else row.min_cell_fraction
        best[place] = min(best.get(place, math.inf), fraction)
    worst = max(best.values(), default=math.inf)
    return worst if math.isfinite(worst) else None


def measure_karyotype(
    karyotype: Karyotype, hotspot_names: Sequence[str], source: str
) -> tuple[Measurement, ...]:
    """Numbers of copy-number changes, with what could have been seen as facts.

    Parameters
    ----------
    karyotype : Karyotype
    hotspot_names : sequence of str, regions of the sensitivity table that are recurrent abnormalities
    source : str, the file

    Notes
    -----
    A fact that is not there ("nothing that small could be seen") makes a criterion that requires it indeterminate.
    """
    reported = [call for call in karyotype.calls if call.reported]
    new = [call for call in reported if call.origin == "acquired"]
    doubtful = [call for call in karyotype.calls if _is_doubtful(call)]
    n_regions = len({(row.chrom, row.start, row.end) for row in karyotype.sensitivity})
    facts: dict[str, float] = {}
    resolution = resolution_bp(karyotype.sensitivity)
    if resolution is not None:
        facts["resolution_bp"] = resolution
    of_copies = [row for row in karyotype.sensitivity if row.kind != "cnloh"]
    chromosomes = [row for row in of_copies if row.region == row.chrom.removeprefix("chr")]
    worst = _worst_fraction(chromosomes)
    hot_facts = dict(facts)
    if worst is not None:
        facts["cell_fraction_lod"] = worst
    worst_hot = _worst_fraction([row for row in of_copies if row.region in hotspot_names])
    if worst_hot is not None and hotspot_names:
        hot_facts["cell_fraction_lod"] = worst_hot
    recurrent = [call for call in new if call.hotspot]
    doubtful_recurrent = [call for call in doubtful if call.hotspot]
    copies = [call.copy_number for call in (*new, *doubtful) if call.kind == "gain"]
    controls = _controls(karyotype)
    return (
        Measurement(
            metric="cnv.acquired_count",
            estimate=_count(new, doubtful, n_regions),
            controls=controls,
            facts=facts,
            source=source,
            note="; ".join(call.iscn for call in (*new, *doubtful)),
        ),
        Measurement(
            metric="cnv.acquired_recurrent_count",
            estimate=_count(recurrent, doubtful_recurrent, n_regions),
            controls=controls,
            facts=hot_facts,
            source=source,
            note="; ".join(f"{call.hotspot}: {call.iscn}" for call in (*recurrent, *doubtful_recurrent)),
        ),
        Measurement(
            metric="cnv.max_copy_number",
            estimate=Estimate(
                estimate=float(max(copies, default=2)),
                low=None,
                high=None,
                unit=COUNT,
                level=0.95,
                method="largest copy number of a gain, inherited ones left out; 2 where there is none",
                n=n_regions,
            ),
            controls=controls,
            facts=facts,
            source=source,
        ),
    )


def _controls(karyotype: Karyotype) -> tuple[Control, ...]:
    """A failed control where calls are withheld: a count of 0 would then look like a finding."""
    if not karyotype.withheld:
        return ()
    return (Control(name="copy number can be called", passed=False, detail=karyotype.withheld),)
