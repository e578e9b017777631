"""Constants of this room, read once from defaults.yaml, which names the source of each."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources

from ruamel.yaml import YAML


@dataclass(frozen=True, kw_only=True)
class Variants:
    """Recurrent variants and how they arise and grow; `calibrated` False marks placeholders."""

    calibrated: bool
    classes: tuple[str, ...]
    mutation_per_division: float
    advantage_low: float
    advantage_high: float
    divisions_per_net_cell: float
    detection_fraction: float
    nodes: int


@functools.cache
def load_variants() -> Variants:
    """Variant classes that ship in the package."""
    text = resources.files("genostab.culture").joinpath("defaults.yaml").read_text(encoding="utf-8")
    raw = YAML(typ="safe").load(text)["variants"]
    advantage = raw.pop("advantage_per_doubling")
    return Variants(
        **{**raw, "classes": tuple(raw["classes"])},
        advantage_low=advantage["low"],
        advantage_high=advantage["high"],
    )
