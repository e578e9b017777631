"""TRAP plates of known truth: intervals that cover it, gates that fail when they must, and never a 0."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from genostab.arrays import Plate
from genostab.errors import InputError
from genostab.results import Measurement
from genostab.telomerase.settings import load_rules
from genostab.telomerase.trap import LysateActivity, TrapResult, assess_trap

STANDARDS = (40.0, 4.0, 0.4, 0.04, 0.004)


@dataclass(frozen=True)
class Well:
    role: str
    lysate: str = ""
    standard_amol: float = math.nan
    cells: float = math.nan
    true_amol: float = 0.0


def lysate(
    name: str,
    amol_per_cell: float,
    *,
    role: str = "sample",
    cells: Sequence[float] = (1000.0,),
    heat: float = 0.0,
) -> list[Well]:
    """Two wells and two heat-treated ones per amount of cells; `heat` is the share that heating leaves."""
    wells = []
    for n_cells in cells:
        active = amol_per_cell * n_cells
        wells += [Well(role, name, cells=n_cells, true_amol=active)] * 2
        wells += [Well("heat_treated", name, cells=n_cells, true_amol=heat * active)] * 2
    return wells


def standards(amounts: Sequence[float] = STANDARDS, replicates: int = 3) -> list[Well]:
    return [
        Well("standard", standard_amol=amol, true_amol=amol) for amol in amounts for _ in range(replicates)
    ]


INTERNAL = [Well("internal_control", "NSC", true_amol=0.5)] * 2 + [
    Well("internal_control", true_amol=0.5)
] * 2
BLANKS = [Well("no_template")] * 2 + [Well("lysis_buffer")] * 2
CONTROL = lysate("HEK293", 4e-3, role="positive_control")


def plate(wells: Sequence[Well], *, efficiency: float = 0.95, sd: float = 0.0, seed: int = 1) -> Plate:
    """Cq = 21.6 - log(amount) / log(1 + efficiency) + noise; no Cq without template."""
    noise = sd * np.random.default_rng(seed).standard_normal(len(wells))
    cq = [
        21.6 - math.log(well.true_amol) / math.log(1.0 + efficiency) + noise[i]
        if well.true_amol
        else math.nan
        for i, well in enumerate(wells)
    ]
    return Plate(
        well=tuple(f"{'ABCDEFGH'[i // 12]}{i % 12 + 1}" for i in range(len(wells))),
        role=tuple(well.role for well in wells),
        lysate=tuple(well.lysate for well in wells),
        amount_amol=np.array([well.standard_amol for well in wells]),
        cells=np.array([well.cells for well in wells]),
        cq=np.array(cq),
    )


def full(sample: Sequence[Well], control: Sequence[Well] = CONTROL) -> list[Well]:
    return [*standards(), *sample, *control, *BLANKS, *INTERNAL]


def only(result: TrapResult) -> LysateActivity:
    (found,) = result.lysates
    return found


def failed(result: TrapResult) -> set[str]:
    return {control.name for item in result.measurements for control in item.controls if not control.passed}


def net(result: TrapResult) -> Measurement:
    return next(item for item in result.measurements if item.metric == "telomerase.net_activity")


def test_plate_without_noise_gives_the_truth() -> None:
    result = assess_trap(
        plate(full(lysate("NSC", 8e-4, heat=0.1), lysate("HEK293", 4e-3, role="positive_control", heat=0.1))),
        "p",
    )
    found = only(result)
    assert failed(result) == set()
    assert found.verdict == "POSITIVE"
    assert found.net_activity.estimate == pytest.approx(0.9 * 8e-4, rel=1e-9)
    assert found.net_activity.unit == "amol/cell"
    assert found.relative_activity.estimate == pytest.approx(0.2, rel=1e-9)
    assert result.curve is not None
    assert result.curve.efficiency == pytest.approx(0.95, rel=1e-9)
    assert found.heat_delta_cq == pytest.approx(math.log(10.0) / math.log(1.95), rel=1e-9)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """400 plates: 95 % of each interval holds the truth, within 3 standard errors (1.1 %) of the binomial."""
    wells = full(lysate("NSC", 8e-4, heat=0.2), lysate("HEK293", 4e-3, role="positive_control", heat=0.2))
    true_net, true_ratio = 0.8 * 8e-4, 0.2
    covered = np.zeros(2)
    for seed in range(400):
        found = only(assess_trap(plate(wells, sd=0.1, seed=seed), "p"))
        for i, (estimate, truth) in enumerate(
            ((found.net_activity, true_net), (found.relative_activity, true_ratio))
        ):
            assert estimate.low is not None
            assert estimate.high is not None
            covered[i] += estimate.low <= truth <= estimate.high
    assert covered / 400 == pytest.approx([0.95, 0.95], abs=0.033)


def test_below_the_lowest_standard_is_a_bound_and_never_zero() -> None:
    result = assess_trap(plate(full(lysate("NSC", 2e-6)), sd=0.05), "p")
    found = only(result)
    assert failed(result) == set()
    assert found.verdict == "NEGATIVE"
    assert found.net_activity.status == "below_loq"
    assert found.net_activity.estimate is None
    assert found.net_activity.lod == pytest.approx(0.004 / 1000.0)
    assert found.net_activity.high is not None
    assert found.net_activity.high > 0.004 / 1000.0
    assert found.relative_activity.status == "below_loq"
    assert found.relative_activity.high is not None
    assert found.relative_activity.high > 2e-6 / 4e-3


def test_no_cq_at_all_is_below_the_lowest_standard() -> None:
    found = only(assess_trap(plate(full(lysate("NSC", 0.0))), "p"))
    assert found.verdict == "NEGATIVE"
    assert found.net_activity.estimate is None
    assert found.net_activity.status == "below_loq"


def test_heat_pair_within_one_cycle_leaves_the_activity_unresolved() -> None:
    result = assess_trap(plate(full(lysate("NSC", 8e-4, heat=0.7))), "p")
    found = only(result)
    assert failed(result) == set()
    assert found.verdict == "INDETERMINATE"
    assert found.net_activity.status == "not_detected"
    assert found.net_activity.estimate is None
    assert found.net_activity.high == pytest.approx(8e-4, rel=1e-6), "nothing is subtracted from the bound"


def drop(wells: Sequence[Well], role: str, name: str = "") -> list[Well]:
    return [well for well in wells if not (well.role == role and well.lysate == name)]


GOOD = full(lysate("NSC", 8e-4))


@pytest.mark.parametrize(
    ("wells", "control"),
    [
        (drop(GOOD, "heat_treated", "NSC"), "trap.heat_pair"),
        (drop(GOOD, "no_template"), "trap.no_template"),
        (drop(GOOD, "positive_control", "HEK293"), "trap.positive_control"),
        (drop(GOOD, "internal_control", "NSC"), "trap.inhibition"),
        (drop(GOOD, "internal_control"), "trap.inhibition"),
        (
            [*drop(GOOD, "internal_control", "NSC"), Well("internal_control", "NSC", true_amol=0.1)],
            "trap.inhibition",
        ),
        ([*drop(GOOD, "no_template"), Well("no_template", true_amol=0.2)], "trap.no_template"),
        ([*GOOD, Well("lysis_buffer", true_amol=0.2)], "trap.no_template"),
        ([*standards(STANDARDS[:4]), *GOOD[15:]], "trap.standards"),
        ([*standards(replicates=1), *GOOD[15:]], "trap.standards"),
        (full(lysate("NSC", 0.1)), "trap.within_curve"),
        (
            full(
                lysate("NSC", 8e-4, cells=(8000.0,)),
                lysate("HEK293", 4e-4, role="positive_control", cells=(8000.0,)),
            ),
            "trap.cell_equivalents",
        ),
        (full(lysate("NSC", 8e-4, cells=(500.0,))), "trap.equal_cell_equivalents"),
        (
            full(lysate("NSC", 8e-4), [*CONTROL, *lysate("HeLa", 4e-3, role="positive_control")]),
            "trap.positive_control",
        ),
        (full(lysate("NSC", 8e-4), lysate("HEK293", 1e-6, role="positive_control")), "trap.positive_control"),
    ],
)
def test_gates(wells: list[Well], control: str) -> None:
    assert failed(assess_trap(plate(GOOD), "p")) == set()
    result = assess_trap(plate(wells), "p")
    assert control in failed(result)
    relative = next(item for item in result.measurements if item.metric == "telomerase.relative_activity")
    assert relative.estimate is not None
    assert relative.estimate.status == "invalid"


@pytest.mark.parametrize("efficiency", [0.792370686465, 0.89, 1.11])
def test_efficiency_outside_its_limits_fails(efficiency: float) -> None:
    result = assess_trap(plate(GOOD, efficiency=efficiency), "p")
    assert "trap.efficiency" in failed(result)
    assert net(result).estimate is not None
    assert only(result).verdict == "INVALID"


@pytest.mark.parametrize("efficiency", [0.91, 1.0, 1.09])
def test_efficiency_inside_its_limits_passes(efficiency: float) -> None:
    assert failed(assess_trap(plate(GOOD, efficiency=efficiency), "p")) == set()


def shifted(wells: Sequence[Well], index: int, cycles: float) -> Plate:
    found = plate(wells)
    cq = found.cq.copy()
    cq[index] += cycles
    return replace(found, cq=cq)


def test_scatter_of_replicates_fails() -> None:
    sample = next(i for i, well in enumerate(GOOD) if well.role == "sample")
    assert "trap.replicate_sd" in failed(assess_trap(shifted(GOOD, sample, 0.5), "p"))
    assert failed(assess_trap(shifted(GOOD, sample, 0.4), "p")) == set(), "SD 0.28"
    assert "trap.standard_replicate_sd" in failed(assess_trap(shifted(GOOD, 0, 0.6), "p"))
    lowest = len(STANDARDS) * 3 - 1
    assert failed(assess_trap(shifted(GOOD, lowest, 0.6), "p")) == set(), "wider near the lowest standard"


def test_a_replicate_without_cq_fails() -> None:
    sample = next(i for i, well in enumerate(GOOD) if well.role == "sample")
    assert "trap.replicates" in failed(assess_trap(shifted(GOOD, sample, math.nan), "p"))


def test_a_gap_among_the_standards_fails() -> None:
    middle = 7
    assert "trap.standards" in failed(assess_trap(shifted(GOOD, middle, math.nan), "p"))


def test_an_undetermined_lowest_standard_raises_the_lowest_amount() -> None:
    wells = full(lysate("NSC", 8e-4))
    more = [*standards((*STANDARDS, 0.0004)), *wells[15:]]
    result = assess_trap(shifted(more, 17, math.nan), "p")
    assert failed(result) == set()
    assert result.curve is not None
    assert result.curve.lowest_amol == 0.004


def test_dilution_series_stands_in_for_an_internal_control() -> None:
    series = lysate("NSC", 8e-4, cells=(2000.0, 400.0, 250.0))
    control = lysate("HEK293", 4e-3, role="positive_control", cells=(400.0,))
    wells = [*standards(), *series, *control, *BLANKS]
    result = assess_trap(plate(wells), "p")
    found = only(result)
    assert failed(result) == set()
    assert (found.cells, found.relative_cells) == (2000.0, 400.0)
    assert found.net_activity.estimate == pytest.approx(8e-4, rel=1e-9)
    assert found.relative_activity.estimate == pytest.approx(0.2, rel=1e-9)
    inhibited = [
        replace(well, true_amol=well.true_amol * 0.1)
        if well.cells == 2000.0 and well.role == "sample"
        else well
        for well in wells
    ]
    assert "trap.inhibition" in failed(assess_trap(plate(inhibited), "p"))
    silent = [
        replace(well, true_amol=0.0) if well.cells == 2000.0 and well.role == "sample" else well
        for well in wells
    ]
    assert "trap.inhibition" in failed(assess_trap(plate(silent), "p"))


def test_plate_without_curve_is_invalid() -> None:
    result = assess_trap(plate([*lysate("NSC", 8e-4), *CONTROL, *BLANKS]), "p")
    assert result.curve is None
    assert "trap.curve" in failed(result)
    assert {item.estimate.status for item in result.measurements if item.estimate} == {"invalid"}


def test_plate_without_sample_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        assess_trap(plate([*standards(), *CONTROL, *BLANKS]), "trap.csv")
    assert caught.value.code == "GS-2401"
    assert caught.value.where == "trap.csv"


def test_every_rule_names_its_source() -> None:
    assert all(rule.source for rule in load_rules().values())
