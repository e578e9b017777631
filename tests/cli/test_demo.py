"""`genostab demo`, end to end, against the truth that the lot was made from."""

from __future__ import annotations

import csv
import gzip
import hashlib
import html
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from genostab.report.results_json import results_schema
from genostab.run.audit import broken_entry
from tests.cli.conftest import Cli, Demo, files_below

# DESIGN section 6 and docs/outputs.md, written out: names and columns are a contract.
TABLES = {
    "karyotype/calls.tsv": "chrom start end kind copy_number cell_fraction cell_fraction_low cell_fraction_high "
    "ratio_log2 n_bins n_snps score q_value origin hotspot bands iscn status reason",
    "karyotype/sensitivity.tsv": "region chrom start end kind evidence min_cell_fraction power alpha",
    "karyotype/solutions.tsv": "rank ploidy cell_fraction log_likelihood relative_likelihood note",
    "verdicts.tsv": "attribute group stage measured low high unit limit direction n lod verdict class provenance "
    "source",
}
OTHERS = {
    "results.json",
    "report.html",
    "karyotype/segments.seg",
    "karyotype/calls.vcf.gz",
    "karyotype/calls.vcf.gz.tbi",
    "karyotype/calls.bed",
    "karyotype/bins.tsv.gz",
    "karyotype/snv_hotspots.tsv",
    "provenance.json",
    "audit.jsonl",
    "genostab_mqc.json",
    "genostab_general_mqc.json",
}
# What differs from run to run: who, when, which command line.
OF_THE_RUN = {"provenance.json", "audit.jsonl"}


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode()), delimiter="\t"))


@pytest.fixture(scope="module")
def calls(demo: Demo) -> list[dict[str, str]]:
    return [row for row in rows_of(demo.first["karyotype/calls.tsv"]) if row["status"] == "reported"]


@pytest.fixture(scope="module")
def truth(demo: Demo) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe").load((demo.folder / "lot" / "truth.yaml").read_text("utf-8"))
    return content


@pytest.fixture(scope="module")
def results(demo: Demo) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(demo.first["results.json"])
    return content


# --- the truth ---------------------------------------------------------------------------------------------


def test_every_event_is_called_as_it_is_and_nothing_else_is(
    calls: list[dict[str, str]], truth: dict[str, Any], results: dict[str, Any]
) -> None:
    lengths = {row["name"]: row["length_bp"] for row in results["genome"]["chromosomes"]}
    events = {event["chrom"]: event for event in truth["events"]}
    assert sorted(call["chrom"] for call in calls) == sorted(events)
    for call in calls:
        event = events[call["chrom"]]
        end = lengths[event["chrom"]] if event["end"] is None else event["end"]
        shared = min(end, int(call["end"])) - max(event["start"], int(call["start"]))
        union = max(end, int(call["end"])) - min(event["start"], int(call["start"]))
        # The 20q gain spans 17 bins, two of them masked beside the centromere; a step of two standard deviations of a
        # bin is placed to about two bins.
        assert shared / union > 0.7
        assert (call["kind"], int(call["copy_number"]), call["origin"]) == (
            event["kind"],
            event["copy_number"],
            event["origin"],
        )
        low, high = float(call["cell_fraction_low"]), float(call["cell_fraction_high"])
        assert low <= event["cell_fraction"] <= high
        assert low <= float(call["cell_fraction"]) <= high
        assert high - low < 0.4


def test_the_recurrent_ones_are_named_and_the_inherited_one_is_not(calls: list[dict[str, str]]) -> None:
    hotspots = {call["chrom"]: call["hotspot"] for call in calls}
    assert "trisomy" in hotspots["chr12"]
    assert "20q11.21" in hotspots["chr20"]
    assert hotspots["chr5"] == ""


def test_the_clone_fails_the_lot_and_so_do_the_recurrent_changes(results: dict[str, Any]) -> None:
    verdicts = {verdict["criterion"]: verdict["verdict"] for verdict in results["verdicts"]}
    assert results["overall"]["verdict"] == "FAIL"
    assert verdicts["KARYO_CLONE"] == verdicts["CNV_HOT"] == "FAIL"
    # 15 of 20 G-banded and 79 of 100 Giemsa metaphases are normal, the limit is 90 %.
    assert verdicts["KARYO_NORM_GBAND"] == verdicts["KARYO_NORM_GIEMSA"] == "FAIL"
    # One of 120 metaphases is tetraploid, the limit is 4 %.
    assert verdicts["TETRA"] == "PASS"


def test_the_assays_give_the_truth_back(results: dict[str, Any], truth: dict[str, Any]) -> None:
    estimates = {each["metric"]: each["estimate"] for each in results["measurements"]}

    def holds(metric: str, value: float) -> bool:
        estimate = estimates[metric]
        return bool(estimate["low"] <= value <= estimate["high"])

    assert holds("residual.ddpcr-lin28.frequency", truth["residual"]["ipsc_frequency"])
    assert holds("residual.flow-tra160.frequency", truth["residual"]["ipsc_frequency"])
    assert holds("telomerase.relative_activity", truth["telomerase"]["relative_activity"])
    doublings = estimates["culture.population_doublings"]["estimate"]
    assert doublings == pytest.approx(truth["culture"]["population_doublings"], abs=1e-5)
    assert estimates["cnv.acquired_count"]["estimate"] == 2


def test_a_passing_criterion_never_stands_on_a_missing_measurement(demo: Demo) -> None:
    for row in rows_of(demo.first["verdicts.tsv"]):
        if row["verdict"] in ("PASS", "FAIL"):
            assert row["measured"] or row["low"] or row["high"]


# --- the files ---------------------------------------------------------------------------------------------


def test_every_file_of_the_contract_is_there_and_no_other(demo: Demo) -> None:
    assert set(demo.first) == {*TABLES, *OTHERS}


@pytest.mark.parametrize("name", TABLES)
def test_columns_stand_in_the_order_of_the_contract(demo: Demo, name: str) -> None:
    lines = demo.first[name].decode().splitlines()
    columns = lines[0].split("\t")
    promised = TABLES[name].split()
    assert columns[: len(promised)] == promised
    assert {line.count("\t") for line in lines} == {len(columns) - 1}
    assert len(lines) > 3


def test_the_tables_for_other_programs_can_be_read(demo: Demo) -> None:
    bins = gzip.decompress(demo.first["karyotype/bins.tsv.gz"]).decode().splitlines()
    assert bins[0].startswith("#")
    assert bins[1].split("\t")[:4] == ["chrom", "start", "end", "ratio_log2"]
    assert len(bins) > 5000
    segments = demo.first["karyotype/segments.seg"].decode().splitlines()
    assert {line.count("\t") for line in segments} == {5}
    bed = [line.split("\t") for line in demo.first["karyotype/calls.bed"].decode().splitlines()]
    assert [row[0] for row in bed if row[0].startswith("chr")] == ["chr5", "chr12", "chr20"]
    for name in ("genostab_mqc.json", "genostab_general_mqc.json"):
        assert json.loads(demo.first[name])["data"].keys() == {"NSC-DEMO-001"}


def test_results_json_holds_to_its_schema(results: dict[str, Any]) -> None:
    schema = results_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(results)) == []


def test_bcftools_takes_the_vcf_without_a_word(demo: Demo, require_tool: Callable[[str], str]) -> None:
    path = demo.results / "karyotype" / "calls.vcf.gz"
    fields = "%CHROM %POS %INFO/END %INFO/ORIGIN %FILTER[ %CF]\\n"
    done = subprocess.run(
        [require_tool("bcftools"), "query", "-f", fields, "-i", 'FILTER="PASS"', str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["chr5", "chr12", "chr20"]
    whole = subprocess.run(["bcftools", "view", str(path)], capture_output=True, text=True, check=True)
    assert whole.stderr == ""
    region = ["bcftools", "view", "-H", "-r", "chr20", str(path)]
    by_index = subprocess.run(region, capture_output=True, text=True, check=True)
    assert by_index.stderr == ""
    assert len(by_index.stdout.splitlines()) == 1


class _Links(HTMLParser):
    """Everything in a page that a browser would load or run from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            is_loaded = name in ("src", "srcset", "data", "action", "poster") or (tag, name) == (
                "link",
                "href",
            )
            if is_loaded and not (value or "").startswith("data:"):
                self.loaded.append(f"{tag} {name}={value}")


def test_the_report_loads_nothing(demo: Demo) -> None:
    page = demo.first["report.html"].decode()
    links = _Links()
    links.feed(page)
    assert links.loaded == []
    styles = " ".join(re.findall(r"<style[^>]*>(.*?)</style>", page, flags=re.DOTALL))
    assert "@import" not in styles
    assert not re.search(r"url\(\s*['\"]?(?!data:|#)", styles)
    assert "default-src 'none'" in html.unescape(page)
    assert "NSC-DEMO-001" in page


# --- provenance and audit ----------------------------------------------------------------------------------


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_provenance_has_the_hash_of_every_input(demo: Demo) -> None:
    record = json.loads(demo.first["provenance.json"])
    assert record["seed"] == 2021
    assert "demo" in record["command"]
    assert record["started_utc"] <= record["finished_utc"]
    stated = {entry["name"]: (entry["bytes"], entry["sha256"]) for entry in record["inputs"]}
    assert {"nsc.bam", "bank.bam", "nsc.vcf.gz", "gband.csv", "observations.csv"} <= stated.keys()
    for name, (size, digest) in stated.items():
        data = (demo.folder / "lot" / name).read_bytes()
        assert (len(data), sha256(data)) == (size, digest)


def test_the_audit_log_has_the_hash_of_every_output(demo: Demo) -> None:
    (line,) = demo.first["audit.jsonl"].splitlines()
    entry = json.loads(line)
    assert broken_entry(demo.first["audit.jsonl"]) is None
    assert entry["files"] == {
        name: sha256(data) for name, data in demo.first.items() if name != "audit.jsonl"
    }


# --- again -------------------------------------------------------------------------------------------------


def same(one: dict[str, bytes], other: dict[str, bytes]) -> set[str]:
    assert one.keys() == other.keys()
    return {name for name in one if one[name] == other[name]}


def test_a_second_run_gives_the_same_bytes_and_goes_on_with_the_log(demo: Demo, cli: Cli) -> None:
    done = cli("demo", "-o", demo.folder, "--threads", "1", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    second = files_below(demo.results)
    assert same(dict(demo.first), second) == demo.first.keys() - OF_THE_RUN
    assert second["audit.jsonl"].startswith(demo.first["audit.jsonl"])
    assert len(second["audit.jsonl"].splitlines()) == 2
    assert broken_entry(second["audit.jsonl"]) is None


def test_the_same_lot_elsewhere_with_other_threads_gives_the_same_results(
    demo: Demo, cli: Cli, tmp_path: Path
) -> None:
    moved = tmp_path / "somewhere else"
    shutil.copytree(demo.folder / "lot", moved)
    outs = []
    for threads, cwd, manifest in (("1", moved, Path("lot.yaml")), ("2", tmp_path, moved / "lot.yaml")):
        out = tmp_path / f"out-{threads}"
        done = cli("analyze", manifest, "-o", out, "--threads", threads, cwd=cwd)
        assert (done.returncode, done.stderr) == (0, "")
        outs.append(files_below(out))
    assert same(*outs) == outs[0].keys() - OF_THE_RUN
    # Of the demonstration itself only the seed is not there: the files do not say that they were simulated.
    expected = demo.first.keys() - OF_THE_RUN - {"results.json", "report.html"}
    assert {name for name in expected if demo.first[name] == outs[0][name]} == expected
    with_seed = json.loads(demo.first["results.json"])
    assert with_seed["provenance"].pop("seed") == 2021
    without = json.loads(outs[0]["results.json"])
    assert without["provenance"].pop("seed") is None
    assert with_seed == without


def test_no_path_of_this_machine_is_in_what_is_shared(demo: Demo) -> None:
    for name in demo.first.keys() - {"provenance.json"}:
        data = demo.first[name]
        text = gzip.decompress(data) if name.endswith(("gz", "tbi")) else data
        assert str(demo.folder).encode() not in text, name
        assert str(Path.home()).encode() + b"/" not in text, name


# --- what is said ------------------------------------------------------------------------------------------


def test_the_terminal_shows_verdicts_calls_and_times_in_100_columns(demo: Demo) -> None:
    assert demo.done.stderr == ""
    text = demo.done.stdout
    assert [line for line in text.splitlines() if len(line) > 100 and str(demo.folder) not in line] == []
    assert re.search(r"^KARYO_CLONE .* FAIL +release$", text, flags=re.MULTILINE)
    assert re.search(r"^seq\[GRCh38\] \(12\)x3\S* .* acquired ", text, flags=re.MULTILINE)
    assert "FAIL: of " in text
    assert f"report: {demo.results / 'report.html'}" in text
    assert re.search(r"^simulated in \d+\.\d s, analysed in \d+\.\d s$", text, flags=re.MULTILINE)


def test_another_seed_is_another_lot_with_the_same_truth(demo: Demo, cli: Cli, tmp_path: Path) -> None:
    done = cli("demo", "-o", tmp_path, "--seed", "7", "-v")
    assert done.returncode == 0
    assert "reads of nsc.bam" in done.stderr
    assert "verdicts and report" in done.stderr
    assert (tmp_path / "lot" / "nsc.bam").read_bytes() != (demo.folder / "lot" / "nsc.bam").read_bytes()
    calls = rows_of((tmp_path / "results" / "karyotype" / "calls.tsv").read_bytes())
    reported = sorted(
        (call["chrom"], call["kind"], call["origin"]) for call in calls if call["status"] == "reported"
    )
    assert reported == [
        ("chr12", "gain", "acquired"),
        ("chr20", "gain", "acquired"),
        ("chr5", "loss", "inherited"),
    ]
