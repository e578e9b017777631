"""BGZF blocks inflated in order with libdeflate, on as many threads as wanted (SAM specification v1, section 4.1)."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import deflate

from genostab.errors import InputError

_FIXED_HEADER = struct.Struct("<BBBBIBBH")
_USUAL_HEADER = struct.Struct("<4s6x6sH")
_USUAL = (b"\x1f\x8b\x08\x04", b"\x06\x00BC\x02\x00")
_LENGTH = struct.Struct("<I")
_EOF_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_MAX_BLOCK_BYTES = 1 << 16
_BATCH_BYTES = 1 << 18  # about a megabyte inflated, which stays in the processor's cache


class Readable(Protocol):
    """What gives the next bytes of a stream."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""


@dataclass(frozen=True)
class Batch:
    """Whole blocks: file offset of the first byte, the bytes, and (start, end, inflated bytes) of each block."""

    offset: int
    data: memoryview
    blocks: list[tuple[int, int, int]]


_Inflated = Future[list[bytearray]]


def _damaged(where: str, offset: int, found: str, expected: str) -> InputError:
    return InputError(
        "GS-2102",
        what="damaged BGZF block",
        where=f"{where}, virtual offset {offset << 16}",
        found=found,
        expected=expected,
        action="copy the file again from its source and compare checksums; then re-run",
    )


def _truncated(where: str, offset: int, found: str) -> InputError:
    return InputError(
        "GS-2003",
        what="the file ends before its end-of-file block",
        where=f"{where}, byte {offset}",
        found=found,
        expected="whole BGZF blocks and, last, the 28-byte empty block",
        action="copy the file again from its source, or write it again to the end",
    )


def _block_size(chunk: memoryview, at: int) -> int | None:
    """Whole size of the block at `at`; None where the chunk ends inside its header; -1 where it is no BGZF block."""
    if at + 18 > len(chunk):
        return None
    magic, field_head, last_byte = _USUAL_HEADER.unpack_from(chunk, at)
    if (magic, field_head) == _USUAL:
        return int(last_byte) + 1
    id1, id2, method, flags, _, _, _, extra_bytes = _FIXED_HEADER.unpack_from(chunk, at)
    if (id1, id2, method) != (0x1F, 0x8B, 8) or not flags & 4:
        return -1
    field, end = at + 12, at + 12 + extra_bytes
    if end > len(chunk):
        return None
    while field + 4 <= end:
        length = int.from_bytes(chunk[field + 2 : field + 4], "little")
        if bytes(chunk[field : field + 2]) == b"BC" and length == 2:
            return int.from_bytes(chunk[field + 4 : field + 6], "little") + 1
        field += 4 + length
    return -1


def _split(chunk: memoryview, offset: int, where: str) -> tuple[Batch, int]:
    """Whole blocks of a chunk that starts at file `offset`, and how many bytes they take."""
    blocks: list[tuple[int, int, int]] = []
    at = 0
    while at < len(chunk):
        size = _block_size(chunk, at)
        if size == -1:
            found = bytes(chunk[at : at + 18]).hex(" ")
            raise _damaged(where, offset + at, f"bytes {found}", "a gzip member with a BC field")
        if size is None or at + size > len(chunk):
            break
        if size < len(_EOF_BLOCK):
            raise _damaged(where, offset + at, f"block size {size}", "room for header and trailer")
        (n_bytes,) = _LENGTH.unpack_from(chunk, at + size - 4)
        if n_bytes > _MAX_BLOCK_BYTES:
            raise _damaged(where, offset + at, f"{n_bytes} inflated bytes", "at most 65536")
        blocks.append((at, at + size, n_bytes))
        at += size
    return Batch(offset, chunk[:at], blocks), at


def _inflate(batch: Batch, where: str) -> Iterator[bytearray]:
    """Each block's content; libdeflate compares length and CRC-32 with the block's trailer."""
    for start, end, n_bytes in batch.blocks:
        try:
            yield deflate.gzip_decompress(batch.data[start:end], n_bytes or 1)
        except (deflate.DeflateError, ValueError, MemoryError) as error:
            raise _damaged(
                where,
                batch.offset + start,
                f"libdeflate: {error}",
                "DEFLATE data of the length and CRC-32 that the block's trailer states",
            ) from None


def batches_of(stream: Readable, where: str) -> Iterator[Batch]:
    """Blocks of a BGZF stream as they stand in the file, not inflated.

    Raises
    ------
    InputError
        GS-2102 for what is no block, GS-2003 where the stream ends early.
    """
    rest, offset, tail = b"", 0, b""
    while piece := stream.read(_BATCH_BYTES):
        chunk = rest + piece
        batch, used = _split(memoryview(chunk), offset, where)
        rest = chunk[used:]
        offset += used
        tail = (tail + chunk[max(0, used - len(_EOF_BLOCK)) : used])[-len(_EOF_BLOCK) :]
        yield batch
    if rest:
        raise _truncated(where, offset, f"{len(rest)} bytes of an incomplete block")
    if tail != _EOF_BLOCK:
        raise _truncated(where, offset, "no end-of-file block")


def inflate_blocks(stream: Readable, where: str, threads: int) -> Iterator[bytearray]:
    """Inflated blocks of a BGZF stream, in order; the last one is empty.

    Parameters
    ----------
    stream : binary file or pipe, at the start of a block
    where : str, the file's name for errors
    threads : int, how many threads inflate, the caller's own among them

    Raises
    ------
    InputError
        GS-2102 for a damaged block, with its virtual offset; GS-2003 where the stream ends early.

    Notes
    -----
    At most `threads` + 2 batches are held, so memory does not grow with the file. The CRC-32 of every block is
    checked.
    """
    return inflate_batches(batches_of(stream, where), where, threads)


def inflate_batches(batches: Iterator[Batch], where: str, threads: int) -> Iterator[bytearray]:
    """Inflated blocks of batches, in order; otherwise as `inflate_blocks`.

    Raises
    ------
    InputError
        GS-2102 for a damaged block, with its virtual offset.
    """
    if threads <= 1:
        for batch in batches:
            yield from _inflate(batch, where)
        return
    with ThreadPoolExecutor(max_workers=threads - 1) as pool:
        waiting: deque[tuple[_Inflated, Batch]] = deque()
        for batch in batches:
            waiting.append((pool.submit(_inflate_all, batch, where), batch))
            if len(waiting) > threads + 1:
                yield from _first_inflated(waiting, where)
        while waiting:
            yield from _first_inflated(waiting, where)


def _first_inflated(waiting: deque[tuple[_Inflated, Batch]], where: str) -> list[bytearray]:
    """The first batch's blocks; while another thread is at it, the caller's own inflates what none has begun."""
    for i, (inflated, batch) in enumerate(waiting):
        if waiting[0][0].done():
            break
        if inflated.cancel():
            waiting[i] = (_inflated_here(batch, where), batch)
    return waiting.popleft()[0].result()


def _inflated_here(batch: Batch, where: str) -> _Inflated:
    """A batch inflated by the caller's thread; its error is kept until its turn comes."""
    inflated: _Inflated = Future()
    try:
        inflated.set_result(_inflate_all(batch, where))
    except InputError as error:
        inflated.set_exception(error)
    return inflated


def _inflate_all(batch: Batch, where: str) -> list[bytearray]:
    return list(_inflate(batch, where))
