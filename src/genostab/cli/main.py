"""`genostab`: the command line. Commands load what they need only when they run."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import click

from genostab import __version__
from genostab.errors import EXIT_BUG, EXIT_SIGINT, EXIT_USAGE, GenostabError, GenostabErrors, UsageError

_COMMANDS = {
    "analyze": "genostab.cli.analyze",
    "check": "genostab.cli.check",
    "demo": "genostab.cli.demo",
    "profile": "genostab.cli.profile",
    "warmup": "genostab.cli.warmup",
}
_SUMMARIES = {
    "analyze": "Analyse a lot from its manifest, or a single sequencing or array file.",
    "check": "Find every error of a manifest and its files, before any work.",
    "demo": "Make a simulated lot with a known truth, and analyse it.",
    "profile": "Show the release profiles that a lot can be judged against.",
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
    """Is a lot of iPSC-derived neural stem cells genetically stable and safe, how sure is that, and what could not
    have been seen?

    Exit codes: 0 done, 2 usage or manifest, 3 input refused, 4 verdict FAIL (with --fail-on), 6 no disk, memory or
    permission, 7 output folder in use, 1 a bug of genostab.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code. No exception but the reader's own bug reaches a user."""
    try:
        genostab.main(args=None if arguments is None else list(arguments), standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        return EXIT_SIGINT
    except click.UsageError as error:
        return _tell(_usage_error(error))
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (GenostabError, GenostabErrors) as error:
        return _tell(error)
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
        return EXIT_SIGINT
    except BrokenPipeError:
        return 0
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug becomes a message, not a traceback
        return _tell_bug(error)
    return 0


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


def _tell(error: GenostabError | GenostabErrors) -> int:
    click.echo(str(error), err=True)
    return error.exit_code


def _tell_bug(error: Exception) -> int:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="genostab-bug-", suffix=".txt", delete=False, encoding="utf-8"
    ) as report:
        report.write(f"genostab {__version__}\n{''.join(traceback.format_exception(error))}")
    click.echo(
        f"This is a bug of genostab ({type(error).__name__}: {error}). No result was published.\n"
        f"  Please report it with the file {report.name}",
        err=True,
    )
    return EXIT_BUG


if __name__ == "__main__":
    main()
