"""Spans of a text: kernels against their plain twins, on a VCF of 700,000 array probes."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.kernels import spans
from genostab.kernels.spans import find_fields, find_values
from reference import spans as plain

SIZES = [(spans, 1000), (plain, 1000), (spans, 700_000)]
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


def records(n_rows: int) -> np.ndarray:
    text = "".join(
        f"chr1\t{37 * i + 1}\trs{i}\tA\tG\t.\t.\tALLELE_A=0;ALLELE_B=1;GC=0.4{i % 100:02d}\tGT:GQ:BAF:LRR"
        f"\t{('0/0', '0/1', '1/1')[i % 3]}:20:0.{i % 9973:04d}:-0.{i % 7919:04d}\n"
        for i in range(n_rows)
    )
    return np.frombuffer(text.encode(), dtype=np.uint8)


def fields(n_rows: int, column: int) -> Rows:
    text = records(n_rows)
    start, end = (np.empty((1, n_rows), dtype=np.int32) for _ in range(2))
    assert find_fields(text, 9, 10, np.array([column]), start, end) == n_rows
    return text, start[0], end[0]


def values(n_rows: int, at: int) -> Rows:
    text, start, end = fields(n_rows, 9)
    wanted, layout = np.full((1, 4), -1), np.zeros(n_rows, dtype=np.int64)
    wanted[0, at] = 0
    first, last = (np.empty((1, n_rows), dtype=np.int32) for _ in range(2))
    assert find_values(text, ord(":"), start, end, wanted, layout, first, last) == n_rows
    return text, first[0], last[0]


@pytest.mark.parametrize(("module", "n_rows"), SIZES)
def test_find_fields(benchmark: BenchmarkFixture, module: ModuleType, n_rows: int) -> None:
    start, end = (np.empty((8, n_rows), dtype=np.int32) for _ in range(2))
    given = records(n_rows), 9, 10, np.array([0, 1, 2, 3, 4, 7, 8, 9]), start, end
    assert benchmark.pedantic(module.find_fields, given, rounds=5, warmup_rounds=1) == n_rows


@pytest.mark.parametrize(("module", "n_rows"), SIZES)
def test_find_values(benchmark: BenchmarkFixture, module: ModuleType, n_rows: int) -> None:
    first, last = (np.empty((3, n_rows), dtype=np.int32) for _ in range(2))
    layout = np.zeros(n_rows, dtype=np.int64)
    text, start, end = fields(n_rows, 9)
    given = text, ord(":"), start, end, np.array([[0, -1, 1, 2]]), layout, first, last
    assert benchmark.pedantic(module.find_values, given, rounds=5, warmup_rounds=1) == n_rows


@pytest.mark.parametrize(("module", "n_rows"), SIZES)
def test_number_texts(benchmark: BenchmarkFixture, module: ModuleType, n_rows: int) -> None:
    slots, first = np.empty(1 << 17, dtype=np.int32), np.empty(1 << 16, dtype=np.int64)
    given = *values(n_rows, 0), slots, np.empty(n_rows, dtype=np.int64), first
    assert benchmark.pedantic(module.number_texts, given, rounds=5, warmup_rounds=1) == 3


@pytest.mark.parametrize(("module", "n_rows"), SIZES)
def test_read_decimals(benchmark: BenchmarkFixture, module: ModuleType, n_rows: int) -> None:
    given = *values(n_rows, 3), np.empty(n_rows), np.empty(n_rows, dtype=np.bool_)
    assert benchmark.pedantic(module.read_decimals, given, rounds=5, warmup_rounds=1) == 0


@pytest.mark.parametrize(("module", "n_rows"), SIZES)
def test_copy_spans(benchmark: BenchmarkFixture, module: ModuleType, n_rows: int) -> None:
    rows = fields(n_rows, 2)
    out = np.empty(int((rows[2] - rows[1] + 1).sum()), dtype=np.uint8)
    assert benchmark.pedantic(module.copy_spans, (*rows, out), rounds=5, warmup_rounds=1) == out.size
