"""What a result was made from and with: versions, parameters, inputs with SHA-256, seed, command, times."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from genostab import __version__
from genostab.karyotype.settings import Settings
from genostab.lot.manifest import Manifest

_PACKAGES = ("numpy", "numba", "scipy", "pysam", "pandas", "deflate", "bioframe", "pydantic")
_CHUNK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def software_versions() -> dict[str, str]:
    """Versions of genostab, Python and the packages that compute."""
    found = {"genostab": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def describe_inputs(paths: Sequence[Path], known: Mapping[Path, str]) -> list[dict[str, str | int]]:
    """Name, size and SHA-256 of each input; folders stay out, so that the same inputs give the same bytes.

    Parameters
    ----------
    paths : sequence of Path
    known : mapping of a path to the SHA-256 taken while it was read; the others are read for it
    """
    return [
        {"name": path.name, "bytes": path.stat().st_size, "sha256": known.get(path) or sha256_of(path)}
        for path in paths
    ]


def provenance_tree(
    *,
    inputs: Sequence[Path],
    known_sha256: Mapping[Path, str],
    profile_id: str,
    profile_sha256: str,
    assembly: str,
    settings: Settings,
    seed: int | None,
) -> dict[str, object]:
    """What repeats exactly when the same inputs are analysed again: everything but command and times."""
    return {
        "software": software_versions(),
        "inputs": describe_inputs(inputs, known_sha256),
        "profile": {"id": profile_id, "sha256": profile_sha256},
        "assembly": assembly,
        "seed": seed,
        "parameters": {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(settings).items()},
    }


def provenance_json(
    tree: Mapping[str, object], *, command: Sequence[str], started: str, finished: str
) -> bytes:
    """provenance.json: the tree with command line and UTC times."""
    whole = {**tree, "command": list(command), "started_utc": started, "finished_utc": finished}
    return (json.dumps(whole, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def input_files(manifest: Manifest) -> tuple[Path, ...]:
    """Every file that a manifest names, in its order."""
    found: list[Path] = []

    def walk(value: object) -> None:
        if isinstance(value, Path):
            found.append(value)
        elif isinstance(value, dict):
            for part in value.values():
                walk(part)
        elif isinstance(value, list | tuple):
            for part in value:
                walk(part)

    walk(manifest.model_dump())
    return tuple(dict.fromkeys(found))
