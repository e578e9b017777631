"""Foreign DNA: how often the interval holds the truth, and that mosaics are none; larger numbers in docs/methods.md."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from genostab.arrays import SnpTable
from genostab.karyotype.contamination import foreign_dose, known_dose
from genostab.karyotype.contamination_array import array_contamination, bands_contamination
from genostab.karyotype.contamination_reads import joint_of_spectrum, reads_contamination
from genostab.karyotype.genotypes import known_frequencies
from genostab.karyotype.sample_settings import load_sample_settings
from genostab.results import Estimate
from tests.statistical.contaminated import contaminated_array, contaminated_reads
from tests.statistical.karyotype_genomes import is_soak
from tests.statistical.sample_genomes import GENOME, Float64, array_of

# The simulated arrays answer to DNA without error: that of real ones is left out of the interval.
SETTINGS = replace(load_sample_settings(), array_response_cv=0.0)
N = 200 if is_soak() else 3
N_SNPS = 40_000 if is_soak() else 10_000


def estimate(kind: str, fraction: float, seed: int) -> Estimate:
    rng = np.random.default_rng([41, seed, round(fraction * 1000)])
    if kind == "reads":
        reads, frequency, _ = contaminated_reads(N_SNPS // 4, fraction, 30, rng)
        joint = joint_of_spectrum(known_frequencies(frequency, SETTINGS))
        return reads_contamination(reads, joint, GENOME, SETTINGS).fraction
    snps, frequency, foreign = contaminated_array(N_SNPS, fraction, rng)
    if kind == "frequencies":
        dose = foreign_dose(known_frequencies(frequency, SETTINGS))
        return array_contamination(snps, dose, GENOME, SETTINGS).fraction
    person = array_of(foreign, snps.chrom, snps.position, 0.005, rng)
    dose = known_dose(snps, person, SETTINGS)
    wrong = SETTINGS.genotype_error
    return array_contamination(snps, dose, GENOME, SETTINGS, wrong_doses=wrong).fraction


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["frequencies", "genotypes", "reads"])
@pytest.mark.parametrize("fraction", [0.02, 0.12])
def test_the_interval_holds_the_truth(kind: str, fraction: float) -> None:
    found = [estimate(kind, fraction, seed) for seed in range(N)]
    held = sum(each.low is not None and each.low <= fraction <= (each.high or 0.0) for each in found)
    assert all(each.status == "measured" for each in found)
    # An interval of 95 % misses more often than this once in a thousand such tests.
    assert held >= binom.ppf(0.001, N, 0.95)


def mosaic(snps: SnpTable, shift: float, rng: np.random.Generator) -> SnpTable:
    """Heterozygous probes of every third chromosome apart by twice the shift, as in a mosaic; no other moves."""
    is_het = (np.abs(snps.b_allele_fraction - 0.5) < 0.25) & (snps.chrom % 3 == 0)
    side: Float64 = np.where(rng.random(is_het.size) < 0.5, shift, -shift)
    return replace(snps, b_allele_fraction=snps.b_allele_fraction + np.where(is_het, side, 0.0))


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.2 / (2 * 2.2), 0.1])  # 20 % trisomy, 20 % copy-neutral loss
def test_a_mosaic_is_no_foreign_dna(shift: float) -> None:
    for seed in range(N):
        rng = np.random.default_rng([42, seed])
        snps, frequency, foreign = contaminated_array(N_SNPS, 0.0, rng)
        table = mosaic(snps, shift, rng)
        person = array_of(foreign, snps.chrom, snps.position, 0.005, rng)
        for dose in (
            foreign_dose(known_frequencies(frequency, SETTINGS)),
            known_dose(table, person, SETTINGS),
        ):
            found = array_contamination(table, dose, GENOME, SETTINGS).fraction
            assert (found.status, found.estimate) == ("not_detected", None)
            assert found.lod is not None
            # The mosaic's own probes are left in here: above the 1 % of an array without.
            assert found.lod < 0.012
        assert bands_contamination(table, GENOME, SETTINGS).fraction.status == "not_detected"
