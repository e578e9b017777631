"""GC and mappability per bin, against counting base by base."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genostab.arrays import Bins, Genome
from genostab.errors import GenostabErrors, InputError
from genostab.io import fasta
from genostab.io.fasta import composition_from_fasta
from genostab.io.genome import load_genome
from genostab.io.tracks import read_track

HG38 = load_genome("GRCh38")


def bins_of(*rows: tuple[int, int, int]) -> Bins:
    chrom, start, end = (np.array(column) for column in zip(*rows, strict=True))
    nothing = np.full(len(rows), np.nan)
    return Bins(
        chrom=chrom.astype(np.int16),
        start=start.astype(np.int64),
        end=end.astype(np.int64),
        n_reads=nothing,
        ratio_log2=nothing,
        weight=np.ones(len(rows)),
        gc_fraction=nothing,
        mapq0_fraction=nothing,
        n_duplicates=nothing,
    )


def test_track_is_weighted_by_shared_bases(tmp_path: Path) -> None:
    (tmp_path / "t.bg").write_text("chr1\t0\t10\t0.2\nchr1\t10\t20\t1.0\nchr1\t40\t50\t0.5\nchr2\t0\t5\t0\n")
    bins = bins_of((0, 0, 20), (0, 5, 12), (0, 20, 40), (0, 15, 45), (1, 0, 100), (2, 0, 9))
    expected = [0.6, (5 * 0.2 + 2) / 7, np.nan, (5 + 2.5) / 10, 0.0, np.nan]
    assert read_track(tmp_path / "t.bg", HG38, bins) == pytest.approx(expected, nan_ok=True, abs=1e-12)


def test_hmmcopy_wig_of_gc(tmp_path: Path) -> None:
    (tmp_path / "gc.wig").write_text("fixedStep chrom=chr1 start=1 step=10 span=10\n-1\n0.4\n0.6\n")
    found = read_track(tmp_path / "gc.wig", HG38, bins_of((0, 0, 10), (0, 0, 20), (0, 10, 30)))
    assert found == pytest.approx([np.nan, 0.4, 0.5], nan_ok=True)


@pytest.mark.parametrize("column", ["gc", "value", "mappability"])
def test_track_with_a_header(tmp_path: Path, column: str) -> None:
    (tmp_path / "t.tsv").write_text(f"chrom\tstart\tend\t{column}\nchr1\t0\t10\t0.3\n")
    assert read_track(tmp_path / "t.tsv", HG38, bins_of((0, 0, 10))).tolist() == [0.3]


def test_percent_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.bg").write_text("chr1\t0\t10\t41\n")
    with pytest.raises(GenostabErrors, match="divide percent by 100"):
        read_track(tmp_path / "t.bg", HG38, bins_of((0, 0, 10)))


def tiny_genome(**lengths: int) -> Genome:
    names = tuple(lengths)
    empty = np.empty(0, dtype=np.int64)
    return Genome(
        assembly="tiny",
        names=names,
        length_bp=np.array([lengths[name] for name in names], dtype=np.int64),
        centromere_start=empty,
        centromere_end=empty,
        band_chrom=empty.astype(np.int16),
        band_start=empty,
        band_end=empty,
        band_name=(),
        par=(),
    )


@given(
    st.lists(st.text(alphabet="ACGTNacgtnR", min_size=1, max_size=200), min_size=1, max_size=3),
    st.integers(1, 70),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(3, 64),
    st.booleans(),
)
def test_gc_equals_counting_each_base(
    tmp_path_factory: pytest.TempPathFactory, bases: list[str], width: int, end: str, chunk: int, pack: bool
) -> None:
    text = "".join(
        f">chr{number} some words > more{end}"
        + "".join(sequence[at : at + width] + end for at in range(0, len(sequence), width))
        for number, sequence in enumerate(bases, 1)
    )
    path = tmp_path_factory.mktemp("fa") / "x.fa"
    path.write_bytes(gzip.compress(text.encode()) if pack else text.encode())
    genome = tiny_genome(**{f"chr{number}": len(sequence) for number, sequence in enumerate(bases, 1)})
    rows = [
        (chrom, start, min(start + 7, len(sequence)))
        for chrom, sequence in enumerate(bases)
        for start in range(0, len(sequence), 7)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fasta, "_CHUNK_BYTES", max(chunk, 40))
        found = composition_from_fasta(path, genome, bins_of(*rows))
    for (chrom, start, stop), value, gap in zip(rows, *found, strict=True):
        piece = bases[chrom][start:stop].upper()
        strong, weak = sum(map(piece.count, "GC")), sum(map(piece.count, "AT"))
        assert gap == pytest.approx((len(piece) - strong - weak) / (stop - start))
        if strong + weak:
            assert value == strong / (strong + weak)
        else:
            assert np.isnan(value)


def test_fasta_of_another_assembly(tmp_path: Path) -> None:
    (tmp_path / "x.fa").write_text(">chr1\nACGT\n")
    with pytest.raises(InputError) as caught:
        composition_from_fasta(tmp_path / "x.fa", HG38, bins_of((0, 0, 4)))
    assert caught.value.code == "GS-2101"


@pytest.mark.parametrize(
    "text", ["ACGT\n", ">chr1\nAC!T\n", ">chr1\nAC\n>chr1\nGT\n", ">\nACGT\n", ">chr1", "\n"]
)
def test_no_fasta(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.fa").write_text(text)
    with pytest.raises(InputError) as caught:
        composition_from_fasta(tmp_path / "x.fa", replace(tiny_genome(chr1=4)), bins_of((0, 0, 4)))
    assert caught.value.code == "GS-2004"
