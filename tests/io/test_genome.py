"""Genome facts against the tables of UCSC, the assembly consortia and bioframe's own interface."""

from __future__ import annotations

import gzip
import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from genostab.errors import InputError, UsageError
from genostab.io import genome as module
from genostab.io.genome import assemblies_that_hold, check_contigs, chromosome_index, load_genome

ASSEMBLIES = ("GRCh37", "GRCh38", "T2T-CHM13", "hg18")


def lengths(assembly: str) -> dict[str, int]:
    genome = load_genome(assembly)
    return dict(zip(genome.names, genome.length_bp.tolist(), strict=True))


@pytest.mark.parametrize(
    ("alias", "name", "chr1"),
    [
        ("hg19", "GRCh37", 249250621),
        ("hg38", "GRCh38", 248956422),
        ("hs1", "T2T-CHM13", 248387328),
        ("hg18", "hg18", 247249719),
    ],
)
def test_aliases_and_first_length(alias: str, name: str, chr1: int) -> None:
    genome = load_genome(alias)
    assert genome.assembly == name
    assert genome.names == (*(f"chr{number}" for number in range(1, 23)), "chrX", "chrY")
    assert genome.length_bp[0] == chr1


def test_unknown_assembly_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        load_genome("mm10")
    assert caught.value.code == "GS-1107"
    assert all(name in caught.value.expected for name in ASSEMBLIES)


@pytest.mark.parametrize(("assembly", "file"), [("hg19", "cytoBand_hg19"), ("hg38", "cytoBand_hg38")])
def test_bands_equal_the_ucsc_table(assembly: str, file: str, data_dir: Path) -> None:
    genome = load_genome(assembly)
    ours = {
        (genome.names[chrom], int(start), int(end), name)
        for chrom, start, end, name in zip(
            genome.band_chrom, genome.band_start, genome.band_end, genome.band_name, strict=True
        )
    }
    with gzip.open(data_dir / "tracks" / f"{file}.txt.gz", "rt") as handle:
        rows = [line.rstrip("\n").split("\t") for line in handle if not line.startswith("#")]
    theirs = {(row[0], int(row[1]), int(row[2]), row[3]) for row in rows if row[0] in genome.names and row[3]}
    assert len(ours) == len(theirs) == 862
    assert ours == theirs


@pytest.mark.parametrize("assembly", ["hg19", "hg38"])
def test_centromeres_equal_the_published_spans(assembly: str, data_dir: Path) -> None:
    genome = load_genome(assembly)
    spans: dict[str, list[int]] = {}
    for line in (data_dir / "tracks" / f"centromeres_{assembly}.txt").read_text().splitlines():
        chrom, start, end, *_ = line.split("\t")
        spans.setdefault(chrom, []).extend((int(start), int(end)))
    for index, name in enumerate(genome.names):
        assert (genome.centromere_start[index], genome.centromere_end[index]) == (
            min(spans[name]),
            max(spans[name]),
        )


@pytest.mark.parametrize("assembly", ["GRCh37", "GRCh38", "T2T-CHM13"])
def test_bands_tile_each_chromosome(assembly: str) -> None:
    genome = load_genome(assembly)
    for chrom, length in enumerate(genome.length_bp):
        rows = genome.band_chrom == chrom
        start, end = genome.band_start[rows], genome.band_end[rows]
        assert start[0] == 0
        assert end[-1] == length
        assert np.array_equal(start[1:], end[:-1])
        assert start[0] < genome.centromere_start[chrom] < genome.centromere_end[chrom] < length


@pytest.mark.parametrize("assembly", ASSEMBLIES)
def test_par_lies_on_both_sex_chromosomes(assembly: str) -> None:
    genome = load_genome(assembly)
    of = dict(zip(genome.names, genome.length_bp.tolist(), strict=True))
    assert [chrom for chrom, _, _ in genome.par] == ["chrX", "chrX", "chrY", "chrY"]
    assert all(0 <= start < end <= of[chrom] for chrom, start, end in genome.par)
    widths = [end - start for _, start, end in genome.par]
    if assembly == "T2T-CHM13":
        # X and Y come from two people there.
        assert widths == [2394410, 333732, 2458320, 337220]
    else:
        assert widths[:2] == widths[2:]


def test_hg18_holds_the_lengths_that_a_vcf_of_that_build_states() -> None:
    # VCF 4.1 specification, section 1.1: ##contig=<ID=20,length=62435964,assembly=B36>.
    assert lengths("hg18")["chr20"] == 62435964
    assert load_genome("hg18").band_name == ()
    assert (load_genome("hg18").centromere_start == -1).all()


@pytest.mark.parametrize("assembly", ["hg19", "hg38", "hs1"])
def test_direct_reading_equals_bioframes_interface(assembly: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"hg19": "hg19", "hg38": "hg38", "hs1": "hs1"}[assembly]
    keep = {f"chr{name}" for name in (*range(1, 23), "X", "Y")}
    direct = {kind: module._bioframe_rows(table, kind) for kind in ("seqinfo", "cytoband")}

    def empty_spec(name: str) -> importlib.machinery.ModuleSpec:
        spec = importlib.machinery.ModuleSpec(name, None)
        spec.submodule_search_locations = []
        return spec

    monkeypatch.setattr(importlib.util, "find_spec", empty_spec)
    through = {kind: module._bioframe_rows(table, kind) for kind in ("seqinfo", "cytoband")}
    for kind, key, columns in (
        ("seqinfo", "name", ("name", "length")),
        ("cytoband", "chrom", ("chrom", "start", "end", "band", "stain")),
    ):
        left = [[row[column] for column in columns] for row in direct[kind] if row[key] in keep]
        right = [[row[column] for column in columns] for row in through[kind] if row[key] in keep]
        assert left == right
        assert len(left) > 20


def test_loading_imports_neither_pandas_nor_bioframe() -> None:
    code = (
        "import sys; from genostab.io.genome import load_genome; load_genome('hg38');"
        "sys.exit(bool({'pandas', 'bioframe'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_arrays_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        load_genome("hg38").length_bp[0] = 1


@pytest.mark.parametrize(
    ("name", "index"),
    [("1", 0), ("chr22", 21), ("Chr3", 2), ("x", 22), ("23", 22), ("chr24", 23), ("XY", 22), ("chrY", 23)]
    + [
        (name, -1) for name in ("25", "M", "chrM", "MT", "0", "26", "", "chr", "chr1_KI270706v1_random", "01")
    ],
)
def test_chromosome_index(name: str, index: int) -> None:
    assert chromosome_index(name, load_genome("hg38")) == index


def test_contigs_of_another_assembly_are_refused_by_name() -> None:
    bare = {name.removeprefix("chr"): length for name, length in lengths("hg19").items()} | {"MT": 16569}
    check_contigs(bare, load_genome("GRCh37"), "x.bam")
    with pytest.raises(InputError) as caught:
        check_contigs(bare, load_genome("GRCh38"), "x.bam")
    assert caught.value.code == "GS-2101"
    assert "GRCh37" in caught.value.action
    assert "24 of 24" in caught.value.found


def test_contigs_of_no_known_assembly_are_refused_without_a_guess() -> None:
    with pytest.raises(InputError) as caught:
        check_contigs({"chr1": 12345}, load_genome("GRCh38"), "x.bam")
    assert "lengths are those of" not in caught.value.action
    with pytest.raises(InputError, match="no contig is a human chromosome"):
        check_contigs({"NC_000067.6": 195471971}, load_genome("GRCh38"), "x.bam")


def test_assemblies_that_hold() -> None:
    assert assemblies_that_hold({0: 249_000_000}) == ("GRCh37",)
    assert assemblies_that_hold({0: 10, 22: 155_000_000}) == ("GRCh38", "GRCh37")
    assert assemblies_that_hold({0: 1e30}) == ()
