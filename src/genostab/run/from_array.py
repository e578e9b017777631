"""A SNP array of a lot to its karyotype."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genostab.arrays import Genome, SnpTable
from genostab.io.snp_array import read_snp_array
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.karyotype.sex_chromosomes import SexChromosomes, add_sex_chromosomes, call_sex_chromosomes
from genostab.karyotype.snp import array_sex, call_array, lrr_sd
from genostab.run.hotspots import load_hotspots
from genostab.run.sequenced import Progress, Sequenced, noise_rows, settle_sex, solutions_of, withheld_remarks


def analyse_array(
    path: Path,
    parents: Sequence[Path],
    sex: Sex | None,
    genome: Genome,
    settings: Settings,
    on_progress: Progress,
) -> Sequenced:
    """Karyotype of a SNP array; the parents' arrays show what was inherited.

    Parameters
    ----------
    path : Path of the lot's array
    parents : sequence of Path, may be empty
    sex : Sex or None, as the manifest states it
    genome : Genome
    settings : Settings
    on_progress : called with a line before each step

    Raises
    ------
    InputError
        As `read_snp_array` and `call_array`.
    """
    on_progress(f"probes of {path.name}")
    sample = read_snp_array(path, genome)
    on_progress("probes of the parents" if parents else "segmentation")
    others = [read_snp_array(parent, genome) for parent in parents]
    noisy = [p.name for p, other in zip(parents, others, strict=True) if _is_noisy(other, genome, settings)]
    others = [other for other in others if not _is_noisy(other, genome, settings)]
    seen = array_sex(sample, genome, settings)
    settled, warnings = settle_sex(sex, seen, path.name)
    karyotype = call_array(
        sample=sample,
        parents=others,
        sex=settled,
        genome=genome,
        hotspots=load_hotspots(genome),
        settings=settings,
    )
    sexes = SexChromosomes(calls=(), sensitivity=(), qc=(), warnings=())
    if not karyotype.withheld:
        sexes = call_sex_chromosomes(sample, others, settled, genome, load_hotspots(genome), settings)
        karyotype = add_sex_chromosomes(karyotype, sexes, genome)
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
        *noise_rows(karyotype),
        *sexes.qc,
    )
    return Sequenced(
        karyotype=karyotype,
        sample=sample.sample,
        has_parent=bool(parents),
        snps=sample,
        qc=qc,
        warnings=(
            *warnings,
            *withheld_remarks(karyotype),
            *sexes.warnings,
            *(f"{name}: too noisy to show an origin" for name in noisy),
        ),
        solutions=solutions_of(karyotype, genome, settings.response_cv, settings),
    )


def _is_noisy(snps: SnpTable, genome: Genome, settings: Settings) -> bool:
    return not lrr_sd(snps, genome, settings) <= settings.max_lrr_sd
