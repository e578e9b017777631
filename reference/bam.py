"""Plain walk over inflated BAM records (SAM specification v1, section 4.2), one record at a time with struct.

Telomere reads as TelSeq counts them (Ding et al. 2014, doi 10.1093/nar/gku181): repeats of TTAGGG, or of CCCTAA, found
one after the other anywhere in the read; the larger of the two numbers decides.
"""

import struct
from bisect import bisect_right

_FIXED = struct.Struct("<iiBBHHHiiii")
CODES = "=ACMGRSVTWYHKDBN"


def _sequence(body, start, n_bases):
    codes = []
    for byte in body[start : start + (n_bases + 1) // 2]:
        codes += [CODES[byte >> 4], CODES[byte & 15]]
    return "".join(codes[:n_bases])


def _count_telomere(bases, rule, out_telomere):
    repeats_per_100_bp, min_read_bp, gc_low_per_100_bp, gc_high_per_100_bp = (int(x) for x in rule)
    n = len(bases)
    if n == 0 or n < min_read_bp:
        return
    out_telomere[0] += 1
    needed = -(-repeats_per_100_bp * n // 100)
    out_telomere[1] += max(bases.count("TTAGGG"), bases.count("CCCTAA")) >= needed
    gc = bases.count("G") + bases.count("C")
    out_telomere[2] += gc_low_per_100_bp * n <= 100 * gc < gc_high_per_100_bp * n


def _starts_inside(position, edge_first, edges, contig):
    if not len(edge_first):
        return True
    if not 0 <= contig < len(edge_first) - 1:
        return False
    own = [int(edge) for edge in edges[edge_first[contig] : edge_first[contig + 1]]]
    return bisect_right(own, position) % 2 == 1


def _is_second_of_mapped_pair(flag):
    paired, mate_unmapped, second = flag & 1, flag & 8, flag & 128
    return paired and second and not mate_unmapped


def _count_fragment(flag, length, out_fragments):
    proper_first = flag & 1 and flag & 2 and flag & 64
    if proper_first and length != 0:
        out_fragments[min(abs(length), len(out_fragments) - 1)] += 1


def count_records(
    data,
    contig_bin,
    contig_length,
    edge_first,
    edges,
    bin_bp,
    min_mapq,
    keep_duplicates,
    with_bases,
    telomere_rule,
    out_counts,
    out_fragments,
    out_telomere,
    out_totals,
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
        contig, position, l_name, mapq, _, n_cigar, flag, n_bases, _, _, length = _FIXED.unpack_from(body)
        sequence = 32 + l_name + 4 * n_cigar
        if n_bases < 0 or sequence + (n_bases + 1) // 2 + n_bases > size:
            return at, 2
        out_totals[0] += 1
        start, at = at, at + 4 + size
        unmapped, secondary, failed, supplementary = flag & 4, flag & 256, flag & 512, flag & 2048
        duplicate = flag & 1024 and not keep_duplicates
        if len(telomere_rule) and not (secondary or failed or supplementary or duplicate):
            _count_telomere(_sequence(body, sequence, n_bases), telomere_rule, out_telomere)
        if unmapped or secondary or failed or supplementary:
            out_totals[1] += _starts_inside(position, edge_first, edges, contig)
            continue
        if not 0 <= contig < len(contig_bin):
            return start, 3
        if not 0 <= position < contig_length[contig]:
            return start, 4
        if contig_bin[contig] < 0 or not _starts_inside(position, edge_first, edges, contig):
            continue
        i_bin = contig_bin[contig] + position // bin_bp
        first_of_fragment = not _is_second_of_mapped_pair(flag)
        if duplicate:
            out_counts[3][i_bin] += first_of_fragment
        elif mapq == 0 and min_mapq > 0:
            out_counts[2][i_bin] += first_of_fragment
        elif mapq < min_mapq:
            out_totals[2] += 1
        else:
            out_counts[1 if flag & 16 else 0][i_bin] += first_of_fragment
            _count_fragment(flag, length, out_fragments)
            bases = _sequence(body, sequence, n_bases)
            if with_bases:
                out_counts[4][i_bin] += sum(base in "GC" for base in bases)
                out_counts[5][i_bin] += sum(base in "ACGT" for base in bases)
    return at, 0
