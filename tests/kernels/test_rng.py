"""SplitMix64 as a counter hash: exact against the plain twin, and against the published sequence.

Tolerance: none. Integers and doubles are equal bit for bit.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import chdtrc

from genostab.kernels import rng
from reference import rng as plain

SEED = 1234567
# Output of the authors' splitmix64.c for seed 1234567, as listed with many independent implementations.
PUBLISHED = (
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
)

words = st.integers(0, 2**64 - 1)


def test_published_sequence() -> None:
    assert [int(rng.hash_u64(np.uint64(SEED), np.uint64(i))) for i in range(5)] == list(PUBLISHED)
    assert [plain.hash_u64(SEED, i) for i in range(5)] == list(PUBLISHED)


@given(key=words, counter=words)
def test_hash_equals_reference(key: int, counter: int) -> None:
    assert int(rng.hash_u64(np.uint64(key), np.uint64(counter))) == plain.hash_u64(key, counter)


@given(key=words, counter=words)
def test_uniform_equals_reference(key: int, counter: int) -> None:
    assert rng.uniform(np.uint64(key), np.uint64(counter)) == plain.uniform(key, counter)


def _counter_of(word: int) -> int:
    """Counter at which stream 0 gives `word`: each step of the finaliser undone in turn."""
    mask = 2**64 - 1

    def undo_shift(z: int, shift: int) -> int:
        x = z
        for _ in range(64 // shift):
            x = z ^ (x >> shift)
        return x

    z = undo_shift(word, 31)
    z = undo_shift(z * pow(0x94D049BB133111EB, -1, 2**64) & mask, 27)
    z = undo_shift(z * pow(0xBF58476D1CE4E5B9, -1, 2**64) & mask, 30)
    return (z * pow(0x9E3779B97F4A7C15, -1, 2**64) - 1) & mask


@pytest.mark.parametrize(("word", "value"), [(0, 0.0), (2**64 - 1, 1.0 - 2.0**-53), (2**63, 0.5)])
def test_uniform_at_the_ends_of_its_range(word: int, value: float) -> None:
    counter = np.uint64(_counter_of(word))
    assert int(rng.hash_u64(np.uint64(0), counter)) == word
    assert rng.uniform(np.uint64(0), counter) == value


def test_stream_is_uniform_and_streams_differ() -> None:
    # Chi-square of 1e5 draws in 64 cells: 63 degrees of freedom. The seed is fixed, so this cannot flicker.
    n_draws, n_cells = 100_000, 64
    draws = [np.array([rng.uniform(np.uint64(key), np.uint64(i)) for i in range(n_draws)]) for key in (0, 1)]
    for stream in draws:
        assert stream.min() >= 0.0
        assert stream.max() < 1.0
        counts = np.bincount((stream * n_cells).astype(np.int64), minlength=n_cells)
        expected = n_draws / n_cells
        statistic = float(np.sum((counts - expected) ** 2) / expected)
        assert 0.001 < chdtrc(n_cells - 1, statistic) < 0.999
    assert abs(np.corrcoef(draws[0], draws[1])[0, 1]) < 4.0 / np.sqrt(n_draws)
