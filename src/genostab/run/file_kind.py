"""What a sequencing or array file holds, by its first bytes."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Literal

from genostab.errors import GenostabErrors, InputError
from genostab.io.counts_text import is_counts_text
from genostab.io.refusals import no_samples
from genostab.lot.manifest import Sequencing

FileKind = Literal["alignment", "counts", "array", "bins"]
_PIECE_BYTES = 1 << 20
_NAMES = {
    "alignment": "aligned reads",
    "counts": "counted reads",
    "array": "a SNP array",
    "bins": "binned coverage",
}


def file_kind(path: Path) -> FileKind:
    """What a file holds, by its first bytes; whatever is not known is left to the reader of bins to refuse."""
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
        if head[:3] == b"BCF":
            return "array"
    elif path.suffix in (".bam", ".cram"):
        return "alignment"
    text = head.decode("utf-8", errors="replace")
    if is_counts_text(text):
        return "counts"
    # No VCF holds bins: one without LRR and BAF is refused by the reader of arrays, which says what it lacks.
    if text.startswith(("##fileformat=VCF", "BCF", "[Header]", "[Data]")):
        return "array"
    lines = [line for line in text.lower().splitlines() if line]
    words = ("log r ratio", "lrr", "b allele freq", "baf")
    return "array" if any(any(word in line for word in words) for line in lines[:12]) else "bins"


def sample_file(block: Sequencing) -> tuple[Path, FileKind]:
    """The file of the lot that is analysed, the array before the reads, and what it holds."""
    if block.array is not None:
        return block.array, "array"
    assert block.sample is not None, "the manifest demands one of the two"
    return block.sample, file_kind(block.sample)


def names_must_serve(block: Sequencing, path: Path) -> bool:
    """Whether a table without samples is to be refused beside a sample's name."""
    return block.snps is None or any(_is_same_content(path, parent) for parent in block.parent)


def check_same_kind(block: Sequencing) -> None:
    """Nothing, or one refusal per parent that is known to hold something else than the sample.

    Raises
    ------
    GenostabErrors
        GS-2203. A parent of unknown content is left to the reader of the sample's kind.
    """
    sample, kind = sample_file(block)
    errors = [
        InputError(
            "GS-2203",
            what="sample and parent are not of the same kind",
            where=str(parent),
            found=_NAMES[found],
            expected=f"{_NAMES[kind]}, as in {sample.name}",
            action="make both with the same method; an acquired change is a difference between equals",
        )
        for parent in block.parent
        if (found := file_kind(parent)) not in (kind, "bins") and {found, kind} != {"alignment", "counts"}
    ]
    if errors:
        raise GenostabErrors(errors)


def check_sample_names(block: Sequencing) -> None:
    """Nothing, or the refusal of a sample's name that no file can hold, or of a sample that is its own parent.

    Files of one size are compared up to their first difference, which two libraries have at once.

    Raises
    ------
    InputError
        GS-2201, GS-2203.
    """
    sample, kind = sample_file(block)
    has_samples = kind in ("bins", "array")
    # Reads carry no name to choose by; the VCF of alleles beside them may hold several samples.
    name = block.parent_name or block.sample_name
    if name is not None and not has_samples and block.snps is None:
        raise no_samples(str(sample), _NAMES[kind], name)
    is_told = has_samples and block.parent_name != block.sample_name
    if not is_told and any(_is_same_content(sample, parent) for parent in block.parent):
        raise InputError(
            "GS-2203",
            what="sample and parent are the same",
            where=str(sample),
            found=name or "the same content in both files",
            expected="the parent line, which the lot could have changed against",
            action="give the parent's own file, or the name of the parent's sample",
        )


def _is_same_content(a: Path, b: Path) -> bool:
    """Whether two files are one, or one is a copy, which shows no difference, whatever the lot has."""
    if not (a.is_file() and b.is_file()):
        return False
    if a.samefile(b):
        return True
    if a.stat().st_size != b.stat().st_size:
        return False
    with a.open("rb") as left, b.open("rb") as right:
        while piece := left.read(_PIECE_BYTES):
            if piece != right.read(_PIECE_BYTES):
                return False
    return True
