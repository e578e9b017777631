"""Exit codes, and what a command prints with -q, -v, a closed pipe and a poor terminal."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from genostab.cli._options import fails
from genostab.cli.main import run
from genostab.compliance.judge import Overall
from genostab.errors import EXIT_LOCKED, EXIT_VERDICT_FAIL
from genostab.run.analyze import Outcome
from genostab.run.lock import locked
from tests.cli.conftest import GENOSTAB, Cli

NORMAL = "cell,karyotype,stain\n" + "".join(f'{n},"46,XX",g_band\n' for n in range(20))
CLONE = NORMAL + "".join(f'c{n},"47,XX,+12",g_band\n' for n in range(8))


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    """A manifest whose metaphases hold a clone: the lot fails."""
    (tmp_path / "clone.csv").write_text(CLONE, encoding="utf-8")
    manifest = tmp_path / "failing.yaml"
    manifest.write_text("lot: F\nprofile: keio-sci-2021\nmetaphases: clone.csv\n", encoding="utf-8")
    return manifest


@pytest.fixture
def untested(tmp_path: Path) -> Path:
    manifest = tmp_path / "untested.yaml"
    manifest.write_text("lot: U\nprofile: keio-sci-2021\n", encoding="utf-8")
    return manifest


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("failing", [], 0),
        ("failing", ["--fail-on", "fail"], EXIT_VERDICT_FAIL),
        ("failing", ["--fail-on", "indeterminate"], EXIT_VERDICT_FAIL),
        ("untested", [], 0),
        ("untested", ["--fail-on", "fail"], 0),
        ("untested", ["--fail-on", "indeterminate"], EXIT_VERDICT_FAIL),
    ],
)
def test_fail_on_turns_a_verdict_into_exit_4(
    name: str, options: list[str], code: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    manifest = request.getfixturevalue(name)
    out = tmp_path / "out"
    assert run(["analyze", str(manifest), "-o", str(out), *options]) == code
    assert (out / "results.json").is_file()
    assert run(["analyze", str(manifest), "-o", str(out), "-q", *options]) == code


@pytest.mark.parametrize(
    ("verdict", "on_fail", "on_indeterminate"),
    [
        ("PASS", False, False),
        ("REPORT", False, False),
        ("FAIL", True, True),
        ("INVALID", False, True),
        ("INDETERMINATE", False, True),
        ("NOT TESTED", False, True),
    ],
)
def test_which_verdicts_each_level_names(verdict: str, on_fail: bool, on_indeterminate: bool) -> None:
    outcome = Outcome(
        overall=Overall(line="", verdict=verdict, counts={}),  # type: ignore[arg-type]
        verdicts=(),
        calls=(),
        not_tested=(),
        report=Path("x"),
    )
    assert [fails(outcome, level) for level in (None, "fail", "indeterminate")] == [
        False,
        on_fail,
        on_indeterminate,
    ]


def test_a_folder_in_use_is_exit_7(failing: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with locked(tmp_path / "out"):
        assert run(["analyze", str(failing), "-o", str(tmp_path / "out")]) == EXIT_LOCKED
    err = capfd.readouterr().err
    assert err.startswith("GS-7001 ")
    assert f"process {os.getpid()} is writing there" in err
    assert run(["analyze", str(failing), "-o", str(tmp_path / "out"), "-q"]) == 0


def test_quiet_says_nothing_and_verbose_speaks_on_stderr(failing: Path, tmp_path: Path, cli: Cli) -> None:
    quiet = cli("analyze", failing, "-o", tmp_path / "a", "-q")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    plain = cli("analyze", failing, "-o", tmp_path / "a")
    assert (plain.returncode, plain.stderr) == (0, "")
    loud = cli("analyze", failing, "-o", tmp_path / "a", "-v")
    assert loud.stdout == plain.stdout
    lines = loud.stderr.splitlines()
    assert lines[0] == "metaphases"
    assert lines[-1] == "verdicts and report"
    assert len(set(lines)) == len(lines)


def test_what_is_printed_is_at_most_100_columns_wide(failing: Path, tmp_path: Path, cli: Cli) -> None:
    commands = (
        ["profile", "list"],
        ["profile", "show", "keio-sci-2021"],
        ["analyze", failing, "-o", tmp_path / "o"],
    )
    for command in commands:
        text = cli(*command).stdout
        wide = [line for line in text.splitlines() if len(line) > 100]
        assert [line for line in wide if not line.startswith("report: ")] == []
        assert len(text.splitlines()) > 2


def test_a_reader_that_goes_away_costs_no_exit_code(failing: Path, tmp_path: Path) -> None:
    """A failed lot stays a failed lot where its table is piped into `head`."""
    for arguments, code in (
        (["analyze", str(failing), "-o", str(tmp_path / "o"), "--fail-on", "fail"], EXIT_VERDICT_FAIL),
        (["profile", "show", "keio-sci-2021"], 0),
        (["--help"], 0),
    ):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [*GENOSTAB, *arguments], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
        )
        os.close(writing)
        assert (done.returncode, done.stderr) == (code, "")


def test_a_terminal_without_the_character_gets_its_code(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "o.csv").write_text("attribute,value,unit\nmorphology,spheres ≥ 5,\n", encoding="utf-8")
    (tmp_path / "lot.yaml").write_text("lot: A\nobservations: o.csv\n", encoding="utf-8")
    env = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = cli("analyze", tmp_path / "lot.yaml", "-o", tmp_path / "out", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert "spheres \\u2265 5" in done.stdout


def test_no_command_shows_the_help(cli: Cli) -> None:
    done = cli()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: ")
    assert cli("--help").stdout.splitlines()[0] == done.stderr.splitlines()[0]


def test_the_version_is_that_of_the_package(cli: Cli) -> None:
    from genostab import __version__

    assert __version__ in cli("--version").stdout
