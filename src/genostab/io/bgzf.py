"""BGZF blocks inflated in order with libdeflate, on as many threads as wanted (SAM specification v1, section 4.1)."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO

import deflate

from genostab.errors import InputError

_FIXED_HEADER = struct.Struct("<BBBBIBBH")
_TRAILER = struct.Struct("<II")
_EOF_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_MAX_BLOCK_BYTES = 1 << 16
_BATCH_BYTES = 1 << 18  # inflated pieces of about 1 MB, which stay in the processor's cache


@dataclass(frozen=True)
class _Block:
    offset: int
    payload: memoryview
    crc32: int
    n_bytes: int


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


def _split(chunk: memoryview, offset: int, where: str) -> tuple[list[_Block], int]:
    """Whole blocks of a chunk that starts at file `offset`, and how many bytes they take."""
    blocks: list[_Block] = []
    at = 0
    while at < len(chunk):
        size = _block_size(chunk, at)
        if size == -1:
            found = bytes(chunk[at : at + 18]).hex(" ")
            raise _damaged(where, offset + at, f"bytes {found}", "a gzip member with a BC field")
        if size is None or at + size > len(chunk):
            break
        extra = int.from_bytes(chunk[at + 10 : at + 12], "little")
        if size < 12 + extra + 8:
            raise _damaged(where, offset + at, f"block size {size}", "room for header and trailer")
        crc32, n_bytes = _TRAILER.unpack_from(chunk, at + size - 8)
        if n_bytes > _MAX_BLOCK_BYTES:
            raise _damaged(where, offset + at, f"{n_bytes} inflated bytes", "at most 65536")
        blocks.append(_Block(offset + at, chunk[at + 12 + extra : at + size - 8], crc32, n_bytes))
        at += size
    return blocks, at


def _inflate(blocks: list[_Block], where: str) -> bytes:
    parts = []
    for block in blocks:
        if block.n_bytes == 0:
            continue
        try:
            data = deflate.deflate_decompress(block.payload, block.n_bytes)
        except (deflate.DeflateError, ValueError, MemoryError) as error:
            raise _damaged(where, block.offset, f"libdeflate: {error}", "DEFLATE data") from None
        if len(data) != block.n_bytes or deflate.crc32(data) != block.crc32:
            raise _damaged(where, block.offset, "length or CRC-32 differs", "what the block's trailer states")
        parts.append(data)
    return b"".join(parts)


def inflate_blocks(stream: IO[bytes], where: str, threads: int) -> Iterator[bytes]:
    """inflated bytes of a BGZF stream, in order, about a megabyte at a time.

    Parameters
    ----------
    stream : binary file or pipe, at the start of a block
    where : str, the file's name for errors
    threads : int, how many threads inflate

    Raises
    ------
    InputError
        GS-2102 for a damaged block, with its virtual offset; GS-2003 where the stream ends early.

    Notes
    -----
    At most `threads` + 2 batches are held, so memory does not grow with the file. The CRC-32 of every block is
    checked.
    """
    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        waiting: deque[Future[bytes]] = deque()
        rest, offset, tail = b"", 0, b""
        while piece := stream.read(_BATCH_BYTES):
            chunk = rest + piece
            blocks, used = _split(memoryview(chunk), offset, where)
            rest = chunk[used:]
            offset += used
            tail = (tail + chunk[max(0, used - len(_EOF_BLOCK)) : used])[-len(_EOF_BLOCK) :]
            waiting.append(pool.submit(_inflate, blocks, where))
            while len(waiting) > threads + 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    if rest:
        raise _truncated(where, offset, f"{len(rest)} bytes of an incomplete block")
    if tail != _EOF_BLOCK:
        raise _truncated(where, offset, "no end-of-file block")
