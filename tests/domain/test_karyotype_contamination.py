"""Foreign DNA: simulated fractions found, none without, and no mosaic taken for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genostab.arrays import SnpTable
from genostab.karyotype.contamination import foreign_dose, known_dose, share_of_other_genotypes
from genostab.karyotype.contamination_array import array_contamination, bands_contamination
from genostab.karyotype.contamination_reads import joint_of_spectrum, reads_contamination
from genostab.karyotype.genotypes import Spectrum, known_frequencies
from genostab.karyotype.sample_settings import load_sample_settings
from tests.statistical.contaminated import contaminated_array, contaminated_reads
from tests.statistical.sample_genomes import GENOME, array_of

SETTINGS = load_sample_settings()


def test_foreign_dose_of_a_known_frequency() -> None:
    own, other = foreign_dose(Spectrum(b=np.array([0.3e9]), a=np.array([0.7e9])))
    assert own[0] == pytest.approx([0.49, 0.42, 0.09], abs=1e-7)
    assert other[0] == pytest.approx([0.09, 0.42, 0.49], abs=1e-7)


@pytest.mark.parametrize("fraction", [0.01, 0.12])
def test_an_array_with_foreign_dna(fraction: float) -> None:
    rng = np.random.default_rng(21)
    snps, frequency, foreign = contaminated_array(30_000, fraction, rng)
    by_frequency = array_contamination(
        snps, foreign_dose(known_frequencies(frequency, SETTINGS)), GENOME, SETTINGS
    )
    person = array_of(foreign, snps.chrom, snps.position, 0.005, rng)
    by_person = array_contamination(snps, known_dose(snps, person, SETTINGS), GENOME, SETTINGS)
    for found in (by_frequency, by_person):
        assert found.fraction.status == "measured"
        low, high = found.fraction.low, found.fraction.high
        assert low is not None
        assert high is not None
        # Four standard errors of 40,000 probes; the interval holds 10 % of the response, two standard deviations aside.
        assert found.fraction.estimate == pytest.approx(fraction, abs=0.0025)
        assert high - low < 0.004 + 0.4 * fraction
        assert found.homogeneity_p > SETTINGS.homogeneity_alpha


def test_without_frequencies_and_genotypes() -> None:
    """The modes of 12 % stand out by themselves; 1 % is within what the shape of the noise can fake, and is said so."""
    for fraction in (0.12, 0.01):
        snps, _, _ = contaminated_array(30_000, fraction, np.random.default_rng(26))
        found = bands_contamination(snps, GENOME, SETTINGS).fraction
        assert found.lod is not None
        assert found.high is not None
        # A second mode three widths of the noise (0.012) away is that of 7.2 %.
        assert found.lod == pytest.approx(0.072, abs=0.008)
        assert found.low is not None
        assert found.low <= fraction < found.high
        assert found.status == ("measured" if fraction > found.lod else "not_detected")


def test_ones_own_dna_is_no_other_genotype() -> None:
    snps, _, foreign = contaminated_array(5_000, 0.0, np.random.default_rng(27))
    rng = np.random.default_rng(28)
    stranger = array_of(foreign, snps.chrom, snps.position, 0.0, rng)
    assert share_of_other_genotypes(snps, snps, SETTINGS) == 0.0
    # Frequencies even from 0 to 1: of two copies and a homozygote by p^2 and (1-p)^2, 1 - 2 E[p^4] / (2 E[p^2]) = 0.4.
    assert share_of_other_genotypes(snps, stranger, SETTINGS) == pytest.approx(0.4, abs=0.04)


def bent(snps: SnpTable, rng: np.random.Generator) -> SnpTable:
    """The same array with bands that are not at 0 and 1, another on each side, with heavy tails."""
    baf = snps.b_allele_fraction
    tail = np.abs(rng.standard_t(3, baf.size))
    baf = np.where(baf < 0.25, 0.01 + 0.01 * tail, np.where(baf > 0.75, 1.0 - 0.03 - 0.02 * tail, baf))
    return replace(snps, b_allele_fraction=np.clip(baf, 0.0, 1.0))


def test_bent_bands_and_mosaics_are_no_foreign_dna() -> None:
    rng = np.random.default_rng(22)
    snps, frequency, _ = contaminated_array(30_000, 0.0, rng)
    dose = foreign_dose(known_frequencies(frequency, SETTINGS))
    het = np.abs(snps.b_allele_fraction - 0.5) < 0.25
    side = np.where(rng.random(het.size) < 0.5, 1.0, -1.0)
    gain = (snps.chrom % 3 == 0) & het  # 30 % trisomy of eight chromosomes
    loh = (snps.chrom % 3 == 1) & het  # 20 % copy-neutral loss of seven
    shift = side * np.where(gain, 0.3 / (2 * 2.3), np.where(loh, 0.1, 0.0))
    mosaic = replace(snps, b_allele_fraction=np.clip(snps.b_allele_fraction + shift, 0.0, 1.0))
    for table in (snps, bent(snps, rng), mosaic):
        found = array_contamination(table, dose, GENOME, SETTINGS)
        assert (found.fraction.status, found.fraction.estimate) == ("not_detected", None)
        assert found.fraction.lod is not None
        assert found.fraction.lod < 0.01


def test_reads_with_foreign_dna_and_without() -> None:
    for fraction in (0.0, 0.05):
        snps, frequency, _ = contaminated_reads(20_000, fraction, 30, np.random.default_rng(23))
        found = reads_contamination(
            snps, joint_of_spectrum(known_frequencies(frequency, SETTINGS)), GENOME, SETTINGS
        )
        if fraction:
            assert found.fraction.estimate == pytest.approx(fraction, abs=0.004)
        else:
            assert found.fraction.status == "not_detected"


def test_variants_only_and_few_probes_are_not_measured() -> None:
    snps, frequency, _ = contaminated_reads(5_000, 0.0, 30, np.random.default_rng(24))
    keep = snps.alt_depth > 5
    listed = replace(
        snps,
        chrom=snps.chrom[keep],
        position=snps.position[keep],
        ref_depth=snps.ref_depth[keep],
        alt_depth=snps.alt_depth[keep],
        genotype=snps.genotype[keep],
    )
    joint = joint_of_spectrum(known_frequencies(frequency[keep], SETTINGS))
    assert "variants" in reads_contamination(listed, joint, GENOME, SETTINGS).fraction.method
    array, frequency, _ = contaminated_array(500, 0.0, np.random.default_rng(25))
    few = array_contamination(array, foreign_dose(known_frequencies(frequency, SETTINGS)), GENOME, SETTINGS)
    assert few.fraction.status == "not_computed"
