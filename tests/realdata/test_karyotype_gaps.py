"""The real gaps of GRCh38 on simulated reads: no false loss at their edges, and homozygous losses told from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from genostab.io.genome import load_genome
from genostab.karyotype.empty import GAPS_UNKNOWN
from genostab.lot.manifest import Sequencing
from genostab.results import Call
from genostab.run.sequencing import Sequenced, analyse_sequencing
from tests.domain.karyotype_data import SETTINGS
from tests.realdata.counted_genome import write_counts

HG38 = load_genome("GRCh38")
LOSSES = [
    ("chr3", 100_000_000, 102_000_000, 0.0),
    ("chr5", 60_000_000, 60_150_000, 0.0),
    ("chr9", 30_000_000, 33_000_000, 0.3),  # no copy in 85 % of the cells
]


def analysed(counts: Path, *lists: Path, parent: Path | None = None) -> Sequenced:
    return analyse_sequencing(
        Sequencing(sample=counts, parent=(parent,) if parent else (), exclude=lists),
        sex=None,
        genome=HG38,
        settings=SETTINGS,
        threads=1,
        on_progress=lambda _: None,
    )


def reported(seen: Sequenced) -> list[Call]:
    return [call for call in seen.karyotype.calls if call.reported]


def figures(seen: Sequenced) -> dict[str, object]:
    return {name: value for name, value, _, _ in seen.qc}


@pytest.mark.parametrize("sex", ["female", "male"])
def test_gaps_alone_make_no_call(data_dir: Path, tmp_path: Path, sex: str) -> None:
    gaps = data_dir / "tracks" / "hg38_gaps.bed.gz"
    counts = write_counts(
        tmp_path / "a.tsv.gz", HG38, gaps=gaps, reads_per_bin=25, seed=2, sex=sex, gc_bias=-3.0
    )
    for lists in ((), (gaps,)):
        seen = analysed(counts, *lists)
        assert figures(seen)["sex"] == sex
        assert reported(seen) == []
        # A slope of -3 over a standard deviation of 0.03 is 0.09; none of it may be left.
        assert 0.07 < figures(seen)["GC trend before correction"] < 0.11  # type: ignore[operator]
        assert figures(seen)["GC trend left"] < 0.005  # type: ignore[operator]


def test_homozygous_losses_need_known_gaps_or_a_parent(data_dir: Path, tmp_path: Path) -> None:
    tracks = data_dir / "tracks"
    gaps, blacklist = tracks / "hg38_gaps.bed.gz", tracks / "encode_unified_GRCh38_exclusion_list.bed.gz"
    lot = write_counts(tmp_path / "a.tsv.gz", HG38, gaps=gaps, reads_per_bin=25, seed=3, events=LOSSES)
    bank = write_counts(tmp_path / "b.tsv.gz", HG38, gaps=gaps, reads_per_bin=25, seed=4)
    # Nothing says what is a gap, nor does a list of other things.
    for lists in ((), (blacklist,)):
        seen = analysed(lot, *lists)
        assert reported(seen) == []
        assert GAPS_UNKNOWN in seen.warnings
        assert figures(seen)["homozygous losses"] == "not told from gaps"
    for lists in ((gaps,), (gaps, blacklist)):
        seen = analysed(lot, *lists)
        assert GAPS_UNKNOWN not in seen.warnings
        found = reported(seen)
        assert [(call.chrom, call.start, call.end) for call in found] == [(c, s, e) for c, s, e, _ in LOSSES]
        assert {(call.copy_number, call.kind, call.origin) for call in found} == {(0, "loss", "unknown")}
        share = found[2].cell_fraction
        assert share.low is not None
        assert share.high is not None
        assert share.low <= 0.85 <= share.high
        assert share.high - share.low < 0.03
    paired = analysed(lot, parent=bank)
    assert GAPS_UNKNOWN not in paired.warnings
    assert {call.chrom for call in reported(paired)} == {"chr3", "chr5", "chr9"}


def test_a_lost_y_of_a_known_male_is_no_gap(data_dir: Path, tmp_path: Path) -> None:
    gaps = data_dir / "tracks" / "hg38_gaps.bed.gz"
    lost = [("chrY", 0, 60_000_000, 0.0)]
    counts = write_counts(tmp_path / "a.tsv.gz", HG38, gaps=gaps, reads_per_bin=25, seed=5, events=lost)
    block = Sequencing(sample=counts, exclude=(gaps,))
    seen = analyse_sequencing(
        block, sex="male", genome=HG38, settings=SETTINGS, threads=1, on_progress=lambda _: None
    )
    assert [(c.chrom, c.start, c.end, c.copy_number) for c in reported(seen)] == [("chrY", 0, 57_227_415, 0)]
    assert reported(seen)[0].iscn == "seq[GRCh38] (Y)x0"
