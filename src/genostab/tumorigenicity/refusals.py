"""Refusal of wrong counts, all of them together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from genostab.errors import GenostabErrors, UsageError


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One number with the rule it has to keep."""

    name: str
    value: float
    holds: bool
    expected: str


def count_rules(*, positives: float, tested_cells: float, recovery: float) -> tuple[Rule, ...]:
    """Rules of one assay's counts."""
    return (
        Rule(
            name="tested_cells",
            value=tested_cells,
            holds=math.isfinite(tested_cells) and tested_cells > 0.0,
            expected="a number of cells above 0",
        ),
        Rule(
            name="positives",
            value=positives,
            holds=0 <= positives <= tested_cells and positives == math.floor(positives),
            expected="a whole number from 0 to tested_cells",
        ),
        Rule(
            name="recovery",
            value=recovery,
            holds=0.0 < recovery <= 1.0,
            expected="a fraction above 0 and at most 1",
        ),
    )


def refuse(rules: Sequence[Rule], *, where: str) -> None:
    """Raise all broken rules together; nothing where all hold.

    Raises
    ------
    GenostabErrors
        Holding one UsageError GS-1104 per broken rule.
    """
    broken = [
        UsageError(
            "GS-1104",
            what=f"{rule.name} is wrong",
            where=where,
            found=f"{rule.value:g}",
            expected=rule.expected,
            action=f"correct {rule.name}",
        )
        for rule in rules
        if not rule.holds
    ]
    if broken:
        raise GenostabErrors(broken)
