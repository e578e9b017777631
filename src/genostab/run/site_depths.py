"""Allele depths of a lot and its parents at the sites of a VCF that holds none, taken from their reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from genostab.arrays import AlleleDepths, Genome, SnpSites
from genostab.errors import InputError
from genostab.io.counts_file import CountsFile
from genostab.io.refusals import no_samples
from genostab.io.sites import holds_allele_depths, read_sites
from genostab.io.vcf import read_allele_depths
from genostab.io.vcf_header import sample_names
from genostab.karyotype.settings import Settings
from genostab.karyotype.site_genotypes import SiteGenotypes, are_other_positions, genotype_sites
from genostab.lot.manifest import Sequencing
from genostab.run.file_kind import FileKind, file_kind
from genostab.run.sequenced import Progress

QcRow = tuple[str, str | float | int, str, str]


def sites_to_count(block: Sequencing, genome: Genome, on_progress: Progress) -> SnpSites | None:
    """The sites at which the reads are to be looked at; None where the VCF has depths of its own, or there is none.

    Raises
    ------
    InputError, GenostabErrors
        As `read_sites`; GS-2301 where the lot's file holds no reads.
    """
    if block.snps is None or holds_allele_depths(block.snps):
        return None
    refuse_sites_without_reads(block)
    on_progress(f"sites of {block.snps.name}")
    return read_sites(block.snps, genome, block.sample_name)


def parent_depths(block: Sequencing, genome: Genome) -> tuple[AlleleDepths, ...]:
    """The one parent's own reads at the SNPs of the lot's VCF, where that holds a sample of the parent's name.

    Raises
    ------
    InputError, GenostabErrors
        As `read_allele_depths`; GS-2301 where the name can be meant for the VCF only, and is not there.
    """
    name, sample = block.parent_name, block.sample
    if block.snps is None or sample is None or name is None or len(block.parent) != 1:
        return ()
    names = sample_names(block.snps)
    is_only_there = file_kind(sample) != "bins"
    if name in names or is_only_there:
        own = block.sample_name or (names[0] if len(names) == 1 else None)
        if name == own:
            raise InputError(
                "GS-2203",
                what="sample and parent are one sample of the VCF",
                where=str(block.snps),
                found=name,
                expected="the parent line, which the lot could have changed against",
                action="give the names of two samples",
            )
        return (read_allele_depths(block.snps, genome, name),)
    return ()


def check_snps(block: Sequencing, kind: FileKind, genome: Genome) -> None:
    """Read the VCF of a block as its analysis will.

    Raises
    ------
    InputError, GenostabErrors
        As `read_sites` and `read_allele_depths`; GS-2301 where nothing can give the depths.
    """
    assert block.snps is not None
    if holds_allele_depths(block.snps):
        read_allele_depths(block.snps, genome, block.sample_name)
        parent_depths(block, genome)
        return
    if kind != "array":
        refuse_sites_without_reads(block)
    read_sites(block.snps, genome, block.sample_name)


def refuse_sites_without_reads(block: Sequencing) -> None:
    """Refuse a VCF without depths beside a file from which none can be taken, or beside a name that chooses nothing.

    Raises
    ------
    InputError
        GS-2301; GS-2201 where a parent's sample is named that neither reads nor VCF hold.
    """
    assert block.snps is not None
    assert block.sample is not None, "an array brings its own allele fractions"
    if holds_allele_depths(block.snps):
        return
    if file_kind(block.sample) == "alignment":
        if block.parent_name is not None:
            raise no_samples(str(block.sample), "aligned reads, and a VCF without depths", block.parent_name)
        return
    raise InputError(
        "GS-2301",
        what="the VCF holds no allele depths, and there are no reads to take them from",
        where=str(block.snps),
        found=f"no sample with AD; {block.sample.name} is no BAM or CRAM",
        expected="FORMAT/AD of the sample, or the sample's BAM or CRAM",
        action="give the BAM or CRAM in place of its counts, or a VCF with allele depths",
    )


def genotyped(
    paths: Sequence[Path], files: Sequence[CountsFile], sites: SnpSites | None, settings: Settings
) -> dict[Path, SiteGenotypes]:
    """Genotypes of each file that was counted at the sites; a parent's counts file has none.

    Raises
    ------
    InputError
        GS-2104 where no read shows an allele of any site; GS-2101 where so many show others that the sites must be of
        another assembly.
    """
    found = {}
    for path, file in zip(paths, files, strict=True):
        depths = file.counts.site_depths
        if sites is None or depths is None:
            continue
        if not depths[:, :4].any():
            raise InputError(
                "GS-2104",
                what="no read shows an allele of any site",
                where=str(path),
                found=f"{sites.position.size} sites of {sites.name}, 0 bases of MAPQ {settings.site_min_mapq} and "
                f"base quality {settings.site_min_base_quality} or more",
                expected="at least one",
                action="check that the sites are of the assembly and the regions that were sequenced",
            )
        if are_other_positions(depths, settings):
            raise InputError(
                "GS-2101",
                what="the reads show neither allele at many of the sites",
                where=f"{path}, at the sites of {sites.name}",
                found=f"{depths[:, 4:].sum()} of {depths.sum()} bases are neither REF nor ALT",
                expected=f"at most {settings.site_max_other_share:.0%}, since errors are rarer",
                action="give sites of the assembly that the reads are aligned to",
            )
        found[path] = genotype_sites(file.counts.sample or path.name, sites, depths, settings)
    return found


def site_rows(genotypes: Mapping[Path, SiteGenotypes]) -> tuple[QcRow, ...]:
    """Sites, reference bias and artefacts of each file."""
    rows: list[QcRow] = []
    for path, found in genotypes.items():
        snps, share = found.snps, found.alt_share
        depth = (snps.ref_depth + snps.alt_depth).mean() if snps.position.size else 0.0
        n_called = int((snps.genotype >= 0).sum())
        if found.phase_note:
            n_phased = 0 if snps.phase is None else int((snps.phase.haplotype > 0).sum())
            rows.append((f"phase of the sites, {path.name}", n_phased, "SNPs", found.phase_note))
        rows += [
            (
                f"genotypes called, {path.name}",
                n_called,
                "SNPs",
                f"of {snps.position.size} sites; mean depth {depth:.1f}; left out: {found.n_strand} with ALT from one "
                f"strand, {found.n_third} with a third base",
            ),
            (
                f"reference bias, {path.name}",
                "" if share.estimate is None else share.estimate,
                share.unit,
                f"ALT share of {share.n} heterozygous SNPs, 95 % {share.low:.4f} to {share.high:.4f}; 0.5 without bias"
                if share.low is not None and share.high is not None
                else "too few heterozygous SNPs",
            ),
            (
                f"bases of neither allele, {path.name}",
                found.other_share,
                "fraction",
                "errors and third alleles",
            ),
        ]
    return tuple(rows)
