"""The numbers that decide, read from defaults.toml with their reasons."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All of defaults.toml, flat; each field is explained there."""

    base_bin_bp: int
    bin_widths_bp: tuple[int, ...]
    min_reads_per_bin: int
    least_reads_per_bin: int
    min_mapq: int
    site_min_mapq: int
    site_min_base_quality: int
    site_base_error: float
    site_het_reads: float
    site_min_posterior: float
    site_max_other_share: float
    site_artefact_p: float
    site_min_compared: int
    site_max_stray: float
    site_min_het_share: float
    gap_z: float
    max_excluded_fraction: float
    min_gaps_explained: float
    telomere_repeats_per_100_bp: int
    telomere_min_read_bp: int
    telomere_gc_low_per_100_bp: int
    telomere_gc_high_per_100_bp: int
    max_mapq0_fraction: float
    min_coverage: float
    min_ratio_log2: float
    least_depth_share: float
    min_usable_bins: int
    noise_clip_sd: float
    quiet_z: float
    min_blocks: int
    strata: int
    min_bins_per_stratum: int
    quality_strata: int
    max_trend_share: float
    female_x_ratio: float
    male_x_ratio: float
    female_max_y_ratio: float
    male_min_y_ratio: float
    female_max_y_share: float
    family_wise_error: float
    break_family_wise_error: float
    min_bins: int
    level: float
    clip_sd: float
    min_scatter_bins: int
    min_free_share: float
    max_p_shown: float
    same_state_z: float
    parent_z: float
    parent_share: float
    same_share: float
    max_absent_share: float
    absent_z: float
    lrr_sd_range: float
    lrr_response: float
    zero_copy_lrr: float
    het_baf_low: float
    het_baf_high: float
    response_cv: float
    female_x_het: float
    male_x_het: float
    het_error: float
    max_het_odds: float
    min_hets: int
    min_same_donor: float
    max_mendelian_errors: float
    y_level_lrr: float
    y_level_sd: float
    y_response: float
    y_response_cv: float
    male_x_level_lrr: float
    female_x_level_lrr: float
    x_level_sd: float
    pseudo_level_sd: float
    sex_response: float
    sex_response_cv: float
    min_reference_share: float
    same_array_sd: float
    band_noise_cv: float
    band_centre_sd: float
    het_share_cv: float
    min_sex_probes: int
    ambiguous_odds: float
    max_residual_z: float
    min_depth: int
    min_snps: int
    least_het_share: float
    allele_family_wise_error: float
    allele_baf_low: float
    band_step: float
    max_unfilled_share: float
    place_cv: float
    count_response_cv: float
    switch_rates: tuple[float, ...]
    spread_nodes: int
    spread_sizes: tuple[int, ...]
    local_spread_size: int
    min_spread_blocks: int
    usual_spread: float
    least_stray: float
    symbol_width: float
    least_shift: float
    n_shifts: int
    search_shifts: tuple[float, ...]
    mean_event_snps: int
    least_fraction: float
    n_fractions: int
    state_shares: tuple[float, ...]
    clonal_share: float
    homozygous_error: float
    min_homozygous_bp: int
    min_homozygous_x_bp: int
    max_gap_bp: int
    max_inherited_share: float
    power: float
    sizes_bp: tuple[int, ...]
    counted_sizes_bp: tuple[int, ...]
    min_adjoining_share: float
    min_gc_share: float
    alone_sd_log2: float
    min_normals: int
    min_normals_waves: int
    wave_block_bp: int
    max_benign_bp: int
    evaluated_bp: int
    focal_bp: int
    min_share: float
    subclonal_share: float
    min_clone_fraction: float
    min_ploidy: float
    max_normal_copies: int
    max_copies: int
    search_width: float
    decisive_odds: float
    max_alternatives: int
    clone_max_copies: int
    clone_step_share: float
    clone_prior_segments: float
    clone_stay: float
    doubled_share: float
    allele_response_cv: float
    min_common_share: float


def load_settings() -> Settings:
    """The shipped settings.

    Examples
    --------
    >>> load_settings().base_bin_bp
    10000
    """
    text = files("genostab.karyotype").joinpath("defaults.toml").read_text(encoding="utf-8")
    flat = {key: value for table in tomllib.loads(text).values() for key, value in table.items()}
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in flat.items()
    }
    return Settings(**values)
