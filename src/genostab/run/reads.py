"""Counts of the alignments of a lot, from the reads or from counts files, and their figures of quality."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from genostab.arrays import Genome, SnpSites
from genostab.errors import InputError
from genostab.io.alignment_counts import AlignmentCounts, CountingRules, fragment_quartiles_bp
from genostab.io.counts_file import CountsFile, read_counts
from genostab.karyotype.settings import Settings
from genostab.karyotype.telomere import telomere_content
from genostab.run.count import count_file, counting_rules
from genostab.run.file_kind import file_kind

QcRow = tuple[str, str | float | int, str, str]


def count_or_read(
    paths: Sequence[Path],
    genome: Genome,
    settings: Settings,
    *,
    reference: Path | None,
    telomeres: bool,
    threads: int,
    on_progress: Callable[[str], None],
    sites: SnpSites | None = None,
) -> list[CountsFile]:
    """Counts of a sample and its parents, all by the same rules: those of the counts files, if there are any.

    Bases are counted at `sites`, where there are any, except for counts files, which hold none.

    Raises
    ------
    InputError
        GS-2203 for counts files of other bins, or of rules that differ; otherwise as `count_alignment` and
        `read_counts`.
    """
    before = {path: read_counts(path, genome) for path in paths if file_kind(path) == "counts"}
    rules = _common_rules(before, counting_rules(settings, telomeres=telomeres, sites=sites))
    files = []
    for path in paths:
        on_progress(f"reads of {path.name}")
        files.append(
            before.get(path)
            or count_file(path, genome, rules, reference=reference, threads=threads, on_progress=on_progress)
        )
    return files


def _common_rules(before: Mapping[Path, CountsFile], own: CountingRules) -> CountingRules:
    """The rules of an analysis, as far as counts files do not say otherwise."""
    rules, source = own, None
    for path, file in before.items():
        found = file.counts.rules
        if found.bin_bp != own.bin_bp:
            raise _other_rules(path, f"bins of {found.bin_bp} bp", f"bins of {own.bin_bp} bp")
        if source is not None and _filters(found) != _filters(rules):
            raise _other_rules(path, _filters(found), f"{_filters(rules)}, as in {source.name}")
        source = path
        rules = replace(
            own, min_mapq=found.min_mapq, keep_duplicates=found.keep_duplicates, regions=found.regions
        )
    return rules


def _filters(rules: CountingRules) -> str:
    """Which reads these rules count, in words that are equal only where the rules are."""
    duplicates = "duplicates kept" if rules.keep_duplicates else "no duplicates"
    inside = f", inside {rules.regions.name} (SHA-256 {rules.regions.sha256[:12]})" if rules.regions else ""
    return f"MAPQ {rules.min_mapq} or more, {duplicates}{inside}"


def _other_rules(path: Path, found: str, expected: str) -> InputError:
    return InputError(
        "GS-2203",
        what="the counts were made by other rules",
        where=str(path),
        found=found,
        expected=expected,
        action="count both again with the same options and this version of genostab",
    )


def refuse_unusual_rules(path: Path, rules: CountingRules, settings: Settings) -> None:
    """Refuse a counts file whose reads are not those that an analysis counts.

    Raises
    ------
    InputError
        GS-2203.
    """
    found, usual = _filters(rules), _filters(counting_rules(settings, telomeres=False))
    if found != usual:
        raise _other_rules(path, found, usual)


def rules_row(rules: CountingRules, settings: Settings) -> tuple[QcRow, ...]:
    """A row that says which reads were counted, where these are not the usual ones."""
    usual = _filters(counting_rules(settings, telomeres=False))
    if _filters(rules) == usual:
        return ()
    return (("reads counted by", _filters(rules), "", f"as the counts file says; usual: {usual}"),)


def read_rows(path: Path, counted: AlignmentCounts, settings: Settings) -> tuple[QcRow, ...]:
    """Reads, duplicates, strands, fragment lengths and telomere reads of one file."""
    forward, reverse = (int(row.sum()) for row in counted.raw[:2])
    reads, duplicates = forward + reverse, float(counted.bins.n_duplicates.sum())
    rows: list[QcRow] = [
        (f"reads counted, {path.name}", reads, "reads", f"of {counted.n_records} records"),
        (
            f"duplicates, {path.name}",
            duplicates / max(reads + duplicates, 1.0),
            "fraction",
            "flagged in the file; counted as reads"
            if counted.rules.keep_duplicates
            else "flagged in the file",
        ),
        (f"forward strand, {path.name}", forward / max(reads, 1), "fraction", "of reads counted"),
    ]
    n_fragments = int(counted.fragment_lengths[:-1].sum())
    if n_fragments:
        low, median, high = fragment_quartiles_bp(counted.fragment_lengths)
        longer = int(counted.fragment_lengths[-1])
        rows.append(
            (
                f"fragment length, {path.name}",
                float(median),
                "bp",
                f"median; quartiles {low:.0f} and {high:.0f}; {n_fragments} proper pairs, {longer} longer than 2000 bp",
            )
        )
    return (*rows, *_telomere_rows(path, counted, settings))


def _telomere_rows(path: Path, counted: AlignmentCounts, settings: Settings) -> tuple[QcRow, ...]:
    found, rule = counted.telomeres, counted.rules.telomere
    if found is None or rule is None:
        return ()
    content = telomere_content(found.n_telomeric, found.n_gc_matched, settings.level)
    interval = f"{content.low:.3g} to {content.high:.3g}" if content.low is not None else "no GC-matched read"
    return (
        (
            f"telomere content, {path.name}",
            "" if content.estimate is None else content.estimate,
            content.unit,
            f"95 % {interval}; {found.n_telomeric} telomere reads ({rule.repeats_per_100_bp} repeats per 100 bases), "
            f"{found.n_gc_matched} GC-matched of {found.n_reads} reads; no length in kb",
        ),
    )
