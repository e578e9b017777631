"""Chromosomes, cytobands and pseudo-autosomal regions of the assemblies that are known."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from genostab.arrays import Genome
from genostab.errors import InputError, UsageError

_CHROMOSOMES = (*(str(number) for number in range(1, 23)), "X", "Y")
# Codes of arrays and PLINK; 25 is left out: it is XY to some programs and M to others.
_CODES = {"23": "X", "24": "Y", "XY": "X"}
_CENTROMERE_STAIN = "acen"
_NO_BANDS = "hg18"

Row = Mapping[str, str]


@functools.cache
def _assemblies() -> dict[str, Any]:
    text = resources.files("genostab.io").joinpath("data/assemblies.yaml").read_text(encoding="utf-8")
    return dict(YAML(typ="safe").load(text))


def _rows(text: str) -> list[Row]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    header = lines[0].split("\t")
    return [dict(zip(header, line.split("\t"), strict=False)) for line in lines[1:]]


def _bioframe_rows(table: str, kind: str) -> list[Row]:
    """Rows of a table that bioframe ships; its files are read directly, since importing it takes a second."""
    spec = importlib.util.find_spec("bioframe")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "io" / "data" / f"{table}.{kind}.tsv"
        if path.is_file():
            return _rows(path.read_text(encoding="utf-8"))
    import bioframe

    info = bioframe.assembly_info(f"ucsc.{table}")
    frame = info.seqinfo if kind == "seqinfo" else info.cytobands
    return [{key: str(value) for key, value in row.items()} for row in frame.to_dict("records")]


def _lengths(table: str) -> dict[str, int]:
    if table == _NO_BANDS:
        rows = _rows(resources.files("genostab.io").joinpath(f"data/{table}.seqinfo.tsv").read_text("utf-8"))
    else:
        rows = _bioframe_rows(table, "seqinfo")
    return {row["name"]: int(row["length"]) for row in rows}


def canonical_assembly(assembly: str) -> str:
    """Name of an assembly as genostab writes it.

    Raises
    ------
    UsageError
        GS-1107 where the assembly is unknown.

    Examples
    --------
    >>> canonical_assembly("hg38")
    'GRCh38'
    """
    known = _assemblies()
    for name, facts in known.items():
        if assembly.lower() in {name.lower(), *(alias.lower() for alias in facts["aliases"])}:
            return name
    raise UsageError(
        "GS-1107",
        what="unknown assembly",
        where="assembly",
        found=repr(assembly),
        expected=", ".join(f"{name} ({', '.join(facts['aliases'])})" for name, facts in known.items()),
        action="name one of these",
    )


def known_assemblies() -> tuple[str, ...]:
    """Names of the assemblies that are known.

    Examples
    --------
    >>> "hg18" in known_assemblies()
    True
    """
    return tuple(_assemblies())


def load_genome(assembly: str) -> Genome:
    """Chromosomes 1 to 22, X and Y of an assembly, with centromeres, cytobands and pseudo-autosomal regions.

    Parameters
    ----------
    assembly : str, GRCh37, GRCh38, T2T-CHM13 or hg18, or one of their aliases

    Returns
    -------
    Genome
        Its arrays cannot be written to. hg18 has no bands: its centromeres are -1 and its band arrays empty.

    Raises
    ------
    UsageError
        GS-1107 where the assembly is unknown.

    Notes
    -----
    Lengths and bands: bioframe's copies of the UCSC tables hg19, hg38 and hs1. The centromere is the span of
    the ``acen`` bands. PAR sources stand in ``data/assemblies.yaml``.

    Examples
    --------
    >>> int(load_genome("GRCh38").length_bp[0])
    248956422
    """
    return _load(canonical_assembly(assembly))


@functools.cache
def _load(assembly: str) -> Genome:
    facts = _assemblies()[assembly]
    lengths = _lengths(facts["table"])
    names = tuple(f"chr{name}" for name in _CHROMOSOMES)
    index = {name: position for position, name in enumerate(names)}
    bands = [] if facts["table"] == _NO_BANDS else _bioframe_rows(facts["table"], "cytoband")
    bands = [band for band in bands if band["chrom"] in index]
    bands.sort(key=lambda band: (index[band["chrom"]], int(band["start"])))
    centromere_start = np.full(len(names), -1, dtype=np.int64)
    centromere_end = np.full(len(names), -1, dtype=np.int64)
    for band in bands:
        if band["stain"] == _CENTROMERE_STAIN:
            chrom = index[band["chrom"]]
            if centromere_start[chrom] < 0:
                centromere_start[chrom] = int(band["start"])
            centromere_end[chrom] = int(band["end"])
    genome = Genome(
        assembly=assembly,
        names=names,
        length_bp=np.array([lengths[name] for name in names], dtype=np.int64),
        centromere_start=centromere_start,
        centromere_end=centromere_end,
        band_chrom=np.array([index[band["chrom"]] for band in bands], dtype=np.int16),
        band_start=np.array([int(band["start"]) for band in bands], dtype=np.int64),
        band_end=np.array([int(band["end"]) for band in bands], dtype=np.int64),
        band_name=tuple(band["band"] for band in bands),
        par=tuple((chrom, first - 1, last) for chrom, first, last in facts["par"]),
    )
    for array in vars(genome).values():
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return genome


def chromosome_index(name: str, genome: Genome) -> int:
    """Index of a chromosome into ``genome.names``, -1 for every other contig.

    Parameters
    ----------
    name : str, with or without ``chr``; 23, 24 and XY (PAR probes, placed on X) are understood
    genome : Genome

    Examples
    --------
    >>> genome = load_genome("GRCh38")
    >>> [chromosome_index(name, genome) for name in ("chr1", "X", "24", "chrM", "chr1_KI270706v1_random")]
    [0, 22, 23, -1, -1]
    """
    bare = name[3:] if name[:3].lower() == "chr" else name
    bare = bare.upper()
    bare = _CODES.get(bare, bare)
    return _index(genome.names).get(f"chr{bare}", -1)


@functools.cache
def _index(names: tuple[str, ...]) -> dict[str, int]:
    return {name: position for position, name in enumerate(names)}


def assemblies_that_hold(extents: Mapping[int, float]) -> tuple[str, ...]:
    """Assemblies in which every chromosome is at least as long as what was seen on it.

    Parameters
    ----------
    extents : mapping of chromosome index to the largest end seen there [bp]
    """
    return tuple(
        assembly
        for assembly in _assemblies()
        if all(end <= int(_load(assembly).length_bp[chrom]) for chrom, end in extents.items())
    )


def refuse_doubled_names(names: Iterable[str], genome: Genome, where: str) -> None:
    """Refuse contigs of which two are the same chromosome, such as ``chr1`` and ``1``.

    Raises
    ------
    InputError
        GS-2101: which of the two is meant is not known, as in a reference made of two.
    """
    seen: dict[int, str] = {}
    for name in names:
        index = chromosome_index(name, genome)
        if index >= 0 and seen.setdefault(index, name) != name:
            raise InputError(
                "GS-2101",
                what="one chromosome has two names",
                where=where,
                found=f"{seen[index]} and {name}",
                expected=f"each chromosome of {genome.assembly} once, with or without chr",
                action="make the file again with one reference",
            )


def naming(names: Iterable[str], genome: Genome) -> str:
    """How the chromosomes among contigs are named: "with chr", "without chr", or "" where there are none.

    Examples
    --------
    >>> naming(["chrM", "1", "2"], load_genome("GRCh38"))
    'without chr'
    """
    known = [name for name in names if chromosome_index(name, genome) >= 0]
    if not known:
        return ""
    return "with chr" if known[0].lower().startswith("chr") else "without chr"


def check_contigs(contigs: Mapping[str, int], genome: Genome, where: str) -> None:
    """Refuse contigs whose lengths are not those of the assembly; decoys and M are let through.

    Parameters
    ----------
    contigs : mapping of contig name to length [bp], as a header states them
    genome : Genome
    where : str, the file

    Raises
    ------
    InputError
        GS-2101 where no contig is a chromosome of the assembly, where one has two names, or where a length differs;
        it names the assembly that does match, if one does.
    """
    known = {name: index for name in contigs if (index := chromosome_index(name, genome)) >= 0}
    if not known:
        raise InputError(
            "GS-2101",
            what="no contig is a human chromosome",
            where=where,
            found=", ".join(list(contigs)[:5]) or "no contigs",
            expected=f"chromosomes of {genome.assembly}, with or without chr",
            action="check that this file belongs to a human sample",
        )
    refuse_doubled_names(known, genome, where)
    wrong = [name for name, index in known.items() if contigs[name] != int(genome.length_bp[index])]
    if not wrong:
        return
    fitting = [
        assembly
        for assembly in _assemblies()
        if all(contigs[name] == int(_load(assembly).length_bp[index]) for name, index in known.items())
    ]
    name = wrong[0]
    action = f"give a file that was aligned to {genome.assembly}"
    if fitting:
        action = f"the lengths are those of {fitting[0]}: state that assembly, or {action}"
    raise InputError(
        "GS-2101",
        what="the contig lengths are not those of the assembly",
        where=where,
        found=f"{name} of {contigs[name]} bp ({len(wrong)} of {len(known)} chromosomes differ)",
        expected=f"{int(genome.length_bp[known[name]])} bp ({genome.assembly})",
        action=action,
    )
