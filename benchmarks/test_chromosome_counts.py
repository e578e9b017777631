"""The screen of a cohort of 17,000 libraries by reads per chromosome: seconds in all, of which the target is 5."""

from __future__ import annotations

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.karyotype.chromosome_counts import screen_cohort
from tests.domain.chromosome_cohort import SETTINGS, cohort, drawn, log_means

N_LIBRARIES, N_PROTOCOLS = 17_000, 7


def test_screen_of_seventeen_thousand_libraries(benchmark: BenchmarkFixture) -> None:
    rng = np.random.default_rng(1)
    protocol = [f"P{i % N_PROTOCOLS}" for i in range(N_LIBRARIES)]
    counts = cohort(drawn(rng, log_means(rng, N_LIBRARIES, fewest=1e2)), protocol)
    screen = benchmark.pedantic(screen_cohort, (counts, SETTINGS), rounds=3)
    assert len(screen.references) == N_PROTOCOLS * SETTINGS.folds
