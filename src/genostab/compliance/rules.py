"""One criterion against one measurement. Nothing passes without evidence; doubt is INDETERMINATE, never PASS."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from numbers import Integral, Real
from typing import Literal

from genostab.compliance.profile import Criterion, Profile, Vocabulary
from genostab.results import Estimate, Measurement
from genostab.units import CYCLES, FRACTION, LOG2_RATIO, normalise_unit

VerdictName = Literal["PASS", "FAIL", "INDETERMINATE", "NOT TESTED", "INVALID", "REPORT"]
Finding = tuple[VerdictName, str]
Limit = float | str | None

# from the one that stands over all others to the one that stands only alone
WORST_FIRST: tuple[VerdictName, ...] = ("INVALID", "FAIL", "INDETERMINATE", "NOT TESTED", "REPORT", "PASS")
_SIGNED_UNITS = (CYCLES, LOG2_RATIO)


def _number(value: object) -> float | None:
    if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, Integral) and int(value) >= 0 else None


def _part(value: object, unit: str) -> float | None:
    number = _number(value)
    return None if number is None else normalise_unit(number, unit)[0]


def in_memory_unit(estimate: Estimate) -> Estimate:
    """The estimate with percent as fraction and None for what is no finite number."""
    unit = estimate.unit
    return replace(
        estimate,
        estimate=_part(estimate.estimate, unit),
        low=_part(estimate.low, unit),
        high=_part(estimate.high, unit),
        lod=_part(estimate.lod, unit),
        unit=normalise_unit(0.0, unit)[1],
        n=_count(estimate.n) or 0,
    )


def _is_sound(raw: Estimate, estimate: Estimate) -> bool:
    """Whether every number of `raw` is one, is possible in its unit, and the interval holds its estimate."""
    pairs = [
        (raw.estimate, estimate.estimate),
        (raw.low, estimate.low),
        (raw.high, estimate.high),
        (raw.lod, estimate.lod),
    ]
    if any(before is not None and after is None for before, after in pairs) or _count(raw.n) is None:
        return False
    interval = [value for value in (estimate.low, estimate.estimate, estimate.high) if value is not None]
    known = [value for _, value in pairs if value is not None]
    if estimate.unit not in _SIGNED_UNITS:
        # a lower bound of a difference may lie below 0, all else may not, and no assay detects 0
        at_least_zero = [value for value in (estimate.estimate, estimate.high) if value is not None]
        if any(value < 0.0 for value in at_least_zero) or (estimate.lod is not None and estimate.lod <= 0.0):
            return False
    if estimate.unit == FRACTION and any(value > 1.0 for value in known):
        return False
    return interval == sorted(interval)


_SIGNS = {"le": "≤", "lt": "<", "ge": "≥", "gt": ">"}


def _meets(direction: str, value: float, limit: float) -> bool:
    if direction == "le":
        return value <= limit
    if direction == "lt":
        return value < limit
    if direction == "ge":
        return value >= limit
    return value > limit


def _judge_unquantified(criterion: Criterion, limit: float, estimate: Estimate) -> Finding:
    """A result that was not quantified: it lies below its upper bound or its limit of detection."""
    known = [value for value in (estimate.high, estimate.lod) if value is not None]
    shown = f"limit {_SIGNS[criterion.direction]} {limit:g}"
    if criterion.direction in ("ge", "gt"):
        if known and not _meets(criterion.direction, max(known), limit):
            return "FAIL", f"{estimate.status}, at most {max(known):g}; {shown}"
        return "INDETERMINATE", f"{estimate.status}; {shown}"
    if estimate.high is None:
        return "INDETERMINATE", f"{estimate.status}, without an upper bound; {shown}"
    if _meets(criterion.direction, max(known), limit):
        return "PASS", f"{estimate.status}, at most {max(known):g}; {shown}"
    return "INDETERMINATE", f"{estimate.status}, but up to {max(known):g} could be there; {shown}"


def _judge_ordered(criterion: Criterion, limit: float, estimate: Estimate) -> Finding:
    """A number against le, lt, ge or gt; a result stated as "> x" has no estimate, only its bound."""
    if estimate.status != "measured":
        return _judge_unquantified(criterion, limit, estimate)
    shown = f"limit {_SIGNS[criterion.direction]} {limit:g}"
    if criterion.judge_on == "estimate" and estimate.estimate is not None:
        passes = _meets(criterion.direction, estimate.estimate, limit)
        return "PASS" if passes else "FAIL", f"estimate {estimate.estimate:g}; {shown}"
    best, worst = estimate.low, estimate.high
    if criterion.direction in ("ge", "gt"):
        best, worst = worst, best
    if best is not None and not _meets(criterion.direction, best, limit):
        return "FAIL", f"even the bound {best:g} misses; {shown}"
    if worst is None:
        return "INDETERMINATE", f"neither estimate nor bound to judge on; {shown}"
    if _meets(criterion.direction, worst, limit):
        return "PASS", f"bound {worst:g}; {shown}"
    return "INDETERMINATE", f"bound {worst:g} beyond; {shown}"


def _judge_absence(estimate: Estimate) -> Finding:
    if estimate.status == "not_detected":
        return "PASS", "not detected"
    if estimate.status != "measured" or estimate.estimate is None:
        return "INDETERMINATE", f"{estimate.status}, without a number"
    if estimate.estimate > 0.0:
        return "FAIL", f"{estimate.estimate:g} found, none allowed"
    return ("PASS", f"0 of {estimate.n}") if estimate.n > 0 else ("INDETERMINATE", "0 of an unknown number")


def _judge_number(criterion: Criterion, limit: Limit, raw: Estimate) -> Finding:
    estimate = in_memory_unit(raw)
    if estimate.status == "not_computed":
        return "INDETERMINATE", "not computed"
    if not _is_sound(raw, estimate):
        return "INDETERMINATE", "no sound estimate: not a number, impossible, or outside its own interval"
    if criterion.direction == "absent":
        return _judge_absence(estimate)
    if estimate.unit.strip().casefold() != criterion.unit.strip().casefold():
        return "INDETERMINATE", f"unit {estimate.unit!r}, but the criterion is in {criterion.unit!r}"
    if not isinstance(limit, float):
        return "INDETERMINATE", "no limit to hold a number against"
    if criterion.direction != "eq":
        return _judge_ordered(criterion, limit, estimate)
    if estimate.status != "measured" or estimate.estimate is None:
        return "INDETERMINATE", f"{estimate.status}, without a number"
    return "PASS" if estimate.estimate == limit else "FAIL", f"{estimate.estimate:g}, must be {limit:g}"


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(" ".join(word.split()).casefold() for word in words)


def _judge_text(criterion: Criterion, limit: Limit, text: object, words: Vocabulary) -> Finding:
    if not isinstance(text, str) or criterion.direction not in ("absent", "eq") or isinstance(limit, float):
        return "INDETERMINATE", f"{text!r} is no number"
    wanted = _folded([limit or ""])
    if criterion.direction == "absent":
        good, bad = _folded(words.absent), _folded(words.present)
    elif wanted <= _folded(words.present):
        good, bad = _folded(words.present), _folded(words.absent)
    else:
        good, bad = _folded(words.conforms) | wanted, _folded(words.deviates)
    said = _folded([text])
    if said <= bad:
        return "FAIL", f"stated {text!r}"
    if said <= good:
        return "PASS", f"stated {text!r}"
    return "INDETERMINATE", f"{text!r} is neither a yes nor a no of the profile"


def _unmet(profile: Profile, criterion: Criterion, limit: Limit, measurement: Measurement) -> list[str]:
    """What the criterion needs of a measurement before it may PASS, and does not get."""
    estimate = None if measurement.estimate is None else in_memory_unit(measurement.estimate)
    n = 0 if estimate is None else estimate.n
    lod = None if estimate is None else estimate.lod
    unmet = [] if n >= criterion.min_n else [f"n {n} is below {criterion.min_n}"]
    if estimate is not None and (criterion.judge_on == "bound" or estimate.estimate is None):
        level = _number(estimate.level)
        if level is None or level < profile.bound_level:
            unmet.append(f"the interval's level {estimate.level} is below {profile.bound_level:g}")
    if lod is None and criterion.lod_required:
        unmet.append("no limit of detection stated")
    if lod is not None and criterion.direction in ("le", "lt") and isinstance(limit, float) and lod > limit:
        unmet.append(f"limit of detection {lod:g} is above the limit {limit:g}")
    for name, required in sorted(criterion.requires.items()):
        fact = _number(measurement.facts.get(name))
        if fact is None:
            unmet.append(f"{name} is not known")
            continue
        if required.le is not None and fact > required.le:
            unmet.append(f"{name} {fact:g} is above {required.le:g}")
        if required.ge is not None and fact < required.ge:
            unmet.append(f"{name} {fact:g} is below {required.ge:g}")
    held = {control.name for control in measurement.controls}
    return unmet + [f"control {name} is missing" for name in criterion.required_controls if name not in held]


def judge_measurement(
    profile: Profile, criterion: Criterion, limit: Limit, measurement: Measurement
) -> Finding:
    """Verdict and reason of one measurement under one criterion.

    Parameters
    ----------
    profile : Profile, for its words and the level of its bounds
    criterion : Criterion
    limit : float, str or None, the criterion's limit, or what its rule made of the dose
    measurement : Measurement of the criterion's metric

    Returns
    -------
    verdict : str
    reason : str

    Notes
    -----
    INVALID for a failed control; FAIL for a miss, even where a requirement is unmet; INDETERMINATE for what is
    doubtful or unmet; REPORT without a limit; PASS otherwise. O(1).
    """
    estimate = measurement.estimate
    failed = [f"{control.name} ({control.detail})" for control in measurement.controls if not control.passed]
    if failed:
        return "INVALID", "failed control: " + ", ".join(failed)
    if estimate is not None and estimate.status == "invalid":
        return "INVALID", "the assay is invalid"
    if estimate is None and measurement.text is None:
        return "INDETERMINATE", "neither a number nor a word"
    if criterion.direction == "report":
        computed = estimate is None or estimate.status != "not_computed"
        return ("REPORT", "no limit in this profile") if computed else ("INDETERMINATE", "not computed")
    findings: list[Finding] = []
    if estimate is not None:
        findings.append(_judge_number(criterion, limit, estimate))
    # beside a number, a word counts only where the criterion itself is about words
    if measurement.text is not None and (estimate is None or criterion.judge_on is None):
        findings.append(_judge_text(criterion, limit, measurement.text, profile.words))
    verdict, reason = min(findings, key=lambda finding: WORST_FIRST.index(finding[0]))
    unmet = _unmet(profile, criterion, limit, measurement)
    if verdict == "FAIL" or not unmet:
        return verdict, reason
    return "INDETERMINATE", "; ".join([*unmet, reason])
