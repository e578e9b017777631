"""What the source may not hold: code that data could run, unseeded chance, records that change."""

from __future__ import annotations

from functools import partial

from tests.contract._guards import (
    assertion_violations,
    forbidden_violations,
    frozen_violations,
    machine_violations,
    rng_violations,
    size_violations,
    summary_violations,
)
from tests.contract._tree import PACKAGE, ROOT, listed, python_files, text_files, violations

SOURCES = python_files("src")
KERNELS = [file for file in SOURCES if file.parent == PACKAGE / "kernels"]
OTHERS = [file for file in SOURCES if file not in KERNELS]


def test_source_runs_no_code_from_data_and_keeps_numba_in_one_place() -> None:
    jit = PACKAGE / "kernels" / "_jit.py"
    files = [file for file in (*SOURCES, *python_files("reference")) if file != jit]
    found = violations(files, forbidden_violations) + violations(
        [jit], partial(forbidden_violations, njit_allowed=True)
    )
    assert not found, listed(found)


def test_random_numbers_are_seeded_and_never_global() -> None:
    found = violations(KERNELS, partial(rng_violations, kernel=True))
    found += violations([*OTHERS, *python_files("reference", "tests", "benchmarks")], rng_violations)
    assert not found, listed(found)


def test_public_functions_say_what_comes_out() -> None:
    found = violations(SOURCES, summary_violations)
    assert not found, listed(found)


def test_files_and_functions_are_short() -> None:
    found = violations(KERNELS, partial(size_violations, max_function=80))
    found += violations([*OTHERS, *python_files("reference", "tests", "benchmarks")], size_violations)
    assert not found, listed(found)


def test_dataclasses_are_frozen() -> None:
    found = violations(SOURCES, frozen_violations)
    assert not found, listed(found)


def test_every_test_asserts_something() -> None:
    tests = [file for file in python_files("tests") if file.name.startswith("test_")]
    found = violations(tests, assertion_violations)
    assert not found, listed(found)


def test_no_file_names_a_machine() -> None:
    files = text_files()
    assert ROOT / "pyproject.toml" in files
    found = violations(files, machine_violations)
    assert not found, listed(found)
