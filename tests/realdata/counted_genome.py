"""A whole genome as a counts file: Poisson reads with a GC bias, none in the gaps of a list, events on top."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genostab.arrays import Genome
from genostab.io.alignment_counts import (
    MAX_FRAGMENT_BP,
    AlignmentCounts,
    CountingRules,
    make_bins,
    tile_genome,
)
from genostab.io.counts_file import CountsFile, counts_bytes
from genostab.io.exclusion import excluded_share, read_exclusion
from tests.domain.karyotype_data import SETTINGS

BASE = SETTINGS.base_bin_bp
BASES_PER_READ = 100


def gc_model(chrom: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """GC content with isochores of some Mb."""
    smooth = np.convolve(
        rng.normal(size=chrom.size), np.exp(-np.abs(np.arange(-300, 301)) / 100.0), mode="same"
    )
    return np.clip(0.41 + 0.03 * smooth / smooth.std() + rng.normal(0, 0.01, chrom.size), 0.3, 0.6)


def write_counts(
    path: Path,
    genome: Genome,
    *,
    gaps: Path,
    reads_per_bin: float,
    seed: int,
    sex: str = "male",
    events: Sequence[tuple[str, int, int, float]] = (),
    gc_bias: float = 0.0,
) -> Path:
    """Counts of one library; an event is chromosome, start, end and copies; the bias is log2 per unit of GC."""
    rng = np.random.default_rng(seed)
    _, chrom, start = tile_genome(genome, BASE)
    raw = np.zeros((6, chrom.size), dtype=np.int64)
    empty = make_bins(genome, BASE, raw)
    names = np.array(genome.names)[chrom]
    copies = np.full(chrom.size, 2.0)
    copies[names == "chrX"] = 1.0 if sex == "male" else 2.0
    copies[names == "chrY"] = 1.0 if sex == "male" else 0.0
    for name, low, high, n in events:
        copies[(names == name) & (start >= low) & (start < high)] = n
    share = excluded_share((read_exclusion(gaps, genome),), empty)
    assert share is not None
    gc = gc_model(chrom, rng)
    bias = np.exp2(gc_bias * (gc - 0.41) + rng.normal(0, 0.05, chrom.size))
    width = (empty.end - empty.start) / BASE
    raw[0] = rng.poisson(reads_per_bin * width * copies / 2.0 * bias * (1.0 - share))
    raw[5] = raw[0] * BASES_PER_READ
    raw[4] = rng.binomial(raw[5], gc)
    counts = AlignmentCounts(
        rules=CountingRules(bin_bp=BASE, min_mapq=SETTINGS.min_mapq),
        bins=make_bins(genome, BASE, raw),
        raw=raw,
        fragment_lengths=np.zeros(MAX_FRAGMENT_BP + 2, dtype=np.int64),
        telomeres=None,
        sample="simulated",
        n_records=int(raw[0].sum()),
        n_unused=0,
        n_low_mapq=0,
        dropped_contigs=(),
    )
    file = CountsFile(counts=counts, source="x.bam", sha256="0" * 64)
    path.write_bytes(counts_bytes(file, genome))
    return path
