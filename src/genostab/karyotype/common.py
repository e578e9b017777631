"""Copy-number variants that many healthy people carry: what lies in one is never called acquired."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from genostab.karyotype.settings import Settings
from genostab.results import Call


@dataclass(frozen=True, kw_only=True)
class CommonVariant:
    """One region of an assembly; 0-based half-open, bp."""

    name: str
    chrom: str
    start: int
    end: int
    source: str


def load_common_variants(assembly: str) -> tuple[CommonVariant, ...]:
    """The shipped regions of an assembly; none where no source gives them in its coordinates.

    Examples
    --------
    >>> [(each.chrom, each.start) for each in load_common_variants("hg18")]
    [('chr11', 55130595), ('chr22', 22660000)]
    """
    text = files("genostab.karyotype").joinpath("common_cnv.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return tuple(
        CommonVariant(
            name=row["name"],
            chrom=row["chrom"],
            start=int(row["start"]),
            end=int(row["end"]),
            source=row["source"],
        )
        for row in csv.DictReader(lines, delimiter="\t")
        if row["assembly"] == assembly
    )


def spare_common(
    calls: Sequence[Call], variants: Sequence[CommonVariant], settings: Settings
) -> tuple[Call, ...]:
    """Calls, those inside a common variant no longer of acquired origin, with the variant as remark.

    Parameters
    ----------
    calls : sequence of Call
    variants : sequence of CommonVariant, of the calls' assembly
    settings : Settings, `min_common_share`

    Notes
    -----
    Inherited stays inherited; acquired becomes unknown, which still counts in the upper end of what may be acquired. A
    call that hits a recurrent abnormality keeps its origin.
    """
    return tuple(_spared(call, variants, settings) for call in calls)


def _spared(call: Call, variants: Sequence[CommonVariant], settings: Settings) -> Call:
    if call.hotspot:
        return call
    for variant in variants:
        inside = min(call.end, variant.end) - max(call.start, variant.start)
        if variant.chrom == call.chrom and inside >= settings.min_common_share * (call.end - call.start):
            remark = f"inside a common germline variant ({variant.name})"
            return replace(
                call,
                origin="unknown" if call.origin == "acquired" else call.origin,
                reason="; ".join(part for part in (call.reason, remark) if part),
            )
    return call
