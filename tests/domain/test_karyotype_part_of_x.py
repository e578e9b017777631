"""Changes of a part of X: of the two of a female by alleles and depth, of a male's one by depth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genostab.arrays import AlleleDepths, SnpTable
from genostab.karyotype.allele_call import add_alleles
from genostab.karyotype.allele_depths import signal_of_depths, two_x_by_depths
from genostab.karyotype.allele_state import Response
from genostab.karyotype.bins import diploid_chromosomes
from genostab.karyotype.snp import array_sex, call_array
from genostab.results import Call
from tests.domain.karyotype_data import without_depth
from tests.domain.sex_array_data import Array, male, simulate
from tests.statistical.array_genomes import GENOME, SETTINGS, Event, simulate_array, with_sex_chromosomes

X = GENOME.names.index("chrX")
LENGTH = int(GENOME.length_bp[X])


def reported(event: Event | None, fraction: float, switch_rate: float | None = None) -> list[Call]:
    """Calls of a woman's array of 120,000 probes whose Log R ratio of two X is 0.15."""
    sample = simulate_array(
        5,
        fraction=fraction,
        events=() if event is None else (event,),
        n_snps=120_000,
        switch_rate=switch_rate,
        wave_scale=0.3,
        x_level=0.15,
    )
    return [call for call in with_sex_chromosomes(sample)[0].calls if call.reported]


def change(start: int, end: int, kind: str) -> Event:
    return Event(chrom="chrX", start=start, end=end, kind=kind)


@pytest.mark.parametrize("switch_rate", [None, 0.005])
def test_two_x_without_a_change_have_no_call(switch_rate: float | None) -> None:
    assert reported(None, 0.0, switch_rate) == []


@pytest.mark.parametrize(
    ("event", "fraction", "switch_rate", "copies"),
    [
        (change(60_600_000, LENGTH, "loss"), 0.3, None, 1),
        (change(60_600_000, LENGTH, "loss"), 0.1, 0.005, 1),
        (change(0, 58_100_000, "gain"), 0.3, None, 3),
        (change(0, 58_100_000, "gain"), 1.0, None, 3),
        (change(100_000_000, 120_000_000, "cnloh"), 0.15, None, 2),
        (change(100_000_000, 120_000_000, "cnloh"), 0.06, 0.005, 2),
    ],
)
def test_a_part_of_x_is_called_as_on_an_autosome(
    event: Event, fraction: float, switch_rate: float | None, copies: int
) -> None:
    (call,) = reported(event, fraction, switch_rate)
    assert (call.chrom, call.kind, call.copy_number) == ("chrX", event.kind, copies)
    assert call.start == pytest.approx(event.start, abs=4_000_000)
    assert call.end == pytest.approx(event.end, abs=4_000_000)
    assert call.cell_fraction.estimate == pytest.approx(fraction, abs=0.02)


def test_a_long_arm_that_all_cells_have_lost() -> None:
    # Three fifths of X have no heterozygous probe, so that neither the sex nor the level of X may be taken from them.
    (call,) = reported(change(60_600_000, LENGTH, "loss"), 1.0)
    assert (call.chrom, call.kind, call.copy_number) == ("chrX", "loss", 1)
    assert call.start == pytest.approx(60_600_000, abs=500_000)
    assert call.cell_fraction.high is not None
    assert call.cell_fraction.high > 0.9  # its Log R ratio alone says in how many cells, within a third


@pytest.mark.parametrize("fraction", [0.4, 1.0])
@pytest.mark.parametrize(("has_parent_it", "origin"), [(True, "inherited"), (False, "acquired")])
def test_a_lost_long_arm_and_that_of_the_parent(fraction: float, has_parent_it: bool, origin: str) -> None:
    # Most of the parent's X is lost as well, so that its level is that of the short arm, as the lot's is.
    event = change(60_600_000, LENGTH, "loss")
    lot, parent = (
        simulate_array(
            5,
            fraction=share,
            events=(event,),
            n_snps=120_000,
            switch_rate=None,
            x_level=0.15,
            replicate=replicate,
        )
        for share, replicate in ((fraction, 0), (fraction if has_parent_it else 0.0, 1))
    )
    found = call_array(
        sample=lot, parents=(parent,), sex="female", genome=GENOME, hotspots=(), settings=SETTINGS
    )
    (call,) = [call for call in found.calls if call.reported]
    assert (call.chrom, call.kind, call.copy_number, call.origin) == ("chrX", "loss", 1, origin)


@pytest.mark.parametrize("kind", ["gain", "loss", "cnloh"])
def test_phase_shows_whole_x_in_few_cells(kind: str) -> None:
    # In 3 % of the cells; without phase it takes about 12 %, and no bands stand apart by 0.8 to 1.5 % of the fraction.
    (call,) = reported(change(0, LENGTH, kind), 0.03, 0.005)
    assert (call.chrom, call.start, call.end) == ("chrX", 0, LENGTH)
    others = {kind for kind in ("gain", "loss", "copy-neutral") if kind in call.alternatives}
    assert kind.replace("cnloh", "copy-neutral") in others | {call.kind.replace("cnloh", "copy-neutral")}


def of_a_man(f: float, shift: float, start: int, end: int) -> list[Call]:
    array = Array(n_x=4000, n_autosomal=30_000)
    sample = simulate(array, male(), np.random.default_rng(3))
    inside = (sample.chrom == X) & (sample.position >= start) & (sample.position < end)
    lrr = np.where(inside, sample.log_r_ratio + f * shift, sample.log_r_ratio)
    found = call_array(
        sample=replace(sample, log_r_ratio=lrr),
        parents=(),
        sex="male",
        genome=GENOME,
        hotspots=(),
        settings=SETTINGS,
    )
    return [call for call in found.calls if call.reported]


def test_a_part_of_a_mans_x() -> None:
    assert of_a_man(0.0, 0.0, 0, 1) == []
    (gain,) = of_a_man(1.0, 0.45, 40_000_000, 50_000_000)  # one copy more at a response of 0.45
    assert (gain.chrom, gain.kind, gain.copy_number) == ("chrX", "gain", 2)
    assert gain.cell_fraction.high == 1.0
    (loss,) = of_a_man(1.0, -4.0, 60_000_000, 60_400_000)
    assert (loss.chrom, loss.kind, loss.copy_number) == ("chrX", "loss", 0)


def test_the_sex_of_an_array_is_that_of_the_more_heterozygous_half_of_x() -> None:
    lost = simulate_array(
        5,
        fraction=1.0,
        events=(change(60_600_000, LENGTH, "loss"),),
        n_snps=60_000,
        switch_rate=None,
        x_level=0.1,
    )
    assert array_sex(lost, GENOME, SETTINGS) == "female"
    assert array_sex(simulate(Array(), male(), np.random.default_rng(1)), GENOME, SETTINGS) == "male"


def depths_of(sample: SnpTable, is_het_x: float) -> AlleleDepths:
    """30 reads at each SNP; of X, so many in a hundred heterozygous."""
    rng = np.random.default_rng(2)
    is_het = rng.random(sample.chrom.size) < np.where(sample.chrom == X, is_het_x, 0.3)
    alt = np.where(is_het, 15, 0)
    return AlleleDepths(
        sample="s",
        chrom=sample.chrom,
        position=sample.position,
        ref_depth=30 - alt,
        alt_depth=alt,
        genotype=is_het.astype(np.int8),
    )


@pytest.mark.parametrize(("share", "is_two"), [(0.3, True), (0.2, True), (0.02, False), (0.0, False)])
def test_two_x_are_told_by_their_heterozygous_snps(share: float, is_two: bool) -> None:
    sample = simulate_array(1, events=(), n_snps=20_000, x_level=0.0)
    assert two_x_by_depths(depths_of(sample, share), GENOME, SETTINGS) == is_two


def reads_of(loh: float) -> list[Call]:
    """Calls of 30 reads at each SNP of a woman, by alleles alone; LOH of 100 to 150 Mb of X in a share of the cells."""
    sample = simulate_array(
        3,
        fraction=loh,
        events=(change(100_000_000, 150_000_000, "cnloh"),),
        n_snps=60_000,
        x_level=0.0,
    )
    rng = np.random.default_rng(4)
    alt = rng.binomial(30, np.clip(sample.b_allele_fraction, 0.001, 0.999))
    snps = AlleleDepths(
        sample="s",
        chrom=sample.chrom,
        position=sample.position,
        ref_depth=30 - alt,
        alt_depth=alt,
        genotype=np.where(alt < 3, 0, np.where(alt > 27, 2, 1)).astype(np.int8),
    )
    assert two_x_by_depths(snps, GENOME, SETTINGS)
    signal = signal_of_depths(snps, None, diploid_chromosomes(GENOME, "female"), SETTINGS)
    assert signal is not None
    found = add_alleles(
        without_depth(),
        signal,
        (),
        genome=GENOME,
        hotspots=(),
        platform="seq",
        response=Response(mean=1.0, cv=0.02, place_cv=0.02, stands_alone=True),
        settings=SETTINGS,
    )
    assert {row.region for row in found.sensitivity if row.chrom == "chrX"} == {"X", "Xp", "Xq"}
    return [call for call in found.calls if call.reported]


def test_the_two_x_of_reads() -> None:
    assert reads_of(0.0) == []
    (call,) = reads_of(0.3)
    assert (call.chrom, call.start, call.end) == (
        "chrX",
        pytest.approx(1e8, abs=4e6),
        pytest.approx(1.5e8, abs=4e6),
    )
    low, high = call.cell_fraction.low, call.cell_fraction.high
    # Without depth the states are alike; the shift of 0.15 is that of 30 % LOH, or of a loss in 46 %.
    assert low is not None
    assert high is not None
    assert (call.kind == "cnloh" and low <= 0.3 <= high) or "0+2 copies" in call.alternatives
