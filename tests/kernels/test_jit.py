"""Cache policy of the kernels: cached where a place can be written, compiled all the same where none can.

Permission bits do not bind root, so the unwritable install is made with files where numba wants folders: a
plain file named ``__pycache__`` beside the kernels, and a home that is ``/dev/null``. No user can create a
folder there, root included.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import genostab
from genostab.kernels import _jit
from reference import rng as plain

PACKAGE = Path(genostab.__file__).parent

PROBE = """
import sys
import genostab
assert genostab.__file__ == sys.argv[1], genostab.__file__
import numpy as np
from genostab.kernels import rng
sys.stdout.write(str(int(rng.hash_u64(np.uint64(7), np.uint64(11)))))
"""

BARE_NUMBA = """
from numba import njit
def add(a, b):
    return a + b
njit(cache=True)(add)
"""


def _copy(folder: Path) -> Path:
    """The files of the package that a kernel needs, without anything compiled."""
    copy = folder / "genostab"
    (copy / "kernels").mkdir(parents=True)
    for name in ("__init__.py", "kernels/__init__.py", "kernels/_jit.py", "kernels/rng.py"):
        shutil.copyfile(PACKAGE / name, copy / name)
    (copy / "kernels" / "bare.py").write_text(BARE_NUMBA, encoding="utf-8")
    return copy


def _run(code: list[str], path: Path, home: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    environment |= {
        "PYTHONPATH": str(path),
        "HOME": home,
        "XDG_CACHE_HOME": home,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, *code], env=environment, capture_output=True, text=True, check=False, timeout=240
    )


def test_kernels_run_where_nothing_can_be_written(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    (copy / "kernels" / "__pycache__").write_text("not a folder", encoding="utf-8")

    bare = _run(["-c", "import genostab.kernels.bare"], tmp_path, "/dev/null")
    assert "no locator available" in bare.stderr, "numba found a place to write: the test shows nothing"

    done = _run(["-c", PROBE, str(copy / "__init__.py")], tmp_path, "/dev/null")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == plain.hash_u64(7, 11)


def test_kernels_are_cached_beside_the_source_where_it_can_be_written(tmp_path: Path) -> None:
    copy = _copy(tmp_path)
    done = _run(["-c", PROBE, str(copy / "__init__.py")], tmp_path, "/dev/null")
    assert done.returncode == 0, done.stderr
    assert list((copy / "kernels" / "__pycache__").glob("rng.hash_u64-*.nbi"))


def test_any_other_refusal_of_numba_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_options: object) -> object:
        raise RuntimeError("something else")

    monkeypatch.setattr(_jit, "njit", refuse)
    with pytest.raises(RuntimeError, match="something else"):
        _jit.kernel(plain.uniform)


def test_flags_keep_ieee_arithmetic_and_numpy_division() -> None:
    @_jit.kernel
    def ratio(a: float, b: float) -> float:
        return a / b

    options = ratio.targetoptions  # type: ignore[attr-defined]
    assert not options.get("fastmath")
    assert options["nogil"]
    assert np.isinf(ratio(1.0, 0.0))
