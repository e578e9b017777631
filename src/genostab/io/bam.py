"""BAM and CRAM to counts per bin, in one pass over the inflated records."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from genostab.arrays import Bins, Genome
from genostab.errors import GenostabError, InputError
from genostab.io.bgzf import inflate_blocks
from genostab.io.genome import check_contigs, chromosome_index
from genostab.kernels.bam import (
    WALK_BAD_FIELDS,
    WALK_BAD_POSITION,
    WALK_BAD_REFERENCE,
    WALK_OK,
    count_records,
)

# The CRAM decoder of htslib, run apart so that its records arrive as a stream of uncompressed BAM.
_CRAM_TO_BAM = "import sys, pysam; pysam.view(*sys.argv[1:], catch_stdout=False)"
_DAMAGE_CODES = ("GS-2003", "GS-2004", "GS-2102")
_WALK_ERRORS = {
    WALK_BAD_FIELDS: "name, CIGAR, bases and qualities longer than the record",
    WALK_BAD_REFERENCE: "a contig number that the header does not have",
    WALK_BAD_POSITION: "a position outside its contig",
}


@dataclass(frozen=True, kw_only=True)
class AlignmentHeader:
    """Header of a BAM: `sample` from @RG SM ("" where absent), contigs in file order with length in bp."""

    sample: str
    contigs: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class AlignmentCounts:
    """Counts of one alignment file.

    `bins` tile every chromosome of the genome; `raw` are the counts behind them, shape (5, n_bins): accepted, MAPQ 0,
    duplicates, GC bases, ACGT bases; `n_records` all records; `n_unused` unmapped, secondary,
    supplementary or failed; `n_low_mapq` below the threshold but above 0; `dropped_contigs` not of the genome.
    """

    bins: Bins
    raw: NDArray[np.int64]
    sample: str
    n_records: int
    n_unused: int
    n_low_mapq: int
    dropped_contigs: tuple[str, ...]


def _refuse(code: str, what: str, where: str, found: str, expected: str, action: str) -> InputError:
    return InputError(code, what=what, where=where, found=found, expected=expected, action=action)


def _magic(path: Path) -> bytes:
    if not path.is_file():
        raise _refuse(
            "GS-2001",
            "the alignment file is missing",
            str(path),
            "no file",
            "a BAM or CRAM",
            "check the path",
        )
    with path.open("rb") as stream:
        head = stream.read(4)
    if not head:
        raise _refuse(
            "GS-2002", "the alignment file is empty", str(path), "0 bytes", "a BAM or CRAM", "write it again"
        )
    if head != b"CRAM" and head[:2] != b"\x1f\x8b":
        raise _refuse(
            "GS-2004",
            "the file is neither BAM nor CRAM",
            str(path),
            f"it starts with {head!r}",
            "BGZF or CRAM magic",
            "give a BAM (samtools view -b) or a CRAM",
        )
    return head


@contextmanager
def _alignment_stream(path: Path, reference: Path | None) -> Iterator[IO[bytes]]:
    if _magic(path) != b"CRAM":
        with path.open("rb") as stream:
            yield stream
        return
    command = [sys.executable, "-c", _CRAM_TO_BAM, "-u"]
    if reference is not None:
        command += ["-T", str(reference)]
    with subprocess.Popen(
        [*command, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"REF_PATH": ":", "REF_CACHE": ":"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            yield process.stdout
        except GenostabError as error:
            # With nobody to read, the decoder ends by itself, after it has said what it lacks.
            process.stdout.close()
            complaint = process.stderr.read().decode(errors="replace")
            told = _cram_error(path, reference, complaint)
            # A missing reference comes before anything else; damage is what the decoder complained of.
            if complaint and (told.code == "GS-2103" or error.code in _DAMAGE_CODES):
                raise told from None
            raise
        complaint = process.stderr.read().decode(errors="replace")
        if process.wait() != 0 or "[E::" in complaint:
            raise _cram_error(path, reference, complaint)


def _cram_error(path: Path, reference: Path | None, complaint: str) -> InputError:
    lines = [line for line in complaint.splitlines() if "[E::" in line] or complaint.splitlines()[-1:]
    first = lines[0] if lines else "the decoder stopped"
    if any(word in complaint for word in ("reference", "cram_get_ref", "fai_", "M5")):
        return _refuse(
            "GS-2103",
            "the CRAM needs its reference sequence",
            str(path),
            f"{'reference ' + str(reference) if reference else 'no reference'}; {first}",
            "the FASTA that the CRAM was written against",
            "give it with --reference FASTA",
        )
    return _refuse("GS-2102", "the CRAM cannot be decoded", str(path), first, "a whole CRAM", "copy it again")


class _Buffer:
    """Inflated pieces; `data` is what the header has left of the pieces taken so far."""

    def __init__(self, pieces: Iterator[bytes], where: str) -> None:
        self._pieces = pieces
        self._where = where
        self._held = b""
        self._at = 0  # a header of thousands of contigs would else be copied as often

    @property
    def data(self) -> bytes:
        return self._held[self._at :]

    def next_piece(self) -> bytes | None:
        return next(self._pieces, None)

    def take(self, n: int) -> bytes:
        while len(self._held) - self._at < n:
            piece = self.next_piece()
            self._held, self._at = self.data + (piece or b""), 0
            if piece is None:
                raise _refuse(
                    "GS-2003",
                    "the BAM ends inside its header",
                    self._where,
                    f"{len(self._held)} bytes",
                    f"{n} bytes",
                    "copy the file again from its source",
                )
        self._at += n
        return self._held[self._at - n : self._at]

    def take_int(self) -> int:
        return int.from_bytes(self.take(4), "little", signed=True)


_MAX_HEADER_BYTES = 256 << 20
_MAX_NAME_BYTES = 1 << 16


def _bounded(value: int, limit: int, what: str, where: str) -> int:
    if not 0 <= value <= limit:
        raise _refuse(
            "GS-2102", f"impossible {what}", where, str(value), f"0..{limit}", "copy the file again"
        )
    return value


def _read_header(buffer: _Buffer, where: str) -> AlignmentHeader:
    magic = buffer.take(4)
    if magic != b"BAM\x01":
        raise _refuse("GS-2004", "not a BAM", where, f"magic {magic!r}", "BAM\\1", "give a BAM or a CRAM")
    text = buffer.take(_bounded(buffer.take_int(), _MAX_HEADER_BYTES, "header length", where))
    contigs: dict[str, int] = {}
    for _ in range(_bounded(buffer.take_int(), _MAX_HEADER_BYTES, "number of contigs", where)):
        n_name = _bounded(buffer.take_int(), _MAX_NAME_BYTES, "contig name length", where)
        name = buffer.take(n_name).rstrip(b"\0").decode("ascii", errors="replace")
        contigs[name] = _bounded(buffer.take_int(), 2**31 - 1, "contig length", where)
    samples = {
        field[3:]
        for line in text.decode("utf-8", errors="replace").splitlines()
        if line.startswith("@RG")
        for field in line.split("\t")
        if field.startswith("SM:")
    }
    return AlignmentHeader(sample=samples.pop() if len(samples) == 1 else "", contigs=contigs)


def read_alignment_header(path: Path, reference: Path | None = None) -> AlignmentHeader:
    """Sample and contigs of a BAM or CRAM.

    Raises
    ------
    InputError
        GS-2001 to GS-2004 and GS-2102 for what cannot be read.
    """
    if _magic(path) == b"CRAM":
        return _cram_header(path)
    with path.open("rb") as stream:
        return _read_header(_Buffer(inflate_blocks(stream, str(path), 1), str(path)), str(path))


def _cram_header(path: Path) -> AlignmentHeader:
    import pysam

    verbosity = pysam.set_verbosity(0)
    try:
        with pysam.AlignmentFile(str(path), "rc", check_sq=False) as file:
            header = file.header.to_dict()
    except (OSError, ValueError) as error:
        raise _cram_error(path, None, str(error)) from None
    finally:
        pysam.set_verbosity(verbosity)
    samples = {group["SM"] for group in header.get("RG", []) if "SM" in group}
    return AlignmentHeader(
        sample=samples.pop() if len(samples) == 1 else "",
        contigs={line["SN"]: int(line["LN"]) for line in header.get("SQ", [])},
    )


def tile_genome(
    genome: Genome, bin_bp: int
) -> tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.int64]]:
    """First bin of each chromosome, and chromosome and start of every bin, of bins that tile the genome.

    Returns
    -------
    first : ndarray of int64, shape (n_chromosomes + 1,), the last one is the number of bins
    chrom : ndarray of int16, shape (n_bins,)
    start : ndarray of int64, shape (n_bins,), bp
    """
    n_bins = -(-genome.length_bp // bin_bp)
    first = np.concatenate(([0], np.cumsum(n_bins)))
    chrom = np.repeat(np.arange(len(genome.names), dtype=np.int16), n_bins)
    start = (np.arange(first[-1]) - np.repeat(first[:-1], n_bins)) * bin_bp
    return first, chrom, start


def count_alignment(
    path: Path,
    genome: Genome,
    *,
    bin_bp: int,
    min_mapq: int,
    reference: Path | None = None,
    threads: int = 2,
    on_progress: Callable[[int], None] = lambda n_records: None,
) -> AlignmentCounts:
    """Counts of a BAM or CRAM in bins that tile the genome.

    Parameters
    ----------
    path : Path, coordinate-sorted or not, with or without an index
    genome : Genome, whose contig names (with or without ``chr``) and lengths the header must match
    bin_bp : int, bin width [bp]; the last bin of a chromosome is shorter
    min_mapq : int, least mapping quality of a counted read
    reference : Path or None, FASTA for a CRAM
    threads : int, threads that inflate
    on_progress : called with the number of records so far

    Raises
    ------
    InputError
        GS-2001 to GS-2004, GS-2101 (contigs), GS-2102 (damage, with its place), GS-2103 (CRAM reference), GS-2104
        (no read counted).
    """
    where = str(path)
    first, chrom, start = tile_genome(genome, bin_bp)
    counts = np.zeros((5, chrom.size), dtype=np.int64)
    totals = np.zeros(3, dtype=np.int64)
    with _alignment_stream(path, reference) as stream:
        buffer = _Buffer(inflate_blocks(stream, where, threads), where)
        header = _read_header(buffer, where)
        check_contigs(header.contigs, genome, where)
        index = np.array([chromosome_index(name, genome) for name in header.contigs], dtype=np.int64)
        contig_bin = np.where(index >= 0, first[np.maximum(index, 0)], -1)
        contig_length = np.array(list(header.contigs.values()), dtype=np.int64)
        _walk(buffer, where, contig_bin, contig_length, bin_bp, min_mapq, counts, totals, on_progress)
    if not counts[0].any():
        raise _refuse(
            "GS-2104",
            "no usable read",
            where,
            f"{totals[0]} records; none is primary, no duplicate and of MAPQ {min_mapq} or more on {genome.assembly}",
            "at least one",
            "check that the file is aligned to the assembly named",
        )
    dropped = tuple(name for name, i in zip(header.contigs, index, strict=True) if i < 0)
    return AlignmentCounts(
        bins=make_bins(genome, chrom, start, bin_bp, counts),
        raw=counts,
        sample=header.sample,
        n_records=int(totals[0]),
        n_unused=int(totals[1]),
        n_low_mapq=int(totals[2]),
        dropped_contigs=dropped,
    )


def _walk(
    buffer: _Buffer,
    where: str,
    contig_bin: NDArray[np.int64],
    contig_length: NDArray[np.int64],
    bin_bp: int,
    min_mapq: int,
    counts: NDArray[np.int64],
    totals: NDArray[np.int64],
    on_progress: Callable[[int], None],
) -> None:
    """Count every record; one that straddles two pieces is joined by itself, so that pieces are not copied."""
    passed = 0

    def count(data: bytes, start: int) -> int:
        nonlocal passed
        used, status = count_records(
            np.frombuffer(data, dtype=np.uint8, offset=start),
            contig_bin,
            contig_length,
            bin_bp,
            min_mapq,
            counts,
            totals,
        )
        if status != WALK_OK:
            raise _damaged_record(where, int(totals[0]) + 1, passed + used, status)
        passed += used
        return start + used

    piece: bytes | None = buffer.data
    rest = b""
    while piece is not None:
        start = 0
        if rest:
            start = _missing_bytes(rest, piece)
            rest += piece[:start]
            rest = rest[count(rest, 0) :]
        if not rest:
            rest = piece[count(piece, start) :] if start < len(piece) else b""
        on_progress(int(totals[0]))
        piece = buffer.next_piece()
    if rest:
        raise _refuse(
            "GS-2003",
            "the BAM ends inside a record",
            f"{where}, record {int(totals[0]) + 1}",
            f"{len(rest)} bytes of it",
            "a whole record",
            "copy the file again from its source",
        )


def _missing_bytes(rest: bytes, piece: bytes) -> int:
    """How many bytes of the next piece the record that begins in `rest` needs, at most all of them."""
    head = rest[:4] if len(rest) >= 4 else rest + piece[: 4 - len(rest)]
    size = int.from_bytes(head, "little", signed=True) if len(head) == 4 else 0
    return min(len(piece), max(4 + size - len(rest), 4 - len(rest), 0))


def _damaged_record(where: str, number: int, offset: int, status: int) -> InputError:
    return _refuse(
        "GS-2102",
        "damaged BAM record",
        f"{where}, record {number}, inflated byte {offset} after the header",
        _WALK_ERRORS.get(status, "an impossible record length"),
        "a record as the SAM specification lays it out",
        "write the BAM again with samtools; check the disk and the transfer",
    )


def make_bins(
    genome: Genome,
    chrom: NDArray[np.int16],
    start: NDArray[np.int64],
    bin_bp: int,
    counts: NDArray[np.int64],
) -> Bins:
    """Bins from raw counts.

    Parameters
    ----------
    genome : Genome
    chrom, start : ndarray, shape (n_bins,), as of `tile_genome`
    bin_bp : int
    counts : ndarray of int64, shape (5, n_bins): accepted, MAPQ 0, duplicates, GC bases, ACGT bases
    """
    accepted, mapq0, duplicates, gc, bases = counts.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        gc_fraction = gc / bases
        mapq0_fraction = mapq0 / (accepted + mapq0)
    return Bins(
        chrom=chrom,
        start=start,
        end=np.minimum(start + bin_bp, genome.length_bp[chrom]),
        n_reads=accepted,
        ratio_log2=np.full(chrom.size, np.nan),
        weight=np.ones(chrom.size),
        gc_fraction=gc_fraction,
        mapq0_fraction=mapq0_fraction,
        n_duplicates=duplicates,
    )
