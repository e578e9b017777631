"""Every kernel has a plain twin, a test and a benchmark."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.contract._guards import kernel_doc_violations, names_used, pair_violations, public_functions
from tests.contract._tree import PACKAGE, ROOT, listed, python_files

KERNELS = sorted(file for file in (PACKAGE / "kernels").glob("*.py") if not file.name.startswith("_"))


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda file: file.stem)
def test_kernel_and_reference_share_names_and_arguments(kernel: Path) -> None:
    twin = ROOT / "reference" / kernel.name
    found = pair_violations(_text(kernel), _text(twin) if twin.exists() else None)
    assert not found, listed(found)


def test_reference_holds_no_module_without_a_kernel() -> None:
    twins = {file.name for file in (ROOT / "reference").glob("*.py") if not file.name.startswith("_")}
    assert twins == {file.name for file in KERNELS}


@pytest.mark.parametrize("folder", ["tests/kernels", "benchmarks"])
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda file: file.stem)
def test_every_public_kernel_is_used_in(kernel: Path, folder: str) -> None:
    used = {name for file in python_files(folder) for name in names_used(_text(file))}
    missing = sorted(public_functions(ast.parse(_text(kernel))).keys() - used)
    assert not missing, f"{kernel.name}: {missing} appear nowhere in {folder}"


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda file: file.stem)
def test_kernel_docstrings_name_arguments_shapes_and_dtypes(kernel: Path) -> None:
    found = kernel_doc_violations(_text(kernel))
    assert not found, listed(found)
