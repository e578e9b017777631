"""Segmentation on the simulated genomes of research/karyotype.md, section 3b, ours and DNAcopy's, scored alike."""

from __future__ import annotations

import importlib.util
import subprocess
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from genostab.arrays import Bins
from genostab.karyotype.change import find_changes
from genostab.karyotype.normalise import make_profile
from tests.statistical.karyotype_genomes import SETTINGS, genome

BIN_BP, READS, OVERDISPERSION = 50_000, 250, 0.05
TOLERANCE_BINS = 5  # 250 kb
LEAST_Z = 5.0  # the gate that the published table puts on segments of DNAcopy
FRACTIONS = (0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)

Interval = tuple[int, int, int, int]  # chromosome, first bin, last bin, sign

_CBS = """
suppressMessages(library(DNAcopy))
a <- commandArgs(TRUE)
folder <- a[1]; n <- as.integer(a[2]); n_genomes <- as.integer(a[3]); alpha <- as.numeric(a[4])
chrom <- readBin(file.path(folder, "chrom"), "integer", n, 4)
at <- readBin(file.path(folder, "start"), "integer", n, 4)
x <- matrix(readBin(file.path(folder, "ratio"), "double", n * n_genomes, 8), nrow = n)
for (k in seq_len(n_genomes)) {
  set.seed(k)
  s <- segment(CNA(x[, k], chrom, at, data.type = "logratio", presorted = TRUE), alpha = alpha, verbose = 0)
  write.table(cbind(k - 1, s$output$chrom, s$segRows$startRow - 1, s$segRows$endRow, s$output$seg.mean),
    sep = "\\t", quote = FALSE, row.names = FALSE, col.names = FALSE)
}
"""


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """A simulated genome: chromosome number and start of each bin, log2 ratios, events, bins per chromosome."""

    chrom: np.ndarray
    start: np.ndarray
    ratio_log2: np.ndarray
    events: np.ndarray
    n_bins: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Score:
    """Mean share of events found by size [Mb], false events a genome, and breakpoint F1."""

    recall: dict[float, float]
    false_events: float
    f1: float

    @property
    def all_recall(self) -> float:
        return float(np.mean(list(self.recall.values()))) if self.recall else float("nan")


@cache
def simulator(folder: Path) -> ModuleType:
    """The module shared/tools/segmentation_sim.py."""
    spec = importlib.util.spec_from_file_location("segmentation_sim", folder / "segmentation_sim.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves a file to the garbage collector
        spec.loader.exec_module(module)
    return module


def genomes(tools: Path, fraction: float, n: int) -> list[Simulated]:
    """`n` genomes of seeds 101.. with 21 events in `fraction` of the cells; without events where it is 0."""
    sizes = (0.5, 1, 2, 5, 10, 20, 40) if fraction else ()
    made = []
    for seed in range(101, 101 + n):
        chrom, start, ratio, events, n_bins = simulator(tools).profile(
            BIN_BP, READS, seed, f=fraction, sizes_mb=sizes, od=OVERDISPERSION
        )
        events = events.reshape(-1, 5)
        made.append(Simulated(chrom=chrom, start=start, ratio_log2=ratio, events=events, n_bins=n_bins))
    return made


def ours(one: Simulated, family_wise_error: float) -> tuple[list[Interval], list[tuple[int, int]]]:
    """Called intervals and breaks inside chromosomes, as (chromosome, bin of the chromosome)."""
    known = genome()
    number = np.array([known.names.index(f"chr{i + 1}") for i in range(22)], dtype=np.int16)
    n = one.chrom.size
    unknown = np.full(n, np.nan)
    bins = Bins(
        chrom=number[one.chrom],
        start=one.start.astype(np.int64),
        end=one.start.astype(np.int64) + BIN_BP,
        n_reads=unknown,
        ratio_log2=one.ratio_log2,
        weight=np.ones(n),
        gc_fraction=unknown,
        mapq0_fraction=unknown,
        n_duplicates=np.zeros(n),
    )
    settings = replace(
        SETTINGS,
        family_wise_error=family_wise_error,
        # A chance of 1 asks nothing of a break: every bin would be one.
        break_family_wise_error=min(0.9, max(family_wise_error, SETTINGS.break_family_wise_error)),
    )
    profile = make_profile(
        bins=bins,
        ratio_log2=one.ratio_log2,
        counting_variance=1.0 / (np.log(2.0) ** 2 * READS * np.exp2(one.ratio_log2)),
        usable=np.ones(n, dtype=bool),
        ploidy=np.full(n, 2, dtype=np.int8),
        genome=known,
        settings=settings,
    )
    found = find_changes(profile, known, settings, 0.0)
    first_of = np.searchsorted(one.chrom, np.arange(22))
    intervals = []
    for change in found.changes:
        if change.is_significant:
            c = int(np.flatnonzero(number == change.chrom)[0])
            sign = 1 if change.mean_log2 > 0 else -1
            intervals.append((c, change.first - int(first_of[c]), change.last - int(first_of[c]), sign))
    inner = found.segments.first[np.isin(found.segments.first, first_of, invert=True)]
    breaks = [(int(one.chrom[b]), int(b - first_of[one.chrom[b]])) for b in inner]
    return joined(intervals), breaks


def cbs(
    many: Sequence[Simulated], alpha: float, folder: Path
) -> list[tuple[list[Interval], list[tuple[int, int]]]]:
    """Called intervals and breaks of every genome by DNAcopy's circular binary segmentation."""
    many[0].chrom.astype("<i4").tofile(folder / "chrom")
    many[0].start.astype("<i4").tofile(folder / "start")
    np.stack([one.ratio_log2 for one in many]).astype("<f8").tofile(folder / "ratio")
    arguments = [str(folder), str(many[0].chrom.size), str(len(many)), str(alpha)]
    text = subprocess.run(["Rscript", "-e", _CBS, *arguments], capture_output=True, check=True, text=True)
    rows = np.array([line.split("\t") for line in text.stdout.splitlines()], dtype=float)
    table = pd.DataFrame(rows, columns=["genome", "chrom", "first", "last", "mean"])
    results = []
    for k, one in enumerate(many):
        first_of = np.searchsorted(one.chrom, np.arange(22))
        steps = np.diff(one.ratio_log2)
        sd = float(np.median(np.abs(steps - np.median(steps)))) / 0.6745 / np.sqrt(2)
        middle = float(np.median(one.ratio_log2))
        intervals, breaks = [], []
        for row in table[table["genome"] == k].itertuples():
            c = int(row.chrom)
            first, last = int(row.first - first_of[c]), int(row.last - first_of[c])
            if first:
                breaks.append((c, first))
            if abs(row.mean - middle) * np.sqrt(last - first) / sd >= LEAST_Z:
                intervals.append((c, first, last, 1 if row.mean > middle else -1))
        results.append((joined(intervals), breaks))
    return results


def joined(intervals: list[Interval]) -> list[Interval]:
    """Neighbours of one sign as one, as the published table has it."""
    out: list[Interval] = []
    for one in sorted(intervals):
        if out and (out[-1][0], out[-1][3], out[-1][2]) == (one[0], one[3], one[1]):
            out[-1] = (one[0], out[-1][1], one[2], one[3])
        else:
            out.append(one)
    return out


def score(
    tools: Path, many: Sequence[Simulated], results: Sequence[tuple[list[Interval], list[tuple[int, int]]]]
) -> Score:
    """Recall, false events and F1 over genomes, by the rules of the published table."""
    recalls: dict[float, list[float]] = {}
    false_events, f1 = 0, []
    for one, (intervals, breaks) in zip(many, results, strict=True):
        recall, extra = simulator(tools).event_recall(intervals, one.events)
        false_events += extra
        for size, share in recall.items():
            recalls.setdefault(float(size), []).append(share)
        f1.append(
            simulator(tools).score(breaks, one.events, TOLERANCE_BINS)["F1"] if len(one.events) else 1.0
        )
    mean = {size: float(np.mean(shares)) for size, shares in sorted(recalls.items())}
    return Score(recall=mean, false_events=false_events / len(many), f1=float(np.mean(f1)))
