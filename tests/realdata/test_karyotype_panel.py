"""Four real capture libraries (chromosomes 1, X and Y), each against a panel of the other three."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genostab.arrays import Panel, Profile
from genostab.io.genome import load_genome
from genostab.karyotype.normalise import profile_alone, profile_paired
from genostab.karyotype.panel import normal_bins, profile_against_panel, without
from genostab.karyotype.settings import load_settings
from genostab.karyotype.sex import Sex
from genostab.lot.manifest import Sequencing
from genostab.run.panel import make_panel
from genostab.run.sequencing import Sequenced, analyse_sequencing

HG19 = load_genome("GRCh37")
SETTINGS = load_settings()
NAMES = ("female01", "female02", "male01", "male02")


def library(data_dir: Path, name: str) -> Path:
    return data_dir / "cn_cnvkit" / f"{name}.targetcoverage.cnn.gz"


def made(data_dir: Path, names: tuple[str, ...], out: Path) -> Panel:
    panel, remarks = make_panel(
        [library(data_dir, name) for name in names],
        out,
        assembly="GRCh37",
        sexes=None,
        reference=None,
        threads=1,
        on_progress=lambda _: None,
    )
    assert remarks == ()
    return panel


@pytest.fixture(scope="module")
def panel(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Panel:
    return made(data_dir, NAMES, tmp_path_factory.mktemp("p") / "panel.tsv.gz")


def noise(profile: Profile) -> float:
    return float(np.median(profile.sd_log2[profile.autosome]))


def test_sexes_are_inferred_and_nobody_is_left_out(panel: Panel) -> None:
    assert [normal.sex for normal in panel.normals] == ["female", "female", "male", "male"]
    assert [normal.left_out for normal in panel.normals] == [""] * 4
    # One autosome has no scatter between autosomes; X is that of one other person, within 0.01 log2.
    assert all(np.isnan(normal.panel_sd_log2) and abs(normal.x_log2) < 0.01 for normal in panel.normals)


@pytest.mark.parametrize("index", range(4))
def test_noise_of_a_target_is_less_than_alone_and_than_against_one_other(panel: Panel, index: int) -> None:
    sex: Sex = panel.normals[index].sex
    twin = index ^ 1  # the other of that sex
    own, other = normal_bins(panel, index), normal_bins(panel, twin)
    by_three = noise(profile_against_panel(own, without(panel, index), HG19, sex, SETTINGS, is_counts=False))
    by_one = noise(profile_paired(own, other, HG19, sex, SETTINGS, is_counts=False))
    by_none = noise(profile_alone(own, HG19, sex, SETTINGS, is_counts=False))
    # Measured: 0.158 to 0.179 by three, 0.183 to 0.207 by one, 0.277 to 0.306 by none.
    assert by_three < 0.95 * by_one < 0.8 * by_none


def analysed(path: Path, panel: Path) -> Sequenced:
    return analyse_sequencing(
        Sequencing(sample=path, panel=panel),
        sex=None,
        genome=HG19,
        settings=SETTINGS,
        threads=1,
        on_progress=lambda _: None,
    )


@pytest.mark.parametrize("name", NAMES)
def test_targets_are_called_alone_and_no_large_change_is_seen(
    data_dir: Path, tmp_path: Path, name: str
) -> None:
    rest = tuple(each for each in NAMES if each != name)
    made(data_dir, rest, tmp_path / "panel.tsv.gz")
    seen = analysed(library(data_dir, name), tmp_path / "panel.tsv.gz")
    assert seen.karyotype.withheld == ""
    calls = [call for call in seen.karyotype.calls if call.reported]
    # Germline variants of a person: some, none of them large.
    assert 1 <= len(calls) <= 40
    assert max(call.end - call.start for call in calls) < 2_000_000
    assert any("1 " + name[:-2] + " normal" in warning for warning in seen.warnings)
