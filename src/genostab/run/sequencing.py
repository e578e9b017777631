"""Sequencing or array files of a lot to its karyotype."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from genostab.arrays import AlleleDepths, Bins, Genome, SnpTable
from genostab.errors import InputError
from genostab.io.bam import AlignmentCounts, count_alignment
from genostab.io.bins import BinsFile, read_bins
from genostab.io.counts_file import read_counts
from genostab.io.fasta import gc_fraction_from_fasta
from genostab.io.snp_array import read_snp_array
from genostab.io.tracks import read_track
from genostab.io.vcf import read_allele_depths
from genostab.karyotype.alleles import add_alleles
from genostab.karyotype.bins import choose_bin_width, join_bins, why_not_alone
from genostab.karyotype.call import Karyotype, call_depth, withhold
from genostab.karyotype.normalise import profile_alone, profile_from_ratios, profile_paired
from genostab.karyotype.ploidy import ploidy_solutions
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex, infer_sex
from genostab.karyotype.snp import array_sex, call_array, lrr_sd
from genostab.lot.manifest import Sequencing
from genostab.results import Solution
from genostab.run.file_kind import file_kind
from genostab.run.hotspots import load_hotspots

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Sequenced:
    """What the sequencing block gave: karyotype, the sample's names, figures of quality, and remarks.

    `snps` are points for the figure; `qc` rows are (name, value, unit, note); `solutions` are the readings of ploidy.
    """

    karyotype: Karyotype
    sample: str
    has_parent: bool
    snps: SnpTable | AlleleDepths | None
    qc: tuple[tuple[str, str | float | int, str, str], ...]
    warnings: tuple[str, ...]
    solutions: tuple[Solution, ...] = ()


def analyse_sequencing(
    block: Sequencing,
    *,
    sex: Sex | None,
    genome: Genome,
    settings: Settings,
    threads: int,
    on_progress: Progress,
) -> Sequenced:
    """Karyotype of a lot from its sequencing block.

    Parameters
    ----------
    block : Sequencing
    sex : Sex or None, as the manifest states it
    genome : Genome
    settings : Settings
    threads : int, threads that inflate
    on_progress : called with a line before each step

    Raises
    ------
    InputError, GenostabErrors
        For files that are refused (GS-2xxx).
    """
    sample = block.array or block.sample
    assert sample is not None, "the manifest demands one of the two"
    kind = "array" if block.array else file_kind(sample)
    if kind == "array":
        return _from_array(sample, block.parent, sex, genome, settings, on_progress)
    read = _from_bins if kind == "bins" else _from_alignment
    sequenced = read(block, sample, sex, genome, settings, threads, on_progress)
    if block.snps is None:
        return sequenced
    on_progress(f"allele depths of {block.snps.name}")
    snps = read_allele_depths(block.snps, genome)
    calls, rows = add_alleles(sequenced.karyotype.calls, snps, genome, settings)
    karyotype = replace(
        sequenced.karyotype, calls=calls, sensitivity=(*sequenced.karyotype.sensitivity, *rows)
    )
    n_het = int((snps.genotype == 1).sum())
    qc = (*sequenced.qc, ("heterozygous SNPs", n_het, "SNPs", block.snps.name))
    return replace(sequenced, karyotype=karyotype, snps=snps, qc=qc)


def _settle_sex(stated: Sex | None, seen: Sex, where: str) -> tuple[Sex, tuple[str, ...]]:
    if stated is not None and seen not in ("unknown", stated):
        remark = f"{where}: stated {stated}, but X and Y say {seen}; check the identity of the sample"
        return stated, (remark,)
    return stated or seen, ()


def _from_array(
    path: Path,
    parents: Sequence[Path],
    sex: Sex | None,
    genome: Genome,
    settings: Settings,
    on_progress: Progress,
) -> Sequenced:
    on_progress(f"probes of {path.name}")
    sample = read_snp_array(path, genome)
    on_progress("probes of the parents" if parents else "segmentation")
    others = [read_snp_array(parent, genome) for parent in parents]
    noisy = [p.name for p, other in zip(parents, others, strict=True) if _is_noisy(other, genome, settings)]
    others = [other for other in others if not _is_noisy(other, genome, settings)]
    seen = array_sex(sample, genome, settings)
    settled, warnings = _settle_sex(sex, seen, path.name)
    karyotype = call_array(
        sample=sample,
        parents=others,
        sex=settled,
        genome=genome,
        hotspots=load_hotspots(genome),
        settings=settings,
    )
    known = np.isfinite(sample.b_allele_fraction)
    called = sample.genotype >= 0
    qc = (
        ("probes", sample.chrom.size, "probes", path.name),
        (
            "Log R ratio SD",
            lrr_sd(sample, genome, settings),
            "log R ratio",
            f"autosomes; limit {settings.max_lrr_sd:g}",
        ),
        ("call rate", float(called.mean()), "fraction", "probes with a genotype"),
        ("probes with a B allele fraction", float(known.mean()), "fraction", ""),
        ("sex", settled, "", "stated" if sex else "from heterozygous probes on X"),
        *_noise_rows(karyotype),
    )
    return Sequenced(
        karyotype=karyotype,
        sample=sample.sample,
        has_parent=bool(parents),
        snps=sample,
        qc=qc,
        warnings=(
            *warnings,
            *_withheld(karyotype),
            *(f"{name}: too noisy to show an origin" for name in noisy),
        ),
        solutions=_solutions(karyotype, genome, settings.response_cv, settings),
    )


def _is_noisy(snps: SnpTable, genome: Genome, settings: Settings) -> bool:
    return not lrr_sd(snps, genome, settings) <= settings.max_lrr_sd


def _withheld(karyotype: Karyotype) -> tuple[str, ...]:
    return (f"no call is reported: {karyotype.withheld}",) if karyotype.withheld else ()


def _solutions(
    karyotype: Karyotype, genome: Genome, response_cv: float, settings: Settings
) -> tuple[Solution, ...]:
    if karyotype.withheld:
        return ()
    return ploidy_solutions(
        profile=karyotype.profile,
        segments=karyotype.segments,
        calls=karyotype.calls,
        genome=genome,
        response_cv=response_cv,
        settings=settings,
    )


def _noise_rows(karyotype: Karyotype) -> tuple[tuple[str, float, str, str], ...]:
    profile = karyotype.profile
    return (
        ("noise of one bin", float(np.median(profile.sd_log2)), "log2", "median standard deviation"),
        (
            "waves over an arm",
            float(profile.wave_sd_log2[0, -1]),
            "log2",
            "noise that more bins do not average away",
        ),
    )


def _with_tracks(bins: Bins, block: Sequencing, genome: Genome) -> Bins:
    """Bins with the user's GC and mappability in place of what the reads say."""
    if block.reference is not None:
        bins = replace(bins, gc_fraction=gc_fraction_from_fasta(block.reference, genome, bins))
    if block.gc_track is not None:
        bins = replace(bins, gc_fraction=read_track(block.gc_track, genome, bins))
    if block.mappability_track is not None:
        bins = replace(bins, mapq0_fraction=1.0 - read_track(block.mappability_track, genome, bins))
    return bins


def _count(
    path: Path, block: Sequencing, genome: Genome, settings: Settings, threads: int, on_progress: Progress
) -> AlignmentCounts:
    on_progress(f"reads of {path.name}")
    if file_kind(path) == "counts":
        return _counted_before(path, genome, settings)

    def tell(n_records: int) -> None:
        on_progress(f"reads of {path.name}: {n_records / 1e6:.1f} million")

    return count_alignment(
        path,
        genome,
        bin_bp=settings.base_bin_bp,
        min_mapq=settings.min_mapq,
        reference=block.reference,
        threads=threads,
        on_progress=tell,
    )


def _counted_before(path: Path, genome: Genome, settings: Settings) -> AlignmentCounts:
    file = read_counts(path, genome)
    made, wanted = (file.bin_bp, file.min_mapq), (settings.base_bin_bp, settings.min_mapq)
    if made != wanted:
        raise InputError(
            "GS-2203",
            what="the counts were made with other settings",
            where=str(path),
            found=f"bins of {made[0]} bp, MAPQ {made[1]} or more",
            expected=f"bins of {wanted[0]} bp, MAPQ {wanted[1]} or more",
            action="count again with this version of genostab",
        )
    return file.counts


def _from_alignment(
    block: Sequencing,
    path: Path,
    sex: Sex | None,
    genome: Genome,
    settings: Settings,
    threads: int,
    on_progress: Progress,
) -> Sequenced:
    counted = [_count(p, block, genome, settings, threads, on_progress) for p in (path, *block.parent)]
    width = choose_bin_width([each.bins for each in counted], genome, settings)
    joined = [join_bins(each.bins, width // settings.base_bin_bp) for each in counted]
    joined = [_with_tracks(bins, block, genome) for bins in joined]
    on_progress(f"segmentation in bins of {width // 1000} kb")
    seen = infer_sex(joined[0], joined[0].n_reads, genome, settings)
    settled, warnings = _settle_sex(sex, seen, path.name)
    karyotype = _call_coverage(joined, True, settled, genome, settings)
    qc = (
        *(row for p, each in zip((path, *block.parent), counted, strict=True) for row in _read_rows(p, each)),
        ("bin width", width, "bp", f"least with {settings.min_reads_per_bin} reads in the median bin"),
        ("bins used", karyotype.profile.chrom.size, "bins", f"of {joined[0].chrom.size}"),
        ("sex", settled, "", "stated" if sex else "from the coverage of X and Y"),
        *_noise_rows(karyotype),
    )
    dropped = counted[0].dropped_contigs
    remarks = (
        (f"{len(dropped)} contigs outside chromosomes 1-22, X and Y were not counted",) if dropped else ()
    )
    return Sequenced(
        karyotype=karyotype,
        sample=counted[0].sample,
        has_parent=bool(block.parent),
        snps=None,
        qc=qc,
        warnings=(*warnings, *_withheld(karyotype), *remarks),
        solutions=_solutions(karyotype, genome, 0.0, settings),
    )


def _read_rows(path: Path, counted: AlignmentCounts) -> tuple[tuple[str, float, str, str], ...]:
    reads = float(counted.bins.n_reads.sum())
    duplicates = float(counted.bins.n_duplicates.sum())
    return (
        (f"reads counted, {path.name}", int(reads), "reads", f"of {counted.n_records} records"),
        (
            f"duplicates, {path.name}",
            duplicates / max(reads + duplicates, 1.0),
            "fraction",
            "flagged in the file",
        ),
    )


def _call_coverage(
    samples: Sequence[Bins], is_counts: bool, sex: Sex, genome: Genome, settings: Settings
) -> Karyotype:
    """Calls of the first of `samples`; the others are parents. One parent line is compared bin by bin.

    Coverage that means nothing by itself is read against the parent only, and without one nothing is reported.
    """
    own, parents = samples[0], samples[1:]
    doubt = why_not_alone(own, settings)
    paired = None
    if len(parents) == 1:
        paired = profile_paired(own, parents[0], genome, sex, settings, is_counts=is_counts)
    only_paired = doubt != "" and paired is not None
    karyotype = call_depth(
        alone=None if only_paired else profile_alone(own, genome, sex, settings, is_counts=is_counts),
        paired=paired,
        parents=[
            profile_alone(
                parent,
                genome,
                infer_sex(parent, parent.n_reads, genome, settings),
                settings,
                is_counts=is_counts,
            )
            for parent in ([] if only_paired else parents)
        ],
        genome=genome,
        hotspots=load_hotspots(genome),
        platform="seq",
        response_cv=0.0,
        sex_sd_log2=settings.alone_sd_log2,
        settings=settings,
    )
    return withhold(karyotype, doubt) if doubt and paired is None else karyotype


def _from_bins(
    block: Sequencing,
    path: Path,
    sex: Sex | None,
    genome: Genome,
    settings: Settings,
    threads: int,
    on_progress: Progress,
) -> Sequenced:
    on_progress(f"bins of {path.name}")
    files = [read_bins(path, genome, block.sample_name)]
    files += [read_bins(parent, genome, block.parent_name) for parent in block.parent]
    kinds = {file.kind for file in files}
    if "ratio" in kinds and len(kinds) > 1:
        raise InputError(
            "GS-2203",
            what="log2 ratios cannot be compared with coverage",
            where=", ".join(str(p) for p in (path, *block.parent)),
            found=", ".join(file.kind for file in files),
            expected="ratios in all of these files, or in none",
            action="give the parent's file of the same kind, such as two .cnr or two .cnn",
        )
    own = files[0].bins
    coverage = np.exp2(own.ratio_log2) if files[0].kind == "ratio" else own.n_reads
    settled, warnings = _settle_sex(sex, infer_sex(own, coverage, genome, settings), path.name)
    if kinds == {"ratio"}:
        karyotype = _call_ratios(files, settled, genome, settings)
    else:
        joined = [_with_tracks(file.bins, block, genome) for file in files]
        karyotype = _call_coverage(joined, kinds == {"counts"}, settled, genome, settings)
    qc = (
        ("bins used", karyotype.profile.chrom.size, "bins", f"of {own.chrom.size}, {files[0].kind}"),
        ("sex", settled, "", "stated" if sex else "from the coverage of X and Y"),
        *_noise_rows(karyotype),
    )
    return Sequenced(
        karyotype=karyotype,
        sample=block.sample_name or "",
        has_parent=bool(block.parent),
        snps=None,
        qc=qc,
        warnings=(*warnings, *_withheld(karyotype), *(note for file in files for note in file.notes)),
        solutions=_solutions(karyotype, genome, 0.0, settings),
    )


def _call_ratios(files: Sequence[BinsFile], sex: Sex, genome: Genome, settings: Settings) -> Karyotype:
    """Calls of log2 ratios of another program. What X and Y were measured against is not known without a parent."""
    own, parents = files[0].bins, [file.bins for file in files[1:]]
    return call_depth(
        alone=profile_from_ratios(own, None, genome, sex, settings),
        paired=profile_from_ratios(own, parents[0], genome, sex, settings) if len(parents) == 1 else None,
        parents=[profile_from_ratios(parent, None, genome, sex, settings) for parent in parents],
        genome=genome,
        hotspots=load_hotspots(genome),
        platform="seq",
        response_cv=0.0,
        sex_sd_log2=math.inf,
        settings=settings,
    )
