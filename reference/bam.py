"""Plain walk over inflated BAM records (SAM specification v1, section 4.2), one record at a time with struct."""

import struct

CODES = "=ACMGRSVTWYHKDBN"


def _sequence(body, start, n_bases):
    codes = []
    for byte in body[start : start + (n_bases + 1) // 2]:
        codes += [CODES[byte >> 4], CODES[byte & 15]]
    return codes[:n_bases]


def count_records(data, contig_bin, contig_length, bin_bp, min_mapq, out_counts, out_totals):
    raw = bytes(data)
    at = 0
    while at + 4 <= len(raw):
        (size,) = struct.unpack_from("<i", raw, at)
        if size < 32:
            return at, 1
        if at + 4 + size > len(raw):
            break
        body = raw[at + 4 : at + 4 + size]
        contig, position, l_name, mapq, _, n_cigar, flag, n_bases = struct.unpack_from("<iiBBHHHi", body)
        sequence = 32 + l_name + 4 * n_cigar
        if n_bases < 0 or sequence + (n_bases + 1) // 2 + n_bases > size:
            return at, 2
        out_totals[0] += 1
        start = at
        at += 4 + size
        unmapped, secondary, failed, supplementary = flag & 4, flag & 256, flag & 512, flag & 2048
        if unmapped or secondary or failed or supplementary:
            out_totals[1] += 1
            continue
        if not 0 <= contig < len(contig_bin):
            return start, 3
        if not 0 <= position < contig_length[contig]:
            return start, 4
        if contig_bin[contig] < 0:
            continue
        i_bin = contig_bin[contig] + position // bin_bp
        paired, mate_unmapped, second = flag & 1, flag & 8, flag & 128
        first_of_fragment = not (paired and second and not mate_unmapped)
        if flag & 1024:
            out_counts[2][i_bin] += first_of_fragment
        elif mapq == 0 and min_mapq > 0:
            out_counts[1][i_bin] += first_of_fragment
        elif mapq < min_mapq:
            out_totals[2] += 1
        else:
            out_counts[0][i_bin] += first_of_fragment
            bases = _sequence(body, sequence, n_bases)
            out_counts[3][i_bin] += sum(base in "GC" for base in bases)
            out_counts[4][i_bin] += sum(base in "ACGT" for base in bases)
    return at, 0
