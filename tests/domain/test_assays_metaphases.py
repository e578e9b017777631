"""Metaphases: the clonality rule, fractions with exact intervals, power, and unreadable cells that invalidate."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from genostab.arrays import Metaphases
from genostab.assays.metaphases import assess_metaphases, find_changes, score_metaphases
from genostab.results import Measurement


def metaphases(g_band: Sequence[str], giemsa: Sequence[str] = ()) -> Metaphases:
    cells = [*g_band, *giemsa]
    return Metaphases(
        cell=tuple(str(i + 1) for i in range(len(cells))),
        karyotype=tuple(cells),
        stain=("g_band",) * len(g_band) + ("giemsa_count",) * len(giemsa),
    )


def measured(table: Metaphases) -> dict[str, Measurement]:
    return {item.metric: item for item in assess_metaphases(table, "gband.csv")}


def clones(*karyotypes: str, normal: int = 17) -> list[str]:
    table = metaphases([*karyotypes, *["46,XX"] * normal])
    return [item.change for item in find_changes(score_metaphases(table)) if item.clonal]


def test_twenty_normal_cells() -> None:
    found = measured(metaphases(["46,XX"] * 20))
    assert set(found) == {
        "karyotype.metaphases_g_band",
        "karyotype.normal_fraction_g_band",
        "karyotype.clonal_abnormalities",
        "karyotype.tetraploid_fraction",
    }
    count = found["karyotype.metaphases_g_band"].estimate
    assert count is not None
    assert (count.estimate, count.n, count.unit) == (20.0, 20, "count")
    normal = found["karyotype.normal_fraction_g_band"].estimate
    assert normal is not None
    assert (normal.estimate, normal.high) == (1.0, 1.0)
    assert normal.low == pytest.approx(1.0 - 0.1391083, abs=1e-6)
    clonal = found["karyotype.clonal_abnormalities"]
    assert clonal.estimate is not None
    assert clonal.estimate.estimate == 0.0
    assert [
        round(100 * clonal.facts[name], 1)
        for name in ("cell_fraction_lod_one", "cell_fraction_lod_gain", "cell_fraction_lod_loss")
    ] == [13.9, 21.6, 28.3]
    assert clonal.facts["cell_fraction_lod"] == clonal.facts["cell_fraction_lod_loss"]
    assert "21.6 %" in clonal.note
    assert "28.3 %" in clonal.note
    tetraploid = found["karyotype.tetraploid_fraction"].estimate
    assert tetraploid is not None
    assert tetraploid.status == "not_detected"
    assert tetraploid.estimate is None
    assert tetraploid.high == pytest.approx(1.0 - 0.05 ** (1 / 20))
    assert all(control.passed for item in found.values() for control in item.controls)


@pytest.mark.parametrize(
    ("karyotypes", "expected"),
    [
        (["47,XX,+12"] * 2, ["+12"]),
        (["47,XX,+12"], []),
        (["45,XX,-7"] * 2, []),
        (["45,XX,-7"] * 3, ["-7"]),
        (["46,XX,del(18)(q21)"] * 2, ["del(18)(q21)"]),
        (["46,XX,del(18)(q21)", "46,XX,del(18)(q22)"], []),
        (["47,XX,+12", "47,XX,+8"], []),
        (["48,XX,+8,+12", "47,XX,+12"], ["+12"]),
        (["48,XX,+12,+12"], []),
        (["47,XX,+i(12)(p10)", "46,XX,i(12)(p10)"], ["i(12)(p10)"]),
        (["47,XX,+mar"] * 2, ["mar"]),
        (["47,XXX", "47,XX,+X"], ["+X"]),
        (["45,X", "45,X,-X", "45,X"], ["-X"]),
        (["92,XXXX"] * 5, []),
        (["93,XXXX,+12", "47,XX,+12"], ["+12"]),
        (["46,XX,inv(9)(p12q13)c"] * 3, []),
    ],
)
def test_clonality(karyotypes: list[str], expected: list[str]) -> None:
    assert clones(*karyotypes) == expected


def test_sex_chromosome_loss_of_a_male_line() -> None:
    table = metaphases(["45,X,-Y", "45,X", "45,X", *["46,XY"] * 17])
    (change,) = find_changes(score_metaphases(table))
    assert (change.change, len(change.cells), change.clonal) == ("-Y", 3, True)


def test_clones_are_counted_and_listed() -> None:
    found = measured(metaphases(["47,XX,+12[3]/46,XX[16]", "45,XX,-7"]))
    clonal = found["karyotype.clonal_abnormalities"]
    assert clonal.estimate is not None
    assert (clonal.estimate.estimate, clonal.estimate.n) == (1.0, 20)
    assert "clonal: +12 in 3 of 20 cells" in clonal.note
    assert "not clonal: -7 in 1 of 20 cells (a clone needs 3)" in clonal.note
    normal = found["karyotype.normal_fraction_g_band"]
    assert normal.estimate is not None
    assert normal.estimate.estimate == 0.8
    assert "47,+12" in normal.note


def test_giemsa_counts() -> None:
    found = measured(metaphases(["46,XX"] * 20, ["46"] * 76 + ["92"] * 3 + ["47"]))
    giemsa = found["karyotype.normal_fraction_giemsa"].estimate
    assert giemsa is not None
    assert giemsa.estimate == pytest.approx(76 / 80)
    tetraploid = found["karyotype.tetraploid_fraction"].estimate
    assert tetraploid is not None
    assert (tetraploid.estimate, tetraploid.n) == (0.03, 100)
    clonal = found["karyotype.clonal_abnormalities"].estimate
    assert clonal is not None
    assert clonal.n == 20


def test_counts_alone_say_nothing_of_clones() -> None:
    found = measured(metaphases([], ["46"] * 50))
    assert "karyotype.clonal_abnormalities" not in found
    assert "karyotype.metaphases_g_band" not in found
    assert all(control.passed for item in found.values() for control in item.controls)


@pytest.mark.parametrize("unreadable", ["46,XX,idem", "47,XX", "46", "normal"])
def test_an_unreadable_cell_invalidates_and_is_listed(unreadable: str) -> None:
    found = measured(metaphases(["46,XX"] * 20 + [unreadable]))
    for item in found.values():
        bad = [control for control in item.controls if not control.passed]
        assert [control.name for control in bad] == ["karyotype.readable"]
        assert f"cell 21 ({unreadable})" in bad[0].detail
    fraction = found["karyotype.normal_fraction_g_band"].estimate
    assert fraction is not None
    assert fraction.status == "invalid"


@pytest.mark.parametrize("cells", [["46,XX"] * 19 + ["46,XY"], ["45,X"] * 20, ["47,XXY"] * 20])
def test_cells_of_two_sexes_or_of_none_invalidate(cells: list[str]) -> None:
    found = measured(metaphases(cells))
    assert {control.name for item in found.values() for control in item.controls if not control.passed} == {
        "karyotype.one_line"
    }
    normal = found["karyotype.normal_fraction_g_band"].estimate
    assert normal is not None
    assert normal.estimate != 1.0


def test_nothing_readable() -> None:
    found = measured(metaphases(["?"]))
    assert all(item.controls[0].passed is False for item in found.values())
    assert found["karyotype.metaphases_g_band"].estimate is not None
    for metric in ("normal_fraction_g_band", "clonal_abnormalities", "tetraploid_fraction"):
        estimate = found[f"karyotype.{metric}"].estimate
        assert estimate is not None
        assert estimate.estimate is None


def test_constitutional_changes_count_as_normal_and_are_named() -> None:
    normal = measured(metaphases(["46,XX,inv(9)(p12q13)c"] * 20))["karyotype.normal_fraction_g_band"]
    assert normal.estimate is not None
    assert normal.estimate.estimate == 1.0
    assert "constitutional, counted as normal: inv(9)(p12q13)" in normal.note


def test_few_cells_state_no_limit() -> None:
    facts = measured(metaphases(["46,XX"] * 2))["karyotype.clonal_abnormalities"].facts
    assert "cell_fraction_lod" not in facts
    assert "cell_fraction_lod_gain" in facts
