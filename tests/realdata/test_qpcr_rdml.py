"""Real RDML files and droplet exports (Untergasser data, MIT; ddpcr sample data, MIT)."""

from __future__ import annotations

import csv
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from genostab.errors import GenostabError
from genostab.io.droplets import read_droplets
from genostab.io.plate import read_plate
from genostab.io.rdml import read_rdml_cq


def test_cq_of_every_well_and_the_well_names(data_dir: Path) -> None:
    """Cq against the text of the XML, wells against the results table, which names them itself."""
    path = data_dir / "qpcr_untergasser" / "large_DNA_dilutions.rdml"
    cq = read_rdml_cq(path)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("rdml_data.xml").decode()
    stated = [float(value) for value in re.findall(r"<cq>([^<]*)</cq>", text)]
    assert len(cq) == 294
    np.testing.assert_array_equal(list(cq.values()), [value if value >= 0 else np.nan for value in stated])
    with path.with_name("large_DNA_dilutions_results.tsv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["Run"] == "P10 - DNA Dilutions"]
    assert sorted(cq) == sorted(row["well"] for row in rows)
    # TD0 of another program (cycles at a fixed product amount) runs along with Cq, well by well, in each target
    for target in {row["target"] for row in rows}:
        pairs = [
            (cq[row["well"]], float(row["TD0"]))
            for row in rows
            if row["target"] == target and row["amplification"] == "True" and float(row["TD0"]) > 0
        ]
        known = np.array([pair for pair in pairs if np.isfinite(pair).all()])
        assert len(known) >= 12
        assert np.corrcoef(known.T)[0, 1] > 0.99


@pytest.mark.parametrize("name", ["qpcr_untergasser/probes.rdml", "qpcr_technical/matrix_gaps.rdml"])
def test_files_without_cq_are_refused_clearly(data_dir: Path, tmp_path: Path, name: str) -> None:
    layout = tmp_path / "layout.csv"
    layout.write_text("well,role\nA1,no_template\n")
    with pytest.raises(GenostabError) as caught:
        read_plate(data_dir / name, layout)
    assert caught.value.code == "GS-2401"
    assert "later version" in caught.value.action


def test_real_plate_with_a_layout(data_dir: Path, tmp_path: Path) -> None:
    path = data_dir / "qpcr_untergasser" / "large_DNA_dilutions.rdml"
    cq = read_rdml_cq(path)
    layout = tmp_path / "layout.csv"
    roles = dict.fromkeys(cq, "omitted") | {"A19": "no_template"}
    layout.write_text("well,role\n" + "".join(f"{well},{role}\n" for well, role in roles.items()))
    plate = read_plate(path, layout)
    assert plate.well == ("A19",)
    assert plate.cq.tolist() == [21.575161]


@pytest.mark.parametrize(("name", "n_wells"), [("probe", 24), ("evagreen", 7)])
def test_droplets_of_qx_manager(data_dir: Path, name: str, n_wells: int) -> None:
    """Concentrations from counts and volume against those that the software printed, to its two decimals."""
    path = data_dir / "qpcr_untergasser" / f"large_DNA_dilutions_res_dpcr_{name}.tsv"
    counts = read_droplets(path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["Well"]]
    assert counts.well == tuple(row["Well"] for row in rows)
    assert len(rows) == n_wells
    lam = -np.log1p(-counts.positive / counts.accepted) / counts.droplet_volume_nl * 1000.0
    for i, row in enumerate(rows):
        if row["Conc(copies/µL)"] == "No Call":
            assert counts.positive[i] == 0
        else:
            assert lam[i] == pytest.approx(float(row["Conc(copies/µL)"]), abs=0.0051)


def test_droplets_of_quantasoft(data_dir: Path) -> None:
    path = data_dir / "ddpcr_small" / "small.csv"
    counts = read_droplets(path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(counts.well) == len(rows) == 10
    assert set(counts.droplet_volume_nl) == {0.91}
    lam = -np.log1p(-counts.positive / counts.accepted) / counts.droplet_volume_nl * 1000.0
    printed = [f"{value:.3g}" for value in lam]
    assert printed == [row["Concentration"] for row in rows]
