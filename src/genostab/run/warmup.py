"""Every kernel called once on the smallest input, so that numba's cache holds it."""

from __future__ import annotations

import numpy as np

from genostab.kernels.bam import count_records
from genostab.kernels.segment import find_breaks


def compile_kernels() -> int:
    """Number of kernels compiled, those that an analysis calls."""
    find_breaks(np.zeros(2), np.ones(2), 1.0, np.zeros(2, dtype=np.int64))
    count_records(
        np.zeros(0, dtype=np.uint8),
        np.zeros(1, dtype=np.int64),
        np.ones(1, dtype=np.int64),
        1,
        0,
        np.zeros(256, dtype=np.uint64),
        np.zeros((5, 1), dtype=np.int64),
        np.zeros(3, dtype=np.int64),
    )
    return 2
