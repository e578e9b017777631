"""Cost of a clone, and a walk downhill to the least of it, as their papers write them."""

import math

import numpy as np

from reference.clone_chain import clone_likelihood


def clone_cost(x, response, minor, major, share, chrom, table, seen, sd, elsewhere, chances, least_shift):
    fraction, baseline, of_depth, of_alleles = x
    depth, depth_cv, allele_cv, place_cv = response
    shifts = [0.0, *np.geomspace(least_shift, 0.5, table.shape[1] - 1)]
    place, level, level_sd = [], [], []
    for m, n in zip(minor, major, strict=True):
        a, b = (max(1 - fraction + fraction * int(copies), 1e-3) for copies in (m, n))
        odds = (b / a) ** math.exp(of_alleles * allele_cv)
        shift = odds / (1 + odds) - 0.5
        # Columns in proportion to the shift up to the first one, to its logarithm beyond.
        if shift < shifts[1]:
            place.append(shift / shifts[1])
        else:
            place.append(np.interp(math.log(shift), np.log(shifts[1:]), np.arange(1, len(shifts))))
        ratio = depth * math.exp(of_depth * depth_cv) * math.log2((a + b) / 2)
        level.append(baseline + ratio)
        level_sd.append(abs(place_cv * ratio))
    found = clone_likelihood(place, level, level_sd, share, chrom, table, seen, sd, elsewhere, *chances)
    return (of_depth**2 + of_alleles**2) / 2 - found


def refine_clone(
    simplex, least, tolerance, n_most, response, minor, major, share, chrom, table, seen, sd, elsewhere, chances,
    least_shift,
):  # fmt: skip
    n_calls = 0

    def cost(x):
        nonlocal n_calls
        if n_calls >= n_most:
            raise StopIteration
        n_calls += 1
        terms = (response, minor, major, share, chrom, table, seen, sd, elsewhere, chances, least_shift)
        return clone_cost(x, *terms)

    def bounded(x):
        return np.array([min(max(x[0], least), 1.0), *x[1:]])

    corners = [bounded([2.0 - x[0], *x[1:]] if x[0] > 1.0 else x) for x in simplex]
    pairs = sorted(((cost(x), i, x) for i, x in enumerate(corners)), key=lambda pair: pair[0])
    while n_calls < n_most:
        best, x_best = pairs[0][0], pairs[0][2]
        spans = [np.abs(x - x_best).max() for _, _, x in pairs]
        if max(spans) <= tolerance[0] and pairs[-1][0] - best <= tolerance[1]:
            break
        worst, _, x_worst = pairs[-1]
        middle = np.mean([x for _, _, x in pairs[:-1]], axis=0)
        try:
            reflected = bounded(middle + (middle - x_worst))
            value = cost(reflected)
            if value < best:
                expanded = bounded(middle + 2.0 * (middle - x_worst))
                further = cost(expanded)
                pairs[-1] = (further, 0, expanded) if further < value else (value, 0, reflected)
            elif value < pairs[-2][0]:
                pairs[-1] = (value, 0, reflected)
            else:
                way = 0.5 if value < worst else -0.5
                contracted = bounded(middle + way * (middle - x_worst))
                further = cost(contracted)
                if (value < worst and further <= value) or (value >= worst and further < worst):
                    pairs[-1] = (further, 0, contracted)
                else:
                    for i in range(1, len(pairs)):
                        drawn = bounded(x_best + 0.5 * (pairs[i][2] - x_best))
                        pairs[i] = (cost(drawn), 0, drawn)
        except StopIteration:
            pass
        pairs.sort(key=lambda pair: pair[0])
    simplex[:] = [x for _, _, x in pairs]
    return n_calls
