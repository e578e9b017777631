"""A SNP array of a lot to its karyotype."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from genostab.arrays import Genome, SnpTable
from genostab.io.snp_array import read_snp_array
from genostab.karyotype.array_quality import ArrayQuality, array_quality, quality_rows
from genostab.karyotype.bins import diploid_chromosomes
from genostab.karyotype.call import withhold
from genostab.karyotype.phase import ParentalPhase, aligned_genotypes, phase_from_parents
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.karyotype.sex_calls import add_sex_chromosomes, changes_of_a_part_of_x
from genostab.karyotype.sex_chromosomes import SexChromosomes, call_sex_chromosomes
from genostab.karyotype.snp import array_sex, call_array
from genostab.lot.manifest import Sequencing
from genostab.run.hotspots import load_hotspots
from genostab.run.sequenced import Progress, Sequenced, noise_rows, settle_sex, solutions_of, withheld_remarks

Row = tuple[str, str | float | int, str, str]


def analyse_array(
    block: Sequencing,
    path: Path,
    sex: Sex | None,
    genome: Genome,
    settings: Settings,
    on_progress: Progress,
) -> Sequenced:
    """Karyotype of a SNP array; the parents' arrays show what was inherited.

    Parameters
    ----------
    block : Sequencing, with the parents' arrays, if any, and the names of samples
    path : Path of the lot's array
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
    sample = read_snp_array(path, genome, block.sample_name)
    quality = array_quality(sample, genome, settings)
    on_progress("probes of the parents" if block.parent else "segmentation")
    others, noisy = _parents(block, genome, settings)
    sample, phase_rows = _phased(sample, others, genome, settings)
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
    if quality.failures and not karyotype.withheld:
        karyotype = withhold(karyotype, "the array fails its quality gate: " + "; ".join(quality.failures))
    sexes = SexChromosomes(calls=(), sensitivity=(), qc=(), warnings=())
    if not karyotype.withheld:
        parts = changes_of_a_part_of_x(karyotype, genome)
        sexes = call_sex_chromosomes(sample, others, settled, genome, load_hotspots(genome), settings, parts)
        karyotype = add_sex_chromosomes(karyotype, sexes, genome, settings)
    known = np.isfinite(sample.b_allele_fraction)
    qc = (
        ("probes", sample.chrom.size, "probes", path.name),
        *quality_rows(quality),
        ("probes with a B allele fraction", float(known.mean()), "fraction", ""),
        ("sex", settled, "", "stated" if sex else "from heterozygous probes on X"),
        *phase_rows,
        *noise_rows(karyotype),
        *sexes.qc,
    )
    return Sequenced(
        karyotype=karyotype,
        sample=sample.sample,
        has_parent=bool(block.parent),
        snps=sample,
        parent_snps=tuple(others),
        qc=qc,
        warnings=(
            *warnings,
            *withheld_remarks(karyotype),
            *_quality_remarks(quality, path.name),
            *sexes.warnings,
            *(f"{name}: too noisy to show an origin" for name in noisy),
        ),
        solutions=solutions_of(karyotype, genome, settings.response_cv, settings),
    )


def _parents(block: Sequencing, genome: Genome, settings: Settings) -> tuple[list[SnpTable], list[str]]:
    """Arrays of the parents that can show an origin, and the names of the files of the others."""
    tables = [read_snp_array(parent, genome, block.parent_name) for parent in block.parent]
    failed = [bool(array_quality(table, genome, settings).failures) for table in tables]
    return (
        [table for table, is_failed in zip(tables, failed, strict=True) if not is_failed],
        [parent.name for parent, is_failed in zip(block.parent, failed, strict=True) if is_failed],
    )


def _phased(
    sample: SnpTable, parents: Sequence[SnpTable], genome: Genome, settings: Settings
) -> tuple[SnpTable, tuple[Row, ...]]:
    """The sample with the phase that its file or its two parents give, and what the QC table says of it."""
    rows: tuple[Row, ...] = ()
    source = "GT with | in the file"
    if len(parents) == 2:
        found = _by_descent(sample, parents, genome, settings)
        rows = (
            (
                "Mendelian errors",
                found.error_rate if found.n_trios else "unknown",
                "fraction" if found.n_trios else "",
                f"{found.n_errors} of {found.n_trios} autosomal probes; limit {settings.max_mendelian_errors:g}",
            ),
        )
        if sample.phase is None and found.error_rate <= settings.max_mendelian_errors:
            sample, source = replace(sample, phase=found.phase), "genotypes of the two parents"
    if sample.phase is None:
        return sample, rows
    n_phased = int((sample.phase.haplotype > 0).sum())
    return sample, (*rows, ("phased probes", n_phased, "probes", source))


def _by_descent(
    sample: SnpTable, parents: Sequence[SnpTable], genome: Genome, settings: Settings
) -> ParentalPhase:
    first, second = (aligned_genotypes(sample, parent) for parent in parents)
    # A daughter has her father's one X, which is homozygous; a son's X and Y are of one parent each.
    is_diploid = diploid_chromosomes(genome, array_sex(sample, genome, settings))
    genotype = np.where(is_diploid[sample.chrom], sample.genotype, -1).astype(np.int8)
    return phase_from_parents(genotype, first, second)


def _quality_remarks(quality: ArrayQuality, name: str) -> tuple[str, ...]:
    """One remark on published limits that do not hold and do not decide."""
    if not quality.remarks:
        return ()
    text = "; ".join(quality.remarks)
    return (f"{name}: {text}. Noise, another person's DNA and mosaics can all cause this",)
