"""Encoded BAM records to a BAM file and its index, whole or not at all (SAM specification, section 4)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import deflate
import numpy as np
import pysam
from numpy.typing import NDArray

from genostab.errors import ResourceError

_BLOCK_BYTES = 65280
_LEVEL = 1
_EOF_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_BLOCK_HEAD = bytes.fromhex("1f8b08040000000000ff0600424302") + b"\0"


def _bgzf_block(payload: NDArray[np.uint8]) -> bytes:
    """One BGZF block with `payload`, at most 65280 bytes, so that a stored block fits in 64 KiB."""
    packed = bytes(deflate.deflate_compress(payload, _LEVEL))
    size = len(_BLOCK_HEAD) + 2 + len(packed) + 8
    trailer = struct.pack("<II", deflate.crc32(payload), payload.shape[0])
    return b"".join((_BLOCK_HEAD, struct.pack("<H", size - 1), packed, trailer))


def _header(text: str, contigs: Sequence[tuple[str, int]]) -> NDArray[np.uint8]:
    encoded = text.encode()
    parts = [b"BAM\1", struct.pack("<i", len(encoded)), encoded, struct.pack("<i", len(contigs))]
    for name, length_bp in contigs:
        parts += [struct.pack("<i", len(name) + 1), name.encode() + b"\0", struct.pack("<i", length_bp)]
    return np.frombuffer(b"".join(parts), dtype=np.uint8)


def _full_blocks(buffers: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """The bytes of all buffers in pieces of one block, the last one shorter."""
    rest = np.empty(0, dtype=np.uint8)
    for buffer in buffers:
        joined = np.concatenate((rest, buffer)) if rest.size else buffer
        n_full = joined.size // _BLOCK_BYTES * _BLOCK_BYTES
        for at in range(0, n_full, _BLOCK_BYTES):
            yield joined[at : at + _BLOCK_BYTES]
        rest = joined[n_full:]
    if rest.size:
        yield rest


def write_bam(
    path: Path,
    header_text: str,
    contigs: Sequence[tuple[str, int]],
    record_buffers: Iterable[NDArray[np.uint8]],
) -> None:
    """Leave a BAM file at `path` and its index (``.bai``) beside it, each through a temporary file.

    Parameters
    ----------
    path : Path, file to write; its folder exists
    header_text : str, SAM header with ``SO:coordinate`` and one ``@SQ`` line per contig
    contigs : sequence of (name, length [bp]), in the order of the records' contig numbers
    record_buffers : iterable of uint8, shape (n_bytes,), encoded records in coordinate order

    Raises
    ------
    ResourceError
        GS-5001 where the files cannot be written.

    Notes
    -----
    The header has a block of its own, so records start at a block boundary. O(bytes); compression and hashing
    run without the GIL, so several files can be written by as many threads.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    index = temporary.with_name(f"{temporary.name}.bai")
    try:
        with temporary.open("wb") as file:
            for part in ([_header(header_text, contigs)], record_buffers):
                for payload in _full_blocks(part):
                    file.write(_bgzf_block(payload))
            file.write(_EOF_BLOCK)
            file.flush()
            os.fsync(file.fileno())
        pysam.index(str(temporary), str(index))
        temporary.replace(path)
        index.replace(path.with_name(f"{path.name}.bai"))
    except (OSError, pysam.SamtoolsError) as error:
        raise ResourceError(
            "GS-5001",
            what="a BAM file cannot be written",
            where=str(path),
            found=str(error),
            expected="a writable folder with enough space",
            action="free space or choose another folder; then run again",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
        index.unlink(missing_ok=True)
