"""The waves that the normals of a panel share, and how much of each a sample has.

Shapes and sizes of waves are learnt from what varies within arms. A change of a whole arm or chromosome, in a normal
or in the sample, can thus neither pass for a wave nor be absorbed by one; a change of a part of an arm is bounded by
robust weights.

Sums over bins are those of `einsum`, not of a threaded matrix product: they do not depend on the number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq

from genostab.arrays import Bool, Float32, Float64, Genome, Int16, Int64
from genostab.karyotype.regions import arm_of
from genostab.karyotype.settings import Settings

MAD_SD = 1.482602218505602  # standard deviation over median absolute deviation of a Gaussian
_ROUNDS = 20  # of robust weights, which settle in a handful:
_SETTLED = 1e-6  # relative change


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """Runs of bins within stretches of `wave_block_bp`, none across two arms.

    first : int64, shape (n_blocks,), the bin that each begins with
    arm : int64, shape (n_blocks,), 0-based number of its arm
    size : float64, shape (n_blocks,), bins in it
    """

    first: Int64
    arm: Int64
    size: Float64


def make_blocks(chrom: Int16, start: Int64, genome: Genome, settings: Settings) -> Blocks:
    """Blocks of sorted bins.

    Parameters
    ----------
    chrom : ndarray of int16, shape (n_bins,); start : ndarray of int64, shape (n_bins,), bp
    genome : Genome
    settings : Settings, `wave_block_bp`
    """
    arm = arm_of(chrom, start, genome).astype(np.int64)
    stretch = start // settings.wave_block_bp
    is_first = (np.diff(arm) != 0) | (np.diff(stretch) != 0)
    first = np.flatnonzero(np.concatenate(([True], is_first)))
    _, number = np.unique(arm[first], return_inverse=True)
    size = np.diff(np.append(first, chrom.size)).astype(np.float64)
    return Blocks(first=first, arm=number.astype(np.int64), size=size)


def block_means(values: Float64 | Float32, blocks: Blocks) -> Float64:
    """Mean of each block; ndarray of float64, shape (n_blocks,) or (n_blocks, n_columns)."""
    total = np.add.reduceat(values, blocks.first, axis=0, dtype=np.float64)
    means: Float64 = total / (blocks.size if values.ndim == 1 else blocks.size[:, np.newaxis])
    return means


def within_arms(means: Float64, weight: Float64, blocks: Blocks) -> Float64:
    """Means of blocks less the weighted mean of their arm; shape of means."""
    columns = means.reshape(means.shape[0], -1)
    n_arms = int(blocks.arm[-1]) + 1
    total = np.bincount(blocks.arm, weight, n_arms)
    centre = np.stack([np.bincount(blocks.arm, weight * column, n_arms) for column in columns.T], axis=1)
    centred: Float64 = columns - (centre / total[:, np.newaxis])[blocks.arm]
    return centred.reshape(means.shape)


def hard_threshold(n: int, m: int) -> float:
    """The singular value, over the median one, above which a component is more signal than noise.

    Parameters
    ----------
    n, m : int, sides of the matrix, n <= m

    Notes
    -----
    Gavish & Donoho 2014 (doi 10.1109/TIT.2014.2323359), eq. 11 and section III-E: lambda(beta) / sqrt(mu_beta), where
    mu_beta is the median of the Marchenko-Pastur law with beta = n / m.

    Examples
    --------
    >>> round(hard_threshold(100, 100), 3)
    2.858
    """
    beta = n / m
    lambda2 = 2.0 * (beta + 1.0) + 8.0 * beta / ((beta + 1.0) + math.sqrt(beta * beta + 14.0 * beta + 1.0))
    low, high = (1.0 - math.sqrt(beta)) ** 2, (1.0 + math.sqrt(beta)) ** 2
    middle, half = 0.5 * (low + high), 0.5 * (high - low)

    def density(angle: float) -> float:
        x = middle + half * math.sin(angle)
        return (half * math.cos(angle)) ** 2 / (2.0 * math.pi * beta * max(x, 1e-300))

    def excess(angle: float) -> float:
        return float(quad(density, -0.5 * math.pi, angle)[0]) - 0.5

    median = middle + half * math.sin(brentq(excess, -0.5 * math.pi, 0.5 * math.pi))
    return math.sqrt(lambda2 / median)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How much of each wave each normal has: float64, shape (n_normals, n_waves), and its noise, shape (n_normals,)."""

    amount: Float64
    noise: Float64

    def of(self, chosen: Bool) -> Scores:
        """Those of some normals."""
        return Scores(amount=self.amount[chosen], noise=self.noise[chosen])


def wave_scores(residual: Float32, blocks: Blocks, settings: Settings) -> Scores:
    """The waves that stand out of the noise.

    Parameters
    ----------
    residual : ndarray of float32, shape (n_bins, n_normals), log2 less the centre
    blocks : Blocks
    settings : Settings, `min_normals_waves`

    Notes
    -----
    Principal components of block means within arms, each normal over its own noise (from steps between neighbouring
    blocks) and each block over that of so many bins, so that the noise left has one variance, as the threshold of
    Gavish and Donoho demands. O(n_blocks n_normals^2).
    """
    n = residual.shape[1]
    none = Scores(amount=np.zeros((n, 0)), noise=np.ones(n))
    if n < settings.min_normals_waves or blocks.first.size <= 2 * n:
        return none
    means = within_arms(block_means(residual, blocks), blocks.size, blocks)
    means *= np.sqrt(blocks.size / blocks.size.mean())[:, np.newaxis]
    means -= means.mean(axis=1, keepdims=True)
    noise = MAD_SD * np.median(np.abs(np.diff(means, axis=0)), axis=0) / math.sqrt(2.0)
    if not noise.all():
        return none
    scaled = means / noise
    power, vectors = np.linalg.eigh(np.einsum("ij,ik->jk", scaled, scaled))
    singular = np.sqrt(np.maximum(power[::-1][: n - 1], 0.0))
    n_waves = int((singular > hard_threshold(n - 1, blocks.first.size) * np.median(singular)).sum())
    return Scores(amount=vectors[:, ::-1][:, :n_waves] * noise[:, np.newaxis], noise=noise)


def wave_shapes(residual: Float32, scores: Scores) -> Float32:
    """Shape of each wave by regression, with a constant, of every bin on the amounts in the normals.

    Parameters
    ----------
    residual : ndarray of float32, shape (n_bins, n_normals), log2 less the centre
    scores : Scores of these normals

    Returns
    -------
    ndarray of float32, shape (n_bins, n_waves), log2 per unit of amount
    """
    weight = 1.0 / np.square(scores.noise)
    amount = scores.amount - np.average(scores.amount, axis=0, weights=weight)
    weighted = amount * weight[:, np.newaxis]
    solved = np.linalg.pinv(weighted.T @ amount) @ weighted.T
    shapes: Float32 = np.einsum("ij,kj->ik", residual, solved.astype(np.float32))
    return shapes


def wave_amounts(log2: Float64, shapes: Float32, blocks: Blocks, settings: Settings) -> Float64:
    """How much of each wave a sample has.

    Parameters
    ----------
    log2 : ndarray of float64, shape (n_bins,), sample less the centre
    shapes : ndarray of float32, shape (n_bins, n_waves)
    blocks : Blocks
    settings : Settings, `noise_clip_sd`

    Returns
    -------
    ndarray of float64, shape (n_waves,)

    Notes
    -----
    Regression of block means within arms with Huber's weights (1964, doi 10.1214/aoms/1177703732), which have one
    solution. What is the same all over an arm has no influence at all.
    """
    amounts = np.zeros(shapes.shape[1])
    if amounts.size == 0:
        return amounts
    seen, parts = block_means(log2, blocks), block_means(shapes, blocks)
    weight = blocks.size
    for _ in range(_ROUNDS):
        y, x = within_arms(seen, weight, blocks), within_arms(parts, weight, blocks)
        weighted = x * weight[:, np.newaxis]
        normal, right = np.einsum("ij,ik->jk", weighted, x), np.einsum("ij,i->j", weighted, y)
        before, amounts = amounts, np.linalg.lstsq(normal, right, rcond=None)[0]
        if np.allclose(amounts, before, rtol=_SETTLED, atol=0.0):
            break
        z = np.abs(y - np.einsum("ij,j->i", x, amounts)) * np.sqrt(blocks.size)
        limit = settings.noise_clip_sd * MAD_SD * float(np.median(z))
        weight = blocks.size * np.minimum(1.0, limit / np.maximum(z, 1e-12))
    return amounts
