"""Whether results are still as they were written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from genostab.errors import GenostabError, GenostabErrors, InputError
from genostab.run.audit import broken_entry
from genostab.run.provenance import sha256_of


def verify_results(out: Path) -> tuple[int, str]:
    """Number of files that are as recorded, and the SHA-256 of the log's last line.

    Parameters
    ----------
    out : Path, folder of an analysis

    Raises
    ------
    InputError
        GS-2001 without audit log.
    GenostabErrors
        GS-2501 for the log's first broken line, or for every file that is missing or changed.
    """
    log = out / "audit.jsonl"
    try:
        lines = log.read_bytes()
    except OSError as error:
        raise InputError(
            "GS-2001",
            what="there is no audit log",
            where=str(log),
            found=error.strerror or str(error),
            expected="the folder that genostab analyze wrote",
            action="check the path",
        ) from None
    broken = broken_entry(lines)
    if broken is not None or not lines:
        raise GenostabErrors([_changed(f"{log}:{broken or 1}", "a line that does not continue the chain")])
    last = lines.splitlines()[-1]
    recorded: dict[str, str] = json.loads(last)["files"]
    errors: list[GenostabError] = []
    for name, sha256 in recorded.items():
        path = out / name
        if not path.is_file():
            errors.append(_changed(str(path), "no file"))
        elif sha256_of(path) != sha256:
            errors.append(_changed(str(path), "another SHA-256"))
    if errors:
        raise GenostabErrors(errors)
    return len(recorded), hashlib.sha256(last).hexdigest()


def _changed(where: str, found: str) -> InputError:
    return InputError(
        "GS-2501",
        what="results were changed after they were written",
        where=where,
        found=found,
        expected="what audit.jsonl recorded",
        action="do not use these results; analyse again into an empty folder",
    )
