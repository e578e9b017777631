"""Bases that reads show at sites, by allele and strand, from inflated BAM records (SAM v1, sections 1.4 and 4.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel
from genostab.kernels.bam import (
    _DUPLICATE,
    _FIXED_BYTES,
    _MAX_RECORD_BYTES,
    _NOT_PRIMARY,
    _REVERSE,
    _UNMAPPED,
    WALK_BAD_FIELDS,
    WALK_BAD_POSITION,
    WALK_BAD_REFERENCE,
    WALK_BAD_SIZE,
    WALK_OK,
    _int32,
    _uint16,
)

WALK_BAD_CIGAR = 5

_PAIR_FLAGS = 0x1 | 0x2 | 0x8 | 0x10 | 0x20  # paired, proper, mate unmapped, reverse, mate reverse
_FORWARD_OF_INWARD_PAIR = 0x1 | 0x2 | 0x20
_STEPS = 16  # sites passed one by one before the next one is searched for by halves


@kernel
def _first_site(
    site_position: NDArray[np.int64],
    first: int,
    last: int,
    contig: int,
    position: int,
    cursor: NDArray[np.int64],
) -> int:
    """First site at or after a read's start; quick where reads come in order of their starts."""
    i = first
    if cursor[0] == contig and cursor[1] <= position:
        i = cursor[2]
    for _ in range(_STEPS):
        if i == last or site_position[i] >= position:
            break
        i += 1
    end = last
    while i < end and site_position[i] < position:
        middle = (i + end) // 2
        if site_position[middle] < position:
            i = middle + 1
        else:
            end = middle
    cursor[0], cursor[1], cursor[2] = contig, position, i
    return i


@kernel
def _add_base(code: np.uint8, alleles: NDArray[np.uint8], strand: int, depths: NDArray[np.int64]) -> None:
    """One base more of REF (code 0 says "as the reference"), ALT, or another; ambiguous codes are no base."""
    if code == alleles[0] or code == 0:
        depths[strand] += 1
    elif code == alleles[1]:
        depths[2 + strand] += 1
    elif code & (code - np.uint8(1)) == 0:  # one bit, one base
        depths[4 + strand] += 1


@kernel
def _count_read(
    data: NDArray[np.uint8],
    body: int,
    end: int,
    i: int,
    last: int,
    site_position: NDArray[np.int64],
    site_alleles: NDArray[np.uint8],
    min_base_quality: int,
    out_depths: NDArray[np.int64],
) -> int:
    """Follow one read's CIGAR over the sites from `i` on; WALK_OK or why it is refused."""
    n_cigar, flag, n_bases = _uint16(data, body + 12), _uint16(data, body + 14), _int32(data, body + 16)
    cigar = body + _FIXED_BYTES + int(data[np.uint64(body + 8)])
    sequence = cigar + 4 * n_cigar
    qualities = sequence + (n_bases + 1) // 2
    if n_bases < 0 or qualities + n_bases > end:
        return WALK_BAD_FIELDS
    if n_bases == 0:
        return WALK_OK
    on_reference, in_read = _int32(data, body + 4), 0
    spared_from, spared_to = 0, 0
    if flag & _PAIR_FLAGS == _FORWARD_OF_INWARD_PAIR and _int32(data, body + 20) == _int32(data, body):
        spared_from, spared_to = _int32(data, body + 24), on_reference + abs(_int32(data, body + 28))
    strand = int(flag & _REVERSE != 0)
    for k in range(n_cigar):
        word = _int32(data, cigar + 4 * k) & 0xFFFFFFFF
        length, operation = word >> 4, word & 15
        if operation > 8:
            return WALK_BAD_CIGAR
        if operation == 0 or operation >= 7:  # M, =, X
            if in_read + length > n_bases:
                return WALK_BAD_CIGAR
            while i < last and site_position[i] < on_reference + length:
                site = site_position[i]
                q = in_read + site - on_reference
                is_good = data[np.uint64(qualities + q)] >= min_base_quality
                if is_good and not spared_from <= site < spared_to:
                    byte = data[np.uint64(sequence + q // 2)]
                    code = byte & np.uint8(15) if q % 2 else byte >> np.uint8(4)
                    _add_base(code, site_alleles[i], strand, out_depths[i])
                i += 1
            in_read += length
            on_reference += length
        elif (operation == 1) | (operation == 4):  # I, S
            in_read += length
        elif operation <= 3:  # D, N
            on_reference += length
            while i < last and site_position[i] < on_reference:
                i += 1
    return WALK_OK


@kernel
def count_alleles(
    data: NDArray[np.uint8],
    site_range: NDArray[np.int64],
    site_position: NDArray[np.int64],
    site_alleles: NDArray[np.uint8],
    min_mapq: int,
    min_base_quality: int,
    keep_duplicates: bool,
    cursor: NDArray[np.int64],
    out_depths: NDArray[np.int64],
) -> tuple[int, int]:
    """Reads of each allele at sites, of all whole records in a buffer, and where the first incomplete record starts.

    Primary, mapped, non-failed records of at least `min_mapq`, duplicates as told, show the bases that their CIGAR
    aligns to a site. Where mates overlap one of them counts: the forward read of a proper pair that faces inwards
    leaves all from its mate's start to the fragment's end (own start + TLEN) to the mate.

    Parameters
    ----------
    data : ndarray of uint8, shape (n_bytes,), inflated BAM from the start of a record
    site_range : ndarray of int64, shape (n_contigs, 2), first site of each contig and the one after its last
    site_position : ndarray of int64, shape (n_sites,), 0-based [bp], ascending and distinct within a contig
    site_alleles : ndarray of uint8, shape (n_sites, 2), 4-bit codes of REF and ALT (A 1, C 2, G 4, T 8)
    min_mapq : int, least mapping quality
    min_base_quality : int, least base quality [Phred]; missing ones (255) pass
    keep_duplicates : bool, count reads flagged duplicate as any other
    cursor : ndarray of int64, shape (3,), contig, start [bp] and first site of the last read, kept between calls;
        begins as (-1, 0, 0)
    out_depths : ndarray of int64, shape (n_sites, 6), added to: REF forward, REF reverse, ALT forward, ALT reverse,
        other bases forward, other bases reverse

    Returns
    -------
    offset : int, bytes consumed; on error the offset of the bad record
    status : int, WALK_OK or the WALK_BAD_* reason

    Notes
    -----
    Every field is checked against the record, and the record against the buffer, before it is read; no base is looked
    for beyond those of the read. O(records + sites passed), O(records log sites) where records are not sorted. Reads
    of more than 65,535 CIGAR operations (their CIGAR is in a tag) show nothing. htslib's pileup, with the names of
    mates at hand, keeps the better base of two where both are there; here the later mate's base decides, so that a
    site is lost to a pair whose mate has no good base there.
    """
    n = data.size
    at = 0
    while at + 4 <= n:
        size = _int32(data, at)
        if size < _FIXED_BYTES or size > _MAX_RECORD_BYTES:
            return at, WALK_BAD_SIZE
        if at + 4 + size > n:
            break
        start, body = at, at + 4
        at = body + size
        flag = _uint16(data, body + 14)
        is_duplicate = flag & _DUPLICATE != 0 and not keep_duplicates
        if flag & (_UNMAPPED | _NOT_PRIMARY) or is_duplicate or data[np.uint64(body + 9)] < min_mapq:
            continue
        contig, position = _int32(data, body), _int32(data, body + 4)
        if contig < 0 or contig >= site_range.shape[0]:
            return start, WALK_BAD_REFERENCE
        if position < 0:
            return start, WALK_BAD_POSITION
        first, last = site_range[contig, 0], site_range[contig, 1]
        i = _first_site(site_position, first, last, contig, position, cursor)
        if i == last:
            continue
        status = _count_read(
            data, body, at, i, last, site_position, site_alleles, min_base_quality, out_depths
        )
        if status != WALK_OK:
            return start, status
    return at, WALK_OK
