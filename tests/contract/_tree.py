"""The files of this checkout, and one way to run a guard over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "genostab"
FOLDERS = ("src", "reference", "tests", "benchmarks", "docs", "examples", ".ci")


def python_files(*folders: str) -> list[Path]:
    """Sorted Python files below folders of the checkout; at least one."""
    files = sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    assert files, f"no Python file below {folders}"
    return files


def text_files() -> list[Path]:
    """Every file that belongs to the project and holds text."""
    below = [
        file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if "__pycache__" not in file.parts
    ]
    top = [file for file in ROOT.iterdir() if file.name != ".git"]
    return sorted(file for file in (*below, *top) if file.is_file() and _is_text(file))


def _is_text(file: Path) -> bool:
    return b"\0" not in file.read_bytes()[:8192]


def package_of(file: Path) -> str:
    """Dotted package that relative imports of a source file start from."""
    return ".".join(file.relative_to(ROOT / "src").parent.parts)


def violations(files: Iterable[Path], guard: Callable[[str], list[str]]) -> list[str]:
    """What a guard finds in files, each finding with the file's name."""
    found = []
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        found += [f"{file.relative_to(ROOT)} {problem}" for problem in guard(text)]
    return found


def listed(found: Iterable[str]) -> str:
    """Findings one per line, as an assertion message."""
    return "\n" + "\n".join(found)
