"""The acceptance rules of a TRAP plate, with their sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from ruamel.yaml import YAML


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One number that decides, and where it comes from."""

    value: float
    source: str


@cache
def load_rules() -> dict[str, Rule]:
    """The shipped rules by name.

    Examples
    --------
    >>> load_rules()["heat_margin"].value
    1.0
    """
    text = resources.files("genostab.telomerase").joinpath("defaults.yaml").read_text(encoding="utf-8")
    raw = YAML(typ="safe", pure=True).load(text)
    return {name: Rule(value=float(rule["value"]), source=rule["source"]) for name, rule in raw.items()}


def rule(name: str) -> float:
    """The value of one rule."""
    return load_rules()[name].value
