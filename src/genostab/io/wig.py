"""Bins written as WIG, fixedStep or variableStep (UCSC format description)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from genostab.arrays import Float64, Genome, Int64
from genostab.errors import InputError
from genostab.io.genome import chromosome_index
from genostab.io.intervals import RawIntervals, as_float
from genostab.io.refusals import Problem, refuse_lines

_DECLARATION = re.compile(r"(fixedStep|variableStep)((?:[ \t]+[A-Za-z]+=\S+)+)[ \t]*")
_MISSING = frozenset({"NA", "NaN", "nan", "."})


@dataclass(frozen=True, kw_only=True)
class _Block:
    line: Int64
    contig: str
    start: Float64
    end: Float64
    value: Float64


def is_wig(text: str) -> bool:
    """Whether the first line that is no comment and no track line declares a WIG block."""
    for line in text[:100_000].splitlines():
        if line and not line.startswith(("#", "track", "browser")):
            return line.startswith(("fixedStep", "variableStep"))
    return False


def parse_wig(text: str, path: str, genome: Genome) -> RawIntervals:
    """Intervals of a WIG file.

    Parameters
    ----------
    text : str, the whole file, every line ended
    path : str, for messages
    genome : Genome, to which the last bin of a chromosome is clipped: WIG states no end

    Raises
    ------
    GenostabErrors
        GS-2202 for each wrong line.
    InputError
        GS-2104 where no value follows.

    Notes
    -----
    Whole non-negative numbers are read as counts (HMMcopy's readCounter writes such files), others as depth.
    """
    lines = text.split("\n")[:-1]
    heads = [row for row, line in enumerate(lines) if line.startswith(("fixedStep", "variableStep"))]
    problems: list[Problem] = []
    blocks = [
        block
        for head, after in zip(heads, [*heads[1:], len(lines)], strict=True)
        if (block := _parse_block(lines, head, after, problems)) is not None
    ]
    refuse_lines(path, problems, code="GS-2202", action="write the WIG file again")
    if not blocks:
        raise InputError(
            "GS-2104",
            what="the file holds no values",
            where=path,
            found="declarations only",
            expected="one value per line after a fixedStep or variableStep line",
            action="check the step that wrote this file",
        )
    names = tuple(dict.fromkeys(block.contig for block in blocks))
    value = np.concatenate([block.value for block in blocks])
    present = value[np.isfinite(value)]
    counts = bool(np.all((present >= 0) & (present == np.floor(present))))
    return RawIntervals(
        path=path,
        kind="counts" if counts else "depth",
        contig=np.concatenate([np.full(block.line.size, names.index(block.contig)) for block in blocks]),
        contig_names=names,
        start=np.concatenate([block.start for block in blocks]),
        end=np.concatenate([_clipped(block, genome) for block in blocks]),
        line=np.concatenate([block.line for block in blocks]),
        columns={"counts" if counts else "depth": value},
        notes=(),
    )


def _clipped(block: _Block, genome: Genome) -> Float64:
    chrom = chromosome_index(block.contig, genome)
    if chrom < 0:
        return block.end
    length = float(genome.length_bp[chrom])
    return np.where((block.start < length) & (block.end > length), length, block.end)


def _declared(line: str) -> tuple[str, int, int, int] | None:
    """Contig, first base (1-based), step, span of a declaration; None where it is none."""
    match = _DECLARATION.fullmatch(line)
    if match is None:
        return None
    fields = dict(field.split("=", 1) for field in match[2].split())
    fixed = match[1] == "fixedStep"
    needed = {"chrom", "start"} if fixed else {"chrom"}
    numbers = {key: value for key, value in fields.items() if key != "chrom"}
    if not needed <= fields.keys() or not all(value.isdecimal() for value in numbers.values()):
        return None
    step = int(fields.get("step", "1")) if fixed else 0
    # Without a span each value would stand for one base; programs that bin (HMMcopy) mean the step.
    return fields["chrom"], int(fields.get("start", "0")), step, int(fields.get("span", step or 1))


def _parse_block(lines: list[str], head: int, after: int, problems: list[Problem]) -> _Block | None:
    declared = _declared(lines[head])
    if declared is None:
        problems.append(
            Problem(
                line=head + 1,
                what="not a WIG declaration",
                found=lines[head][:80],
                expected="fixedStep chrom= start= step= span=, or variableStep chrom= span=",
            )
        )
        return None
    contig, first, step, span = declared
    rows = [row for row in range(head + 1, after) if lines[row] and not lines[row].startswith(("#", "track"))]
    if not rows:
        return None
    texts = [lines[row] for row in rows]
    line = np.array(rows, dtype=np.int64) + 1
    if step:
        start = first - 1.0 + step * np.arange(len(rows), dtype=np.float64)
        return _Block(
            line=line, contig=contig, start=start, end=start + span, value=_numbers(texts, line, problems)
        )
    pairs = [text.split() for text in texts]
    wrong = [row for row, pair in enumerate(pairs) if len(pair) != 2]
    problems += [
        Problem(
            line=int(line[row]),
            what="not a position and a value",
            found=texts[row][:80],
            expected="two numbers",
        )
        for row in wrong
    ]
    if wrong:
        return None
    start = _numbers([pair[0] for pair in pairs], line, problems) - 1.0
    value = _numbers([pair[1] for pair in pairs], line, problems)
    return _Block(line=line, contig=contig, start=start, end=start + span, value=value)


def _numbers(texts: list[str], line: Int64, problems: list[Problem]) -> Float64:
    try:
        values = as_float(texts)
    except ValueError:
        values = as_float([_number(text) for text in texts])
        missing = [text in _MISSING for text in texts]
    else:
        missing = [False] * len(texts) if np.isfinite(values).all() else [text in _MISSING for text in texts]
    wrong = ~np.isfinite(values) & ~np.array(missing, dtype=np.bool_)
    problems += [
        Problem(line=int(line[row]), what="not a finite number", found=texts[row][:80], expected="a number")
        for row in np.flatnonzero(wrong)
    ]
    return values


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
