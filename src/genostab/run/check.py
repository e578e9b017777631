"""Every error of a manifest and of the files that it names, before any work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from genostab.arrays import Bins, Genome
from genostab.compliance.profile import load_profile
from genostab.errors import GenostabError, GenostabErrors, InputError
from genostab.io.bam import read_alignment_header
from genostab.io.bins import read_bins
from genostab.io.counts_file import read_counts
from genostab.io.exclusion import read_exclusion
from genostab.io.frequencies import read_frequencies
from genostab.io.genome import check_contigs, load_genome
from genostab.io.limits import open_bytes
from genostab.io.snp_array import read_snp_array
from genostab.io.tracks import read_track
from genostab.karyotype.settings import load_settings
from genostab.lot.load import load_manifest, load_sound_part
from genostab.lot.manifest import Manifest, Sequencing
from genostab.run.bin_width import check_bin_width
from genostab.run.blocks import block_steps
from genostab.run.contamination import read_suspects
from genostab.run.file_kind import (
    FileKind,
    check_same_kind,
    check_sample_names,
    file_kind,
    names_must_serve,
    sample_file,
)
from genostab.run.panel_use import check_panel_fits
from genostab.run.provenance import input_files
from genostab.run.site_depths import check_snps
from genostab.run.together import together

Step = Callable[[], object]
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def check_lot(path: Path) -> int:
    """Number of files looked at.

    Parameters
    ----------
    path : Path, a manifest

    Raises
    ------
    GenostabErrors
        All errors together: those of the manifest, then those of its profile and of every file that it names soundly.

    Notes
    -----
    Tables and binned files are read whole and computed with; of reads, header, contigs and end are looked at, since
    reading them is the work itself.
    """
    errors: list[GenostabError] = []
    manifest: Manifest | None
    try:
        manifest = load_manifest(path)
    except GenostabErrors as refused:
        errors += refused.errors
        manifest = load_sound_part(path)
    if manifest is not None:
        try:
            together(_steps(manifest))
        except GenostabErrors as refused:
            errors += refused.errors
    if errors or manifest is None:
        raise GenostabErrors(errors)
    return len(input_files(manifest))


def _steps(manifest: Manifest) -> Iterator[Step]:
    yield partial(load_profile, manifest.profile)
    yield from block_steps(manifest).values()
    if manifest.sequencing is not None:
        yield from _sequencing_steps(manifest.sequencing, load_genome(manifest.assembly))


def _sequencing_steps(block: Sequencing, genome: Genome) -> Iterator[Step]:
    sample, kind = sample_file(block)
    readers: Mapping[FileKind, Callable[[Path, str | None], object]] = {
        "alignment": lambda path, _: _check_alignment(path, genome),
        "counts": lambda path, _: read_counts(path, genome),
        "array": lambda path, name: read_snp_array(path, genome, name),
        "bins": lambda path, name: read_bins(path, genome, name, needs_name=names_must_serve(block, sample)),
    }
    yield partial(check_same_kind, block)
    yield partial(check_sample_names, block)
    yield partial(check_bin_width, block.bin_width, kind, load_settings())
    for path, name in ((sample, block.sample_name), *((each, block.parent_name) for each in block.parent)):
        # Reads and counts of reads go together; anything else is read as what the sample is.
        own = file_kind(path) if kind in ("alignment", "counts") else kind
        yield partial(readers[own if own in ("alignment", "counts") else kind], path, name)
    if block.snps is not None:
        yield partial(check_snps, block, kind, genome)
    if block.panel is not None:
        yield partial(check_panel_fits, block, sample, kind, genome, load_settings())
    if block.reference is not None:
        yield partial(_check_fasta, block.reference)
    if block.frequencies is not None:
        yield partial(read_frequencies, block.frequencies, genome)
    yield partial(read_suspects, block, genome)
    for path in block.exclude:
        yield partial(read_exclusion, path, genome)
    for track in (block.gc_track, block.mappability_track):
        if track is not None:
            yield partial(read_track, track, genome, _no_bins())


def _check_alignment(path: Path, genome: Genome) -> None:
    check_contigs(read_alignment_header(path).contigs, genome, str(path))
    with path.open("rb") as stream:
        is_bam = stream.read(4) != b"CRAM"
        stream.seek(max(0, stream.seek(0, 2) - len(_BGZF_END)))
        end = stream.read()
    if is_bam and end != _BGZF_END:
        raise InputError(
            "GS-2003",
            what="the file ends before its end-of-file block",
            where=str(path),
            found="other bytes at its end",
            expected="the 28-byte empty BGZF block",
            action="copy the file again from its source, or write it again to the end",
        )


def _check_fasta(path: Path) -> None:
    with open_bytes(path) as reader:
        head = reader.read(1)
    if head != b">":
        raise InputError(
            "GS-2004",
            what="the file is no FASTA of a reference",
            where=str(path),
            found=f"it starts with {head!r}",
            expected="a line that starts with >",
            action="give the FASTA that the reads were aligned to",
        )


def _no_bins() -> Bins:
    position, number = np.empty(0, dtype=np.int64), np.empty(0)
    return Bins(
        chrom=np.empty(0, dtype=np.int16),
        start=position,
        end=position,
        n_reads=number,
        ratio_log2=number,
        weight=number,
        gc_fraction=number,
        mapq0_fraction=number,
        n_duplicates=number,
    )
