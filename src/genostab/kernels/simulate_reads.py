"""Single-end reads drawn tile by tile, in coordinate order, and packed as BAM records.

Every draw is a counter-based hash of (key, tile, read), so any split of the tiles gives the same reads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel
from genostab.kernels.rng import hash_u64, uniform

_RECORD_HEAD = 36
_NAME_BYTES = 11


@kernel
def uniform_array(key: np.uint64, n: int) -> NDArray[np.float64]:
    """The first `n` uniform doubles of a stream.

    Parameters
    ----------
    key : uint64, stream
    n : int, how many

    Returns
    -------
    float64, shape (n,), 0 <= u < 1; element i is ``rng.uniform(key, i)``
    """
    values = np.empty(n, dtype=np.float64)
    for i in range(n):
        values[i] = uniform(key, np.uint64(i))
    return values


@kernel
def _poisson(mean: float, u: float) -> int:
    k = 0
    term = np.exp(-mean)
    cumulative = term
    while u >= cumulative and term > 0.0:
        k += 1
        term *= mean / k
        cumulative += term
    return k


@kernel
def _insert_sorted(values: NDArray[np.int32], n: int, value: int) -> None:
    i = n
    while i > 0 and values[i - 1] > value:
        values[i] = values[i - 1]
        i -= 1
    values[i] = value


@kernel
def place_reads(
    key: np.uint64,
    first_tile: int,
    tile_start: NDArray[np.int64],
    tile_bp: int,
    mean_reads: NDArray[np.float64],
    mapq0_share: NDArray[np.float64],
    duplicate_share: float,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint16], NDArray[np.uint8], NDArray[np.uint64]]:
    """Start, tile, flag, MAPQ and sequence key of the reads of consecutive tiles, in coordinate order.

    Parameters
    ----------
    key : uint64, stream of the library
    first_tile : int, number of the first tile given here, >= 0; what a tile holds depends on its number alone
    tile_start : int64, shape (n_tiles,), 0-based bp, ascending
    tile_bp : int, length of a tile [bp]
    mean_reads : float64, shape (n_tiles,), expected distinct reads of a tile [count], 0..700; no NaN
    mapq0_share : float64, shape (n_tiles,), share of reads that map nowhere uniquely, 0..1; no NaN
    duplicate_share : float, probability that a read is followed by one flagged copy, 0..1

    Returns
    -------
    position : int32, shape (n_reads,), 0-based start [bp]
    tile : int32, shape (n_reads,), index into `tile_start`
    flag : uint16, shape (n_reads,), SAM flag: 16 reverse strand, 1024 duplicate
    mapq : uint8, shape (n_reads,), 60 or 0
    sequence_key : uint64, shape (n_reads,), stream of the bases; a duplicate has that of its original

    Notes
    -----
    Distinct reads of a tile are Poisson by inversion of one uniform, their starts uniform and sorted. With
    ``t = hash(key, tile)`` counter 0 of t is the count, counter 1 + r a start, and ``s = hash(t, 2**32 + r)``
    the sequence key of the read of rank r; its counters 0, 1, 2 are strand, MAPQ, duplicate, 3.. the bases.
    O(n_tiles + n_reads), and O(k**2) for the k reads of one tile.
    """
    n_tiles = tile_start.shape[0]
    distinct = np.empty(n_tiles, dtype=np.int64)
    total = 0
    for t in range(n_tiles):
        tile_key = hash_u64(key, np.uint64(first_tile + t))
        distinct[t] = _poisson(mean_reads[t], uniform(tile_key, np.uint64(0)))
        total += distinct[t]
    position = np.empty(2 * total, dtype=np.int32)
    tile = np.empty(2 * total, dtype=np.int32)
    flag = np.empty(2 * total, dtype=np.uint16)
    mapq = np.empty(2 * total, dtype=np.uint8)
    sequence_key = np.empty(2 * total, dtype=np.uint64)
    offsets = np.empty(total, dtype=np.int32)
    n = 0
    for t in range(n_tiles):
        tile_key = hash_u64(key, np.uint64(first_tile + t))
        for r in range(distinct[t]):
            _insert_sorted(offsets, r, int(uniform(tile_key, np.uint64(1 + r)) * tile_bp))
        for r in range(distinct[t]):
            read_key = hash_u64(tile_key, np.uint64(4294967296 + r))
            strand = np.uint16(16) if uniform(read_key, np.uint64(0)) < 0.5 else np.uint16(0)
            quality = np.uint8(0) if uniform(read_key, np.uint64(1)) < mapq0_share[t] else np.uint8(60)
            copies = 2 if uniform(read_key, np.uint64(2)) < duplicate_share else 1
            for copy in range(copies):
                position[n] = tile_start[t] + offsets[r]
                tile[n] = t
                flag[n] = strand + np.uint16(1024 * copy)
                mapq[n] = quality
                sequence_key[n] = read_key
                n += 1
    return position[:n], tile[:n], flag[:n], mapq[:n], sequence_key[:n]


@kernel
def _put(record: NDArray[np.uint8], at: int, value: int, n_bytes: int) -> None:
    for i in range(n_bytes):
        record[at + i] = (value >> (8 * i)) & 255


@kernel
def _bin(start: int, end: int) -> int:
    last = end - 1
    level_bits = 14
    first = 4681
    while first > 0:
        if start >> level_bits == last >> level_bits:
            return first + (start >> level_bits)
        level_bits += 3
        first >>= 3
    return 0


@kernel
def _base_code(draw: np.int64, gc_threshold: int) -> int:
    choice = 2 * int(draw >> 1 < gc_threshold) + (draw & 1)
    return int((0x2418 >> (4 * choice)) & 15)  # T, A, G, C


@kernel
def _put_bases(records: NDArray[np.uint8], at: int, key: np.uint64, gc_threshold: int, n_bases: int) -> None:
    bits = np.int64(0)
    for i in range(n_bases // 2):
        bits = bits >> 32 if i & 1 else np.int64(hash_u64(key, np.uint64(3 + i // 2)))
        high = _base_code(bits & 65535, gc_threshold)
        records[at + i] = high << 4 | _base_code((bits >> 16) & 65535, gc_threshold)
    if n_bases & 1:
        i = n_bases // 2
        bits = bits >> 32 if i & 1 else np.int64(hash_u64(key, np.uint64(3 + i // 2)))
        records[at + i] = _base_code(bits & 65535, gc_threshold) << 4


@kernel
def encode_reads(
    ref_id: int,
    first_serial: int,
    position: NDArray[np.int32],
    flag: NDArray[np.uint16],
    mapq: NDArray[np.uint8],
    sequence_key: NDArray[np.uint64],
    gc_fraction: NDArray[np.float64],
    read_bp: int,
    base_quality: int,
    tags: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """BAM records of ungapped single-end reads, one after the other.

    Parameters
    ----------
    ref_id : int, index of the contig in the header
    first_serial : int, number of the first read, 0..999999999; names are ``r`` and nine digits
    position : int32, shape (n_reads,), 0-based start [bp]
    flag : uint16, shape (n_reads,), SAM flag
    mapq : uint8, shape (n_reads,), mapping quality
    sequence_key : uint64, shape (n_reads,), stream of the bases
    gc_fraction : float64, shape (n_reads,), probability that a base is G or C, 0..1; no NaN
    read_bp : int, length of every read [bp]
    base_quality : int, Phred quality of every base, 0..93
    tags : uint8, shape (n_bytes,), encoded optional fields, the same for every read

    Returns
    -------
    uint8, shape (n_reads * record_bytes,), the records with their block_size

    Notes
    -----
    SAM specification, section 4.2 (record) and 5.3 (bin). A base takes 16 bits of the stream: the upper 15
    against the GC fraction, the lowest chooses between the two bases. O(n_reads * read_bp).
    """
    sequence_at = _RECORD_HEAD + _NAME_BYTES + 4
    quality_at = sequence_at + (read_bp + 1) // 2
    tags_at = quality_at + read_bp
    size = tags_at + tags.shape[0]
    template = np.zeros(size, dtype=np.uint8)
    _put(template, 0, size - 4, 4)
    _put(template, 4, ref_id, 4)
    _put(template, 12, _NAME_BYTES, 1)
    _put(template, 16, 1, 2)
    _put(template, 20, read_bp, 4)
    _put(template, 24, -1, 4)
    _put(template, 28, -1, 4)
    _put(template, _RECORD_HEAD, 114, 1)
    _put(template, _RECORD_HEAD + _NAME_BYTES, read_bp << 4, 4)
    for i in range(read_bp):
        _put(template, quality_at + i, base_quality, 1)
    for i in range(tags.shape[0]):
        _put(template, tags_at + i, int(tags[i]), 1)
    records = np.empty(position.shape[0] * size, dtype=np.uint8)
    for i in range(position.shape[0]):
        at = i * size
        for j in range(size):
            records[at + j] = template[j]
        start = int(position[i])
        _put(records, at + 8, start, 4)
        _put(records, at + 13, int(mapq[i]), 1)
        _put(records, at + 14, _bin(start, start + read_bp), 2)
        _put(records, at + 18, int(flag[i]), 2)
        serial = first_serial + i
        for digit in range(9):
            _put(records, at + _RECORD_HEAD + 9 - digit, 48 + serial % 10, 1)
            serial //= 10
        gc_threshold = int(gc_fraction[i] * 32768.0 + 0.5)
        _put_bases(records, at + sequence_at, sequence_key[i], gc_threshold, read_bp)
    return records
