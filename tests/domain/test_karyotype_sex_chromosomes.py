"""Changes of X and Y of arrays with a known truth: state, fraction, origin, and what is left open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genostab.karyotype.settings import load_settings
from genostab.karyotype.sex import Sex
from genostab.karyotype.sex_chromosomes import SexChromosomes, call_sex_chromosomes
from genostab.karyotype.sex_regions import sex_probes
from genostab.karyotype.snp import array_sex
from tests.domain.sex_array_data import GENOME, Array, Copies, female, male, simulate

SETTINGS = load_settings()
ARRAY = Array(n_pseudo=400, n_y=600, n_x=4000, y_level=-0.35)
GIRL = replace(ARRAY, x_level=0.1)


def analysed(
    copies: Copies,
    *,
    array: Array = ARRAY,
    parents: tuple[Copies, ...] = (),
    stated: Sex = "unknown",
    seed: int = 1,
) -> SexChromosomes:
    rng = np.random.default_rng(seed)
    sample = simulate(array, copies, rng)
    others = [simulate(array, parent, rng) for parent in parents]
    sex = stated if stated != "unknown" else array_sex(sample, GENOME, SETTINGS)
    return call_sex_chromosomes(sample, others, sex, GENOME, [], SETTINGS)


@pytest.mark.parametrize("f", [0.3, 0.5, 0.8])
@pytest.mark.parametrize(
    ("change", "is_female", "chrom", "kind", "copy_number"),
    [
        ("loss of Y", False, "chrY", "loss", 0),
        ("gain of Y", False, "chrY", "gain", 2),
        ("gain of X", False, "chrX", "gain", 2),
        ("loss of X", True, "chrX", "loss", 1),
        ("gain of X", True, "chrX", "gain", 3),
        ("cnloh", True, "chrX", "cnloh", 2),
    ],
)
def test_each_change_is_called_as_what_it_is(
    change: str, is_female: bool, chrom: str, kind: str, copy_number: int, f: float
) -> None:
    copies = (female if is_female else male)(change, f)
    (call,) = analysed(copies, array=GIRL if is_female else ARRAY).calls
    assert (call.chrom, call.kind, call.copy_number) == (chrom, kind, copy_number)
    assert call.reported
    assert call.reason == ""
    low, high = call.cell_fraction.low, call.cell_fraction.high
    assert low is not None
    assert high is not None
    assert low - 0.02 <= f <= high + 0.02
    assert (call.start, call.end) == (0, int(GENOME.length_bp[GENOME.names.index(chrom)]))


@pytest.mark.parametrize("seed", range(4))
def test_no_change_no_call_and_a_limit_for_each_state(seed: int) -> None:
    for copies, array in ((male(), ARRAY), (female(), GIRL)):
        seen = analysed(copies, array=array, seed=seed)
        assert seen.calls == ()
        assert len(seen.sensitivity) == 3
        assert all(0.05 < (row.min_cell_fraction or 0.0) < 0.3 for row in seen.sensitivity)
        assert {row.evidence for row in seen.sensitivity} == {"both"}


def test_a_low_level_of_y_alone_is_no_loss() -> None:
    # 0.45 below the usual level would be 46 % of cells by the Log R ratio; the bands stay together.
    assert analysed(male(), array=replace(ARRAY, y_level=-0.65)).calls == ()


def test_y_lost_in_all_cells_is_told_from_a_womans_array() -> None:
    (call,) = analysed(male("loss of Y", 1.0)).calls
    assert (call.chrom, call.cell_fraction.high) == ("chrY", 1.0)
    assert (call.cell_fraction.low or 0.0) > 0.9
    # The same array of a line that is stated to be female has lost an X.
    (call,) = analysed(replace(male(), y=0.0, pseudo=(1.0, 0.0)), stated="female").calls
    assert (call.chrom, call.kind) == ("chrX", "loss")


@pytest.mark.parametrize(
    ("parent", "origin"),
    [((), "unknown"), ((0.0,), "acquired"), ((0.5,), "inherited"), ((0.0, 0.0), "acquired")],
)
def test_the_origin_is_read_from_the_parents(parent: tuple[float, ...], origin: str) -> None:
    seen = analysed(male("loss of Y", 0.5), parents=tuple(male("loss of Y", f) for f in parent))
    assert [call.origin for call in seen.calls] == [origin]


def test_the_parents_array_gives_the_level_and_so_a_lower_limit() -> None:
    few = replace(ARRAY, n_pseudo=0, y_level=0.15)

    def limit(seen: SexChromosomes) -> float:
        return next(row.min_cell_fraction or 1.0 for row in seen.sensitivity if row.kind == "loss")

    alone, paired = analysed(male(), array=few), analysed(male(), array=few, parents=(male(),))
    assert limit(paired) < 0.5 * limit(alone)


def test_cells_of_a_woman_are_not_taken_for_a_loss_of_y() -> None:
    # 40 % of XX cells halve the Log R ratio of Y and raise that of X; the bands of the shared regions stay together.
    mixed = Copies(pseudo=(1.0, 1.0), x=(1.4, 0.0), y=0.6)
    for n_pseudo in (0, 400):
        seen = analysed(mixed, array=replace(ARRAY, n_pseudo=n_pseudo, y_level=-0.35), parents=(male(),))
        assert not any(call.reported and call.kind == "loss" for call in seen.calls)
        assert all("contamination" in call.reason for call in seen.calls if call.kind == "loss")


def test_too_few_probes_give_no_state_and_no_claim() -> None:
    seen = analysed(male(), array=replace(ARRAY, n_pseudo=10, n_y=10))
    assert {row.chrom for row in seen.sensitivity} == {"chrX"}
    assert seen.calls == ()


def test_probes_by_place() -> None:
    snps = simulate(ARRAY, male(), np.random.default_rng(0))
    probes = sex_probes(snps, GENOME)
    assert (probes.pseudo_autosomal.sum(), probes.y.sum(), probes.x.sum()) == (400, 600, 4000)
    moved = replace(snps, position=np.where(probes.x, 90_000_000, snps.position))
    assert sex_probes(moved, GENOME).x.sum() == 0  # X-transposed
