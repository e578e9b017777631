"""Whose DNA the samples are: a lot against its parent, and every pair of a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from genostab.arrays import Genome
from genostab.errors import UsageError
from genostab.io.atomic import write_atomic
from genostab.io.genome import load_genome
from genostab.io.snp_array import read_snp_array
from genostab.io.tsv import table_bytes
from genostab.io.vcf import read_allele_depths
from genostab.karyotype.genotypes import Snps
from genostab.karyotype.identity import compare_samples
from genostab.karyotype.sample_settings import SampleSettings, load_sample_settings
from genostab.report.document import Column, DetailTable
from genostab.results import Control, Measurement, SamplePair
from genostab.run.file_kind import file_kind
from genostab.run.sequenced import Sequenced

_COLUMNS = (
    "first",
    "second",
    "n_snps",
    "concordance",
    "concordance_low",
    "concordance_high",
    "n_called",
    "n_different",
    "ibs0",
    "ibs1",
    "ibs2",
    "kinship",
    "kinship_low",
    "kinship_high",
    "log_likelihood_ratio_unrelated",
    "log_likelihood_ratio_relative",
    "relation",
    "reading",
    "note",
)
_ONE_DONOR = "lot and parent are of one donor"


@dataclass(frozen=True, kw_only=True)
class IdentityCheck:
    """A lot against its parents: pairs, what profiles judge, the table of the report, and warnings."""

    pairs: tuple[SamplePair, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    details: tuple[DetailTable, ...] = ()
    warnings: tuple[str, ...] = ()
    swap: Control | None = None


def check_identity(sequenced: Sequenced, genome: Genome, source: str) -> IdentityCheck:
    """Whether the lot is of the donor of its parent, from the SNPs of both; nothing where one has none.

    Parameters
    ----------
    sequenced : Sequenced, its reported calls are left out
    genome : Genome
    source : str, the lot's file

    Notes
    -----
    One parent is the line itself; two parents are a person's, each of which shares one allele of every SNP.
    """
    if sequenced.snps is None or not sequenced.parent_snps:
        return IdentityCheck()
    settings = load_sample_settings()
    calls = [call for call in sequenced.karyotype.calls if call.reported]
    pairs = [
        compare_samples(sequenced.snps, parent, genome, settings, left_out=calls)
        for parent in sequenced.parent_snps
    ]
    accepted = ("same donor",) if len(pairs) == 1 else ("same donor", "related")
    controls = [_control(pair, accepted) for pair in pairs]
    failed = [control for control in controls if not control.passed]
    return IdentityCheck(
        pairs=tuple(pairs),
        measurements=tuple(
            m for pair, control in zip(pairs, controls, strict=True) for m in _measured(pair, control, source)
        ),
        details=(pair_table(pairs),),
        warnings=tuple(f"IDENTITY: {control.detail}" for control in failed),
        swap=next(
            (c for c, pair in zip(controls, pairs, strict=True) if pair.reading == "other donor"), None
        ),
    )


def with_swap(measurements: Sequence[Measurement], check: IdentityCheck) -> tuple[Measurement, ...]:
    """The measurements of changes against the parent, invalid where that is another donor."""
    if check.swap is None:
        return tuple(measurements)
    return tuple(replace(each, controls=(*each.controls, check.swap)) for each in measurements)


def _control(pair: SamplePair, accepted: Sequence[str]) -> Control:
    says = {
        "same donor": "one donor",
        "related": f"a relative, not the donor ({pair.relation})",
        "other donor": f"another donor ({pair.relation or 'unrelated'})",
        "cannot tell": "the SNPs cannot tell whether it is the donor",
    }[pair.reading]
    return Control(
        name=_ONE_DONOR,
        passed=pair.reading in (*accepted, "cannot tell"),
        detail=f"{pair.second}: {says}; {pair.n_snps} SNPs, log-likelihood ratio of one donor to "
        f"unrelated {pair.log_likelihood_ratio_unrelated:.0f}, "
        f"to first-degree relatives {pair.log_likelihood_ratio_relative:.0f}",
    )


def _measured(pair: SamplePair, control: Control, source: str) -> tuple[Measurement, Measurement]:
    facts = {
        "n_snps": float(pair.n_snps),
        "log_likelihood_ratio_unrelated": pair.log_likelihood_ratio_unrelated,
        "log_likelihood_ratio_relative": pair.log_likelihood_ratio_relative,
    }
    if pair.kinship.estimate is not None:
        facts["kinship"] = pair.kinship.estimate
    return (
        Measurement(
            metric="identity.snp",
            text=pair.reading,
            controls=(control,),
            facts=facts,
            source=source,
            note=f"against {pair.second}: {pair.relation or 'not told'}",
        ),
        Measurement(
            metric="identity.snp_concordance",
            estimate=pair.concordance,
            facts={"n_different": float(pair.n_different)},
            source=source,
            note=f"against {pair.second}",
        ),
    )


def pair_table(pairs: Sequence[SamplePair]) -> DetailTable:
    """Pairs of samples as a table of the report."""
    names = ("sample", "compared with", "SNPs", "concordance", "different", "IBS0", "kinship")
    columns = [Column(name=name, unit="fraction" if name == "concordance" else "") for name in names]
    columns += [Column(name="ln LR unrelated"), Column(name="ln LR relatives"), Column(name="reading")]
    return DetailTable(
        title="Identity by SNPs",
        columns=tuple(columns),
        rows=tuple(
            (
                pair.first,
                pair.second,
                pair.n_snps,
                pair.concordance.estimate,
                pair.n_different,
                pair.ibs0,
                None if pair.kinship.estimate is None else round(pair.kinship.estimate, 3),
                round(pair.log_likelihood_ratio_unrelated),
                round(pair.log_likelihood_ratio_relative),
                pair.reading,
            )
            for pair in pairs
        ),
        note="ln LR: natural log-likelihood ratio of one donor to two unrelated ones and to first-degree relatives. "
        "Kinship is 0.5 of one donor, 0.25 of first-degree relatives, 0 of unrelated ones. StemCNV-check takes up to "
        "500 different genotypes on a GSA array as one donor and more than 5,000 as red. Identical twins look like one "
        "donor.",
    )


def identity_cohort(
    paths: Sequence[Path], assembly: str, output: Path | None
) -> tuple[tuple[SamplePair, ...], bytes]:
    """Every pair of samples, and identity.tsv, which is written to `output` where one is named.

    Parameters
    ----------
    paths : sequence of Path, SNP arrays or VCFs with allele depths, one sample each
    assembly : str
    output : Path or None

    Raises
    ------
    UsageError
        GS-1001 for fewer than two files.
    InputError, GenostabErrors
        As `read_snp_array` and `read_allele_depths`.
    """
    if len(paths) < 2:
        raise UsageError(
            "GS-1001",
            what="one file has no other to be compared with",
            where="genostab identity",
            found=f"{len(paths)} file",
            expected="two files or more",
            action="name the files of the samples to compare",
        )
    genome, settings = load_genome(assembly), load_sample_settings()
    samples = [_read(path, assembly) for path in paths]
    pairs = tuple(
        compare_samples(a, b, genome, settings) for a, b in combinations(_told_apart(samples, paths), 2)
    )
    table = identity_table(pairs, settings)
    if output is not None:
        write_atomic(output, table)
    return pairs, table


def _read(path: Path, assembly: str) -> Snps:
    genome = load_genome(assembly)
    return read_snp_array(path, genome) if file_kind(path) == "array" else read_allele_depths(path, genome)


def _told_apart(samples: Sequence[Snps], paths: Sequence[Path]) -> list[Snps]:
    """Samples with the names of their files where several have one name."""
    names = [each.sample for each in samples]
    return [
        replace(each, sample=path.name) if names.count(each.sample) > 1 else each
        for each, path in zip(samples, paths, strict=True)
    ]


def identity_table(pairs: Sequence[SamplePair], settings: SampleSettings) -> bytes:
    """identity.tsv."""
    rows = [
        (
            pair.first,
            pair.second,
            pair.n_snps,
            pair.concordance.estimate,
            pair.concordance.low,
            pair.concordance.high,
            pair.concordance.n,
            pair.n_different,
            pair.ibs0,
            pair.ibs1,
            pair.ibs2,
            pair.kinship.estimate,
            pair.kinship.low,
            pair.kinship.high,
            pair.log_likelihood_ratio_unrelated,
            pair.log_likelihood_ratio_relative,
            pair.relation,
            pair.reading,
            pair.note,
        )
        for pair in pairs
    ]
    comment = f"SNPs of the autosomes; a reading needs odds of {settings.min_odds:g} over the next"
    return table_bytes(_COLUMNS, rows, (comment,))
