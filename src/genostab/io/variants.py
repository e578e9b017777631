"""Variants of a VCF with the genes and protein changes that its annotation names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from genostab.arrays import Genome, SequenceVariant
from genostab.errors import InputError
from genostab.io.genome import chromosome_index

_THREE = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu", "G": "Gly", "H": "His",
    "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe", "P": "Pro", "S": "Ser", "T": "Thr", "W": "Trp",
    "Y": "Tyr", "V": "Val", "*": "Ter",
}  # fmt: skip
_HGVS = re.compile(r"(?:.*:)?p\.\(?([A-Z][a-z]{2}\d+(?:[A-Z][a-z]{2}|\*|=|fs.*|del|dup|ins.*))\)?")
_BCSQ = re.compile(r"(\d+)([A-Z*])>\1([A-Z*])")


def protein_change(text: str) -> str:
    """A protein change as three-letter HGVS without its prefix; "" where there is none.

    Examples
    --------
    >>> [protein_change(t) for t in ("p.Arg175His", "ENSP1.2:p.Arg175His", "175R>175H", "p.Arg175=", "175R")]
    ['Arg175His', 'Arg175His', 'Arg175His', '', '']
    """
    if hgvs := _HGVS.fullmatch(text):
        return "" if hgvs[1].endswith("=") else hgvs[1]
    if short := _BCSQ.fullmatch(text):
        return f"{_THREE.get(short[2], short[2])}{short[1]}{_THREE.get(short[3], short[3])}"
    return ""


def read_variants(path: str | Path, genome: Genome, sample: str | None = None) -> tuple[SequenceVariant, ...]:
    """Every alternative allele on chromosomes 1 to 22, X and Y of one sample.

    Parameters
    ----------
    path : str or Path; VCF or BCF
    genome : Genome
    sample : str or None, the first where None

    Raises
    ------
    InputError
        GS-2301 where the file cannot be read as VCF or lacks the sample.
    """
    import pysam

    before = pysam.set_verbosity(0)
    try:
        with pysam.VariantFile(str(path)) as file:
            names = list(file.header.samples)
            name = sample if sample is not None else next(iter(names), None)
            if name is None or name not in names:
                raise ValueError(f"no sample {name}")
            keys = _annotation_keys(file.header)
            return tuple(variant for record in file for variant in _alleles(record, name, keys, genome))
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise InputError(
            "GS-2301",
            what="the variants cannot be read",
            where=str(path),
            found=str(error)[:200],
            expected="a VCF 4.x with the sample",
            action="write the VCF again with a current variant caller",
        ) from error
    finally:
        pysam.set_verbosity(before)


def _annotation_keys(header: Any) -> Mapping[str, tuple[int, int, int]]:
    """Where gene, consequence and protein change stand in ANN, CSQ and BCSQ, as far as the header declares them."""
    keys = {"ANN": (3, 1, 10), "BCSQ": (1, 0, 5)}
    found = {name: at for name, at in keys.items() if name in header.info}
    if "CSQ" in header.info:
        layout = (header.info["CSQ"].description or "").partition("Format: ")[2]
        names = [each.strip(' "') for each in layout.split("|")]
        if {"SYMBOL", "Consequence", "HGVSp"} <= set(names):
            found["CSQ"] = (names.index("SYMBOL"), names.index("Consequence"), names.index("HGVSp"))
    return found


def _alleles(
    record: Any, sample: str, keys: Mapping[str, tuple[int, int, int]], genome: Genome
) -> Iterator[SequenceVariant]:
    chrom = chromosome_index(record.contig, genome)
    if chrom < 0:
        return
    call = record.samples[sample]
    depths: Any = call.get("AD") if "AD" in record.format else None
    passed = not record.filter.keys() or "PASS" in record.filter
    annotations = tuple(_annotations(record, keys))
    for i, alt in enumerate(record.alts or (), start=1):
        own: Any = (depths[0], depths[i]) if depths is not None and len(depths) > i else (None, None)
        known = None not in own
        yield SequenceVariant(
            chrom=chrom,
            position=record.start,
            ref=record.ref,
            alt=alt,
            ref_depth=int(own[0]) if known else -1,
            alt_depth=int(own[1]) if known else -1,
            passed=passed,
            annotations=annotations,
        )


def _annotations(record: Any, keys: Mapping[str, tuple[int, int, int]]) -> Iterator[tuple[str, str, str]]:
    for key, (gene, consequence, protein) in keys.items():
        value = record.info.get(key, ())
        for entry in (value,) if isinstance(value, str) else value:
            fields = entry.split("|")
            if len(fields) > max(gene, consequence):
                change = fields[protein] if len(fields) > protein else ""
                yield fields[gene], fields[consequence], protein_change(change.replace("%3D", "="))
