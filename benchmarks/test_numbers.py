"""Tables of whole numbers: kernel against its plain twin, and a panel of 40 normals in 10-kb bins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels.numbers import read_numbers, write_numbers
from reference import numbers as plain


def table(n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.random.default_rng(4).poisson(300.0, (n_rows, 46)).astype(np.int64)
    text = np.zeros(n_rows * 46 * 5, dtype=np.uint8)
    return numbers, text[: write_numbers(numbers, text)]


@pytest.mark.parametrize("n_rows", [1000, 309_000])
@pytest.mark.parametrize("function", [read_numbers, plain.read_numbers])
def test_read_numbers(benchmark: BenchmarkFixture, function: Callable[..., int], n_rows: int) -> None:
    if function is plain.read_numbers and n_rows > 1000:
        pytest.skip("minutes")
    numbers, text = table(n_rows)
    out = np.zeros_like(numbers)
    assert benchmark.pedantic(function, (text, out), rounds=3, warmup_rounds=1) == n_rows


@pytest.mark.parametrize("n_rows", [1000, 309_000])
@pytest.mark.parametrize("function", [write_numbers, plain.write_numbers])
def test_write_numbers(benchmark: BenchmarkFixture, function: Callable[..., int], n_rows: int) -> None:
    if function is plain.write_numbers and n_rows > 1000:
        pytest.skip("minutes")
    numbers, text = table(n_rows)
    out = np.zeros(text.size, dtype=np.uint8)
    assert benchmark.pedantic(function, (numbers, out), rounds=3, warmup_rounds=1) == text.size
