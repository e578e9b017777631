"""Changes of whole X and Y beside those of a part of X."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from genostab.arrays import Genome
from genostab.karyotype.call import Karyotype
from genostab.karyotype.origin import mean_over
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex_chromosomes import SexChromosomes
from genostab.results import Call, Sensitivity


def changes_of_a_part_of_x(karyotype: Karyotype, genome: Genome) -> list[Call]:
    """Reported calls of X that leave something of it."""
    length = int(genome.length_bp[genome.names.index("chrX")])
    of_x = [call for call in karyotype.calls if call.reported and call.chrom == "chrX"]
    return [call for call in of_x if call.end - call.start < length]


def add_sex_chromosomes(
    karyotype: Karyotype, sexes: SexChromosomes, genome: Genome, settings: Settings
) -> Karyotype:
    """The karyotype with the calls of whole X and Y in place of what it says of them, and the better sensitivity."""
    found = [call for call in sexes.calls if call.reported]
    is_all = bool(found) and not sexes.beside_parts
    same = {(call.chrom, call.start, call.end) for call in found}
    kept = [
        call
        for call in karyotype.calls
        if (call.chrom, call.start, call.end) not in same
        and (not is_all or call.chrom != "chrX" or _differs_from_rest(call, karyotype, genome, settings))
    ]
    calls = (*kept, *sexes.calls)
    return replace(
        karyotype,
        calls=tuple(sorted(calls, key=lambda call: (genome.names.index(call.chrom), call.start, call.end))),
        sensitivity=_better_of(karyotype.sensitivity, sexes.sensitivity),
    )


def _better_of(rows: Sequence[Sensitivity], sexes: Sequence[Sensitivity]) -> tuple[Sensitivity, ...]:
    """Sensitivity of the karyotype, of whole X and Y that of the test that sees the smaller share of cells."""
    of_whole = {row.region for row in sexes}
    least = {(row.region, row.kind): row for row in sexes}
    for row in rows:
        other = least.get((row.region, row.kind))
        if other is not None and _share(row) < _share(other):
            least[row.region, row.kind] = row
    return (*(row for row in rows if row.region not in of_whole), *least.values())


def _share(row: Sensitivity) -> float:
    return math.inf if row.min_cell_fraction is None else row.min_cell_fraction


def _differs_from_rest(part: Call, karyotype: Karyotype, genome: Genome, settings: Settings) -> bool:
    """Whether a change of a part of X is more than one of all of it: its level is another one."""
    profile = karyotype.own or karyotype.profile
    seen = mean_over(profile, genome.names.index(part.chrom), part.start, part.end)
    return seen is not None and abs(seen[0]) > settings.max_residual_z * seen[1]
