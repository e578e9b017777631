"""Quality gate of SNP arrays: closed forms, and genomes that are changed without being badly measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genostab.arrays import SnpTable
from genostab.io.genome import load_genome
from genostab.karyotype.array_quality import ArrayQuality, array_limits, array_quality, quality_rows
from genostab.karyotype.settings import load_settings
from tests.domain.karyotype_data import snps_of

HG38 = load_genome("GRCh38")
SETTINGS = load_settings()
N = 2000


def array(lrr_sd: float = 0.15, baf_sd: float = 0.04, foreign: float = 0.0, seed: int = 1) -> SnpTable:
    """N probes on each autosome, 50 kb apart, of a person with a share of another's DNA."""
    rng = np.random.default_rng(seed)
    n = 22 * N
    frequency = rng.uniform(0.05, 0.95, n)
    own, others = rng.binomial(2, frequency), rng.binomial(2, frequency)
    baf = ((1.0 - foreign) * own + foreign * others) / 2.0 + rng.normal(0.0, baf_sd, n)
    table = snps_of(
        np.repeat(np.arange(22), N),
        np.tile(np.arange(N) * 50_000, 22),
        rng.normal(0.0, lrr_sd, n),
        np.clip(baf, 0.0, 1.0),
    )
    return replace(table, genotype=own.astype(np.int8))


def quality(snps: SnpTable) -> ArrayQuality:
    return array_quality(snps, HG38, SETTINGS)


def changed(snps: SnpTable, shift: float, every: int) -> SnpTable:
    """Every second run of `every` probes shifted, as in a genome of many gains and losses."""
    rows = np.arange(snps.chrom.size)
    return replace(snps, log_r_ratio=snps.log_r_ratio + np.where(rows // every % 2 == 0, shift, -shift))


def test_the_published_limits() -> None:
    # research: StemCNV-check >= 0.99; PennCNV 0.28, 0.45 to 0.55, 0.002; other pipeline 0.3, 0.01, 0.05.
    found = {(limit.figure, limit.set): (limit.low, limit.high) for limit in array_limits()}
    assert found[("call_rate", "StemCNV-check")][0] == 0.99
    assert found[("lrr_sd", "PennCNV")][1] == 0.28
    assert found[("baf_median", "PennCNV")] == (0.45, 0.55)
    assert found[("baf_drift", "PennCNV")][1] == 0.002
    assert [found[(figure, "other pipeline")][1] for figure in ("lrr_sd", "baf_drift", "waviness")] == [
        0.3,
        0.01,
        0.05,
    ]
    assert any(limit.decides for limit in array_limits())


def test_figures_of_a_good_array() -> None:
    found = quality(array())
    assert found.failures == found.remarks == ()
    assert found.stated["lrr_sd"] == pytest.approx(0.15, rel=0.01)
    assert found.judged["lrr_sd"] == pytest.approx(0.15, rel=0.02)
    assert found.stated["baf_median"] == pytest.approx(0.5, abs=0.002)
    assert found.stated["baf_sd"] == pytest.approx(0.04, rel=0.02)
    assert found.stated["call_rate"] == 1.0
    # A median of 20 Gaussians has 1.2533 / sqrt(20) of their standard deviation, less 2 % for so few; MAD 0.6745.
    assert found.stated["waviness"] == pytest.approx(0.6745 * 1.2533 * 0.15 / np.sqrt(20), rel=0.1)
    assert sum(found.genotypes) == 22 * N


def test_drift_is_the_share_in_two_bands_of_the_median_chromosome() -> None:
    snps = array()
    baf = snps.b_allele_fraction.copy()
    baf[snps.chrom == 3] = 0.22
    assert quality(replace(snps, b_allele_fraction=baf)).stated["baf_drift"] < 0.001
    baf[:] = np.tile([0.1, 0.2, 0.21, 0.24, 0.25, 0.5, 0.75, 0.76, 0.8, 0.9], 22 * N // 10)
    assert quality(replace(snps, b_allele_fraction=baf)).stated["baf_drift"] == 0.3


@pytest.mark.parametrize(("lrr_sd", "is_failed"), [(0.3, False), (0.34, False), (0.36, True), (0.7, True)])
def test_noise_fails_an_array(lrr_sd: float, is_failed: bool) -> None:
    # Log R ratios beyond 2 are left out: of a Gaussian of 0.7 those are 0.4 %.
    assert bool(quality(array(lrr_sd)).failures) == is_failed


@pytest.mark.parametrize("every", [50, 500, N])
def test_a_genome_of_gains_and_losses_is_no_failure(every: int) -> None:
    found = quality(changed(array(), 0.5, every))
    assert found.failures == ()
    assert found.stated["lrr_sd"] > 0.5  # what PennCNV would refuse
    assert found.judged["lrr_sd"] < 0.2


@pytest.mark.parametrize("foreign", [0.1, 0.2, 0.3, 0.5])
def test_foreign_dna_is_remarked_and_no_failure(foreign: float) -> None:
    found = quality(array(foreign=foreign))
    assert found.failures == ()
    assert bool(found.remarks) == (foreign > 0.15)


def test_too_few_calls_are_remarked() -> None:
    snps = array()
    some = np.where(np.arange(snps.chrom.size) % 50 == 0, -1, snps.genotype).astype(np.int8)
    (remark,) = quality(replace(snps, genotype=some)).remarks
    assert remark == "call rate 0.98, StemCNV-check asks for at least 0.99"


def test_a_file_without_genotypes_has_no_call_rate() -> None:
    found = quality(replace(array(), genotype=np.full(22 * N, -1, dtype=np.int8)))
    assert found.remarks == ()
    assert quality_rows(found)[0][:3] == ("call rate", "unknown", "")


def test_no_autosome_or_no_ratio_fails() -> None:
    snps = array()
    blind = replace(snps, log_r_ratio=np.full(22 * N, np.nan))
    on_x = replace(snps, chrom=np.full(22 * N, 22, dtype=np.int16))
    for each in (blind, on_x):
        assert quality(each).failures == ("no autosome has Log R ratios to tell their noise by",)


def test_the_table_shows_both_sides_of_a_conflict() -> None:
    rows = {name: note for name, _, _, note in quality_rows(quality(array(0.29)))}
    assert "PennCNV at most 0.28: beyond" in rows["Log R ratio SD"]
    assert "other pipeline at most 0.3: within" in rows["Log R ratio SD"]
    assert "Jacquemont at most 0.35: within (decides)" in rows["Log R ratio SD"]
