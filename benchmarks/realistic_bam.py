"""A BAM as a sequencer and an aligner leave it.

Pairs of 150 bases, read names of a flow cell, qualities in four levels, NM, AS and MD tags: 320 bytes a record,
compressed by htslib at its usual level.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pysam
from numpy.typing import NDArray

from genostab.io.bam_write import write_bam

N_CONTIGS = 20
LENGTH_BP = 10_000_000
NAMES = tuple(f"chr{i + 1}" for i in range(N_CONTIGS))
_READ_BP = 150
_TAGS = np.frombuffer(b"NMC\0ASC\x96MDZ150\0", np.uint8)
_FLAGS, _FLAG_SHARES = [99, 147, 83, 163, 1024 + 99, 256], [0.24, 0.24, 0.24, 0.24, 0.03, 0.01]
_MAPQ, _MAPQ_SHARES = [60, 0, 20], [0.9, 0.07, 0.03]
_QUALITIES, _QUALITY_SHARES = [2, 12, 23, 37], [0.002, 0.003, 0.01, 0.985]


def _bytes(values: NDArray[np.generic] | int, dtype: str, n: int) -> NDArray[np.uint8]:
    return np.broadcast_to(np.asarray(values, dtype=dtype), (n,)).copy().view(np.uint8).reshape(n, -1)


def _names(first: int, n: int) -> NDArray[np.bytes_]:
    tile, x, y = (
        1101 + np.arange(first, first + n) // 4096 % 78,
        1000 + np.arange(n) * 7 % 31000,
        1000 + np.arange(n),
    )
    return np.array(
        [b"A00711:154:HTK7LDSXY:1:%d:%d:%d" % place for place in zip(tile, x, y, strict=True)], dtype="S40"
    )


def records(n: int, contig: int, seed: int) -> NDArray[np.uint8]:
    """Records of one contig in order of their starts; shape (n_bytes,)."""
    rng = np.random.default_rng((seed, contig))
    position = np.sort(rng.integers(0, LENGTH_BP - 1000, n))
    name = _names(contig * n, n)
    n_name = np.char.str_len(name) + 1
    bases = np.array([1, 2, 4, 8], np.uint8)[rng.integers(0, 4, (n, _READ_BP), dtype=np.uint8)]
    size = 32 + n_name + 4 + _READ_BP // 2 + _READ_BP + _TAGS.size
    fixed = (
        (size, "<i4"),
        (contig, "<i4"),
        (position, "<i4"),
        (n_name, "u1"),
        (rng.choice(_MAPQ, n, p=_MAPQ_SHARES), "u1"),
        (4681 + (position >> 14), "<u2"),
        (1, "<u2"),
        (rng.choice(_FLAGS, n, p=_FLAG_SHARES), "<u2"),
        (_READ_BP, "<i4"),
        (contig, "<i4"),
        (position + 200, "<i4"),
        (rng.normal(350, 60, n).astype(np.int64), "<i4"),
    )
    head = np.concatenate([_bytes(values, dtype, n) for values, dtype in fixed], axis=1)
    text = name.view(np.uint8).reshape(n, -1)
    parts = (
        head,
        text,
        _bytes(_READ_BP << 4, "<u4", n),
        (bases[:, ::2] << 4) | bases[:, 1::2],
        rng.choice(np.array(_QUALITIES, np.uint8), (n, _READ_BP), p=_QUALITY_SHARES),
        np.broadcast_to(_TAGS, (n, _TAGS.size)),
    )
    rows = np.concatenate(parts, axis=1)
    kept = np.ones(rows.shape, dtype=bool)
    kept[:, head.shape[1] : head.shape[1] + text.shape[1]] = np.arange(text.shape[1]) < n_name[:, None]
    return rows[kept]


def write_realistic_bam(path: Path, n_records: int, seed: int = 7) -> Path:
    """`n_records` (a multiple of 20) on 20 contigs of 10 Mb."""
    lines = "".join(f"@SQ\tSN:{name}\tLN:{LENGTH_BP}\n" for name in NAMES)
    draft = path.with_suffix(".draft.bam")

    def contigs() -> Iterator[NDArray[np.uint8]]:
        return (records(n_records // N_CONTIGS, contig, seed) for contig in range(N_CONTIGS))

    header = f"@HD\tVN:1.6\tSO:coordinate\n{lines}"
    write_bam(draft, header, [(name, LENGTH_BP) for name in NAMES], contigs())
    pysam.view("-b", "-o", str(path), str(draft), catch_stdout=False)
    draft.unlink()
    draft.with_name(f"{draft.name}.bai").unlink()
    return path
