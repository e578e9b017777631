"""Foreign DNA in a lot: by anybody's frequencies, by named people's genotypes, or by the bands alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from genostab.arrays import AlleleDepths, AlleleFrequencies, Bool, Float64, Genome, Int64, SnpTable
from genostab.io.frequencies import read_frequencies
from genostab.io.snp_array import read_snp_array
from genostab.io.vcf import read_allele_depths
from genostab.karyotype.contamination import (
    Contamination,
    dose_of_frequencies,
    known_dose,
    not_measured,
    share_of_other_genotypes,
)
from genostab.karyotype.contamination_array import array_contamination, bands_contamination
from genostab.karyotype.contamination_reads import (
    joint_of_contaminant,
    joint_of_spectrum,
    reads_contamination,
)
from genostab.karyotype.genotypes import (
    Snps,
    Spectrum,
    fitted_spectrum,
    genotype_likelihoods,
    genotype_shares,
    known_frequencies,
)
from genostab.karyotype.sample_settings import SampleSettings, load_sample_settings
from genostab.lot.manifest import Sequencing
from genostab.report.document import Column, DetailTable
from genostab.results import Call, Control, Measurement, NotTested
from genostab.run.sequenced import Sequenced

_BLOCK = "contamination by foreign DNA"
_BY_BANDS = "no frequencies and no genotypes: the shape of the signal alone"


@dataclass(frozen=True, kw_only=True)
class ContaminationCheck:
    """Measurement, tables of the report, warnings; or why there is none."""

    measurements: tuple[Measurement, ...] = ()
    details: tuple[DetailTable, ...] = ()
    warnings: tuple[str, ...] = ()
    not_tested: tuple[NotTested, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One comparison: with whom, what it says, and whether it is a named person's."""

    against: str
    found: Contamination
    is_person: bool = False


def check_contamination(
    sequenced: Sequenced, block: Sequencing, genome: Genome, source: str
) -> ContaminationCheck:
    """Share of foreign DNA in the lot, where it has SNPs.

    Parameters
    ----------
    sequenced : Sequenced, its reported calls are left out
    block : Sequencing, with frequencies and suspects, if any
    genome : Genome
    source : str, the lot's file

    Raises
    ------
    InputError, GenostabErrors
        As `read_frequencies` and `read_suspects`.

    Notes
    -----
    What anybody's DNA would show leads; a named person does where that person's genotypes explain the signal better.
    """
    if sequenced.snps is None:
        return _not_tested("no SNPs")
    if sequenced.karyotype.withheld:
        return _not_tested(f"the array failed: {sequenced.karyotype.withheld}")
    settings = load_sample_settings()
    calls = [call for call in sequenced.karyotype.calls if call.reported]
    frequencies = read_frequencies(block.frequencies, genome) if block.frequencies else None
    anybody = _Reading(
        against=block.frequencies.name if block.frequencies else _BY_BANDS,
        found=_by_anybody(sequenced.snps, frequencies, genome, settings, calls),
    )
    people = [
        _Reading(
            against=path.name,
            found=_by_person(sequenced.snps, frequencies, person, genome, settings, calls),
            is_person=True,
        )
        for path, person in zip(block.contaminant, read_suspects(block, genome), strict=True)
    ]
    return _told(anybody, people, frequencies is not None, source, settings)


def read_suspects(block: Sequencing, genome: Genome) -> list[Snps]:
    """The people whose DNA may be in the lot: arrays beside an array, else VCFs with allele depths.

    Parameters
    ----------
    block : Sequencing
    genome : Genome

    Raises
    ------
    InputError, GenostabErrors
        As `read_snp_array` and `read_allele_depths`, which refuse each other's files.

    Notes
    -----
    B of an array and ALT of reads need not be the same allele.
    """
    read = read_snp_array if block.array is not None else read_allele_depths
    return [read(path, genome, block.contaminant_name) for path in block.contaminant]


def _not_tested(reason: str) -> ContaminationCheck:
    return ContaminationCheck(not_tested=(NotTested(block=_BLOCK, reason=reason),))


def _by_anybody(
    snps: Snps,
    frequencies: AlleleFrequencies | None,
    genome: Genome,
    settings: SampleSettings,
    calls: Sequence[Call],
) -> Contamination:
    if frequencies is None:
        if isinstance(snps, SnpTable):
            return bands_contamination(snps, genome, settings, left_out=calls)
        joint = joint_of_spectrum(_own_spectrum(snps, settings))
        return reads_contamination(
            snps, joint, genome, settings, left_out=calls, systematic=settings.systematic_reads_fraction
        )
    known, frequency = _with_frequencies(snps, frequencies)
    if isinstance(known, SnpTable):
        dose = dose_of_frequencies(frequency, settings)
        return array_contamination(known, dose, genome, settings, left_out=calls)
    joint = joint_of_spectrum(known_frequencies(frequency, settings))
    return reads_contamination(known, joint, genome, settings, left_out=calls)


def _by_person(
    snps: Snps,
    frequencies: AlleleFrequencies | None,
    person: Snps,
    genome: Genome,
    settings: SampleSettings,
    calls: Sequence[Call],
) -> Contamination:
    differ = share_of_other_genotypes(snps, person, settings)
    if not differ >= settings.least_other_genotypes:
        return not_measured(
            f"{differ:.1%} of homozygous SNPs differ: DNA of the lot's own donor", 0, settings
        )
    if isinstance(snps, SnpTable):
        return array_contamination(
            snps,
            known_dose(snps, person, settings),
            genome,
            settings,
            wrong_doses=settings.genotype_error,
            left_out=calls,
        )
    spectrum = _own_spectrum(snps, settings)
    if frequencies is not None:
        known, frequency = _with_frequencies(snps, frequencies)
        assert isinstance(known, AlleleDepths)
        snps, spectrum = known, known_frequencies(frequency, settings)
    joint = joint_of_contaminant(snps, spectrum, person, settings)
    return reads_contamination(snps, joint, genome, settings, left_out=calls)


def _own_spectrum(snps: Snps, settings: SampleSettings) -> Spectrum:
    """One distribution of frequencies for all SNPs, which explains the sample's own genotypes."""
    shares = genotype_shares(genotype_likelihoods(snps, settings))
    return fitted_spectrum(shares, variants_only=False)


def _with_frequencies(snps: Snps, frequencies: AlleleFrequencies) -> tuple[Snps, Float64]:
    """The SNPs whose frequency is known, and their frequencies."""
    frequency = _at(snps, frequencies)
    known = np.isfinite(frequency)
    return _those(snps, known), frequency[known]


def _those(snps: Snps, which: Bool) -> Snps:
    if isinstance(snps, SnpTable):
        return replace(
            snps,
            name=(),
            chrom=snps.chrom[which],
            position=snps.position[which],
            log_r_ratio=snps.log_r_ratio[which],
            b_allele_fraction=snps.b_allele_fraction[which],
            genotype=snps.genotype[which],
            phase=None,
        )
    return replace(
        snps,
        chrom=snps.chrom[which],
        position=snps.position[which],
        ref_depth=snps.ref_depth[which],
        alt_depth=snps.alt_depth[which],
        genotype=snps.genotype[which],
        phase=None,
    )


def _at(snps: Snps, frequencies: AlleleFrequencies) -> Float64:
    """Frequency at each SNP, by name between two arrays, else by place; NaN where none is given."""
    if isinstance(snps, SnpTable) and frequencies.name:
        if snps.name == frequencies.name:
            return frequencies.frequency
        by_name = dict(zip(frequencies.name, frequencies.frequency.tolist(), strict=True))
        return np.array([by_name.get(name, np.nan) for name in snps.name], dtype=np.float64)
    keys: Int64 = frequencies.chrom.astype(np.int64) << 32 | frequencies.position
    wanted: Int64 = snps.chrom.astype(np.int64) << 32 | snps.position
    if not keys.size:
        return np.full(wanted.size, np.nan)
    row = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    is_there: Bool = keys[row] == wanted
    return np.where(is_there, frequencies.frequency[row], np.nan)


def _leading(anybody: _Reading, people: Sequence[_Reading]) -> _Reading:
    """The likeliest named person, where that person explains the signal better than anybody; else anybody."""
    whole = anybody.found.fraction

    def explains(each: _Reading) -> bool:
        own = each.found.fraction
        if own.estimate is None or own.high is None or each.found.log_odds <= anybody.found.log_odds:
            return False
        # A stranger's DNA looks like less of anyone else's.
        return whole.estimate is None or whole.low is None or own.high >= whole.low

    candidates = [each for each in people if explains(each)]
    if whole.status == "not_computed":
        candidates = [each for each in people if each.found.fraction.status != "not_computed"]
    return max(candidates, key=lambda each: each.found.log_odds, default=anybody)


def _told(
    anybody: _Reading,
    people: Sequence[_Reading],
    has_frequencies: bool,
    source: str,
    settings: SampleSettings,
) -> ContaminationCheck:
    leading = _leading(anybody, people)
    found = leading.found
    rows = (anybody, *people) if people else ()
    if found.fraction.status == "not_computed":
        tables = (_comparisons(rows),) if rows else ()
        return replace(_not_tested(found.fraction.method), details=tables)
    alike = found.homogeneity_p >= settings.homogeneity_alpha
    control = Control(
        name="chromosomes agree on the foreign fraction",
        passed=alike,
        detail=f"p = {found.homogeneity_p:.2g}; contamination is of the whole genome",
    )
    measured = Measurement(
        metric="contamination.fraction",
        estimate=found.fraction,
        controls=(control,),
        source=source,
        note=f"against {leading.against}",
    )
    details = (*((_comparisons(rows),) if rows else ()), _by_chromosome(found))
    warnings = _warnings(leading, has_frequencies=has_frequencies)
    return ContaminationCheck(measurements=(measured,), details=details, warnings=warnings)


def _warnings(leading: _Reading, *, has_frequencies: bool) -> tuple[str, ...]:
    fraction = leading.found.fraction
    if fraction.estimate is None:
        return ()
    share = f"{fraction.estimate:.1%} of the DNA ({fraction.low:.1%} to {fraction.high:.1%})"
    if not leading.is_person and not has_frequencies:
        return (
            f"CONTAMINATION?: the signal is shaped as if {share} were another person's; confirm it with "
            "sequencing.frequencies or sequencing.contaminant",
        )
    if not leading.is_person:
        return (f"CONTAMINATION: {share} is another person's",)
    is_said = "is" if has_frequencies else "looks like"
    return (f"CONTAMINATION: {share} {is_said} that of {leading.against}",)


def _comparisons(readings: Sequence[_Reading]) -> DetailTable:
    names = ("fraction", "low", "high", "limit of detection")
    return DetailTable(
        title="Foreign DNA by whose it may be",
        columns=(
            Column(name="compared with"),
            *(Column(name=name, unit="fraction") for name in names),
            Column(name="SNPs"),
            Column(name="ln odds"),
            Column(name="status"),
            Column(name="method"),
        ),
        rows=tuple(
            (
                each.against,
                each.found.fraction.estimate,
                each.found.fraction.low,
                each.found.fraction.high,
                each.found.fraction.lod,
                each.found.fraction.n,
                round(each.found.log_odds, 1),
                each.found.fraction.status,
                each.found.fraction.method,
            )
            for each in readings
        ),
        note="ln odds: natural logarithm of the odds of foreign DNA of that person, or of anybody of those "
        "frequencies, over none; a person's fraction holds only if these are higher than anybody's. Persons who are "
        "not named are looked for in the first row only.",
    )


def _by_chromosome(found: Contamination) -> DetailTable:
    return DetailTable(
        title="Foreign DNA by chromosome",
        columns=(
            Column(name="chromosome"),
            Column(name="fraction", unit="fraction"),
            Column(name="standard error", unit="fraction"),
        ),
        rows=tuple(
            (chrom, float(fraction), float(se))
            for chrom, fraction, se in zip(
                found.chrom, found.by_chromosome, found.se_by_chromosome, strict=True
            )
        ),
        note="Another person's DNA shows alike on every chromosome, at homozygous SNPs; a mosaic shows at heterozygous "
        "SNPs of its region only, which take no part here. Single chromosomes may scatter below 0.",
    )
