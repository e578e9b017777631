"""Simulated reads: kernel against its plain twin, byte for byte, and against the distributions they are drawn from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import reference.simulate_reads
from genostab.kernels import rng, simulate_reads

TILE_BP = 10_000
TAGS = np.frombuffer(b"RGZx\0", dtype=np.uint8).copy()


def _place(module: Any, means: list[float], *, key: int = 11, first_tile: int = 0, duplicates: float = 0.1):
    start = (np.arange(len(means), dtype=np.int64) + first_tile) * TILE_BP
    share = np.full(len(means), 0.25)
    return module.place_reads(
        np.uint64(key), first_tile, start, TILE_BP, np.array(means, dtype=np.float64), share, duplicates
    )


def _encode(module: Any, position: list[int], *, read_bp: int = 75, gc: float = 0.41, serial: int = 0):
    n = len(position)
    return module.encode_reads(
        3,
        serial,
        np.array(position, dtype=np.int32),
        np.resize(np.array([0, 16, 1024, 1040], dtype=np.uint16), n),
        np.resize(np.array([60, 0], dtype=np.uint8), n),
        np.arange(n, dtype=np.uint64) * np.uint64(2**61 + 1),
        np.full(n, gc),
        read_bp,
        30,
        TAGS,
    )


@pytest.mark.parametrize("key", [0, 1, 2**64 - 1])
def test_uniform_array_equals_the_reference_and_the_stream(key: int) -> None:
    mine = simulate_reads.uniform_array(np.uint64(key), 40)
    assert np.array_equal(mine, reference.simulate_reads.uniform_array(key, 40))
    assert mine[39] == rng.uniform(np.uint64(key), np.uint64(39))


@settings(max_examples=40)
@given(
    key=st.integers(0, 2**64 - 1),
    first_tile=st.integers(0, 20_000),
    means=st.lists(st.sampled_from([0.0, 1e-300, 0.3, 7.0, 60.0]), min_size=1, max_size=5),
    duplicates=st.sampled_from([0.0, 0.03, 1.0]),
)
def test_place_reads_equals_the_reference_exactly(
    key: int, first_tile: int, means: list[float], duplicates: float
) -> None:
    mine = _place(simulate_reads, means, key=key, first_tile=first_tile, duplicates=duplicates)
    plain = _place(reference.simulate_reads, means, key=key, first_tile=first_tile, duplicates=duplicates)
    for ours, theirs in zip(mine, plain, strict=True):
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)


def test_any_split_of_the_tiles_gives_the_same_reads() -> None:
    whole = _place(simulate_reads, [7.0] * 30)
    parts = [_place(simulate_reads, [7.0] * 10, first_tile=first) for first in (0, 10, 20)]
    for column, joined in zip(whole, zip(*parts, strict=True), strict=True):
        offset = 10 * np.repeat(np.arange(3), [len(part) for part in joined])
        same = np.concatenate(joined)
        assert np.array_equal(column, same + offset if column is whole[1] else same)


def test_counts_are_poisson_and_starts_uniform() -> None:
    mean = 6.5
    position, tile, flag, mapq, _ = _place(simulate_reads, [mean] * 20_000, key=5)
    distinct = flag & 1024 == 0
    counts = np.bincount(tile[distinct], minlength=20_000)
    seen = np.bincount(np.minimum(counts, 15), minlength=16)
    expected = 20_000 * np.append(stats.poisson.pmf(np.arange(15), mean), stats.poisson.sf(14, mean))
    assert stats.chisquare(seen, expected).pvalue > 1e-4
    assert stats.kstest((position[distinct] % TILE_BP + 0.5) / TILE_BP, "uniform").pvalue > 1e-4
    n = int(distinct.sum())
    for share, seen_share in (
        (0.1, (~distinct).sum() / n),
        (0.25, (mapq[distinct] == 0).mean()),
        (0.5, (flag[distinct] & 16 == 16).mean()),
    ):
        assert abs(seen_share - share) < 5.0 * np.sqrt(share * (1.0 - share) / n)


def test_reads_are_in_order_and_a_duplicate_follows_its_original() -> None:
    position, _, flag, mapq, sequence_key = _place(simulate_reads, [8.0] * 200, duplicates=0.3)
    assert (np.diff(position) >= 0).all()
    copies = np.flatnonzero(flag & 1024)
    assert copies.size > 300
    for column in (position, mapq, sequence_key, flag & 16):
        assert np.array_equal(column[copies], column[copies - 1])
    assert np.unique(sequence_key).size == sequence_key.size - copies.size


@pytest.mark.parametrize("read_bp", [1, 4, 75, 150])
@pytest.mark.parametrize("gc", [0.0, 0.41, 1.0])
def test_encode_reads_equals_the_reference_byte_for_byte(read_bp: int, gc: float) -> None:
    edges = [0, 1, *(2**shift - 1 for shift in (14, 17, 20, 23, 26)), 248_956_000]
    mine = _encode(simulate_reads, edges, read_bp=read_bp, gc=gc, serial=999_999_990)
    assert (
        mine.tobytes()
        == _encode(reference.simulate_reads, edges, read_bp=read_bp, gc=gc, serial=999_999_990).tobytes()
    )


def test_encode_no_reads() -> None:
    assert _encode(simulate_reads, []).shape == (0,)
