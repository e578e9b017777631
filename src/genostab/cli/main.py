"""`genostab`: the command line. Commands load what they need only when they run."""

from __future__ import annotations

import importlib
import io
import signal
import sys
from collections.abc import Sequence

import click

from genostab import __version__
from genostab.cli._text import say
from genostab.errors import (
    EXIT_BUG,
    EXIT_SIGINT,
    EXIT_USAGE,
    GenostabError,
    GenostabErrors,
    ResourceError,
    UsageError,
)

_COMMANDS = {
    "analyze": "genostab.cli.analyze",
    "check": "genostab.cli.check",
    "count": "genostab.cli.count",
    "demo": "genostab.cli.demo",
    "identity": "genostab.cli.identity",
    "panel": "genostab.cli.panel",
    "profile": "genostab.cli.profile",
    "scan": "genostab.cli.scan",
    "verify": "genostab.cli.verify",
    "warmup": "genostab.cli.warmup",
}
_SUMMARIES = {
    "analyze": "Analyse a lot from its manifest, or a single sequencing or array file.",
    "check": "Find every error of a manifest and its files, before any work.",
    "count": "Count a BAM or CRAM once, into a small file.",
    "demo": "Make a simulated lot with a known truth, and analyse it.",
    "identity": "Tell for every pair of samples whether they are of one donor.",
    "panel": "Make a panel of normals that takes out systematic noise.",
    "profile": "Show the release profiles that a lot can be judged against.",
    "scan": "Look at gross aneuploidy by an index, or by reads per chromosome of a cohort: a triage.",
    "verify": "Check that results are as they were written.",
    "warmup": "Compile all kernels into the cache.",
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called, and listed without being imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(_COMMANDS[cmd_name]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="genostab")
def genostab() -> None:
    """Judge the genetic stability and safety of a lot of iPSC-derived neural stem cells.

    How sure each verdict is, and what could not have been seen, stands beside it.

    Exit codes: 0 done, 2 usage or manifest, 3 input refused, 4 verdict FAIL (with --fail-on), 6 no disk, memory or
    permission, 7 output folder in use, 130 and 143 stopped by a signal, 1 a bug of genostab.
    """


class _Stopped(BaseException):
    """A signal, raised where the program is, so that it cleans up on its way out."""


def main() -> None:
    """Run the command line and leave with its exit code."""
    signals: list[int] = []

    def stop(signum: int, frame: object) -> None:
        signals.append(signum)
        raise _Stopped

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, stop)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a character gets its code; it must not cost the run its exit code.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(signals=signals))


def run(arguments: Sequence[str] | None = None, signals: Sequence[int] = ()) -> int:
    """Run the command line; the exit code. No traceback reaches a user, not even that of a bug of ours.

    Parameters
    ----------
    arguments : sequence of str, those of the process where None
    signals : sequence of int, what the signal handler has caught so far
    """
    try:
        # Where a command leaves by Exit, click gives back its code.
        code = genostab.main(args=None if arguments is None else list(arguments), standalone_mode=False)
    except BaseException as error:  # noqa: BLE001 - the last line of defence
        if signals:  # whatever compiled code made of the exception that the handler raised
            say(f"stopped by {signal.Signals(signals[0]).name}", err=True)
            return 128 + signals[0]
        return _exit_code(error)
    return code if isinstance(code, int) else 0


def _exit_code(error: BaseException) -> int:
    """Tell an error to the user; its exit code."""
    match error:
        case click.exceptions.NoArgsIsHelpError():
            say(error.format_message(), err=True)
            return EXIT_USAGE
        case click.UsageError():
            return _tell(_usage_error(error))
        case GenostabError() | GenostabErrors():
            return _tell(error)
        case click.exceptions.Abort() | KeyboardInterrupt():
            say("stopped", err=True)
            return EXIT_SIGINT
        case SystemExit():  # click's own way out where the reader of its help went away
            return 0
        case OSError() | MemoryError():
            return _tell(_resource_error(error))
    return _tell_bug(error)


def _usage_error(error: click.UsageError) -> UsageError:
    command = error.ctx.command_path if error.ctx else "genostab"
    return UsageError(
        "GS-1001",
        what="the command line is not understood",
        where=command,
        found=error.format_message(),
        expected=error.ctx.get_usage() if error.ctx else "genostab COMMAND",
        action=f"see {command} --help",
    )


def _resource_error(error: OSError | MemoryError) -> ResourceError:
    return ResourceError(
        "GS-5001",
        what="the system refused",
        where=str(getattr(error, "filename", None) or "this process"),
        found=getattr(error, "strerror", None) or str(error) or "no memory left",
        expected="enough space and memory, and the permission to use them",
        action="free the resource and run again",
    )


def _tell(error: GenostabError | GenostabErrors) -> int:
    say(str(error), err=True)
    return error.exit_code


def _tell_bug(error: BaseException) -> int:
    import tempfile
    import traceback

    details = f"genostab {__version__}\n{''.join(traceback.format_exception(error))}"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="genostab-bug-", suffix=".txt", delete=False, encoding="utf-8", errors="replace"
        ) as report:
            report.write(details)
        where = f"the file {report.name}"
    except OSError:
        where = "the command that you ran"
    say(
        f"This is a bug of genostab ({type(error).__name__}: {error}).\n  Please report it with {where}",
        err=True,
    )
    return EXIT_BUG


if __name__ == "__main__":
    main()
