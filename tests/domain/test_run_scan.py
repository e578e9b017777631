"""The triage on indices written byte by byte: sex and a trisomy are seen, and nothing else is."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.errors import InputError
from genostab.io.alignment_index import WINDOW_BP
from genostab.io.genome import load_genome
from genostab.run.scan import scan_alignment, write_profile

WINDOW_BYTES = 56.0
EMPTY_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def write_index(path: Path, copies: dict[str, float]) -> Path:
    """A BAM of empty blocks and a BAI (SAM specification, section 5.2) that allots bytes by copies, 20 % of noise."""
    genome = load_genome("GRCh38")
    names, lengths = genome.names, genome.length_bp.tolist()
    header = {"SQ": [{"SN": n, "LN": x} for n, x in zip(names, lengths, strict=True)]}
    with pysam.AlignmentFile(str(path), "wb", header=header):
        pass
    rng = np.random.default_rng(3)
    header_bytes = path.stat().st_size
    parts, at = [b"BAI\x01", struct.pack("<i", len(names))], header_bytes
    for i, (name, length) in enumerate(zip(names, lengths, strict=True)):
        n_windows = -(-length // WINDOW_BP)
        n_bytes = WINDOW_BYTES * copies.get(name, 2.0) / 2.0 * rng.normal(1.0, 0.2, n_windows)
        starts = np.arange(n_windows) * WINDOW_BP
        gap = (starts >= genome.centromere_start[i]) & (starts < genome.centromere_end[i])
        n_bytes[gap] = 0.0
        offsets = at + np.concatenate(([0.0], np.cumsum(n_bytes)[:-1]))
        at += len(EMPTY_BLOCK) * -(-int(n_bytes.sum()) // len(EMPTY_BLOCK))  # a contig begins with a block
        parts += [struct.pack("<ii", 0, n_windows), (offsets.astype(np.uint64) << np.uint64(16)).tobytes()]
    with path.open("ab") as file:
        file.write(EMPTY_BLOCK * ((at - header_bytes) // len(EMPTY_BLOCK) + 1))
    path.with_name(path.name + ".bai").write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize(
    ("copies", "sex", "suspects"),
    [
        ({"chrY": 0.0}, "female", []),
        ({"chrX": 1.0, "chrY": 1.0, "chr21": 3.0}, "male", ["chr21"]),
        ({"chrX": 1.0, "chrY": 0.0}, "unknown", ["chrX"]),
        ({"chrY": 0.0, "chr12": 2.2}, "female", []),  # a fifth of the cells: not for an index
    ],
)
def test_sex_and_trisomy_are_seen(
    tmp_path: Path, copies: dict[str, float], sex: str, suspects: list[str]
) -> None:
    scan = scan_alignment(write_index(tmp_path / "a.bam", copies), "GRCh38")
    assert scan.sex == sex
    assert [row.name for row in scan.chromosomes if row.is_suspect] == suspects
    for row in scan.chromosomes:
        assert row.copies == pytest.approx(copies.get(row.name, 2.0), abs=0.15)


def test_without_an_index_it_says_so(tmp_path: Path) -> None:
    path = write_index(tmp_path / "a.bam", {})
    path.with_name("a.bam.bai").unlink()
    with pytest.raises(InputError) as error:
        scan_alignment(path, "GRCh38")
    assert error.value.code == "GS-2001"


def test_an_index_without_reads_is_refused(tmp_path: Path) -> None:
    path = write_index(tmp_path / "a.bam", dict.fromkeys(load_genome("GRCh38").names, 0.0))
    with pytest.raises(InputError) as error:
        scan_alignment(path, "GRCh38")
    assert error.value.code == "GS-2104"


def test_the_index_of_another_file_is_refused(tmp_path: Path) -> None:
    path = write_index(tmp_path / "a.bam", {"chrY": 0.0})
    other = write_index(tmp_path / "b.bam", {"chr1": 3.0})
    other.with_name("b.bam.bai").rename(path.with_name("a.bam.bai"))
    with pytest.raises(InputError, match="another file") as error:
        scan_alignment(path, "GRCh38")
    assert error.value.code == "GS-2101"


def test_the_windows_are_written_in_order_with_their_copies(tmp_path: Path) -> None:
    scan = scan_alignment(write_index(tmp_path / "a.bam", {"chr21": 3.0, "chrY": 0.0}), "GRCh38")
    write_profile(scan, tmp_path / "w.tsv")
    comment, header, *rows = (tmp_path / "w.tsv").read_text(encoding="utf-8").splitlines()
    assert "never a verdict" in comment
    assert header.split("\t") == ["chrom", "start", "end", "compressed_bytes", "copies"]
    genome = load_genome("GRCh38")
    assert len(rows) == int((-(-genome.length_bp // WINDOW_BP)).sum())
    table = [row.split("\t") for row in rows]
    assert table[1][:3] == ["chr1", "16384", "32768"]
    assert [row[2] for row in table if row[0] == "chr21"][-1] == "46709983"
    for name, copies in (("chr20", 2.0), ("chr21", 3.0), ("chrY", 0.0)):
        found = [float(row[4]) for row in table if row[0] == name]
        assert np.median(found) == pytest.approx(copies, abs=0.05)
