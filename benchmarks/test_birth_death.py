"""Composed stages per second: kernel against its plain twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import reference.birth_death
from genostab.kernels import birth_death

RELATIVE = 1e-12


def _stages(n_sets: int, n_stages: int) -> tuple[np.ndarray[Any, Any], ...]:
    rng = np.random.default_rng(1)
    shape = (n_sets, n_stages)
    return (
        rng.uniform(0.2, 1.2, shape),
        rng.uniform(0.1, 1.0, shape),
        np.full(shape, 2.0),
        np.full(shape, 0.5),
    )


@pytest.mark.benchmark(group="birth_death.chain, 8 stages")
@pytest.mark.parametrize(
    ("run", "n_sets"),
    [(birth_death.chain, 10_000), (birth_death.chain, 20), (reference.birth_death.chain, 20)],
    ids=["kernel, 10000 sets", "kernel, 20 sets", "reference, 20 sets"],
)
def test_chain(benchmark: BenchmarkFixture, run: Callable[..., Any], n_sets: int) -> None:
    table = _stages(n_sets, 8)
    run(*table, 100.0)
    alive, _, _ = benchmark(run, *table, 100.0)
    first = tuple(column[:1] for column in table)
    np.testing.assert_allclose(alive[:1], reference.birth_death.chain(*first, 100.0)[0], rtol=RELATIVE)


@pytest.mark.benchmark(group="birth_death.expected_clones, 16 nodes")
@pytest.mark.parametrize(
    ("run", "n_passages", "n_classes"),
    [
        (birth_death.expected_clones, 100, 10),
        (birth_death.expected_clones, 5, 1),
        (reference.birth_death.expected_clones, 5, 1),
    ],
    ids=["kernel, 100 passages, 10 classes", "kernel, 5 passages, 1 class", "reference, 5 passages, 1 class"],
)
def test_expected_clones(
    benchmark: BenchmarkFixture, run: Callable[..., Any], n_passages: int, n_classes: int
) -> None:
    node, weight = np.polynomial.legendre.leggauss(16)
    table = (
        np.full(n_passages, 1e5),
        np.full(n_passages, 1.6e6),
        np.full(n_classes, 1e-7),
        np.full(n_classes, 0.2),
        1.5,
        1000.0,
        (node + 1) / 2,
        weight / 2,
    )
    run(*table)
    clones = benchmark(run, *table)
    assert clones.shape == (n_classes,)
    assert np.all(clones > 0)
