"""The audit log: a chain that a change, a loss or an insertion breaks where it happened."""

from __future__ import annotations

import hashlib
import json

import pytest

from genostab.run.audit import append_entry, broken_entry


def log_of(n: int) -> bytes:
    log = b""
    for number in range(n):
        log = append_entry(
            log, time_utc=f"2026-01-0{number + 1}", actor="é", action="analyze", files={"b": "2", "a": "1"}
        )
    return log


def test_each_entry_holds_the_hash_of_the_line_before() -> None:
    lines = log_of(3).splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["previous"] for entry in entries] == [
        "0" * 64,
        *(hashlib.sha256(line).hexdigest() for line in lines[:2]),
    ]
    assert entries[0]["files"] == {"a": "1", "b": "2"}
    assert entries[0]["actor"] == "é"
    assert broken_entry(log_of(3)) is None
    assert broken_entry(b"") is None


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: [lines[0].replace(b"01-01", b"01-09"), *lines[1:]], 2),
        (lambda lines: [*lines[:2], lines[2].replace(b"2026", b"2025"), lines[3]], 4),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: [lines[0], lines[0], *lines[1:]], 2),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [*lines[:2], b"{", *lines[2:]], 3),
        (lambda lines: [*lines[:2], b"[]", *lines[2:]], 3),
        (lambda lines: [*lines, b"\xff"], 5),
    ],
    ids=[
        "first changed",
        "third changed",
        "one lost",
        "first lost",
        "doubled",
        "swapped",
        "no JSON",
        "no object",
        "no text",
    ],
)
def test_tampering_is_found_at_its_line(change, line: int) -> None:  # type: ignore[no-untyped-def]
    assert broken_entry(b"\n".join(change(log_of(4).splitlines())) + b"\n") == line


def test_a_lost_line_end_is_put_back_and_the_chain_goes_on() -> None:
    log = append_entry(log_of(1).rstrip(b"\n"), time_utc="t", actor="a", action="x", files={})
    assert broken_entry(log) is None
    assert len(log.splitlines()) == 2


def test_a_broken_log_stays_broken_when_it_grows() -> None:
    tampered = log_of(2).replace(b"01-01", b"01-09")
    grown = append_entry(tampered, time_utc="t", actor="a", action="x", files={})
    assert broken_entry(grown) == 2
