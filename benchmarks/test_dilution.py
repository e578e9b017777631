"""Limiting-dilution fits per second: kernel against its plain twin."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import reference.dilution
from genostab.kernels import dilution

DOSES = np.array([50.0, 100.0, 200.0, 400.0, 800.0])
TESTED = np.full(5, 24)
POSITIVE = np.array([2, 6, 9, 15, 21])


@pytest.mark.benchmark(group="dilution.fit, 5 doses")
@pytest.mark.parametrize("run", [dilution.fit, reference.dilution.fit], ids=["kernel", "reference"])
def test_five_doses(benchmark: BenchmarkFixture, run: Callable[..., tuple[float, float]]) -> None:
    run(DOSES, TESTED, POSITIVE)
    frequency, _ = benchmark(run, DOSES, TESTED, POSITIVE)
    assert 1 / frequency == pytest.approx(403.06318827298902675, rel=1e-13)


@pytest.mark.benchmark(group="dilution.fit, 100000 rows")
def test_many_rows(benchmark: BenchmarkFixture) -> None:
    doses, tested, positive = np.tile(DOSES, 20_000), np.tile(TESTED, 20_000), np.tile(POSITIVE, 20_000)
    dilution.fit(doses, tested, positive)
    frequency, _ = benchmark(dilution.fit, doses, tested, positive)
    assert 1 / frequency == pytest.approx(403.06318827298902675, rel=1e-10)
