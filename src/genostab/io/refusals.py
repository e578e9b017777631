"""Refusals that several readers share: one fault in five parts, or the listed faults of one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genostab.errors import GenostabErrors, InputError
from genostab.io.limits import load_limits


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One fault on one line of a file; `line` is 1-based."""

    line: int
    what: str
    found: str
    expected: str


def refuse_lines(path: str, problems: Sequence[Problem], *, code: str, action: str) -> None:
    """Raise all problems of a file together, none where there is none.

    Parameters
    ----------
    path : str, the file
    problems : sequence of Problem
    code : str, the GS code that each gets
    action : str, what to do

    Raises
    ------
    GenostabErrors
        One InputError per line, in file order; past the cap of ``limits.yaml`` one more counts the rest.
    """
    if not problems:
        return
    cap = load_limits().listed_problems
    ordered = sorted(problems, key=lambda problem: problem.line)
    errors = [
        InputError(
            code,
            what=problem.what,
            where=f"{path}:{problem.line}",
            found=problem.found,
            expected=problem.expected,
            action=action,
        )
        for problem in ordered[:cap]
    ]
    if len(ordered) > cap:
        errors.append(
            InputError(
                code,
                what=f"{len(ordered) - cap} more faults in this file",
                where=f"{path}:{ordered[cap].line} and after",
                found=f"{len(ordered)} faults in all",
                expected="none",
                action=action,
            )
        )
    raise GenostabErrors(errors)


def no_samples(path: str, found: str, sample: str) -> InputError:
    """The refusal (GS-2201) of a sample's name for a file in which no sample has a name."""
    return InputError(
        "GS-2201",
        what="the file names no samples",
        where=path,
        found=found,
        expected=f"a table of bins, an array file or a VCF (snps) that holds {sample}",
        action="leave the name of the sample out, or give the file that it is a sample of",
    )
