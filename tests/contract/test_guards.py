"""Every guard can fail: each is shown a bad example that it must name and a good one that it must pass."""

from __future__ import annotations

import pytest

from tests.contract import _guards as guards
from tests.contract._arrows import arrow_violations

SLASH = "/"


@pytest.mark.parametrize(
    ("room", "source", "n_found"),
    [
        ("errors", "import json\n", 0),
        ("errors", "from genostab.units import CELLS\n", 1),
        ("errors", "import numpy\n", 1),
        ("arrays", "import pandas as pd\n", 1),
        ("kernels", "from genostab.kernels._jit import kernel\nimport math\n", 0),
        ("kernels", "import numba\n", 1),
        ("kernels", "import time\n", 1),
        ("kernels", "from genostab.arrays import Bins\n", 1),
        ("karyotype", "from genostab import kernels\nfrom genostab.kernels import rng\n", 0),
        ("karyotype", "from genostab.culture import growth\n", 1),
        ("karyotype", "from genostab import culture\n", 1),
        ("karyotype", "from ..culture import growth\n", 1),
        ("karyotype", "from . import segment\n", 0),
        ("karyotype", "def f():\n    import pysam\n", 1),
        ("karyotype", "if TYPE_CHECKING:\n    import pandas\n", 1),
        ("karyotype", "from importlib import import_module\nio = import_module('genostab.io')\n", 1),
        ("karyotype", "from pathlib import Path\n", 1),
        ("io", "from genostab.results import Call\n", 1),
        ("report", "from genostab.kernels import rng\n", 1),
        ("run", "from genostab.io import vcf\nfrom genostab import __version__\n", 0),
        ("run", "from genostab.cli import main\n", 1),
        ("cli", "import click\ndef f():\n    import numpy\n", 0),
        ("cli", "import numpy\n", 1),
        ("cli", "from genostab.karyotype import call\n", 1),
        ("genostab", "def f():\n    from genostab.run import plan\n", 0),
        ("genostab", "from genostab.run import plan\n", 1),
        ("reference", "import numpy\nimport mpmath\nfrom reference import rng\n", 0),
        ("reference", "from genostab import kernels\n", 1),
        ("reference", "import scipy\n", 1),
        ("attic", "", 1),
    ],
)
def test_arrows(room: str, source: str, n_found: int) -> None:
    assert len(arrow_violations(source, f"genostab.{room}", room)) == n_found


@pytest.mark.parametrize(
    "source",
    [
        "print(1)",
        "eval('1')",
        "exec('1')",
        "import pickle",
        "from marshal import loads",
        "run(x, shell=True)",
        "os.system('ls')",
        "import yaml\nyaml.load(text)",
        "YAML(typ='unsafe')",
        "np.load(path, allow_pickle=True)",
        "kernel(fastmath=True)",
        "from numba import guvectorize",
        "numba.njit(f)",
        "for i in prange(3): pass",
    ],
)
def test_forbidden(source: str) -> None:
    assert guards.forbidden_violations(source)


def test_forbidden_lets_safe_code_pass() -> None:
    assert not guards.forbidden_violations(
        "yaml = YAML(typ='safe')\nyaml.load(text)\nrun(x, shell=False)\nmodel.evaluate(x)\n"
    )
    assert not guards.forbidden_violations("from numba import njit\nnjit(f)\n", njit_allowed=True)
    assert guards.forbidden_violations("from numba import guvectorize\n", njit_allowed=True)


@pytest.mark.parametrize(
    "source", ["np.random.seed(1)", "np.random.rand(3)", "default_rng()", "import random"]
)
def test_rng(source: str) -> None:
    assert guards.rng_violations(source)


def test_rng_of_kernels_is_stricter() -> None:
    source = "np.random.default_rng(1)"
    assert not guards.rng_violations(source)
    assert guards.rng_violations(source, kernel=True)


def test_pairs() -> None:
    kernel = "def find(x, y): ...\ndef _help(z): ...\n"
    assert guards.pair_violations(kernel, "def find(x, y): ...\ndef _other(): ...\n") == []
    assert len(guards.pair_violations(kernel, None)) == 1
    assert len(guards.pair_violations(kernel, "def find(y, x): ...\n")) == 1
    assert len(guards.pair_violations(kernel, "def seek(x, y): ...\n")) == 2


def test_names_used_ignores_comments_and_strings() -> None:
    assert guards.names_used("from a import b as c\nd.e(f)  # g\n'h'\n") == {"b", "d", "e", "f"}


GOOD_DOC = '''
def total(depth: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Running total of depth.

    Parameters
    ----------
    depth : float64, shape (n_bins,), reads per
        bin [count]
    n : int, blocks

    Returns
    -------
    float64, shape (n_bins,), reads [count]
    """
'''


def test_kernel_docs_pass_a_full_docstring() -> None:
    assert guards.kernel_doc_violations(GOOD_DOC) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("depth : float64, shape (n_bins,)", "depth : float64"),
        ("depth : float64, shape", "depth : array, shape"),
        ("    n : int, blocks\n", ""),
        ("n : int", "m : int"),
        ("    float64, shape (n_bins,), reads [count]\n", "    the total\n"),
        ("    Returns\n    -------\n    float64, shape (n_bins,), reads [count]\n", ""),
        ('"""', '#"""'),
    ],
)
def test_kernel_docs(old: str, new: str) -> None:
    assert old in GOOD_DOC
    bad = (
        "def total(depth: Float64, n: int) -> Float64:\n    pass\n"
        if old == '"""'
        else GOOD_DOC.replace(old, new)
    )
    assert guards.kernel_doc_violations(bad)


def test_summaries() -> None:
    assert not guards.summary_violations('def f():\n    """Sum of all."""\ndef _g(): ...\n')
    assert guards.summary_violations("def f(): ...\n")
    assert guards.summary_violations('def f():\n    """Sum of all\n    bins."""\n')


def test_sizes() -> None:
    def function(n: int) -> str:
        return 'def f():\n    """Long\n    words."""\n' + "    x = 1\n" * n

    assert not guards.size_violations(function(59))
    assert guards.size_violations(function(60))
    assert not guards.size_violations(function(60), max_function=80)
    assert guards.size_violations("x = 1\n" * 501)


def test_frozen() -> None:
    assert not guards.frozen_violations("@dataclass(frozen=True, kw_only=True)\nclass A: ...\n")
    assert guards.frozen_violations("@dataclass\nclass A: ...\n")
    assert guards.frozen_violations("@dataclasses.dataclass(frozen=False)\nclass A: ...\n")


def test_codes_in_strings() -> None:
    assert guards.codes_in_strings('"""About GS-1001."""\nfail("GS-2001")\n# GS-2002\n') == {"GS-2001"}


def test_error_page() -> None:
    page = "# Errors\n\n## GS-1001: x\n\n**Cause.** a\n\n**Cure.** b\n"
    assert guards.error_page_violations(page, ["GS-1001"]) == []
    assert guards.error_page_violations(page, ["GS-1001", "GS-1002"]) == ["GS-1002 has no section"]
    assert guards.error_page_violations(page, []) == ["GS-1001 is explained but unknown"]
    assert guards.error_page_violations(page.replace("**Cure.**", ""), ["GS-1001"]) == [
        "GS-1001 states no cure"
    ]


@pytest.mark.parametrize(
    ("source", "n_found"),
    [
        ("def test_a():\n    assert x == 1\n", 0),
        ("def test_a():\n    f(x)\n", 1),
        ("def test_a():\n    assert True\n", 1),
        ("def test_a():\n    with pytest.raises(E):\n        f()\n", 0),
        ("def test_a():\n    np.testing.assert_allclose(x, y)\n", 0),
        ("def check(x):\n    assert x\ndef test_a():\n    check(1)\n", 0),
        ("class TestA:\n    def test_a(self):\n        f()\n", 1),
    ],
)
def test_assertions(source: str, n_found: int) -> None:
    assert len(guards.assertion_violations(source)) == n_found


@pytest.mark.parametrize(
    "text", [f"{SLASH}home/someone/data", f"cp {SLASH}root/x .", "node7" + ".internal", "192" + ".168.0.1"]
)
def test_machine(text: str) -> None:
    assert guards.machine_violations(text)


def test_machine_lets_plain_paths_pass() -> None:
    assert not guards.machine_violations("OUT/karyotype/calls.tsv ../shared/data numba 0.68.1 homework/x")
