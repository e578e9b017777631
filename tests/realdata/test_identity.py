"""Real families and strangers: PennCNV's trio, and eight people of whom no two are related."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner

from genostab.cli.identity import identity
from genostab.io.genome import load_genome
from genostab.io.snp_array import read_snp_array
from genostab.karyotype.identity import compare_samples
from genostab.karyotype.sample_settings import load_sample_settings
from genostab.lot.load import load_manifest
from genostab.run.analyze import analyse_lot

HG18 = load_genome("hg18")
SETTINGS = load_sample_settings()
PEOPLE = (
    "SAMPLE_29",
    "SAMPLE_47",
    "FEMALE_2291",
    "SAMPLE_8",
    "SAMPLE_49",
    "SAMPLE_93",
    "SAMPLE_105",
    "SAMPLE_74",
)


def test_the_trio(data_dir: Path, tmp_path: Path) -> None:
    files = [
        str(data_dir / "snp_penncnv_trio" / f"{name}.txt.gz") for name in ("father", "mother", "offspring")
    ]
    out = tmp_path / "identity.tsv"
    result = CliRunner().invoke(identity, [*files, "--assembly", "hg18", "-o", str(out)])
    assert result.exit_code == 0
    header, *rows = [line.split("\t") for line in out.read_text().splitlines() if not line.startswith("#")]
    pairs = [dict(zip(header, row, strict=True)) for row in rows]
    assert [pair["relation"] for pair in pairs] == ["unrelated", "parent and child", "parent and child"]
    assert [pair["reading"] for pair in pairs] == ["other donor", "related", "related"]
    # A child shares an allele of every SNP with each parent but for genotyping errors.
    assert all(int(pair["ibs0"]) / int(pair["n_called"]) < 0.0005 for pair in pairs[1:])
    assert [float(pair["kinship"]) for pair in pairs] == pytest.approx([0.0, 0.25, 0.25], abs=0.02)


def test_strangers_and_oneself(data_dir: Path) -> None:
    path = data_dir / "snp_brge_sexchr" / "lrr_baf.tsv.gz"
    people = [read_snp_array(path, HG18, name) for name in PEOPLE]
    for first, second in combinations(people, 2):
        assert compare_samples(first, second, HG18, SETTINGS).reading == "other donor"
    # The poor array too; the one with 12 % of another person's DNA is still its own donor.
    for one in people:
        assert compare_samples(one, one, HG18, SETTINGS).reading == "same donor"


@pytest.mark.parametrize(
    ("parent", "cnv", "warns"), [("mother", "REPORT", "a relative"), ("other", "INVALID", "another")]
)
def test_a_swapped_parent_is_flagged(
    data_dir: Path, tmp_path: Path, parent: str, cnv: str, warns: str
) -> None:
    trio = data_dir / "snp_penncnv_trio"
    # The father's array is that of another donor than the mother.
    lot, reference = ("offspring", "mother") if parent == "mother" else ("father", "mother")
    manifest = tmp_path / "lot.yaml"
    manifest.write_text(
        f"lot: L1\nassembly: hg18\n"
        f"sequencing: {{array: {trio / f'{lot}.txt.gz'}, parent: {trio / f'{reference}.txt.gz'}}}\n"
    )
    out = tmp_path / "out"
    outcome = analyse_lot(
        load_manifest(manifest), out, threads=1, seed=None, actor="t", command=(), on_progress=lambda _: None
    )
    verdicts = {verdict.criterion: verdict.verdict for verdict in outcome.verdicts}
    assert verdicts["SNPID"] == "INVALID"
    assert verdicts["CNV_N"] == cnv
    results = json.loads((out / "results.json").read_bytes())
    assert results["warnings"][0].startswith("IDENTITY: ")
    assert warns in results["warnings"][0]
    assert "Identity by SNPs" in (out / "report.html").read_text()
