"""What a count of copy-number changes is worth, by size, as a table of the report."""

from __future__ import annotations

from genostab.arrays import Genome
from genostab.karyotype.counting import SizeClass, count_by_size
from genostab.karyotype.settings import Settings
from genostab.report.document import Column, DetailTable
from genostab.results import Call
from genostab.run.sequenced import Sequenced


def counting_tables(sequenced: Sequenced, genome: Genome, settings: Settings) -> tuple[DetailTable, ...]:
    """Reported changes by size and origin beside what noise alone would add; none where calls are withheld."""
    karyotype = sequenced.karyotype
    if karyotype.withheld:
        return ()
    reported = [call for call in karyotype.calls if call.reported and call.kind != "cnloh"]
    classes = count_by_size(karyotype.profile, genome, settings)
    bp = ("bp", "bp")
    return (
        DetailTable(
            title="Copy-number changes counted by size",
            columns=(
                *(Column(name=name, unit=unit) for name, unit in zip(("from", "below"), bp, strict=True)),
                *(Column(name=name) for name in ("acquired", "unknown origin", "inherited")),
                Column(name="expected from noise alone"),
                Column(name="bins or probes"),
                Column(name="gain found from", unit="fraction"),
                Column(name="loss found from", unit="fraction"),
            ),
            rows=tuple(
                (
                    each.low_bp,
                    each.high_bp or None,
                    *(_n_of(reported, each, origin) for origin in ("acquired", "unknown", "inherited")),
                    each.expected_false,
                    each.n_bins,
                    each.gain,
                    each.loss,
                )
                for each in classes
            ),
            note="Expected from noise alone: the most that the calling allows in a genome without any change. Gains "
            "and losses of the lower size are found from that share of cells on with the stated power; none: not in "
            "any share.",
        ),
    )


def _n_of(calls: list[Call], size: SizeClass, origin: str) -> int:
    return sum(
        call.origin == origin
        and call.end - call.start >= size.low_bp
        and (size.high_bp == 0 or call.end - call.start < size.high_bp)
        for call in calls
    )
