"""Affymetrix SNP6 of two tumour lines in dilution, whose regions' copies are known: acnr's H1395 and HCC1143."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from genostab.arrays import Bool, Float64, SnpTable
from genostab.io.genome import load_genome
from genostab.karyotype.allele_array import signal_of_array
from genostab.karyotype.allele_clone import AlleleClone, clone_solutions
from genostab.karyotype.allele_model import CloneResponse, CloneSegments
from genostab.karyotype.allele_signal import shift_likelihood, within
from genostab.karyotype.allele_state import shift_curve
from genostab.karyotype.bins import autosomes
from genostab.karyotype.noise import Waves, independent_sd, wave_noise
from genostab.karyotype.settings import load_settings
from genostab.karyotype.significance import wave_at

SETTINGS = load_settings()
RESPONSE = CloneResponse(
    depth=SETTINGS.lrr_response,
    depth_cv=SETTINGS.response_cv,
    allele_cv=SETTINGS.allele_response_cv,
    place_cv=SETTINGS.place_cv,
)
CHUNK = 500  # rows
NOMINAL = (1.0, 0.7, 0.5, 0.3)


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Rows of one line at one dilution: copies, B allele fraction after TumorBoost and of the normal, genotype."""

    region: np.ndarray[tuple[int], np.dtype[np.str_]]
    c: Float64
    b: Float64
    normal: Float64
    genotype: Float64

    @property
    def is_het(self) -> Bool:
        return np.asarray(self.genotype == 0.5)

    @property
    def labels(self) -> list[str]:
        return list(dict.fromkeys(self.region.tolist()))


@cache
def lines(path: Path, cellularity: str) -> Lines:
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle, delimiter="\t") if row["cellularity"] == cellularity]
    c, b, normal, genotype = (
        np.array([float(row[name] or "nan") for row in rows]) for name in ("c", "b", "bN", "genotype")
    )
    return Lines(region=np.array([row["region"] for row in rows]), c=c, b=b, normal=normal, genotype=genotype)


def allele_fraction(seen: Lines) -> Float64:
    """TumorBoost leaves heterozygous probes on the scale of the raw ones, whose homozygous bands are not at 0 and 1."""
    low, high = (float(np.median(seen.normal[seen.genotype == each])) for each in (0.0, 1.0))
    return np.clip(0.5 + (seen.b - 0.5) / (high - low), 0.0, 1.0)


def segments_of(seen: Lines, chunk: int | None) -> tuple[CloneSegments, list[str]]:
    """Each region as a chromosome, in chunks or whole."""
    level = np.log2(np.maximum(seen.c, 0.05) / 2.0)
    number = {label: i for i, label in enumerate(seen.labels)}
    chrom = np.array([number[each] for each in seen.region.tolist()], dtype=np.int16)
    position = np.concatenate([np.arange((chrom == i).sum()) for i in range(len(number))])
    table = SnpTable(
        sample="acnr",
        name=tuple(map(str, range(level.size))),
        chrom=chrom,
        position=position.astype(np.int64),
        log_r_ratio=level,
        b_allele_fraction=allele_fraction(seen),
        genotype=np.full(level.size, -1, dtype=np.int8),
    )
    signal = signal_of_array(table, seen.is_het, autosomes(load_genome("hg18")), SETTINGS)
    assert signal is not None
    centred = np.concatenate([level[chrom == i] - np.median(level[chrom == i]) for i in range(len(number))])
    sd = independent_sd(chrom, centred, np.zeros(level.size), SETTINGS.noise_clip_sd)
    waves = wave_noise(centred, sd, chrom, SETTINGS)
    own, curves, ratio, error, labels = [], [], [], [], []
    for label, i in number.items():
        values = level[chrom == i]
        parts = np.array_split(np.arange(values.size), values.size // chunk if chunk else 1)
        for part in parts:
            inside = within(signal, i, int(part[0]), int(part[-1]) + 1)
            curves.append(shift_curve(partial(shift_likelihood, signal, inside, settings=SETTINGS), SETTINGS))
            own.append(i)
            ratio.append(float(np.median(values[part])))
            error.append(error_of(float(sd[0]), waves, part.size, values.size, len(parts)))
            labels.append(label)
    return CloneSegments(
        chrom=np.array(own, dtype=np.int16),
        curve=tuple(curves),
        ratio_log2=np.array(ratio),
        sd_log2=np.array(error),
        length_bp=np.ones(len(own)),
    ), labels


def error_of(sd: float, waves: Waves, n: int, n_region: int, n_parts: int) -> float:
    """Of the median of n rows, with waves that the parts of a region share, as `clone_segments` has it."""
    here, there = (
        float(wave_at(np.array([float(each)]), waves.n_bins, waves.sd_log2, waves.df)[0][0])
        for each in (n, n_region)
    )
    return float(np.hypot(1.25 * sd / np.sqrt(n), max(here, np.sqrt(n_parts) * there)))


@cache
def solved(
    path: Path, cellularity: str, chunk: int | None
) -> tuple[tuple[AlleleClone, ...], tuple[str, ...]]:
    segments, labels = segments_of(lines(path, cellularity), chunk)
    return clone_solutions(segments, RESPONSE, SETTINGS), tuple(labels)


def truth_of(label: str) -> tuple[int, int]:
    minor, major = label.strip("()").split(",")
    return int(minor), int(major)


def states(clone: AlleleClone) -> list[tuple[int, int]]:
    return list(zip(clone.minor.tolist(), clone.major.tolist(), strict=True))


def right_share(clone: AlleleClone, labels: tuple[str, ...]) -> float:
    return float(
        np.mean([state == truth_of(label) for state, label in zip(states(clone), labels, strict=True)])
    )


def direction(state: tuple[int, int]) -> tuple[int, bool]:
    """Gain, loss or neither of copies, and whether the alleles are out of balance."""
    return int(np.sign(sum(state) - 2)), state[0] != state[1]


def h1395(data_dir: Path) -> Path:
    return data_dir / "snp_acnr" / "H1395.tsv.gz"


def hcc1143(data_dir: Path) -> Path:
    return data_dir / "snp_acnr" / "HCC1143.tsv.gz"


@pytest.mark.parametrize("chunk", [CHUNK, None], ids=["chunks", "regions"])
@pytest.mark.parametrize("cellularity", ["1", "0.7"])
def test_states_of_h1395(data_dir: Path, cellularity: str, chunk: int | None) -> None:
    (best, *_), labels = solved(h1395(data_dir), cellularity, chunk)
    assert right_share(best, labels) >= 0.9


@pytest.mark.parametrize("chunk", [CHUNK, None], ids=["chunks", "regions"])
def test_states_of_hcc1143(data_dir: Path, chunk: int | None) -> None:
    (best, *_), labels = solved(hcc1143(data_dir), "1", chunk)
    assert right_share(best, labels) >= 0.9


@pytest.mark.parametrize("chunk", [CHUNK, None], ids=["chunks", "regions"])
@pytest.mark.parametrize("cellularity", ["0.5", "0.3"])
def test_directions_of_thin_h1395(data_dir: Path, cellularity: str, chunk: int | None) -> None:
    (best, *_), labels = solved(h1395(data_dir), cellularity, chunk)
    seen = [
        direction(state) == direction(truth_of(label))
        for state, label in zip(states(best), labels, strict=True)
    ]
    assert np.mean(seen) >= 0.9
    # More than the bar asks.
    assert right_share(best, labels) >= 0.9


def test_no_clone_without_tumour(data_dir: Path) -> None:
    (best, *_), _ = solved(hcc1143(data_dir), "0", None)
    assert best.cell_fraction is None
    assert states(best) == [(1, 1)] * 4


@pytest.mark.xfail(
    reason="0.96 reached: 4 of 108 chunks, the first rows of region (1,1), lie 0.1 log2 low and scatter twice as much"
)
def test_no_chunk_is_changed_without_tumour(data_dir: Path) -> None:
    (best, *_), _ = solved(hcc1143(data_dir), "0", CHUNK)
    assert best.cell_fraction is None
    assert all(state == (1, 1) for state in states(best))


def clone_fraction(path: Path, cellularity: str) -> float:
    solutions, _ = solved(path, cellularity, CHUNK)
    return next(each.cell_fraction for each in solutions if each.cell_fraction is not None)


@pytest.mark.parametrize(
    "cellularity",
    [
        "1",
        *(
            pytest.param(
                each,
                marks=pytest.mark.xfail(
                    reason=f"{seen} seen: the mixture holds less tumour than its name, see the next test"
                ),
            )
            for each, seen in (("0.7", 0.43), ("0.5", 0.26), ("0.3", 0.12))
        ),
    ],
)
def test_cell_fraction_as_the_dilution_is_named(data_dir: Path, cellularity: str) -> None:
    assert clone_fraction(h1395(data_dir), cellularity) == pytest.approx(float(cellularity), abs=0.08)


@pytest.mark.parametrize("cellularity", ["0.7", "0.5", "0.3"])
def test_cell_fraction_as_the_intensities_mix(data_dir: Path, cellularity: str) -> None:
    """Intensities of two DNAs add: what one allele has more than the other, in units of (1,1), goes as the cells do."""

    def difference(of: str) -> float:
        seen = lines(h1395(data_dir), of)
        unchanged = float(np.median(seen.c[seen.region == "(1,1)"]))
        noise = float(np.median(np.abs(seen.b - 0.5)[seen.is_het & (seen.region == "(1,1)")])) / 0.6745
        found = []
        for label in ("(0,2)", "(0,3)"):
            own = seen.region == label
            square = np.median(np.square(seen.b - 0.5)[own & seen.is_het])
            away = np.sqrt(max(square - 0.455 * noise**2, 0.0))
            found.append(float(np.median(seen.c[own])) / unchanged * away)
        return float(np.sum(found))

    mixed = difference(cellularity) / difference("1")
    assert clone_fraction(h1395(data_dir), cellularity) == pytest.approx(mixed, abs=0.08)
    assert mixed < float(cellularity) - 0.1


def test_cell_fraction_of_hcc1143(data_dir: Path) -> None:
    assert clone_fraction(hcc1143(data_dir), "1") == pytest.approx(1.0, abs=0.08)
