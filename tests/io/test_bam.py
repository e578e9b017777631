"""Counts of BAM and CRAM files against a loop over pysam's reads, and refusal of every damaged file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.arrays import Genome
from genostab.errors import InputError
from genostab.io.alignment_counts import CountingRules
from genostab.io.bam import count_alignment, read_alignment_header

LENGTHS = {"chr1": 50_000, "chr2": 30_000, "chrX": 20_000}
HEADER = {
    "HD": {"VN": "1.6"},
    "SQ": [{"SN": name, "LN": length} for name, length in LENGTHS.items()] + [{"SN": "decoy", "LN": 9000}],
    "RG": [{"ID": "a", "SM": "lot7"}],
}
FLAGS = (0, 16, 4, 256, 512, 1024, 2048, 99, 147, 1 | 64 | 8, 1 | 128 | 8, 1 | 128 | 1024)


def tiny_genome(**changes: object) -> Genome:
    n = len(LENGTHS)
    genome = Genome(
        assembly="tiny",
        names=tuple(LENGTHS),
        length_bp=np.array(list(LENGTHS.values())),
        centromere_start=np.full(n, -1),
        centromere_end=np.full(n, -1),
        band_chrom=np.empty(0, np.int16),
        band_start=np.empty(0, np.int64),
        band_end=np.empty(0, np.int64),
        band_name=(),
        par=(),
    )
    return replace(genome, **changes)


def write_alignment(path: Path, n_reads: int = 2000, seed: int = 1, mode: str = "wb", **options: str) -> Path:
    rng = np.random.default_rng(seed)
    contigs = [*LENGTHS.values(), 9000]
    with pysam.AlignmentFile(str(path), mode, header=HEADER, **options) as out:
        for i in range(n_reads):
            read = pysam.AlignedSegment(out.header)
            read.query_name = f"r{i}"
            read.flag = int(rng.choice(FLAGS))
            read.reference_id = int(rng.integers(0, 4))
            read.reference_start = int(rng.integers(0, contigs[read.reference_id] - 60))
            read.mapping_quality = int(rng.choice([0, 3, 10, 60]))
            length = int(rng.integers(20, 51))
            read.query_sequence = "".join(rng.choice(list("ACGTN"), length, p=[0.3, 0.2, 0.2, 0.29, 0.01]))
            read.cigarstring = f"{length}M"
            read.query_qualities = pysam.qualitystring_to_array("I" * length)
            read.template_length = int(rng.choice([0, 150, 320, -320, 5000]))
            out.write(read)
    return path


def counts_by_pysam(
    path: Path, bin_bp: int, min_mapq: int, *, keep_duplicates: bool = False
) -> dict[str, np.ndarray]:
    """What a plain loop over pysam's reads counts, with the bins of all chromosomes one after the other."""
    n_bins = {name: -(-length // bin_bp) for name, length in LENGTHS.items()}
    first = dict(zip(LENGTHS, np.cumsum([0, *n_bins.values()]), strict=False))
    total = sum(n_bins.values())
    found = {name: np.zeros(total) for name in ("forward", "reverse", "mapq0", "duplicates", "gc", "acgt")}
    found["lengths"] = np.zeros(2002)
    with pysam.AlignmentFile(str(path)) as file:
        for read in file.fetch(until_eof=True):
            skipped = read.is_unmapped or read.is_secondary or read.is_qcfail or read.is_supplementary
            if skipped or read.reference_name not in LENGTHS:
                continue
            at = first[read.reference_name] + read.reference_start // bin_bp
            is_second = read.is_paired and read.is_read2 and not read.mate_is_unmapped
            if read.is_duplicate and not keep_duplicates:
                found["duplicates"][at] += not is_second
            elif read.mapping_quality == 0:
                found["mapq0"][at] += not is_second
            elif read.mapping_quality >= min_mapq:
                found["reverse" if read.is_reverse else "forward"][at] += not is_second
                bases = read.query_sequence
                found["gc"][at] += sum(base in "GC" for base in bases)
                found["acgt"][at] += sum(base in "ACGT" for base in bases)
                if read.is_proper_pair and read.is_read1 and read.template_length:
                    found["lengths"][min(abs(read.template_length), 2001)] += 1
    return found


def assert_equal_counts(counted, expected) -> None:
    rows = [expected[name] for name in ("forward", "reverse", "mapq0", "duplicates", "gc", "acgt")]
    np.testing.assert_array_equal(counted.raw, rows)
    np.testing.assert_array_equal(counted.fragment_lengths, expected["lengths"])
    bins, reads = counted.bins, expected["forward"] + expected["reverse"]
    np.testing.assert_array_equal(bins.n_reads, reads)
    np.testing.assert_array_equal(bins.n_duplicates, expected["duplicates"])
    with np.errstate(invalid="ignore", divide="ignore"):
        np.testing.assert_array_equal(bins.gc_fraction, expected["gc"] / expected["acgt"])
        np.testing.assert_array_equal(bins.mapq0_fraction, expected["mapq0"] / (expected["mapq0"] + reads))


@pytest.mark.parametrize("threads", [1, 3])
def test_counts_equal_a_loop_over_reads(tmp_path: Path, threads: int) -> None:
    path = write_alignment(tmp_path / "a.bam")
    counted = count_alignment(path, tiny_genome(), CountingRules(bin_bp=1000, min_mapq=10), threads=threads)
    expected = counts_by_pysam(path, 1000, 10)
    assert expected["forward"].sum() > 200
    assert expected["reverse"].sum() > 20
    assert np.flatnonzero(expected["lengths"]).tolist() == [150, 320, 2001]
    assert_equal_counts(counted, expected)
    assert counted.n_records == 2000
    assert counted.sample == "lot7"
    assert counted.dropped_contigs == ("decoy",)


def test_a_file_of_many_batches_gives_the_same_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_alignment(tmp_path / "a.bam", n_reads=5000, seed=2)
    whole = count_alignment(path, tiny_genome(), CountingRules(bin_bp=500, min_mapq=1))
    monkeypatch.setattr("genostab.io.bgzf._BATCH_BYTES", 777)
    pieces = count_alignment(path, tiny_genome(), CountingRules(bin_bp=500, min_mapq=1), threads=2)
    np.testing.assert_array_equal(whole.raw, pieces.raw)


def test_contigs_without_prefix_are_the_same_chromosomes(tmp_path: Path) -> None:
    path = write_alignment(tmp_path / "a.bam", n_reads=300)
    plain = tmp_path / "plain.bam"
    header = {**HEADER, "SQ": [{**line, "SN": line["SN"].removeprefix("chr")} for line in HEADER["SQ"]]}
    with pysam.AlignmentFile(str(path)) as old, pysam.AlignmentFile(str(plain), "wb", header=header) as new:
        for read in old.fetch(until_eof=True):
            new.write(
                pysam.AlignedSegment.from_dict(
                    {**read.to_dict(), "ref_name": new.get_reference_name(read.reference_id)}, new.header
                )
            )
    a, b = (count_alignment(p, tiny_genome(), CountingRules(bin_bp=1000, min_mapq=1)) for p in (path, plain))
    np.testing.assert_array_equal(a.raw, b.raw)


def test_cram_equals_bam(tmp_path: Path) -> None:
    bam = write_alignment(tmp_path / "a.bam", n_reads=800)
    cram = write_alignment(tmp_path / "a.cram", n_reads=800, mode="wc", format_options=["no_ref=1"])
    a, b = (count_alignment(p, tiny_genome(), CountingRules(bin_bp=1000, min_mapq=1)) for p in (bam, cram))
    np.testing.assert_array_equal(a.raw, b.raw)


def test_cram_without_its_reference_says_so(data_dir: Path) -> None:
    genome = tiny_genome()
    for name, wanted in (("embed_ref_0", "GS-2103"), ("embed_ref_1", None)):
        path = data_dir / "bam_small" / f"test_cram.{name}_version_3.0.cram"
        contigs = read_alignment_header(path).contigs
        own = replace(
            genome,
            names=tuple(contigs),
            length_bp=np.array(list(contigs.values())),
            centromere_start=np.full(len(contigs), -1),
            centromere_end=np.full(len(contigs), -1),
        )
        if wanted is None:
            assert count_alignment(path, own, CountingRules(bin_bp=1000, min_mapq=0)).n_records > 0
            continue
        with pytest.raises(InputError) as error:
            count_alignment(path, own, CountingRules(bin_bp=1000, min_mapq=0))
        assert error.value.code == wanted
        without = CountingRules(bin_bp=1000, min_mapq=0, with_bases=False)
        # test_cram.sam: the first of a pair, a second whose first is elsewhere, and a single read
        assert count_alignment(path, own, without).bins.n_reads.sum() == 2


def test_a_bam_cut_at_any_byte_is_refused(tmp_path: Path) -> None:
    data = write_alignment(tmp_path / "a.bam", n_reads=60).read_bytes()
    cut = tmp_path / "cut.bam"
    codes = set()
    for n in range(len(data)):
        cut.write_bytes(data[:n])
        with pytest.raises(InputError) as error:
            count_alignment(cut, tiny_genome(), CountingRules(bin_bp=1000, min_mapq=1), threads=1)
        codes.add(error.value.code)
    assert codes == {"GS-2002", "GS-2003", "GS-2004"}


def test_a_changed_byte_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    data = bytearray(write_alignment(tmp_path / "a.bam", n_reads=60).read_bytes())
    good = count_alignment(
        tmp_path / "a.bam", tiny_genome(), CountingRules(bin_bp=1000, min_mapq=1)
    ).bins.n_reads
    damaged = tmp_path / "damaged.bam"
    refused = 0
    for n in range(0, len(data), 3):
        changed = bytearray(data)
        changed[n] ^= 0x55
        damaged.write_bytes(changed)
        try:
            counted = count_alignment(
                damaged, tiny_genome(), CountingRules(bin_bp=1000, min_mapq=1), threads=1
            )
        except InputError:
            refused += 1
        else:  # gzip fields that carry nothing: time, operating system
            np.testing.assert_array_equal(counted.bins.n_reads, good)
    assert refused > 0.95 * len(data) / 3


def test_a_block_that_states_no_content_is_not_skipped(tmp_path: Path) -> None:
    """A length of 0 in the trailer of a full block would otherwise lose its reads without a word."""
    data = bytearray(write_alignment(tmp_path / "a.bam", n_reads=60).read_bytes())
    ends = [0]
    while ends[-1] < len(data):
        at = ends[-1]
        ends.append(at + int.from_bytes(data[at + 16 : at + 18], "little") + 1)
    assert len(ends) == 4  # header, records, end of file
    data[ends[2] - 4 : ends[2]] = bytes(4)
    damaged = tmp_path / "damaged.bam"
    damaged.write_bytes(data)
    with pytest.raises(InputError) as error:
        count_alignment(damaged, tiny_genome(), CountingRules(bin_bp=1000, min_mapq=1))
    assert error.value.code == "GS-2102"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "GS-2002"), (b"chr1\t0\t10\n", "GS-2004"), (b"\x1f\x8b" + b"\0" * 100, "GS-2102")],
)
def test_what_is_no_bam_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "x.bam"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        count_alignment(path, tiny_genome(), CountingRules(bin_bp=1000, min_mapq=1))
    assert error.value.code == code


def test_other_lengths_are_another_assembly(tmp_path: Path) -> None:
    path = write_alignment(tmp_path / "a.bam", n_reads=20)
    genome = tiny_genome(length_bp=np.array([50_001, 30_000, 20_000]))
    with pytest.raises(InputError) as error:
        count_alignment(path, genome, CountingRules(bin_bp=1000, min_mapq=1))
    assert error.value.code == "GS-2101"


def test_no_usable_read_is_refused(tmp_path: Path) -> None:
    path = write_alignment(tmp_path / "a.bam", n_reads=0)
    with pytest.raises(InputError) as error:
        count_alignment(path, tiny_genome(), CountingRules(bin_bp=1000, min_mapq=1))
    assert error.value.code == "GS-2104"
