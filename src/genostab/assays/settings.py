"""The numbers that decide in the assays, with their sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One number that decides, and where it comes from."""

    value: float
    source: str


@cache
def load_rules() -> dict[str, Rule]:
    """The shipped rules by name, ``block.name`` within a block.

    Examples
    --------
    >>> load_rules()["metaphases.clonal_loss_cells"].value
    3.0
    """
    rules: dict[str, Rule] = {}
    for key, block in _load().items():
        if key == "words":
            continue
        items = {key: block} if "value" in block else {f"{key}.{name}": item for name, item in block.items()}
        rules |= {
            name: Rule(value=float(item["value"]), source=item["source"]) for name, item in items.items()
        }
    return rules


@cache
def words(name: str) -> frozenset[str]:
    """One shipped list of words.

    Examples
    --------
    >>> "negative" in words("not_detected")
    True
    """
    return frozenset(_load()["words"][name])


def rule(name: str) -> float:
    """The value of one rule."""
    return load_rules()[name].value


@cache
def _load() -> dict[str, Any]:
    text = resources.files("genostab.assays").joinpath("defaults.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return loaded
