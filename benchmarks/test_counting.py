"""Counting of a whole BAM beside inflating it and doing nothing else, and beside peers, in one run: CPU seconds.

Each round measures everything once, so that a ratio compares what ran within the same second. mosdepth computes base
depth and `samtools view -c` no bins: their figures say what those programs cost, not who does the same work faster.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import deflate
import numpy as np
import pysam
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.realistic_bam import LENGTH_BP, N_CONTIGS, NAMES, write_realistic_bam
from genostab.arrays import Genome
from genostab.io.alignment_counts import CountingRules, TelomereRule
from genostab.io.bam import count_alignment, stretches_of_regions
from genostab.io.regions import Regions

N_RECORDS = 400_000
ROUNDS = 7
TELSEQ = TelomereRule(repeats_per_100_bp=7, min_read_bp=50, gc_low_per_100_bp=48, gc_high_per_100_bp=52)
RULES = {
    "counts": CountingRules(bin_bp=10_000, min_mapq=10, with_bases=False),
    "counts_gc": CountingRules(bin_bp=10_000, min_mapq=10),
    "counts_gc_telomeres": CountingRules(bin_bp=10_000, min_mapq=10, telomere=TELSEQ),
}


def twenty_contigs() -> Genome:
    return Genome(
        assembly="twenty contigs",
        names=NAMES,
        length_bp=np.full(N_CONTIGS, LENGTH_BP),
        centromere_start=np.full(N_CONTIGS, -1),
        centromere_end=np.full(N_CONTIGS, -1),
        band_chrom=np.empty(0, np.int16),
        band_start=np.empty(0, np.int64),
        band_end=np.empty(0, np.int64),
        band_name=(),
        par=(),
    )


@pytest.fixture(scope="module")
def bam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_realistic_bam(tmp_path_factory.mktemp("counting") / "a.bam", N_RECORDS)


def inflate_only(path: Path, *, with_crc: bool) -> int:
    """The file mapped into memory, its blocks inflated one by one and dropped; bytes inflated."""
    total = 0
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        view, at = memoryview(mapped), 0
        while at < len(view):
            end = at + int.from_bytes(view[at + 16 : at + 18], "little") + 1
            n_bytes = int.from_bytes(view[end - 4 : end], "little")
            if n_bytes and with_crc:
                total += len(deflate.gzip_decompress(view[at:end], n_bytes))
            elif n_bytes:
                total += len(deflate.deflate_decompress(view[at + 18 : end - 8], n_bytes))
            at = end
        view.release()
    return total


def own_cpu_seconds(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


def program_cpu_seconds(command: list[str], folder: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ratios(seconds: dict[str, list[float]], base: str) -> dict[str, str]:
    """Median and range over the rounds of the ratio to the base of the same round."""
    found = {}
    for name, times in seconds.items():
        values = sorted(own / floor for own, floor in zip(times, seconds[base], strict=True))
        found[name] = f"{statistics.median(values):.3f} ({values[0]:.3f}-{values[-1]:.3f})"
    return found


def measured(actions: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Seconds of each action in each round, after one round that is thrown away."""
    for action in actions.values():
        action()
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(ROUNDS):
        for name, action in actions.items():
            seconds[name].append(action())
    return seconds


def count(bam: Path, rules: str, threads: int, *, identity: bool = False) -> int:
    digest = hashlib.sha256() if identity else None
    return count_alignment(bam, twenty_contigs(), RULES[rules], threads=threads, digest=digest).n_records


def peers(bam: Path) -> dict[str, list[str]]:
    """Commands of programs that are installed and start, each with one thread."""
    commands = {
        "samtools view -c": ["samtools", "view", "-c", str(bam)],
        "mosdepth -x -n": ["mosdepth", "-x", "-n", "-t", "0", "--by", "10000", "depth", str(bam)],
    }

    def starts(program: str) -> bool:
        if shutil.which(program) is None:
            return False
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0

    return {name: command for name, command in commands.items() if starts(command[0])}


def test_cpu_over_inflate_only(benchmark: BenchmarkFixture, bam: Path) -> None:
    pysam.index(str(bam))
    own: dict[str, Callable[[], int]] = {
        "inflate_only": partial(inflate_only, bam, with_crc=False),
        "inflate_only_crc": partial(inflate_only, bam, with_crc=True),
        **{name: partial(count, bam, name, 1) for name in RULES},
        "counts_gc_sha256": partial(count, bam, "counts_gc", 1, identity=True),
        "counts_gc_2_threads": partial(count, bam, "counts_gc", 2),
    }
    actions = {name: partial(own_cpu_seconds, action) for name, action in own.items()}
    programs = {name: partial(program_cpu_seconds, cmd, bam.parent) for name, cmd in peers(bam).items()}
    seconds = measured({**actions, **programs})
    benchmark.extra_info["inflate_only_cpu_s"] = round(statistics.median(seconds["inflate_only"]), 4)
    benchmark.extra_info["over_inflate_only"] = ratios(seconds, "inflate_only")
    benchmark.extra_info["over_inflate_only_crc"] = ratios(seconds, "inflate_only_crc")
    benchmark.extra_info["load"] = os.getloadavg()[0]
    assert benchmark(count, bam, "counts_gc", 1) == N_RECORDS


def test_cpu_of_regions_by_the_index(benchmark: BenchmarkFixture, bam: Path) -> None:
    """Four regions of 500 kb, 1 % of the genome, with the SHA-256 of the file, beside the pass over all of it."""
    pysam.index(str(bam))
    start = np.full(4, 5_000_000)
    regions = Regions(
        name="r.bed", sha256="", chrom=np.arange(0, N_CONTIGS, 5), start=start, end=start + 500_000
    )
    rules = replace(RULES["counts_gc"], regions=regions)

    def inside(*, by_index: bool) -> int:
        index = bam.with_name(f"{bam.name}.bai")
        reads = stretches_of_regions(bam, index, twenty_contigs(), regions) if by_index else None
        counted = count_alignment(
            bam, twenty_contigs(), rules, reads=reads, threads=1, digest=hashlib.sha256()
        )
        return int(counted.raw.sum())

    def identity() -> None:
        digest = hashlib.sha256()
        with bam.open("rb") as stream:
            while piece := stream.read(1 << 18):
                digest.update(piece)

    actions: dict[str, Callable[[], object]] = {
        "whole file": partial(inside, by_index=False),
        "by index": partial(inside, by_index=True),
        "sha256 alone": identity,
    }
    seconds = measured({name: partial(own_cpu_seconds, action) for name, action in actions.items()})
    benchmark.extra_info["cpu_s"] = {name: round(statistics.median(own), 4) for name, own in seconds.items()}
    benchmark.extra_info["over_by_index"] = ratios(seconds, "by index")
    benchmark.extra_info["load"] = os.getloadavg()[0]
    assert benchmark(inside, by_index=True) == inside(by_index=False) > 0


@pytest.mark.parametrize("rules", ["counts", "counts_gc"])
def test_wall_time_of_two_threads(benchmark: BenchmarkFixture, bam: Path, rules: str) -> None:
    """Only worth reading where the load of the machine, which is printed, leaves two cores free."""

    def wall(threads: int) -> float:
        start = time.perf_counter()
        count(bam, rules, threads)
        return time.perf_counter() - start

    seconds = measured({"1 thread": lambda: wall(1), "2 threads": lambda: wall(2)})
    benchmark.extra_info["wall_over_one_thread"] = ratios(seconds, "1 thread")
    benchmark.extra_info["load"] = os.getloadavg()[0]
    assert benchmark(count, bam, rules, 2) == N_RECORDS
