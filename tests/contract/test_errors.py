"""Every error code is explained, raised and tested, and no other code is in use."""

from __future__ import annotations

from genostab.errors import CODES
from tests.contract._guards import codes_in_strings, error_page_violations
from tests.contract._tree import PACKAGE, ROOT, python_files

PAGE = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def _codes_below(*folders: str) -> set[str]:
    files = [file for file in python_files(*folders) if file != PACKAGE / "errors.py"]
    texts = [file.read_text(encoding="utf-8") for file in files if "contract" not in file.parts]
    return {code for text in texts for code in codes_in_strings(text)}


def test_every_code_has_a_section_with_cause_and_cure() -> None:
    assert not error_page_violations(PAGE, CODES)


def test_every_section_title_repeats_the_meaning_of_its_code() -> None:
    missing = [code for code, meaning in CODES.items() if f"## {code}: {meaning}\n" not in PAGE]
    assert not missing


def test_every_code_in_the_source_is_known() -> None:
    assert _codes_below("src") <= CODES.keys()


def test_every_known_code_is_raised_somewhere() -> None:
    assert not sorted(CODES.keys() - _codes_below("src"))


def test_every_known_code_is_named_in_a_test() -> None:
    assert not sorted(CODES.keys() - _codes_below("tests"))
