"""`genostab panel` and `analyze --panel` on files: what is taken, what is refused, and that it repeats."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest

from genostab.cli.main import run
from genostab.errors import GenostabError
from genostab.io.genome import load_genome
from genostab.io.panel_file import read_panel
from genostab.run.panel import make_panel

HG38 = load_genome("GRCh38")
WIDTH = 1_000_000
_YIELD = np.exp2(np.random.default_rng(0).normal(0, 0.4, 4000))


def bins_text(
    seed: int, sex: str = "female", what: str = "counts", gain: str = "", width: int = WIDTH
) -> str:
    """A TSV of bins of 1 Mb: yields of bins in common, Poisson reads, +1 copy of a chromosome in 30 % of the cells."""
    rng = np.random.default_rng(seed)
    lines, at = [f"chrom\tstart\tend\t{what}"], 0
    for name, length in zip(HG38.names, HG38.length_bp.tolist(), strict=True):
        copies = {"chrX": 2.0 - (sex == "male"), "chrY": 1.0 * (sex == "male")}.get(name, 2.0) + 0.3 * (
            name == gain
        )
        for start in range(0, length, width):
            reads = int(rng.poisson(2000 * _YIELD[at] * copies / 2 * min(width, length - start) / width))
            lines.append(
                f"{name}\t{start}\t{min(start + width, length)}\t{reads if what == 'counts' else reads / 100}"
            )
            at += 1
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def normals(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("normals")
    paths = [folder / f"n{i}.tsv" for i in range(6)]
    for i, path in enumerate(paths):
        path.write_text(bins_text(i, "male" if i % 2 else "female"))
    return paths


@pytest.fixture(scope="module")
def panel(normals: list[Path]) -> Path:
    path = normals[0].parent / "panel.tsv.gz"
    assert run(["panel", *map(str, normals), "-o", str(path), "-q"]) == 0
    return path


def made(paths: list[Path], out: Path, **other: Any) -> Any:
    options = {
        "assembly": "GRCh38",
        "sexes": None,
        "reference": None,
        "threads": 1,
        "on_progress": lambda _: None,
    }
    return make_panel(paths, out, **{**options, **other})


def test_the_panel_repeats_byte_by_byte_and_names_its_normals(
    normals: list[Path], panel: Path, tmp_path: Path
) -> None:
    again, _ = made(normals, tmp_path / "again.tsv.gz")
    assert (tmp_path / "again.tsv.gz").read_bytes() == panel.read_bytes()
    assert [n.name for n in again.normals] == [path.name for path in normals]
    assert [n.sex for n in again.normals] == ["female", "male"] * 3
    assert all(n.panel_sd_log2 < n.alone_sd_log2 for n in again.normals)
    assert len({n.sha256 for n in again.normals}) == 6
    assert (again.bin_bp, again.is_counts) == (WIDTH, True)
    np.testing.assert_array_equal(read_panel(panel, HG38).values, again.values)


def analysed(out: Path, *arguments: str) -> dict[str, Any]:
    assert run(["analyze", *arguments, "-o", str(out), "-q"]) == 0
    content: dict[str, Any] = json.loads((out / "results.json").read_bytes())
    return content


def reported(results: dict[str, Any]) -> list[tuple[str, str]]:
    return [(call["chrom"], call["kind"]) for call in results["calls"] if call["reported"]]


def test_a_lot_alone_is_called_against_the_panel_only(panel: Path, tmp_path: Path) -> None:
    lot = tmp_path / "lot.tsv"
    lot.write_text(bins_text(50, gain="chr12"))
    # The bins have no GC content: by themselves they are not called.
    assert reported(analysed(tmp_path / "alone", str(lot))) == []
    seen = analysed(tmp_path / "panel", str(lot), "--panel", str(panel))
    assert reported(seen) == [("chr12", "gain")]
    figures = {figure["name"]: figure["value"] for figure in seen["qc"]}
    assert figures["normals of the panel"] == 6
    assert figures["waves of the panel"] == 0
    assert {"panel.tsv.gz", "lot.tsv"} == {entry["name"] for entry in seen["provenance"]["inputs"]}


def test_the_manifest_names_the_panel(panel: Path, tmp_path: Path) -> None:
    (tmp_path / "lot.tsv").write_text(bins_text(51))
    (tmp_path / "parent.tsv").write_text(bins_text(52))
    manifest = tmp_path / "lot.yaml"
    manifest.write_text(f"lot: A\nsequencing: {{sample: lot.tsv, parent: parent.tsv, panel: {panel}}}\n")
    assert run(["check", str(manifest)]) == 0
    seen = analysed(tmp_path / "out", str(manifest))
    assert reported(seen) == []
    assert "sequencing.panel" not in {entry["block"] for entry in seen["not_tested"]}


def test_x_and_y_are_not_called_without_normals_of_the_sex(normals: list[Path], tmp_path: Path) -> None:
    made(normals[::2], tmp_path / "female.tsv.gz")
    (tmp_path / "lot.tsv").write_text(bins_text(53, "male"))
    seen = analysed(tmp_path / "out", str(tmp_path / "lot.tsv"), "--panel", str(tmp_path / "female.tsv.gz"))
    assert any("no male normal" in warning for warning in seen["warnings"])
    fractions = [row["min_cell_fraction"] for row in seen["sensitivity"] if row["region"] in ("X", "Y")]
    assert not any(fractions)


def test_a_lot_is_not_compared_with_itself(normals: list[Path], panel: Path, tmp_path: Path) -> None:
    seen = analysed(tmp_path / "out", str(normals[2]), "--panel", str(panel))
    assert "n2.tsv of the panel is this sample itself: it was not used" in seen["warnings"]
    assert {figure["name"]: figure["value"] for figure in seen["qc"]}["normals of the panel"] == 5


def refusal(*arguments: Any, **other: Any) -> GenostabError:
    with pytest.raises(GenostabError) as caught:
        made(*arguments, **other)
    return caught.value


def test_what_makes_no_panel_is_refused(normals: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "p.tsv.gz"
    other = {name: tmp_path / f"{name}.tsv" for name in ("depth", "wide", "ratio", "empty", "cut")}
    other["depth"].write_text(bins_text(7, what="depth"))
    other["wide"].write_text(bins_text(7, width=2 * WIDTH))
    other["ratio"].write_text(
        "chrom\tstart\tend\tlog2\n" + "".join(f"chr1\t{i}000\t{i + 1}000\t0.1\n" for i in range(40))
    )
    other["empty"].write_text(bins_text(7).split("\n")[0] + "\n" + "".join(
        "\t".join([*line.split("\t")[:3], "0"]) + "\n" for line in bins_text(7).split("\n")[1:-1]))  # fmt: skip
    other["cut"].write_text(bins_text(7)[:-5])
    assert refusal(normals[:1], out).code == "GS-2106"
    assert "1 of 1 normals" in refusal(normals[:1], out).found
    assert refusal([normals[0], normals[1], normals[0]], out).found == f"the same data as {normals[0].name}"
    assert refusal(normals, out, sexes=["female"]).code == "GS-2106"
    assert refusal([*normals, other["ratio"]], out).code == "GS-2106"
    assert refusal([*normals, other["depth"]], out).code == "GS-2203"
    assert refusal([*normals, other["wide"]], out).code == "GS-2203"
    assert refusal([*normals, other["empty"]], out).code == "GS-2104"
    assert refusal([*normals, other["cut"]], out).code == "GS-2003"
    assert not out.exists()


def test_stated_sexes_hold_and_a_doubt_is_said(normals: list[Path], tmp_path: Path) -> None:
    panel, remarks = made(normals, tmp_path / "p.tsv.gz", sexes=["female"] * 6)
    assert {n.sex for n in panel.normals} == {"female"}
    assert len(remarks) == 3
    assert "n1.tsv: stated female, but X and Y say male" in remarks[0]


@pytest.mark.parametrize("case", ["other bins", "other kind", "other assembly", "damaged", "ratios"])
def test_a_panel_that_does_not_fit_is_refused(
    case: str, panel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lot, used, more = tmp_path / "lot.tsv", panel, []
    lot.write_text(bins_text(60))
    code = "GS-2203"
    if case == "other bins":
        lot.write_text("\n".join(bins_text(60).split("\n")[:-40]) + "\n")
    elif case == "other kind":
        lot.write_text(bins_text(60, what="depth"))
    elif case == "other assembly":
        lot.write_text(
            "\n".join(line for line in bins_text(60).split("\n") if line.split("\t")[0] in ("chrom", "chr2"))
            + "\n"
        )
        code, more = "GS-2101", ["--assembly", "T2T-CHM13"]
    elif case == "damaged":
        used, code = tmp_path / "p.tsv.gz", "GS-2202"
        used.write_bytes(gzip.compress(gzip.decompress(panel.read_bytes()).replace(b"\n1\t", b"\nx\t", 1)))
    else:
        lot.write_text(
            "chrom\tstart\tend\tlog2\n"
            + "".join(f"chr1\t{i}000\t{i + 1}000\t{0.1 * (i % 3)}\n" for i in range(40))
        )
    assert run(["analyze", str(lot), "--panel", str(used), "-o", str(tmp_path / "out"), "-q", *more]) == 3
    assert code in capsys.readouterr().err
    manifest = tmp_path / "lot.yaml"
    assembly = f"assembly: {more[1]}\n" if more else ""
    manifest.write_text(f"lot: A\n{assembly}sequencing: {{sample: lot.tsv, panel: {used}}}\n")
    assert run(["check", str(manifest)]) == 3
    assert capsys.readouterr().err.count(f"{code} ") == 1


@pytest.mark.parametrize(
    ("width", "fits"), [("", True), ("bin_width: 1000000, ", True), ("bin_width: 500000, ", False)]
)
def test_check_compares_the_bins_of_reads_before_they_are_counted(
    panel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], width: str, fits: bool
) -> None:
    bam, manifest = tmp_path / "lot.bam", tmp_path / "lot.yaml"
    sizes = [{"SN": n, "LN": x} for n, x in zip(HG38.names, HG38.length_bp.tolist(), strict=True)]
    with pysam.AlignmentFile(str(bam), "wb", header={"SQ": sizes}):
        pass
    manifest.write_text(f"lot: A\nsequencing: {{sample: lot.bam, {width}panel: {panel}}}\n")
    assert run(["check", str(manifest)]) == (0 if fits else 3)
    err = capsys.readouterr().err
    parts = ("GS-2203 sample and panel do not", "where: ", "found: ", "expected: ", "do: ")
    assert all(part in err for part in parts) != fits


def test_the_table_of_the_command_shows_each_normal(
    normals: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run(
            [
                "panel",
                *map(str, normals),
                "-o",
                str(tmp_path / "p.tsv.gz"),
                "--sex",
                ",".join(["female", "male"] * 3),
            ]
        )
        == 0
    )
    shown = capsys.readouterr().out
    assert all(path.name in shown for path in normals)
    assert "6 of 6 normals" in shown
    assert run(["panel", str(normals[0]), "-o", str(tmp_path / "p"), "--sex", "both"]) == 2
    assert "GS-1001" in capsys.readouterr().err
