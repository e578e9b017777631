"""Quality figures of a coverage profile, and the losses of all copies among its masked bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from genostab.arrays import Bins, Genome
from genostab.karyotype.bins import expected_ploidy
from genostab.karyotype.call import Karyotype
from genostab.karyotype.empty import GAPS_UNKNOWN, empty_runs, gaps_are_known
from genostab.karyotype.mask import LOW_COVERAGE, mask_bins, masked_rows
from genostab.karyotype.quality import GcQuality, gc_quality, gc_rows, gc_warning, quiet_bins, wave_rows
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.run.hotspots import load_hotspots

Row = tuple[str, str | float | int, str, str]


@dataclass(frozen=True, kw_only=True)
class CoverageQuality:
    """A karyotype with its losses of all copies, and the figures, warnings and GC trend of its profile."""

    karyotype: Karyotype
    rows: tuple[Row, ...]
    warnings: tuple[str, ...]
    gc: GcQuality | None


def judge_coverage(
    karyotype: Karyotype,
    samples: Sequence[Bins],
    sex: Sex,
    genome: Genome,
    settings: Settings,
    *,
    is_counts: bool,
) -> CoverageQuality:
    """Masks, gaps, GC and waves of a profile from coverage.

    Parameters
    ----------
    karyotype : Karyotype, called from `samples`
    samples : sequence of Bins, the lot and its parents
    sex : Sex of the lot
    genome : Genome
    settings : Settings
    is_counts : bool, whether `n_reads` are reads

    Notes
    -----
    With one parent line its coverage masks, and what the lot lost is called by the comparison. Otherwise empty bins of
    the lot are gaps or losses of all copies: which, only known gaps can tell.
    """
    own = samples[0]
    compared = samples[:2] if len(samples) == 2 else samples[:1]
    ploidy = expected_ploidy(own, genome, sex)
    seen = own if len(compared) == 1 else replace(own, unread_fraction=None)
    reason = mask_bins(seen, compared[-1].n_reads, ploidy, genome, settings)
    rows: tuple[Row, ...] = masked_rows(own, reason)
    warnings: tuple[str, ...] = ()
    if len(compared) == 1 and not karyotype.withheld and (reason == LOW_COVERAGE).any():
        if gaps_are_known(own, reason, genome, settings):
            sd = float(np.median(karyotype.profile.sd_log2))
            hotspots = load_hotspots(genome)
            lost = empty_runs(own, reason, ploidy, sd, genome, hotspots, settings, is_counts=is_counts)
            calls = sorted(
                (*karyotype.calls, *lost),
                key=lambda call: (genome.names.index(call.chrom), call.start, call.end),
            )
            karyotype = replace(karyotype, calls=tuple(calls))
        else:
            rows = (*rows, ("homozygous losses", "not told from gaps", "", GAPS_UNKNOWN))
            warnings = (GAPS_UNKNOWN,)
    quiet = quiet_bins(karyotype.profile, karyotype.calls, genome)
    gc = gc_quality(compared, karyotype.profile, quiet, settings, is_counts=is_counts)
    if gc is not None:
        rows = (*rows, *gc_rows(gc))
        warnings = (*warnings, *gc_warning(gc, karyotype.profile, settings))
    return CoverageQuality(
        karyotype=karyotype,
        rows=(*rows, *wave_rows(karyotype.profile, quiet, genome, settings)),
        warnings=warnings,
        gc=gc,
    )
