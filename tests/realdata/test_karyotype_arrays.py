"""SNP arrays of real people through the public path: PennCNV's trio and its calls, sexes, and a failed array."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from genostab.arrays import SnpTable
from genostab.cli.main import run
from genostab.io.genome import load_genome
from genostab.io.snp_array import read_snp_array
from genostab.karyotype.array_quality import array_quality
from genostab.karyotype.phase import aligned_genotypes
from genostab.karyotype.settings import load_settings
from genostab.karyotype.snp import array_sex
from genostab.lot.manifest import Sequencing
from genostab.results import Call
from genostab.run.sequencing import Sequenced, analyse_sequencing

HG18 = load_genome("hg18")
SETTINGS = load_settings()


def analysed(path: Path, *parents: Path) -> Sequenced:
    return analyse_sequencing(
        Sequencing(array=path, parent=parents),
        sex=None,
        genome=HG18,
        settings=SETTINGS,
        threads=1,
        on_progress=lambda _: None,
    )


@pytest.fixture(scope="module")
def trio(data_dir: Path) -> Sequenced:
    folder = data_dir / "snp_penncnv_trio"
    return analysed(folder / "offspring.txt.gz", folder / "father.txt.gz", folder / "mother.txt.gz")


def truth_of(data_dir: Path, person: str) -> list[dict[str, str]]:
    with (data_dir / "snp_penncnv_trio" / "truth_calls_hg18.tsv").open(encoding="utf-8") as handle:
        return [row for row in csv.DictReader(handle, delimiter="\t") if row["sample"] == person]


def test_every_call_of_the_offspring_and_no_other(data_dir: Path, trio: Sequenced) -> None:
    truth = truth_of(data_dir, "offspring")
    calls = [call for call in trio.karyotype.calls if call.reported]
    assert len(calls) == len(truth) == 4
    origin = {"de_novo": "acquired", "paternal": "inherited", "": "inherited", None: "inherited"}
    for row in truth:
        start, end = int(row["start"]) - 1, int(row["end"])
        (call,) = [c for c in calls if c.chrom == f"chr{row['chrom']}" and c.start < end and start < c.end]
        overlap = min(call.end, end) - max(call.start, start)
        assert overlap >= 0.85 * max(end - start, call.end - call.start)
        assert call.copy_number == int(row["cn"])
        assert call.kind == "loss"
        # The offspring's homozygous deletion is the mother's heterozygous one, wherever the other copy went.
        assert call.origin == origin[row["inheritance"]]
        assert call.cell_fraction.high == 1.0
    assert figure(trio, "sex") == "male"


def figure(sequenced: Sequenced, name: str) -> object:
    return next(value for label, value, _, _ in sequenced.qc if label == name)


def test_the_deletion_that_no_parent_has(trio: Sequenced) -> None:
    (call,) = [c for c in trio.karyotype.calls if c.reported and c.chrom == "chr3"]
    assert (call.start, call.end) == (3_974_669, 4_071_644)
    assert (call.n_bins, call.n_snps, call.origin) == (50, 50, "acquired")
    assert call.score > 15


def test_without_parents_nothing_is_acquired(data_dir: Path) -> None:
    seen = analysed(data_dir / "snp_penncnv_trio" / "offspring.txt.gz")
    assert {call.origin for call in seen.karyotype.calls if call.reported} == {"unknown"}


def calls_against_truth(data_dir: Path, person: str) -> tuple[Sequenced, list[bool], int]:
    """Whether each PennCNV call is found with its copy number, and how many calls PennCNV does not have."""
    seen = analysed(data_dir / "snp_penncnv_trio" / f"{person}.txt.gz")
    calls = [call for call in seen.karyotype.calls if call.reported]
    found, matched = [], set()
    for row in truth_of(data_dir, person):
        start, end = int(row["start"]) - 1, int(row["end"])
        hits = [
            i
            for i, call in enumerate(calls)
            if (call.chrom, call.copy_number) == (f"chr{row['chrom']}", int(row["cn"]))
            and call.start < end
            and start < call.end
        ]
        matched.update(hits)
        found.append(len(hits) == 1)
    return seen, found, len(calls) - len(matched)


def test_every_call_of_the_father_and_no_other(data_dir: Path) -> None:
    seen, found, others = calls_against_truth(data_dir, "father")
    assert figure(seen, "sex") == "male"
    assert (found, others) == ([True] * 4, 0)


def test_the_mothers_deletion_without_her_gain_of_four_probes(data_dir: Path) -> None:
    # Her gain chr11:539,119-548,884 has four probes and a PennCNV confidence of 7, below the usual limit of 10.
    seen, found, others = calls_against_truth(data_dir, "mother")
    assert figure(seen, "sex") == "female"
    assert (found, others) == ([True, False], 1)


def test_her_own_array_shows_such_a_gain_at_many_places(data_dir: Path) -> None:
    """Four probes with as high a mean and no allele fraction that a gain could not have: PennCNV calls one of them."""
    snps = read_snp_array(data_dir / "snp_penncnv_trio" / "mother.txt.gz", HG18)
    level, fraction = snps.log_r_ratio, snps.b_allele_fraction
    fits = (np.abs(fraction[:, None] - np.array([0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0])) < 0.1).any(axis=1)
    at = np.arange(level.size - 3)
    whole = (snps.chrom[at] == snps.chrom[at + 3]) & (snps.chrom[at] < 22)
    windows = np.lib.stride_tricks.sliding_window_view
    called = int(np.flatnonzero((snps.chrom == 10) & (snps.position == 539_118))[0])
    is_as_high = windows(level, 4).mean(axis=1) >= level[called : called + 4].mean()
    alike = np.flatnonzero(whole & is_as_high & windows(fits, 4).all(axis=1))
    places = alike[np.diff(alike, prepend=-4) >= 4]
    assert called in alike
    assert places.size >= 5


@pytest.fixture(scope="module")
def cohort(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One table per person of the shared table of LRR and BAF."""
    folder = tmp_path_factory.mktemp("brge")
    with gzip.open(data_dir / "snp_brge_sexchr" / "lrr_baf.tsv.gz", "rt") as handle:
        rows = [line.rstrip("\n").split("\t") for line in handle]
    paths = {}
    for column in range(3, len(rows[0]), 2):
        name = rows[0][column].partition(".")[0]
        paths[name] = folder / f"{name}.txt"
        text = "".join("\t".join((*row[:3], *row[column : column + 2])) + "\n" for row in rows)
        paths[name].write_text(text, encoding="utf-8")
    return paths


@pytest.mark.parametrize(
    ("name", "sex"),
    [
        ("FEMALE_2291", "female"),
        ("SAMPLE_8", "male"),
        ("SAMPLE_29", "male"),
        ("SAMPLE_47", "male"),  # 12 % of another person's XX do not hide the single X
        ("SAMPLE_49", "male"),
        ("SAMPLE_105", "male"),
        # Labelled XY, but one X probe in ten is heterozygous at BAF 0.6: not told as either.
        ("SAMPLE_93", "unknown"),
    ],
)
def test_sexes(cohort: dict[str, Path], name: str, sex: str) -> None:
    assert array_sex(read_snp_array(cohort[name], HG18), HG18, SETTINGS) == sex


def sex_calls(seen: Sequenced) -> list[Call]:
    return [call for call in seen.karyotype.calls if call.chrom in ("chrX", "chrY") and call.reported]


def test_the_mosaic_loss_of_y(cohort: dict[str, Path]) -> None:
    # Truth table: PAR |BAF - 0.5| of 0.298, so that f = 4 d / (1 + 2 d) = 0.747; its male-specific Log R ratio of
    # -1.21 is 0.94 below the other males', which 1 - 2^(2 x -0.94) puts at 0.73.
    deletion, call = sex_calls(analysed(cohort["SAMPLE_29"]))
    assert (call.chrom, call.kind, call.copy_number, call.bands) == ("chrY", "loss", 0, "Y")
    assert call.cell_fraction.estimate == pytest.approx(0.75, abs=0.03)
    assert call.reason == call.alternatives == ""
    assert call.score > 20
    # Five probes of his one X, 116,506,885 to 116,512,075, have Log R ratios of -3.1, -4.6, -3.8, -5.6 and -1.8.
    assert (deletion.chrom, deletion.kind, deletion.copy_number) == ("chrX", "loss", 0)
    assert 116_506_884 <= deletion.start < deletion.end <= 116_512_074


@pytest.mark.parametrize(
    "name", ["SAMPLE_47", "FEMALE_2291", "SAMPLE_8", "SAMPLE_49", "SAMPLE_93", "SAMPLE_105", "SAMPLE_74"]
)
def test_no_change_of_x_or_y_in_the_others(cohort: dict[str, Path], name: str) -> None:
    seen = analysed(cohort[name])
    assert sex_calls(seen) == []
    limits = {
        row.kind: row.min_cell_fraction for row in seen.karyotype.sensitivity if row.region in ("X", "Y")
    }
    if name != "SAMPLE_74":
        assert limits["loss"] is not None
        assert limits["loss"] < 0.3  # at most 26 % of cells could have gone unseen


def test_no_change_of_x_in_the_trio(data_dir: Path) -> None:
    for person in ("father", "mother", "offspring"):
        assert sex_calls(analysed(data_dir / "snp_penncnv_trio" / f"{person}.txt.gz")) == []


def test_a_failed_array_is_not_called(cohort: dict[str, Path]) -> None:
    snps = read_snp_array(cohort["SAMPLE_74"], HG18)
    lrr = snps.log_r_ratio[(snps.chrom < 22) & np.isfinite(snps.log_r_ratio)]
    assert float(lrr.std()) == pytest.approx(0.81, abs=0.005)  # the truth table's figure, without a range
    seen = analysed(cohort["SAMPLE_74"])
    assert not any(call.reported for call in seen.karyotype.calls)
    assert "the array fails its quality gate: Log R ratio SD" in seen.karyotype.withheld
    assert any("no call is reported" in warning for warning in seen.warnings)
    assert all(row.min_cell_fraction is None for row in seen.karyotype.sensitivity)


def test_the_others_pass_and_have_no_long_change(cohort: dict[str, Path]) -> None:
    """Chromosomes 21 and 22 of seven people without a karyotype change; at most short variants of three probes."""
    for name, path in cohort.items():
        if name == "SAMPLE_74":
            continue
        seen = analysed(path)
        assert not seen.karyotype.withheld
        calls = [
            call for call in seen.karyotype.calls if call.reported and call.chrom not in ("chrX", "chrY")
        ]
        # Two share a gain of three probes at chr21:39,469,180, a variant of the population.
        assert all((call.chrom, call.start, call.n_bins) == ("chr21", 39_469_179, 3) for call in calls)


def test_a_failed_parent_shows_no_origin(cohort: dict[str, Path]) -> None:
    seen = analysed(cohort["SAMPLE_8"], cohort["SAMPLE_74"])
    calls = [call for call in seen.karyotype.calls if call.reported]
    assert calls
    assert {call.origin for call in calls} == {"unknown"}
    assert "SAMPLE_74.txt: too noisy to show an origin" in seen.warnings


def test_a_failed_array_is_invalid_and_never_passes(
    cohort: dict[str, Path], data_dir: Path, tmp_path: Path
) -> None:
    assert (
        run(["analyze", str(cohort["SAMPLE_74"]), "--assembly", "hg18", "-o", str(tmp_path / "out"), "-q"])
        == 0
    )
    content = json.loads((tmp_path / "out" / "results.json").read_bytes())
    measured = [each for each in content["measurements"] if each["metric"].startswith("cnv.")]
    assert measured
    assert all(not each["controls"][0]["passed"] for each in measured)
    verdicts = {each["verdict"] for each in content["verdicts"] if each["metric"].startswith("cnv.")}
    assert verdicts <= {"INVALID", "REPORT"}
    assert "INVALID" in verdicts
    assert content["overall"]["verdict"] != "PASS"


def test_good_arrays_pass_the_gate_and_conflicts_are_shown(cohort: dict[str, Path]) -> None:
    for name, path in cohort.items():
        found = array_quality(read_snp_array(path, HG18), HG18, SETTINGS)
        assert bool(found.failures) == (name == "SAMPLE_74"), name
        # Drift 0.007: beyond PennCNV's limit, within the other.
        assert bool(found.remarks) == (name in {"SAMPLE_74", "SAMPLE_93"}), name


def test_the_trio_is_phased_by_descent(data_dir: Path, trio: Sequenced) -> None:
    assert isinstance(trio.snps, SnpTable)
    assert trio.snps.phase is not None
    autosomal = trio.snps.chrom < 22
    child = trio.snps.genotype
    father, mother = (
        aligned_genotypes(trio.snps, read_snp_array(data_dir / "snp_penncnv_trio" / f"{who}.txt.gz", HG18))
        for who in ("father", "mother")
    )
    haplotype = trio.snps.phase.haplotype
    assert not haplotype[~autosomal].any()
    # B from the father is never where he has none, nor where the mother has nothing else; and the other way round.
    for side, (giver, other) in ((1, (father, mother)), (2, (mother, father))):
        own = haplotype == side
        assert own.sum() > 9000
        assert not (giver[own] == 0).any()
        assert not (other[own] == 2).any()
    both_het = (child == 1) & (father == 1) & (mother == 1)
    assert not haplotype[both_het].any()
    errors = figure(trio, "Mendelian errors")
    assert isinstance(errors, float)
    assert errors < 0.001  # 32 of 78,805 probes
    assert figure(trio, "phased probes") == int((haplotype > 0).sum())


def test_those_who_are_no_parents_give_no_phase(data_dir: Path) -> None:
    folder = data_dir / "snp_penncnv_trio"
    seen = analysed(folder / "father.txt.gz", folder / "offspring.txt.gz", folder / "mother.txt.gz")
    assert isinstance(seen.snps, SnpTable)
    assert seen.snps.phase is None
    assert figure(seen, "Mendelian errors") > 0.1  # type: ignore[operator]


def test_a_common_deletion_is_never_acquired(data_dir: Path, trio: Sequenced) -> None:
    # Offspring and mother of the trio lack copies of 11q11 (hg18 chr11:55.13-55.20 Mb). Against the father alone, who
    # has both, nothing but the list of common variants keeps it from being called acquired.
    folder = data_dir / "snp_penncnv_trio"
    alone = analysed(folder / "offspring.txt.gz", folder / "father.txt.gz")
    for seen, origin in ((alone, "unknown"), (trio, "inherited")):
        (call,) = [
            c for c in seen.karyotype.calls if c.chrom == "chr11" and c.start < 55_200_000 and c.reported
        ]
        assert call.end > 55_130_000
        assert call.origin == origin
        assert call.reason == "inside a common germline variant (11q11, OR4C6 to OR4P4)"
