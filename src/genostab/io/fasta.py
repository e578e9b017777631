"""GC fraction and gaps of bins from a reference sequence, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from genostab.arrays import Bins, Float64, Genome, Int64
from genostab.errors import InputError
from genostab.io.genome import check_contigs, chromosome_index
from genostab.io.limits import open_bytes

_CHUNK_BYTES = 1 << 22
_AT, _GC, _AMBIGUOUS, _WRONG = 1, 2, 0, 255


def _classes() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    table = np.full(256, _WRONG, dtype=np.uint8)
    for letters, kind in (("ATUatu", _AT), ("GCgc", _GC), ("NRYSWKMBDHVnryswkmbdhv-*", _AMBIGUOUS)):
        table[list(letters.encode())] = kind
    return table


_CLASS_OF_BYTE = _classes()


def composition_from_fasta(path: str | Path, genome: Genome, bins: Bins) -> tuple[Float64, Float64]:
    """Share of G and C among the A, C, G and T of each bin, and share of the bin that is none of these.

    Parameters
    ----------
    path : str or Path, the FASTA of the assembly; plain, gzip or BGZF
    genome : Genome
    bins : Bins

    Returns
    -------
    gc_fraction : float64, shape (n_bins,), 0..1; NaN where a bin holds no A, C, G or T, or its chromosome is not in
        the file
    gap_fraction : float64, shape (n_bins,), 0..1; NaN where its chromosome is not in the file

    Raises
    ------
    InputError
        GS-2001 to GS-2005 and GS-2102 for the file itself, GS-2004 where it is no FASTA, GS-2101 where the sequences
        are not those of the assembly.

    Notes
    -----
    N and other ambiguity codes count as gap. One pass, memory of one 4 MiB piece, O(bases).
    """
    gc = np.zeros(bins.start.size, dtype=np.int64)
    at = np.zeros(bins.start.size, dtype=np.int64)
    lengths: dict[str, int] = {}
    with open_bytes(path) as reader:
        for name, offset, sequence in _pieces(reader, str(path)):
            if not sequence and name in lengths:
                raise _no_fasta(str(path), f"two sequences named {name}")
            lengths[name] = offset + len(sequence)
            chrom = chromosome_index(name, genome)
            if chrom >= 0 and sequence:
                rows = np.flatnonzero(
                    (bins.chrom == chrom) & (bins.start < offset + len(sequence)) & (bins.end > offset)
                )
                classes = _CLASS_OF_BYTE[np.frombuffer(sequence, dtype=np.uint8)]
                if (classes == _WRONG).any():
                    at_byte = int(np.flatnonzero(classes == _WRONG)[0])
                    raise _no_fasta(
                        str(path), f"byte {sequence[at_byte]} at base {offset + at_byte + 1} of {name}"
                    )
                low = np.clip(bins.start[rows] - offset, 0, len(sequence))
                high = np.clip(bins.end[rows] - offset, 0, len(sequence))
                gc[rows] += _between(classes == _GC, low, high)
                at[rows] += _between(classes == _AT, low, high)
    check_contigs(lengths, genome, str(path))
    there = np.isin(bins.chrom, [chromosome_index(name, genome) for name in lengths])
    with np.errstate(invalid="ignore"):
        gc_fraction = np.where(gc + at > 0, gc / (gc + at), np.nan)
        gap_fraction = np.where(there, 1.0 - (gc + at) / (bins.end - bins.start), np.nan)
    return gc_fraction, gap_fraction


def _between(marked: np.ndarray[tuple[int], np.dtype[np.bool_]], low: Int64, high: Int64) -> Int64:
    total = np.concatenate(([0], np.cumsum(marked, dtype=np.int64)))
    return np.asarray(total[high] - total[low], dtype=np.int64)


def _no_fasta(path: str, found: str) -> InputError:
    return InputError(
        "GS-2004",
        what="the file is no FASTA of a reference",
        where=path,
        found=found,
        expected="sequences of A, C, G, T, N, each once, each under a > line",
        action="give the FASTA that the reads were aligned to",
    )


def _pieces(reader: BinaryIO, path: str) -> Iterator[tuple[str, int, bytes]]:
    """Name, offset and bases of consecutive pieces; a sequence begins with an empty piece at offset 0."""
    name, offset, carry, more = "", 0, b"\n", True
    while more:
        read = reader.read(_CHUNK_BYTES)
        more = bool(read)
        block, carry = carry + read, b""
        if more and block.endswith(b"\n"):
            # The next block may begin with >, which counts only at the start of a line.
            block, carry = block[:-1], b"\n"
        for number, part in enumerate(block.split(b"\n>")):
            bases = part
            if number:
                head, newline, bases = part.partition(b"\n")
                if not newline:
                    carry = b"\n>" + part + carry
                    break
                name, offset = _name(head, path), 0
                yield name, 0, b""
            bases = bases.translate(None, b"\r\n")
            if bases:
                if not name:
                    raise _no_fasta(path, repr(bases[:40]))
                yield name, offset, bases
                offset += len(bases)
        if len(carry) > _CHUNK_BYTES or (carry and not more):
            raise _no_fasta(path, "a > line without an end")
    if not name:
        raise _no_fasta(path, "no > line")


def _name(head: bytes, path: str) -> str:
    words = head.decode("ascii", errors="replace").split()
    if not words:
        raise _no_fasta(path, "a > line without a name")
    return words[0]
