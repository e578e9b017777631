"""Binned files of real samples through the public path: sexes, calls and refusals beside what is known of them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from genostab.errors import GenostabErrors, InputError
from genostab.io.bins import read_bins
from genostab.io.genome import load_genome
from genostab.karyotype.settings import load_settings
from genostab.karyotype.sex import infer_sex
from genostab.lot.manifest import Sequencing
from genostab.results import Call
from genostab.run.sequencing import Sequenced, analyse_sequencing

HG19 = load_genome("GRCh37")
SETTINGS = load_settings()


def analysed(path: Path, *parents: Path, assembly: str = "GRCh37") -> Sequenced:
    return analyse_sequencing(
        Sequencing(sample=path, parent=parents),
        sex=None,
        genome=load_genome(assembly),
        settings=SETTINGS,
        threads=1,
        on_progress=lambda _: None,
    )


def reported(sequenced: Sequenced) -> list[Call]:
    return [call for call in sequenced.karyotype.calls if call.reported]


def figure(sequenced: Sequenced, name: str) -> object:
    return next(value for label, value, _, _ in sequenced.qc if label == name)


def test_a_euploid_cell_without_gc_is_told_no_change(data_dir: Path) -> None:
    # One cell, 63 reads in a bin of 500 kb: GC-rich 19p has 0.7 of the reads of the genome, which nothing in the file
    # explains. A real change could not be called either, so nothing is claimed to have been seen.
    seen = analysed(data_dir / "cn_aneufinder" / "human_euploid_500kb.tsv.gz")
    assert figure(seen, "sex") == "female"
    assert reported(seen) == []
    assert "GC content" in seen.karyotype.withheld
    assert any("no call is reported" in warning for warning in seen.warnings)
    assert all(row.min_cell_fraction is None for row in seen.karyotype.sensitivity)
    first = seen.karyotype.profile.start[0]
    assert first % 500_000 == 0


def test_a_mouse_is_refused(data_dir: Path) -> None:
    for assembly in ("GRCh37", "GRCh38"):
        with pytest.raises(GenostabErrors) as caught:
            analysed(data_dir / "cn_aneufinder" / "mouse_aneuploid_500kb.tsv.gz", assembly=assembly)
        assert {error.code for error in caught.value.errors} == {"GS-2101"}


def panel(data_dir: Path, name: str) -> Path:
    return data_dir / "cn_cnvkit" / f"{name}.targetcoverage.cnn.gz"


@pytest.mark.parametrize("name", ["male01", "male02", "female01", "female02"])
def test_targets_alone_give_the_sex_and_no_call(data_dir: Path, name: str) -> None:
    seen = analysed(panel(data_dir, name))
    assert figure(seen, "sex") == name[:-2]
    assert reported(seen) == []
    assert "capture targets" in seen.karyotype.withheld


def test_targets_against_another_person(data_dir: Path) -> None:
    # Two people differ by germline variants; no truth is known but that neither has a change of chromosome 1 or X.
    for lot, parent in (("male01", "male02"), ("female01", "female02")):
        seen = analysed(panel(data_dir, lot), panel(data_dir, parent))
        assert figure(seen, "sex") == lot[:-2]
        assert seen.karyotype.withheld == ""
        calls = reported(seen)
        assert 5 <= len(calls) <= 60
        assert max(call.end - call.start for call in calls) < 2_000_000
        assert {call.origin for call in calls} == {"acquired"}


def test_the_wrong_sex_of_a_panel_shows(data_dir: Path) -> None:
    seen = analysed(panel(data_dir, "male01"), panel(data_dir, "female01"))
    longest = max(reported(seen), key=lambda call: call.end - call.start)
    assert (longest.chrom, longest.kind) == ("chrX", "loss")


def test_two_libraries_of_one_tumour_agree(data_dir: Path) -> None:
    """p2-20: losses of 9p with its focal 9p21.3 (CDKN2A), 10, 11q and 14q, in both."""
    found = []
    for name in ("p2-20_1", "p2-20_2"):
        seen = analysed(data_dir / "cn_cnvkit" / f"{name}.cnr.gz")
        calls = reported(seen)
        assert not any(
            call.chrom in ("chrX", "chrY") for call in calls
        )  # what X was measured against is not known
        covered = {
            chrom: sum(call.end - call.start for call in calls if (call.chrom, call.kind) == (chrom, "loss"))
            for chrom in ("chr9", "chr10", "chr11", "chr14")
        }
        found.append(covered)
        (focal,) = [c for c in calls if c.chrom == "chr9" and c.end - c.start < 1_000_000]
        # CDKN2A, hg19.
        assert focal.start < 21_967_751 + 27_000
        assert focal.end > 21_994_490
        assert focal.ratio_log2 < -0.5
    for covered in found:
        assert covered["chr9"] > 20e6
        assert covered["chr10"] > 90e6
        assert covered["chr11"] > 70e6
        assert covered["chr14"] > 80e6


def segment_means(data_dir: Path, seen: Sequenced) -> tuple[np.ndarray, np.ndarray]:
    """Per usable bin of amplicon.cnr: the mean of its segment here, and that of its CNVkit segment."""
    karyotype = seen.karyotype
    own = np.repeat(karyotype.segments.mean_log2, karyotype.segments.last - karyotype.segments.first)
    theirs = np.full(own.size, np.nan)
    with gzip.open(data_dir / "cn_cnvkit" / "amplicon.cns.gz", "rt") as handle:
        next(handle)
        for line in handle:
            chrom, start, end, _, log2, probes = line.split("\t")
            if int(probes) == 0 or int(end) <= int(start):
                continue  # CNVkit wrote some segments without a probe, end before start
            inside = karyotype.profile.chrom == HG19.names.index(chrom)
            inside &= (karyotype.profile.start >= int(start)) & (karyotype.profile.end <= int(end))
            theirs[inside] = float(log2)
    return own, theirs


def test_amplicon_segments_follow_those_of_cnvkit(data_dir: Path) -> None:
    # 1,429 amplicons with a noise of 1.4 each; the segments agree in their levels.
    seen = analysed(data_dir / "cn_cnvkit" / "amplicon.cnr.gz")
    own, theirs = segment_means(data_dir, seen)
    both = np.isfinite(theirs)
    assert both.sum() > 1200
    assert np.corrcoef(own[both], theirs[both])[0, 1] > 0.6
    sharp = both & (np.abs(theirs) > 1.5) & (np.abs(own) > 1.0)
    assert (np.sign(own[sharp]) == np.sign(theirs[sharp])).mean() > 0.95
    profile = seen.karyotype.profile
    middle = (profile.start + profile.end) / 2
    called = np.zeros(own.size, dtype=bool)
    for call in reported(seen):
        inside = (
            (profile.chrom == HG19.names.index(call.chrom)) & (middle >= call.start) & (middle < call.end)
        )
        called |= inside
        # Where we report a change, CNVkit's segments deviate the same way, by more than a copy.
        assert np.sign(np.nanmean(theirs[inside])) == (1 if call.kind == "gain" else -1)
        assert np.abs(np.nanmean(theirs[inside])) > 1.0
    # And what stands out most in nine probes of CNVkit or more (MET amplified; RB1, SMAD4 lost) is reported.
    levels, counts = np.unique(theirs[both], return_counts=True)
    for level in levels[(np.abs(levels) > 2.9) & (counts >= 9)]:
        assert called[theirs == level].mean() > 0.9


@pytest.fixture(scope="module")
def tumours(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One table per tumour: the public path reads files of one sample."""
    folder = tmp_path_factory.mktemp("rascal")
    with gzip.open(data_dir / "cn_rascal_swgs" / "copy_number_30kb.tsv.gz", "rt") as handle:
        header, *lines = handle
    paths = {}
    for name in ("X17222", "Y17204"):
        rows = [line.partition("\t")[2] for line in lines if line.startswith(f"{name}\t")]
        paths[name] = folder / f"{name}.tsv"
        paths[name].write_text(header.partition("\t")[2] + "".join(rows), encoding="utf-8")
    return paths


@pytest.mark.parametrize(("name", "least", "share"), [("X17222", 120, 0.45), ("Y17204", 30, 0.2)])
def test_a_rearranged_tumour_is_not_quiet(
    tumours: dict[str, Path], name: str, least: int, share: float
) -> None:
    seen = analysed(tumours[name])
    calls = reported(seen)
    assert len(calls) >= least
    assert len(seen.karyotype.segments.first) >= 150
    profile = seen.karyotype.profile
    changed = np.zeros(profile.chrom.size, dtype=bool)
    for call in calls:
        changed |= (
            (profile.chrom == HG19.names.index(call.chrom))
            & (profile.start < call.end)
            & (profile.end > call.start)
        )
    assert changed[profile.autosome].mean() > share


def test_levels_of_a_tumour_are_those_of_its_published_segments(
    data_dir: Path, tumours: dict[str, Path]
) -> None:
    seen = analysed(tumours["X17222"])
    profile, segments = seen.karyotype.profile, seen.karyotype.segments
    own = np.repeat(segments.mean_log2, segments.last - segments.first)
    with gzip.open(data_dir / "cn_rascal_swgs" / "copy_number_30kb.tsv.gz", "rt") as handle:
        rows = [line.rstrip("\n").split("\t") for line in handle if line.startswith("X17222\t")]
    published = {
        (f"chr{row[1]}", int(row[2]) - 1): np.log2(float(row[5]))
        for row in rows
        if row[5] and float(row[5]) > 0
    }
    theirs = np.array(
        [published.get((HG19.names[c], s), np.nan) for c, s in zip(profile.chrom, profile.start, strict=True)]
    )
    both = np.isfinite(theirs) & profile.autosome
    difference = own[both] - theirs[both]
    difference -= np.median(difference)
    assert both.sum() > 80_000
    assert np.corrcoef(own[both], theirs[both])[0, 1] > 0.97
    assert np.quantile(np.abs(difference), 0.9) < 0.1


def test_tables_that_are_no_bins_are_refused(data_dir: Path) -> None:
    # Counts per chromosome.
    with pytest.raises(InputError) as caught:
        analysed(data_dir / "cn_ancient_chr_counts" / "chr_counts.tsv.gz")
    assert caught.value.code == "GS-2004"


def test_ratios_are_not_compared_with_depth(data_dir: Path) -> None:
    with pytest.raises(InputError, match="ratios cannot be compared") as caught:
        analysed(data_dir / "cn_cnvkit" / "p2-20_1.cnr.gz", panel(data_dir, "male01"))
    assert (caught.value.code, caught.value.found) == ("GS-2203", "ratio, depth")


def test_sex_is_that_of_the_depth_of_x_and_y(data_dir: Path) -> None:
    for name in ("male01", "male02", "female01", "female02"):
        bins = read_bins(panel(data_dir, name), HG19).bins
        assert infer_sex(bins, bins.n_reads, HG19, SETTINGS) == name[:-2]
