"""SNP arrays: Log R ratio as a depth profile, B allele fraction as a check on what it shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from genostab.arrays import Bins, Bool, Float64, Genome, Int64, Profile, SnpTable, median
from genostab.karyotype.allele_array import array_zygosity, parent_sites, signal_of_array
from genostab.karyotype.allele_call import add_alleles
from genostab.karyotype.allele_homozygous import Homozygous, add_homozygous, homozygous_stretches
from genostab.karyotype.allele_search import runs_on
from genostab.karyotype.allele_signal import AlleleSignal
from genostab.karyotype.allele_state import Response
from genostab.karyotype.annotate import Hotspot
from genostab.karyotype.bins import autosomes, diploid_chromosomes, expected_ploidy
from genostab.karyotype.call import Karyotype, call_depth, reject
from genostab.karyotype.fraction import explain_ratio, ratio_at
from genostab.karyotype.mask import in_pseudo_autosomal
from genostab.karyotype.normalise import make_profile
from genostab.karyotype.sensitivity import smallest_fraction
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.karyotype.sex_regions import sex_probes
from genostab.results import Call, Sensitivity

_CLIPPED = 3.0 * 1.4826  # median absolute deviations: three standard deviations of Gaussian noise
_BLOCKS = 50  # of a chromosome whose level is sought


def bins_of_probes(snps: SnpTable) -> Bins:
    """Probes as bins of one base that carry no reads; Bins, shape (n_snps,)."""
    n = snps.chrom.size
    unknown = np.full(n, np.nan)
    return Bins(
        chrom=snps.chrom,
        start=snps.position,
        end=snps.position + 1,
        n_reads=unknown,
        ratio_log2=snps.log_r_ratio,
        weight=np.ones(n),
        gc_fraction=unknown,
        mapq0_fraction=unknown,
        n_duplicates=unknown,
    )


def array_sex(snps: SnpTable, genome: Genome, settings: Settings) -> Sex:
    """Sex from the share of heterozygous probes on X outside the pseudo-autosomal regions.

    That of the more heterozygous half of them: a woman may have lost a part of one X. Log R ratios of X depend on how
    the array was clustered; heterozygous probes do not.
    """
    baf = snps.b_allele_fraction
    known = np.isfinite(baf) & ~in_pseudo_autosomal(bins_of_probes(snps), genome)
    is_autosome = autosomes(genome)[snps.chrom]
    on_x = known & (np.array([name == "chrX" for name in genome.names])[snps.chrom])
    is_het = heterozygous_probes(snps, settings)
    if on_x.sum() < settings.min_snps or not is_het[known & is_autosome].any():
        return "unknown"
    shares = [float(half.mean()) for half in np.array_split(is_het[on_x], 2)]
    relative = max(shares) / float(is_het[known & is_autosome].mean())
    if relative >= settings.female_x_het:
        return "female"
    return "male" if relative <= settings.male_x_het else "unknown"


def array_profile(
    snps: SnpTable, genome: Genome, sex: Sex, settings: Settings, is_balanced: Bool | None = None
) -> Profile:
    """Log2 copy ratio per probe: Log R ratio over the array's response.

    Parameters
    ----------
    snps : SnpTable
    genome : Genome
    sex : Sex
    settings : Settings, table [array]
    is_balanced : ndarray of bool, shape (n_snps,), probes on X where both alleles are seen alike, if that is known

    Raises
    ------
    InputError
        GS-2104 where too few probes are usable.

    Notes
    -----
    Log R ratios of X and Y are clustered against both sexes together by some software and against two copies by
    other; X and Y are therefore centred on themselves, X where its alleles are balanced if that is known. What shows
    is a part of X that differs from the rest; whole X and Y need more (see `call_sex_chromosomes`). Probes of the
    X-transposed stretch see Y as well, where there is one.
    """
    bins = bins_of_probes(snps)
    ploidy = expected_ploidy(bins, genome, sex)
    ratio = snps.log_r_ratio / settings.lrr_response
    usable = np.isfinite(ratio) & (ploidy > 0) & ~in_pseudo_autosomal(bins, genome)
    probes = sex_probes(snps, genome)
    if sex != "female":
        usable &= probes.autosome | probes.x | (snps.chrom == genome.names.index("chrY"))
    for chrom, name in enumerate(genome.names):
        own = usable & (snps.chrom == chrom)
        if name in ("chrX", "chrY") and own.any():
            held = own & is_balanced if name == "chrX" and is_balanced is not None else own
            ratio = np.where(snps.chrom == chrom, ratio - _level(ratio[held if held.any() else own]), ratio)
    profile = make_profile(
        bins=bins,
        ratio_log2=ratio,
        counting_variance=np.zeros(ratio.size),
        usable=usable,
        ploidy=ploidy,
        genome=genome,
        settings=settings,
    )
    return replace(profile, x_centred=True)


def _level(ratio: Float64) -> float:
    """Median of means along a chromosome, which neither single probes nor a change of less than half of it can move."""
    middle = median(ratio)
    reach = _CLIPPED * median(np.abs(ratio - middle))
    blocks = np.array_split(np.clip(ratio, middle - reach, middle + reach), min(_BLOCKS, ratio.size))
    return median(np.array([block.mean() for block in blocks]))


def call_array(
    *,
    sample: SnpTable,
    parents: Sequence[SnpTable],
    sex: Sex,
    genome: Genome,
    hotspots: Sequence[Hotspot],
    settings: Settings,
) -> Karyotype:
    """Calls of an array, with their origin from the parents' arrays.

    Parameters
    ----------
    sample : SnpTable
    parents : sequence of SnpTable: one parent line, or two parents
    sex : Sex
    genome : Genome
    hotspots : sequence of Hotspot
    settings : Settings

    Notes
    -----
    Changes are looked for in the Log R ratio and in the B allele fraction, and read with both (see `add_alleles`). A
    loss too short for that, in most cells, that still has heterozygous probes is rejected.
    """
    same_donor = known_heterozygous(sample, parents, settings)
    own = _shown_by(sample, same_donor, sex, genome, settings)
    others = [
        _shown_by(parent, None, array_sex(parent, genome, settings), genome, settings) for parent in parents
    ]
    karyotype = call_depth(
        alone=own.profile,
        paired=None,
        parents=[other.profile for other in others],
        genome=genome,
        hotspots=hotspots,
        platform="arr",
        response_cv=settings.response_cv,
        sex_sd_log2=math.inf,
        settings=settings,
    )
    if sex != "female":
        calls = tuple(_of_single_x(call, settings) for call in karyotype.calls)
        karyotype = replace(karyotype, calls=calls)
    karyotype = replace(
        karyotype,
        calls=tuple(_without_copies(call, sample, genome, settings) for call in karyotype.calls),
        sensitivity=tuple(_at_least_response(row, settings) for row in karyotype.sensitivity),
    )
    if own.signal is not None:
        karyotype = add_alleles(
            karyotype,
            own.signal,
            [other.signal for other in others if other.signal is not None],
            genome=genome,
            hotspots=hotspots,
            platform="arr",
            response=Response(mean=1.0, cv=settings.response_cv, place_cv=settings.place_cv),
            settings=settings,
        )
        karyotype = add_homozygous(
            karyotype,
            own.stretches,
            parent_sites(sample, parents, same_donor),
            genome,
            "arr",
            settings,
        )
    is_het = heterozygous_probes(sample, settings)
    calls = tuple(_checked(call, sample, is_het, genome, settings) for call in karyotype.calls)
    return replace(karyotype, calls=calls)


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What an array shows: heterozygous probes (None where too few), stretches without any, and its profile."""

    signal: AlleleSignal | None
    stretches: tuple[Homozygous, ...]
    profile: Profile


def _shown_by(snps: SnpTable, known_het: Bool | None, sex: Sex, genome: Genome, settings: Settings) -> _Shown:
    is_diploid = diploid_chromosomes(genome, sex)
    signal = signal_of_array(snps, known_het, is_diploid, settings)
    stretches = homozygous_stretches(array_zygosity(snps, is_diploid, settings), genome, settings)
    is_balanced = _balanced_on_x(snps, signal, stretches, genome, settings)
    profile = array_profile(snps, genome, sex, settings, is_balanced)
    return _Shown(signal=signal, stretches=stretches, profile=profile)


def _balanced_on_x(
    sample: SnpTable,
    signal: AlleleSignal | None,
    stretches: Sequence[Homozygous],
    genome: Genome,
    settings: Settings,
) -> Bool | None:
    """Probes on two X outside runs of imbalance and stretches without heterozygosity; None where these are too few."""
    chrom = genome.names.index("chrX")
    if signal is None or not (signal.chrom == chrom).any():
        return None
    balanced: Bool = sample.chrom == chrom
    runs = [(run.start, run.end) for run in runs_on(signal, chrom, genome, settings)]
    for start, end in (*runs, *((each.start, each.end) for each in stretches if each.chrom == chrom)):
        balanced &= (sample.position < start) | (sample.position >= end)
    is_enough = balanced.sum() >= settings.min_reference_share * (sample.chrom == chrom).sum()
    return balanced if is_enough else None


def _at_least_response(row: Sensitivity, settings: Settings) -> Sensitivity:
    """The row for the smallest response that is to be reckoned with: nothing in an unchanged array shows its own."""
    if row.min_cell_fraction is None:
        return row
    least = 1.0 - float(ndtri(settings.power)) * settings.response_cv
    shift = abs(ratio_at(row.min_cell_fraction, 2, 3 if row.kind == "gain" else 1))
    return replace(row, min_cell_fraction=smallest_fraction(shift / least, 2, row.kind))


def known_heterozygous(sample: SnpTable, parents: Sequence[SnpTable], settings: Settings) -> Bool | None:
    """Probes that are heterozygous in the one parent line; None without one, or where it is of another donor.

    Notes
    -----
    Of the same donor where nearly all its heterozygous probes (`min_same_donor`) are so in the sample as well: a
    parent's child has about half of them, and losses of heterozygosity take a part.
    """
    if len(parents) != 1 or parents[0].name != sample.name:
        return None
    of_parent = heterozygous_probes(parents[0], settings)
    shared = float(heterozygous_probes(sample, settings)[of_parent].mean()) if of_parent.any() else 0.0
    return of_parent if shared >= settings.min_same_donor else None


def heterozygous_probes(snps: SnpTable, settings: Settings) -> Bool:
    """Probes whose B allele fraction lies in the middle band; bool, shape (n_snps,), False where missing."""
    baf = snps.b_allele_fraction
    is_het: Bool = (baf > settings.het_baf_low) & (baf < settings.het_baf_high)
    return is_het


def _inside(snps: SnpTable, call: Call, genome: Genome) -> slice:
    chrom = np.int16(genome.names.index(call.chrom))
    a, b = (int(np.searchsorted(snps.chrom, chrom, side=side)) for side in ("left", "right"))
    first, last = np.searchsorted(snps.position[a:b], [call.start, call.end]).tolist()
    return slice(a + first, a + last)


def _checked(call: Call, snps: SnpTable, is_het: Bool, genome: Genome, settings: Settings) -> Call:
    """The call with its number of probes, and rejected where it is short and its alleles speak up."""
    inside = _inside(snps, call, genome)
    known = inside.start + np.flatnonzero(np.isfinite(snps.b_allele_fraction[inside]))
    call = replace(call, n_snps=known.size)
    reason = _too_heterozygous(call, snps, known, is_het, settings) if call.minor_copies is None else ""
    return reject(call, reason) if reason else call


def _too_heterozygous(call: Call, snps: SnpTable, known: Int64, is_het: Bool, settings: Settings) -> str:
    """Why a loss in most cells is none: heterozygous probes are left.

    Notes
    -----
    A loss in a fraction f of the cells leaves B allele fractions of 1 / (2 - f), outside the middle band from
    f = 2 - 1 / `het_baf_high` on.
    """
    is_beyond = (call.cell_fraction.low or 0.0) >= 2.0 - 1.0 / settings.het_baf_high
    if call.kind != "loss" or call.copy_number != 1 or not is_beyond or not known.size:
        return ""
    n, k = known.size, int(is_het[known].sum())
    genome_share = float(is_het[np.isfinite(snps.b_allele_fraction)].mean())
    odds = _log_likelihood(k, n, genome_share) - _log_likelihood(k, n, settings.het_error)
    if odds <= np.log(settings.max_het_odds):
        return ""
    return f"{k} of its {n} probes are heterozygous, which a loss in so many cells rules out"


def _log_likelihood(k: int, n: int, share: float) -> float:
    """Binomial log-likelihood of k of n, without its constant."""
    share = min(max(share, 1e-6), 1.0 - 1e-6)
    return k * float(np.log(share)) + (n - k) * float(np.log1p(-share))


def _of_single_x(call: Call, settings: Settings) -> Call:
    """A change of a part of the one X: its Log R ratios answer otherwise than those of two copies."""
    if call.chrom != "chrX" or not call.ratio_log2:
        return call
    ratio = call.ratio_log2 * settings.lrr_response / settings.sex_response
    tail = -float(ndtri((1.0 - settings.level) / 2.0))
    reach = tail * math.hypot(ratio / max(call.score, 1.0), settings.sex_response_cv * ratio)
    state = explain_ratio(ratio, reach, settings.level, 1, call.n_bins)
    return replace(call, copy_number=state.copy_number, cell_fraction=state.cell_fraction)


def _without_copies(call: Call, snps: SnpTable, genome: Genome, settings: Settings) -> Call:
    """A loss whose probes carry next to no signal has no copy in any cell."""
    log_r_ratio = snps.log_r_ratio[_inside(snps, call, genome)]
    known = log_r_ratio[np.isfinite(log_r_ratio)]
    if call.kind != "loss" or not known.size or float(np.median(known)) > settings.zero_copy_lrr:
        return call
    everywhere = replace(
        call.cell_fraction, estimate=1.0, high=1.0, method="median Log R ratio below the zero-copy limit"
    )
    iscn = call.iscn.rsplit("x", 1)[0] + "x0"
    return replace(call, copy_number=0, cell_fraction=everywhere, iscn=iscn)
