"""Reads drawn tile by tile and packed as BAM records, written from the SAM specification with struct."""

import math
import struct

import numpy as np

MASK = (1 << 64) - 1


def _hash(key, counter):
    z = (int(key) + (int(counter) + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def _uniform(key, counter):
    return (_hash(key, counter) >> 11) / 2.0**53


def uniform_array(key, n):
    return np.array([_uniform(key, i) for i in range(n)], dtype=np.float64)


def _poisson_quantile(mean, u):
    """Smallest k whose cumulative probability is above u; exact to rounding through fsum."""
    terms = [math.exp(-mean)]
    while u >= math.fsum(terms) and terms[-1] > 0.0:
        terms.append(terms[-1] * mean / len(terms))
    return len(terms) - 1


def place_reads(key, first_tile, tile_start, tile_bp, mean_reads, mapq0_share, duplicate_share):
    reads = []
    for t, start in enumerate(tile_start):
        tile_key = _hash(key, first_tile + t)
        n = _poisson_quantile(float(mean_reads[t]), _uniform(tile_key, 0))
        for r, offset in enumerate(sorted(math.floor(_uniform(tile_key, 1 + r) * tile_bp) for r in range(n))):
            read_key = _hash(tile_key, 2**32 + r)
            flag = 0x10 if _uniform(read_key, 0) < 0.5 else 0
            mapq = 0 if _uniform(read_key, 1) < mapq0_share[t] else 60
            reads.append((int(start) + offset, t, flag, mapq, read_key))
            if _uniform(read_key, 2) < duplicate_share:
                reads.append((int(start) + offset, t, flag | 0x400, mapq, read_key))
    columns = list(zip(*reads, strict=True)) or [(), (), (), (), ()]
    dtypes = (np.int32, np.int32, np.uint16, np.uint8, np.uint64)
    return tuple(np.array(column, dtype=dtype) for column, dtype in zip(columns, dtypes, strict=True))


def _reg2bin(beg, end):
    end -= 1
    if beg >> 14 == end >> 14:
        return ((1 << 15) - 1) // 7 + (beg >> 14)
    if beg >> 17 == end >> 17:
        return ((1 << 12) - 1) // 7 + (beg >> 17)
    if beg >> 20 == end >> 20:
        return ((1 << 9) - 1) // 7 + (beg >> 20)
    if beg >> 23 == end >> 23:
        return ((1 << 6) - 1) // 7 + (beg >> 23)
    if beg >> 26 == end >> 26:
        return ((1 << 3) - 1) // 7 + (beg >> 26)
    return 0


def _bases(key, gc_fraction, n):
    """`n` bases as text: 16 bits each, four to a hash."""
    text = ""
    for i in range(n):
        draw = (_hash(key, 3 + i // 4) >> (16 * (i % 4))) & 0xFFFF
        is_gc = draw // 2 < math.floor(gc_fraction * 2**15 + 0.5)
        text += {(True, 1): "C", (True, 0): "G", (False, 1): "A", (False, 0): "T"}[is_gc, draw % 2]
    return text


def encode_reads(
    ref_id,
    first_serial,
    position,
    flag,
    mapq,
    sequence_key,
    gc_fraction,
    read_bp,
    base_quality,
    tags,
):
    out = b""
    for i, start in enumerate(int(p) for p in position):
        name = f"r{first_serial + i:09d}".encode() + b"\0"
        bases = _bases(sequence_key[i], float(gc_fraction[i]), read_bp)
        codes = ["=ACMGRSVTWYHKDBN".index(base) for base in bases] + [0] * (read_bp % 2)
        body = struct.pack(
            "<iiBBHHHIiii",
            ref_id,
            start,
            len(name),
            int(mapq[i]),
            _reg2bin(start, start + read_bp),
            1,
            int(flag[i]),
            read_bp,
            -1,
            -1,
            0,
        )
        body += name + struct.pack("<I", read_bp << 4 | 0)
        body += bytes(high << 4 | low for high, low in zip(codes[::2], codes[1::2], strict=True))
        body += bytes([base_quality]) * read_bp + bytes(tags)
        out += struct.pack("<i", len(body)) + body
    return np.frombuffer(out, dtype=np.uint8)
