"""Text on the terminal: safe, at most 100 columns wide, and quiet where nobody reads on."""

from __future__ import annotations

import itertools
import operator
import os
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence

import click

WIDTH = 100
_GAP = "  "
_NARROWEST = 8
# Control characters out of a file could rewrite the terminal.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def say(text: str, *, err: bool = False) -> None:
    """Print text with control characters shown as codes; a reader that went away does not end the command."""
    try:
        click.echo(_CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text), err=err)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, (sys.stderr if err else sys.stdout).fileno())
        os.close(nowhere)


def filled(text: str, indent: str = "") -> str:
    """Text in lines of at most 100 columns, `indent` before all but the first."""
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False)


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in aligned columns, wrapped between words to 100 columns together; only what has no end is broken.

    Examples
    --------
    >>> print(text_table([("name", "limit"), ("TETRA", "le 0.04")]))
    name   limit
    TETRA  le 0.04
    """
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    words = [max((len(word) for cell in column for word in cell.split()), default=0) for column in columns]
    room = WIDTH - len(_GAP) * (len(widths) - 1)
    for narrowest in (words, [_NARROWEST] * len(widths)):
        while sum(widths) > room and any(map(operator.gt, widths, narrowest)):
            slack = [(width > least, width) for width, least in zip(widths, narrowest, strict=True)]
            widths[slack.index(max(slack))] -= 1
    return "\n".join(line for row in rows for line in _wrapped(row, widths))


def _wrapped(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [
        textwrap.wrap(cell, width, break_on_hyphens=False) for cell, width in zip(row, widths, strict=True)
    ]
    for parts in itertools.zip_longest(*cells, fillvalue="") if any(cells) else [("",) * len(cells)]:
        padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
        yield _GAP.join(padded).rstrip()
