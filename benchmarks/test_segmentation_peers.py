"""Segmentation of one genome in 57,500 bins of 50 kb beside peers, in one run: CPU seconds of the search alone.

Each round measures everything once. DNAcopy's `segment` is timed inside R, so that R's start does not count. Ours is
given twice: the search for breaks alone, and with noise, test and merging, which CBS by its permutations also has.
skchange's FPOP is the plain optimum at one penalty, without a test and without weak segments.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.test_counting import measured, own_cpu_seconds, ratios
from genostab.arrays import Bins, Int64, Profile
from genostab.karyotype.change import find_changes
from genostab.karyotype.normalise import make_profile
from genostab.karyotype.segment import breaks_of, weak_breaks
from tests.statistical.karyotype_genomes import SETTINGS, genome, tile

BIN_BP, READS, N_EVENTS, CELLS = 50_000, 250.0, 21, 0.3
N_AUTOSOMES = 22
_CBS = """
suppressMessages(library(DNAcopy))
a <- commandArgs(TRUE); n <- as.integer(a[2])
chrom <- readBin(file.path(a[1], "chrom"), "integer", n, 4)
at <- readBin(file.path(a[1], "start"), "integer", n, 4)
x <- readBin(file.path(a[1], "ratio"), "double", n, 8)
made <- CNA(x, chrom, at, data.type = "logratio", presorted = TRUE)
set.seed(1)
used <- system.time(s <- segment(made, verbose = 0))
cat(sum(used[1:2]), nrow(s$output))
"""


@pytest.fixture(scope="module")
def profile() -> Profile:
    """Counting noise and 21 events of 1 to 21 Mb, gains and losses in turn, in 30 % of the cells."""
    rng = np.random.default_rng(8)
    chrom, start, end = (each[tile(BIN_BP)[0] < N_AUTOSOMES] for each in tile(BIN_BP))
    copies = np.full(chrom.size, 2.0)
    for i in range(N_EVENTS):
        first = int(np.searchsorted(chrom, i)) + 200
        copies[first : first + 20 * (i + 1)] += CELLS * (-1) ** i
    ratio = np.log2(rng.poisson(READS * copies / 2.0) / READS)
    unknown = np.full(chrom.size, np.nan)
    bins = Bins(
        chrom=chrom,
        start=start,
        end=end,
        n_reads=unknown,
        ratio_log2=ratio,
        weight=np.ones(chrom.size),
        gc_fraction=unknown,
        mapq0_fraction=unknown,
        n_duplicates=np.zeros(chrom.size),
    )
    return make_profile(
        bins=bins,
        ratio_log2=ratio,
        counting_variance=1.0 / (np.log(2.0) ** 2 * READS * np.exp2(ratio)),
        usable=np.ones(chrom.size, dtype=bool),
        ploidy=np.full(chrom.size, 2, dtype=np.int8),
        genome=genome(),
        settings=SETTINGS,
    )


def breaks(profile: Profile) -> Int64:
    return weak_breaks(profile, breaks_of(profile, genome(), SETTINGS), genome(), SETTINGS)


def changes(profile: Profile) -> int:
    return sum(each.is_significant for each in find_changes(profile, genome(), SETTINGS, 0.0).changes)


def cbs_seconds(folder: Path, n: int) -> float:
    """CPU seconds of DNAcopy's `segment` at its defaults, as R measures them."""
    done = subprocess.run(
        ["Rscript", "-e", _CBS, str(folder), str(n)], capture_output=True, check=True, text=True
    )
    seconds, n_segments = done.stdout.split()
    assert int(n_segments) > N_EVENTS
    return float(seconds)


def report(benchmark: BenchmarkFixture, actions: dict[str, Callable[[], float]], profile: Profile) -> None:
    """CPU seconds as median and range, ratios to our search for breaks, and that search as the row of the table."""
    own: dict[str, Callable[[], object]] = {
        "breaks": partial(breaks, profile),
        "changes": partial(changes, profile),
    }
    seconds = measured({**{name: partial(own_cpu_seconds, each) for name, each in own.items()}, **actions})
    benchmark.extra_info["bins"] = profile.ratio_log2.size
    benchmark.extra_info["cpu_s"] = {
        name: f"{statistics.median(times):.4f} ({min(times):.4f}-{max(times):.4f})"
        for name, times in seconds.items()
    }
    benchmark.extra_info["over_breaks"] = ratios(seconds, "breaks")
    benchmark.extra_info["over_changes"] = ratios(seconds, "changes")
    benchmark.extra_info["load"] = os.getloadavg()[0]
    assert benchmark(breaks, profile).size >= 2 * N_EVENTS


def test_beside_dnacopy(benchmark: BenchmarkFixture, profile: Profile, tmp_path: Path) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed")
    if subprocess.run(["Rscript", "-e", "library(DNAcopy)"], capture_output=True, check=False).returncode:
        pytest.skip("R has no package DNAcopy")
    profile.chrom.astype("<i4").tofile(tmp_path / "chrom")
    profile.start.astype("<i4").tofile(tmp_path / "start")
    profile.ratio_log2.astype("<f8").tofile(tmp_path / "ratio")
    report(benchmark, {"DNAcopy": partial(cbs_seconds, tmp_path, profile.chrom.size)}, profile)


def test_beside_skchange(benchmark: BenchmarkFixture, profile: Profile) -> None:
    detectors = pytest.importorskip("skchange.detectors", reason="skchange is not installed")
    values = (profile.ratio_log2 / profile.sd_log2)[:, None]
    detector = detectors.FPOP(penalty=2.0 * np.log(values.size))
    report(benchmark, {"skchange": partial(own_cpu_seconds, partial(detector.fit_predict, values))}, profile)
