"""Plain count of the bases that reads show at sites (SAM specification v1, sections 1.4 and 4.2), base by base.

Of a proper pair that faces inwards, the forward read leaves what its mate covers to that mate.
"""

import struct

_FIXED = struct.Struct("<iiBBHHHiiii")
_ROW_OF_OTHER = 4


def _aligned_bases(operations, position, n_bases):
    """(Place in the read, place on the reference) of every base aligned to one; None where the CIGAR is impossible."""
    in_read, on_reference, pairs = 0, position, []
    for word in operations:
        length, kind = word >> 4, "MIDNSHP=X???????"[word & 15]
        if kind == "?":
            return None
        if kind in "M=X":
            if in_read + length > n_bases:
                return None
            pairs += [(in_read + k, on_reference + k) for k in range(length)]
        in_read += length if kind in "MIS=X" else 0
        on_reference += length if kind in "MDN=X" else 0
    return pairs


def _left_to_the_mate(flag, contig, position, mate_contig, mate_position, length):
    faces_inwards = flag & 0x1 and flag & 0x2 and not flag & 0x8 and not flag & 0x10 and flag & 0x20
    if not faces_inwards or contig != mate_contig:
        return range(0)
    return range(mate_position, position + abs(length))


def _column(code, alleles):
    ref, alt = (int(allele) for allele in alleles)
    if code in (0, ref):
        return 0
    if code == alt:
        return 2
    return _ROW_OF_OTHER if code in (1, 2, 4, 8) else None


def count_alleles(
    data,
    site_range,
    site_position,
    site_alleles,
    min_mapq,
    min_base_quality,
    keep_duplicates,
    cursor,
    out_depths,
):
    raw = bytes(data)
    at = 0
    while at + 4 <= len(raw):
        size = int.from_bytes(raw[at : at + 4], "little", signed=True)
        if size < 32 or size > 2**26:
            return at, 1
        if at + 4 + size > len(raw):
            break
        body = raw[at + 4 : at + 4 + size]
        start, at = at, at + 4 + size
        fields = _FIXED.unpack_from(body)
        contig, position, l_name, mapq, _, n_cigar, flag, n_bases, mate_contig, mate_position, length = fields
        duplicate = flag & 0x400 and not keep_duplicates
        if flag & (0x4 | 0x100 | 0x200 | 0x800) or duplicate or mapq < min_mapq:
            continue
        if not 0 <= contig < len(site_range):
            return start, 3
        if position < 0:
            return start, 4
        own = range(*(int(x) for x in site_range[contig]))
        own = [i for i in own if site_position[i] >= position]
        if not own:
            continue
        sequence = 32 + l_name + 4 * n_cigar
        qualities = sequence + (n_bases + 1) // 2
        if n_bases < 0 or qualities + n_bases > size:
            return start, 2
        if n_bases == 0:
            continue
        operations = struct.unpack_from(f"<{n_cigar}I", body, 32 + l_name)
        pairs = _aligned_bases(operations, position, n_bases)
        if pairs is None:
            return start, 5
        spared = _left_to_the_mate(flag, contig, position, mate_contig, mate_position, length)
        place = {on_reference: q for q, on_reference in pairs}
        for i in own:
            q = place.get(int(site_position[i]))
            if q is None or int(site_position[i]) in spared or body[qualities + q] < min_base_quality:
                continue
            byte = body[sequence + q // 2]
            column = _column(byte & 15 if q % 2 else byte >> 4, site_alleles[i])
            if column is not None:
                out_depths[i][column + (1 if flag & 16 else 0)] += 1
    return at, 0
