"""Calls from the coverage of a lot and its parents."""

from __future__ import annotations

from collections.abc import Sequence

from genostab.arrays import Bins, Genome, Profile
from genostab.karyotype.bins import why_not_alone
from genostab.karyotype.call import Karyotype, call_depth, withhold
from genostab.karyotype.panel import sex_sd
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex, infer_sex
from genostab.run.hotspots import load_hotspots
from genostab.run.panel_use import (
    AgainstPanel,
    profile_by_itself,
    profile_of_pair,
)


def call_coverage(
    samples: Sequence[Bins],
    is_counts: bool,
    sex: Sex,
    against: AgainstPanel | None,
    genome: Genome,
    settings: Settings,
) -> Karyotype:
    """Calls of the first of `samples`; the others are parents. One parent line is compared bin by bin.

    Coverage that means nothing by itself is read against the parent or a panel only, and with neither nothing is
    reported.
    """
    own, parents = samples[0], samples[1:]
    doubt = "" if against else why_not_alone(own, settings)
    paired = None
    if len(parents) == 1:
        paired = profile_of_pair(own, parents[0], against, sex, genome, settings, is_counts=is_counts)
    only_paired = doubt != "" and paired is not None

    def by_itself(bins: Bins, its_sex: Sex) -> Profile:
        return profile_by_itself(bins, against, its_sex, genome, settings, is_counts=is_counts)

    karyotype = call_depth(
        alone=None if only_paired else by_itself(own, sex),
        paired=paired,
        parents=[
            by_itself(parent, infer_sex(parent, parent.n_reads, genome, settings))
            for parent in ([] if only_paired else parents)
        ],
        genome=genome,
        hotspots=load_hotspots(genome),
        platform="seq",
        response_cv=0.0,
        sex_sd_log2=sex_sd(against.panel, sex, settings) if against else settings.alone_sd_log2,
        settings=settings,
    )
    return withhold(karyotype, doubt) if doubt and paired is None else karyotype
