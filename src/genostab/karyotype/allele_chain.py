"""Segments of every chromosome as a chain of states, whose shares in the genome are learnt from all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from genostab.arrays import Bool, Float64, Int64
from genostab.karyotype.allele_model import Model
from genostab.karyotype.settings import Settings
from genostab.kernels.clone_rough import rough_likelihood

_ROUNDS = 6  # of the shares of states; a seventh changes the likelihood by less than 0.01


def rough_modes(model: Model, log_likelihood: Float64, log_prior: Float64) -> Float64:
    """Log posterior mode over the shares of states, each segment for itself; all kinds of clones at once.

    Parameters
    ----------
    model : Model
    log_likelihood : ndarray of float64, shape (n_points, n_states, n_segments)
    log_prior : ndarray of float64, shape (n_kinds, n_states), of the shares

    Returns
    -------
    ndarray of float64, shape (n_kinds, n_points)
    """
    settings = model.settings
    value = np.empty((len(log_prior), len(log_likelihood)))
    rough_likelihood(
        log_likelihood,
        model.elsewhere,
        log_prior,
        settings.subclonal_share,
        settings.clone_prior_segments,
        _ROUNDS,
        value,
    )
    return value


@dataclass(frozen=True, kw_only=True)
class Chains:
    """Likelihoods of every state, and what their shares are thought to be beforehand.

    likelihood : float64, shape (n_states, n_steps, n_chroms), over the exponential of `log_scale`
    steps, is_there : the segment of each step and chromosome, and whether there is one
    """

    likelihood: Float64
    log_scale: float
    steps: Int64
    is_there: Bool
    log_prior: Float64


def chains_of(model: Model, log_likelihood: Float64, log_prior: Float64) -> Chains:
    """Segments of one chromosome as a chain; log_likelihood of shape (n_states, n_segments)."""
    most = np.maximum(log_likelihood.max(axis=0), model.elsewhere)
    off = model.settings.subclonal_share
    likelihood = (1.0 - off) * np.exp(log_likelihood - most) + off * np.exp(model.elsewhere - most)
    # A segment that is not there agrees with anything.
    padded = np.column_stack((likelihood, np.ones(log_prior.size)))
    return Chains(
        likelihood=padded[:, model.steps],
        log_scale=float(most.sum()),
        steps=model.steps,
        is_there=model.steps < len(most),
        log_prior=log_prior,
    )


def forward_pass(chains: Chains, share: Float64, settings: Settings) -> tuple[Float64, Float64, float]:
    """Chance of each state given the segments so far, its scale, and the log-likelihood given the shares.

    A segment has the state of the one before with the chance `clone_stay`, else one drawn from the shares.
    """
    likelihood, stay = chains.likelihood, settings.clone_stay
    fresh = share[:, np.newaxis]
    forward, scale = np.empty_like(likelihood), np.empty(likelihood.shape[1:])
    before = fresh
    for step in range(likelihood.shape[1]):
        now = likelihood[:, step] * before
        scale[step] = now.sum(axis=0)
        forward[:, step] = now / scale[step]
        before = stay * forward[:, step] + (1.0 - stay) * fresh
    return forward, scale, float(np.log(scale).sum()) + chains.log_scale


def log_prior_of(chains: Chains, share: Float64, settings: Settings) -> float:
    """Logarithm of the prior density of shares over its value at the expected ones."""
    weight = settings.clone_prior_segments * np.exp(chains.log_prior)
    return float(weight @ (np.log(share) - chains.log_prior))


def marginal_likelihood(chains: Chains, share: Float64, settings: Settings, group: Int64) -> float:
    """Log-likelihood with the shares of groups of states integrated over.

    Parameters
    ----------
    chains : Chains
    share : ndarray of float64, shape (n_states,), posterior mode
    settings : Settings, table [clone]
    group : ndarray of int64, shape (n_states,), as of `fitted_shares`

    Notes
    -----
    That given the shares, times the ratio of the Dirichlet-multinomial to the multinomial probability of the expected
    counts (Cheeseman and Stutz 1996; Chickering and Heckerman 1997, doi 10.1023/A:1007469629108 [m]).
    """
    forward, scale, log_likelihood = forward_pass(chains, share, settings)
    _, drawn = backward_pass(chains, share, forward, scale, settings)
    n, w = np.bincount(group, drawn), np.bincount(group, share)
    prior = settings.clone_prior_segments * np.bincount(group, np.exp(chains.log_prior))
    counts = (
        gammaln(prior.sum()) - gammaln(prior.sum() + n.sum()) + (gammaln(prior + n) - gammaln(prior)).sum()
    )
    return log_likelihood + float(counts - n @ np.log(w))


def backward_pass(
    chains: Chains, share: Float64, forward: Float64, scale: Float64, settings: Settings
) -> tuple[Float64, Float64]:
    """Chance of each state at every step given all segments, and how often each was drawn anew."""
    stay = settings.clone_stay
    fresh = share[:, np.newaxis]
    drawn, probability = np.zeros(share.size), np.empty_like(forward)
    after = np.ones_like(forward[:, 0])
    for step in range(forward.shape[1] - 1, -1, -1):
        probability[:, step] = forward[:, step] * after
        seen = chains.likelihood[:, step] * after / scale[step]
        drawn += (seen * fresh * chains.is_there[step]).sum(axis=1) * (1.0 - stay if step else 1.0)
        after = stay * seen + (1.0 - stay) * (fresh * seen).sum(axis=0)
    return probability, drawn


def by_segment(chains: Chains, by_step: Float64) -> Float64:
    """From shape (n_states, n_steps, n_chroms) to (n_states, n_segments)."""
    found = np.empty((by_step.shape[0], int(chains.is_there.sum())))
    found[:, chains.steps[chains.is_there]] = by_step[:, chains.is_there]
    return found


def fitted_shares(chains: Chains, share: Float64, settings: Settings, group: Int64) -> Float64:
    """Shares of states nearer to their posterior mode, by expectation and maximisation.

    Parameters
    ----------
    chains : Chains
    share : ndarray of float64, shape (n_states,), to begin with
    settings : Settings, table [clone]
    group : ndarray of int64, shape (n_states,), states of one group keep their shares of it
    """
    within = np.exp(chains.log_prior) / np.bincount(group, np.exp(chains.log_prior))[group]
    for _ in range(_ROUNDS):
        forward, scale, _ = forward_pass(chains, share, settings)
        _, drawn = backward_pass(chains, share, forward, scale, settings)
        drawn = np.bincount(group, drawn)[group] * within
        share = settings.clone_prior_segments * np.exp(chains.log_prior) + drawn
        share = share / share.sum()
    return share
