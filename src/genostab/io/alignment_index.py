"""Compressed bytes per 16-kb window of a BAM or CRAM, from its index alone.

BAI: SAM specification v1, section 5.2; CSI: CSIv1 specification; CRAI: CRAM specification v3, section 12.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genostab.errors import InputError

WINDOW_BP = 1 << 14
_METADATA_BIN = 37450
OFFSET_BITS = 16
_BLOCK_BYTES = 0xFFFF
_MAX_DEPTH = 10  # of a CSI: numbers of bins have 32 bits
_BLOCK_MAGIC = b"\x1f\x8b\x08\x04"


@dataclass(frozen=True, kw_only=True)
class ContigIndex:
    """One contig: compressed bytes that begin in each window [bytes, float64], and mapped reads (-1 unknown).

    `first_block` is the place in the file of the BGZF block of its first read [bytes], -1 where it has none or where
    the file is a CRAM.
    """

    window_bytes: NDArray[np.float64]
    n_mapped: int
    first_block: int = -1


def refuse_other_index(path: Path, contigs: Sequence[ContigIndex]) -> None:
    """Refuse an index that points to places of a BAM where no BGZF block begins.

    Raises
    ------
    InputError
        GS-2101: the index was made for another file, or for this one before it was written anew.
    """
    with path.open("rb") as stream:
        for place in (contig.first_block for contig in contigs if contig.first_block >= 0):
            stream.seek(place)
            if stream.read(len(_BLOCK_MAGIC)) != _BLOCK_MAGIC:
                raise _refuse(
                    "GS-2101",
                    path,
                    "the index is of another file",
                    f"no BGZF block at byte {place} of the BAM",
                )


def find_index(path: Path) -> Path:
    """The index that lies beside an alignment file.

    Raises
    ------
    InputError
        GS-2001 where there is none.
    """
    names = [f"{path.name}.{ending}" for ending in ("bai", "csi", "crai")]
    names += [f"{path.stem}.{ending}" for ending in ("bai", "csi", "crai")]
    for name in names:
        if (path.parent / name).is_file():
            return path.parent / name
    raise InputError(
        "GS-2001",
        what="the alignment file has no index",
        where=str(path),
        found="none of " + ", ".join(names),
        expected="a .bai, .csi or .crai beside it",
        action="make one with samtools index",
    )


def read_index(path: Path, length_bp: Sequence[int]) -> tuple[ContigIndex, ...]:
    """Windows of each contig, in the order of the alignment's header.

    Parameters
    ----------
    path : Path, .bai, .csi or .crai
    length_bp : sequence of int, lengths of the contigs in the alignment's header; the index must have as many
        (CRAI: at most)

    Raises
    ------
    InputError
        GS-2001 to GS-2004 for what cannot be read, GS-2101 where the index is of another file.

    Notes
    -----
    A linear index holds the file offset of the first read that overlaps each window; the difference of two is what
    lies between. Compressed bytes follow reads only roughly: triage, not measurement.
    """
    data = path.read_bytes()
    if not data:
        raise _refuse("GS-2002", path, "the index is empty", "0 bytes")
    try:
        if data[:4] == b"BAI\x01":
            contigs = tuple(_bai_contigs(data))
        elif data[:2] == b"\x1f\x8b":
            inflated = inflated_index(data)
            if inflated[:4] == b"CSI\x01":
                contigs = tuple(_csi_contigs(inflated, length_bp))
            else:
                contigs = _crai_contigs(inflated.decode("ascii"), len(length_bp))
        else:
            raise _refuse("GS-2004", path, "the file is no alignment index", f"it starts with {data[:4]!r}")
    except (struct.error, zlib.error, UnicodeDecodeError, ValueError, IndexError) as error:
        raise _refuse("GS-2003", path, "the index is damaged or ends early", str(error)) from None
    if len(contigs) != len(length_bp):
        raise _refuse(
            "GS-2101",
            path,
            "the index is of another file",
            f"{len(contigs)} contigs, the alignment has {len(length_bp)}",
        )
    return contigs


def _refuse(code: str, path: Path, what: str, found: str) -> InputError:
    return InputError(
        code,
        what=what,
        where=str(path),
        found=found,
        expected="the index of the alignment beside it",
        action="make it again with samtools index",
    )


def inflated_index(data: bytes) -> bytes:
    """Bytes of a CSI or CRAI, which are gzip members one after the other."""
    parts = []
    while data:
        member = zlib.decompressobj(31)
        parts.append(member.decompress(data))
        if not member.eof:
            raise ValueError("incomplete gzip member")
        data = member.unused_data
    return b"".join(parts)


def _file_positions(virtual: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Virtual offsets as places in the file: the block's, plus the share of a typical block that lies before.

    At low depth several windows begin in one block. A block is taken as the tenth percentile of the distances between
    blocks that windows begin in, since most of them skip blocks at high depth.
    """
    if not virtual.size:
        return np.empty(0)
    block = (virtual >> np.uint64(OFFSET_BITS)).astype(np.float64)
    within = (virtual & np.uint64(_BLOCK_BYTES)).astype(np.float64) / _BLOCK_BYTES
    steps = np.diff(np.unique(block[block > 0]))
    typical = float(np.quantile(steps, 0.1)) if steps.size else 0.0
    return block + within * typical


def _differences(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bytes between the positions of successive windows; a window without reads has position 0 and no bytes."""
    filled = np.maximum.accumulate(positions)
    distance: NDArray[np.float64] = np.diff(filled, append=filled[-1:])
    return distance


def _bai_contigs(data: bytes) -> Iterator[ContigIndex]:
    (n_contigs,) = struct.unpack_from("<i", data, 4)
    at = 8
    for _ in range(n_contigs):
        (n_bins,) = struct.unpack_from("<i", data, at)
        at += 4
        n_mapped = -1
        for _ in range(n_bins):
            number, n_chunks = struct.unpack_from("<Ii", data, at)
            if n_chunks < 0:
                raise ValueError(f"{n_chunks} chunks in a bin")
            if number == _METADATA_BIN and n_chunks == 2:
                (n_mapped,) = struct.unpack_from("<Q", data, at + 24)
            at += 8 + 16 * n_chunks
        (n_windows,) = struct.unpack_from("<i", data, at)
        at += 4
        if n_windows < 0 or at + 8 * n_windows > len(data):
            raise ValueError(f"{n_windows} windows in {len(data) - at} bytes")
        offsets = np.frombuffer(data, dtype="<u8", count=n_windows, offset=at)
        at += 8 * n_windows
        yield ContigIndex(
            window_bytes=_differences(_file_positions(offsets)),
            n_mapped=n_mapped,
            first_block=_first_block(offsets),
        )


def _csi_contigs(data: bytes, length_bp: Sequence[int]) -> Iterator[ContigIndex]:
    min_shift, depth, n_extra = struct.unpack_from("<iii", data, 4)
    if min_shift != WINDOW_BP.bit_length() - 1:
        raise ValueError(f"windows of {1 << max(min_shift, 0)} bp, not {WINDOW_BP}")
    if not 0 <= depth <= _MAX_DEPTH:
        raise ValueError(f"bins of {depth} sizes")
    (n_contigs,) = struct.unpack_from("<i", data, 16 + n_extra)
    metadata = ((1 << (3 * (depth + 1))) - 1) // 7 + 1
    at = 20 + n_extra
    for contig in range(n_contigs):
        (n_bins,) = struct.unpack_from("<i", data, at)
        at += 4
        n_mapped = -1
        numbers, places, chunks = [], [], []
        for _ in range(n_bins):
            number, n_chunks = struct.unpack_from("<I8xi", data, at)
            at += 16
            if n_chunks < 0 or at + 16 * n_chunks > len(data):
                raise ValueError(f"{n_chunks} chunks in a bin, {len(data) - at} bytes left")
            if number == metadata and n_chunks == 2:
                (n_mapped,) = struct.unpack_from("<Q", data, at + 16)
            else:
                numbers.append(number)
                places.append(at)
                chunks.append(n_chunks)
            at += 16 * n_chunks
        first, n_windows = windows_of_bins(np.array(numbers, dtype=np.int64), depth)
        owner, ends = chunks_of_bins(data, np.array(places, dtype=np.int64), np.array(chunks, dtype=np.int64))
        size = ends[:, 1].astype(np.float64) - ends[:, 0].astype(np.float64)
        n_bytes = np.bincount(owner, weights=size / 2**OFFSET_BITS, minlength=len(numbers))
        spread = _spread(first, n_windows, n_bytes.astype(np.float64), -(-length_bp[contig] // WINDOW_BP))
        yield ContigIndex(window_bytes=spread, n_mapped=n_mapped, first_block=_first_block(ends[:, 0]))


def _first_block(offsets: NDArray[np.uint64]) -> int:
    """Place of the first block that virtual offsets point to, -1 where none does; 0 says that a window is empty."""
    given = offsets[offsets > 0]
    return int(given.min() >> np.uint64(OFFSET_BITS)) if given.size else -1


def chunks_of_bins(
    data: bytes, place: NDArray[np.int64], n_chunks: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Bin of each chunk, and its first and last virtual offset; shapes (n,) and (n, 2)."""
    owner = np.repeat(np.arange(place.size), n_chunks)
    rank = np.arange(owner.size) - np.repeat(np.cumsum(n_chunks) - n_chunks, n_chunks)
    at = (place[owner] + 16 * rank)[:, None] + np.arange(16)
    return owner, np.frombuffer(data, dtype=np.uint8)[at].view("<u8")


def windows_of_bins(number: NDArray[np.int64], depth: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First window of each bin of the binning scheme, and how many windows it spans."""
    first_of_level = np.array([((1 << (3 * level)) - 1) // 7 for level in range(depth + 1)], dtype=np.int64)
    level = np.searchsorted(first_of_level, number, side="right") - 1
    n_windows = np.int64(1) << (3 * (depth - level))
    return (number - first_of_level[level]) * n_windows, n_windows


def _spread(
    first: NDArray[np.int64], n_spanned: NDArray[np.int64], n_bytes: NDArray[np.float64], n_windows: int
) -> NDArray[np.float64]:
    """Bytes per window of bins that hold theirs evenly, as far as they lie on the contig."""
    last = np.minimum(first + n_spanned, n_windows)
    inside = first < last
    share = n_bytes[inside] / (last - first)[inside]
    begun = np.bincount(first[inside], weights=share, minlength=n_windows + 1).astype(np.float64)
    ended = np.bincount(last[inside], weights=share, minlength=n_windows + 1)
    spread: NDArray[np.float64] = np.cumsum(begun - ended)[:n_windows]
    return spread


def _crai_contigs(text: str, n_contigs: int) -> tuple[ContigIndex, ...]:
    """Slices: contig, start, span, container offset, slice offset, slice bytes; spread evenly over their span."""
    windows: dict[int, dict[int, float]] = {}
    for line in text.splitlines():
        contig, start, span, _, _, n_bytes = (int(part) for part in line.split("\t"))
        if contig >= n_contigs:
            raise ValueError(f"contig {contig} of {n_contigs}")
        if contig < 0 or span <= 0:
            continue
        own = windows.setdefault(contig, {})
        first, last = (start - 1) // WINDOW_BP, (start - 1 + span - 1) // WINDOW_BP
        for window in range(first, last + 1):
            overlap = min((window + 1) * WINDOW_BP, start - 1 + span) - max(window * WINDOW_BP, start - 1)
            own[window] = own.get(window, 0.0) + n_bytes * overlap / span
    contigs = []
    for contig in range(n_contigs):
        own = windows.get(contig, {})
        found = np.zeros(max(own, default=-1) + 1)
        for window, value in own.items():
            found[window] = value
        contigs.append(ContigIndex(window_bytes=found, n_mapped=-1))
    return tuple(contigs)
