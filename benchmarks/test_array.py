"""Arrays of 700,000 probes from file to calls, warm, on one core: CPU seconds and wall seconds; the bar is 3 s.

Every round that is reported follows one that is not; medians with their range, and the load of the machine beside them.
"""

from __future__ import annotations

import math
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from genostab.arrays import Phase, SnpTable
from genostab.io.genome import load_genome
from genostab.io.snp_array import read_snp_array
from genostab.karyotype.allele_array import array_zygosity, signal_of_array
from genostab.karyotype.allele_call import Response, add_alleles
from genostab.karyotype.allele_homozygous import add_homozygous, homozygous_stretches
from genostab.karyotype.allele_sensitivity import allele_sensitivity
from genostab.karyotype.array_quality import array_quality
from genostab.karyotype.bins import autosomes
from genostab.karyotype.call import call_depth
from genostab.karyotype.change import find_changes
from genostab.karyotype.sensitivity import depth_sensitivity
from genostab.karyotype.settings import load_settings
from genostab.karyotype.sex_chromosomes import call_sex_chromosomes
from genostab.karyotype.snp import array_profile, array_sex, call_array
from genostab.lot.manifest import Sequencing
from genostab.run.contamination import check_contamination
from genostab.run.hotspots import load_hotspots
from genostab.run.identity import check_identity
from genostab.run.sequenced import Sequenced
from genostab.run.sequencing import analyse_sequencing
from tests.statistical.array_genomes import simulate_array

GENOME = load_genome("GRCh38")
SETTINGS = load_settings()
ROUNDS = 5
N_AUTOSOMAL, N_X, N_Y = 665_500, 32_000, 2_500
FRACTION = 0.1  # of the cells have the ten events

_TABLE_HEAD = "Name\tChr\tPosition\tS1.GType\tS1.Log R Ratio\tS1.B Allele Freq\n"
_REPORT_HEAD = (
    "[Header]\nGSGT Version\t2.0.4\n[Data]\nSNP Name\tSample ID\tChr\tPosition\tAllele1 - AB\tAllele2 - AB\tGC Score\t"
    "Log R Ratio\tB Allele Freq\n"
)
_VCF_HEAD = (
    "##fileformat=VCFv4.2\n"
    + "".join(
        f"##contig=<ID={name},length={length}>\n"
        for name, length in zip(GENOME.names, GENOME.length_bp, strict=True)
    )
    + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\n"
)


def female(seed: int, fraction: float, noise_seed: int | None = None) -> SnpTable:
    """A simulated array with two X and silent Y; another noise, where its seed is given, on the same genotypes."""
    snps = simulate_array(seed, fraction=fraction, n_snps=N_AUTOSOMAL)
    rng = np.random.default_rng(1000 + seed)
    frequency = rng.uniform(0.05, 0.5, N_X)
    first, second = rng.random((2, N_X)) < frequency
    x_noise = np.where(first != second, 0.035, 0.012) * rng.standard_normal(N_X)
    position = [
        np.sort(rng.integers(10_000, GENOME.length_bp[22] - 10_000, N_X)),
        np.sort(rng.integers(2_800_000, 26_600_000, N_Y)),
    ]
    more = N_X + N_Y
    lrr = (snps.log_r_ratio, rng.normal(0.0, 0.18, N_X), rng.normal(-1.5, 0.5, N_Y))
    baf = (snps.b_allele_fraction, (first + 1.0 * second) / 2.0 + x_noise, rng.random(N_Y))
    assert snps.phase is not None
    table = SnpTable(
        sample="S1",
        name=tuple(f"rs{i}" for i in range(snps.chrom.size + more)),
        chrom=np.concatenate((snps.chrom, np.repeat(np.array([22, 23], np.int16), (N_X, N_Y)))),
        position=np.concatenate((snps.position, *position)),
        log_r_ratio=np.concatenate(lrr),
        b_allele_fraction=np.clip(np.concatenate(baf), 0.0, 1.0),
        genotype=np.concatenate(
            (snps.genotype, first.astype(np.int8) + second.astype(np.int8), np.full(N_Y, -1, np.int8))
        ),
        phase=Phase(
            haplotype=np.concatenate((snps.phase.haplotype, np.zeros(more, np.int8))),
            block=np.concatenate((snps.phase.block, np.full(more, -1))),
        ),
    )
    if noise_seed is None:
        return table
    rng = np.random.default_rng(noise_seed)
    noisy = np.clip(table.b_allele_fraction + rng.normal(0.0, 0.02, table.chrom.size), 0.0, 1.0)
    return replace(
        table,
        log_r_ratio=table.log_r_ratio + rng.normal(0.0, 0.1, table.chrom.size),
        b_allele_fraction=noisy,
    )


def _rows(snps: SnpTable) -> zip[tuple[str, int, int, int, float, float]]:
    return zip(
        snps.name,
        snps.chrom.tolist(),
        (snps.position + 1).tolist(),
        snps.genotype.tolist(),
        snps.log_r_ratio.tolist(),
        snps.b_allele_fraction.tolist(),
        strict=True,
    )


def write_table(snps: SnpTable, path: Path) -> Path:
    with path.open("w") as out:
        out.write(_TABLE_HEAD)
        for name, chrom, at, genotype, lrr, baf in _rows(snps):
            call = ("AA", "AB", "BB", "NC")[genotype]
            out.write(f"{name}\t{GENOME.names[chrom][3:]}\t{at}\t{call}\t{lrr:.4f}\t{baf:.4f}\n")
    return path


def write_final_report(snps: SnpTable, path: Path) -> Path:
    alleles = ("A\tA", "A\tB", "B\tB", "-\t-")
    with path.open("w") as out:
        out.write(_REPORT_HEAD)
        for name, chrom, at, genotype, lrr, baf in _rows(snps):
            out.write(
                f"{name}\tS1\t{GENOME.names[chrom][3:]}\t{at}\t{alleles[genotype]}\t0.8\t{lrr:.4f}\t{baf:.4f}\n"
            )
    return path


def write_vcf(snps: SnpTable, path: Path) -> Path:
    assert snps.phase is not None
    phased = {1: "1|0", 2: "0|1"}
    with path.open("w") as out:
        out.write(_VCF_HEAD)
        for i, (name, chrom, at, genotype, lrr, baf) in enumerate(_rows(snps)):
            call = phased.get(int(snps.phase.haplotype[i]), ("0/0", "0/1", "1/1", "./.")[genotype])
            info = f"ALLELE_A=0;ALLELE_B=1;GC=0.4{i % 100:02d}"
            values = f"{call}:20:{baf:.4f}:{lrr:.4f}"
            out.write(f"{GENOME.names[chrom]}\t{at}\t{name}\tA\tG\t.\t.\t{info}\tGT:GQ:BAF:LRR\t{values}\n")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("arrays")
    found = {}
    for name, seed, fraction in (("normal", 1, 0.0), ("events", 2, FRACTION)):
        lot = female(seed, fraction)
        found[name] = write_table(lot, folder / f"{name}.txt")
        found[f"{name} phased"] = write_vcf(lot, folder / f"{name}.vcf")
        found[f"{name} report"] = write_final_report(lot, folder / f"{name}-report.txt")
        parent = female(seed, 0.0, noise_seed=100 + seed)
        found[f"{name} parent"] = write_table(parent, folder / f"{name}-parent.txt")
    return found


def analysed(path: Path, *parents: Path) -> Sequenced:
    return analyse_sequencing(
        Sequencing(array=path, parent=parents),
        sex=None,
        genome=GENOME,
        settings=SETTINGS,
        threads=1,
        on_progress=lambda _: None,
    )


def spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.3f} ({min(seconds):.3f}-{max(seconds):.3f})"


def measured(actions: dict[str, Callable[[], object]]) -> dict[str, dict[str, str]]:
    """CPU and wall seconds of each action over the rounds, after one that is thrown away."""
    for action in actions.values():
        action()
    cpu: dict[str, list[float]] = {name: [] for name in actions}
    wall: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(ROUNDS):
        for name, action in actions.items():
            start, began = time.process_time(), time.perf_counter()
            action()
            cpu[name].append(time.process_time() - start)
            wall[name].append(time.perf_counter() - began)
    return {name: {"cpu_s": spread(cpu[name]), "wall_s": spread(wall[name])} for name in actions}


@pytest.mark.benchmark(group="SNP array of 700,000 probes, file to calls")
@pytest.mark.parametrize("lot", ["normal", "events"])
@pytest.mark.parametrize("kind", ["unphased", "FinalReport", "phased", "with a parent"])
def test_file_to_calls(benchmark: BenchmarkFixture, files: dict[str, Path], lot: str, kind: str) -> None:
    given = {
        "unphased": (files[lot],),
        "FinalReport": (files[f"{lot} report"],),
        "phased": (files[f"{lot} phased"],),
        "with a parent": (files[lot], files[f"{lot} parent"]),
    }[kind]
    benchmark.extra_info["of all rounds"] = measured({"file to calls": partial(analysed, *given)})
    benchmark.extra_info["load"] = os.getloadavg()[0]
    found = benchmark.pedantic(analysed, given, rounds=1, iterations=1)
    calls = [call for call in found.karyotype.calls if call.reported]
    assert len(calls) == 0 if lot == "normal" else len(calls) >= 7


@pytest.mark.benchmark(group="SNP array of 700,000 probes, by parts")
def test_parts(benchmark: BenchmarkFixture, files: dict[str, Path]) -> None:
    """Ten events, unphased; a part holds those below it that are set in."""
    lot = read_snp_array(files["events"], GENOME)
    hotspots = load_hotspots(GENOME)
    profile = array_profile(lot, GENOME, "female", SETTINGS)
    depth = partial(
        call_depth,
        alone=profile, paired=None, parents=(), genome=GENOME, hotspots=hotspots, platform="arr",
        response_cv=SETTINGS.response_cv, sex_sd_log2=math.inf, settings=SETTINGS,
    )  # fmt: skip
    karyotype = depth()
    steady = karyotype.profile
    signal = signal_of_array(lot, None, autosomes(GENOME), SETTINGS)
    assert signal is not None
    response = Response(mean=1.0, cv=SETTINGS.response_cv, place_cv=SETTINGS.place_cv)

    def alleles() -> object:
        # A signal remembers what it was asked.
        fresh = signal_of_array(lot, None, autosomes(GENOME), SETTINGS)
        assert fresh is not None
        return add_alleles(
            karyotype, fresh, (), genome=GENOME, hotspots=hotspots, platform="arr", response=response, settings=SETTINGS
        )  # fmt: skip

    seen = analysed(files["events"])
    block = Sequencing(array=files["events"])
    actions: dict[str, Callable[[], object]] = {
        "read": lambda: read_snp_array(files["events"], GENOME),
        "quality": lambda: array_quality(lot, GENOME, SETTINGS),
        "sex": lambda: array_sex(lot, GENOME, SETTINGS),
        "call_array": lambda: call_array(
            sample=lot, parents=(), sex="female", genome=GENOME, hotspots=hotspots, settings=SETTINGS
        ),
        "  profile": lambda: array_profile(lot, GENOME, "female", SETTINGS),
        "  depth": depth,
        "    changes": lambda: find_changes(profile, GENOME, SETTINGS, math.inf),
        "    sensitivity": lambda: depth_sensitivity(steady, GENOME, hotspots, SETTINGS, math.inf),
        "  signal": lambda: signal_of_array(lot, None, autosomes(GENOME), SETTINGS),
        "  signal and alleles": alleles,
        "    sensitivity, alleles": lambda: allele_sensitivity(
            signal, steady, 1.0, GENOME, hotspots, SETTINGS, knows_x_level=False
        ),
        "  homozygous": lambda: add_homozygous(
            karyotype,
            homozygous_stretches(array_zygosity(lot, autosomes(GENOME), SETTINGS), GENOME, SETTINGS),
            None,
            GENOME,
            "arr",
            SETTINGS,
        ),
        "X and Y": lambda: call_sex_chromosomes(lot, (), "female", GENOME, hotspots, SETTINGS),
        "identity, in analyze": lambda: check_identity(seen, GENOME, "lot"),
        "contamination, in analyze": lambda: check_contamination(seen, block, GENOME, "lot"),
        "file to calls": lambda: analysed(files["events"]),
    }
    benchmark.extra_info["of all rounds"] = measured(actions)
    benchmark.extra_info["load"] = os.getloadavg()[0]
    assert benchmark.pedantic(analysed, (files["events"],), rounds=1, iterations=1).karyotype.calls
