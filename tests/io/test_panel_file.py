"""A panel written and read back is the same; a damaged one, or one of another assembly, is refused."""

from __future__ import annotations

import gzip
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genostab.arrays import Bins, Normal, Panel
from genostab.errors import GenostabError
from genostab.io.panel_file import panel_bytes, read_panel
from tests.domain.karyotype_data import toy_bins, toy_genome

GENOME = toy_genome(length_bp=10_000_000)


def panel_of(*, is_counts: bool, bin_bp: int = 100_000) -> Panel:
    rng = np.random.default_rng(1)
    bins: Bins = toy_bins(GENOME, 100_000)
    values = rng.poisson(3.0 if is_counts else 300.0, (bins.chrom.size, 4)).astype(np.float32)
    if not is_counts:
        values = (values / 300).round(5).astype(np.float32)
        values[5, 2] = np.nan
    gc = rng.uniform(0.3, 0.6, bins.chrom.size).round(6)
    gc[7] = np.nan
    values[40:50] = 0
    gc[40:50] = np.nan
    return Panel(
        is_counts=is_counts,
        bin_bp=bin_bp,
        min_mapq=10 * is_counts,
        bins=replace(bins, n_reads=np.nansum(values, axis=1, dtype=float), gc_fraction=gc),
        values=values,
        normals=(
            Normal(
                name="a.bam",
                sha256="ab" * 32,
                sex="female",
                n_reads=9,
                x_log2=-0.00123456,
                panel_sd_log2=1e-9,
            ),
            Normal(
                name="b c.bam", sha256="cd" * 32, sex="male", n_reads=8, left_out="gain of chr21, log2 +0.2"
            ),
            Normal(name="=c", sha256="", sex="unknown", n_reads=0),
            Normal(name="d\n\t", sha256="", sex="male", n_reads=0, bin_sd_log2=0.25),
        ),
        evaluated_bp=500_000,
    )


@pytest.mark.parametrize(("is_counts", "bin_bp"), [(True, 100_000), (False, 100_000), (False, 0)])
def test_what_is_written_is_read_back(tmp_path: Path, is_counts: bool, bin_bp: int) -> None:
    panel = panel_of(is_counts=is_counts, bin_bp=bin_bp)
    path = tmp_path / "panel.tsv.gz"
    path.write_bytes(panel_bytes(panel, GENOME))
    back = read_panel(path, GENOME)
    np.testing.assert_allclose(back.values, panel.values, atol=6e-6)
    for name in ("chrom", "start", "end", "gc_fraction"):
        np.testing.assert_array_equal(getattr(back.bins, name), getattr(panel.bins, name))
    assert [str(asdict(normal)) for normal in back.normals] == [
        str(asdict(normal)) for normal in panel.normals
    ]
    assert (back.is_counts, back.bin_bp, back.evaluated_bp) == (is_counts, bin_bp, 500_000)
    assert panel_bytes(back, GENOME) == path.read_bytes()


def test_a_panel_without_normals_in_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GenostabError, match="damaged panel") as caught:
        read_panel(written(tmp_path, TEXT.replace('"left_out": ""', '"left_out": "noisy"')), GENOME)
    assert "fewer than two normals" in caught.value.found


def written(folder: Path, text: str) -> Path:
    path = folder / "p.tsv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    return path


TEXT = gzip.decompress(panel_bytes(panel_of(is_counts=True), GENOME)).decode()
FIRST = TEXT.split("\n")[3]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("#genostab-panel 1", "#genostab-panel 2", "GS-2004"),
        ('"assembly": "toy"', '"assembly": "GRCh37"', "GS-2101"),
        ('"assembly": "toy"', '"assembly": toy', "GS-2202"),
        ('"values": "reads"', '"values": "ratios"', "GS-2202"),
        ('"sex": "female"', '"sex": "both"', "GS-2202"),
        ('"n_reads": 9', '"n_reads": "many"', "GS-2202"),
        ('"n_reads": 9', '"n_reads": 9, "age": 3', "GS-2202"),
        ('"bin_bp": 100000', '"bin_bp": 90000', "GS-2202"),
        ('"bin_bp": 100000', '"bin_bp": "x"', "GS-2202"),
        ('"left_out": ""', '"left_out": 3', "GS-2202"),
        ("gc_millionths", "gc", "GS-2202"),
        (FIRST, FIRST + "\t3", "GS-2202"),
        (FIRST, "99" + FIRST[1:], "GS-2202"),
        (FIRST, FIRST.replace("\t0\t", "\t1\t", 1), "GS-2202"),
        (FIRST, FIRST + "\n" + FIRST, "GS-2202"),
        (FIRST, FIRST[:-1] + "x", "GS-2202"),
        (FIRST, FIRST[:-1] + "-1", "GS-2202"),
        (FIRST, FIRST.replace("\t100000\t", "\t99999\t", 1), "GS-2202"),
    ],
)
def test_a_changed_panel_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert old in TEXT
    with pytest.raises(GenostabError) as caught:
        read_panel(written(tmp_path, TEXT.replace(old, new, 1)), GENOME)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "GS-2002"),
        (b"chrom\tstart\n", "GS-2004"),
        (gzip.compress(TEXT.encode())[:-40], "GS-2003"),
        (gzip.compress(TEXT[:-3].encode()), "GS-2003"),
        (gzip.compress(b"\0" + TEXT.encode()), "GS-2004"),
        (gzip.compress("\n".join(TEXT.split("\n")[:3]).encode() + b"\n"), "GS-2202"),
    ],
)
def test_what_is_no_whole_panel_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "p.tsv.gz"
    path.write_bytes(data)
    with pytest.raises(GenostabError) as caught:
        read_panel(path, GENOME)
    assert caught.value.code == code


@given(at=st.integers(0, len(TEXT) - 1), byte=st.characters(codec="ascii"))
def test_any_changed_letter_is_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: str
) -> None:
    text = TEXT[:at] + byte + TEXT[at + 1 :]
    path = written(tmp_path_factory.mktemp("p"), text)
    try:
        panel = read_panel(path, GENOME)
    except GenostabError:
        return
    assert panel.values.shape == (GENOME.length_bp.sum() // 100_000, 4)
    assert not (panel.values < 0).any()
