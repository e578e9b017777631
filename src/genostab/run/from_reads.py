"""Reads of a lot, or counts of them, to its karyotype."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from genostab.arrays import Bins, Genome
from genostab.io.alignment_counts import AlignmentCounts, CountingRules
from genostab.io.counts_file import CountsFile
from genostab.karyotype.bins import join_bins, with_unread
from genostab.karyotype.call import Karyotype, withhold
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex, infer_sex
from genostab.karyotype.site_genotypes import SiteGenotypes
from genostab.lot.manifest import Sequencing
from genostab.run.aids import alignment_names, naming_remarks, read_exclusions, with_aids
from genostab.run.bin_width import settle_bin_width
from genostab.run.coverage import call_coverage
from genostab.run.file_kind import file_kind
from genostab.run.panel_use import (
    against_panel,
    panel_of,
    panel_remarks,
    panel_rows,
)
from genostab.run.quality import judge_coverage
from genostab.run.reads import count_or_read, read_rows, rules_row
from genostab.run.sequenced import Progress, Sequenced, noise_rows, settle_sex, solutions_of, withheld_remarks
from genostab.run.site_depths import genotyped, site_rows, sites_to_count


def analyse_reads(
    block: Sequencing,
    path: Path,
    sex: Sex | None,
    genome: Genome,
    settings: Settings,
    threads: int,
    on_progress: Progress,
) -> Sequenced:
    """Karyotype of a BAM, a CRAM or a counts file.

    Parameters
    ----------
    block : Sequencing
    path : Path of the lot's file
    sex : Sex or None, as the manifest states it
    genome : Genome
    settings : Settings
    threads : int, threads that inflate
    on_progress : called with a line before each step

    Raises
    ------
    InputError
        GS-2203 where lot, parent and panel do not go together; those of the readers.
    """
    lists = read_exclusions(block, genome)
    panel = panel_of(block, genome, on_progress)
    paths = (path, *block.parent)
    files, snps = _counted(block, paths, genome, settings, threads, on_progress)
    counted = [file.counts for file in files]
    rules, base = counted[0].rules, [each.bins for each in counted]
    width, width_row, unwise = settle_bin_width(base, block.bin_width, genome, settings)
    joined = with_aids(_joined(base, width // settings.base_bin_bp, settings), block, lists, genome)
    on_progress(f"segmentation in bins of {width // 1000} kb")
    seen = infer_sex(joined[0], joined[0].n_reads, genome, settings)
    settled, warnings = settle_sex(sex, seen, path.name)
    against = against_panel(block, panel, joined[0], True, settled, genome, settings)
    karyotype = _withheld_inside(call_coverage(joined, True, settled, against, genome, settings), rules)
    judged = judge_coverage(karyotype, joined, settled, genome, settings, is_counts=True)
    return Sequenced(
        karyotype=judged.karyotype,
        sample=counted[0].sample,
        has_parent=bool(block.parent),
        snps=snps[path].snps if path in snps else None,
        qc=(
            *(row for p, each in zip(paths, counted, strict=True) for row in read_rows(p, each, settings)),
            *rules_row(rules, settings),
            *site_rows(snps),
            width_row,
            ("bins used", karyotype.profile.chrom.size, "bins", f"of {joined[0].chrom.size}"),
            *panel_rows(against),
            ("sex", settled, "", "stated" if sex else "from the coverage of X and Y"),
            *noise_rows(karyotype),
            *judged.rows,
        ),
        warnings=(
            *warnings,
            *withheld_remarks(karyotype),
            *unwise,
            *judged.warnings,
            *panel_remarks(block, against, settled, settings),
            *_not_counted(path, counted[0], block),
            *(note for each in lists for note in each.notes),
            *naming_remarks(alignment_names(paths, genome), block, lists, genome),
        ),
        solutions=solutions_of(karyotype, genome, 0.0, settings),
        gc=judged.gc,
        sha256=_hashed(paths, files),
        parent_snps=tuple(found.snps for each, found in snps.items() if each != path),
    )


def _counted(
    block: Sequencing,
    paths: Sequence[Path],
    genome: Genome,
    settings: Settings,
    threads: int,
    on_progress: Progress,
) -> tuple[list[CountsFile], dict[Path, SiteGenotypes]]:
    """Counts of the lot and its parents, and their genotypes where a VCF names sites without depths."""
    sites = sites_to_count(block, genome, on_progress)
    files = count_or_read(
        paths,
        genome,
        settings,
        reference=block.reference,
        telomeres=block.telomeres,
        threads=threads,
        on_progress=on_progress,
        sites=sites,
    )
    return files, genotyped(paths, files, sites, settings)


def _withheld_inside(karyotype: Karyotype, rules: CountingRules) -> Karyotype:
    if rules.regions is None:
        return karyotype
    return withhold(karyotype, f"reads were counted inside {rules.regions.name} only")


def _hashed(paths: Sequence[Path], files: Sequence[CountsFile]) -> dict[Path, str]:
    """SHA-256 of the alignments, taken while they were counted; of a counts file it would be that of its source."""
    return {
        path: file.sha256 for path, file in zip(paths, files, strict=True) if file_kind(path) == "alignment"
    }


def _joined(samples: Sequence[Bins], factor: int, settings: Settings) -> list[Bins]:
    return [with_unread(join_bins(bins, factor), bins, factor, settings) for bins in samples]


def _not_counted(path: Path, counted: AlignmentCounts, block: Sequencing) -> tuple[str, ...]:
    """What the reads could have told and were not asked."""
    dropped = counted.dropped_contigs
    remarks = (
        [f"{len(dropped)} contigs outside chromosomes 1-22, X and Y were not counted"] if dropped else []
    )
    if block.telomeres and counted.telomeres is None:
        remarks.append(f"{path.name}: counted without telomere reads; count again with --telomeres")
    return tuple(remarks)
