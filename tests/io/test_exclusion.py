"""Exclusion lists: read as the BED format says, refused line by line, and shared out to bins base by base."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genostab.errors import GenostabErrors, InputError
from genostab.io.exclusion import excluded_share, read_exclusion
from genostab.io.genome import load_genome
from tests.io.test_tracks_fasta import bins_of

HG38 = load_genome("GRCh38")


def written(folder: Path, text: str, name: str = "x.bed") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 60), st.integers(0, 30)), min_size=1, max_size=12),
    st.integers(0, 2**32 - 1),
)
def test_shares_are_those_of_each_base(
    tmp_path_factory: pytest.TempPathFactory, regions: list[tuple[int, int, int]], seed: int
) -> None:
    rows = [(chrom, start, start + length) for chrom, start, length in regions]
    covered = np.zeros((2, 100), dtype=bool)
    for chrom, start, end in rows:
        covered[chrom, start:end] = True
    np.random.default_rng(seed).shuffle(rows)
    text = "".join(f"chr{chrom + 1}\t{start}\t{end}\n" for chrom, start, end in rows)
    half = len(rows) // 2
    folder = tmp_path_factory.mktemp("bed")
    lists = tuple(
        read_exclusion(written(folder, part, name), HG38)
        for name, part in (("a.bed", text), ("b.bed.gz", "".join(text.splitlines(keepends=True)[:half])))
        if part
    )
    bins = bins_of(*[(chrom, at, min(at + 7, 100)) for chrom in (0, 1) for at in range(0, 100, 7)])
    share = excluded_share(lists, bins)
    assert share is not None
    for chrom, start, end, value in zip(bins.chrom, bins.start, bins.end, share, strict=True):
        assert value == pytest.approx(covered[chrom, start:end].mean(), abs=1e-12)


def test_no_list_is_no_share() -> None:
    assert excluded_share((), bins_of((0, 0, 10))) is None


def test_what_bed_files_hold_beside_regions(tmp_path: Path) -> None:
    text = "#c\ntrack name=x\nbrowser position chr1\n\n1 5 9\nX\t0\t3\tname\t0\t+\nGL000225.1\t0\t5\n"
    found = read_exclusion(written(tmp_path, text), HG38)
    assert (found.chrom.tolist(), found.start.tolist(), found.end.tolist()) == ([0, 22], [5, 0], [9, 3])
    assert found.contigs == ("1", "X")
    assert found.notes == ("x.bed: 1 rows on 1 other contigs (GL000225.1) were left out",)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "GS-2002", "empty"),
        ("#only\n", "GS-2104", "no region"),
        ("chr1\t5\n", "GS-2202", "no BED region"),
        ("chr1\t5\tx\n", "GS-2202", "no BED region"),
        ("chr1\t-5\t9\n", "GS-2202", "no BED region"),
        ("chr1\t9\t5\n", "GS-2202", "before the start"),
        ("chr1:5-9\n", "GS-2202", "no BED region"),
        ("Chr_one\t5\t9\n", "GS-2101", "no contig is a human chromosome"),
        ("chr1\t5\t9\n1\t5\t9\n", "GS-2101", "two names"),
        ("../x\t5\t9\n", "GS-2202", "not a contig name"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, code: str, words: str) -> None:
    with pytest.raises((InputError, GenostabErrors)) as caught:
        read_exclusion(written(tmp_path, text), HG38)
    (error,) = getattr(caught.value, "errors", [caught.value])
    assert error.code == code
    assert words in error.what
    assert all((error.where, error.found, error.expected, error.action))


def test_a_list_of_another_assembly_is_named(tmp_path: Path) -> None:
    # chr17 ends at 83,257,441 in GRCh38, at 81,195,210 in GRCh37.
    path = written(tmp_path, "chr17\t83000000\t83200000\n")
    with pytest.raises(InputError) as caught:
        read_exclusion(path, load_genome("GRCh37"))
    assert caught.value.code == "GS-2101"
    assert caught.value.where == f"{path}:1"
    assert "GRCh38" in caught.value.action


def test_real_lists_of_another_assembly(data_dir: Path) -> None:
    tracks = data_dir / "tracks"
    with pytest.raises(InputError, match="past the ends") as caught:
        read_exclusion(tracks / "hg38_gaps.bed.gz", load_genome("GRCh37"))
    assert "GRCh38" in caught.value.action
    with pytest.raises(InputError, match="past the ends") as caught:
        read_exclusion(tracks / "exclude_cnv_100bp_b37.bed.gz", HG38)
    assert "GRCh37" in caught.value.action
    assert read_exclusion(tracks / "exclude_cnv_100bp_b37.bed.gz", load_genome("GRCh37")).contigs[0] == "1"
