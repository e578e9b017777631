"""Constants of this room, read once from defaults.yaml, which names the source of each."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from importlib import resources

from ruamel.yaml import YAML


@dataclass(frozen=True, kw_only=True)
class Assay:
    """A published assay for residual iPSC; `lod_fraction` is None where no limit was seen."""

    detects_ipsc: bool
    lod_fraction: float | None
    matrix: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Prior:
    """Gamma(shape, rate) of a frequency per cell."""

    shape: float
    rate: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A host and route with its published TPD50; `tumour_per_cell` = ln 2 / TPD50 under the single-hit model."""

    name: str
    tpd50_cells: float
    source: str

    @property
    def tumour_per_cell(self) -> float:
        return math.log(2.0) / self.tpd50_cells


@dataclass(frozen=True, kw_only=True)
class Droplets:
    """Gates of a droplet digital PCR run."""

    reaction_volume_ul: float
    minimum_accepted: int
    maximum_copies_per_droplet: float


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """All of defaults.yaml; probabilities and fractions 0..1."""

    assays: dict[str, Assay]
    background_misfit_p: float
    droplets: Droplets
    priors: dict[str, Prior]
    default_prior: str
    heterogeneity_p: float
    scenarios: tuple[Scenario, ...]
    positive_control_minimum: int
    positive_control_fraction: float
    dilution_misfit_p: float


@functools.cache
def load_defaults() -> Defaults:
    """Constants that ship in the package."""
    text = resources.files("genostab.tumorigenicity").joinpath("defaults.yaml").read_text(encoding="utf-8")
    raw = YAML(typ="safe").load(text)
    return Defaults(
        assays={name: Assay(**entry) for name, entry in raw["assays"].items()},
        background_misfit_p=raw["background"]["misfit_p"],
        droplets=Droplets(**raw["droplets"]),
        priors={name: Prior(**entry) for name, entry in raw["priors"].items()},
        default_prior=raw["default_prior"],
        heterogeneity_p=raw["heterogeneity_p"],
        scenarios=tuple(
            Scenario(name=name, tpd50_cells=10.0 ** entry["log10_tpd50"], source=entry["source"])
            for name, entry in raw["tumour_scenarios"].items()
        ),
        positive_control_minimum=raw["animals"]["positive_control_minimum"],
        positive_control_fraction=raw["animals"]["positive_control_fraction"],
        dilution_misfit_p=raw["dilution"]["misfit_p"],
    )
