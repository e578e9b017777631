"""The demonstration lot, counted by other programs and compared with the truth that it states."""

from __future__ import annotations

import csv
import dataclasses
import math
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from ruamel.yaml import YAML
from scipy import stats

from genostab.errors import ResourceError, UsageError
from genostab.io.animals import read_animals
from genostab.io.droplets import read_droplets
from genostab.io.genome import load_genome
from genostab.io.metaphases import read_metaphases
from genostab.io.observations import read_observations
from genostab.io.passages import read_passages
from genostab.io.plate import read_plate
from genostab.lot.load import load_manifest
from genostab.run.demo_lot import write_demo_lot, write_lot
from genostab.run.demo_truth import Truth, load_truth

GENOME = load_genome("GRCh38")
SEED = 20261122
BLOCK_BP = 100_000
BASES_AT, READ_BP = 51, 75
HEAD = np.dtype([("size", "<i4"), ("contig", "<i4"), ("position", "<i4"), ("name", "u1"), ("mapq", "u1")])
# log2 noise per block and wave amplitude of both libraries, as demo.yaml states them, in natural units
BLOCK_NOISE = math.log(2.0) * math.hypot(0.04, 0.03)
WAVE_NOISE = math.log(2.0) * math.hypot(0.010, 0.008) / math.sqrt(2.0)


@dataclass(frozen=True, kw_only=True)
class Lot:
    folder: Path
    lines: list[str]
    truth: dict[str, Any]


@pytest.fixture(scope="module")
def lot(tmp_path_factory: pytest.TempPathFactory) -> Lot:
    folder = tmp_path_factory.mktemp("demo")
    lines: list[str] = []
    manifest = write_demo_lot(folder, seed=SEED, genome=GENOME, on_progress=lines.append)
    assert manifest == folder / "lot.yaml"
    truth = YAML(typ="safe").load((folder / "truth.yaml").read_text(encoding="utf-8"))
    return Lot(folder=folder, lines=lines, truth=truth)


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """Distinct reads and their GC by 100-kb block, counted from the raw records."""

    n_reads: np.ndarray[Any, Any]
    gc_fraction: np.ndarray[Any, Any]
    mapq0: np.ndarray[Any, Any]


BLOCKS_BEFORE = np.concatenate(([0], np.cumsum(GENOME.length_bp // BLOCK_BP + 1)))


def _blocks(path: Path) -> Blocks:
    """All records of a file of equally long records, by NumPy."""
    with pysam.BGZFile(str(path)) as file:
        data = file.read()
    text_bytes = int.from_bytes(data[4:8], "little")
    at = 12 + text_bytes
    for _ in GENOME.names:
        at += 8 + int.from_bytes(data[at : at + 4], "little")
    size = 4 + int.from_bytes(data[at : at + 4], "little")
    records = np.frombuffer(data, dtype=np.uint8, offset=at).reshape(-1, size)
    head = records[:, : HEAD.itemsize].copy().view(HEAD)[:, 0]
    distinct = records[:, 19] & 4 == 0
    block = (BLOCKS_BEFORE[head["contig"]] + head["position"] // BLOCK_BP)[distinct]
    nibble_gc = np.isin(np.arange(16), (2, 4)).astype(np.uint8)
    byte_gc = nibble_gc[np.arange(256) >> 4] + nibble_gc[np.arange(256) & 15]
    gc_bases = byte_gc[records[distinct, BASES_AT : BASES_AT + 38]].sum(axis=1)
    n_blocks = int(BLOCKS_BEFORE[-1])
    n_reads = np.bincount(block, minlength=n_blocks).astype(np.float64)
    with np.errstate(invalid="ignore"):
        gc_fraction = np.bincount(block, weights=gc_bases, minlength=n_blocks) / (READ_BP * n_reads)
    mapq0 = np.bincount(block, weights=head["mapq"][distinct] == 0, minlength=n_blocks)
    return Blocks(n_reads=n_reads, gc_fraction=gc_fraction, mapq0=mapq0)


@pytest.fixture(scope="module")
def blocks(lot: Lot) -> dict[str, Blocks]:
    return {name: _blocks(lot.folder / f"{name}.bam") for name in ("nsc", "bank")}


def _inside(chrom: str, start: int, end: int | None) -> np.ndarray[Any, Any]:
    index = GENOME.names.index(chrom)
    first = int(BLOCKS_BEFORE[index])
    last = int(BLOCKS_BEFORE[index + 1]) if end is None else first + end // BLOCK_BP
    inside = np.zeros(int(BLOCKS_BEFORE[-1]), dtype=np.bool_)
    inside[first + start // BLOCK_BP : last] = True
    return inside


def _unchanged(lot: Lot) -> np.ndarray[Any, Any]:
    changed = [_inside(event["chrom"], event["start"], event["end"]) for event in lot.truth["events"]]
    return ~np.logical_or.reduce(changed)


def _ratio(nsc: Blocks, bank: Blocks, region: np.ndarray[Any, Any], rest: np.ndarray[Any, Any]):
    """Depth ratio of a region over that of the rest, with the GC trend of the rest removed, and its error."""
    full = (nsc.n_reads > 30) & (bank.n_reads > 30)
    gc = np.where(full, (nsc.gc_fraction + bank.gc_fraction) / 2.0, 0.42)
    fitted = full & rest
    log_ratio = np.log(nsc.n_reads[fitted] / bank.n_reads[fitted])
    trend = np.exp(np.polyval(np.polyfit(gc[fitted], log_ratio, 2), gc))
    level = nsc.n_reads[fitted].sum() / (bank.n_reads * trend)[fitted].sum()
    inside = full & region
    n_sample, n_parent = nsc.n_reads[inside].sum(), bank.n_reads[inside].sum()
    ratio = n_sample / (bank.n_reads * trend)[inside].sum() / level
    variance = 1.0 / n_sample + 1.0 / n_parent + BLOCK_NOISE**2 / inside.sum() + WAVE_NOISE**2
    return float(ratio), float(ratio * math.sqrt(variance))


def test_depth_ratios_are_those_of_the_truth(lot: Lot, blocks: dict[str, Blocks]) -> None:
    rest = _unchanged(lot)
    expected = {"trisomy 12": 1.10, "20q11.21 gain": 1.30, "inherited 5q23 deletion": 1.0}
    for event in lot.truth["events"]:
        region = _inside(event["chrom"], event["start"], event["end"])
        ratio, error = _ratio(blocks["nsc"], blocks["bank"], region, rest)
        assert error < 0.08
        assert abs(ratio - expected[event["name"]]) < 4.0 * error, event["name"]


def test_unchanged_chromosomes_stay_at_one(lot: Lot, blocks: dict[str, Blocks]) -> None:
    rest = _unchanged(lot)
    for name in GENOME.names[:-1]:
        region = _inside(name, 0, None) & rest
        if region.any():
            ratio, error = _ratio(blocks["nsc"], blocks["bank"], region, rest)
            assert abs(ratio - 1.0) < 4.0 * error, name


@pytest.mark.parametrize("library", ["nsc", "bank"])
def test_the_inherited_deletion_has_half_the_depth_of_its_neighbours(lot: Lot, library: str) -> None:
    with pysam.AlignmentFile(str(lot.folder / f"{library}.bam")) as file:
        inside = file.count(
            "chr5", 115_000_000, 117_000_000, read_callback=lambda read: not read.is_duplicate
        )
        flanks = sum(
            file.count("chr5", start, start + 1_000_000, read_callback=lambda read: not read.is_duplicate)
            for start in (114_000_000, 117_000_000)
        )
    error = 0.5 * math.sqrt(1.0 / inside + 1.0 / flanks + 2.0 * 0.04**2 / 20.0)
    # neighbours differ in GC by up to 0.1, which moves depth by up to a tenth
    assert abs(inside / flanks - 0.5) < 4.0 * error + 0.05


@pytest.mark.parametrize("library", ["nsc", "bank"])
def test_samtools_accepts_each_file(lot: Lot, require_tool: Callable[[str], str], library: str) -> None:
    samtools, path = require_tool("samtools"), lot.folder / f"{library}.bam"
    subprocess.run([samtools, "quickcheck", "-v", path], check=True)

    def count(*arguments: str) -> int:
        command = [samtools, "view", "-c", *arguments[:-1], str(path), *arguments[-1:]]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    stats_text = subprocess.run([samtools, "idxstats", path], check=True, capture_output=True, text=True)
    rows = [line.split("\t") for line in stats_text.stdout.splitlines()]
    mapped = {row[0]: int(row[2]) for row in rows}
    lengths = {row[0]: int(row[1]) for row in rows if row[0] != "*"}
    assert lengths == dict(zip(GENOME.names, GENOME.length_bp.tolist(), strict=True))
    assert sum(mapped.values()) >= 2_000_000
    assert mapped["chrY"] == 0
    n_chr21 = count("chr21")
    assert n_chr21 == mapped["chr21"]
    duplicates = count("-f", "1024", "chr21") / n_chr21
    assert 0.02 < duplicates < 0.04
    assert 0.005 < 1.0 - count("-q", "1", "chr21") / n_chr21 < 0.15
    for index, name in enumerate(GENOME.names):
        # a read that starts just before the gap may reach 74 bp into it
        start, end = int(GENOME.centromere_start[index]) + 75, int(GENOME.centromere_end[index])
        assert count(f"{name}:{start + 1}-{end}") == 0


def test_libraries_differ_in_gc_bias_and_noise_is_realistic(lot: Lot, blocks: dict[str, Blocks]) -> None:
    rest = _unchanged(lot) & (blocks["nsc"].n_reads > 30) & (blocks["bank"].n_reads > 30)
    nsc, bank = blocks["nsc"], blocks["bank"]
    gc = (nsc.gc_fraction + bank.gc_fraction)[rest] / 2.0
    assert 0.34 < np.quantile(gc, 0.01) < np.quantile(gc, 0.99) < 0.61
    log_ratio = np.log(nsc.n_reads[rest] / bank.n_reads[rest])
    trend = np.polyfit(gc, log_ratio, 2)
    assert np.polyval(trend, 0.55) - np.polyval(trend, 0.38) > 0.08
    residual = log_ratio - np.polyval(trend, gc)
    excess = residual.var() - (1.0 / nsc.n_reads[rest] + 1.0 / bank.n_reads[rest]).mean()
    assert 0.03 < math.sqrt(excess) / math.log(2.0) / math.sqrt(2.0) < 0.05
    assert blocks["nsc"].mapq0[rest].max() > 0.3 * blocks["nsc"].n_reads[rest].mean()


def _snps(lot: Lot, require_tool: Callable[[str], str]) -> list[tuple[str, int, str, int, int, int]]:
    query = "%CHROM\t%POS[\t%GT\t%AD\t%DP]\n"
    command = [require_tool("bcftools"), "query", "-f", query, lot.folder / "nsc.vcf.gz"]
    text = subprocess.run(command, check=True, capture_output=True, text=True)
    assert text.stderr == ""
    rows = [line.split("\t") for line in text.stdout.splitlines()]
    return [(c, int(p), gt, *map(int, ad.split(",")), int(dp)) for c, p, gt, ad, dp in rows]


def _shift_squared(rows: list[Any]) -> tuple[float, float]:
    """Mean squared distance of heterozygous ALT shares from one half, less its binomial part, and its error."""
    value = [(alt / dp - 0.5) ** 2 - 0.25 / dp for _, _, gt, _, alt, dp in rows if gt == "0/1"]
    return float(np.mean(value)), float(np.std(value) / math.sqrt(len(value)))


def test_allele_depths_follow_the_events(lot: Lot, require_tool: Callable[[str], str]) -> None:
    rows = _snps(lot, require_tool)
    assert 29_900 <= len(rows) <= 30_000
    assert all(ref + alt == dp for _, _, _, ref, alt, dp in rows)
    assert "chrY" not in {row[0] for row in rows}
    chr12 = [row for row in rows if row[0] == "chr12"]
    chr20q = [row for row in rows if row[0] == "chr20" and 30_400_000 < row[1] <= 33_900_000]
    deleted = [row for row in rows if row[0] == "chr5" and 115_000_000 < row[1] <= 117_000_000]
    touched = {*chr12, *chr20q, *deleted}
    rest = [row for row in rows if row not in touched]
    het_share = sum(row[2] == "0/1" for row in rest) / len(rest)
    assert abs(het_share - 0.30) < 5.0 * math.sqrt(0.21 / len(rest))
    for region, copies, minor in ((rest, 2.0, 1.0), (chr12, 2.2, 1.0), (chr20q, 2.6, 1.0)):
        shift, error = _shift_squared(region)
        assert abs(shift - (minor / copies - 0.5) ** 2) < 5.0 * error
        depth = np.array([row[5] for row in region])
        ratio = depth.mean() / np.mean([row[5] for row in rest])
        assert abs(ratio - copies / 2.0) < 5.0 * depth.std() / math.sqrt(depth.size) / 60.0 + 0.01
    assert len(deleted) >= 10
    assert not any(row[2] == "0/1" for row in deleted)


def test_the_vcf_index_and_header(lot: Lot) -> None:
    with pysam.VariantFile(str(lot.folder / "nsc.vcf.gz")) as file:
        assert list(file.header.samples) == ["NSC-DEMO-001-nsc"]
        assert file.header.version == "VCFv4.2"
        positions = [record.start for record in file.fetch("chr12", 1_000_000, 9_000_000)]
    assert len(positions) > 30
    assert positions == sorted(positions)
    assert 1_000_000 <= positions[0] <= positions[-1] < 9_000_000


def _table(lot: Lot, name: str) -> list[dict[str, str]]:
    with (lot.folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_metaphases_hold_four_trisomies_of_twenty(lot: Lot) -> None:
    rows = _table(lot, "gband.csv")
    g_band = [row["karyotype"] for row in rows if row["stain"] == "g_band"]
    assert sorted(set(g_band)) == ["45,XX,-21", "46,XX", "47,XX,+12"]
    assert [g_band.count(name) for name in ("46,XX", "47,XX,+12", "45,XX,-21")] == [15, 4, 1]
    giemsa = [row["karyotype"] for row in rows if row["stain"] == "giemsa_count"]
    assert [giemsa.count(name) for name in ("46", "47", "92")] == [79, 20, 1]
    assert len({row["cell"] for row in rows}) == 120


def test_passages_double_three_times_each(lot: Lot) -> None:
    rows = _table(lot, "passages.csv")
    doublings = [math.log2(float(row["harvested"]) / float(row["seeded"])) for row in rows]
    assert [int(row["passage"]) for row in rows] == list(range(23, 35))
    assert abs(np.mean(doublings) - 3.0) < 0.1
    assert lot.truth["culture"]["population_doublings"] == pytest.approx(sum(doublings), abs=1e-6)


def test_droplets_give_the_residual_frequency_back(lot: Lot) -> None:
    rows = _table(lot, "ddpcr.csv")

    def copies_per_cell(role: str) -> float:
        wells = [row for row in rows if row["role"] == role]
        share = sum(int(row["positive"]) for row in wells) / sum(int(row["accepted"]) for row in wells)
        return -math.log1p(-share) / 0.85 * 20_000.0 / float(wells[0]["cells"])

    net = copies_per_cell("sample") - copies_per_cell("negative_control")
    frequency = net / copies_per_cell("positive_control")
    assert frequency == pytest.approx(lot.truth["residual"]["ipsc_frequency"], rel=0.35)
    assert all(row["positive"] == "0" for row in rows if row["role"] == "no_template")


def test_the_trap_plate_gives_efficiency_and_activity_back(lot: Lot) -> None:
    cq = {row["well"]: row["cq"] for row in _table(lot, "trap.csv")}
    layout = _table(lot, "layout.csv")
    assert set(cq) == {row["well"] for row in layout}
    standards = [row for row in layout if row["role"] == "standard"]
    amount = np.log10([float(row["amount_amol"]) for row in standards])
    fit = stats.linregress(amount, [float(cq[row["well"]]) for row in standards])
    assert 10.0 ** (-1.0 / fit.slope) == pytest.approx(1.95, abs=0.04)
    assert fit.rvalue**2 > 0.99

    def amol_per_cell(role: str) -> float:
        wells = [row for row in layout if row["role"] == role]
        amol = [10.0 ** ((float(cq[row["well"]]) - fit.intercept) / fit.slope) for row in wells]
        return float(np.mean([a / float(row["cells"]) for a, row in zip(amol, wells, strict=True)]))

    assert amol_per_cell("sample") == pytest.approx(4.0e-4, rel=0.15)
    assert amol_per_cell("sample") / amol_per_cell("positive_control") == pytest.approx(0.1, rel=0.2)
    weakest = max(float(cq[row["well"]]) for row in standards)
    assert all(float(cq[row["well"]]) > weakest for row in layout if row["role"] == "heat_treated")
    assert all(cq[row["well"]] == "" for row in layout if row["role"] in ("no_template", "lysis_buffer"))


def test_the_manifest_names_files_that_are_there(lot: Lot) -> None:
    tree = YAML(typ="safe").load((lot.folder / "lot.yaml").read_text(encoding="utf-8"))
    assert (tree["profile"], tree["stage"], tree["dose"]["route"]) == (
        "keio-sci-2021",
        "drug_substance",
        "intrathecal",
    )
    blocks_of_paths = ("sequencing", "telomerase", "culture", "tumorigenicity")
    named = [name for block in blocks_of_paths for name in tree[block].values()]
    named += [tree["metaphases"], tree["observations"], *(block.get("file") for block in tree["residual"])]
    named += [row["evidence_file"] for row in _table(lot, "observations.csv")]
    assert all((lot.folder / name).is_file() for name in named if name)
    assert sorted(lot.lines) == ["assay tables, manifest and truth", "bank.bam", "nsc.bam", "nsc.vcf.gz"]
    assert lot.lines[-1] == "assay tables, manifest and truth"


def test_the_readers_accept_every_table(lot: Lot) -> None:
    manifest = load_manifest(lot.folder / "lot.yaml")
    assert manifest.sequencing is not None
    assert manifest.sequencing.parent == ((lot.folder / "bank.bam").resolve(),)
    assert len(read_metaphases(lot.folder / "gband.csv").cell) == 120
    assert read_passages(lot.folder / "passages.csv").day.tolist() == [4.0 * i for i in range(12)]
    droplets = read_droplets(lot.folder / "ddpcr.csv")
    assert np.isnan(droplets.cells).tolist() == [role == "no_template" for role in droplets.role]
    plate = read_plate(lot.folder / "trap.csv", lot.folder / "layout.csv")
    assert np.isnan(plate.cq).sum() == 6
    assert read_animals(lot.folder / "animals.csv")[2].tolist() == [20, 10, 10]
    assert len(read_observations(lot.folder / "observations.csv").attribute) == 28


def _small_truth() -> Truth:
    truth = load_truth()
    libraries = tuple(dataclasses.replace(library, n_distinct=20_000) for library in truth.libraries)
    return dataclasses.replace(truth, libraries=libraries, snps={**truth.snps, "n_sites": 300})


def _contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_a_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_lot(tmp_path / name, _small_truth(), seed=seed, genome=GENOME, on_progress=lambda line: None)
    first, second, other = (_contents(tmp_path / name) for name in "abc")
    assert first == second
    assert len(first) == 16
    same = {name for name in first if first[name] == other[name]}
    assert same == {"animals.csv", "certificate.txt", "layout.csv", "lot.yaml", "observations.csv"}


def test_a_wrong_seed_genome_or_folder_is_refused(tmp_path: Path) -> None:
    def refused(folder: Path, seed: int, genome: Any) -> UsageError | ResourceError:
        with pytest.raises((UsageError, ResourceError)) as caught:
            write_demo_lot(folder, seed=seed, genome=genome, on_progress=lambda line: None)
        return caught.value

    assert refused(tmp_path, -1, GENOME).code == "GS-1001"
    assert refused(tmp_path, 2**64, GENOME).code == "GS-1001"
    assert refused(tmp_path, 1, load_genome("GRCh37")).code == "GS-1107"
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert refused(tmp_path / "file" / "lot", 1, GENOME).code == "GS-5001"
