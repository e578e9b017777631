"""Options that several commands share, progress on the terminal, and the verdict table."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from genostab.cli._text import filled, say, text_table

if TYPE_CHECKING:
    from genostab.run.analyze import Outcome

F = TypeVar("F", bound=Callable[..., Any])

output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="OUT", help="Output folder."
)
threads_option = click.option(
    "--threads",
    type=click.IntRange(1, 256),
    default=2,
    show_default=True,
    help="Threads; results do not depend on it.",
)


def verbosity_options(command: F) -> F:
    """-q and -v."""
    command = click.option("-q", "--quiet", is_flag=True, help="No progress, no table.")(command)
    return click.option(
        "-v", "--verbose", is_flag=True, help="One line per step, also where stderr is no terminal."
    )(command)


@contextmanager
def progress(*, quiet: bool, verbose: bool) -> Iterator[Callable[[str], None]]:
    """A function that shows the present step on stderr: a spinner on a terminal, lines with -v, else nothing."""
    if quiet:
        yield lambda message: None
    elif verbose:
        shown = ""

        def tell(message: str) -> None:
            nonlocal shown
            step = message.split(":", maxsplit=1)[0]
            if step != shown:
                shown = step
                say(step, err=True)

        yield tell
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True).status("starting") as status:
            # A file's name may hold what rich would read as markup.
            yield lambda message: status.update(Text(message))
    else:
        yield lambda message: None


def actor() -> str:
    """Who runs the command, for the audit log."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def _format(value: float | str | None) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def outcome_text(outcome: Outcome) -> str:
    """The verdict table, the calls, what was not tested, and where the report is."""
    table = [("criterion", "attribute", "measured", "rule", "verdict", "class")]
    table += [
        (
            verdict.criterion,
            verdict.attribute,
            _format(verdict.measured),
            f"{verdict.direction} {_format(verdict.limit)}".strip(),
            verdict.verdict,
            verdict.class_,
        )
        for verdict in outcome.verdicts
    ]
    lines = [text_table(table), ""]
    reported = [call for call in outcome.calls if call.reported]
    if reported:
        calls = [("call", "cells", "95 %", "origin", "recurrent")]
        calls += [
            (
                call.iscn,
                _format(call.cell_fraction.estimate),
                f"{_format(call.cell_fraction.low)}-{_format(call.cell_fraction.high)}",
                call.origin,
                call.hotspot,
            )
            for call in reported
        ]
        lines += [text_table(calls), ""]
    lines += [filled(f"not tested: {each.block} ({each.reason})", "  ") for each in outcome.not_tested]
    return "\n".join([*lines, filled(outcome.overall.line), f"report: {outcome.report}"])


def fails(outcome: Outcome, fail_on: str | None) -> bool:
    """Whether the overall verdict is one that --fail-on names."""
    levels = {"fail": ("FAIL",), "indeterminate": ("FAIL", "INVALID", "INDETERMINATE", "NOT TESTED")}
    return fail_on is not None and outcome.overall.verdict in levels[fail_on]
