"""The errors that a user sees: what, where, found, expected, what to do, and a GS code with its exit code.

Every code is in `CODES`; `docs/errors.md` explains each one, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence

EXIT_DONE = 0
EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_INPUT = 3
EXIT_VERDICT_FAIL = 4
EXIT_UNITS_FAILED = 5
EXIT_RESOURCE = 6
EXIT_LOCKED = 7
EXIT_SIGINT = 130
EXIT_SIGTERM = 143

CODES: dict[str, str] = {
    "GS-1001": "unknown option or wrong command line",
    "GS-1101": "the manifest is not valid YAML",
    "GS-1102": "unknown key in a manifest or profile",
    "GS-1103": "missing key in a manifest or profile",
    "GS-1104": "wrong value in a manifest or profile",
    "GS-1105": "a file named in the manifest is missing",
    "GS-1106": "unknown release profile",
    "GS-1107": "unknown assembly",
    "GS-1108": "the output folder cannot be used",
    "GS-2001": "the input file is missing or unreadable",
    "GS-2002": "the input file is empty",
    "GS-2003": "the input file is truncated",
    "GS-2004": "the input file is not in the expected format",
    "GS-2005": "the input file is over a size, ratio or depth limit",
    "GS-2101": "contig names or lengths do not match the assembly",
    "GS-2102": "a damaged BGZF block or BAM record",
    "GS-2103": "a CRAM needs a reference that is not there",
    "GS-2104": "no usable reads or probes",
    "GS-2106": "a panel of normals cannot be made of these samples",
    "GS-2201": "a required column is missing",
    "GS-2202": "a value in a table is wrong",
    "GS-2203": "sample and parent or panel do not describe the same bins or probes",
    "GS-2204": "too few libraries for a reference",
    "GS-2301": "a VCF cannot be used for alleles",
    "GS-2401": "a plate or its layout cannot be used",
    "GS-2501": "results were changed after they were written",
    "GS-5001": "no space, memory or permission left",
    "GS-7001": "the output folder is in use by another run",
}


class GenostabError(Exception):
    """One refusal, in five parts and a code.

    Parameters
    ----------
    code : str, a key of `CODES`
    what : str, what is wrong
    where : str, file, line, record or option
    found : str, what was found there
    expected : str, what had to be there
    action : str, what to do
    """

    exit_code = EXIT_BUG

    def __init__(self, code: str, *, what: str, where: str, found: str, expected: str, action: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.where = where
        self.found = found
        self.expected = expected
        self.action = action

    def __str__(self) -> str:
        return (
            f"{self.code} {self.what}\n"
            f"  where:    {self.where}\n"
            f"  found:    {self.found}\n"
            f"  expected: {self.expected}\n"
            f"  do:       {self.action}"
        )


class UsageError(GenostabError):
    """The command line, the manifest or a profile is wrong (GS-1xxx)."""

    exit_code = EXIT_USAGE


class InputError(GenostabError):
    """An input file is refused (GS-2xxx)."""

    exit_code = EXIT_INPUT


class ResourceError(GenostabError):
    """Disk, memory or permission (GS-5xxx)."""

    exit_code = EXIT_RESOURCE


class LockedError(GenostabError):
    """Another run owns the output folder (GS-7xxx)."""

    exit_code = EXIT_LOCKED


class GenostabErrors(Exception):  # noqa: N818 - the plural of GenostabError
    """Several refusals, reported together.

    Parameters
    ----------
    errors : sequence of GenostabError, at least one
    """

    def __init__(self, errors: Sequence[GenostabError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = tuple(errors)
        self.exit_code = max(error.exit_code for error in errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)
