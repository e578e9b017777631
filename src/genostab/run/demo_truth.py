"""What is true of the demonstration lot: read from demo.yaml, and the copies that follow from it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML

from genostab.kernels.rng import hash_u64
from genostab.kernels.simulate_reads import uniform_array


@dataclass(frozen=True, kw_only=True)
class Event:
    """One copy-number change of one haplotype; `end` is None for the rest of the chromosome."""

    name: str
    chrom: str
    start: int
    end: int | None
    copies: int
    cell_fraction: float
    haplotype: str
    libraries: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Library:
    """One sequencing library: its size and its biases (demo.yaml says how each enters)."""

    name: str
    n_distinct: int
    gc_slope: float
    gc_curvature: float
    duplicate_share: float
    overdispersion_log2: float
    wave_log2: float


@dataclass(frozen=True, kw_only=True)
class Truth:
    """All of demo.yaml; blocks that only one writer reads stay mappings."""

    assembly: str
    lot: Mapping[str, Any]
    events: tuple[Event, ...]
    libraries: tuple[Library, ...]
    read_bp: int
    base_quality: int
    gc_centre: float
    landscape: Mapping[str, Any]
    snps: Mapping[str, Any]
    metaphases: Mapping[str, Any]
    passages: Mapping[str, Any]
    residual: Mapping[str, Any]
    telomerase: Mapping[str, Any]
    animals: Sequence[Mapping[str, Any]]
    observations: Mapping[str, Any]


def load_truth() -> Truth:
    """The truth that ships with the package.

    Examples
    --------
    >>> [event.cell_fraction for event in load_truth().events]
    [0.2, 0.6, 1.0]
    """
    text = (files("genostab.run") / "demo.yaml").read_text(encoding="utf-8")
    tree = YAML(typ="safe").load(text)
    reads = tree.pop("reads")
    events = tuple(Event(**{**item, "libraries": tuple(item["libraries"])}) for item in tree.pop("events"))
    libraries = tuple(Library(**item) for item in reads.pop("libraries"))
    return Truth(events=events, libraries=libraries, **reads, **tree)


def stream_key(seed: int, name: str) -> np.uint64:
    """The random stream of one purpose: hash_u64(seed, CRC-32 of its name).

    Parameters
    ----------
    seed : int, 0..2**64-1
    name : str, purpose

    Returns
    -------
    uint64, key for `genostab.kernels.rng`
    """
    return np.uint64(hash_u64(np.uint64(seed), np.uint64(zlib.crc32(name.encode()))))


def uniforms(seed: int, name: str, n: int) -> NDArray[np.float64]:
    """Uniform numbers of one purpose, float64, shape (n,), 0 <= u < 1."""
    return uniform_array(stream_key(seed, name), n)


def normals(seed: int, name: str, n: int) -> NDArray[np.float64]:
    """Standard normal numbers of one purpose, float64, shape (n,), by inversion."""
    from scipy.special import ndtri

    tiny = 2.0**-54
    return np.asarray(ndtri(uniforms(seed, name, n) + tiny), dtype=np.float64)


def haplotype_copies(
    events: tuple[Event, ...], library: str, chrom: str, position: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Mean copies per cell of the two haplotypes at positions of one chromosome.

    Parameters
    ----------
    events : tuple of Event
    library : str, library name
    chrom : str, chromosome name
    position : int64, shape (n,), 0-based bp

    Returns
    -------
    float64, shape (2, n), copies of haplotypes a and b, 1 where nothing is changed
    """
    copies = np.ones((2, position.shape[0]))
    for event in events:
        if event.chrom == chrom and library in event.libraries:
            inside = position >= event.start
            if event.end is not None:
                inside &= position < event.end
            copies["ab".index(event.haplotype), inside] += event.copies * event.cell_fraction
    return copies
