"""A clone's states along the chromosomes: the sum over every path of states, straight from the equation."""

import itertools
import math


def clone_likelihood(place, level, level_sd, share, chrom, table, seen, sd, elsewhere, off, stay):
    n_states = len(share)

    def density(i, state):
        low = min(int(place[state]), table.shape[1] - 2)
        part = place[state] - low
        alleles = table[i, low] * (1 - part) + table[i, low + 1] * part
        if math.isinf(sd[i]):
            return math.exp(alleles)
        variance = sd[i] ** 2 + level_sd[state] ** 2
        away = (seen[i] - level[state]) ** 2 / variance
        return math.exp(alleles - 0.5 * away) / math.sqrt(2 * math.pi * variance)

    total = 0.0
    for one in sorted(set(chrom.tolist())):
        inside = [i for i in range(len(chrom)) if chrom[i] == one]
        likelihood = 0.0
        for path in itertools.product(range(n_states), repeat=len(inside)):
            term = 1.0
            for step, (i, state) in enumerate(zip(inside, path, strict=True)):
                drawn = share[state]
                if step:
                    drawn = stay * (state == path[step - 1]) + (1 - stay) * share[state]
                term *= drawn * ((1 - off) * density(i, state) + off * math.exp(elsewhere[i]))
            likelihood += term
        total += math.log(likelihood)
    return total
