"""Mosaic changes of whole X and Y on arrays: states, their likelihood, calls and what could have been seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from genostab.arrays import Float64, Genome, SnpTable
from genostab.karyotype.annotate import Hotspot, bands_of, hotspots_hit, iscn_of
from genostab.karyotype.band_split import SplitLikelihood
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.karyotype.sex_evidence import Evidence, Level, gather_evidence
from genostab.karyotype.snp import array_sex
from genostab.results import Call, CallKind, Estimate, Origin, Sensitivity
from genostab.units import FRACTION, percent_from_fraction

_FRACTIONS = np.linspace(0.0, 0.99, 991)  # of the cells; what 1 would give has no Log R ratio
_EVERY = 0.985  # a fraction above stands for all cells
_EXPECTED_SPLITS, _PHASED_SPLITS = 7, 60


@dataclass(frozen=True, kw_only=True)
class State:
    """A change of one sex chromosome, as a function of the fraction f of cells that have it.

    `split` is the distance of the heterozygous bands from the middle; `y`, `x`, `pseudo_autosomal` are log2 ratios to
    the copies without the change; `name` for people; `chrom` is "" of a state that is no change of the cells.
    """

    name: str
    chrom: str
    kind: CallKind
    copy_number: int
    split: Callable[[Float64], Float64]
    y: Callable[[Float64], Float64]
    x: Callable[[Float64], Float64]
    pseudo_autosomal: Callable[[Float64], Float64]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Log-likelihood of a state over `_FRACTIONS`; the first is that of no change."""

    state: State
    log_likelihood: Float64

    @property
    def best(self) -> int:
        """Index of the fraction of greatest likelihood."""
        return int(np.argmax(self.log_likelihood))

    @property
    def gain(self) -> float:
        """Log-likelihood ratio to no change."""
        return float(self.log_likelihood[self.best] - self.log_likelihood[0])

    def interval(self, level: float) -> tuple[float, float]:
        """Fractions whose likelihood is within the bound of a chi-square of one degree; profile likelihood."""
        bound = 0.5 * float(ndtri(0.5 + 0.5 * level)) ** 2
        inside = np.flatnonzero(self.log_likelihood >= self.log_likelihood.max() - bound)
        return float(_FRACTIONS[inside[0]]), float(_FRACTIONS[inside[-1]])


@dataclass(frozen=True, kw_only=True)
class SexChromosomes:
    """Calls and sensitivity of whole X and Y, figures of quality (name, value, unit, note), and remarks.

    `beside_parts` says that the calls hold outside the changes of a part of X, which stand beside them.
    """

    calls: tuple[Call, ...]
    sensitivity: tuple[Sensitivity, ...]
    qc: tuple[tuple[str, str | float | int, str, str], ...]
    warnings: tuple[str, ...]
    beside_parts: bool = False


def _none(f: Float64) -> Float64:
    return np.zeros_like(f)


def _ratio(step: float) -> Callable[[Float64], Float64]:
    return lambda f: np.log2(1.0 + step * f)


def _loss_split(f: Float64) -> Float64:
    return f / (2.0 * (2.0 - f))


def _gain_split(f: Float64) -> Float64:
    return f / (2.0 * (2.0 + f))


_XY_STATES = (
    State(name="loss of Y", chrom="chrY", kind="loss", copy_number=0, split=_loss_split,
          y=_ratio(-1.0), x=_none, pseudo_autosomal=_ratio(-0.5)),
    State(name="gain of Y", chrom="chrY", kind="gain", copy_number=2, split=_gain_split,
          y=_ratio(1.0), x=_none, pseudo_autosomal=_ratio(0.5)),
    State(name="gain of X", chrom="chrX", kind="gain", copy_number=2, split=_gain_split,
          y=_none, x=_ratio(1.0), pseudo_autosomal=_ratio(0.5)),
)  # fmt: skip
_XX_STATES = (
    State(name="loss of X", chrom="chrX", kind="loss", copy_number=1, split=_loss_split,
          y=_none, x=_ratio(-0.5), pseudo_autosomal=_ratio(-0.5)),
    State(name="gain of X", chrom="chrX", kind="gain", copy_number=3, split=_gain_split,
          y=_none, x=_ratio(0.5), pseudo_autosomal=_ratio(0.5)),
    State(name="copy-neutral loss of heterozygosity of X", chrom="chrX", kind="cnloh", copy_number=2,
          split=lambda f: 0.5 * f, y=_none, x=_none, pseudo_autosomal=_none),
)  # fmt: skip
_FOREIGN = State(
    name="XX cells of another person", chrom="", kind="loss", copy_number=0,
    split=_none, y=_ratio(-1.0), x=_ratio(1.0), pseudo_autosomal=_none,
)  # fmt: skip


def states_of(evidence: Evidence) -> tuple[State, ...]:
    """Changes that cells with these sex chromosomes can have and that the array has probes for."""
    states = _XY_STATES if evidence.is_xy else _XX_STATES
    own = {"chrY": evidence.y, "chrX": evidence.x}
    return tuple(s for s in states if evidence.split is not None or own[s.chrom] is not None)


def _pieces(evidence: Evidence, state: State) -> list[tuple[str, Level, Callable[[Float64], Float64]]]:
    pieces = (
        ("Y", evidence.y, state.y),
        ("X", evidence.x, state.x),
        ("pseudo-autosomal regions", evidence.pseudo_autosomal, state.pseudo_autosomal),
    )
    return [(name, level, ratio) for name, level, ratio in pieces if level is not None]


def fit_state(evidence: Evidence, state: State) -> Fit:
    """Likelihood of a state over the fraction of cells.

    Parameters
    ----------
    evidence : Evidence
    state : State

    Notes
    -----
    The product of the likelihoods of the split of the heterozygous bands and of the three Log R ratios.
    """
    total = np.zeros(_FRACTIONS.size)
    for _, level, ratio in _pieces(evidence, state):
        total += level.log_likelihood(ratio(_FRACTIONS))
    return Fit(state=state, log_likelihood=total + _of_split(evidence.split, state))


def _of_split(split: SplitLikelihood | None, state: State) -> Float64:
    if split is None:
        return np.zeros(_FRACTIONS.size)
    return np.interp(state.split(_FRACTIONS), split.split, split.log_likelihood)


def threshold(n_states: int, settings: Settings) -> float:
    """Standard deviations that a change must stand out by: one-sided, Bonferroni over the states."""
    return -float(ndtri(settings.family_wise_error / n_states))


def call_sex_chromosomes(
    sample: SnpTable,
    parents: Sequence[SnpTable],
    sex: Sex,
    genome: Genome,
    hotspots: Sequence[Hotspot],
    settings: Settings,
    parts: Sequence[Call] = (),
) -> SexChromosomes:
    """Changes of whole X and Y of an array.

    Parameters
    ----------
    sample : SnpTable, of an array that passed its quality gate
    parents : sequence of SnpTable, of arrays that did: one parent line, or two parents
    sex : Sex, as settled for the lot
    genome : Genome
    hotspots : sequence of Hotspot
    settings : Settings, tables [sex_array] and [calling]
    parts : sequence of Call, reported changes of a part of X

    Notes
    -----
    A change of a part of X is one of all of it where the rest of X shows it as well; else the rest is read by itself. A
    change is called where its log-likelihood ratio to none passes that of `family_wise_error`, one-sided, divided by
    the states. One parent line without a change gives the levels of the array; without it they have the uncertainty of
    [sex_array], and the split of the heterozygous bands decides.
    """
    others = [
        gather_evidence(
            parent, seen=array_sex(parent, genome, settings), stated="unknown",
            reference=None, genome=genome, settings=settings,
        )
        for parent in parents
    ]  # fmt: skip
    line = others[0] if len(others) == 1 and others[0] is not None else None
    reference = line if line is not None and not _significant(line, settings) else None
    evidence = gather_evidence(
        sample, seen=array_sex(sample, genome, settings), stated=sex,
        reference=reference, genome=genome, settings=settings,
    )  # fmt: skip
    if evidence is None:
        remark = "X and Y do not tell whether the cells began with a Y: changes of X and Y are not called"
        return SexChromosomes(calls=(), sensitivity=(), qc=(), warnings=(remark,))
    rest = None
    if parts and (whole := _significant(evidence, settings)):
        rest = gather_evidence(
            _without(sample, parts, genome), seen=array_sex(sample, genome, settings), stated=sex,
            reference=reference, genome=genome, settings=settings,
        )  # fmt: skip
        if rest is None or rest.is_xy != evidence.is_xy or _shows(rest, whole[0]):
            rest = None
    evidence = rest or evidence
    fits = [fit_state(evidence, state) for state in states_of(evidence)]
    found = _found(evidence, fits, [other for other in others if other is not None], settings)
    return SexChromosomes(
        calls=() if found is None else (_call(evidence, found, genome, hotspots, settings),),
        sensitivity=_sensitivity(evidence, genome, settings),
        qc=_figures(evidence, fits),
        warnings=(),
        beside_parts=rest is not None,
    )


def _without(snps: SnpTable, parts: Sequence[Call], genome: Genome) -> SnpTable:
    """The array without what the probes of some places show."""
    left = np.ones(snps.chrom.size, dtype=bool)
    for part in parts:
        inside = (snps.position >= part.start) & (snps.position < part.end)
        left &= ~(inside & (snps.chrom == genome.names.index(part.chrom)))
    return replace(
        snps,
        log_r_ratio=np.where(left, snps.log_r_ratio, np.nan),
        b_allele_fraction=np.where(left, snps.b_allele_fraction, np.nan),
    )


def _shows(rest: Evidence, whole: Fit) -> bool:
    """Whether the rest of X is as the change of all of it would have it, or says nothing."""
    if rest.split is None:
        return True
    of_rest = fit_state(rest, whole.state).log_likelihood
    return bool(of_rest[whole.best] > of_rest[0])


def _significant(evidence: Evidence, settings: Settings) -> list[Fit]:
    """States that stand out, the likeliest first."""
    fits = [fit_state(evidence, state) for state in states_of(evidence)]
    least = 0.5 * threshold(len(fits), settings) ** 2
    return sorted((fit for fit in fits if fit.gain >= least), key=lambda fit: -fit.gain)


def posterior(fits: Sequence[Fit]) -> list[float]:
    """Share of each state: equal odds, fractions equally likely."""
    top = max(float(fit.log_likelihood.max()) for fit in fits)
    weight = [float(np.exp(fit.log_likelihood - top).mean()) for fit in fits]
    return [w / sum(weight) for w in weight]


@dataclass(frozen=True, kw_only=True)
class _Found:
    """The likeliest change, its origin, other states as likely, what it leaves unexplained, what speaks against it."""

    fit: Fit
    origin: Origin
    alternatives: str
    doubt: str
    against: str


def _found(
    evidence: Evidence, fits: Sequence[Fit], parents: Sequence[Evidence], settings: Settings
) -> _Found | None:
    significant = _significant(evidence, settings)
    if not significant:
        return None
    best = significant[0]
    shares = sorted(zip(posterior(fits), fits, strict=True), key=lambda pair: -pair[0])
    least = next(share for share, fit in shares if fit.state is best.state) / settings.ambiguous_odds
    others = [
        f"{fit.state.name} in {_percent(fit)} of cells"
        for share, fit in shares
        if fit.state is not best.state and share >= least
    ]
    against = ""
    if evidence.is_xy and best.state.kind == "loss":
        foreign = fit_state(evidence, _FOREIGN)
        if foreign.gain + math.log(settings.ambiguous_odds) >= best.gain:
            against = (
                f"ambiguous with contamination: as well explained by {_percent(foreign)} of {_FOREIGN.name}"
            )
    return _Found(
        fit=best,
        origin=_origin(best, parents, settings),
        alternatives=", ".join(others),
        doubt=_disagreement(evidence, best, settings),
        against=against,
    )


def _percent(fit: Fit) -> str:
    return f"{percent_from_fraction(float(_FRACTIONS[fit.best])):.0f} %"


def _disagreement(evidence: Evidence, best: Fit, settings: Settings) -> str:
    """Which pieces of evidence the best state does not explain."""
    f = _FRACTIONS[best.best : best.best + 1]
    far = [
        name
        for name, level, ratio in _pieces(evidence, best.state)
        if abs(float(level.residual_z(ratio(f))[0])) > settings.max_residual_z
    ]
    if evidence.split is not None:
        missing = evidence.split.log_likelihood.max() - _of_split(evidence.split, best.state)[best.best]
        if missing > 0.5 * settings.max_residual_z**2:
            far.append("heterozygous bands")
    return f"not explained by it: {', '.join(far)}" if far else ""


def _origin(best: Fit, parents: Sequence[Evidence], settings: Settings) -> Origin:
    """Acquired where no parent can have it in as many cells, inherited where one has it."""
    if not parents:
        return "unknown"
    low = best.interval(settings.level)[0]
    able = [parent for parent in parents if best.state in states_of(parent)]
    for parent in able:
        found = _significant(parent, settings)
        if found and found[0].state is best.state:
            return "inherited"
    is_free = [fit_state(parent, best.state).interval(settings.level)[1] < low for parent in able]
    return "acquired" if is_free and all(is_free) else "unknown"


def _call(
    evidence: Evidence, found: _Found, genome: Genome, hotspots: Sequence[Hotspot], settings: Settings
) -> Call:
    best, state = found.fit, found.fit.state
    chrom = genome.names.index(state.chrom)
    end = int(genome.length_bp[chrom])
    fraction = _fraction(evidence, best, settings)
    level = evidence.y if state.chrom == "chrY" else evidence.x
    score = math.sqrt(2.0 * best.gain)
    n_states = len(states_of(evidence))
    return Call(
        chrom=state.chrom,
        start=0,
        end=end,
        kind=state.kind,
        copy_number=state.copy_number,
        cell_fraction=fraction,
        ratio_log2=None if level is None else (level.seen - level.normal) / level.response,
        n_bins=0 if level is None else level.n_probes,
        n_snps=0 if evidence.split is None else evidence.split.n_probes,
        score=score,
        q_value=min(1.0, n_states * float(0.5 * math.erfc(score / math.sqrt(2.0)))),
        origin=found.origin,
        hotspot="; ".join(hotspots_hit(hotspots, state.chrom, 0, end, state.kind, settings)),
        bands=bands_of(genome, chrom, 0, end),
        iscn=iscn_of(
            genome=genome,
            platform="arr",
            chrom=chrom,
            start=0,
            end=end,
            copy_number=state.copy_number,
            cell_fraction=fraction.estimate or 0.0,
            zygosity="hmz" if state.kind == "cnloh" else "",
        ),
        reported=not found.against,
        reason="; ".join(part for part in (found.against, found.doubt) if part),
        alternatives=found.alternatives,
    )


def _fraction(evidence: Evidence, best: Fit, settings: Settings) -> Estimate:
    low, high = best.interval(settings.level)
    f = float(_FRACTIONS[best.best])
    return Estimate(
        estimate=1.0 if f > _EVERY else f,
        low=low,
        high=1.0 if high > _EVERY else high,
        unit=FRACTION,
        level=settings.level,
        method="heterozygous bands and Log R ratios of X, Y and their shared regions, profile likelihood",
        n=0 if evidence.split is None else evidence.split.n_probes,
    )


def _sensitivity(evidence: Evidence, genome: Genome, settings: Settings) -> tuple[Sensitivity, ...]:
    """The least fraction of each state that this array would show."""
    splits = np.geomspace(0.002, 0.45, _PHASED_SPLITS)
    if evidence.phased is None:  # each takes its time
        splits = np.geomspace(0.01, 0.45, _EXPECTED_SPLITS)
    of_split, variance = evidence.expected_gain(splits, settings)
    return tuple(
        Sensitivity(
            region=state.chrom.removeprefix("chr"),
            chrom=state.chrom,
            start=0,
            end=int(genome.length_bp[genome.names.index(state.chrom)]),
            kind=state.kind,
            evidence="depth" if evidence.split is None else "both",
            min_cell_fraction=_least_fraction(evidence, state, splits, of_split, variance, settings),
            power=settings.power,
            alpha=settings.family_wise_error,
        )
        for state in states_of(evidence)
    )


def _least_fraction(
    evidence: Evidence,
    state: State,
    splits: Float64,
    of_split: Float64,
    variance: Float64,
    settings: Settings,
) -> float | None:
    """By the likelihood ratio that the average array with the state would give (Asimov's data set).

    Notes
    -----
    The root of twice that ratio has about one standard deviation around it, more where phase is not sure, and must
    pass the threshold by as many as the power asks for. What heterozygous probes add is computed at `splits` and
    interpolated.
    """
    least = threshold(len(states_of(evidence)), settings)
    fractions = _FRACTIONS[::5]
    # Roots, which go as the split or its square: between two splits the ratio itself is less than its chord.
    gain, spread = (
        np.square(np.interp(state.split(fractions), np.append(0.0, splits), np.append(0.0, np.sqrt(values))))
        for values in (of_split, np.maximum(variance - 2.0 * of_split, 0.0))
    )
    for _, level, ratio in _pieces(evidence, state):
        gain = gain + level.expected_gain(ratio(fractions))
    twice = 2.0 * np.maximum(gain, 1e-9)
    enough = np.flatnonzero(
        np.sqrt(twice) >= least + float(ndtri(settings.power)) * np.sqrt(1.0 + spread / twice)
    )
    return float(fractions[enough[0]]) if enough.size else None


def _figures(evidence: Evidence, fits: Sequence[Fit]) -> tuple[tuple[str, str | float | int, str, str], ...]:
    """Quality figures: what each piece of evidence shows, and the likeliest fraction of each state."""
    rows: list[tuple[str, str | float | int, str, str]] = []
    for name, level in (
        ("male-specific Y", evidence.y), ("X", evidence.x), ("pseudo-autosomal regions", evidence.pseudo_autosomal)
    ):  # fmt: skip
        if level is not None:
            normal = f"{level.normal:.2f} +- {level.normal_sd:.2f} without a change"
            note = f"against autosomes; {normal}; {level.n_probes} probes"
            rows.append((f"Log R ratio of {name}", level.seen, "log R ratio", note))
    if evidence.split is not None:
        where = "pseudo-autosomal regions" if evidence.is_xy else "X"
        share = f"{percent_from_fraction(evidence.split.het_share):.0f} % heterozygous"
        means = "" if evidence.phased is None else f", by the phase of {evidence.n_phased}"
        note = f"distance from the middle{means}; {evidence.split.n_probes} probes, {share}"
        rows.append((f"heterozygous bands of {where}", evidence.split.best, "fraction", note))
    for fit in fits:
        low, high = fit.interval(0.95)
        note = f"likeliest; 95 % interval {low:.2f} to {high:.2f}; {fit.gain:.1f} log-likelihood above none"
        rows.append((f"cells with {fit.state.name}", float(_FRACTIONS[fit.best]), "fraction", note))
    return tuple(rows)
