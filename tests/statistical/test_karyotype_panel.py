"""What a panel does for chromosome noise, false calls and real changes, on libraries of a simulated protocol."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from genostab.arrays import Panel, Profile
from genostab.karyotype.call import Karyotype, call_depth
from genostab.karyotype.normalise import profile_alone, profile_paired
from genostab.karyotype.panel import Standard, fit_standard, profile_by_standard
from genostab.karyotype.panel_check import checked_panel, chromosome_means
from genostab.run.hotspots import load_hotspots
from tests.statistical.karyotype_genomes import SETTINGS, Event, genome, is_soak, with_event
from tests.statistical.panel_genomes import contrast, euploid_panel, library, panel_of, protocol
from tests.statistical.test_karyotype_power import is_in_target

PROTOCOL = protocol(200_000, 2000.0)
AUTOSOMES = 22


@cache
def standard(n: int, sex: str = "female") -> Standard:
    return fit_standard(euploid_panel(PROTOCOL, n, 1), genome(), sex, SETTINGS)  # type: ignore[arg-type]


def against(bins: object, n: int = 40) -> Profile:
    return profile_by_standard(bins, None, standard(n), genome(), SETTINGS, is_counts=True)  # type: ignore[arg-type]


def scatter(profile: Profile) -> tuple[float, float]:
    """Mean square between whole autosomes, and the part that independent noise explains."""
    means, variances = chromosome_means(profile, genome())
    return float(np.var(means[:AUTOSOMES], ddof=1)), float(variances[:AUTOSOMES].mean())


@pytest.mark.slow
def test_chromosome_noise_falls_to_near_counting() -> None:
    rng = np.random.default_rng(2)
    libraries = [library(PROTOCOL, rng) for _ in range(40 if is_soak() else 12)]
    alone = np.mean(
        [scatter(profile_alone(b, genome(), "female", SETTINGS, is_counts=True))[0] for b in libraries]
    )
    seen = np.array([scatter(against(b)) for b in libraries])
    found, independent = np.sqrt(seen.mean(axis=0))
    counting = np.sqrt(
        np.mean([1.0 / b.n_reads[b.chrom == c].sum() for b in libraries for c in range(22)])
    ) / np.log(2)
    assert standard(40).shapes.shape[1] == 3
    assert np.sqrt(alone) > 5 * counting
    # The centre and the waves are those of 40 libraries, bins scatter by 2 %: half as much again as counting alone.
    assert found < 1.6 * counting
    assert found == pytest.approx(independent, rel=0.35)


@pytest.mark.slow
def test_few_normals_learn_no_wave_and_do_no_harm() -> None:
    rng = np.random.default_rng(3)
    libraries = [library(PROTOCOL, rng) for _ in range(8)]
    alone = np.mean(
        [scatter(profile_alone(b, genome(), "female", SETTINGS, is_counts=True))[0] for b in libraries]
    )
    found = np.mean([scatter(against(b, 5))[0] for b in libraries])
    assert standard(5).shapes.shape[1] == 0
    # The median of five keeps pi / 2 / 5 of the waves of one.
    assert found < 1.5 * alone


@pytest.mark.slow
@pytest.mark.parametrize("chrom", ["chr21", "chr12", "chr1"])
@pytest.mark.parametrize("fraction", [1.0, 0.3, 0.1])
def test_a_trisomy_keeps_its_shift(chrom: str, fraction: float) -> None:
    event = Event(chrom=chrom, start=0, end=300_000_000, copies=2.0 + fraction)
    kept = []
    for seed in range(6):
        # The same library with and without the event, read for read, so that its own noise does not count.
        made = library(PROTOCOL, np.random.default_rng([4, seed]))
        on = made.chrom == genome().names.index(event.chrom)
        more = type(made)(
            **{**vars(made), "n_reads": np.where(on, made.n_reads * event.copies / 2, made.n_reads)}
        )
        kept.append(contrast(against(more), chrom) - contrast(against(made), chrom))
    shift = np.log2(event.copies / 2)
    assert np.mean(kept) / shift >= 0.97
    assert np.mean(kept) / shift <= 1.03


def called(profile: Profile) -> Karyotype:
    known = genome()
    return call_depth(
        alone=profile,
        paired=None,
        parents=[],
        genome=known,
        hotspots=load_hotspots(known),
        platform="seq",
        response_cv=0.0,
        sex_sd_log2=0.0,
        settings=SETTINGS,
    )


@pytest.mark.slow
def test_euploid_libraries_have_no_more_false_calls_than_stated() -> None:
    n = 300 if is_soak() else 30
    rng = np.random.default_rng(5)
    found = sum(
        any(call.reported for call in called(against(library(PROTOCOL, rng))).calls) for _ in range(n)
    )
    rate = SETTINGS.family_wise_error
    assert stats.binomtest(found, n, rate, alternative="greater").pvalue > 0.005, f"{found} of {n}"


@pytest.mark.slow
def test_a_panel_shows_what_the_sample_alone_cannot() -> None:
    # +21 in 5 % of the cells: 0.036 log2, twice the chromosome noise of these libraries by themselves.
    event = Event(chrom="chr21", start=0, end=300_000_000, copies=2.05)
    seen = {"alone": 0, "panel": 0}
    rng = np.random.default_rng(6)
    for _ in range(10):
        bins = library(PROTOCOL, rng, events=[event])
        by_itself = profile_alone(bins, genome(), "female", SETTINGS, is_counts=True)
        for name, profile in (("alone", by_itself), ("panel", against(bins))):
            calls = called(profile).calls
            seen[name] += any(c.reported and (c.chrom, c.kind) == ("chr21", "gain") for c in calls)
    assert seen["panel"] >= 9
    assert seen["alone"] <= 5


@pytest.mark.slow
def test_waves_of_lot_and_parent_go_before_the_two_are_compared() -> None:
    rng = np.random.default_rng(9)
    noise, kept = [], []
    for _ in range(8):
        parent, lot = library(PROTOCOL, rng), library(PROTOCOL, rng)
        more = with_event(lot, Event(chrom="chr21", start=0, end=300_000_000, copies=2.3), rng)
        profiles = [profile_paired(lot, parent, genome(), "female", SETTINGS, is_counts=True)]
        profiles += [
            profile_by_standard(each, parent, standard(40), genome(), SETTINGS, is_counts=True)
            for each in (lot, more)
        ]
        noise.append([scatter(profile)[0] for profile in profiles[:2]] + [scatter(profiles[1])[1]])
        kept.append(contrast(profiles[2], "chr21") - contrast(profiles[1], "chr21"))
    paired, with_panel, independent = np.sqrt(np.mean(noise, axis=0))
    assert paired > 5 * with_panel
    assert with_panel == pytest.approx(independent, rel=0.35)
    assert np.mean(kept) == pytest.approx(np.log2(1.15), rel=0.03)


@pytest.fixture(scope="module")
def flawed() -> Panel:
    """Twenty normals, of which one has +8 in 40 % of its cells."""
    rng = np.random.default_rng(7)
    event = Event(chrom="chr8", start=0, end=300_000_000, copies=2.4)
    libraries = [library(PROTOCOL, rng, events=[event] if i == 4 else []) for i in range(20)]
    return checked_panel(panel_of(libraries, ["female"] * 20), genome(), SETTINGS)


@pytest.mark.slow
def test_a_normal_with_a_change_is_named_and_left_out(flawed: Panel) -> None:
    out = {normal.name: normal.left_out for normal in flawed.normals if normal.left_out}
    assert set(out) == {"n4"}
    assert out["n4"].startswith("gain of chr8:")


@pytest.mark.slow
def test_each_normal_is_told_its_noise_with_and_without_the_panel(flawed: Panel) -> None:
    used = [normal for normal in flawed.normals if not normal.left_out]
    alone, panel, independent = (
        np.sqrt(np.mean([getattr(normal, name) ** 2 for normal in used]))
        for name in ("alone_sd_log2", "panel_sd_log2", "counting_sd_log2")
    )
    assert alone > 3 * panel
    assert panel == pytest.approx(independent, rel=0.6)


@pytest.mark.slow
@pytest.mark.parametrize("region", ["21", "12"])
def test_power_at_the_stated_fraction(region: str) -> None:
    rng, hits = np.random.default_rng([8, int(region)]), []
    for _ in range(200 if is_soak() else 30):
        bins = library(PROTOCOL, rng)
        rows = called(against(bins)).sensitivity
        row = next(row for row in rows if (row.region, row.kind) == (region, "gain"))
        assert row.min_cell_fraction is not None
        event = Event(chrom=row.chrom, start=0, end=300_000_000, copies=2.0 + row.min_cell_fraction)
        calls = called(against(with_event(bins, event, rng))).calls
        hits.append(any(call.reported and (call.chrom, call.kind) == (row.chrom, "gain") for call in calls))
    assert is_in_target(sum(hits), len(hits)), f"{sum(hits)} of {len(hits)}"
