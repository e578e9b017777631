"""Walk over inflated BAM records, counting reads and bases per bin (SAM/BAM specification, section 4.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel

WALK_OK = 0
WALK_BAD_SIZE = 1
WALK_BAD_FIELDS = 2
WALK_BAD_REFERENCE = 3
WALK_BAD_POSITION = 4

_FIXED_BYTES = 32
_NOT_PRIMARY = 0x4 | 0x100 | 0x200 | 0x800
_DUPLICATE = 0x400
_PAIRED = 0x1
_MATE_UNMAPPED = 0x8
_SECOND_IN_PAIR = 0x80


_CG_BITS = np.uint64(0x6666666666666666)


@kernel
def _int32(data: NDArray[np.uint8], i: int) -> int:
    # Unsigned indices need no wrap-around, so that the four loads become one.
    at = np.uint64(i)
    word = (
        np.uint32(data[at])
        | (np.uint32(data[at + np.uint64(1)]) << np.uint32(8))
        | (np.uint32(data[at + np.uint64(2)]) << np.uint32(16))
        | (np.uint32(data[at + np.uint64(3)]) << np.uint32(24))
    )
    return int(np.int32(word))


@kernel
def _uint16(data: NDArray[np.uint8], i: int) -> int:
    at = np.uint64(i)
    return int(data[at]) | (int(data[at + np.uint64(1)]) << 8)


@kernel
def _uint64(data: NDArray[np.uint8], i: int) -> np.uint64:
    at = np.uint64(i)
    word = np.uint64(0)
    for k in range(8):
        word |= np.uint64(data[at + np.uint64(k)]) << np.uint64(8 * k)
    return word


@kernel
def _bits(word: np.uint64) -> int:
    """Bits set; the compiler knows this form as one instruction."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
def _nonzero(word: np.uint64) -> np.uint64:
    """One bit for each 4-bit code that is not 0."""
    folded = word | (word >> np.uint64(1))
    return (folded | (folded >> np.uint64(2))) & np.uint64(0x1111111111111111)


@kernel
def _count_bases(data: NDArray[np.uint8], start: int, n_bases: int) -> tuple[int, int]:
    """G and C, and A, C, G and T among packed bases (4-bit codes A 1, C 2, G 4, T 8).

    Plain bases have one bit each, so that 16 at a time are counted by bits; a read with any other code is looked at
    base by base. An odd read leaves the low half of its last byte unused.
    """
    end = start + n_bases // 2
    bits, used, gc = 0, 0, 0
    i = start
    while i + 8 <= end:
        word = _uint64(data, i)
        bits += _bits(word)
        used += _bits(_nonzero(word))
        gc += _bits(word & _CG_BITS)
        i += 8
    word = np.uint64(data[np.uint64(end)]) >> np.uint64(4) if n_bases % 2 else np.uint64(0)
    while i < end:
        word = (word << np.uint64(8)) | np.uint64(data[np.uint64(i)])
        i += 1
    bits += _bits(word)
    used += _bits(_nonzero(word))
    gc += _bits(word & _CG_BITS)
    if bits == n_bases and used == n_bases:
        return gc, n_bases
    gc, known = 0, 0
    for k in range(n_bases):
        byte = data[np.uint64(start + k // 2)]
        code = byte & np.uint8(15) if k % 2 else byte >> np.uint8(4)
        if (code == 2) | (code == 4):
            gc += 1
            known += 1
        elif (code == 1) | (code == 8):
            known += 1
    return gc, known


@kernel
def count_records(
    data: NDArray[np.uint8],
    contig_bin: NDArray[np.int64],
    contig_length: NDArray[np.int64],
    bin_bp: int,
    min_mapq: int,
    out_counts: NDArray[np.int64],
    out_totals: NDArray[np.int64],
) -> tuple[int, int]:
    """Counts per bin of all whole records in a buffer, and where the first incomplete record starts.

    Primary, mapped, non-failed records are counted at their leftmost base: duplicates by themselves, then reads with
    MAPQ 0, then those below `min_mapq` (dropped), then accepted ones. The second mate of a pair whose first mate is
    mapped adds its bases but no count, so that a fragment counts once.

    Parameters
    ----------
    data : ndarray of uint8, shape (n_bytes,), inflated BAM from the start of a record
    contig_bin : ndarray of int64, shape (n_contigs,), first bin of each contig, -1 for one that is not counted
    contig_length : ndarray of int64, shape (n_contigs,), bp
    bin_bp : int, bin width [bp]
    min_mapq : int, least mapping quality
    out_counts : ndarray of int64, shape (5, n_bins), added to: accepted, MAPQ 0, duplicates, GC bases, ACGT bases
    out_totals : ndarray of int64, shape (3,), added to: records, records not primary or unmapped, records below
        `min_mapq`

    Returns
    -------
    offset : int, bytes consumed; on error the offset of the bad record
    status : int, WALK_OK or the WALK_BAD_* reason

    Notes
    -----
    Every field is checked against the record, and the record against the buffer, before it is read. O(records +
    sequence bytes). Layout: SAM specification v1, section 4.2.
    """
    n = data.size
    at = 0
    while at + 4 <= n:
        size = _int32(data, at)
        if size < _FIXED_BYTES:
            return at, WALK_BAD_SIZE
        if at + 4 + size > n:
            break
        body = at + 4
        contig = _int32(data, body)
        position = _int32(data, body + 4)
        name_bytes = int(data[np.uint64(body + 8)])
        mapq = int(data[np.uint64(body + 9)])
        cigar_bytes = 4 * _uint16(data, body + 12)
        flag = _uint16(data, body + 14)
        n_bases = _int32(data, body + 16)
        sequence = body + _FIXED_BYTES + name_bytes + cigar_bytes
        if n_bases < 0 or sequence + (n_bases + 1) // 2 + n_bases > body + size:
            return at, WALK_BAD_FIELDS
        at = body + size
        out_totals[0] += 1
        if flag & _NOT_PRIMARY:
            out_totals[1] += 1
            continue
        if contig < 0 or contig >= contig_bin.size:
            return body - 4, WALK_BAD_REFERENCE
        if position < 0 or position >= contig_length[contig]:
            return body - 4, WALK_BAD_POSITION
        if contig_bin[contig] < 0:
            continue
        i_bin = contig_bin[contig] + position // bin_bp
        counts_fragment = not (flag & _PAIRED and flag & _SECOND_IN_PAIR and not flag & _MATE_UNMAPPED)
        if flag & _DUPLICATE:
            if counts_fragment:
                out_counts[2, i_bin] += 1
            continue
        if mapq == 0 and min_mapq > 0:
            if counts_fragment:
                out_counts[1, i_bin] += 1
            continue
        if mapq < min_mapq:
            out_totals[2] += 1
            continue
        if counts_fragment:
            out_counts[0, i_bin] += 1
        gc, known = _count_bases(data, sequence, n_bases)
        out_counts[3, i_bin] += gc
        out_counts[4, i_bin] += known
    return at, WALK_OK
