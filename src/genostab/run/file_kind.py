"""What a sequencing or array file holds, by its first bytes."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Literal

FileKind = Literal["alignment", "array", "bins"]


def file_kind(path: Path) -> FileKind:
    """What a file holds, by its first bytes; a file that cannot be read is left to the reader of bins to refuse."""
    try:
        with path.open("rb") as stream:
            head = stream.read(65536)
    except OSError:
        return "bins"
    if head[:4] == b"CRAM":
        return "alignment"
    if head[:2] == b"\x1f\x8b":
        try:
            head = zlib.decompressobj(31).decompress(head, 4096)
        except zlib.error:
            return "alignment" if path.suffix == ".bam" else "bins"
        if head[:4] == b"BAM\x01":
            return "alignment"
    elif path.suffix == ".bam":
        return "alignment"
    lines = [line for line in head.decode("utf-8", errors="replace").lower().splitlines() if line]
    words = ("log r ratio", "lrr", "b allele freq", "baf")
    return "array" if any(any(word in line for word in words) for line in lines[:12]) else "bins"
