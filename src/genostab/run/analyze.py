"""One lot from manifest to published results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from genostab.arrays import Genome, SnpTable
from genostab.compliance.judge import Overall, Verdict, judge, overall
from genostab.compliance.profile import Profile, load_profile, profile_sha256
from genostab.errors import UsageError
from genostab.io.atomic import publish
from genostab.io.genome import load_genome
from genostab.karyotype.call import Karyotype
from genostab.karyotype.quality import GcQuality
from genostab.karyotype.settings import Settings, load_settings
from genostab.lot.manifest import Manifest, Sequencing
from genostab.report.document import (
    GcTrend,
    GenomeTrack,
    Header,
    KaryotypeSummary,
    QcFigure,
    ReportData,
    TextBlock,
)
from genostab.report.multiqc import safe_name
from genostab.results import Call, NotTested, SnvFinding
from genostab.run.audit import append_entry
from genostab.run.blocks import BlockResult, analyse_blocks
from genostab.run.contamination import ContaminationCheck, check_contamination
from genostab.run.counting import counting_tables
from genostab.run.file_kind import check_same_kind, check_sample_names, sample_file
from genostab.run.hotspots import load_hotspots
from genostab.run.identity import IdentityCheck, check_identity, with_swap
from genostab.run.lock import locked
from genostab.run.measure import measure_karyotype
from genostab.run.outputs import KARYOTYPE_FILES, karyotype_files, lot_files
from genostab.run.provenance import input_files, provenance_json, provenance_tree
from genostab.run.sequenced import Sequenced
from genostab.run.sequencing import analyse_sequencing
from genostab.run.snv import SNV_FILE, check_snvs, snv_file, snv_table
from genostab.run.texts import LIMITS, METHODS

_AUDIT = "audit.jsonl"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run hands to the command line."""

    overall: Overall
    verdicts: tuple[Verdict, ...]
    calls: tuple[Call, ...]
    not_tested: tuple[NotTested, ...]
    report: Path


def analyse_lot(
    manifest: Manifest,
    out: Path,
    *,
    threads: int,
    seed: int | None,
    actor: str,
    command: Sequence[str],
    on_progress: Callable[[str], None],
) -> Outcome:
    """Results of one lot, published under `out`.

    Parameters
    ----------
    manifest : Manifest, with absolute paths
    out : Path, folder, made where absent
    threads : int, threads that inflate; results do not depend on it
    seed : int or None, seed of simulated data, recorded
    actor : str, who runs it, for the audit log
    command : sequence of str, for the provenance
    on_progress : called with a line before each step

    Raises
    ------
    GenostabError, GenostabErrors
        For inputs that are refused; nothing under a final name has changed then.
    """
    started = _now()
    with locked(out):
        _refuse_other_lot(out, manifest.lot)
        profile = load_profile(manifest.profile)
        genome = load_genome(manifest.assembly)
        settings = load_settings()
        blocks = analyse_blocks(manifest, on_progress)
        sequenced = _sequencing(manifest, genome, settings, threads, on_progress)
        on_progress("verdicts and report")
        tree = provenance_tree(
            inputs=input_files(manifest),
            known_sha256=sequenced.sha256 if sequenced else {},
            profile_id=profile.id,
            profile_sha256=profile_sha256(profile),
            assembly=manifest.assembly,
            settings=settings,
            seed=seed,
        )
        data = _report_data(manifest, profile, genome, blocks, sequenced, tree)
        files = lot_files(data)
        if sequenced is not None:
            sample = safe_name(sequenced.sample or manifest.lot)
            files |= karyotype_files(sequenced.karyotype, sequenced.solutions, genome, sample)
        if data.snvs:
            files[SNV_FILE] = snv_file(data.snvs)
        files["provenance.json"] = provenance_json(tree, command=command, started=started, finished=_now())
        files[_AUDIT] = _audited(out, files, actor)
        publish(out, files)
        _remove_stale(out, files)
    return Outcome(
        overall=data.overall,
        verdicts=data.verdicts,
        calls=data.calls,
        not_tested=data.not_tested,
        report=out / "report.html",
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _refuse_other_lot(out: Path, lot: str) -> None:
    """Results of one lot never replace those of another."""
    try:
        earlier = json.loads((out / "results.json").read_bytes())["header"]["lot"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if earlier != lot:
        raise UsageError(
            "GS-1108",
            what="the output folder holds the results of another lot",
            where=str(out),
            found=f"results of lot {earlier}",
            expected=f"an empty folder, or earlier results of lot {lot}",
            action="name another folder with -o",
        )


def _remove_stale(out: Path, files: Mapping[str, bytes]) -> None:
    """A lot that is analysed again without its sequencing must not keep the karyotype of the time before."""
    for name in {*KARYOTYPE_FILES, SNV_FILE} - files.keys():
        (out / name).unlink(missing_ok=True)
    with suppress(OSError):
        (out / KARYOTYPE_FILES[0]).parent.rmdir()


def _audited(out: Path, files: Mapping[str, bytes], actor: str) -> bytes:
    try:
        log = (out / _AUDIT).read_bytes()
    except FileNotFoundError:
        log = b""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return append_entry(log, time_utc=_now(), actor=actor, action="analyze", files=hashes)


def _sequencing(
    manifest: Manifest,
    genome: Genome,
    settings: Settings,
    threads: int,
    on_progress: Callable[[str], None],
) -> Sequenced | None:
    if manifest.sequencing is None:
        return None
    check_same_kind(manifest.sequencing)
    check_sample_names(manifest.sequencing)
    return analyse_sequencing(
        manifest.sequencing,
        sex=manifest.line.sex if manifest.line else None,
        genome=genome,
        settings=settings,
        threads=threads,
        on_progress=on_progress,
    )


def _report_data(
    manifest: Manifest,
    profile: Profile,
    genome: Genome,
    blocks: BlockResult,
    sequenced: Sequenced | None,
    tree: Mapping[str, object],
) -> ReportData:
    measurements = blocks.measurements
    identity, foreign = IdentityCheck(), ContaminationCheck()
    snvs: tuple[SnvFinding, ...] = ()
    not_tested = (*_not_tested(manifest.sequencing), *blocks.not_tested)
    if sequenced is not None:
        assert manifest.sequencing is not None
        source, _ = sample_file(manifest.sequencing)
        names = [spot.name for spot in load_hotspots(genome)]
        identity = check_identity(sequenced, genome, source.name)
        changes = with_swap(measure_karyotype(sequenced.karyotype, names, source.name), identity)
        foreign = check_contamination(sequenced, manifest.sequencing, genome, source.name)
        measurements = (*changes, *identity.measurements, *foreign.measurements, *measurements)
        not_tested = (*not_tested, *foreign.not_tested)
        if manifest.sequencing.snps is not None and manifest.sequencing.array is None:
            snvs = check_snvs(manifest.sequencing.snps, genome)
    verdicts = judge(profile, measurements, stage=manifest.stage, dose=manifest.dose)
    return ReportData(
        header=_header(manifest, profile, sequenced),
        overall=overall(verdicts),
        verdicts=verdicts,
        calls=sequenced.karyotype.calls if sequenced else (),
        sensitivity=sequenced.karyotype.sensitivity if sequenced else (),
        genome=_track(sequenced.karyotype, genome, sequenced) if sequenced else None,
        measurements=measurements,
        details=(
            *(counting_tables(sequenced, genome, load_settings()) if sequenced else ()),
            *identity.details,
            *foreign.details,
            *((snv_table(snvs),) if snvs else ()),
            *blocks.details,
        ),
        qc=tuple(
            QcFigure(name=n, value=v, unit=u, note=t) for n, v, u, t in (sequenced.qc if sequenced else ())
        ),
        not_tested=not_tested,
        warnings=(*identity.warnings, *foreign.warnings, *sequenced.warnings) if sequenced else (),
        methods=tuple(TextBlock(title=title, text=text) for title, text in METHODS),
        limits=tuple(TextBlock(title=title, text=text) for title, text in LIMITS),
        gc_trend=_gc_trend(sequenced.gc) if sequenced and sequenced.gc else None,
        provenance=tree,  # type: ignore[arg-type]
        karyotype=KaryotypeSummary(solutions=sequenced.solutions if sequenced else ()),
        identity=identity.pairs,
        snvs=snvs,
    )


def _not_tested(block: Sequencing | None) -> tuple[NotTested, ...]:
    """What the sequencing block does not say, or says without any use being made of it."""
    if block is None:
        return (NotTested(block="sequencing or array", reason="not in the manifest"),)
    has_array = block.array is not None
    reasons = {
        "origin of the calls": "no parent line given; they may be constitutional" if not block.parent else "",
        "sequencing.panel": "an array is compared with no panel of reads"
        if has_array and block.panel
        else "",
        "sequencing.sample": "the array is analysed; analyse the reads apart"
        if has_array and block.sample
        else "",
        "sequencing.exclude": "exclusion lists are for bins, not for the probes of an array"
        if has_array and block.exclude
        else "",
        "sequencing.snps": "an array brings its own allele fractions" if has_array and block.snps else "",
    }
    return tuple(NotTested(block=name, reason=reason) for name, reason in reasons.items() if reason)


def _header(manifest: Manifest, profile: Profile, sequenced: Sequenced | None) -> Header:
    line, dose, files = manifest.line, manifest.dose, manifest.sequencing
    return Header(
        lot=manifest.lot,
        product=manifest.product or "",
        stage=manifest.stage or "",
        line=(line.id or "") if line else "",
        profile_id=profile.id,
        profile_title=profile.title,
        profile_sha256=profile_sha256(profile),
        line_sex=(line.sex or "") if line else "",
        passage=line.passage if line else None,
        population_doublings=line.population_doublings if line else None,
        assembly=manifest.assembly,
        sample=sequenced.sample if sequenced else "",
        reference=_parents_text(files) if files else "",
        dose_cells=dose.cells if dose else None,
        dose_route=(dose.route or "") if dose else "",
        dose_volume_ml=dose.volume_ml if dose else None,
        body_weight_kg=dose.body_weight_kg if dose else None,
    )


def _parents_text(block: Sequencing) -> str:
    sample = f" ({block.parent_name})" if block.parent_name else ""
    return ", ".join(f"{path.name}{sample}" for path in block.parent)


def _gc_trend(gc: GcQuality) -> GcTrend:
    return GcTrend(
        gc_fraction=gc.gc_fraction,
        before_log2=gc.before_log2,
        after_log2=gc.after_log2,
        stratum_gc=gc.stratum_gc,
        stratum_before_log2=gc.stratum_before_log2,
        stratum_after_log2=gc.stratum_after_log2,
    )


def _track(karyotype: Karyotype, genome: Genome, sequenced: Sequenced) -> GenomeTrack:
    profile, segments, snps = karyotype.profile, karyotype.segments, sequenced.snps
    chrom, position, baf = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    haplotype = np.empty(0, np.int64)
    if snps is not None and snps.phase is not None:
        haplotype = snps.phase.haplotype.astype(np.int64)
    if isinstance(snps, SnpTable):
        chrom, position, baf = snps.chrom.astype(np.int64), snps.position, snps.b_allele_fraction
    elif snps is not None:
        depth = snps.ref_depth + snps.alt_depth
        chrom, position = snps.chrom.astype(np.int64), snps.position
        baf = np.where(depth > 0, snps.alt_depth / np.maximum(depth, 1), np.nan)
    return GenomeTrack(
        chrom_names=genome.names,
        chrom_length_bp=genome.length_bp,
        bin_chrom=profile.chrom.astype(np.int64),
        bin_start=profile.start,
        bin_end=profile.end,
        bin_ratio_log2=profile.ratio_log2,
        segment_chrom=segments.chrom.astype(np.int64),
        segment_start=segments.start,
        segment_end=segments.end,
        segment_mean_log2=segments.mean_log2,
        snp_chrom=chrom,
        snp_position=position,
        snp_baf=baf,
        snp_haplotype=haplotype,
    )
