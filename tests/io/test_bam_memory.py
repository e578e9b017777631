"""Counting holds a few blocks, never the file: its peak in memory does not grow with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.realistic_bam import write_realistic_bam

_COUNT = """
import re, sys
from pathlib import Path
from benchmarks.test_counting import RULES, twenty_contigs
from genostab.io.bam import count_alignment
count_alignment(Path(sys.argv[1]), twenty_contigs(), RULES["counts_gc_telomeres"], threads=2)
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""
ROOT = Path(__file__).resolve().parents[2]


def peak_megabytes(bam: Path) -> float:
    """Of a process of its own; its ru_maxrss would begin at the size of the process that started it."""
    paths = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    command = [sys.executable, "-c", _COUNT, str(bam)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=paths)
    return int(done.stdout) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small = write_realistic_bam(tmp_path / "small.bam", 20_000)
    large = write_realistic_bam(tmp_path / "large.bam", 400_000)
    assert large.stat().st_size > 15 * small.stat().st_size
    peak_megabytes(small)  # compiles
    peaks = peak_megabytes(small), peak_megabytes(large)
    assert max(peaks) < 400
    assert peaks[1] - peaks[0] < 20  # the large file alone has 31 MB, and 128 MB inflated
