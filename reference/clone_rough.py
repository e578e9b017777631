"""Rough likelihood of clones: shares of states by expectation and maximisation, point by point."""

import math

import numpy as np


def rough_likelihood(log_likelihood, elsewhere, log_prior, off, n_prior, n_rounds, out_value):
    outside = off * np.exp(elsewhere)
    for kind, point in np.ndindex(*out_value.shape):
        prior = np.exp(log_prior[kind])
        inside = (1 - off) * np.exp(log_likelihood[point])
        share = prior
        for _ in range(n_rounds):
            chance = share[:, np.newaxis] * inside / (share @ inside + outside)
            expected = n_prior * prior + chance.sum(axis=1)
            share = expected / expected.sum()
        penalty = n_prior * math.fsum(
            p * (math.log(q) - math.log(p)) for p, q in zip(prior, share, strict=True)
        )
        out_value[kind, point] = math.fsum(np.log(share @ inside + outside)) + penalty
