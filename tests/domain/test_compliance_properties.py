"""What has to hold for every measurement: no evidence, no PASS; less evidence, no PASS out of something else."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genostab.compliance.judge import judge
from genostab.compliance.profile import Criterion, load_profile
from genostab.results import Control, Estimate, Measurement, Status

PROFILES = [load_profile("keio-sci-2021"), load_profile("cn-nsc-2021")]
CRITERIA = {f"{p.id} {c.id}": (p, c) for p in PROFILES for c in p.criteria}
LIMITED = {name: (p, c) for name, (p, c) in CRITERIA.items() if isinstance(c.limit, float)}
FACTS = {"resolution_bp": 1000.0, "cell_fraction_lod": 0.05}

statuses = st.sampled_from(get_args(Status))


def verdict_of(name: str, *measurements: Measurement) -> str:
    profile, criterion = CRITERIA[name]
    verdicts = judge(profile.model_copy(update={"criteria": (criterion,)}), measurements, stage=None)
    return verdicts[0].verdict


@st.composite
def estimates(draw: st.DrawFn, criterion: Criterion) -> Estimate:
    limit = criterion.limit if isinstance(criterion.limit, float) else 1.0
    top = 1.0 if criterion.unit == "fraction" else 4 * limit + 4
    near = st.sampled_from([0.0, limit, limit / 2, min(top, limit * 1.5)])
    low, middle, high = sorted(draw(st.tuples(*[st.one_of(near, st.floats(0, top))] * 3)))
    return Estimate(
        estimate=draw(st.sampled_from([middle, middle, None])),
        low=draw(st.sampled_from([low, None])),
        high=draw(st.sampled_from([high, high, None])),
        unit=criterion.unit,
        level=0.95,
        method="test",
        n=draw(st.sampled_from([0, 1, 19, 20, 50, 100, 10**6])),
        status=draw(statuses),
        lod=draw(st.one_of(st.none(), st.floats(1e-9, top), st.just(max(limit, 1e-9)))),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, Measurement]:
    name = draw(st.sampled_from(sorted(LIMITED)))
    criterion = LIMITED[name][1]
    facts = draw(st.sampled_from([FACTS, {}, {**FACTS, "resolution_bp": 1e7}]))
    return name, Measurement(metric=criterion.metric, estimate=draw(estimates(criterion)), facts=facts)


@settings(max_examples=400)
@given(cases(), st.floats(0, 1), st.floats(0, 1), st.integers(0, 10**6))
def test_less_evidence_never_makes_a_pass(
    case: tuple[str, Measurement], left: float, right: float, fewer: int
) -> None:
    name, measurement = case
    before = measurement.estimate
    assert before is not None
    top = 1.0 if before.unit == "fraction" else math.inf
    weaker = [
        replace(before, low=None if before.low is None else before.low * (1 - left)),
        replace(before, high=None if before.high is None else min(top, before.high + right)),
        replace(before, lod=None if before.lod is None else min(top, before.lod + right)),
        replace(before, n=max(0, before.n - fewer)),
        replace(before, level=before.level - left),
        replace(before, low=None),
        replace(before, high=None),
        replace(before, estimate=None),
    ]
    verdicts = [verdict_of(name, replace(measurement, estimate=estimate)) for estimate in weaker]
    verdicts.append(verdict_of(name, replace(measurement, facts={})))
    if verdict_of(name, measurement) != "PASS":
        assert "PASS" not in verdicts


@settings(max_examples=200)
@given(
    st.sampled_from(sorted(CRITERIA)),
    statuses,
    st.sampled_from([None, "", "?", "95", "negative-ish", "ok", "1e9"]),
    st.booleans(),
)
def test_no_evidence_never_passes(name: str, status: Status, text: str | None, with_facts: bool) -> None:
    criterion = CRITERIA[name][1]
    facts = FACTS if with_facts else {}
    blank = Estimate(
        estimate=None, low=None, high=None, unit=criterion.unit, level=0.95, method="", n=10**6, status=status
    )
    assert verdict_of(name) == "NOT TESTED"
    assert verdict_of(name, Measurement(metric=criterion.metric, text=text, facts=facts)) != "PASS"
    if criterion.direction != "absent" or status != "not_detected":
        assert verdict_of(name, Measurement(metric=criterion.metric, estimate=blank, facts=facts)) != "PASS"


@settings(max_examples=200)
@given(cases(), st.sampled_from(["estimate", "low", "high", "lod"]), st.sampled_from(["nan", "inf", "-inf"]))
def test_what_is_no_finite_number_never_passes(case: tuple[str, Measurement], part: str, value: str) -> None:
    name, measurement = case
    assert measurement.estimate is not None
    spoiled = replace(measurement.estimate, **{part: float(value)})
    assert verdict_of(name, replace(measurement, estimate=spoiled)) != "PASS"


@settings(max_examples=200)
@given(cases(), st.data())
def test_the_order_of_measurements_does_not_matter_and_more_of_them_never_help(
    case: tuple[str, Measurement], data: st.DataObject
) -> None:
    name, first = case
    profile, criterion = CRITERIA[name]
    others = [replace(first, estimate=data.draw(estimates(criterion)), source=str(i)) for i in range(3)]
    profile = profile.model_copy(update={"criteria": (criterion,)})
    given_order = judge(profile, [first, *others], stage=None)
    drawn_order = judge(profile, data.draw(st.permutations([first, *others])), stage=None)
    assert given_order == drawn_order
    if given_order[0].verdict == "PASS":
        assert verdict_of(name, first) == "PASS"


@settings(max_examples=100)
@given(cases())
def test_a_failed_control_stands_over_all(case: tuple[str, Measurement]) -> None:
    name, measurement = case
    failed = replace(measurement, controls=(Control(name="blank", passed=False, detail="signal"),))
    assert verdict_of(name, failed) == "INVALID"


@pytest.mark.parametrize("name", LIMITED)
def test_every_limited_criterion_can_pass_and_fail(name: str) -> None:
    criterion = CRITERIA[name][1]
    limit = criterion.limit
    upwards = criterion.direction in ("ge", "gt")
    sharp = Estimate(
        estimate=limit,
        low=limit,
        high=limit,
        unit=criterion.unit,
        level=0.95,
        method="test",
        n=10**7,
        lod=limit or None,
    )
    beyond = limit - 0.1 if upwards else limit + 0.1
    assert verdict_of(name, Measurement(metric=criterion.metric, estimate=sharp, facts=FACTS)) == "PASS"
    missed = replace(sharp, estimate=beyond, low=beyond, high=beyond)
    assert verdict_of(name, Measurement(metric=criterion.metric, estimate=missed, facts=FACTS)) == "FAIL"
