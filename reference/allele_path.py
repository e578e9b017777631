"""Allelic imbalance along a chromosome: sums over every path of states, written straight from the equation."""

import itertools
import math

import numpy as np


def imbalance_likelihood(symbol, log_plus, log_minus, switch):
    """Mean likelihood ratio over every choice of signs, O(2^n): the sign turns before SNP i with chance switch[i]."""
    n, n_sizes = len(symbol), log_plus.shape[1]
    total = np.zeros(n_sizes)
    for signs in itertools.product((0, 1), repeat=n):
        chance = 0.5
        for i in range(1, n):
            chance *= switch[i] if signs[i] != signs[i - 1] else 1.0 - switch[i]
        for k in range(n_sizes):
            tables = (log_plus, log_minus)
            total[k] += chance * math.exp(sum(tables[s][symbol[i], k] for i, s in enumerate(signs)))
    return np.log(total)


def imbalance_posterior(symbol, log_plus, log_minus, switch, enter, leave):
    """Sum over every path of states, O((1 + 2 K)^n): 0 is balance, then each size with either sign."""
    n, n_sizes = len(symbol), log_plus.shape[1]
    states = [(0, 0)] + [(k, sign) for k in range(n_sizes) for sign in (1, -1)]

    def start(state):
        return 1.0 - enter if state[1] == 0 else enter / (2 * n_sizes)

    def step(before, after, turn):
        if before[1] == 0:
            return start(after)
        if after[1] == 0:
            return leave
        if after[0] != before[0]:
            return 0.0
        return (1.0 - leave) * (turn if after[1] != before[1] else 1.0 - turn)

    def emission(state, i):
        if state[1] == 0:
            return 1.0
        return math.exp((log_plus if state[1] > 0 else log_minus)[symbol[i], state[0]])

    total, changed = 0.0, np.zeros(n)
    for path in itertools.product(states, repeat=n):
        weight = start(path[0]) * emission(path[0], 0)
        for i in range(1, n):
            weight *= step(path[i - 1], path[i], switch[i]) * emission(path[i], i)
        total += weight
        changed += weight * np.array([state[1] != 0 for state in path])
    return changed / total, math.log(total)
