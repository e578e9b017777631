"""Real BAM and CRAM files: counts against pysam read by read, and outcomes of files too small to call."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pysam
import pytest

from genostab.arrays import Genome
from genostab.errors import InputError
from genostab.io.alignment_counts import CountingRules
from genostab.io.bam import count_alignment, read_alignment_header
from genostab.io.fasta import composition_from_fasta
from genostab.io.genome import check_contigs, load_genome
from genostab.karyotype.bins import join_bins
from genostab.karyotype.settings import load_settings
from genostab.lot.manifest import Sequencing
from genostab.run.count import counting_rules
from genostab.run.sequencing import Sequenced, analyse_sequencing

SETTINGS = load_settings()
HG19 = load_genome("GRCh37")


def analysed(path: Path, reference: Path | None = None, assembly: str = "GRCh37") -> Sequenced:
    return analyse_sequencing(
        Sequencing(sample=path, reference=reference),
        sex=None,
        genome=load_genome(assembly),
        settings=SETTINGS,
        threads=2,
        on_progress=lambda _: None,
    )


def three_megabases() -> Genome:
    """GRCh37 with a chromosome 1 as long as that of the slice."""
    length = HG19.length_bp.copy()
    length[0] = 3_000_000
    return replace(HG19, length_bp=length)


@pytest.fixture(scope="module")
def slice_of_hg002(data_dir: Path) -> tuple[Path, Path]:
    folder = data_dir / "bam_hg002_chr1_3Mb"
    return folder / "NA24385_chr1.cram", folder / "subset.fa.gz"


def test_a_cram_of_three_megabases_is_no_grch37(slice_of_hg002: tuple[Path, Path]) -> None:
    cram, fasta = slice_of_hg002
    contigs = read_alignment_header(cram).contigs
    assert contigs == {"1": 3_000_000}
    for assembly in ("GRCh37", "GRCh38"):
        with pytest.raises(InputError) as caught:
            check_contigs(contigs, load_genome(assembly), str(cram))
        assert caught.value.code == "GS-2101"
        with pytest.raises(InputError):
            analysed(cram, fasta, assembly)


def test_counts_of_a_cram_equal_a_loop_over_its_reads(slice_of_hg002: tuple[Path, Path]) -> None:
    """Primary, placed, passed, unduplicated reads of MAPQ 10 or more, by the bin of their start.

    The second of a pair whose first is mapped adds its bases only, so that a fragment counts once.
    """
    cram, fasta = slice_of_hg002
    genome = three_megabases()
    width = SETTINGS.base_bin_bp
    seen = count_alignment(
        cram, genome, CountingRules(bin_bp=width, min_mapq=SETTINGS.min_mapq), reference=fasta, threads=2
    )
    n_bins = 300
    counts = {
        name: np.zeros(n_bins, dtype=np.int64) for name in ("reads", "mapq0", "duplicates", "gc", "bases")
    }
    n_records = 0
    with pysam.AlignmentFile(str(cram), "rc", reference_filename=str(fasta), check_sq=False) as file:
        for read in file.fetch(until_eof=True):
            n_records += 1
            if read.is_unmapped or read.is_secondary or read.is_supplementary or read.is_qcfail:
                continue
            is_counted = not (read.is_paired and read.is_read2 and not read.mate_is_unmapped)
            at = read.reference_start // width
            if read.is_duplicate:
                counts["duplicates"][at] += is_counted
            elif read.mapping_quality == 0:
                counts["mapq0"][at] += is_counted
            elif read.mapping_quality >= SETTINGS.min_mapq:
                counts["reads"][at] += is_counted
                sequence = read.query_sequence
                counts["gc"][at] += sequence.count("G") + sequence.count("C")
                counts["bases"][at] += sum(sequence.count(base) for base in "ACGT")
    assert seen.n_records == n_records == 199_110
    assert seen.sample == "NA24385"
    inside = slice(0, n_bins)
    assert (seen.bins.chrom[inside] == 0).all()
    assert seen.bins.n_reads[inside].tolist() == counts["reads"].tolist()
    assert seen.bins.n_reads[n_bins:].sum() == 0
    assert seen.bins.n_duplicates[inside].tolist() == counts["duplicates"].tolist()
    with np.errstate(invalid="ignore"):
        gc = counts["gc"] / counts["bases"]
        mapq0 = counts["mapq0"] / (counts["mapq0"] + counts["reads"])
    np.testing.assert_array_equal(seen.bins.gc_fraction[inside], gc)
    np.testing.assert_array_equal(seen.bins.mapq0_fraction[inside], mapq0)
    joined = join_bins(seen.bins, 10)
    assert joined.n_reads[:30].tolist() == counts["reads"].reshape(30, 10).sum(axis=1).tolist()


def test_gc_of_a_fasta_equals_a_count_of_its_letters(slice_of_hg002: tuple[Path, Path]) -> None:
    cram, fasta = slice_of_hg002
    with gzip.open(fasta, "rt") as handle:
        sequence = "".join(line.strip() for line in handle if not line.startswith(">")).upper()
    genome = three_megabases()
    seen = count_alignment(
        cram, genome, CountingRules(bin_bp=100_000, min_mapq=10), reference=fasta, threads=1
    ).bins
    gc, _ = composition_from_fasta(fasta, genome, seen)
    for i in range(30):
        part = sequence[100_000 * i : 100_000 * (i + 1)]
        bases = sum(part.count(base) for base in "ACGT")
        if bases == 0:
            assert np.isnan(gc[i])
        else:
            assert gc[i] == (part.count("G") + part.count("C")) / bases
    # GC of the reads themselves, which serves where there is no FASTA, follows it.
    known = seen.n_reads[:30] > 1000
    assert known.sum() > 20
    assert np.corrcoef(seen.gc_fraction[:30][known], gc[:30][known])[0, 1] > 0.9


@pytest.mark.parametrize(
    "name",
    ["NA12878_small.bam", "cnmops_chr20_test1.bam", "cnmops_chr20_test2.bam", "cnmops_chr20_test3.bam"],
)
def test_files_of_a_thousand_reads_are_refused_for_that(data_dir: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        analysed(data_dir / "bam_small" / name)
    assert caught.value.code == "GS-2104"
    assert "too few usable bins" in caught.value.what


def test_a_cram_without_its_reference_says_so(data_dir: Path) -> None:
    with pytest.raises(InputError) as caught:
        analysed(data_dir / "bam_small" / "test_cram.embed_ref_0_version_3.0.cram")
    assert caught.value.code == "GS-2103"


def test_positions_of_a_cram_need_neither_reference_nor_bases(slice_of_hg002: tuple[Path, Path]) -> None:
    cram, fasta = slice_of_hg002
    rules = CountingRules(bin_bp=10_000, min_mapq=10)
    without = count_alignment(cram, three_megabases(), replace(rules, with_bases=False))
    full = count_alignment(cram, three_megabases(), rules, reference=fasta)
    np.testing.assert_array_equal(without.raw[:4], full.raw[:4])
    np.testing.assert_array_equal(without.fragment_lengths, full.fragment_lengths)
    assert full.raw[:4].sum() > 80_000
    assert np.isnan(without.bins.gc_fraction).all()


def test_counts_of_a_cram_equal_those_of_samtools_by_strand_and_flag(
    slice_of_hg002: tuple[Path, Path], require_tool: Callable[[str], str]
) -> None:
    """Single bins against `samtools view -c`; the second of a mapped pair is taken out by an expression."""
    samtools = require_tool("samtools")
    cram, _ = slice_of_hg002
    rules = CountingRules(bin_bp=100_000, min_mapq=20, with_bases=False)
    counted = count_alignment(cram, three_megabases(), rules)
    options = {
        0: (f"-F{0xF04 | 0x10}", "mapq >= 20"),
        1: (f"-F{0xF04} -f16", "mapq >= 20"),
        2: (f"-F{0xF04}", "mapq == 0"),
        3: (f"-F{0xB04} -f1024", "mapq >= 0"),
    }
    once = "!(flag & 1 && flag & 128 && !(flag & 8))"
    bins = (9, 17, 20, 28)
    for at in bins:
        inside = f"pos > {100_000 * at} && pos <= {100_000 * (at + 1)}"
        for row, (flags, mapq) in options.items():
            fields = ["--input-fmt-option", "required_fields=0x11e"]
            command = [samtools, "view", "-c", *fields, *flags.split(), "-e", f"{inside} && {mapq} && {once}"]
            done = subprocess.run([*command, str(cram)], capture_output=True, text=True, check=True)
            assert counted.raw[row, at] == int(done.stdout)
    assert counted.raw[:2, bins].sum() > 1000


def test_bases_of_repeats_in_real_reads(slice_of_hg002: tuple[Path, Path]) -> None:
    """Reads of like GC by a loop over strings; a slice of chromosome 1 without its ends has no telomere read."""
    cram, fasta = slice_of_hg002
    rules = counting_rules(SETTINGS, telomeres=True)
    found = count_alignment(cram, three_megabases(), rules, reference=fasta).telomeres
    n_reads = n_telomeric = n_matched = 0
    with pysam.AlignmentFile(str(cram), "rc", reference_filename=str(fasta), check_sq=False) as file:
        for read in file.fetch(until_eof=True):
            text = read.query_sequence or ""
            if read.flag & (0x100 | 0x200 | 0x400 | 0x800) or len(text) < 50:
                continue
            n_reads += 1
            n_gc = text.count("G") + text.count("C")
            n_matched += 48 * len(text) <= 100 * n_gc < 52 * len(text)
            n_telomeric += 100 * max(text.count("TTAGGG"), text.count("CCCTAA")) >= 7 * len(text)
    assert found is not None
    assert (found.n_reads, found.n_telomeric, found.n_gc_matched) == (n_reads, n_telomeric, n_matched)
    assert n_matched > 10_000
