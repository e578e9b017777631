"""A manifest file to a `Manifest`, or all of its errors at once."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

from pydantic import ValidationError

from genostab.errors import GenostabErrors
from genostab.lot.manifest import Manifest
from genostab.yaml_lines import Loc, load_model, parse_document


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


def load_sound_part(path: Path) -> Manifest | None:
    """A manifest without what is wrong in it, its lot unnamed; None where nothing of it can be read.

    Parameters
    ----------
    path : Path of the YAML file

    Notes
    -----
    For looking on, past the manifest's own errors, at the files that it names; never for an analysis.
    """
    try:
        data = parse_document(path.read_text(encoding="utf-8-sig"), str(path)).data
    except (GenostabErrors, OSError, ValueError):
        return None
    while isinstance(data, dict):
        data["lot"] = "unnamed"
        try:
            return Manifest.model_validate(data, context={"folder": path.absolute().parent})
        except ValidationError as error:
            data = _without(data, {_held(data, detail["loc"]) for detail in error.errors(include_url=False)})
    return None


def _parts(data: object) -> dict[str | int, object]:
    """Values of a mapping by key, of a list by index; nothing of anything else."""
    return dict(data) if isinstance(data, dict) else dict(enumerate(data)) if isinstance(data, list) else {}


def _held(data: object, loc: Loc) -> Loc:
    """The deepest part of a place in the model that the data hold."""
    for depth, part in enumerate(loc):
        parts = _parts(data)
        if part not in parts:
            return loc[:depth]
        data = parts[part]
    return loc


def _without(data: object, dropped: AbstractSet[Loc], at: Loc = ()) -> object:
    """Plain data without the places `dropped`; None where the whole is dropped."""
    if at in dropped:
        return None
    kept = {
        key: _without(value, dropped, (*at, key))
        for key, value in _parts(data).items()
        if (*at, key) not in dropped
    }
    return kept if isinstance(data, dict) else list(kept.values()) if isinstance(data, list) else data
