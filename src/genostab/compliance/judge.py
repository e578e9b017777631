"""A lot's measurements under a profile: one verdict per criterion, and one line over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import get_args

from genostab.compliance.endotoxin import Dose, limit_for_dose
from genostab.compliance.profile import Criterion, Profile, Stage
from genostab.compliance.rules import (
    WORST_FIRST,
    Finding,
    Limit,
    VerdictName,
    in_memory_unit,
    judge_measurement,
)
from genostab.errors import UsageError
from genostab.results import Measurement


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One criterion judged: the columns of verdicts.tsv in their order (`class_` is the column ``class``).

    `measured`, `low`, `high`, `lod` and a numeric `limit` are in `unit`, fractions 0..1, None where there is
    none; `provenance` and `source` are the limit's; `reason` says why and lists every measurement of the metric.
    """

    attribute: str
    group: str
    stage: str
    measured: float | str | None
    low: float | None
    high: float | None
    unit: str
    limit: float | str | None
    direction: str
    n: int | None
    lod: float | None
    verdict: VerdictName
    class_: str
    provenance: str
    source: str
    criterion: str
    metric: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Overall:
    """The lot in one line of decision support; `counts` has every verdict of every class.

    `disposition` stays empty: a person fills it in.
    """

    line: str
    verdict: VerdictName
    counts: Mapping[VerdictName, int]
    disposition: str = ""


def verdict_row(verdict: Verdict) -> dict[str, float | int | str | None]:
    """A verdict as column name to value, in the order of verdicts.tsv."""
    return {field.name.removesuffix("_"): getattr(verdict, field.name) for field in fields(verdict)}


def _said(measurement: Measurement, finding: Finding) -> str:
    parts = (measurement.source, f"{finding[0]}: {finding[1]}", measurement.note)
    return " | ".join(part for part in parts if part)


def _verdict(
    criterion: Criterion,
    limit: Limit,
    stage: Stage | None,
    finding: Finding,
    measurement: Measurement | None,
) -> Verdict:
    estimate = None
    if measurement is not None and measurement.estimate is not None:
        estimate = in_memory_unit(measurement.estimate)
    measured: float | str | None = None if estimate is None else estimate.estimate
    if measured is None and measurement is not None:
        measured = measurement.text
    source = criterion.source
    return Verdict(
        attribute=criterion.attribute,
        group=criterion.group,
        stage=stage or ",".join(criterion.stage),
        measured=measured,
        low=None if estimate is None else estimate.low,
        high=None if estimate is None else estimate.high,
        unit=criterion.unit if estimate is None else estimate.unit,
        limit=limit,
        direction=criterion.direction,
        n=None if estimate is None else estimate.n,
        lod=None if estimate is None else estimate.lod,
        verdict=finding[0],
        class_=criterion.class_,
        provenance="+".join(criterion.provenance),
        source=", ".join(part for part in (source.ref, source.locator, source.url) if part),
        criterion=criterion.id,
        metric=criterion.metric,
        reason=finding[1],
    )


def _judge_criterion(
    profile: Profile,
    criterion: Criterion,
    measurements: Sequence[Measurement],
    stage: Stage | None,
    dose: Dose | None,
) -> Verdict:
    limit: Limit = criterion.limit
    rule = ""
    if criterion.limit_rule is not None:
        limit, rule = limit_for_dose(dose, profile.endotoxin)
    if not measurements:
        return _verdict(criterion, limit, stage, ("NOT TESTED", "no measurement"), None)
    judged: list[tuple[int, str, Measurement, Finding]] = []
    for measurement in measurements:
        finding = judge_measurement(profile, criterion, limit, measurement)
        said = _said(measurement, finding)
        judged.append((WORST_FIRST.index(finding[0]), said + repr(measurement), measurement, finding))
    judged.sort(key=lambda entry: entry[:2])
    _, _, worst, (name, _) = judged[0]
    reasons = [_said(measurement, finding) for _, _, measurement, finding in judged]
    reason = "; ".join([rule, *reasons] if rule else reasons)
    return _verdict(criterion, limit, stage, (name, reason), worst)


def judge(
    profile: Profile,
    measurements: Iterable[Measurement],
    *,
    stage: Stage | None,
    dose: Dose | None = None,
) -> tuple[Verdict, ...]:
    """One verdict per criterion of the profile that applies to `stage`, in the profile's order.

    Parameters
    ----------
    profile : Profile
    measurements : iterable of Measurement; those of one metric are each judged and the worst stands
    stage : str or None, ``ipsc_bank``, ``drug_substance`` or ``drug_product``; None applies every criterion
    dose : Dose or None, for limits that depend on it

    Returns
    -------
    tuple of Verdict; their order and content do not depend on the order of the measurements

    Raises
    ------
    UsageError
        GS-1104 for an unknown stage.

    Notes
    -----
    INVALID (a control failed) stands over FAIL, FAIL over INDETERMINATE (doubtful number or word, wrong unit, n
    below min_n, limit of detection above the limit or not stated where required, unmet requirement, bound beyond
    the limit), and that over REPORT and PASS. O(criteria + measurements).
    """
    if stage is not None and stage not in get_args(Stage):
        raise UsageError(
            "GS-1104",
            what="unknown stage",
            where="stage",
            found=repr(stage)[:80],
            expected=" or ".join(get_args(Stage)),
            action="name a known stage",
        )
    by_metric: dict[str, list[Measurement]] = {}
    for measurement in measurements:
        by_metric.setdefault(measurement.metric, []).append(measurement)
    return tuple(
        _judge_criterion(profile, criterion, by_metric.get(criterion.metric, []), stage, dose)
        for criterion in profile.criteria
        if stage is None or stage in criterion.stage
    )


def _overall_verdict(release: Sequence[Verdict], flagged: Sequence[str]) -> VerdictName:
    names = {verdict.verdict for verdict in release}
    if "FAIL" in names:
        return "FAIL"
    if "INVALID" in names:
        return "INVALID"
    if flagged:
        return "INDETERMINATE"
    if names == {"NOT TESTED"}:
        return "NOT TESTED"
    if names & {"INDETERMINATE", "NOT TESTED"}:
        return "INDETERMINATE"
    return "PASS" if names == {"PASS"} else "REPORT"


def overall(verdicts: Sequence[Verdict]) -> Overall:
    """The verdicts of a lot in one line of decision support.

    Parameters
    ----------
    verdicts : sequence of Verdict, as `judge` returns them

    Returns
    -------
    Overall; PASS only where there are criteria of class release, each is a PASS, and no other criterion is FAIL or
    INVALID; REPORT where the rest passes but a release criterion has no limit in the profile

    Notes
    -----
    Here a FAIL stands over an INVALID: an invalid assay does not take back a valid failure. O(verdicts).
    """
    release = [verdict for verdict in verdicts if verdict.class_ == "release"]
    others = [verdict for verdict in verdicts if verdict.class_ != "release"]
    counts: dict[VerdictName, int] = {
        name: sum(verdict.verdict == name for verdict in verdicts) for name in get_args(VerdictName)
    }
    said = [f"{sum(v.verdict == name for v in release)} {name}" for name in counts]
    flagged = [verdict.criterion for verdict in others if verdict.verdict in ("FAIL", "INVALID")]
    tested = any(verdict.verdict != "NOT TESTED" for verdict in verdicts)
    verdict = _overall_verdict(release, flagged) if tested else "NOT TESTED"
    line = (
        f"{verdict}: of {len(release)} release criteria {', '.join(said)}"
        + (f"; other criteria that failed: {', '.join(flagged)}" if flagged else "")
        + ". Decision support, not a certificate of release; disposition is left to a person."
    )
    return Overall(line=line, verdict=verdict, counts=counts)
