"""What a file holds is told by its bytes; sample and parent must hold the same."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from genostab.errors import GenostabErrors
from genostab.lot.manifest import Sequencing
from genostab.run.file_kind import check_same_kind, file_kind, sample_file

ARRAY = b"Name\tChr\tPosition\tA.GType\tA.Log R Ratio\tA.B Allele Freq\n"
VCF = b"##fileformat=VCFv4.2\n##contig=<ID=1>\n"
BINS = b"chr1\t0\t100\t3\n"
BAM = gzip.compress(b"BAM\1" + bytes(100))


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.bam", BAM, "alignment"),
        ("a", BAM, "alignment"),
        ("a.cram", b"CRAM\3\0", "alignment"),
        ("a.cram", b"CRAN", "alignment"),
        ("a.bam", b"", "alignment"),
        ("a.bam", b"\x1f\x8bnonsense", "alignment"),
        ("a.gz", b"\x1f\x8bnonsense", "bins"),
        ("a.txt", ARRAY, "array"),
        ("a.txt.gz", gzip.compress(b"[Header]\n\n" + ARRAY), "array"),
        ("a.csv", b"[Header]\nGSGT Version,2.0.4\n" + b"\n" * 99, "array"),
        ("a.vcf", VCF, "array"),
        ("a.vcf.gz", gzip.compress(VCF), "array"),
        ("a.bcf", gzip.compress(b"BCF\2\2" + bytes(100)), "array"),
        ("a.bcf", b"BCF\2\2" + bytes(100), "array"),
        ("a.bed", BINS, "bins"),
        ("a.bed.gz", gzip.compress(BINS), "bins"),
        ("a.txt", b"x\n" * 12 + ARRAY, "bins"),
        ("a.txt", b"", "bins"),
        ("a.txt", b"\xff\xfe\0", "bins"),
    ],
)
def test_kind_by_content(tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert file_kind(tmp_path / name) == kind


def test_a_file_that_cannot_be_read_is_left_to_its_reader(tmp_path: Path) -> None:
    assert file_kind(tmp_path / "gone") == "bins"
    assert file_kind(tmp_path) == "bins"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    contents = {"bam": BAM, "bins": BINS, "array": ARRAY, "noise": bytes(range(256))}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    return {name: tmp_path / name for name in contents}


def test_the_array_goes_before_the_reads(files: dict[str, Path]) -> None:
    assert sample_file(Sequencing(sample=files["bam"], array=files["array"])) == (files["array"], "array")
    assert sample_file(Sequencing(sample=files["bam"])) == (files["bam"], "alignment")


@pytest.mark.parametrize(
    ("sample", "parents", "refused"),
    [
        ("bam", ("bam",), ()),
        ("bins", ("bins", "bins"), ()),
        ("bam", ("noise",), ()),
        ("bam", ("array",), ("array",)),
        ("bins", ("bam", "bins", "array"), ("bam", "array")),
        ("array", ("bam",), ("bam",)),
    ],
)
def test_parents_of_another_kind_are_refused_together(
    files: dict[str, Path], sample: str, parents: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    key = "array" if sample == "array" else "sample"
    block = Sequencing(**{key: files[sample], "parent": tuple(files[name] for name in parents)})
    if not refused:
        check_same_kind(block)
        return
    with pytest.raises(GenostabErrors) as caught:
        check_same_kind(block)
    assert [(error.code, error.where) for error in caught.value.errors] == [
        ("GS-2203", str(files[name])) for name in refused
    ]
