"""Foreign DNA in a lot, and SNV hotspots: what profiles judge and the report shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from genostab.arrays import AlleleFrequencies, Bool, Float64, Genome, Int64, SnpTable
from genostab.io.frequencies import read_frequencies
from genostab.karyotype.contamination import Contamination, array_contamination, foreign_dose
from genostab.karyotype.contamination_reads import joint_of_spectrum, reads_contamination
from genostab.karyotype.genotypes import Snps, known_frequencies
from genostab.karyotype.sample_settings import SampleSettings, load_sample_settings
from genostab.lot.manifest import Sequencing
from genostab.report.document import Column, DetailTable
from genostab.results import Control, Measurement, NotTested
from genostab.run.sequenced import Sequenced

_BLOCK = "contamination by foreign DNA"


@dataclass(frozen=True, kw_only=True)
class ContaminationCheck:
    """Measurement, table of the report, warnings; or why there is none."""

    measurements: tuple[Measurement, ...] = ()
    details: tuple[DetailTable, ...] = ()
    warnings: tuple[str, ...] = ()
    not_tested: tuple[NotTested, ...] = ()


def check_contamination(
    sequenced: Sequenced, block: Sequencing, genome: Genome, source: str
) -> ContaminationCheck:
    """Share of foreign DNA in the lot, where it has SNPs and the manifest gives allele frequencies.

    Raises
    ------
    InputError, GenostabErrors
        As `read_frequencies`.
    """
    if sequenced.snps is None:
        return _not_tested("no SNPs")
    if block.frequencies is None:
        return _not_tested("no allele frequencies (sequencing.frequencies)")
    if sequenced.karyotype.withheld:
        return _not_tested(f"the array failed: {sequenced.karyotype.withheld}")
    settings = load_sample_settings()
    found = _measure(sequenced, read_frequencies(block.frequencies, genome), genome, settings)
    if found.fraction.status == "not_computed":
        return _not_tested(found.fraction.method)
    alike = found.homogeneity_p >= settings.homogeneity_alpha
    control = Control(
        name="chromosomes agree on the foreign fraction",
        passed=alike,
        detail=f"p = {found.homogeneity_p:.2g}; contamination is of the whole genome",
    )
    measured = Measurement(
        metric="contamination.fraction", estimate=found.fraction, controls=(control,), source=source
    )
    warnings: tuple[str, ...] = ()
    if found.fraction.estimate is not None:
        warnings = (
            f"CONTAMINATION: {found.fraction.estimate:.1%} of the DNA is another person's "
            f"({found.fraction.low:.1%} to {found.fraction.high:.1%})",
        )
    return ContaminationCheck(measurements=(measured,), details=(_table(found),), warnings=warnings)


def _not_tested(reason: str) -> ContaminationCheck:
    return ContaminationCheck(not_tested=(NotTested(block=_BLOCK, reason=reason),))


def _measure(
    sequenced: Sequenced, frequencies: AlleleFrequencies, genome: Genome, settings: SampleSettings
) -> Contamination:
    snps = sequenced.snps
    assert snps is not None
    calls = [call for call in sequenced.karyotype.calls if call.reported]
    frequency = _at(snps, frequencies)
    known = np.isfinite(frequency)
    spectrum = known_frequencies(frequency[known], settings)
    if isinstance(snps, SnpTable):
        some = replace(
            snps,
            name=(),
            chrom=snps.chrom[known],
            position=snps.position[known],
            log_r_ratio=snps.log_r_ratio[known],
            b_allele_fraction=snps.b_allele_fraction[known],
            genotype=snps.genotype[known],
            phase=None,
        )
        return array_contamination(some, foreign_dose(spectrum), genome, settings, left_out=calls)
    reads = replace(
        snps,
        chrom=snps.chrom[known],
        position=snps.position[known],
        ref_depth=snps.ref_depth[known],
        alt_depth=snps.alt_depth[known],
        genotype=snps.genotype[known],
        phase=None,
    )
    return reads_contamination(reads, joint_of_spectrum(spectrum), genome, settings, left_out=calls)


def _at(snps: Snps, frequencies: AlleleFrequencies) -> Float64:
    """Frequency at each SNP, by name between two arrays, else by place; NaN where none is given."""
    if isinstance(snps, SnpTable) and frequencies.name:
        by_name = dict(zip(frequencies.name, frequencies.frequency.tolist(), strict=True))
        return np.array([by_name.get(name, np.nan) for name in snps.name], dtype=np.float64)
    keys: Int64 = frequencies.chrom.astype(np.int64) << 32 | frequencies.position
    wanted: Int64 = snps.chrom.astype(np.int64) << 32 | snps.position
    if not keys.size:
        return np.full(wanted.size, np.nan)
    row = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
    is_there: Bool = keys[row] == wanted
    return np.where(is_there, frequencies.frequency[row], np.nan)


def _table(found: Contamination) -> DetailTable:
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
