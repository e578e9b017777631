"""Walk over inflated BAM records: reads and bases per bin, fragment lengths, telomere reads (SAM v1, section 4.2)."""

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
_MAX_RECORD_BYTES = (
    1 << 26
)  # ten times the longest read there is; a larger size is damage, not to be waited for
_UNMAPPED = 0x4
_NOT_PRIMARY = 0x100 | 0x200 | 0x800
_DUPLICATE = 0x400
_REVERSE = 0x10
_FRAGMENT_FLAGS = 0x1 | 0x8 | 0x80  # paired, mate unmapped, second in pair
_SECOND_OF_MAPPED_PAIR = 0x1 | 0x80
_PROPER_FIRST = 0x1 | 0x2 | 0x40

_CG_BITS = np.uint64(0x6666666666666666)
_ONE_PER_CODE = np.uint64(0x1111111111111111)
_FIRST_TEN_CODES = np.uint64(0xFFFFFFFFFF000000)
_MOTIF_BASES = 6


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
def _window(data: NDArray[np.uint8], at: int, end: int) -> np.uint64:
    """Up to 16 packed bases, the first in the highest bits; code 0, which is no base, past `end`."""
    word = np.uint64(0)
    if at + 8 <= end:
        for k in range(8):
            word = (word << np.uint64(8)) | np.uint64(data[np.uint64(at + k)])
        return word
    for i in range(at, end):
        word = (word << np.uint64(8)) | np.uint64(data[np.uint64(i)])
    return word << np.uint64(8 * (8 - (end - at)))


@kernel
def _motif_starts(
    b0: np.uint64, b1: np.uint64, b2: np.uint64, b3: np.uint64, b4: np.uint64, b5: np.uint64
) -> np.uint64:
    """Bits of the bases at which six kinds of bases follow one another, among the first ten of a window."""
    hit = b0 & (b1 << np.uint64(4)) & (b2 << np.uint64(8)) & (b3 << np.uint64(12))
    return hit & (b4 << np.uint64(16)) & (b5 << np.uint64(20)) & _FIRST_TEN_CODES


@kernel
def _count_repeats(data: NDArray[np.uint8], start: int, n_bases: int, n_needed: int) -> int:
    """How often TTAGGG stands in a read, or CCCTAA if more often; less where it cannot become `n_needed`.

    Neither motif overlaps itself, so that all starts are counted, as one after the other; ten of them at a time.
    """
    end = start + (n_bases + 1) // 2
    forward, reverse, most, first = 0, 0, 0, 0
    while first < n_bases and most < n_needed and most + (n_bases - first) // _MOTIF_BASES >= n_needed:
        word = _window(data, start + first // 2, end)
        if n_bases - first < 16:
            word &= ~np.uint64(0) << np.uint64(4 * (16 - (n_bases - first)))
        a, c = word & _ONE_PER_CODE, (word >> np.uint64(1)) & _ONE_PER_CODE
        g, t = (word >> np.uint64(2)) & _ONE_PER_CODE, (word >> np.uint64(3)) & _ONE_PER_CODE
        one = ~((a & (c | g | t)) | (c & (g | t)) | (g & t))
        a, c, g, t = a & one, c & one, g & one, t & one
        forward += _bits(_motif_starts(t, t, a, g, g, g))
        reverse += _bits(_motif_starts(c, c, c, t, a, a))
        most = max(forward, reverse)
        first += 10
    return most


@kernel
def _starts_inside(
    contig: int, position: int, edge_first: NDArray[np.int64], edges: NDArray[np.int64]
) -> bool:
    """Whether an odd number of the ascending starts and ends of regions are at or before a position."""
    if edge_first.size == 0:
        return True
    if contig < 0 or contig + 1 >= edge_first.size:
        return False
    first = int(edge_first[contig])
    low, high = first, int(edge_first[contig + 1])
    while low < high:
        middle = (low + high) // 2
        if edges[middle] <= position:
            low = middle + 1
        else:
            high = middle
    return (low - first) % 2 == 1


@kernel
def count_records(
    data: NDArray[np.uint8],
    contig_bin: NDArray[np.int64],
    contig_length: NDArray[np.int64],
    edge_first: NDArray[np.int64],
    edges: NDArray[np.int64],
    bin_bp: int,
    min_mapq: int,
    keep_duplicates: bool,
    with_bases: bool,
    telomere_rule: NDArray[np.int64],
    out_counts: NDArray[np.int64],
    out_fragments: NDArray[np.int64],
    out_telomere: NDArray[np.int64],
    out_totals: NDArray[np.int64],
) -> tuple[int, int]:
    """Counts per bin of all whole records in a buffer, and where the first incomplete record starts.

    Primary, mapped, non-failed records are counted at their leftmost base: duplicates by themselves, then reads with
    MAPQ 0, then those below `min_mapq` (dropped), then accepted ones by strand. The second mate of a pair whose first
    mate is mapped adds its bases but no count, so that a fragment counts once.

    Parameters
    ----------
    data : ndarray of uint8, shape (n_bytes,), inflated BAM from the start of a record
    contig_bin : ndarray of int64, shape (n_contigs,), first bin of each contig, -1 for one that is not counted
    contig_length : ndarray of int64, shape (n_contigs,), bp
    edge_first : ndarray of int64, shape (n_contigs + 1,), first edge of each contig; shape (0,) to count everywhere
    edges : ndarray of int64, shape (n_edges,), start and end of regions in turn, ascending per contig [bp]; reads that
        start elsewhere are not counted
    bin_bp : int, bin width [bp]
    min_mapq : int, least mapping quality
    keep_duplicates : bool, count reads flagged duplicate as any other
    with_bases : bool, count the bases of accepted reads
    telomere_rule : ndarray of int64, shape (4,): telomere repeats that a read needs per 100 bases, least read length
        [bp], GC bases per 100 that a matched read has at least, and that it stays below; shape (0,) to look for none
    out_counts : ndarray of int64, shape (6, n_bins), added to: accepted forward, accepted reverse, MAPQ 0,
        duplicates, GC bases, ACGT bases
    out_fragments : ndarray of int64, shape (n_lengths,), added to: properly paired first mates by abs(TLEN) [bp], the
        last one for all longer fragments; TLEN 0 (unknown) is not counted
    out_telomere : ndarray of int64, shape (3,), added to: primary reads of that length or more, telomere reads,
        GC-matched reads, on any contig or none, of any MAPQ
    out_totals : ndarray of int64, shape (3,), added to: records, records not primary or unmapped, records below
        `min_mapq`; but for the first only those that start inside regions, where there are any

    Returns
    -------
    offset : int, bytes consumed; on error the offset of the bad record
    status : int, WALK_OK or the WALK_BAD_* reason

    Notes
    -----
    Every field is checked against the record, and the record against the buffer, before it is read. O(records +
    sequence bytes). Layout: SAM specification v1, section 4.2. Telomere reads as in TelSeq (doi 10.1093/nar/gku181).
    """
    n = data.size
    at = 0
    while at + 4 <= n:
        size = _int32(data, at)
        if size < _FIXED_BYTES or size > _MAX_RECORD_BYTES:
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
        is_duplicate = flag & _DUPLICATE != 0 and not keep_duplicates
        is_looked_at = telomere_rule.size > 0 and n_bases > 0 and not flag & _NOT_PRIMARY and not is_duplicate
        if is_looked_at and n_bases >= telomere_rule[1]:
            out_telomere[0] += 1
            n_needed = (telomere_rule[0] * n_bases + 99) // 100
            out_telomere[1] += int(_count_repeats(data, sequence, n_bases, n_needed) >= n_needed)
            gc, _ = _count_bases(data, sequence, n_bases)
            out_telomere[2] += int(telomere_rule[2] * n_bases <= 100 * gc < telomere_rule[3] * n_bases)
        if flag & (_UNMAPPED | _NOT_PRIMARY):
            out_totals[1] += int(_starts_inside(contig, position, edge_first, edges))
            continue
        if contig < 0 or contig >= contig_bin.size:
            return body - 4, WALK_BAD_REFERENCE
        if position < 0 or position >= contig_length[contig]:
            return body - 4, WALK_BAD_POSITION
        if contig_bin[contig] < 0:
            continue
        if not _starts_inside(contig, position, edge_first, edges):
            continue
        i_bin = contig_bin[contig] + position // bin_bp
        counts_fragment = int(flag & _FRAGMENT_FLAGS != _SECOND_OF_MAPPED_PAIR)
        if is_duplicate:
            out_counts[3, i_bin] += counts_fragment
        elif mapq == 0 and min_mapq > 0:
            out_counts[2, i_bin] += counts_fragment
        elif mapq < min_mapq:
            out_totals[2] += 1
        else:
            out_counts[int(flag & _REVERSE != 0), i_bin] += counts_fragment
            length = abs(_int32(data, body + 28))
            if flag & _PROPER_FIRST == _PROPER_FIRST and length > 0:
                out_fragments[min(length, out_fragments.size - 1)] += 1
            if with_bases:
                gc, known = _count_bases(data, sequence, n_bases)
                out_counts[4, i_bin] += gc
                out_counts[5, i_bin] += known
    return at, WALK_OK
