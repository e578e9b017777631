"""Sequencing or array files of a lot to its karyotype."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from genostab.arrays import AlleleDepths, Genome
from genostab.io.vcf import read_allele_depths
from genostab.karyotype.allele_call import add_alleles
from genostab.karyotype.allele_depths import (
    known_heterozygous_depths,
    signal_of_depths,
    two_x_by_depths,
    zygosity_of_depths,
)
from genostab.karyotype.allele_homozygous import add_homozygous, homozygous_stretches
from genostab.karyotype.allele_state import Response
from genostab.karyotype.bins import diploid_chromosomes
from genostab.karyotype.call import Karyotype
from genostab.karyotype.common import load_common_variants, spare_common
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.lot.manifest import Sequencing
from genostab.run.bin_width import check_bin_width
from genostab.run.file_kind import file_kind
from genostab.run.from_array import analyse_array
from genostab.run.from_bins import analyse_bins
from genostab.run.from_reads import analyse_reads
from genostab.run.hotspots import load_hotspots
from genostab.run.sequenced import Progress, Sequenced, solutions_of
from genostab.run.site_depths import parent_depths, refuse_sites_without_reads


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
        found = analyse_array(block, sample, sex, genome, settings, on_progress)
        return _common_spared(found, genome, settings)
    read = analyse_bins if kind == "bins" else analyse_reads
    sequenced = _common_spared(
        read(block, sample, sex, genome, settings, threads, on_progress), genome, settings
    )
    if block.snps is None:
        return sequenced
    snps = sequenced.snps
    if not isinstance(snps, AlleleDepths):
        refuse_sites_without_reads(block)
        on_progress(f"allele depths of {block.snps.name}")
        snps = read_allele_depths(block.snps, genome, block.sample_name)
        sequenced = replace(sequenced, parent_snps=parent_depths(block, genome))
    karyotype = _with_alleles(
        sequenced.karyotype,
        snps,
        [each for each in sequenced.parent_snps if isinstance(each, AlleleDepths)],
        genome,
        settings,
    )
    n_het = int((snps.genotype == 1).sum())
    qc = (*sequenced.qc, ("heterozygous SNPs", n_het, "SNPs", block.snps.name))
    solutions = solutions_of(karyotype, genome, 0.0, settings)
    return replace(sequenced, karyotype=karyotype, snps=snps, qc=qc, solutions=solutions)


def _with_alleles(
    karyotype: Karyotype,
    snps: AlleleDepths,
    parents: Sequence[AlleleDepths],
    genome: Genome,
    settings: Settings,
) -> Karyotype:
    """The karyotype with the SNPs of the lot, and of its parents, read together with its depth."""
    known = known_heterozygous_depths(snps, parents, settings)
    is_diploid = diploid_chromosomes(genome, "female" if two_x_by_depths(snps, genome, settings) else "male")
    signal = signal_of_depths(snps, known, is_diploid, settings)
    if signal is None or karyotype.withheld:
        return karyotype
    karyotype = add_alleles(
        karyotype,
        signal,
        [each for each in (signal_of_depths(p, None, is_diploid, settings) for p in parents) if each],
        genome=genome,
        hotspots=load_hotspots(genome),
        platform="seq",
        response=Response(
            mean=1.0, cv=settings.count_response_cv, place_cv=settings.count_response_cv, stands_alone=True
        ),
        settings=settings,
    )
    stretches = homozygous_stretches(zygosity_of_depths(snps, is_diploid, settings), genome, settings)
    return add_homozygous(karyotype, stretches, None, genome, "seq", settings)


def _common_spared(sequenced: Sequenced, genome: Genome, settings: Settings) -> Sequenced:
    karyotype = sequenced.karyotype
    calls = spare_common(karyotype.calls, load_common_variants(genome.assembly), settings)
    return replace(sequenced, karyotype=replace(karyotype, calls=calls))
