"""`genostab profile list` and `show`: text for people, JSON for programs, nothing heavy loaded before."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from genostab.cli.profile import profile
from genostab.compliance.profile import list_profiles, load_profile, profile_sha256
from genostab.errors import GenostabErrors


def run(*arguments: str) -> Result:
    return CliRunner().invoke(profile, arguments)


def test_list_names_every_shipped_profile() -> None:
    result = run("list")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].split() == ["id", "criteria", "title"]
    assert [line.split()[0] for line in lines[1:] if line[0] != " "] == list(list_profiles())


def test_list_as_json_has_the_hash_of_each() -> None:
    entries = json.loads(run("list", "--json").output)
    assert {entry["id"]: entry["sha256"] for entry in entries} == {
        name: profile_sha256(load_profile(name)) for name in list_profiles()
    }


@pytest.mark.parametrize("name", list_profiles())
def test_show_has_the_statement_the_hash_and_a_line_per_criterion(name: str) -> None:
    record = load_profile(name)
    output = run("show", name).output
    words = " ".join(output.split())
    assert " ".join(record.statement.split()) in words
    assert "does not say that the lot complies" in words
    assert profile_sha256(record) in output
    first_words = {line.split()[0] for line in output.splitlines() if line[:1].strip()}
    assert {criterion.id for criterion in record.criteria} <= first_words
    for criterion in record.criteria:
        (line,) = (line for line in output.splitlines() if line.split()[:1] == [criterion.id])
        assert criterion.metric in line.split()
        assert criterion.class_ in line.split()
        assert criterion.source.ref in words
        assert criterion.direction != "report" or "no limit" in line


def test_show_as_json_is_the_whole_profile() -> None:
    content = json.loads(run("show", "keio-sci-2021", "--json").output)
    assert content.pop("sha256") == profile_sha256(load_profile("keio-sci-2021"))
    tetraploid = next(c for c in content["criteria"] if c["id"] == "TETRA")
    assert (tetraploid["limit"], tetraploid["class"], tetraploid["min_n"]) == (0.04, "release", 100)


def test_show_refuses_an_unknown_profile() -> None:
    result = run("show", "keio-sci-2022")
    assert isinstance(result.exception, GenostabErrors)
    assert result.exception.errors[0].code == "GS-1106"


def test_the_command_loads_nothing_heavy_before_it_runs() -> None:
    code = (
        "import sys, genostab.cli.profile\n"
        "print([m for m in ('pydantic', 'ruamel.yaml', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
