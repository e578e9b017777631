"""The numbers that decide in the screen by reads per chromosome, with their reasons in chromosome_counts.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from genostab.karyotype.settings import load_settings


@dataclass(frozen=True, kw_only=True)
class ChromosomeSettings:
    """All of chromosome_counts.toml, flat, with the error rate, power and level of defaults.toml."""

    min_libraries: int
    max_libraries: int
    folds: int
    min_reads: int
    max_factors: int
    factor_z: float
    clip_sd: float
    variance_prior_df: float
    sweeps: int
    class_libraries: int
    trim_share: float
    outlier_p: float
    min_callable_share: float
    max_copies: float
    min_background_libraries: int
    family_wise_error: float
    level: float
    power: float


def load_chromosome_settings() -> ChromosomeSettings:
    """The shipped settings.

    Examples
    --------
    >>> load_chromosome_settings().min_libraries
    50
    """
    text = files("genostab.karyotype").joinpath("chromosome_counts.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    background = tables["background"]
    shared = load_settings()
    return ChromosomeSettings(
        **tables["reference"],
        **tables["library"],
        max_copies=background["max_copies"],
        min_background_libraries=background["min_libraries"],
        family_wise_error=shared.family_wise_error,
        level=shared.level,
        power=shared.power,
    )
