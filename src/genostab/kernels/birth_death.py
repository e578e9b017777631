"""Lineages through birth, death and thinning in closed form: every stage is affine in x = 1 / (1 - z).

With F the generating function of a lineage's size, 1 / (1 - F(z)) = slope x + offset, all terms positive: no
digits are lost however small the survival probability is.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from genostab.kernels._jit import kernel


@kernel
def _grown(slope: float, offset: float, births: float, net: float) -> tuple[float, float]:
    """The map before a birth-death stage (`births` = b t, `net` = (b - loss) t), given the map after it."""
    shrink = math.exp(-net)
    added = births if net == 0.0 else births * (-math.expm1(-net) / net)
    return slope * shrink, offset * shrink + added


@kernel
def _at_least(slope: float, offset: float, size: float) -> float:
    """P(lineage size >= size) of a geometric size with ratio offset / (slope + offset)."""
    alive = 1.0 / (slope + offset)
    if size <= 1.0 or alive == 0.0:
        return alive
    if offset == 0.0:
        return 0.0
    return alive * math.exp(-(size - 1.0) * math.log1p(slope / offset))


@kernel
def chain(
    birth_per_day: NDArray[np.float64],
    loss_per_day: NDArray[np.float64],
    duration_days: NDArray[np.float64],
    survival: NDArray[np.float64],
    size: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Fate of one founder cell after all stages: P(alive), mean size, P(at least `size` cells).

    Each stage is birth and loss over its duration, then each cell kept with probability `survival`.

    Parameters
    ----------
    birth_per_day, loss_per_day : ndarray of float64, shape (n_sets, n_stages), per cell and day, >= 0, no NaN
    duration_days : ndarray of float64, shape (n_sets, n_stages), days, >= 0; 0 for a stage that only thins
    survival : ndarray of float64, shape (n_sets, n_stages), 0..1; 1 for a stage that only grows
    size : float, whole cells, >= 1

    Returns
    -------
    alive, mean, large : ndarray of float64, shape (n_sets,), probability, cells, probability

    Notes
    -----
    Stage maps, latest first, from x = 1 at z = 0: thinning x / f; birth-death
    exp(-r t) x + b (1 - exp(-r t)) / r with r = b - loss. P(alive) = 1 / (slope + offset), mean = 1 / slope,
    size given survival geometric (risk_and_simulation.md section 5.3). O(n_sets n_stages).
    """
    n_sets, n_stages = birth_per_day.shape
    alive, mean, large = np.empty(n_sets), np.empty(n_sets), np.empty(n_sets)
    for i in range(n_sets):
        slope, offset = 1.0, 0.0
        for s in range(n_stages - 1, -1, -1):
            slope /= survival[i, s]
            # 0 / 0 where nothing at all survives: the slope alone carries that.
            offset = 0.0 if offset == 0.0 else offset / survival[i, s]
            days = duration_days[i, s]
            births, net = birth_per_day[i, s] * days, (birth_per_day[i, s] - loss_per_day[i, s]) * days
            slope, offset = _grown(slope, offset, births, net)
        alive[i] = 1.0 / (slope + offset)
        mean[i] = 1.0 / slope
        large[i] = _at_least(slope, offset, size)
    return alive, mean, large


@kernel
def expected_clones(
    seeded: NDArray[np.float64],
    harvested: NDArray[np.float64],
    mutation_per_division: NDArray[np.float64],
    advantage_per_doubling: NDArray[np.float64],
    divisions_per_net_cell: float,
    size: float,
    node: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Expected number of variant lineages with at least `size` cells at the last harvest, per variant class.

    Parameters
    ----------
    seeded, harvested : ndarray of float64, shape (n_passages,), cells, > 0, no NaN; seeded[p] at most
        harvested[p - 1]
    mutation_per_division : ndarray of float64, shape (n_classes,), new variant cells per division, >= 0
    advantage_per_doubling : ndarray of float64, shape (n_classes,), extra net growth s,
        0..divisions_per_net_cell - 1
    divisions_per_net_cell : float, birth rate over net growth rate of the normal cells, >= 1
    size : float, whole cells, >= 1
    node, weight : ndarray of float64, shape (n_nodes,), quadrature of 0..1 over the cells gained in a passage

    Returns
    -------
    ndarray of float64, shape (n_classes,), lineages; P(at least one) = 1 - exp(-sum)

    Notes
    -----
    Poisson immigration x affine chain (risk_and_simulation.md section 6.1 E1). Normal cells N follow the
    passage table and divide divisions_per_net_cell dN times; a variant keeps their birth rate and dies less,
    so that its net rate is 1 + s times theirs. Its path through the rest of this and all later passages is one
    affine map, composed from the last passage back. A passage that gains no cells only thins.
    O(n_classes n_passages n_nodes).
    """
    n_passages = seeded.size
    out = np.zeros(mutation_per_division.size)
    for k in range(out.size):
        faster = 1.0 + advantage_per_doubling[k]
        slope, offset = 1.0, 0.0
        for p in range(n_passages - 1, -1, -1):
            if p < n_passages - 1:
                carried = seeded[p + 1] / harvested[p]
                slope, offset = slope / carried, offset / carried
            if harvested[p] <= seeded[p]:
                kept = harvested[p] / seeded[p]
                slope, offset = slope / kept, offset / kept
                continue
            gained = harvested[p] - seeded[p]
            for q in range(node.size):
                growth = math.log(harvested[p] / (seeded[p] + node[q] * gained))
                a, c = _grown(slope, offset, divisions_per_net_cell * growth, faster * growth)
                out[k] += weight[q] * gained * _at_least(a, c, size)
            growth = math.log(harvested[p] / seeded[p])
            slope, offset = _grown(slope, offset, divisions_per_net_cell * growth, faster * growth)
        out[k] *= mutation_per_division[k] * divisions_per_net_cell
    return out
