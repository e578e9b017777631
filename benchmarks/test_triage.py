"""The triage of a 30x genome: an index with one bin and one window for each 16 kb, as samtools writes it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pysam
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.io.alignment_index import WINDOW_BP
from genostab.io.genome import load_genome
from genostab.run.scan import scan_alignment

_FIRST_LEAF = 4681
_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_BLOCKS_PER_WINDOW = 2  # of 28 bytes; a true file has some 400 kB here, which the time does not depend on


@pytest.fixture(scope="module")
def genome_30x(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scan") / "a.bam"
    genome = load_genome("GRCh38")
    names, lengths = genome.names, genome.length_bp.tolist()
    sizes = [*zip(names, lengths, strict=True), *((f"chrUn_{i}", 5000) for i in range(3000))]
    with pysam.AlignmentFile(str(path), "wb", header={"SQ": [{"SN": n, "LN": x} for n, x in sizes]}):
        pass
    at = path.stat().st_size
    parts, step = [b"BAI\x01", struct.pack("<i", len(sizes))], _BLOCKS_PER_WINDOW * len(_BLOCK)
    n_all = 0
    for _, length in sizes:
        n = -(-length // WINDOW_BP)
        offsets = (at + step * np.arange(n + 1, dtype=np.uint64)) << np.uint64(16)
        bins = np.zeros(n, dtype=[("number", "<u4"), ("n_chunks", "<i4"), ("first", "<u8"), ("last", "<u8")])
        bins["number"], bins["n_chunks"] = _FIRST_LEAF + np.arange(n), 1
        bins["first"], bins["last"] = offsets[:-1], offsets[1:]
        parts += [struct.pack("<i", n), bins.tobytes(), struct.pack("<i", n), offsets[:-1].tobytes()]
        at, n_all = at + step * n, n_all + n
    with path.open("ab") as file:
        file.write(_BLOCK * (_BLOCKS_PER_WINDOW * n_all + 1))
    path.with_name("a.bam.bai").write_bytes(b"".join(parts))
    return path


@pytest.mark.benchmark(group="scan")
def test_scan_of_a_genome(benchmark: BenchmarkFixture, genome_30x: Path) -> None:
    scan = benchmark(scan_alignment, genome_30x, "GRCh38")
    assert sum(each.window_bytes.size for each in scan.windows) > 188_000
