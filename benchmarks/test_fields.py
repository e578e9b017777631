"""Fields of the lines of a table: kernels against their plain twins, and a table of 700,000 probes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels.fields import copy_field, count_fields
from reference import fields as plain


def table(n_rows: int) -> np.ndarray:
    text = "".join(f"rs{i}\t1\t{37 * i}\tAB\t-0.0123\t0.5012\n" for i in range(n_rows))
    return np.frombuffer(text.encode(), dtype=np.uint8)


@pytest.mark.parametrize("n_rows", [1000, 700_000])
@pytest.mark.parametrize("function", [count_fields, plain.count_fields])
def test_count_fields(benchmark: BenchmarkFixture, function: Callable[..., int], n_rows: int) -> None:
    out = np.empty(n_rows, dtype=np.int32)
    n = benchmark.pedantic(function, (table(n_rows), 9, out), rounds=5, warmup_rounds=1)
    assert n == n_rows
    assert (out == 6).all()


@pytest.mark.parametrize("n_rows", [1000, 700_000])
@pytest.mark.parametrize("function", [copy_field, plain.copy_field])
def test_copy_field(benchmark: BenchmarkFixture, function: Callable[..., int], n_rows: int) -> None:
    if function is plain.copy_field and n_rows > 1000:
        pytest.skip("half a minute")
    data = table(n_rows)
    out = np.empty(data.size, dtype=np.uint8)
    n = benchmark.pedantic(function, (data, 9, 0, out), rounds=5, warmup_rounds=1)
    assert n == sum(len(f"rs{i}\n") for i in range(n_rows))
