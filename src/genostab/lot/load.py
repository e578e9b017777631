"""A manifest file to a `Manifest`, or all of its errors at once."""

from __future__ import annotations

from pathlib import Path

from genostab.lot.manifest import Manifest
from genostab.yaml_lines import load_model


def load_manifest(path: str | Path) -> Manifest:
    """The manifest of one lot, with absolute paths to files that exist.

    Parameters
    ----------
    path : str or Path of the YAML file; paths inside it are relative to its folder

    Returns
    -------
    Manifest

    Raises
    ------
    GenostabErrors
        all errors of the file together, each with file and line: GS-1101 no plain YAML (tags, anchors,
        duplicate keys, too deep), GS-1102 unknown key, GS-1103 missing key, GS-1104 wrong value, GS-1105
        missing file, GS-1107 unknown assembly; GS-2001 or GS-2005 where the manifest itself cannot be read or is
        too large.
    """
    path = Path(path)
    return load_model(path, Manifest, {"folder": path.absolute().parent})
