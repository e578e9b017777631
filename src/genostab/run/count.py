"""Counts of an alignment, with its identity taken in the same pass, and the counts file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from genostab.arrays import Genome, SnpSites
from genostab.errors import InputError
from genostab.io.alignment_counts import AlleleRule, CountingRules, TelomereRule
from genostab.io.alignment_index import find_index
from genostab.io.atomic import write_atomic
from genostab.io.bam import count_alignment, stretches_of_regions
from genostab.io.counts_file import CountsFile, counts_bytes
from genostab.io.genome import load_genome
from genostab.io.indexed_reads import IndexedReads
from genostab.io.regions import read_regions
from genostab.karyotype.settings import Settings, load_settings


def counting_rules(settings: Settings, *, telomeres: bool, sites: SnpSites | None = None) -> CountingRules:
    """The rules that an analysis counts by."""
    telomere = TelomereRule(
        repeats_per_100_bp=settings.telomere_repeats_per_100_bp,
        min_read_bp=settings.telomere_min_read_bp,
        gc_low_per_100_bp=settings.telomere_gc_low_per_100_bp,
        gc_high_per_100_bp=settings.telomere_gc_high_per_100_bp,
    )
    alleles = None
    if sites is not None:
        alleles = AlleleRule(
            sites=sites, min_mapq=settings.site_min_mapq, min_base_quality=settings.site_min_base_quality
        )
    return CountingRules(
        bin_bp=settings.base_bin_bp,
        min_mapq=settings.min_mapq,
        telomere=telomere if telomeres else None,
        alleles=alleles,
    )


def count_file(
    path: Path,
    genome: Genome,
    rules: CountingRules,
    *,
    reference: Path | None,
    threads: int,
    on_progress: Callable[[str], None],
) -> CountsFile:
    """Counts of a BAM or CRAM with its SHA-256.

    Of a BAM that is counted inside regions only those blocks are inflated that may hold such reads, where its index
    tells them; all of its bytes are read, for its SHA-256. An index that is older or does not fit is not followed.

    Raises
    ------
    InputError
        As `count_alignment`.
    """

    def counted(reads: IndexedReads | None, remark: str = "") -> CountsFile:
        digest = hashlib.sha256()
        counts = count_alignment(
            path,
            genome,
            rules,
            reference=reference,
            reads=reads,
            threads=threads,
            digest=digest,
            on_progress=lambda n_records: on_progress(f"reads of {path.name}: {n_records / 1e6:.1f} million"),
        )
        return CountsFile(counts=counts, source=path.name, sha256=digest.hexdigest(), remark=remark)

    index = _index_of(path, rules)
    if index is None or rules.regions is None:
        return counted(None)
    # Whole seconds, as htslib has it: programs that write both at once end the index first.
    if int(index.stat().st_mtime) < int(path.stat().st_mtime):
        return counted(None, f"{index.name} is older than {path.name}, so all of the file was read")
    try:
        return counted(stretches_of_regions(path, index, genome, rules.regions))
    except InputError as error:
        # What is wrong may be the BAM's: then the whole pass says so.
        return counted(
            None, f"{index.name} was not followed ({error.what}: {error.found}), so all of the file was read"
        )


def _index_of(path: Path, rules: CountingRules) -> Path | None:
    """The index of a BAM whose counting can follow it; None where all reads are needed or there is none."""
    if rules.regions is None or rules.telomere or rules.alleles or path.suffix == ".cram":
        return None
    try:
        index = find_index(path)
    except InputError:
        return None
    return index if index.suffix in (".bai", ".csi") else None


def write_counts(
    path: Path,
    out: Path,
    *,
    assembly: str,
    reference: Path | None,
    min_mapq: int | None,
    keep_duplicates: bool,
    with_bases: bool,
    regions: Path | None,
    telomeres: bool,
    threads: int,
    on_progress: Callable[[str], None],
) -> CountsFile:
    """The counts of a BAM or CRAM, written to `out`, which every later command takes in its place.

    Parameters
    ----------
    path : Path, BAM or CRAM
    out : Path, ending in .gz by custom
    assembly : str
    reference : Path or None, FASTA of a CRAM
    min_mapq : int or None, least mapping quality; None for that of an analysis
    keep_duplicates : bool, count reads flagged duplicate as any other
    with_bases : bool, count the bases, from which GC per bin comes
    regions : Path or None, BED; only reads that start inside are counted
    telomeres : bool, count telomere reads
    threads : int
    on_progress : called with a line before each step

    Raises
    ------
    InputError, GenostabErrors
        As `count_alignment` and `read_regions`.
    """
    genome = load_genome(assembly)
    rules = counting_rules(load_settings(), telomeres=telomeres)
    rules = replace(
        rules,
        min_mapq=rules.min_mapq if min_mapq is None else min_mapq,
        keep_duplicates=keep_duplicates,
        with_bases=with_bases,
        regions=read_regions(regions, genome) if regions else None,
    )
    on_progress(f"reads of {path.name}")
    file = count_file(path, genome, rules, reference=reference, threads=threads, on_progress=on_progress)
    write_atomic(out, counts_bytes(file, genome))
    return file
