"""A sample against a panel on a toy genome: what is left is what it has alone, and what cannot be read is said."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from genostab.arrays import Normal, Panel
from genostab.errors import InputError
from genostab.karyotype.panel import (
    fit_standard,
    join_panel,
    normal_bins,
    profile_against_panel,
    set_aside,
    sex_sd,
    without,
)
from genostab.karyotype.panel_variance import shrunk_ratio, upper_limit
from tests.domain.karyotype_data import SETTINGS, toy_bins, toy_genome

GENOME = toy_genome()
WIDTH = 500_000
BINS = toy_bins(GENOME, WIDTH)
CHROM = BINS.chrom
YIELD = np.exp2(np.random.default_rng(1).normal(0, 0.5, CHROM.size))


def reads(
    rng: np.random.Generator, sex: str, change: np.ndarray | float = 1.0, depth: float = 1000.0
) -> np.ndarray:
    copies = np.where(CHROM == 22, 1.0 + (sex == "female"), np.where(CHROM == 23, 1.0 * (sex == "male"), 2.0))
    return rng.poisson(depth * YIELD * copies / 2 * change).astype(np.float64)


def panel_of(n: int, sexes: tuple[str, ...] = ("female", "male"), seed: int = 2) -> Panel:
    rng = np.random.default_rng(seed)
    own = [sexes[i % len(sexes)] for i in range(n)]
    values = np.stack([reads(rng, sex) for sex in own], axis=1)
    return Panel(
        is_counts=True,
        bin_bp=WIDTH,
        min_mapq=10,
        bins=replace(BINS, n_reads=values.sum(axis=1)),
        values=values.astype(np.float32),
        normals=tuple(Normal(name=f"n{i}", sha256="", sex=sex, n_reads=1) for i, sex in enumerate(own)),  # type: ignore[arg-type]
    )


PANEL = panel_of(8)


def test_the_yield_of_bins_goes_and_a_change_stays() -> None:
    rng = np.random.default_rng(3)
    change = np.where(CHROM == 6, 1.25, 1.0)
    sample = replace(BINS, n_reads=reads(rng, "male", change))
    profile = profile_against_panel(sample, PANEL, GENOME, "male", SETTINGS, is_counts=True)
    means = [profile.ratio_log2[profile.chrom == c].mean() for c in range(24)]
    # 200 bins of 1,000 reads and the median of 8: standard error 0.0036; X and Y have half the reads and four normals.
    assert means[6] == pytest.approx(math.log2(1.25), abs=0.015)
    assert np.delete(means, 6) == pytest.approx(np.zeros(23), abs=0.02)
    assert set(profile.ploidy[profile.chrom >= 22]) == {1}


def test_noise_is_counting_and_that_of_the_centre() -> None:
    sample = replace(BINS, n_reads=reads(np.random.default_rng(4), "female"))
    profile = profile_against_panel(sample, PANEL, GENOME, "female", SETTINGS, is_counts=True)
    own = profile.autosome
    counting = 1 / (math.log(2) ** 2 * 1000 * np.median(YIELD))
    assert np.median(np.square(profile.sd_log2[own])) == pytest.approx(
        counting * (1 + math.pi / 2 / 8), rel=0.1
    )
    z = profile.ratio_log2[own] / profile.sd_log2[own]
    assert z.std() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("sexes", "sex"), [(("male",), "female"), (("female",), "male"), (("male", "female"), "unknown")]
)
def test_x_and_y_need_normals_of_the_sex(sexes: tuple[str, ...], sex: str) -> None:
    panel = panel_of(6, sexes)
    sample = replace(BINS, n_reads=reads(np.random.default_rng(5), "female"))
    profile = profile_against_panel(sample, panel, GENOME, sex, SETTINGS, is_counts=True)  # type: ignore[arg-type]
    assert profile.autosome.all()
    assert sex_sd(panel, sex, SETTINGS) == math.inf  # type: ignore[arg-type]


def test_sex_sd_allows_for_few_normals() -> None:
    def told(values: list[float]) -> float:
        normals = tuple(Normal(name="", sha256="", sex="female", n_reads=1, x_log2=value) for value in values)
        return sex_sd(replace(PANEL, normals=normals), "female", SETTINGS)

    tail = SETTINGS.family_wise_error / 4
    for n in (2, 5, 30):
        values = [0.01 * (-1) ** i for i in range(n)]
        assert told(values) == pytest.approx(0.01 * stats.t.isf(tail, n - 1) / stats.norm.isf(tail), rel=1e-6)
    assert told([0.01]) == told([]) == math.inf


def test_bins_that_vary_are_masked_and_the_limit_is_theirs() -> None:
    panel = panel_of(20)
    values = panel.values.copy()
    wild = np.arange(100, 110)
    values[wild] *= np.exp2(np.random.default_rng(6).normal(0, 0.5, (wild.size, 20)))
    plain, found = (
        fit_standard(each, GENOME, "female", SETTINGS) for each in (panel, replace(panel, values=values))
    )
    assert plain.usable.sum() - found.usable.sum() >= 9
    assert not found.usable[wild].sum() > 1
    # Of 4,400 like bins of the autosomes fewer than one is expected; X has its own limit.
    assert (~plain.usable[CHROM < 22]).sum() <= 1
    assert 1.2 < found.max_sd_ratio < 2.5


def test_a_variant_of_one_normal_neither_masks_nor_moves_the_centre() -> None:
    panel = panel_of(20)
    values = panel.values.copy()
    values[100:110, 3] = np.round(values[100:110, 3] / 2)
    plain, found = (
        fit_standard(each, GENOME, "female", SETTINGS) for each in (panel, replace(panel, values=values))
    )
    np.testing.assert_allclose(found.centre[100:110], plain.centre[100:110], atol=0.03)
    assert found.usable[100:110].sum() >= 9


def test_normals_that_were_left_out_say_nothing() -> None:
    marked = replace(PANEL, normals=(replace(PANEL.normals[0], left_out="gain"), *PANEL.normals[1:]))
    fewer = without(PANEL, 0)
    for name in ("centre", "variance", "usable"):
        np.testing.assert_array_equal(
            getattr(fit_standard(marked, GENOME, "male", SETTINGS), name),
            getattr(fit_standard(fewer, GENOME, "male", SETTINGS), name),
        )


def test_a_panel_joins_to_the_bins_of_the_sample() -> None:
    joined = join_panel(PANEL, 4)
    assert joined.bin_bp == 4 * WIDTH
    np.testing.assert_array_equal(joined.values[:50, 0], PANEL.values[:200, 0].reshape(50, 4).sum(axis=1))
    sample = normal_bins(joined, 0)
    profile = profile_against_panel(sample, PANEL, GENOME, "female", SETTINGS, is_counts=True)
    assert profile.end[0] - profile.start[0] == 4 * WIDTH


@pytest.mark.parametrize("factor", [1, 4])
@pytest.mark.parametrize("index", [0, 5])
def test_a_normal_that_is_the_sample_is_set_aside(factor: int, index: int) -> None:
    sample = normal_bins(join_panel(PANEL, factor), index)
    assert [i for i, normal in enumerate(set_aside(PANEL, sample).normals) if normal.left_out] == [index]
    other = replace(BINS, n_reads=reads(np.random.default_rng(9), "female"))
    assert not any(normal.left_out for normal in set_aside(PANEL, other).normals)


@pytest.mark.parametrize("is_counts", [True, False])
def test_another_kind_or_other_bins_are_refused(is_counts: bool) -> None:
    width = WIDTH if not is_counts else 750_000
    sample = replace(toy_bins(GENOME, width))
    with pytest.raises(InputError) as caught:
        profile_against_panel(sample, PANEL, GENOME, "female", SETTINGS, is_counts=is_counts)
    assert caught.value.code == "GS-2203"
    assert "reads in 4800 bins" in caught.value.found


def test_upper_limit_is_the_gaussian_quantile() -> None:
    values = np.random.default_rng(7).normal(2.0, 3.0, 100_000)
    assert upper_limit(values) == pytest.approx(stats.norm.isf(1e-5, 2.0, 3.0), abs=0.15)


@pytest.mark.parametrize(("df", "prior_df"), [(8, 10.0), (30, 20.0), (10, math.inf)])
def test_shrunken_variances_beat_raw_and_common_ones(df: int, prior_df: float) -> None:
    # Variances drawn from a scaled inverse chi-square, and chi-square estimates of them.
    rng = np.random.default_rng(8)
    true = np.full(20_000, 2.0) if math.isinf(prior_df) else 2.0 * prior_df / rng.chisquare(prior_df, 20_000)
    raw = true * rng.chisquare(df, true.size) / df
    found = shrunk_ratio(raw, df)

    def loss(values: np.ndarray | float) -> float:
        return float(np.square(np.log(values / true)).mean())

    assert loss(found) < loss(raw)
    assert loss(found) < loss(np.median(raw)) * 1.02
    # The posterior mean of 1 / variance is unbiased.
    assert np.mean(true / found) == pytest.approx(1.0, abs=0.15)
