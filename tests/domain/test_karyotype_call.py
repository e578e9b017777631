"""Calls of lots and parents whose changes are set by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from genostab.arrays import Profile
from genostab.karyotype.annotate import Hotspot
from genostab.karyotype.call import Karyotype, call_depth, reject, withhold
from tests.domain.karyotype_data import SETTINGS, profile_of, toy_genome

GENOME = toy_genome()
WIDTH = 500_000
N = 24 * 200
TRISOMY = Hotspot(name="chr12 trisomy", chrom="chr12", start=0, end=100_000_000, kind="gain", genes=())


def level(events: dict[tuple[int, int, int], float], seed: int, sd: float = 0.05) -> Profile:
    ratio = np.random.default_rng(seed).normal(0, sd, N)
    for (chrom, first, last), copies in events.items():
        ratio[chrom * 200 + first : chrom * 200 + last] += math.log2(copies / 2)
    return profile_of(GENOME, WIDTH, ratio, sd=sd)


def called(
    lot: dict, parents: list[dict] = (), *, paired: bool = True, alone: bool = True, response_cv: float = 0.0
) -> Karyotype:
    own = level(lot, 1)
    of_parents = [level(parent, 2 + i) for i, parent in enumerate(parents)]
    difference = None
    if paired and len(of_parents) == 1:
        ratio = own.ratio_log2 - of_parents[0].ratio_log2
        difference = profile_of(GENOME, WIDTH, ratio, sd=0.05 * math.sqrt(2))
    return call_depth(
        alone=own if alone or difference is None else None,
        paired=difference,
        parents=of_parents,
        genome=GENOME,
        hotspots=(TRISOMY,),
        platform="seq",
        response_cv=response_cv,
        sex_sd_log2=0.0,
        settings=SETTINGS,
    )


def reported(karyotype: Karyotype) -> list[tuple[str, str, int, str]]:
    return [(c.chrom, c.kind, c.copy_number, c.origin) for c in karyotype.calls if c.reported]


TRISOMY_12 = {(11, 0, 200): 2.2}
DELETION = {(4, 100, 110): 1.0}


def test_alone_the_origin_is_unknown() -> None:
    (deletion, trisomy) = [c for c in called(TRISOMY_12 | DELETION).calls if c.reported]
    assert (deletion.chrom, deletion.kind, deletion.copy_number, deletion.origin) == (
        "chr5",
        "loss",
        1,
        "unknown",
    )
    assert (deletion.start, deletion.end, deletion.n_bins) == (50_000_000, 55_000_000, 10)
    assert deletion.cell_fraction.low <= 1.0 <= deletion.cell_fraction.high
    assert (trisomy.hotspot, trisomy.bands) == ("chr12 trisomy", "12")
    assert trisomy.cell_fraction.low < 0.2 < trisomy.cell_fraction.high
    assert trisomy.iscn == f"seq[toy] (12)x3[{trisomy.cell_fraction.estimate:.2f}]"


def test_against_the_parent_line_what_is_new_and_what_is_shared() -> None:
    found = called(TRISOMY_12 | DELETION, [DELETION])
    assert reported(found) == [("chr5", "loss", 1, "inherited"), ("chr12", "gain", 3, "acquired")]
    # The profile and the sensitivity are those of the comparison.
    assert found.profile.sd_log2[0] == pytest.approx(0.05 * math.sqrt(2))


def test_the_comparison_alone_where_the_lot_by_itself_is_not_told() -> None:
    found = called(TRISOMY_12 | DELETION, [DELETION], alone=False)
    assert reported(found) == [("chr12", "gain", 3, "acquired")]


def test_what_only_the_parent_has_is_no_change_of_the_lot() -> None:
    found = called({}, [{(7, 0, 200): 2.6}])
    assert reported(found) == []
    (call,) = [c for c in found.calls if c.chrom == "chr8"]
    assert (call.kind, call.origin) == ("loss", "unknown")
    assert "the parent has the opposite change" in call.reason


def test_parents_by_themselves_give_the_origin() -> None:
    found = called(TRISOMY_12 | DELETION, [{}, DELETION], paired=False)
    assert reported(found) == [("chr5", "loss", 1, "inherited"), ("chr12", "gain", 3, "acquired")]


def test_a_gain_beyond_the_parents_is_acquired_once() -> None:
    found = called({(4, 0, 200): 3.0}, [{(4, 0, 200): 2.2}])
    assert [entry[:2] for entry in reported(found)] == [("chr5", "gain")]
    assert reported(found)[0][3] == "acquired"


def test_response_widens_the_interval_and_nothing_else() -> None:
    exact, loose = called(TRISOMY_12), called(TRISOMY_12, response_cv=0.2)
    for a, b in zip(exact.calls, loose.calls, strict=True):
        assert (a.start, a.end, a.q_value) == (b.start, b.end, b.q_value)
        assert b.cell_fraction.low < a.cell_fraction.low
    narrow = exact.calls[0].cell_fraction
    wide = loose.calls[0].cell_fraction
    # 1.96 x 0.2 of the log2 ratio joins the noise in quadrature.
    noise = exact.calls[0].ratio_log2 - math.log2(1 + narrow.low / 2)
    total = loose.calls[0].ratio_log2 - math.log2(1 + wide.low / 2)
    assert total == pytest.approx(math.hypot(noise, 1.959964 * 0.2 * exact.calls[0].ratio_log2), rel=1e-6)


def test_a_rejected_line_says_why() -> None:
    found = [c for c in called({(4, 100, 102): 0.2}).calls if c.chrom == "chr5"]
    assert [(c.reported, c.n_bins) for c in found] == [(False, 2)]
    assert "fewer than 3" in found[0].reason


def test_rejecting_adds_a_reason() -> None:
    call = called(TRISOMY_12).calls[0]
    twice = reject(reject(call, "one"), "two")
    assert (twice.reported, twice.reason) == (False, "one; two")
    assert (twice.start, twice.cell_fraction) == (call.start, call.cell_fraction)


def test_withheld_reports_nothing_and_claims_nothing() -> None:
    whole = called(TRISOMY_12 | DELETION)
    assert any(row.min_cell_fraction is not None for row in whole.sensitivity)
    bare = withhold(whole, "why")
    assert reported(bare) == []
    assert all(call.reason.endswith("why") for call in bare.calls)
    assert all(row.min_cell_fraction is None for row in bare.sensitivity)
    assert (whole.withheld, bare.withheld) == ("", "why")
