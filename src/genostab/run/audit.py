"""audit.jsonl: one line per event, each holding the SHA-256 of the line before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

_START = "0" * 64


def append_entry(log: bytes, *, time_utc: str, actor: str, action: str, files: Mapping[str, str]) -> bytes:
    """The log with one more entry.

    Parameters
    ----------
    log : bytes, the log so far, empty at first
    time_utc : str, ISO 8601
    actor : str, who ran the command
    action : str, what was done
    files : mapping of file name to SHA-256 of what was written

    Notes
    -----
    Each entry holds the SHA-256 of the previous line, so that a changed, removed or inserted line breaks the chain. A
    log that is written anew from the start is caught only by a copy of its last hash kept elsewhere.
    """
    lines = log.splitlines()
    previous = hashlib.sha256(lines[-1]).hexdigest() if lines else _START
    entry = {
        "previous": previous,
        "time_utc": time_utc,
        "actor": actor,
        "action": action,
        "files": dict(sorted(files.items())),
    }
    line = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return log + (b"" if not log or log.endswith(b"\n") else b"\n") + line.encode() + b"\n"


def broken_entry(log: bytes) -> int | None:
    """1-based line at which the chain breaks; None where it holds."""
    previous = _START
    for number, line in enumerate(log.splitlines(), start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            return number
        if not isinstance(entry, dict) or entry.get("previous") != previous:
            return number
        previous = hashlib.sha256(line).hexdigest()
    return None
