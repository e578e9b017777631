"""Coverage of targets whose rows name their place as chr:start-end: GATK DepthOfCoverage by interval, and PureCN."""

from __future__ import annotations

import re
from dataclasses import replace

from genostab.errors import InputError
from genostab.io.bin_table import parse_bin_table
from genostab.io.delimited import split_header
from genostab.io.intervals import RawIntervals
from genostab.io.refusals import Problem, refuse_lines

# 1-based, both ends included; GATK writes a target of one base without its end.
_PLACE = re.compile(r"(\S+):([0-9]{1,12})(?:-([0-9]{1,12}))?")
_COVERAGE = {"average_coverage", "counts"}
_OF_ONE_SAMPLE = "_mean_cvg"


def is_target_table(text: str) -> bool:
    """Whether the header begins with Target and names coverage."""
    names = _header(text)
    return names[0] == "target" and not _COVERAGE.isdisjoint(names)


def parse_target_table(text: str, path: str, sample: str | None) -> RawIntervals:
    """Intervals of a table of targets; those that are said not to be on target are left out.

    Parameters
    ----------
    text : str, the whole file, every line ended; separated by tabs, commas or blanks
    path : str, for messages
    sample : str or None, as in `parse_bin_table`

    Raises
    ------
    InputError
        GS-2004 where it holds several samples; otherwise as `parse_bin_table`.
    GenostabErrors
        GS-2202 for each line whose first field is no place, and as `parse_bin_table`.
    """
    names = _header(text)
    _refuse_several(names, path)
    on_target = names.index("on_target") if "on_target" in names else None
    lines = ["\t".join(("chrom", "start", "end", *names[1:]))]
    problems: list[Problem] = []
    n_beside = 0
    for number, line in enumerate(text.split("\n")[1:-1], start=2):
        first, *others = line.replace('"', "").replace(",", "\t").replace(" ", "\t").split("\t")
        place = _PLACE.fullmatch(first)
        if not line:
            lines.append("")
        elif place is None:
            problems.append(
                Problem(
                    line=number,
                    what="no place",
                    found=first[:60] or "nothing",
                    expected="chr:start-end, 1-based",
                )
            )
        elif on_target is not None and others[on_target - 1 : on_target] == ["FALSE"]:
            lines.append("")
            n_beside += 1
        else:
            chrom, start, end = place.groups()
            lines.append("\t".join((chrom, str(int(start) - 1), end or start, *others)))
    refuse_lines(
        path, problems, code="GS-2202", action="export the table again, with its targets in the first column"
    )
    raw = parse_bin_table("\n".join([*lines, ""]), path, sample)
    notes = (f"{n_beside} bins beside the targets are left out",) if n_beside else ()
    return replace(raw, notes=(*raw.notes, *notes))


def _header(text: str) -> list[str]:
    line = text.partition("\n")[0]
    return [name.lower() for name in split_header(line if "\t" in line else line.replace(" ", "\t"))]


def _refuse_several(names: list[str], path: str) -> None:
    samples = [name.removesuffix(_OF_ONE_SAMPLE) for name in names if name.endswith(_OF_ONE_SAMPLE)]
    if len(samples) > 1:
        raise InputError(
            "GS-2004",
            what="the coverage is that of several samples together",
            where=path,
            found=", ".join(samples[:10]),
            expected="the coverage of one sample",
            action="run DepthOfCoverage on each sample by itself",
        )
