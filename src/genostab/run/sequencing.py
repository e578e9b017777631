"""Sequencing or array files of a lot to its karyotype."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from genostab.arrays import AlleleDepths, Bins, Genome, Profile, SnpTable
from genostab.errors import InputError
from genostab.io.bins import BinsFile, read_bins
from genostab.io.snp_array import read_snp_array
from genostab.io.vcf import read_allele_depths
from genostab.karyotype.alleles import add_alleles
from genostab.karyotype.bins import join_bins, why_not_alone, with_unread
from genostab.karyotype.call import Karyotype, call_depth, withhold
from genostab.karyotype.common import load_common_variants, spare_common
from genostab.karyotype.normalise import profile_from_ratios
from genostab.karyotype.panel import sex_sd
from genostab.karyotype.ploidy import ploidy_solutions
from genostab.karyotype.quality import GcQuality
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex, infer_sex
from genostab.karyotype.snp import array_sex, call_array, lrr_sd
from genostab.lot.manifest import Sequencing
from genostab.results import Solution
from genostab.run.aids import alignment_names, naming_remarks, read_exclusions, with_aids
from genostab.run.bin_width import check_bin_width, settle_bin_width
from genostab.run.file_kind import file_kind
from genostab.run.hotspots import load_hotspots
from genostab.run.panel_use import (
    AgainstPanel,
    against_panel,
    panel_of,
    panel_remarks,
    panel_rows,
    profile_by_itself,
    profile_of_pair,
    refuse_panel_of_ratios,
)
from genostab.run.quality import CoverageQuality, judge_coverage
from genostab.run.reads import count_or_read, read_rows, rules_row

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Sequenced:
    """What the sequencing block gave: karyotype, the sample's names, figures of quality, and remarks.

    `snps` are points for the figure; `qc` rows are (name, value, unit, note); `solutions` are the readings of ploidy;
    `gc` is the trend of GC before and after its correction; `sha256` is that of inputs for which it was taken while
    they were read.
    """

    karyotype: Karyotype
    sample: str
    has_parent: bool
    snps: SnpTable | AlleleDepths | None
    qc: tuple[tuple[str, str | float | int, str, str], ...]
    warnings: tuple[str, ...]
    solutions: tuple[Solution, ...] = ()
    gc: GcQuality | None = None
    sha256: Mapping[Path, str] = field(default_factory=dict)


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
    check_bin_width(block.bin_width, kind, settings)
    if kind == "array":
        found = _from_array(sample, block.parent, sex, genome, settings, on_progress)
        return _common_spared(found, genome, settings)
    read = _from_bins if kind == "bins" else _from_alignment
    sequenced = _common_spared(
        read(block, sample, sex, genome, settings, threads, on_progress), genome, settings
    )
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


def _common_spared(sequenced: Sequenced, genome: Genome, settings: Settings) -> Sequenced:
    karyotype = sequenced.karyotype
    calls = spare_common(karyotype.calls, load_common_variants(genome.assembly), settings)
    return replace(sequenced, karyotype=replace(karyotype, calls=calls))


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


def _from_alignment(
    block: Sequencing,
    path: Path,
    sex: Sex | None,
    genome: Genome,
    settings: Settings,
    threads: int,
    on_progress: Progress,
) -> Sequenced:
    lists = read_exclusions(block, genome)
    panel = panel_of(block, genome, on_progress)
    paths = (path, *block.parent)
    files = count_or_read(
        paths,
        genome,
        settings,
        reference=block.reference,
        telomeres=block.telomeres,
        threads=threads,
        on_progress=on_progress,
    )
    counted = [file.counts for file in files]
    rules = counted[0].rules
    width, width_row, unwise = settle_bin_width(
        [each.bins for each in counted], block.bin_width, genome, settings
    )
    factor = width // settings.base_bin_bp
    joined = [with_unread(join_bins(each.bins, factor), each.bins, factor, settings) for each in counted]
    joined = with_aids(joined, block, lists, genome)
    on_progress(f"segmentation in bins of {width // 1000} kb")
    seen = infer_sex(joined[0], joined[0].n_reads, genome, settings)
    settled, warnings = _settle_sex(sex, seen, path.name)
    against = against_panel(block, panel, joined[0], True, settled, genome, settings)
    karyotype = _call_coverage(joined, True, settled, against, genome, settings)
    if rules.regions is not None:
        karyotype = withhold(karyotype, f"reads were counted inside {rules.regions.name} only")
    judged = judge_coverage(karyotype, joined, settled, genome, settings, is_counts=True)
    qc = (
        *(row for p, each in zip(paths, counted, strict=True) for row in read_rows(p, each, settings)),
        *rules_row(rules, settings),
        width_row,
        ("bins used", karyotype.profile.chrom.size, "bins", f"of {joined[0].chrom.size}"),
        *panel_rows(against),
        ("sex", settled, "", "stated" if sex else "from the coverage of X and Y"),
        *_noise_rows(karyotype),
        *judged.rows,
    )
    dropped = counted[0].dropped_contigs
    remarks = (
        (f"{len(dropped)} contigs outside chromosomes 1-22, X and Y were not counted",) if dropped else ()
    )
    if block.telomeres and counted[0].telomeres is None:
        remarks = (*remarks, f"{path.name}: counted without telomere reads; count again with --telomeres")
    return Sequenced(
        karyotype=judged.karyotype,
        sample=counted[0].sample,
        has_parent=bool(block.parent),
        snps=None,
        qc=qc,
        warnings=(
            *warnings,
            *_withheld(karyotype),
            *unwise,
            *judged.warnings,
            *panel_remarks(block, against, settled, settings),
            *remarks,
            *(note for each in lists for note in each.notes),
            *naming_remarks(alignment_names(paths, genome), block, lists, genome),
        ),
        solutions=_solutions(karyotype, genome, 0.0, settings),
        gc=judged.gc,
        sha256={p: file.sha256 for p, file in zip(paths, files, strict=True) if file_kind(p) == "alignment"},
    )


def _call_coverage(
    samples: Sequence[Bins],
    is_counts: bool,
    sex: Sex,
    against: AgainstPanel | None,
    genome: Genome,
    settings: Settings,
) -> Karyotype:
    """Calls of the first of `samples`; the others are parents. One parent line is compared bin by bin.

    Coverage that means nothing by itself is read against the parent or a panel only, and with neither nothing is
    reported.
    """
    own, parents = samples[0], samples[1:]
    doubt = "" if against else why_not_alone(own, settings)
    paired = None
    if len(parents) == 1:
        paired = profile_of_pair(own, parents[0], against, sex, genome, settings, is_counts=is_counts)
    only_paired = doubt != "" and paired is not None

    def by_itself(bins: Bins, its_sex: Sex) -> Profile:
        return profile_by_itself(bins, against, its_sex, genome, settings, is_counts=is_counts)

    karyotype = call_depth(
        alone=None if only_paired else by_itself(own, sex),
        paired=paired,
        parents=[
            by_itself(parent, infer_sex(parent, parent.n_reads, genome, settings))
            for parent in ([] if only_paired else parents)
        ],
        genome=genome,
        hotspots=load_hotspots(genome),
        platform="seq",
        response_cv=0.0,
        sex_sd_log2=sex_sd(against.panel, sex, settings) if against else settings.alone_sd_log2,
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
    panel = panel_of(block, genome, on_progress)
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
    lists = read_exclusions(block, genome)
    files = [
        replace(file, bins=bins)
        for file, bins in zip(files, with_aids([f.bins for f in files], block, lists, genome), strict=True)
    ]
    own = files[0].bins
    coverage = np.exp2(own.ratio_log2) if files[0].kind == "ratio" else own.n_reads
    settled, warnings = _settle_sex(sex, infer_sex(own, coverage, genome, settings), path.name)
    against = None
    if kinds == {"ratio"}:
        refuse_panel_of_ratios(block)
    else:
        against = against_panel(block, panel, own, kinds == {"counts"}, settled, genome, settings)
    judged = _judged_bins(files, settled, against, genome, settings)
    qc = (
        ("bins used", judged.karyotype.profile.chrom.size, "bins", f"of {own.chrom.size}, {files[0].kind}"),
        *panel_rows(against),
        ("sex", settled, "", "stated" if sex else "from the coverage of X and Y"),
        *_noise_rows(judged.karyotype),
        *judged.rows,
    )
    named = {p.name: file.naming for p, file in zip((path, *block.parent), files, strict=True)}
    return Sequenced(
        karyotype=judged.karyotype,
        sample=block.sample_name or "",
        has_parent=bool(block.parent),
        snps=None,
        qc=qc,
        warnings=(
            *warnings,
            *_withheld(judged.karyotype),
            *judged.warnings,
            *panel_remarks(block, against, settled, settings),
            *(note for file in files for note in file.notes),
            *(note for each in lists for note in each.notes),
            *naming_remarks(named, block, lists, genome),
        ),
        solutions=_solutions(judged.karyotype, genome, 0.0, settings),
        gc=judged.gc,
    )


def _judged_bins(
    files: Sequence[BinsFile], sex: Sex, against: AgainstPanel | None, genome: Genome, settings: Settings
) -> CoverageQuality:
    """Calls of binned files; ratios of another program have no coverage to judge."""
    if files[0].kind == "ratio":
        karyotype = _call_ratios(files, sex, genome, settings)
        return CoverageQuality(karyotype=karyotype, rows=(), warnings=(), gc=None)
    is_counts = all(file.kind == "counts" for file in files)
    samples = [file.bins for file in files]
    karyotype = _call_coverage(samples, is_counts, sex, against, genome, settings)
    return judge_coverage(karyotype, samples, sex, genome, settings, is_counts=is_counts)


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
