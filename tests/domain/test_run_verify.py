"""Every change of a published result is found."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from genostab.errors import GenostabErrors, InputError
from genostab.run.audit import append_entry
from genostab.run.verify import verify_results

FILES = {"results.json": b'{"a":1}\n', "karyotype/calls.tsv": b"chrom\n"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    log = b""
    for time in ("2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"):
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
        log = append_entry(log, time_utc=time, actor="a", action="analyze", files=hashes)
    (tmp_path / "karyotype").mkdir()
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "audit.jsonl").write_bytes(log)
    return tmp_path


def test_untouched_results_hold(out: Path) -> None:
    last = (out / "audit.jsonl").read_bytes().splitlines()[-1]
    assert verify_results(out) == (2, hashlib.sha256(last).hexdigest())


@pytest.mark.parametrize("name", FILES)
def test_any_flipped_bit_is_found(out: Path, name: str) -> None:
    data = (out / name).read_bytes()
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        (out / name).write_bytes(changed)
        with pytest.raises(GenostabErrors) as error:
            verify_results(out)
        assert [e.code for e in error.value.errors] == ["GS-2501"]
        assert name in error.value.errors[0].where


def test_a_missing_file_is_found(out: Path) -> None:
    (out / "results.json").unlink()
    with pytest.raises(GenostabErrors, match=r"results\.json"):
        verify_results(out)


@pytest.mark.parametrize("line", [0, 1])
def test_a_changed_or_missing_line_of_the_log_is_found(out: Path, line: int) -> None:
    lines = (out / "audit.jsonl").read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b'"actor":"a"', b'"actor":"b"')
    (out / "audit.jsonl").write_bytes(b"".join(lines))
    if line == 0:
        with pytest.raises(GenostabErrors, match=r"audit\.jsonl:2"):
            verify_results(out)
    else:  # the last line has no successor: only its hash, kept elsewhere, shows the change
        assert verify_results(out)[1] != hashlib.sha256(lines[1].replace(b'"b"', b'"a"').strip()).hexdigest()


def test_without_a_log_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        verify_results(tmp_path)
    assert error.value.code == "GS-2001"
