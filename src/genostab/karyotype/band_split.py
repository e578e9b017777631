"""How far the two bands of heterozygous probes stand apart: likelihood of the split, phase unknown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genostab.arrays import Float64, Int64, median
from genostab.karyotype.settings import Settings
from genostab.kernels.bands import band_shares, best_shares

_BINS = 100  # of the B allele fraction, 0..1
_EDGES = np.concatenate(([-np.inf], np.linspace(0.0, 1.0, _BINS + 1)[1:-1], [np.inf]))
_SPLITS = 0.5 * np.square(np.linspace(0.0, 1.0, 31))  # distances of the bands from the middle, denser near 0
_FINER = 16  # further ones between the neighbours of the best, twice
_NEWTON_STEPS = 6
_STEPS = (1.5, 0.5, 0.1)  # of noise and centre, in standard deviations of their priors
_MAD_VARIANCE = 1.36  # asymptotic variance of a log scale by the median absolute deviation, times n, Gaussian
_MOST_BLOCKS = 400


@dataclass(frozen=True, kw_only=True)
class Bands:
    """What one probe of this array shows where both alleles are alike, and where they differ.

    residual : float64, shape (n,), ascending, each once, of balanced heterozygous probes from their median, made
        symmetrical
    below : int64, shape (n + 1,), how many are below each, and how many there are
    centre : float, that median; sd : float, robust, of the residual
    homozygous : float64, shape (100,), share of homozygous probes per bin of the B allele fraction
    het_share : float, of autosomal probes
    noise_cv : float, how far the noise of a stretch of probes may differ from that of all (SD of its log)
    centre_sd : float, how far its middle may
    het_share_cv : float, how far its share of heterozygous probes may (SD of its log)
    """

    residual: Float64
    below: Int64
    centre: float
    sd: float
    homozygous: Float64
    het_share: float
    noise_cv: float
    centre_sd: float
    het_share_cv: float


@dataclass(frozen=True, kw_only=True)
class SplitLikelihood:
    """Log-likelihood over the distance of the bands from the middle.

    split : float64, shape (n_splits,), 0..0.5; log_likelihood : float64, the same shape, nuisance parameters profiled
    n_probes : int; het_share : float, share of heterozygous probes at the best split
    """

    split: Float64
    log_likelihood: Float64
    n_probes: int
    het_share: float

    @property
    def best(self) -> float:
        """The split of greatest likelihood."""
        return float(self.split[int(np.argmax(self.log_likelihood))])

    @property
    def gain(self) -> float:
        """Log-likelihood ratio of the best split to none."""
        return float(self.log_likelihood.max() - self.log_likelihood[0])


def learn_bands(
    balanced: Float64, homozygous: Float64, het_share: float, n_hets: int, settings: Settings
) -> Bands:
    """Bands of an array from its own autosomes.

    Parameters
    ----------
    balanced : ndarray of float64, shape (n,), B allele fractions of autosomal heterozygous probes, in genome order
    homozygous : ndarray of float64, shape (m,), of probes with one allele
    het_share : float, of autosomal probes
    n_hets : int, heterozygous probes to expect where a split is looked for
    settings : Settings, table [sex_array]

    Notes
    -----
    `noise_cv` is what the noise of autosomal blocks of so many probes differs beyond chance, at least
    `band_noise_cv`: autosomes say how unlike two stretches of the genome are on this array.
    """
    centre = median(balanced)
    residual = balanced - centre
    counts, _ = np.histogram(homozygous, bins=_BINS, range=(0.0, 1.0))
    smoothed = counts + 0.5
    symmetrical, n_each = np.unique(np.concatenate((residual, -residual)), return_counts=True)
    return Bands(
        residual=symmetrical,
        below=np.concatenate(([0], np.cumsum(n_each))),
        centre=centre,
        sd=_robust_sd(residual),
        homozygous=smoothed / smoothed.sum(),
        het_share=het_share,
        noise_cv=max(settings.band_noise_cv, _spread_between_blocks(residual, n_hets)),
        centre_sd=settings.band_centre_sd,
        het_share_cv=settings.het_share_cv,
    )


def _robust_sd(values: Float64) -> float:
    return 1.4826 * median(np.abs(values - median(values)))


def _spread_between_blocks(residual: Float64, n_hets: int) -> float:
    """Standard deviation of the log noise of blocks of `n_hets` probes, beyond that of chance; 0 for few blocks."""
    size = max(n_hets, 50)
    n_blocks = residual.size // size
    if n_blocks < 4:
        return 0.0
    chosen = np.unique(np.linspace(0, n_blocks - 1, min(n_blocks, _MOST_BLOCKS)).astype(np.int64))
    blocks = residual[: n_blocks * size].reshape(n_blocks, size)[chosen]
    scale = np.median(np.abs(blocks - np.median(blocks, axis=1, keepdims=True)), axis=1)
    spread = _robust_sd(np.log(np.maximum(scale, 1e-6)))
    return float(np.sqrt(max(spread**2 - _MAD_VARIANCE / size, 0.0)))


def band_counts(b_allele_fraction: Float64) -> Float64:
    """Probes per bin of the B allele fraction; float64, shape (100,); missing ones are left out."""
    known = b_allele_fraction[np.isfinite(b_allele_fraction)]
    return np.histogram(known, bins=_BINS, range=(0.0, 1.0))[0].astype(np.float64)


def expected_counts(bands: Bands, split: float, n_probes: float) -> Float64:
    """Counts that a split would give; float64, shape (100,)."""
    het = _het_band(bands, np.array([split]), np.zeros(1), np.ones(1))[0]
    return np.asarray(n_probes * (bands.het_share * het + (1.0 - bands.het_share) * bands.homozygous))


def split_likelihood(counts: Float64, bands: Bands) -> SplitLikelihood:
    """Log-likelihood of each distance of the bands from the middle.

    Parameters
    ----------
    counts : ndarray of float64, shape (100,), probes per bin of the B allele fraction
    bands : Bands

    Notes
    -----
    A mixture of homozygous probes and of two heterozygous bands at centre +- split, binned; a band is the residual of
    the array's own balanced probes, so that neither its shape nor its width is assumed. Noise and centre carry
    Gaussian priors, the share of heterozygous probes a log-normal one; all are profiled. Shapes differ too, so that
    a split d may look like e, with e^2 - d^2 of standard deviation 2 noise_cv sd^2, the difference in variance that
    the noise may have. O(splits x nuisance x bins).
    """
    used = np.flatnonzero(counts)
    mixture = _Mixture(counts=counts[used], used=used, bands=bands)
    split = _SPLITS
    profile, share = _climb(mixture, split)
    for _ in range(2):
        top = int(np.argmax(profile))
        finer = np.linspace(split[max(top - 1, 0)], split[min(top + 1, split.size - 1)], _FINER + 2)[1:-1]
        value, weight = _climb(mixture, finer)
        split, profile, share = (
            np.concatenate(pair) for pair in ((split, finer), (profile, value), (share, weight))
        )
        order = np.argsort(split)
        split, profile, share = split[order], profile[order], share[order]
    tempered = _allow_for_shape(split, profile, bands)
    return SplitLikelihood(
        split=split,
        log_likelihood=tempered,
        n_probes=round(float(counts.sum())),
        het_share=float(share[int(np.argmax(tempered))]),
    )


@dataclass(frozen=True, kw_only=True)
class _Mixture:
    """Counts, shape (n_used,), of the bins `used` of them, and the bands to explain them with."""

    counts: Float64
    used: Int64
    bands: Bands

    def profile(self, split: Float64, noise: Float64, centre: Float64) -> tuple[Float64, Float64]:
        """Log-likelihood and best share of heterozygous probes, of each split at its own noise and centre."""
        bands, counts = self.bands, self.counts
        scale, shift = np.exp(noise * bands.noise_cv), centre * bands.centre_sd
        het = _het_band(bands, split, shift, scale)[:, self.used]
        homozygous = bands.homozygous[self.used]
        weight = np.empty(split.size)
        best_shares(counts, het, homozygous, bands.het_share, _NEWTON_STEPS, weight)
        mixed = weight[:, None] * het + (1.0 - weight[:, None]) * homozygous
        value = (np.log(mixed) * counts).sum(axis=1) - 0.5 * (np.square(noise) + np.square(centre))
        value -= 0.5 * np.square(np.log(weight / bands.het_share) / bands.het_share_cv)
        return value, weight


def _climb(mixture: _Mixture, split: Float64) -> tuple[Float64, Float64]:
    """Profile over noise and centre, split by split: parabolas along one, then the other, in shrinking steps."""
    at = np.zeros((2, split.size))
    best, share = mixture.profile(split, *at)
    for step in _STEPS:
        for axis in (0, 1):
            along = np.zeros((2, 1))
            along[axis] = 1.0
            above, below = (mixture.profile(split, *(at + way * step * along)) for way in (1.0, -1.0))
            bend = np.maximum(2.0 * best - above[0] - below[0], 1e-9)
            vertex = step * np.clip(0.5 * (above[0] - below[0]) / bend, -2.0, 2.0)
            start = at
            for move, (value, weight) in (
                (step, above), (-step, below), (vertex, mixture.profile(split, *(start + vertex * along)))
            ):  # fmt: skip
                better = value > best
                at = np.where(better, start + move * along, at)
                best, share = np.where(better, value, best), np.where(better, weight, share)
    return best, share


def _allow_for_shape(split: Float64, log_likelihood: Float64, bands: Bands) -> Float64:
    """Likelihood of each true split where shape and noise may add to the seen one, or take from it."""
    added = np.square(split)[None, :] - np.square(split)[:, None]
    cost = 0.5 * np.square(added / (2.0 * bands.noise_cv * bands.sd**2))
    return np.asarray((log_likelihood[None, :] - cost).max(axis=1))


def _het_band(bands: Bands, split: Float64, shift: Float64, scale: Float64) -> Float64:
    """Share of heterozygous probes per bin; shape (n_splits, 100), `shift` and `scale` (n_splits,).

    What lies beyond 0 or 1 is at the edge.
    """
    share = np.empty((split.size, _BINS))
    band_shares(bands.residual, bands.below, _EDGES - bands.centre, split, shift, scale, share)
    return share
