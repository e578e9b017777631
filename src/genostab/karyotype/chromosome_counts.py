"""Aneuploidy from reads per chromosome: every library of a cohort against the others of its protocol."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.special import stdtr, stdtrit

from genostab.arrays import Bool, ChromosomeCounts, Float64, Int64
from genostab.karyotype.chromosome_deviation import count_at, count_deviation, expected_at
from genostab.karyotype.chromosome_reference import Prediction, Reference, fit_references, predict
from genostab.karyotype.chromosome_settings import ChromosomeSettings
from genostab.karyotype.library_noise import LibraryNoise, NoisePrior, library_noise, noise_prior

NO_REFERENCE = "too few libraries of its protocol for a reference"
TOO_FEW_READS = "too few reads: a change in all cells would not show on most chromosomes"
UNLIKE = "unlike its protocol: so noisy that a change in all cells would not show on most chromosomes"
MANY_CHANGED = "more chromosomes deviate than can be told from the rest"


@dataclass(frozen=True, kw_only=True)
class ChromosomeTests:
    """Each chromosome of each library against what is expected of it.

    float64, shape (n_libraries, n_chromosomes) unless stated:

    expected : reads, from the other chromosomes of the library and the other libraries of its protocol
    foreign : reads of no human origin that a gain has to exceed
    dispersion : variance of the logarithm of `expected`
    sd : standard deviation of the library's deviations, 1 where it is as noisy as its protocol
    df : degrees of freedom of the test
    excess : shape (n_libraries, 1), counting variance beyond Poisson's, as a share of it
    score : signed deviation in standard errors, 0 within half a read (or the foreign reads) of the expectation
    p_value : two-sided
    """

    expected: Float64
    foreign: Float64
    dispersion: Float64
    sd: Float64
    df: Float64
    excess: Float64
    score: Float64
    p_value: Float64


@dataclass(frozen=True, kw_only=True)
class CohortScreen:
    """What the reads per chromosome say of each library; arrays of shape (n_libraries, n_chromosomes).

    reason : tuple of str, shape (n_libraries,), why nothing can be said of a library; "" where something can
    is_called : bool, a gain or loss at the family-wise error per library
    tests : ChromosomeTests, NaN without a reference
    q_value : float64, Benjamini-Hochberg over all tests of usable libraries of the cohort
    copies : float64, mean over cells; copies_low, copies_high : its interval where called, else NaN
    min_gain, min_loss : float64, smallest fraction of cells with one copy more or less that would have been found;
        NaN where not even all cells would
    references : tuple of (protocol, Reference)
    """

    reason: tuple[str, ...]
    is_called: Bool
    tests: ChromosomeTests
    q_value: Float64
    copies: Float64
    copies_low: Float64
    copies_high: Float64
    min_gain: Float64
    min_loss: Float64
    references: tuple[tuple[str, Reference], ...]


@dataclass(frozen=True, kw_only=True)
class _Protocol:
    """Libraries of one protocol that hold reads, with references that each leave some of them out.

    counts : float64, shape (n_libraries, n_chromosomes)
    fold : int64, shape (n_libraries,), index of the reference that a library is no part of
    """

    counts: Float64
    fold: Int64
    references: tuple[Reference, ...]


@dataclass(frozen=True, kw_only=True)
class _Comparison:
    """Libraries with what is expected of them; float64, shape (n_libraries, n_chromosomes) but excess (n_libraries, 1).

    `reference_df` are the degrees of freedom of the variance, as far as the reference's noise is part of it;
    `deviation` is in standard deviations of the model.
    """

    counts: Float64
    prediction: Prediction
    excess: Float64
    reference_df: Float64
    deviation: Float64


def screen_cohort(counts: ChromosomeCounts, settings: ChromosomeSettings) -> CohortScreen:
    """Gains and losses of whole chromosomes in every library that its protocol gives a reference for.

    Parameters
    ----------
    counts : ChromosomeCounts
    settings : ChromosomeSettings

    Notes
    -----
    Per protocol: reference, prediction of each chromosome from the others, likelihood-ratio deviation over the
    library's own noise, Student's t. Called is what passes Bonferroni over the chromosomes of a library. A called
    chromosome is then taken out of the prediction of the others, and these are tested again.
    """
    n_reads = counts.n_reads.astype(np.float64)
    reason = np.full(len(n_reads), NO_REFERENCE, dtype=object)
    is_called = np.zeros(n_reads.shape, dtype=np.bool_)
    tests = _empty_tests(n_reads.shape)
    references: list[tuple[str, Reference]] = []
    protocols = np.array(counts.protocol, dtype=object)
    for name in sorted(set(counts.protocol)):
        rows = np.flatnonzero((protocols == name) & (n_reads.sum(axis=1) > 0))
        if (n_reads[rows].sum(axis=1) >= settings.min_reads).sum() < settings.min_libraries:
            continue
        protocol = _protocol(n_reads[rows], settings)
        references += [(name, reference) for reference in protocol.references]
        own, is_called[rows], is_crowded = _test_until_clean(protocol, settings)
        tests = _placed(tests, rows, own)
        reason[rows] = np.where(is_crowded, MANY_CHANGED, "")
    min_gain, min_loss = (np.full(n_reads.shape, np.nan) for _ in range(2))
    reads = n_reads.sum(axis=1)
    deep = np.flatnonzero((reason == "") & (reads >= settings.min_reads))
    min_gain[deep], min_loss[deep] = _limits(_subset(tests, deep), settings)
    blind = (reason == "") & _is_blind(min_gain, min_loss, settings)
    reason[blind] = TOO_FEW_READS
    loud = np.flatnonzero(blind & (reads >= settings.min_reads))
    quiet = _subset(tests, loud)
    quiet = replace(quiet, sd=np.minimum(quiet.sd, 1.0))
    reason[loud[~_is_blind(*_limits(quiet, settings), settings)]] = UNLIKE
    reason[reads == 0] = TOO_FEW_READS
    usable = reason == ""
    is_called &= usable[:, None]
    low, high = _copies(n_reads, tests, is_called, settings)
    return CohortScreen(
        reason=tuple(reason.tolist()),
        is_called=is_called,
        tests=tests,
        q_value=_q_values(tests.p_value, usable),
        copies=2.0 * n_reads / tests.expected,
        copies_low=low,
        copies_high=high,
        min_gain=min_gain,
        min_loss=min_loss,
        references=tuple(references),
    )


def _empty_tests(shape: tuple[int, ...]) -> ChromosomeTests:
    empty = {field.name: np.full(shape, np.nan) for field in fields(ChromosomeTests)}
    return ChromosomeTests(**{**empty, "excess": np.full((shape[0], 1), np.nan)})


def _subset(tests: ChromosomeTests, rows: Int64) -> ChromosomeTests:
    return ChromosomeTests(
        **{field.name: getattr(tests, field.name)[rows] for field in fields(ChromosomeTests)}
    )


def _placed(whole: ChromosomeTests, rows: Int64, part: ChromosomeTests) -> ChromosomeTests:
    """`whole` with its libraries `rows` replaced by those of `part`."""
    arrays = {field.name: np.array(getattr(whole, field.name)) for field in fields(ChromosomeTests)}
    for name, array in arrays.items():
        array[rows] = getattr(part, name)
    return ChromosomeTests(**arrays)


def _protocol(counts: Float64, settings: ChromosomeSettings) -> _Protocol:
    """References of one protocol; what a library is compared with does not depend on it."""
    reads = counts.sum(axis=1)
    order = np.argsort(reads, kind="stable")
    fold = np.empty(len(order), dtype=np.int64)
    fold[order] = np.arange(len(order)) % settings.folds
    return _Protocol(counts=counts, fold=fold, references=fit_references(counts, fold, settings))


def _compare(protocol: _Protocol, rows: Int64, left_out: Bool, settings: ChromosomeSettings) -> _Comparison:
    """The libraries `rows` with what is expected of them."""
    counts = protocol.counts[rows]
    expected, dispersion, variance_share = (np.empty_like(counts) for _ in range(3))
    excess, df = np.empty((len(rows), 1)), np.empty_like(counts)
    for fold, reference in enumerate(protocol.references):
        own = np.flatnonzero(protocol.fold[rows] == fold)
        found = predict(counts[own], reference, settings, left_out=left_out[rows[own]])
        expected[own], dispersion[own] = found.expected, found.dispersion
        excess[own], df[own] = reference.excess, reference.variance_df
        variance_share[own] = reference.variance
    scale = 1.0 + excess
    variance_share /= scale / expected + dispersion
    return _Comparison(
        counts=counts,
        prediction=Prediction(expected=expected, dispersion=dispersion),
        excess=excess,
        reference_df=df / np.square(variance_share),
        deviation=count_deviation(counts / scale, expected / scale, dispersion),
    )


def _foreign_reads(compared: _Comparison, settings: ChromosomeSettings) -> Float64:
    """Reads per chromosome that a gain has to exceed, shape (n_chromosomes,); 0 where none collect.

    Reads of no human origin (adapters, other species) can gather in one place, in numbers that do not depend on those
    of the library: at low depth they feign tens of copies. Where enough libraries of a protocol show more copies than
    any whole-chromosome change gives, their surplus is taken as lognormal, and its upper prediction limit is allowed
    for.
    """
    counts, expected = compared.counts, compared.prediction.expected
    scale = 1.0 + compared.excess
    most = 0.5 * settings.max_copies * expected
    deviation = count_deviation(counts / scale, most / scale, compared.prediction.dispersion)
    beyond = deviation > -stdtrit(compared.reference_df, settings.family_wise_error / counts.size)
    foreign = np.zeros(counts.shape[1])
    for chrom in range(counts.shape[1]):
        rows = beyond[:, chrom]
        n = int(rows.sum())
        if n < settings.min_background_libraries:
            continue
        surplus = np.log(counts[rows, chrom] - expected[rows, chrom])
        width = float(-stdtrit(n - 1, 0.5 * settings.family_wise_error / counts.shape[1]))
        foreign[chrom] = np.exp(surplus.mean() + width * surplus.std(ddof=1) * np.sqrt(1.0 + 1.0 / n))
    return foreign


def _test_until_clean(
    protocol: _Protocol, settings: ChromosomeSettings
) -> tuple[ChromosomeTests, Bool, Bool]:
    """Tests, calls, and which libraries have more calls than can be told from the rest.

    The strongest call of a library is taken out of what the others are predicted from, again and again.
    """
    left_out = np.zeros(protocol.counts.shape, dtype=np.bool_)
    compared = _compare(protocol, np.arange(len(left_out)), left_out, settings)
    prior = noise_prior(compared.deviation, compared.counts.sum(axis=1), settings)
    foreign = _foreign_reads(compared, settings)
    tests = _tests(compared, foreign, library_noise(compared.deviation, prior, left_out, settings))
    for _ in range(int(settings.trim_share * tests.score.shape[1])):
        open_p = np.where(left_out, 1.0, tests.p_value)
        rows = np.flatnonzero(_is_significant(open_p, settings).any(axis=1))
        if not rows.size:
            break
        left_out[rows, np.argmin(open_p[rows], axis=1)] = True
        compared = _compare(protocol, rows, left_out, settings)
        own_prior = NoisePrior(scale=prior.scale[rows], df=prior.df[rows])
        noise = library_noise(compared.deviation, own_prior, left_out[rows], settings)
        tests = _placed(tests, rows, _tests(compared, foreign, noise))
    significant = _is_significant(tests.p_value, settings)
    is_crowded: Bool = np.any(significant & ~left_out, axis=1)
    return tests, significant & left_out, is_crowded


def _is_significant(p_value: Float64, settings: ChromosomeSettings) -> Bool:
    return np.asarray(p_value * p_value.shape[1] <= settings.family_wise_error, dtype=np.bool_)


def _tests(compared: _Comparison, foreign: Float64, noise: LibraryNoise) -> ChromosomeTests:
    counts, scale = compared.counts, 1.0 + compared.excess
    expected, dispersion = compared.prediction.expected / scale, compared.prediction.dispersion
    most = expected + foreign / scale
    gain = count_deviation(np.maximum((counts - 0.5) / scale, most), most, dispersion)
    loss = count_deviation(np.minimum((counts + 0.5) / scale, expected), expected, dispersion)
    sd = np.sqrt(noise.factor)
    score = (gain + loss) / sd
    df = 1.0 / (1.0 / noise.df[:, None] + 1.0 / compared.reference_df)
    return ChromosomeTests(
        expected=compared.prediction.expected,
        foreign=np.broadcast_to(foreign, counts.shape),
        dispersion=dispersion,
        sd=sd,
        df=df,
        excess=compared.excess,
        score=score,
        p_value=np.minimum(1.0, 2.0 * stdtr(df, -np.abs(score))),
    )


def _is_blind(min_gain: Float64, min_loss: Float64, settings: ChromosomeSettings) -> Bool:
    """Libraries in which a change in all cells would not show on enough chromosomes."""
    unseen = np.isnan(np.maximum(min_gain, min_loss))
    return np.asarray(unseen.mean(axis=1) > 1.0 - settings.min_callable_share, dtype=np.bool_)


def _limits(tests: ChromosomeTests, settings: ChromosomeSettings) -> tuple[Float64, Float64]:
    """Smallest fraction of cells with one copy more, and one less, found with the stated power; NaN above 1.

    The count that is just called, and the expectation that reaches it with that power.
    """
    scale = 1.0 + tests.excess
    expected, foreign = tests.expected / scale, tests.foreign / scale
    alpha = 0.5 * settings.family_wise_error / expected.shape[1]
    called_at = -stdtrit(tests.df, alpha) * tests.sd
    missed_at = stdtrit(tests.df, settings.power) * tests.sd
    dispersion, half = tests.dispersion, 0.5 / scale
    least = count_at(expected + foreign, dispersion, called_at) + half
    gain = 2.0 * (expected_at(least, dispersion, -missed_at) / expected - 1.0)
    most = count_at(expected, dispersion, -called_at) - half
    loss = 2.0 * (1.0 - expected_at(np.where(most >= 0.0, most, np.nan), dispersion, missed_at) / expected)
    return np.where(gain <= 1.0, gain, np.nan), np.where(loss <= 1.0, loss, np.nan)


def _copies(
    n_reads: Float64, tests: ChromosomeTests, is_called: Bool, settings: ChromosomeSettings
) -> tuple[Float64, Float64]:
    """Interval of the mean copies over cells where called, else NaN; the foreign reads may be there or not."""
    low, high = (np.full(n_reads.shape, np.nan) for _ in range(2))
    scale = (1.0 + np.broadcast_to(tests.excess, n_reads.shape))[is_called]
    n, dispersion = n_reads[is_called] / scale, tests.dispersion[is_called]
    width = -stdtrit(tests.df[is_called], 0.5 * (1.0 - settings.level)) * tests.sd[is_called]
    per_read = 2.0 / tests.expected[is_called]
    least = scale * expected_at(n, dispersion, width) - tests.foreign[is_called]
    low[is_called] = np.maximum(least, 0.0) * per_read
    high[is_called] = scale * expected_at(n, dispersion, -width) * per_read
    return low, high


def _q_values(p_value: Float64, usable: Bool) -> Float64:
    """Benjamini and Hochberg 1995 over all tests of libraries of which something can be said."""
    tested = usable[:, None] & np.isfinite(p_value)
    p = p_value[tested]
    order = np.argsort(p, kind="stable")
    raised = p[order] * p.size / np.arange(1, p.size + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    out = np.full(p_value.shape, np.nan)
    out[tested] = q
    return out
