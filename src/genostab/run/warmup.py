"""Every kernel compiled into numba's cache, by way of the smallest lot through the code that calls them."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import numpy as np

from genostab.arrays import Genome, Phase, SnpSites, SnpTable
from genostab.io.genome import load_genome
from genostab.io.number_table import number_bytes, whole_numbers
from genostab.karyotype.settings import load_settings
from genostab.karyotype.snp import call_array
from genostab.lot.load import load_manifest
from genostab.lot.manifest import Sequencing
from genostab.run.blocks import analyse_blocks
from genostab.run.count import count_file, counting_rules
from genostab.run.demo_lot import write_lot
from genostab.run.demo_truth import Truth, load_truth
from genostab.run.sequencing import analyse_sequencing
from genostab.tumorigenicity.dilution import limiting_dilution

_READS = 40_000
_SNPS = 300


def compile_kernels() -> None:
    """Leave every kernel that a command calls in the cache.

    Notes
    -----
    A kernel is compiled for the types of its arguments, so it is called here as an analysis calls it, never by itself.
    """
    truth = _small_truth()
    genome = load_genome(truth.assembly)
    with tempfile.TemporaryDirectory(prefix="genostab-warmup-") as folder:
        manifest = load_manifest(write_lot(Path(folder), truth, seed=0, genome=genome, on_progress=_silent))
        analyse_blocks(manifest, _silent)
        assert manifest.sequencing is not None
        analyse_sequencing(
            manifest.sequencing,
            sex=None,
            genome=genome,
            settings=load_settings(),
            threads=1,
            on_progress=_silent,
        )
        _count_at_a_site(manifest.sequencing, genome)
    _call_a_phased_array(genome)
    whole_numbers(number_bytes(np.zeros((1, 2), dtype=np.int64)).decode(), n_columns=2)
    animals = np.full(2, 6)
    limiting_dilution(np.array([10.0, 100.0]), animals, np.array([2, 5]))


def _count_at_a_site(block: Sequencing, genome: Genome) -> None:
    """A VCF of sites alone makes the same pass look at bases, which the lot above, with depths of its own, does not."""
    assert block.sample is not None
    site = SnpSites(
        name="one",
        chrom=np.zeros(1, dtype=np.int16),
        position=np.zeros(1, dtype=np.int64),
        alleles=np.array([[1, 2]], dtype=np.uint8),
    )
    rules = counting_rules(load_settings(), telomeres=False, sites=site)
    count_file(block.sample, genome, rules, reference=None, threads=1, on_progress=_silent)


def _call_a_phased_array(genome: Genome) -> None:
    """Phase opens a likelihood of its own, which the SNPs of the lot above do not have."""
    copies = np.arange(_SNPS) % 3
    level = np.where(np.arange(_SNPS) % 2 == 0, 0.02, -0.02)
    snps = SnpTable(
        sample="phased",
        name=tuple(map(str, range(_SNPS))),
        chrom=np.zeros(_SNPS, dtype=np.int16),
        position=np.arange(_SNPS, dtype=np.int64) * 10_000,
        log_r_ratio=level,
        b_allele_fraction=np.clip(copies / 2.0 + level, 0.0, 1.0),
        genotype=copies.astype(np.int8),
        phase=Phase(haplotype=(copies == 1).astype(np.int8), block=np.where(copies == 1, 0, -1)),
    )
    call_array(sample=snps, parents=(), sex="female", genome=genome, hotspots=(), settings=load_settings())


def _small_truth() -> Truth:
    truth = load_truth()
    libraries = tuple(dataclasses.replace(library, n_distinct=_READS) for library in truth.libraries)
    return dataclasses.replace(truth, libraries=libraries, snps={**truth.snps, "n_sites": _SNPS})


def _silent(message: str) -> None:
    pass
