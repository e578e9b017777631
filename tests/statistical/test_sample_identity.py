"""Readings of simulated pairs: none may be wrong; larger numbers were read once (docs/methods.md)."""

from __future__ import annotations

import numpy as np
import pytest

from genostab.karyotype.identity import compare_samples
from genostab.karyotype.sample_settings import load_sample_settings
from tests.statistical.sample_genomes import GENOME, array_of, frequencies, places, reads_of, relative

PAIRS = 15
SETTINGS = load_sample_settings()
CHROM, POSITION = places(5_000)


@pytest.mark.parametrize("depth", [None, 1.0, 5.0, 30.0])
@pytest.mark.parametrize(
    ("relation", "right"),
    [
        ("one donor", {"same donor"}),
        ("parent and child", {"related", "cannot tell"}),
        ("siblings", {"related", "other donor", "cannot tell"}),
        ("unrelated", {"other donor"}),
    ],
)
def test_no_pair_is_misread(relation: str, right: set[str], depth: float | None) -> None:
    readings = set()
    for seed in range(PAIRS):
        rng = np.random.default_rng([17, seed])
        copies = relative(relation, frequencies(CHROM.size, rng), CHROM, rng)
        first, second = (
            array_of(each, CHROM, POSITION, 0.01, rng)
            if depth is None
            else reads_of(each, CHROM, POSITION, depth, rng)
            for each in copies
        )
        readings.add(compare_samples(first, second, GENOME, SETTINGS).reading)
    if (
        depth == 1.0
    ):  # 5,000 SNPs at 1x need not suffice, but no relative may pass for the donor or the reverse
        right = right | {"cannot tell", "other donor"} if relation != "one donor" else right | {"cannot tell"}
    assert readings <= right
