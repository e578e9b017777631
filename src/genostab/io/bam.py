"""BAM and CRAM to counts per bin, in one pass over the inflated records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from genostab.arrays import Genome, Int64
from genostab.errors import InputError
from genostab.io.alignment_counts import (
    COUNT_ROWS,
    MAX_FRAGMENT_BP,
    AlignmentCounts,
    CountingRules,
    TelomereReads,
    make_bins,
    tile_genome,
)
from genostab.io.bgzf import Readable, inflate_blocks
from genostab.io.cram import cram_as_bam, cram_refusal
from genostab.io.genome import check_contigs, chromosome_index
from genostab.io.indexed_reads import IndexedReads, inflate_stretches, read_stretches, select_stretches
from genostab.io.regions import Regions
from genostab.io.site_tally import SiteTally
from genostab.kernels.allele_depths import WALK_BAD_CIGAR
from genostab.kernels.bam import (
    WALK_BAD_FIELDS,
    WALK_BAD_POSITION,
    WALK_BAD_REFERENCE,
    WALK_OK,
    count_records,
)

_CHUNK_BYTES = 1 << 20
_BYTES_PER_STEP = 1 << 28
_WALK_ERRORS = {
    WALK_BAD_FIELDS: "name, CIGAR, bases and qualities longer than the record",
    WALK_BAD_REFERENCE: "a contig number that the header does not have",
    WALK_BAD_POSITION: "a position outside its contig",
    WALK_BAD_CIGAR: "a CIGAR of an unknown operation, or of more bases than the read has",
}


@dataclass(frozen=True, kw_only=True)
class AlignmentHeader:
    """Header of a BAM: `sample` from @RG SM ("" where absent), contigs in file order with length in bp."""

    sample: str
    contigs: Mapping[str, int]


class Digest(Protocol):
    """What takes the bytes of a file one piece after the other, as those of hashlib do."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""


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
def _alignment_stream(
    path: Path, reference: Path | None, rules: CountingRules, digest: Digest | None
) -> Iterator[Readable]:
    if _magic(path) == b"CRAM":
        needs_bases = rules.with_bases or rules.telomere is not None
        with cram_as_bam(
            path, reference, with_bases=needs_bases, with_alleles=rules.alleles is not None
        ) as stream:
            yield stream
        if digest is not None:
            with path.open("rb") as file:
                while piece := file.read(_CHUNK_BYTES):
                    digest.update(piece)
        return
    with path.open("rb") as file:
        yield file if digest is None else _Digesting(file, digest)


class _Digesting:
    """A file whose bytes go into a digest as they are read."""

    def __init__(self, stream: Readable, digest: Digest) -> None:
        self._stream, self._digest = stream, digest

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(size)
        self._digest.update(piece)
        return piece


class _Buffer:
    """Inflated blocks; `data` is what the header has left of the blocks taken so far."""

    def __init__(self, blocks: Iterator[bytearray], where: str) -> None:
        self._blocks = blocks
        self._where = where
        self._held = b""
        self._at = 0  # a header of thousands of contigs would else be copied as often

    @property
    def data(self) -> bytes:
        return self._held[self._at :]

    def remaining(self) -> Iterator[bytes | bytearray]:
        """What the header has left, then the other blocks."""
        return chain((self.data,), self._blocks)

    def take(self, n: int) -> bytes:
        while len(self._held) - self._at < n:
            block = next(self._blocks, None)
            self._held, self._at = self.data + (block or b""), 0
            if block is None:
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
        raise cram_refusal(path, None, str(error)) from None
    finally:
        pysam.set_verbosity(verbosity)
    samples = {group["SM"] for group in header.get("RG", []) if "SM" in group}
    return AlignmentHeader(
        sample=samples.pop() if len(samples) == 1 else "",
        contigs={line["SN"]: int(line["LN"]) for line in header.get("SQ", [])},
    )


def stretches_of_regions(path: Path, index: Path, genome: Genome, regions: Regions) -> IndexedReads:
    """Where in a BAM the reads that start inside regions lie, by its index.

    Parameters
    ----------
    path : Path, BAM, coordinate-sorted
    index : Path, its .bai or .csi
    genome : Genome
    regions : Regions

    Raises
    ------
    InputError
        As `read_alignment_header` and `read_stretches`; GS-2101 for contigs of another assembly.
    """
    header = read_alignment_header(path)
    check_contigs(header.contigs, genome, str(path))
    everywhere = read_stretches(index, list(header.contigs.values()))
    return select_stretches(everywhere, *_region_edges(regions, _chromosomes(header, genome)))


def _chromosomes(header: AlignmentHeader, genome: Genome) -> Int64:
    """Index into Genome.names of each contig, -1 for one that is no chromosome."""
    return np.array([chromosome_index(name, genome) for name in header.contigs], dtype=np.int64)


def _inflated(stream: Readable, where: str, threads: int, reads: IndexedReads | None) -> Iterator[bytearray]:
    if reads is None:
        return inflate_blocks(stream, where, threads)
    return inflate_stretches(stream, where, threads, reads)


def count_alignment(
    path: Path,
    genome: Genome,
    rules: CountingRules,
    *,
    reference: Path | None = None,
    reads: IndexedReads | None = None,
    threads: int = 2,
    digest: Digest | None = None,
    on_progress: Callable[[int], None] = lambda n_records: None,
) -> AlignmentCounts:
    """Counts of a BAM or CRAM in bins that tile the genome.

    Parameters
    ----------
    path : Path, coordinate-sorted or not, with or without an index
    genome : Genome, whose contig names (with or without ``chr``) and lengths the header must match
    rules : CountingRules; the last bin of a chromosome is shorter
    reference : Path or None, FASTA for a CRAM whose bases are looked at
    reads : IndexedReads or None, as of `stretches_of_regions` for these rules: only these blocks of a BAM are inflated
    threads : int, threads that inflate
    digest : takes the bytes of the file; a BAM is not read twice for it
    on_progress : called with the number of records so far, every 256 MB of them

    Raises
    ------
    InputError
        GS-2001 to GS-2004, GS-2101 (contigs), GS-2102 (damage, with its place), GS-2103 (CRAM reference), GS-2104
        (no read counted); with `reads` also as `inflate_stretches`.
    """
    where = str(path)
    first, chrom, _ = tile_genome(genome, rules.bin_bp)
    with _alignment_stream(path, reference, rules, digest) as stream:
        buffer = _Buffer(_inflated(stream, where, threads, reads), where)
        header = _read_header(buffer, where)
        check_contigs(header.contigs, genome, where)
        index = _chromosomes(header, genome)
        tally = _Tally(
            rules,
            where,
            contig_bin=np.where(index >= 0, first[np.maximum(index, 0)], -1),
            contig_length=np.array(list(header.contigs.values()), dtype=np.int64),
            edges=_region_edges(rules.regions, index),
            n_bins=chrom.size,
            sites=SiteTally(rules, header.contigs, index, where) if rules.alleles else None,
        )
        _walk(buffer.remaining(), where, tally, on_progress)
    n_records, n_unused, n_low_mapq = tally.totals.tolist()
    if not tally.counts[:2].any():
        inside = f" inside the regions of {rules.regions.name}" if rules.regions else ""
        raise _refuse(
            "GS-2104",
            "no usable read",
            where,
            f"{n_records} records; none is primary, no duplicate and of MAPQ {rules.min_mapq} or more on "
            f"{genome.assembly}{inside}",
            "at least one",
            "check that the file is aligned to the assembly named",
        )
    n_looked_at, telomeric, matched = tally.telomere.tolist()
    return AlignmentCounts(
        rules=rules,
        bins=make_bins(genome, rules.bin_bp, tally.counts),
        raw=tally.counts,
        fragment_lengths=tally.fragments,
        telomeres=TelomereReads(n_reads=n_looked_at, n_telomeric=telomeric, n_gc_matched=matched)
        if rules.telomere
        else None,
        sample=header.sample,
        n_records=reads.n_records if reads else n_records,
        n_unused=n_unused,
        n_low_mapq=n_low_mapq,
        dropped_contigs=tuple(name for name, i in zip(header.contigs, index, strict=True) if i < 0),
        site_depths=tally.sites.depths if tally.sites else None,
    )


def _region_edges(regions: Regions | None, index: Int64) -> tuple[Int64, Int64]:
    """First edge of each contig, and starts and ends of its regions in turn; both empty to count everywhere."""
    if regions is None:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    own = [np.column_stack((regions.start, regions.end))[regions.chrom == i].ravel() for i in index]
    first = np.cumsum([0, *(edges.size for edges in own)])
    return first.astype(np.int64), np.concatenate(own).astype(np.int64)


class _Tally:
    """What the kernel adds to, with the rules as it takes them."""

    def __init__(
        self,
        rules: CountingRules,
        where: str,
        *,
        contig_bin: Int64,
        contig_length: Int64,
        edges: tuple[Int64, Int64],
        n_bins: int,
        sites: SiteTally | None,
    ) -> None:
        self.counts = np.zeros((len(COUNT_ROWS), n_bins), dtype=np.int64)
        self.fragments = np.zeros(MAX_FRAGMENT_BP + 2, dtype=np.int64)
        self.telomere = np.zeros(3, dtype=np.int64)
        self.totals = np.zeros(3, dtype=np.int64)
        self.n_bytes = 0
        self.sites = sites
        self._where = where
        self._given = (
            contig_bin,
            contig_length,
            *edges,
            rules.bin_bp,
            rules.min_mapq,
            rules.keep_duplicates,
            rules.with_bases,
            _telomere_rule(rules),
            self.counts,
            self.fragments,
            self.telomere,
            self.totals,
        )

    def add(self, data: bytes | bytearray, start: int) -> int:
        """Count all whole records from `start` on; where the first incomplete one starts."""
        records, n_before = np.frombuffer(data, np.uint8, -1, start), int(self.totals[0])
        used, status = count_records(records, *self._given)
        number = int(self.totals[0]) + 1
        if status == WALK_OK and self.sites is not None:
            used, status = self.sites.add(records)
            number = n_before + 1 + _n_records(records[:used]) if status != WALK_OK else number
        if status != WALK_OK:
            raise _damaged_record(self._where, number, self.n_bytes + used, status)
        self.n_bytes += used
        return start + used


def _telomere_rule(rules: CountingRules) -> Int64:
    if rules.telomere is None:
        return np.empty(0, dtype=np.int64)
    return np.array(astuple(rules.telomere), dtype=np.int64)


def _walk(
    blocks: Iterator[bytes | bytearray], where: str, tally: _Tally, on_progress: Callable[[int], None]
) -> None:
    """Count every record; one that straddles blocks is joined by itself, so that blocks are not copied."""
    told, rest = 0, b""
    for block in blocks:
        start = 0
        if rest:
            start = _missing_bytes(rest, block)
            rest += block[:start]
            rest = rest[tally.add(rest, 0) :]
        if not rest and start < len(block):
            rest = bytes(block[tally.add(block, start) :])
        if tally.n_bytes >= told:
            on_progress(int(tally.totals[0]))
            told = tally.n_bytes + _BYTES_PER_STEP
    if rest:
        raise _refuse(
            "GS-2003",
            "the BAM ends inside a record",
            f"{where}, record {int(tally.totals[0]) + 1}",
            f"{len(rest)} bytes of it",
            "a whole record",
            "copy the file again from its source",
        )


def _missing_bytes(rest: bytes, block: bytes | bytearray) -> int:
    """How many bytes of the next block the record that begins in `rest` needs, at most all of them."""
    head = rest[:4] if len(rest) >= 4 else rest + block[: 4 - len(rest)]
    size = int.from_bytes(head, "little", signed=True) if len(head) == 4 else 0
    return min(len(block), max(4 + size - len(rest), 4 - len(rest), 0))


def _n_records(records: NDArray[np.uint8]) -> int:
    """How many whole records there are."""
    at, n = 0, 0
    while at < records.size:
        at += 4 + int(records[at : at + 4].view("<i4")[0])
        n += 1
    return n


def _damaged_record(where: str, number: int, offset: int, status: int) -> InputError:
    return _refuse(
        "GS-2102",
        "damaged BAM record",
        f"{where}, record {number}, inflated byte {offset} after the header",
        _WALK_ERRORS.get(status, "an impossible record length"),
        "a record as the SAM specification lays it out",
        "write the BAM again with samtools; check the disk and the transfer",
    )
