"""What one kind of sequencing or array input gives, and what all kinds have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from genostab.arrays import AlleleDepths, Genome, SnpTable
from genostab.karyotype.allele_model import CloneResponse
from genostab.karyotype.allele_solutions import allele_solutions
from genostab.karyotype.call import Karyotype
from genostab.karyotype.ploidy import ploidy_solutions
from genostab.karyotype.quality import GcQuality
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.results import Solution

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Sequenced:
    """What the sequencing block gave: karyotype, the sample's names, figures of quality, and remarks.

    `snps` are points for the figure; `qc` rows are (name, value, unit, note); `solutions` are the readings of ploidy;
    `gc` is the trend of GC before and after its correction; `sha256` is that of inputs for which it was taken while
    they were read; `parent_snps` are the parents' arrays, or their reads and genotypes at the sites of `snps`, where
    these were counted in their BAM files too, less what is an artefact in the parent.
    """

    karyotype: Karyotype
    sample: str
    has_parent: bool
    snps: SnpTable | AlleleDepths | None
    qc: tuple[tuple[str, str | float | int, str, str], ...]
    warnings: tuple[str, ...]
    solutions: tuple[Solution, ...] = ()
    gc: GcQuality | None = None
    parent_snps: tuple[SnpTable | AlleleDepths, ...] = ()
    sha256: Mapping[Path, str] = field(default_factory=dict)


def settle_sex(stated: Sex | None, seen: Sex, where: str) -> tuple[Sex, tuple[str, ...]]:
    """The stated sex, or else the one that X and Y show, with a remark where the two are at odds."""
    if stated is not None and seen not in ("unknown", stated):
        remark = f"{where}: stated {stated}, but X and Y say {seen}; check the identity of the sample"
        return stated, (remark,)
    return stated or seen, ()


def withheld_remarks(karyotype: Karyotype) -> tuple[str, ...]:
    """One remark where calls are withheld, with the reason."""
    return (f"no call is reported: {karyotype.withheld}",) if karyotype.withheld else ()


def solutions_of(
    karyotype: Karyotype, genome: Genome, response_cv: float, settings: Settings
) -> tuple[Solution, ...]:
    """Readings of ploidy and cell fraction; none where calls are withheld.

    By depth and alleles where the sample has heterozygous SNPs and changes on two autosomes, else by depth alone.
    `response_cv` is 0 for counts.
    """
    if karyotype.withheld:
        return ()
    if karyotype.signal is not None:
        is_array = response_cv > 0.0
        place_cv = settings.place_cv if is_array else settings.count_response_cv
        found = allele_solutions(
            profile=karyotype.own or karyotype.profile,
            signal=karyotype.signal,
            calls=karyotype.calls,
            genome=genome,
            response=CloneResponse(
                depth=1.0,
                depth_cv=response_cv or settings.count_response_cv,
                allele_cv=settings.allele_response_cv if is_array else settings.count_response_cv,
                place_cv=place_cv,
            ),
            settings=settings,
        )
        if found:
            return found
    return ploidy_solutions(
        profile=karyotype.profile,
        segments=karyotype.segments,
        calls=karyotype.calls,
        genome=genome,
        response_cv=response_cv,
        settings=settings,
    )


def noise_rows(karyotype: Karyotype) -> tuple[tuple[str, float, str, str], ...]:
    """Quality figures of the noise: of one bin, and what more bins do not average away."""
    profile = karyotype.profile
    return (
        ("noise of one bin", float(np.median(profile.sd_log2)), "log2", "median standard deviation"),
        (
            "waves over a chromosome",
            float(profile.wave_sd_log2[0, -1]),
            "log2",
            "noise that more bins do not average away",
        ),
    )
