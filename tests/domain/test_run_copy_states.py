"""Copies of both alleles of one changed place, in simulated reads of 35x."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genostab.io.genome import load_genome
from genostab.karyotype.settings import load_settings
from genostab.lot.manifest import Sequencing
from genostab.results import Call
from genostab.run.sequencing import analyse_sequencing

GENOME, SETTINGS = load_genome("GRCh38"), load_settings()
WIDTH, READS, DEPTH, N_SNPS = 100_000, 3000.0, 35.0, 60_000
CHROM, START = 3, 40_000_000  # across the centromere where it is longer than 8 Mb


def calls(
    folder: Path, minor: int, major: int, fraction: float, size: int, rng: np.random.Generator
) -> list[Call]:
    """Reported calls of a genome with one change; half of the SNPs are heterozygous in the donor."""
    of_minor, of_major = 1 + fraction * (minor - 1), 1 + fraction * (major - 1)
    copies = of_minor + of_major
    rows = ["chrom\tstart\tend\tcounts\tgc\n"]
    for chrom in range(22):
        start = np.arange(0, int(GENOME.length_bp[chrom]) - WIDTH, WIDTH)
        inside = (chrom == CHROM) & (start >= START) & (start < START + size)
        mean = READS * np.exp2(rng.normal(0.0, 0.03, start.size)) * np.where(inside, copies / 2.0, 1.0)
        gc = rng.normal(0.41, 0.03, start.size)
        rows += [
            f"{GENOME.names[chrom]}\t{s}\t{s + WIDTH}\t{n}\t{g:.4f}\n"
            for s, n, g in zip(start.tolist(), rng.poisson(mean).tolist(), gc.tolist(), strict=True)
        ]
    (folder / "bins.tsv").write_text("".join(rows))
    length = GENOME.length_bp[:22]
    place = np.unique(rng.integers(0, int(length.sum()), N_SNPS))
    chrom = np.searchsorted(np.cumsum(length), place, side="right")
    position = place - (np.cumsum(length) - length)[chrom]
    inside = (chrom == CHROM) & (position >= START) & (position < START + size)
    swap, is_het = rng.random((2, place.size)) < 0.5
    share = np.where(inside, np.where(swap, of_minor, of_major) / max(copies, 1e-9), 0.5)
    share = np.where(is_het, np.clip(share, 0.002, 0.998), 0.998)
    depth = rng.poisson(DEPTH * np.where(inside, copies / 2.0, 1.0)) + 1
    alt = rng.binomial(depth, share)
    seen = alt / depth
    word = np.where(seen >= 0.88, "1/1", np.where(seen > 0.12, "0/1", "0/0"))
    header = '##fileformat=VCFv4.2\n##FORMAT=<ID=AD,Number=R,Type=Integer,Description="reads">\n'
    header += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts\n"
    columns = (chrom.tolist(), position.tolist(), word.tolist(), (depth - alt).tolist(), alt.tolist())
    lines = [
        f"{GENOME.names[c]}\t{p + 1}\t.\tA\tG\t50\tPASS\t.\tGT:AD\t{w}:{r},{a}\n"
        for c, p, w, r, a in zip(*columns, strict=True)
    ]
    (folder / "snps.vcf").write_text(header + "".join(lines))
    block = Sequencing(sample=folder / "bins.tsv", snps=folder / "snps.vcf")
    found = analyse_sequencing(
        block, sex=None, genome=GENOME, settings=SETTINGS, threads=1, on_progress=lambda _: None
    )
    return [call for call in found.karyotype.calls if call.reported]


@pytest.mark.parametrize(
    ("minor", "major", "fraction", "size", "kind"),
    [
        (0, 0, 0.4, 5_000_000, "loss"),  # balanced: a level of depth that the alleles do not show
        (2, 2, 0.5, 20_000_000, "gain"),
        (2, 2, 1.0, 20_000_000, "gain"),
        (0, 3, 0.5, 20_000_000, "gain"),
        (1, 4, 1.0, 20_000_000, "gain"),
        (2, 3, 0.6, 20_000_000, "gain"),
        (1, 2, 0.2, 20_000_000, "gain"),
        (0, 1, 0.2, 20_000_000, "loss"),
        (0, 2, 0.2, 20_000_000, "cnloh"),
    ],
)
def test_one_place_is_one_call_of_the_right_copies(
    tmp_path: Path, minor: int, major: int, fraction: float, size: int, kind: str
) -> None:
    found = calls(tmp_path, minor, major, fraction, size, np.random.default_rng([minor, major, size]))
    assert [(c.chrom, c.kind, c.copy_number, c.minor_copies) for c in found] == [
        ("chr4", kind, minor + major, minor)
    ]
    assert abs(found[0].start - START) < 2_000_000
    assert abs(found[0].end - START - size) < 2_000_000
    estimate = found[0].cell_fraction
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low - 0.02 <= fraction <= estimate.high + 0.02
