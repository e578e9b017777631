"""What the user gives beside the reads: tracks, reference sequence, exclusion lists, and how each names chromosomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from genostab.arrays import Bins, Genome
from genostab.io.bam import read_alignment_header
from genostab.io.exclusion import Exclusion, excluded_share, read_exclusion
from genostab.io.fasta import composition_from_fasta
from genostab.io.genome import naming
from genostab.io.tracks import read_track
from genostab.lot.manifest import Sequencing
from genostab.run.file_kind import file_kind


def read_exclusions(block: Sequencing, genome: Genome) -> tuple[Exclusion, ...]:
    """The exclusion lists of a sequencing block.

    Raises
    ------
    InputError, GenostabErrors
        As `read_exclusion`.
    """
    return tuple(read_exclusion(path, genome) for path in block.exclude)


def with_aids(
    samples: Sequence[Bins], block: Sequencing, lists: tuple[Exclusion, ...], genome: Genome
) -> list[Bins]:
    """Bins with the user's GC, mappability, gaps and excluded shares in place of what the reads say.

    The files are read once where all samples have the same bins.
    """
    with_them: list[Bins] = []
    for bins in samples:
        first = with_them[0] if with_them else None
        if first is None or not _same_places(first, bins):
            with_them.append(_with_aids(bins, block, lists, genome))
            continue
        has_gc = block.reference is not None or block.gc_track is not None
        has_mappability = block.mappability_track is not None
        with_them.append(
            replace(
                bins,
                gc_fraction=first.gc_fraction if has_gc else bins.gc_fraction,
                mapq0_fraction=first.mapq0_fraction if has_mappability else bins.mapq0_fraction,
                excluded_fraction=first.excluded_fraction,
                gap_fraction=first.gap_fraction,
            )
        )
    return with_them


def _same_places(a: Bins, b: Bins) -> bool:
    return a.chrom.size == b.chrom.size and all(
        bool((getattr(a, name) == getattr(b, name)).all()) for name in ("chrom", "start", "end")
    )


def _with_aids(bins: Bins, block: Sequencing, lists: tuple[Exclusion, ...], genome: Genome) -> Bins:
    if block.reference is not None:
        gc_fraction, gap_fraction = composition_from_fasta(block.reference, genome, bins)
        bins = replace(bins, gc_fraction=gc_fraction, gap_fraction=gap_fraction)
    if block.gc_track is not None:
        bins = replace(bins, gc_fraction=read_track(block.gc_track, genome, bins))
    if block.mappability_track is not None:
        bins = replace(bins, mapq0_fraction=1.0 - read_track(block.mappability_track, genome, bins))
    return replace(bins, excluded_fraction=excluded_share(lists, bins))


def alignment_names(paths: Sequence[Path], genome: Genome) -> dict[str, str]:
    """How each alignment names its chromosomes, by file name; counts files hold no names and are left out."""
    return {
        path.name: naming(read_alignment_header(path).contigs, genome)
        for path in paths
        if file_kind(path) == "alignment"
    }


def naming_remarks(
    named: Mapping[str, str], block: Sequencing, lists: tuple[Exclusion, ...], genome: Genome
) -> tuple[str, ...]:
    """A sentence where files name chromosomes with and without ``chr``.

    Parameters
    ----------
    named : mapping of file name to how it names chromosomes, of sample and parents
    block : Sequencing
    lists : tuple of Exclusion, those of the block
    genome : Genome
    """
    every = dict(named)
    for path, each in zip(block.exclude, lists, strict=True):
        every[path.name] = naming(each.contigs, genome)
    groups = {how: [name for name, own in every.items() if own == how] for how in ("with chr", "without chr")}
    if not all(groups.values()):
        return ()
    with_chr, without = (", ".join(names) for names in groups.values())
    return (f"chromosomes have names with chr in {with_chr} and without in {without}: taken as the same",)
