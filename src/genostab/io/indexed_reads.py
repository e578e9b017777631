"""Where in a BAM the reads of regions lie, by its index (SAM specification v1, sections 5.1 and 5.2; CSIv1).

A bin of the index holds the stretches of the file with all reads that lie within its span of a contig, so that reads of
a region lie in the stretches of the bins that overlap it. A linear index could only leave out more.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genostab.arrays import Int64
from genostab.errors import InputError
from genostab.io.alignment_index import (
    OFFSET_BITS,
    WINDOW_BP,
    chunks_of_bins,
    inflated_index,
    read_index,
    windows_of_bins,
)
from genostab.io.bgzf import Batch, Readable, batches_of, inflate_batches

_WITHIN = (1 << OFFSET_BITS) - 1
_PLACE = struct.Struct("<4xii")


@dataclass(frozen=True, kw_only=True)
class IndexedReads:
    """Stretches of a BAM, each of whole records, in order; those of an index disjoint only once selected.

    begin, end : int64, shape (n,), virtual offsets
    contig, start_bp, end_bp : int64, shape (n,), where the first read of each begins, as the index has it; contig -1
        for the header
    blocks : int64, shape (n_blocks,), places of the file at which the index lets a block begin
    n_records : all records of the file
    """

    begin: Int64
    end: Int64
    contig: Int64
    start_bp: Int64
    end_bp: Int64
    blocks: Int64
    n_records: int


def read_stretches(path: Path, length_bp: Sequence[int]) -> IndexedReads:
    """All stretches that an index knows.

    Parameters
    ----------
    path : Path, .bai or .csi
    length_bp : sequence of int, lengths of the contigs in the alignment's header

    Raises
    ------
    InputError
        As `read_index`; GS-2003 where the index does not say how many records there are.
    """
    read_index(path, length_bp)
    data = path.read_bytes()
    if data[:4] == b"BAI\x01":
        depth, at, head, is_linear = 5, 8, struct.Struct("<Ii"), True
    else:
        data = inflated_index(data)
        depth, n_extra = struct.unpack_from("<ii", data, 8)
        at, head, is_linear = 20 + n_extra, struct.Struct("<I8xi"), False
    metadata = ((1 << (3 * (depth + 1))) - 1) // 7 + 1
    rows: list[tuple[int, int, int, int]] = []
    n_records, has_totals = 0, True
    for contig in range(len(length_bp)):
        (n_bins,) = struct.unpack_from("<i", data, at)
        at += 4
        is_told = n_bins == 0
        for _ in range(n_bins):
            number, n_chunks = head.unpack_from(data, at)
            at += head.size
            if number == metadata and n_chunks == 2:
                n_records += sum(struct.unpack_from("<QQ", data, at + 16))
                is_told = True
            else:
                rows.append((contig, number, at, n_chunks))
            at += 16 * n_chunks
        has_totals = has_totals and is_told
        if is_linear:
            at += 4 + 8 * int(struct.unpack_from("<i", data, at)[0])
    if not has_totals or not rows or at + 8 > len(data):
        raise _refuse(
            "GS-2003", str(path), "the index does not tell the number of records", f"{len(rows)} bins"
        )
    n_records += struct.unpack_from("<Q", data, at)[0]
    table = np.array(rows, dtype=np.int64)
    owner, offsets = chunks_of_bins(data, table[:, 2], table[:, 3])
    first, n_windows = windows_of_bins(table[:, 1], depth)
    begin, end = offsets.astype(np.int64).T
    _refuse_disorder(str(path), begin, table[owner, 0], first[owner], n_windows[owner])
    return IndexedReads(
        begin=begin,
        end=end,
        contig=table[owner, 0],
        start_bp=first[owner] * WINDOW_BP,
        end_bp=(first + n_windows)[owner] * WINDOW_BP,
        blocks=np.unique(np.concatenate((begin, end)) >> OFFSET_BITS),
        n_records=n_records,
    )


def _refuse_disorder(where: str, begin: Int64, contig: Int64, first: Int64, n_windows: Int64) -> None:
    """Refuse bins whose order in the file no sorted reads could have; a wrong number of a bin would hide its reads."""
    order = np.argsort(begin, kind="stable")
    # Contigs one after the other on one line: each bin must end after every earlier one starts.
    start = (contig[order] << 32) + first[order]
    if (start + n_windows[order] <= np.maximum.accumulate(start)).any():
        raise _refuse("GS-2003", where, "the index is damaged", "bins out of the order of their reads")


def select_stretches(all_reads: IndexedReads, edge_first: Int64, edges: Int64) -> IndexedReads:
    """The header and the stretches that may hold reads of regions, joined where they share a block.

    Parameters
    ----------
    all_reads : IndexedReads, as of `read_stretches`
    edge_first : ndarray of int64, shape (n_contigs + 1,), first edge of each contig
    edges : ndarray of int64, shape (n_edges,), start and end of regions in turn, ascending per contig [bp]
    """
    wanted = np.zeros(all_reads.begin.size, dtype=bool)
    for contig in np.flatnonzero(np.diff(edge_first)):
        own = np.flatnonzero(all_reads.contig == contig)
        start, end = edges[edge_first[contig] : edge_first[contig + 1]].reshape(-1, 2).T
        n_ended = np.searchsorted(end, all_reads.start_bp[own], side="right")
        n_begun = np.searchsorted(start, all_reads.end_bp[own], side="left")
        wanted[own] = n_ended < n_begun
    kept = np.flatnonzero(wanted)
    kept = kept[np.argsort(all_reads.begin[kept], kind="stable")]
    begin = np.concatenate(([0], all_reads.begin[kept]))
    # The header ends where the first read of all begins.
    end = np.maximum.accumulate(np.concatenate(([all_reads.begin.min()], all_reads.end[kept])))
    first = np.flatnonzero(np.concatenate(([True], begin[1:] >> OFFSET_BITS > end[:-1] >> OFFSET_BITS)))
    return replace(
        all_reads,
        begin=begin[first],
        end=end[np.append(first[1:], begin.size) - 1],
        contig=np.concatenate(([-1], all_reads.contig[kept]))[first],
        start_bp=np.concatenate(([0], all_reads.start_bp[kept]))[first],
        end_bp=np.concatenate(([0], all_reads.end_bp[kept]))[first],
    )


def inflate_stretches(stream: Readable, where: str, threads: int, reads: IndexedReads) -> Iterator[bytearray]:
    """What the stretches hold, one after the other: header and whole records. All of the stream is read.

    Parameters
    ----------
    stream : binary file at its start
    where : str, the file's name for errors
    threads : int, threads that inflate
    reads : IndexedReads, as of `select_stretches`

    Raises
    ------
    InputError
        As `inflate_blocks`, but a block that is not inflated may be damaged inside; GS-2101 where the index points to
        places at which no block begins, or to reads of other places.
    """
    cuts: deque[tuple[int, int, int]] = deque()
    for block in inflate_batches(_chosen(batches_of(stream, where), where, reads, cuts), where, threads):
        stretch, first, last = cuts.popleft()
        piece = block[first:last]
        if stretch >= 0 and len(piece) >= _PLACE.size:
            contig, position = _PLACE.unpack_from(piece)
            is_there = reads.start_bp[stretch] <= position < reads.end_bp[stretch]
            if contig != reads.contig[stretch] or not is_there:
                raise _refuse_other(where, f"a read of contig {contig}, position {position}, in its bin")
        yield piece


def _chosen(
    batches: Iterator[Batch], where: str, reads: IndexedReads, cuts: deque[tuple[int, int, int]]
) -> Iterator[Batch]:
    """Blocks of the stretches; for each, `cuts` gets the stretch that begins there, or -1, and what is of it."""
    first_block, last_block = reads.begin >> OFFSET_BITS, reads.end >> OFFSET_BITS
    seen: list[NDArray[np.int64]] = []
    for batch in batches:
        at = batch.offset + np.array([start for start, _, _ in batch.blocks], dtype=np.int64)
        seen.append(at)
        owner = np.searchsorted(first_block, at, side="right") - 1
        kept = np.flatnonzero(at <= last_block[owner])
        for i in kept.tolist():
            own, n_bytes = int(owner[i]), batch.blocks[i][2]
            begins, ends = at[i] == first_block[own], at[i] == last_block[own]
            first = int(reads.begin[own]) & _WITHIN if begins else 0
            last = int(reads.end[own]) & _WITHIN if ends else n_bytes
            cuts.append((own if begins and reads.contig[own] >= 0 else -1, first, last))
        if kept.size:
            yield replace(batch, blocks=[batch.blocks[i] for i in kept])
    astray = np.setdiff1d(reads.blocks, np.concatenate(seen))
    if astray.size:
        raise _refuse_other(where, f"no BGZF block at byte {int(astray[0])} of the BAM")


def _refuse_other(where: str, found: str) -> InputError:
    return _refuse("GS-2101", where, "the index is of another file", found)


def _refuse(code: str, where: str, what: str, found: str) -> InputError:
    return InputError(
        code,
        what=what,
        where=where,
        found=found,
        expected="the index of the alignment beside it",
        action="make it again with samtools index",
    )
