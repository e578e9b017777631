"""Every kernel compiled into numba's cache, by way of the smallest lot through the code that calls them."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import numpy as np

from genostab.arrays import Genome, SnpSites
from genostab.io.genome import load_genome
from genostab.io.number_table import number_bytes, whole_numbers
from genostab.karyotype.allele_clone import clone_solutions
from genostab.karyotype.allele_model import CloneResponse, CloneSegments
from genostab.karyotype.allele_state import ShiftCurve
from genostab.karyotype.band_split import band_counts, learn_bands, split_likelihood
from genostab.karyotype.settings import load_settings
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
        array = _write_phased_array(Path(folder) / "array.vcf", genome.names[0])
        for block in (manifest.sequencing, Sequencing(array=array)):
            analyse_sequencing(
                block,
                sex=None,
                genome=genome,
                settings=load_settings(),
                threads=1,
                on_progress=_silent,
            )
        _count_at_a_site(manifest.sequencing, genome)
    _fit_a_clone()
    _split_bands()
    whole_numbers(number_bytes(np.zeros((1, 2), dtype=np.int64)).decode(), n_columns=2)
    animals = np.full(2, 6)
    limiting_dilution(np.array([10.0, 100.0]), animals, np.array([2, 5]))


def _fit_a_clone() -> None:
    """Two segments out of balance: the lot above has too few changes for a clone."""
    shift = np.linspace(0.0, 0.5, 11)
    segments = CloneSegments(
        chrom=np.arange(2, dtype=np.int16),
        curve=(ShiftCurve(shift=shift, log_ratio=-np.square(shift - 0.2)),) * 2,
        ratio_log2=np.array([0.2, -0.2]),
        sd_log2=np.full(2, 0.1),
        length_bp=np.ones(2),
    )
    response = CloneResponse(depth=1.0, depth_cv=0.1, allele_cv=0.1, place_cv=0.1)
    clone_solutions(segments, response, load_settings())


def _split_bands() -> None:
    """Heterozygous bands of X, for which the array above has too few probes."""
    fraction = np.linspace(0.4, 0.6, 50)
    bands = learn_bands(fraction, np.linspace(0.0, 0.1, 50), 0.3, 50, load_settings())
    split_likelihood(band_counts(fraction), bands)


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


def _write_phased_array(path: Path, chrom: str) -> Path:
    """An array whose phase opens a likelihood of its own, which the SNPs of the lot above do not have."""
    rows = [
        f"{chrom}\t{10_000 * (i + 1)}\trs{i}\tA\tG\t.\t.\tALLELE_A=0;ALLELE_B=1\tGT:BAF:LRR"
        f"\t{('0/0', '1|0', '1/1')[i % 3]}:{0.02 + 0.47 * (i % 3) + 0.005 * (i % 7):.3f}:{0.1 * (i % 5 - 2):.1f}\n"
        for i in range(_SNPS)
    ]
    head = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
    text = f"##fileformat=VCFv4.2\n##contig=<ID={chrom}>\n{head}{''.join(rows)}"
    path.write_text(text, encoding="utf-8")
    return path


def _small_truth() -> Truth:
    truth = load_truth()
    libraries = tuple(dataclasses.replace(library, n_distinct=_READS) for library in truth.libraries)
    return dataclasses.replace(truth, libraries=libraries, snps={**truth.snps, "n_sites": _SNPS})


def _silent(message: str) -> None:
    pass
