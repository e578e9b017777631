"""Intervals as BED9 (UCSC format description): 0-based, with a colour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NAME_BREAKS = re.compile(r"[\x00-\x1f\x7f]+")
_RGB = re.compile(r"\d{1,3},\d{1,3},\d{1,3}")


@dataclass(frozen=True, kw_only=True)
class BedRecord:
    """One line; start and end 0-based half-open bp, score 0 to 1000, rgb as ``r,g,b``."""

    chrom: str
    start: int
    end: int
    name: str
    score: int
    rgb: str


def bed_bytes(records: Sequence[BedRecord]) -> bytes:
    """Records as BED9 in the order given; control characters in names become spaces.

    Raises
    ------
    ValueError
        Where an interval, score or colour is not one of BED.

    Examples
    --------
    >>> bed_bytes([BedRecord(chrom="chr8", start=0, end=10, name="gain", score=500, rgb="0,0,255")])
    b'chr8\\t0\\t10\\tgain\\t500\\t.\\t0\\t10\\t0,0,255\\n'
    """
    lines = []
    for record in records:
        if (
            not 0 <= record.start < record.end
            or not 0 <= record.score <= 1000
            or not _RGB.fullmatch(record.rgb)
        ):
            raise ValueError(f"no BED record: {record}")
        name = _NAME_BREAKS.sub(" ", record.name) or "."
        place = (record.chrom, str(record.start), str(record.end))
        thick = (str(record.start), str(record.end))
        lines.append("\t".join((*place, name, str(record.score), ".", *thick, record.rgb)) + "\n")
    return "".join(lines).encode()
