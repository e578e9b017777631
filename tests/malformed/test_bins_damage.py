"""Damaged copies of one good .cnr; a rival segmenter took 12 of 17 of them without a word."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genostab.errors import GenostabErrors, InputError
from genostab.io.bins import BinsFile, read_bins
from genostab.io.genome import load_genome

HG38 = load_genome("GRCh38")
HEADER = "chromosome\tstart\tend\tgene\tlog2\tdepth\tweight"


def good_rows() -> list[list[str]]:
    draw = np.random.default_rng(7)
    return [
        [
            f"chr{chrom}",
            str(50_000 * row),
            str(50_000 * (row + 1)),
            "-",
            f"{draw.normal(0, 0.2):.6g}",
            f"{draw.uniform(0.5, 1.5):.6g}",
            f"{draw.uniform(0.6, 1):.6g}",
        ]
        for chrom in (1, 2, 7)
        for row in range(200)
    ]


def joined(rows: list[list[str]]) -> bytes:
    return ("\n".join([HEADER, *("\t".join(row) for row in rows)]) + "\n").encode()


def changed(column: int, value: str, every: int = 7) -> bytes:
    rows = good_rows()
    for row in rows[3::every]:
        row[column] = value
    return joined(rows)


def swapped() -> bytes:
    rows = good_rows()
    rows[5][1], rows[5][2] = rows[5][2], rows[5][1]
    return joined(rows)


def without(column: int) -> bytes:
    header = HEADER.split("\t")
    del header[column]
    rows = [row[:column] + row[column + 1 :] for row in good_rows()]
    return ("\n".join(["\t".join(header), *("\t".join(row) for row in rows)]) + "\n").encode()


GOOD = joined(good_rows())
NOISE = np.random.default_rng(3).bytes(4000)

# Name of the damage, the bytes, the codes of which one must refuse it.
HARMFUL: list[tuple[str, bytes, set[str]]] = [
    ("cut in a line", GOOD[: len(GOOD) // 3], {"GS-2003"}),
    ("cut in the last number", GOOD[:-3], {"GS-2003"}),
    ("cut in a line, line end put back", GOOD[: len(GOOD) // 3] + b"\n", {"GS-2202"}),
    ("0 bytes", b"", {"GS-2002"}),
    ("header only", (HEADER + "\n").encode(), {"GS-2104"}),
    ("all missing", joined([[*row[:4], "NaN", *row[5:]] for row in good_rows()]), {"GS-2104"}),
    ("every 7th infinite", changed(4, "Inf"), {"GS-2202"}),
    ("start after end", swapped(), {"GS-2202"}),
    ("negative coordinates", changed(1, "-50000"), {"GS-2202"}),
    ("coordinates of 1e30", changed(2, "1e30"), {"GS-2101"}),
    ("ratio of 1e30", changed(4, "1e30"), {"GS-2202"}),
    ("doubled rows", joined([row for row in good_rows() for _ in (0, 1)]), {"GS-2202"}),
    ("a path as chromosome", changed(0, "../../etc"), {"GS-2202"}),
    ("markup as chromosome", changed(0, "<img src=x>"), {"GS-2202"}),
    ("binary noise", NOISE, {"GS-2004"}),
    ("noise in gzip", gzip.compress(NOISE), {"GS-2004"}),
    ("gzip bomb", gzip.compress(b"0" * 50_000_000), {"GS-2005"}),
    ("cut gzip", gzip.compress(GOOD)[:-200], {"GS-2003"}),
    ("text in a number", changed(4, "high"), {"GS-2202"}),
    ("no log2, no depth", without(5).replace(b"log2", b"note"), {"GS-2201"}),
    ("no end", without(2), {"GS-2004"}),
    ("extra fields", GOOD.replace(b"\t-\t", b"\t-\tmore\t", 40), {"GS-2202"}),
    ("UTF-16", GOOD.decode().encode("utf-16"), {"GS-2004"}),
]


def read(tmp_path: Path, data: bytes, name: str = "x.cnr") -> BinsFile:
    path = tmp_path / name
    path.write_bytes(data)
    return read_bins(path, HG38)


def test_the_good_file_is_read_whole(tmp_path: Path) -> None:
    out = read(tmp_path, GOOD)
    assert out.kind == "ratio"
    assert out.bins.start.size == 600
    assert out.bins.ratio_log2.tolist() == [float(row[4]) for row in good_rows()]


@pytest.mark.parametrize(("data", "codes"), [case[1:] for case in HARMFUL], ids=[case[0] for case in HARMFUL])
def test_harmful_damage_is_refused(tmp_path: Path, data: bytes, codes: set[str]) -> None:
    with pytest.raises((InputError, GenostabErrors)) as caught:
        read(tmp_path, data)
    errors = getattr(caught.value, "errors", [caught.value])
    assert {error.code for error in errors} <= codes
    assert len(errors) <= 21
    for error in errors:
        assert str(tmp_path / "x.cnr") in error.where
        assert all((error.what, error.found, error.expected, error.action))


def shuffled() -> bytes:
    rows = good_rows()
    order = np.random.default_rng(1).permutation(len(rows))
    return joined([rows[at] for at in order])


@pytest.mark.parametrize(
    ("make", "name", "note"),
    [
        (shuffled, "x.cnr", "sorted"),
        (lambda: GOOD, "<img src=x onerror=alert(1)>.cnr", ""),
        (lambda: GOOD.replace(b"\n", b"\r\n"), "x.cnr", ""),
        (lambda: gzip.compress(GOOD), "no_extension", ""),
    ],
    ids=["shuffled", "markup in the name", "Windows line ends", "gzip without .gz"],
)
def test_harmless_oddities_give_the_same_bins(
    tmp_path: Path, make: Callable[[], bytes], name: str, note: str
) -> None:
    good, odd = read(tmp_path, GOOD), read(tmp_path, make(), name)
    for key, values in vars(good.bins).items():
        assert np.all(values == getattr(odd.bins, key)) or key in {
            "n_reads",
            "gc_fraction",
            "mapq0_fraction",
            "n_duplicates",
        }
    assert any(note in text for text in odd.notes)


def test_every_cut_is_refused_or_ends_a_line(tmp_path: Path) -> None:
    for end in range(len(HEADER) + 2, len(GOOD), 101):
        cut = GOOD[:end]
        try:
            out = read(tmp_path, cut)
        except (InputError, GenostabErrors):
            continue
        assert cut.endswith(b"\n")
        assert out.bins.start.size == cut.count(b"\n") - 1


def test_any_changed_byte_gives_bins_or_a_refusal(tmp_path: Path) -> None:
    draw = np.random.default_rng(11)
    n_refused = 0
    for _ in range(300):
        data = bytearray(GOOD[:5000].rpartition(b"\n")[0] + b"\n")
        for _ in range(draw.integers(1, 5)):
            data[draw.integers(len(data))] = draw.integers(256)
        try:
            read(tmp_path, bytes(data))
        except (InputError, GenostabErrors):
            n_refused += 1
    assert n_refused > 150
