"""The numbers that decide whose DNA a sample is, read from samples.toml with their reasons."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, kw_only=True)
class SampleSettings:
    """All of samples.toml, flat; each field is explained there."""

    genotype_error: float
    read_error: float
    called_depth: int
    called_odds: float
    max_hom_baf: float
    min_het_baf: float
    max_reference_share: float
    max_reference_alt: float
    frequency_alleles: float
    spacing_bp: int
    block_bp: int
    loh_share: float
    min_odds: float
    min_compared: int
    level: float
    max_shift: float
    shift_bin: float
    strata: int
    outlier_share: float
    fraction_low: float
    fraction_high: float
    apart_fraction: float
    detection_alpha: float
    homogeneity_alpha: float
    systematic_fraction: float
    systematic_band_fraction: float
    modes_apart_sd: float
    systematic_reads_fraction: float
    least_other_genotypes: float
    least_explained: float
    least_sites: int
    power: float
    array_response_cv: float
    max_depth_ratio: float
    min_alt_reads: int
    wanted_vaf: float
    protein_changing: tuple[str, ...]


def load_sample_settings() -> SampleSettings:
    """The shipped settings.

    Examples
    --------
    >>> load_sample_settings().called_depth
    10
    """
    text = files("genostab.karyotype").joinpath("samples.toml").read_text(encoding="utf-8")
    flat = {key: value for table in tomllib.loads(text).values() for key, value in table.items()}
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in flat.items()
    }
    return SampleSettings(**values)
