"""Sequencing or array files of a lot to its karyotype."""

from __future__ import annotations

from dataclasses import replace

from genostab.arrays import Genome
from genostab.io.vcf import read_allele_depths
from genostab.karyotype.alleles import add_alleles
from genostab.karyotype.common import load_common_variants, spare_common
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.lot.manifest import Sequencing
from genostab.run.bin_width import check_bin_width
from genostab.run.file_kind import file_kind
from genostab.run.from_array import analyse_array
from genostab.run.from_bins import analyse_bins
from genostab.run.from_reads import analyse_reads
from genostab.run.sequenced import Progress, Sequenced


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
    on_progress(f"allele depths of {block.snps.name}")
    snps = read_allele_depths(block.snps, genome, block.sample_name)
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
