"""Normal samples to a panel file."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from genostab.arrays import Bins, Float32, Float64, Genome, Normal, Panel
from genostab.errors import InputError
from genostab.io.alignment_counts import AlignmentCounts, tile_genome
from genostab.io.atomic import write_atomic
from genostab.io.bins import read_bins
from genostab.io.fasta import composition_from_fasta
from genostab.io.genome import load_genome
from genostab.io.panel_file import panel_bytes
from genostab.karyotype.bins import autosomes
from genostab.karyotype.panel_check import checked_panel
from genostab.karyotype.settings import Settings, load_settings
from genostab.karyotype.sex import Sex, infer_sex
from genostab.run.file_kind import file_kind
from genostab.run.provenance import sha256_of
from genostab.run.reads import count_or_read, refuse_unusual_rules


@dataclass(frozen=True, kw_only=True)
class _Read:
    """One normal as it was read; `gc` and `mapq0` are (numerator, denominator) per bin, to be pooled."""

    bins: Bins
    is_counted: bool
    is_counts: bool
    sha256: str
    gc: tuple[Float64, Float64]
    mapq0: tuple[Float64, Float64]


def make_panel(
    paths: Sequence[Path],
    out: Path,
    *,
    assembly: str,
    sexes: Sequence[Sex] | None,
    reference: Path | None,
    threads: int,
    on_progress: Callable[[str], None],
) -> tuple[Panel, tuple[str, ...]]:
    """The panel of normal samples, written to `out`, and remarks.

    Parameters
    ----------
    paths : sequence of Path, BAM, CRAM or counts files; or coverage in equal bins
    out : Path, ending in .gz by custom
    assembly : str
    sexes : sequence of Sex as long as paths; from X and Y where None
    reference : Path or None, FASTA of a CRAM, and GC of coverage that brings none
    threads : int, threads that inflate
    on_progress : called with a line before each step

    Raises
    ------
    InputError, GenostabErrors
        GS-2106 where the files make no panel; GS-2203 where they are not of one kind; those of the readers.
    """
    genome, settings = load_genome(assembly), load_settings()
    panel, remarks = _read_all(paths, sexes, reference, genome, settings, threads, on_progress)
    on_progress("each normal against the others")
    panel = checked_panel(panel, genome, settings)
    write_atomic(out, panel_bytes(panel, genome))
    return panel, remarks


def _read_all(
    paths: Sequence[Path],
    sexes: Sequence[Sex] | None,
    reference: Path | None,
    genome: Genome,
    settings: Settings,
    threads: int,
    on_progress: Callable[[str], None],
) -> tuple[Panel, tuple[str, ...]]:
    if sexes is not None and len(sexes) != len(paths):
        raise _refuse(
            "the list of sexes",
            f"{len(sexes)} sexes",
            f"{len(paths)}, one per normal",
            "name the sex of each normal",
        )
    normals: list[Normal] = []
    values: list[Float32] = []
    remarks: list[str] = []
    pooled: list[np.ndarray[tuple[int, int], np.dtype[np.float64]]] = []
    first: _Read | None = None
    for number, (path, read) in enumerate(_reads(paths, reference, genome, settings, threads, on_progress)):
        first = first or read
        _refuse_unlike(first, read, paths[0], path)
        _refuse_twice(read, path, normals)
        seen = infer_sex(read.bins, read.bins.n_reads, genome, settings)
        if sexes is not None and seen not in ("unknown", sexes[number]):
            remarks.append(f"{path.name}: stated {sexes[number]}, but X and Y say {seen}; check its identity")
        normals.append(
            Normal(
                name=path.name,
                sha256=read.sha256,
                sex=sexes[number] if sexes is not None else seen,
                n_reads=int(read.bins.n_reads.sum()) if read.is_counts else 0,
            )
        )
        values.append(_values(read, path, genome))
        parts = np.stack((*read.gc, *read.mapq0))
        pooled = [pooled[0] + parts] if pooled else [parts]
    assert first is not None, "the command demands at least one"
    return _panel(first, values, normals, pooled[0], genome, settings), tuple(remarks)


def _reads(
    paths: Sequence[Path],
    reference: Path | None,
    genome: Genome,
    settings: Settings,
    threads: int,
    on_progress: Callable[[str], None],
) -> Iterator[tuple[Path, _Read]]:
    """Each file with what it holds, a few at a time; an alignment takes all threads for itself."""
    at_once = 1 if any(file_kind(path) == "alignment" for path in paths) else threads
    with ThreadPoolExecutor(at_once) as pool:
        for first in range(0, len(paths), at_once):
            some = paths[first : first + at_once]
            on_progress(f"reads of {some[0].name}")
            yield from zip(
                some, pool.map(lambda p: _read(p, reference, genome, settings, threads), some), strict=True
            )


def _read(path: Path, reference: Path | None, genome: Genome, settings: Settings, threads: int) -> _Read:
    kind = file_kind(path)
    if kind == "array":
        raise _refuse(
            str(path), "a SNP array", "reads or coverage", "arrays are normalised by their own software"
        )
    if kind == "bins":
        return _read_coverage(path, reference, genome)
    (file,) = count_or_read(
        (path,), genome, settings, reference=reference, telomeres=False, threads=threads, on_progress=_silent
    )
    refuse_unusual_rules(path, file.counts.rules, settings)
    return _counted(file.counts, file.sha256)


def _silent(message: str) -> None:
    pass


def _counted(counts: AlignmentCounts, sha256: str) -> _Read:
    forward, reverse, mapq0, _, gc, bases = counts.raw.astype(np.float64)
    return _Read(
        bins=counts.bins,
        is_counted=True,
        is_counts=True,
        sha256=sha256,
        gc=(gc, bases),
        mapq0=(mapq0, forward + reverse + mapq0),
    )


def _read_coverage(path: Path, reference: Path | None, genome: Genome) -> _Read:
    file = read_bins(path, genome)
    if file.kind == "ratio":
        raise _refuse(
            str(path),
            "log2 ratios to a reference",
            "reads or coverage",
            "give the coverage that they were made from, such as .targetcoverage.cnn",
        )
    gc = file.bins.gc_fraction
    if reference is not None and not np.isfinite(gc).any():
        gc, _ = composition_from_fasta(reference, genome, file.bins)
    known = np.isfinite(gc).astype(np.float64)
    none = np.zeros(gc.size)
    return _Read(
        bins=file.bins,
        is_counted=False,
        is_counts=file.kind == "counts",
        sha256=sha256_of(path),
        gc=(np.nan_to_num(gc), known),
        mapq0=(none, none),
    )


def _values(read: _Read, path: Path, genome: Genome) -> Float32:
    """Reads, or depth over the median depth of the autosomes."""
    values = read.bins.n_reads
    own = values[autosomes(genome)[read.bins.chrom] & (values > 0)]
    if not own.size:
        raise InputError(
            "GS-2104",
            what="a normal without coverage of the autosomes",
            where=str(path),
            found="no bin above 0",
            expected="a normal sample of the protocol of the lots",
            action="leave it out, or give the right file",
        )
    return (values if read.is_counts else values / np.median(own)).astype(np.float32)


def _panel(
    first: _Read,
    values: Sequence[Float32],
    normals: Sequence[Normal],
    pooled: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    genome: Genome,
    settings: Settings,
) -> Panel:
    matrix = np.stack(values, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        gc, mapq0 = pooled[0] / pooled[1], pooled[2] / pooled[3]
    bins = replace(
        first.bins,
        n_reads=np.nansum(matrix, axis=1, dtype=np.float64),
        gc_fraction=gc,
        mapq0_fraction=mapq0,
        n_duplicates=np.full(gc.size, np.nan),
    )
    return Panel(
        is_counts=first.is_counts,
        bin_bp=_tiling_width(bins, genome),
        min_mapq=settings.min_mapq if first.is_counted else 0,
        bins=bins,
        values=matrix,
        normals=tuple(normals),
    )


def _tiling_width(bins: Bins, genome: Genome) -> int:
    """Width of bins that tile the whole genome, 0 of others."""
    width = int(bins.end[0] - bins.start[0])
    _, chrom, start = tile_genome(genome, width)
    tiles = np.array_equal(chrom, bins.chrom) and np.array_equal(start, bins.start)
    ends = np.minimum(start + width, genome.length_bp[chrom])
    return width if tiles and np.array_equal(ends, bins.end) else 0


def _refuse_unlike(first: _Read, read: _Read, first_path: Path, path: Path) -> None:
    same = (first.is_counted, first.is_counts, first.bins.chrom.size) == (
        read.is_counted,
        read.is_counts,
        read.bins.chrom.size,
    ) and all(
        np.array_equal(getattr(first.bins, name), getattr(read.bins, name))
        for name in ("chrom", "start", "end")
    )
    if not same:
        raise InputError(
            "GS-2203",
            what="the normals do not have the same bins",
            where=str(path),
            found=_in_words(read),
            expected=f"{_in_words(first)}, the same as in {first_path.name}",
            action="count all normals with the same regions and program",
        )


def _in_words(read: _Read) -> str:
    return f"{'reads' if read.is_counts else 'depth'} in {read.bins.chrom.size} bins"


def _refuse_twice(read: _Read, path: Path, normals: Sequence[Normal]) -> None:
    twin = next((normal.name for normal in normals if normal.sha256 == read.sha256), None)
    if twin is not None:
        raise _refuse(
            str(path),
            f"the same data as {twin}",
            "different samples",
            "name each normal once: twins hide the noise",
        )


def _refuse(where: str, found: str, expected: str, action: str) -> InputError:
    return InputError(
        "GS-2106",
        what="no panel can be made of these files",
        where=where,
        found=found,
        expected=expected,
        action=action,
    )


def panel_table(panel: Panel) -> tuple[tuple[tuple[str, ...], ...], str]:
    """A header and a row per normal: its noise against the others, and between its chromosomes with and without them.

    Returns
    -------
    rows : tuple of tuple of str
    note : str, unit and bin width
    """
    header = (
        "normal",
        "sex",
        "reads",
        "bin SD",
        "chromosome SD alone",
        "with panel",
        "independent noise",
        "left out",
    )
    rows = tuple(
        (
            normal.name,
            normal.sex,
            str(normal.n_reads or ""),
            *("" if math.isnan(value) else f"{value:.5f}" for value in _figures(normal)),
            normal.left_out,
        )
        for normal in panel.normals
    )
    width = f"bins of {panel.evaluated_bp} bp" if panel.evaluated_bp else "the bins of the files"
    return (header, *rows), f"log2, in {width}; each normal against the others"


def _figures(normal: Normal) -> tuple[float, ...]:
    return (normal.bin_sd_log2, normal.alone_sd_log2, normal.panel_sd_log2, normal.counting_sd_log2)
