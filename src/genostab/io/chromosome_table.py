"""Reads per chromosome of many libraries: one table with a row for each, or `samtools idxstats` of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genostab.arrays import ChromosomeCounts, Int64
from genostab.errors import GenostabError, GenostabErrors, InputError
from genostab.io.delimited import Delimited, parse_rows, separator, split_header
from genostab.io.limits import read_text_capped
from genostab.io.refusals import Problem, refuse_lines

AUTOSOMES = tuple(f"chr{number}" for number in range(1, 23))
_LIBRARY_NAMES = ("library", "sample", "name", "id")
_PROTOCOL_NAMES = ("protocol", "batch")
_SEX = ("chrx", "chry", "x", "y")
_MOST_READS = 2.0**53  # a larger whole number is not exact in a table
_IDXSTATS_FIELDS = 4


@dataclass(frozen=True, kw_only=True)
class ChromosomeTable:
    """Counts, and what was decided or set aside while reading."""

    counts: ChromosomeCounts
    notes: tuple[str, ...]


def read_chromosome_counts(paths: Sequence[Path]) -> ChromosomeTable:
    """Reads per autosome of many libraries.

    Parameters
    ----------
    paths : sequence of Path; one TSV or CSV with a header (``library`` or ``sample``, perhaps ``protocol``, and chr1
        to chr22, with or without ``chr``), or outputs of ``samtools idxstats``, one for each library, named by its file

    Raises
    ------
    InputError
        GS-2001 to GS-2005 and GS-2102 for the file itself; GS-2004 where it is neither; GS-2104 without a row.
    GenostabErrors
        GS-2201 for each missing column or chromosome; GS-2202 for each wrong row.
    """
    if len(paths) == 1 and not _is_idxstats(text := read_text_capped(paths[0])):
        return _read_table(str(paths[0]), text)
    errors: list[GenostabError] = []
    rows = []
    for path in paths:
        try:
            rows.append(_read_idxstats(str(path), read_text_capped(path)))
        except GenostabErrors as refused:
            errors += refused.errors
        except InputError as refused:
            errors.append(refused)
    errors += _repeated_names(paths)
    if errors:
        raise GenostabErrors(errors)
    counts = ChromosomeCounts(
        library=tuple(_library_name(path) for path in paths),
        protocol=("",) * len(rows),
        chrom=AUTOSOMES,
        n_reads=np.array(rows, dtype=np.int64),
    )
    return ChromosomeTable(counts=counts, notes=("contigs other than chr1 to chr22 are not used",))


def _read_table(path: str, text: str) -> ChromosomeTable:
    first = text.index("\n")
    header = split_header(text[:first])
    by_name = {name.lower(): name for name in reversed(header)}
    columns = {name: by_name.get(name) or by_name.get(name.removeprefix("chr")) for name in AUTOSOMES}
    library = next((by_name[name] for name in _LIBRARY_NAMES if name in by_name), None)
    protocol = next((by_name[name] for name in _PROTOCOL_NAMES if name in by_name), None)
    if library is None and not any(columns.values()):
        raise InputError(
            "GS-2004",
            what="the file is no table of reads per chromosome",
            where=f"{path}:1",
            found=text[:first][:80].strip() or "a blank line",
            expected="a header with library (or sample) and chr1 to chr22, or the output of samtools idxstats",
            action="give a table with one row for each library, or one BAM or CRAM with its index",
        )
    wanted = {"library": library, **columns}
    _refuse_missing(path, [name for name, column in wanted.items() if column is None], header)
    texts = [name for name in (library, protocol) if name is not None]
    names = [name for name in columns.values() if name is not None]
    table = parse_rows(
        text[first + 1 :],
        path=path,
        first_line=2,
        header=header,
        sep=separator(text[:first]),
        wanted={**dict.fromkeys(texts, True), **dict.fromkeys(names, False)},
    )
    labels = table.texts(texts[0])
    protocols = table.texts(protocol) if protocol is not None else [""] * len(labels)
    n_reads = _whole_numbers(table, labels, protocols, names)
    counts = ChromosomeCounts(
        library=tuple(labels), protocol=tuple(protocols), chrom=AUTOSOMES, n_reads=n_reads
    )
    sex = [by_name[name] for name in _SEX if name in by_name]
    notes = [f"{' and '.join(sex)} are not used: the sex is not known"] if sex else []
    return ChromosomeTable(counts=counts, notes=tuple(notes))


def _whole_numbers(
    table: Delimited, labels: Sequence[str], protocols: Sequence[str], names: Sequence[str]
) -> Int64:
    """Counts, shape (n_libraries, n_chromosomes); refuses every row that is not a library with whole numbers."""
    columns = [table.numbers(name) for name in names]
    values = np.column_stack([value for value, _ in columns])
    is_count = (values >= 0) & (values <= _MOST_READS) & (np.floor(values) == values)
    problems = []
    for row in np.flatnonzero(~is_count.all(axis=1)).tolist():
        bad = [name for name, good in zip(names, is_count[row], strict=True) if not good]
        texts = table.frame.iloc[row]
        found = ", ".join(f"{name} {str(texts[name])[:20]!r}" for name in bad[:3])
        problems.append(
            Problem(
                line=int(table.line[row]),
                what="a number of reads is wrong",
                found=found + (f" and {len(bad) - 3} more" if len(bad) > 3 else ""),
                expected="whole numbers of at least 0",
            )
        )
    seen: set[tuple[str, str]] = set()
    for row, key in enumerate(zip(labels, protocols, strict=True)):
        if not key[0] or key in seen:
            what = "a library is there twice" if key[0] else "a library has no name"
            problems.append(
                Problem(
                    line=int(table.line[row]), what=what, found=repr(key[0]), expected="a name of its own"
                )
            )
        seen.add(key)
    refuse_lines(table.path, problems, code="GS-2202", action="correct the row or leave it out")
    return np.asarray(values.astype(np.int64), dtype=np.int64)


def _refuse_missing(path: str, missing: Sequence[str], header: Sequence[str]) -> None:
    if missing:
        raise GenostabErrors(
            [
                InputError(
                    "GS-2201",
                    what="a column is missing",
                    where=f"{path}:1",
                    found=", ".join(header)[:200],
                    expected="library or sample" if name == "library" else name,
                    action="add the column; all 22 autosomes are needed, each is compared with the others",
                )
                for name in missing
            ]
        )


def _is_idxstats(text: str) -> bool:
    fields = text[: text.index("\n")].split("\t")
    return len(fields) == _IDXSTATS_FIELDS and all(field.isdigit() for field in fields[1:])


def _library_name(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".txt").removesuffix(".idxstats")


def _read_idxstats(path: str, text: str) -> list[int]:
    """Mapped reads of chr1 to chr22."""
    mapped: dict[str, int] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split("\t")
        if len(fields) != _IDXSTATS_FIELDS or not all(field.isdigit() for field in fields[1:]):
            problems.append(
                Problem(
                    line=number,
                    what="a line is not as samtools idxstats writes it",
                    found=line[:60] or "a blank line",
                    expected="contig, length, mapped and unmapped reads, between tabs",
                )
            )
        else:
            mapped[f"chr{fields[0].removeprefix('chr')}"] = int(fields[2])
    refuse_lines(path, problems, code="GS-2202", action="write it again with samtools idxstats")
    _refuse_missing(path, [name for name in AUTOSOMES if name not in mapped], list(mapped))
    return [mapped[name] for name in AUTOSOMES]


def _repeated_names(paths: Sequence[Path]) -> list[GenostabError]:
    """A refusal for each library name that several files give."""
    return [
        InputError(
            "GS-2202",
            what="two files give the same library name",
            where=", ".join(str(path) for path in paths if _library_name(path) == name)[:200],
            found=repr(name),
            expected="a file name of its own for each library",
            action="rename the files",
        )
        for name, n in Counter(map(_library_name, paths)).items()
        if n > 1
    ]
