"""A manifest from a file, or from bare files on the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from genostab.errors import InputError, UsageError
from genostab.io.genome import canonical_assembly
from genostab.lot.load import load_manifest
from genostab.lot.manifest import Manifest, Sequencing
from genostab.run.file_kind import file_kind
from genostab.run.together import together

_MANIFEST_ENDINGS = (".yaml", ".yml")


def manifest_for(
    path: Path,
    *,
    parents: Sequence[Path],
    aids: Mapping[str, Path | None],
    sample_name: str | None = None,
    parent_name: str | None = None,
    excluded: Sequence[Path] = (),
    bin_width: int | None = None,
    assembly: str | None,
    profile: str | None,
    telomeres: bool = False,
) -> Manifest:
    """The manifest that a command line means.

    Parameters
    ----------
    path : Path, a manifest (.yaml) or a sequencing or array file
    parents : sequence of Path, with a bare file
    aids : mapping of a key of the sequencing block (snps, panel, reference, gc_track, mappability_track, frequencies,
        contaminant) to its file, with a bare file
    sample_name, parent_name : str or None, samples of a table of bins, with a bare file; a parent that has a name but
        no file is another sample of the same file
    excluded : sequence of Path, exclusion lists, with a bare file
    bin_width : int or None, bp, with a bare file
    assembly, profile : str or None; with a manifest they take the place of what it says
    telomeres : bool, count telomere reads of a bare file

    Raises
    ------
    UsageError, GenostabErrors
        GS-1001 where options and input do not go together; errors of `load_manifest`.
    """
    is_manifest = path.suffix.lower() in _MANIFEST_ENDINGS
    if is_manifest:
        _refuse_missing_manifest(path)
        options = {
            "parent": parents or None,
            "sample": sample_name,
            "parent_sample": parent_name,
            "exclude": excluded or None,
            "bin_width": bin_width,
            "telomeres": telomeres or None,
            **aids,
        }
        given = [name for name, value in options.items() if value is not None]
        _refuse_beside_manifest(path, [f"--{name.replace('_', '-')}" for name in given])
    changed = {
        "assembly": canonical_assembly(assembly) if assembly is not None else None,
        "profile": profile,
    }
    if is_manifest:
        manifest = load_manifest(path)
    else:
        same_file = [path] if parent_name is not None and not parents else []
        manifest = _bare(
            path, [*parents, *same_file], aids, sample_name, parent_name, excluded, bin_width, telomeres
        )
    return manifest.model_copy(update={key: value for key, value in changed.items() if value is not None})


def _bare(
    path: Path,
    parents: Sequence[Path],
    aids: Mapping[str, Any],
    sample_name: str | None,
    parent_name: str | None,
    excluded: Sequence[Path],
    bin_width: int | None,
    telomeres: bool,
) -> Manifest:
    named = [file for file in (path, *parents, *aids.values(), *excluded) if file is not None]
    together(partial(_refuse_missing, file) for file in named)
    is_array = file_kind(path) == "array"
    return Manifest(
        lot=_lot_name(sample_name or path.name.split(".")[0]),
        sequencing=Sequencing(
            sample=None if is_array else path,
            array=path if is_array else None,
            parent=tuple(parents),
            sample_name=sample_name,
            parent_name=parent_name,
            exclude=tuple(excluded),
            bin_width=bin_width,
            telomeres=telomeres,
            **aids,
        ),
    )


def _lot_name(name: str) -> str:
    """The sample's name, or its file's up to the first dot, in the alphabet of lot names."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).lstrip("._-")[:64]
    return stem or "sample"


def _refuse_beside_manifest(path: Path, names: Sequence[str]) -> None:
    if names:
        raise UsageError(
            "GS-1001",
            what="an option that does not go with a manifest",
            where=f"{' '.join(names)} beside {path.name}",
            found="a manifest, which says this itself",
            expected="the key under sequencing: in the manifest",
            action="write it there, or give a bare sequencing file",
        )


def _refuse_missing_manifest(path: Path) -> None:
    if not path.is_file():
        raise UsageError(
            "GS-1001",
            what="the manifest is missing",
            where=str(path),
            found="no file" if not path.exists() else "not a file",
            expected="a manifest",
            action="check the path",
        )


def _refuse_missing(path: Path) -> None:
    if not path.is_file():
        raise InputError(
            "GS-2001",
            what="the input file is missing",
            where=str(path),
            found="no file" if not path.exists() else "not a file",
            expected="a manifest (.yaml), BAM, CRAM, bins, or SNP array",
            action="check the path",
        )
