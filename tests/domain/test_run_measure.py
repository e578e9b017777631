"""Calls and sensitivity as the measurements that profiles judge: what is doubtful widens, what is unseen is no fact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from genostab.arrays import Profile, Segments
from genostab.karyotype.call import Karyotype
from genostab.results import Call, Estimate, Measurement, Sensitivity
from genostab.run.measure import measure_karyotype

SHARE = Estimate(estimate=0.3, low=0.2, high=0.4, unit="fraction", level=0.95, method="m", n=9)
CALL = Call(
    chrom="chr12",
    start=0,
    end=133_275_309,
    kind="gain",
    copy_number=3,
    cell_fraction=SHARE,
    ratio_log2=0.2,
    n_bins=600,
    n_snps=0,
    score=9.0,
    q_value=1e-9,
    origin="acquired",
    hotspot="chr12 trisomy",
    bands="12",
    iscn="(12)x3",
    reported=True,
    reason="",
)
ROW = Sensitivity(
    region="12",
    chrom="chr12",
    start=0,
    end=133_275_309,
    kind="gain",
    evidence="depth",
    min_cell_fraction=0.08,
    power=0.95,
    alpha=0.01,
)
SPOT = replace(
    ROW, region="20q11.21 gain", chrom="chr20", start=31_000_000, end=33_000_000, min_cell_fraction=0.4
)
SIZE = replace(ROW, region="1 Mb", chrom="", start=0, end=1_000_000, kind="loss", min_cell_fraction=0.6)


def measured(
    calls: tuple[Call, ...], rows: tuple[Sensitivity, ...] = (ROW, SPOT, SIZE), withheld: str = ""
) -> dict[str, Measurement]:
    n = np.empty(0)
    fields: dict[str, Any] = dict.fromkeys(Profile.__dataclass_fields__, n)
    profile = Profile(**fields)
    segments = Segments(**dict.fromkeys(Segments.__dataclass_fields__, n))
    karyotype = Karyotype(
        profile=profile, segments=segments, calls=calls, sensitivity=rows, withheld=withheld
    )
    return {m.metric: m for m in measure_karyotype(karyotype, ["20q11.21 gain"], "nsc.bam")}


def counted(found: dict[str, Measurement], metric: str) -> tuple[float | None, float | None, float | None]:
    estimate = found[metric].estimate
    assert estimate is not None
    return estimate.estimate, estimate.low, estimate.high


def test_acquired_calls_count_and_inherited_and_rejected_ones_do_not() -> None:
    found = measured(
        (CALL, replace(CALL, origin="inherited"), replace(CALL, reported=False), replace(CALL, hotspot=""))
    )
    assert counted(found, "cnv.acquired_count") == (2, 2, 2)
    assert counted(found, "cnv.acquired_recurrent_count") == (1, 1, 1)


def test_an_unknown_origin_raises_the_upper_end_only() -> None:
    """It must neither be held against the lot nor let it pass."""
    found = measured((replace(CALL, origin="unknown"),))
    assert counted(found, "cnv.acquired_count") == (0, 0, 1)
    assert counted(found, "cnv.acquired_recurrent_count") == (0, 0, 1)
    assert "(12)x3" in found["cnv.acquired_count"].note


def test_the_largest_copy_number_is_that_of_gains_not_inherited() -> None:
    calls = (
        CALL,
        replace(CALL, copy_number=6, origin="inherited"),
        replace(CALL, kind="loss", copy_number=1),
    )
    assert counted(measured(calls), "cnv.max_copy_number")[0] == 3
    assert counted(measured((replace(CALL, copy_number=5, origin="unknown"),)), "cnv.max_copy_number")[0] == 5
    assert counted(measured(()), "cnv.max_copy_number")[0] == 2


def test_the_facts_are_the_worst_of_what_could_be_seen() -> None:
    worse = replace(ROW, region="13", chrom="chr13", min_cell_fraction=0.12)
    found = measured((), (ROW, worse, SPOT, SIZE))
    assert found["cnv.acquired_count"].facts == {"resolution_bp": 1_000_000, "cell_fraction_lod": 0.12}
    assert found["cnv.acquired_recurrent_count"].facts == {
        "resolution_bp": 1_000_000,
        "cell_fraction_lod": 0.4,
    }


@pytest.mark.parametrize(
    ("rows", "metric", "missing"),
    [
        ((replace(ROW, min_cell_fraction=None), SPOT, SIZE), "cnv.acquired_count", "cell_fraction_lod"),
        (
            (ROW, replace(SPOT, min_cell_fraction=None), SIZE),
            "cnv.acquired_recurrent_count",
            "cell_fraction_lod",
        ),
        ((ROW, SPOT, replace(SIZE, min_cell_fraction=None)), "cnv.acquired_count", "resolution_bp"),
        ((), "cnv.acquired_count", "cell_fraction_lod"),
        ((), "cnv.acquired_recurrent_count", "resolution_bp"),
    ],
)
def test_what_could_not_be_seen_at_all_is_no_fact(
    rows: tuple[Sensitivity, ...], metric: str, missing: str
) -> None:
    """One region in which nothing could be found takes the fact away; a profile that asks for it is indeterminate."""
    assert missing not in measured((), rows)[metric].facts


def test_withheld_calls_are_a_failed_control_and_never_a_count_of_none() -> None:
    for measurement in measured((), withheld="capture targets").values():
        assert [(control.passed, control.detail) for control in measurement.controls] == [
            (False, "capture targets")
        ]
    assert all(not measurement.controls for measurement in measured(()).values())


def test_a_rejected_change_that_both_alleles_may_have_made_widens_the_count() -> None:
    undecided = replace(CALL, reported=False, origin="unknown", undecided=True)
    for calls, high in (((CALL, undecided), 2.0), ((replace(undecided, origin="inherited"),), 0.0)):
        count = measured(calls)["cnv.acquired_count"].estimate
        assert (count.low, count.high) == (float(sum(call.reported for call in calls)), high)
    artefact = replace(undecided, undecided=False)
    assert measured((artefact,))["cnv.acquired_count"].estimate.high == 0.0
