"""Reads of both alleles at the sites of a VCF, added up in the pass that counts an alignment."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genostab.arrays import Int64
from genostab.errors import InputError
from genostab.io.alignment_counts import CountingRules
from genostab.kernels.allele_depths import count_alleles


class SiteTally:
    """Depths of each site, shape (n_sites, 6), and the rules as the kernel takes them.

    `index` is the chromosome of each contig of the alignment, -1 for others.
    """

    def __init__(self, rules: CountingRules, contigs: Mapping[str, int], index: Int64, where: str) -> None:
        rule = rules.alleles
        assert rule is not None
        chrom = rule.sites.chrom
        site_range = np.column_stack(
            (np.searchsorted(chrom, index, side="left"), np.searchsorted(chrom, index, side="right"))
        )
        if not (site_range[:, 1] > site_range[:, 0]).any():
            raise _no_site(rule.sites.name, where, contigs)
        self.depths = np.zeros((chrom.size, 6), dtype=np.int64)
        self._given = (
            site_range.astype(np.int64),
            rule.sites.position,
            rule.sites.alleles,
            rule.min_mapq,
            rule.min_base_quality,
            rules.keep_duplicates,
            np.array([-1, 0, 0]),
            self.depths,
        )

    def add(self, records: NDArray[np.uint8]) -> tuple[int, int]:
        """Add the bases of all whole records; bytes taken, or those before the damaged record, and the status."""
        used, status = count_alleles(records, *self._given)
        return used, status


def _no_site(name: str, where: str, contigs: Mapping[str, int]) -> InputError:
    return InputError(
        "GS-2101",
        what="no site lies on a contig of the alignment",
        where=where,
        found=", ".join(list(contigs)[:5]),
        expected=f"a chromosome that {name} has sites on",
        action="give sites of the chromosomes that were sequenced",
    )
