"""Whether an event in exactly the stated smallest fraction of the cells is found as often as stated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from tests.domain.test_karyotype_alleles import LENGTH, found_in, lot

from genostab.results import Sensitivity
from tests.statistical.karyotype_genomes import Event, is_soak, karyotype, sample, with_event

WIDTH = 200_000
TARGET = (0.90, 0.99)
REGIONS = ("12", "21", "1q", "20q11.21 gain", "any 10 Mb", "any 5 Mb")


def event_at(row: Sensitivity, rng: np.random.Generator) -> Event:
    """The event of a row; one of a size lies anywhere in 100 to 140 Mb of chromosome 2."""
    assert row.min_cell_fraction is not None
    start = row.start if row.chrom else int(rng.integers(100, 140)) * 1_000_000
    sign = 1 if row.kind == "gain" else -1
    return Event(
        chrom=row.chrom or "chr2",
        start=start,
        end=start + row.end - row.start,
        copies=2.0 + sign * row.min_cell_fraction,
    )


def found(n: int, paired: bool, regions: tuple[str, ...]) -> dict[tuple[str, str], list[bool]]:
    """Per region and kind, whether the event was reported: in the library that the row was stated for."""
    hits: dict[tuple[str, str], list[bool]] = {}
    for seed in range(n):
        rng = np.random.default_rng([seed, paired, 9])
        scale = 0.5 if paired else 1.0
        bins = sample(WIDTH, rng, (), scale)
        parent = sample(WIDTH, rng, (), scale) if paired else None
        for row in karyotype(bins, parent).sensitivity:
            if row.region not in regions or row.min_cell_fraction is None:
                continue
            event = event_at(row, rng)
            calls = karyotype(with_event(bins, event, rng), parent).calls
            hits.setdefault((row.region, row.kind), []).append(
                any(
                    call.reported
                    and (call.chrom, call.kind) == (event.chrom, row.kind)
                    and call.start < event.end
                    and event.start < call.end
                    for call in calls
                )
            )
    return hits


def is_in_target(k: int, n: int) -> bool:
    """Whether the exact 99.9 % interval of the power meets the target."""
    interval = stats.binomtest(k, n).proportion_ci(0.999)
    return bool(interval.high >= TARGET[0] and interval.low <= TARGET[1])


@pytest.mark.slow
@pytest.mark.parametrize("paired", [False, True], ids=["alone", "paired"])
def test_power_at_the_stated_fraction(paired: bool) -> None:
    hits = found(60 if is_soak() else 4, paired, REGIONS if is_soak() else REGIONS[1:5])
    total = [hit for value in hits.values() for hit in value]
    assert is_in_target(sum(total), len(total)), f"{sum(total)} of {len(total)}"
    for key, value in hits.items():
        assert is_in_target(sum(value), len(value)), f"{key}: {sum(value)} of {len(value)}"


@pytest.mark.slow
def test_whole_chromosomes_are_near_the_neyman_pearson_limit() -> None:
    """The stated fraction over 2 Z s: Z = 5.743 (two-sided 0.001 over 24 chromosomes, 95 % power), s the true noise."""
    means, stated = [], []
    for seed in range(60):
        found_in_sample = karyotype(sample(WIDTH, np.random.default_rng([seed, 5])))
        profile = found_in_sample.profile
        weight = 1.0 / np.square(profile.sd_log2)
        total = np.bincount(profile.chrom, weight)[:22]
        means.append(np.bincount(profile.chrom, weight * profile.ratio_log2)[:22] / total)
        fractions = {(row.region, row.kind): row.min_cell_fraction for row in found_in_sample.sensitivity}
        stated.append([fractions[(str(c + 1), "gain")] for c in range(22)])
    true_sd = np.sqrt(np.mean(np.square(means), axis=0))
    limit = 2.0 * (np.exp2(5.743 * true_sd) - 1.0)
    assert np.median(np.array(stated, dtype=float) / limit) <= 1.25


@pytest.mark.slow
def test_power_for_copy_neutral_loss_at_the_stated_fraction() -> None:
    hits = []
    for seed in range(400 if is_soak() else 80):
        chrom = seed % 20
        row = found_in(lot(seed))[1][str(chrom + 1)]
        assert row.min_cell_fraction is not None
        event = (chrom, 0, int(LENGTH[chrom]), row.min_cell_fraction)
        calls, _ = found_in(lot(10_000 + seed, loh=event))
        hits.append(any(call.chrom == row.chrom for call in calls))
    assert is_in_target(sum(hits), len(hits)), f"{sum(hits)} of {len(hits)}"
