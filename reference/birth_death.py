"""Linear birth-death lineages from their generating functions (Kendall 1948, doi 10.1214/aoms/1177730285).

F(z) = (alpha + (1 - alpha - beta) z) / (1 - beta z) as a 2 x 2 matrix; stages compose as matrix products. The
products cancel badly, so they are taken with 340 digits, enough for a probability of 1e-300.
"""

import mpmath
import numpy as np
from mpmath import mpf

DIGITS = 340


def _birth_death(birth, loss, time):
    if birth == loss:
        alpha = beta = birth * time / (1 + birth * time)
    else:
        growth = mpmath.exp((birth - loss) * time)
        alpha = loss * (growth - 1) / (birth * growth - loss)
        beta = birth * (growth - 1) / (birth * growth - loss)
    return mpmath.matrix([[1 - alpha - beta, alpha], [-beta, 1]])


def _thinning(kept):
    return mpmath.matrix([[kept, 1 - kept], [0, 1]])


def _fate(m, size):
    """P(alive), mean and P(Z >= size) of the lineage with F(z) = (m00 z + m01) / (m10 z + m11)."""
    alive = 1 - m[0, 1] / m[1, 1]
    mean = (m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0]) / (m[1, 0] + m[1, 1]) ** 2
    ratio = -m[1, 0] / m[1, 1]
    return alive, mean, alive * ratio ** (size - 1) if size > 1 else alive


def chain(birth_per_day, loss_per_day, duration_days, survival, size):
    rows = []
    with mpmath.workdps(DIGITS):
        for stages in zip(birth_per_day, loss_per_day, duration_days, survival, strict=True):
            product = mpmath.eye(2)
            for birth, loss, days, kept in zip(*stages, strict=True):
                product = product * _birth_death(mpf(birth), mpf(loss), mpf(days)) * _thinning(mpf(kept))
            rows.append([float(value) for value in _fate(product, mpf(size))])
    alive, mean, large = np.array(rows).reshape(-1, 3).T
    return alive, mean, large


def expected_clones(
    seeded,
    harvested,
    mutation_per_division,
    advantage_per_doubling,
    divisions_per_net_cell,
    size,
    node,
    weight,
):
    out = []
    with mpmath.workdps(DIGITS):
        for mutation, advantage in zip(mutation_per_division, advantage_per_doubling, strict=True):
            total = mpf(0)
            for p in range(len(seeded)):
                gained = max(mpf(harvested[p]) - mpf(seeded[p]), mpf(0))
                for u, w in zip(node, weight, strict=True):
                    path = _path(
                        seeded,
                        harvested,
                        p,
                        mpf(seeded[p]) + mpf(u) * gained,
                        advantage,
                        divisions_per_net_cell,
                    )
                    total += mpf(w) * gained * _fate(path, mpf(size))[2]
            out.append(float(mpf(mutation) * mpf(divisions_per_net_cell) * total))
    return np.array(out)


def _path(seeded, harvested, first, cells_at_birth, advantage, divisions_per_net_cell):
    """A variant cell born when passage `first` holds `cells_at_birth` normal cells, to the last harvest."""
    product = mpmath.eye(2)
    for p in range(first, len(seeded)):
        begin = cells_at_birth if p == first else mpf(seeded[p])
        end = mpf(harvested[p])
        if end > begin:
            birth = mpf(divisions_per_net_cell)
            loss = birth - 1 - mpf(advantage)
            product = product * _birth_death(birth, loss, mpmath.log(end / begin))
        else:
            product = product * _thinning(end / begin)
        if p + 1 < len(seeded):
            product = product * _thinning(mpf(seeded[p + 1]) / end)
    return product
