"""Binned coverage or ratios of a lot to its karyotype."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from genostab.arrays import Genome
from genostab.errors import InputError
from genostab.io.bins import BinsFile
from genostab.karyotype.call import Karyotype, call_depth
from genostab.karyotype.normalise import profile_from_ratios
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex, infer_sex
from genostab.lot.manifest import Sequencing
from genostab.run.aids import naming_remarks, read_exclusions, with_aids
from genostab.run.bin_files import read_all_bins
from genostab.run.coverage import call_coverage
from genostab.run.hotspots import load_hotspots
from genostab.run.panel_use import (
    AgainstPanel,
    against_panel,
    panel_of,
    panel_remarks,
    panel_rows,
    refuse_panel_of_ratios,
)
from genostab.run.quality import CoverageQuality, judge_coverage
from genostab.run.sequenced import Progress, Sequenced, noise_rows, settle_sex, solutions_of, withheld_remarks


def analyse_bins(
    block: Sequencing,
    path: Path,
    sex: Sex | None,
    genome: Genome,
    settings: Settings,
    threads: int,
    on_progress: Progress,
) -> Sequenced:
    """Karyotype of binned coverage or log2 ratios.

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
    on_progress(f"bins of {path.name}")
    panel = panel_of(block, genome, on_progress)
    files = read_all_bins(block, path, genome)
    kinds = {file.kind for file in files}
    _refuse_mixed(files, (path, *block.parent))
    lists = read_exclusions(block, genome)
    files = [
        replace(file, bins=bins)
        for file, bins in zip(files, with_aids([f.bins for f in files], block, lists, genome), strict=True)
    ]
    own = files[0].bins
    coverage = np.exp2(own.ratio_log2) if files[0].kind == "ratio" else own.n_reads
    settled, warnings = settle_sex(sex, infer_sex(own, coverage, genome, settings), path.name)
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
        *noise_rows(judged.karyotype),
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
            *withheld_remarks(judged.karyotype),
            *judged.warnings,
            *panel_remarks(block, against, settled, settings),
            *(note for file in files for note in file.notes),
            *(note for each in lists for note in each.notes),
            *naming_remarks(named, block, lists, genome),
        ),
        solutions=solutions_of(judged.karyotype, genome, 0.0, settings),
        gc=judged.gc,
    )


def _refuse_mixed(files: Sequence[BinsFile], paths: Sequence[Path]) -> None:
    kinds = [file.kind for file in files]
    if "ratio" in kinds and len(set(kinds)) > 1:
        raise InputError(
            "GS-2203",
            what="log2 ratios cannot be compared with coverage",
            where=", ".join(map(str, paths)),
            found=", ".join(kinds),
            expected="ratios in all of these files, or in none",
            action="give the parent's file of the same kind, such as two .cnr or two .cnn",
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
    karyotype = call_coverage(samples, is_counts, sex, against, genome, settings)
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
