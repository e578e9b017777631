"""The epidemic likelihood ratio (Levin and Kline 1985, Stat Med 4:469 [m]) by looking at every interval, O(n^2)."""

import numpy as np


def strongest_interval(values, weights, base, base_share, wave_variance, least_z2, min_bins):
    sum_w = np.concatenate(([0.0], np.cumsum(weights)))
    sum_wx = np.concatenate(([0.0], np.cumsum(weights * (values - base))))
    n = len(values)
    found = (0, 0, 0.0)
    for first in range(n):
        for last in range(first + min_bins, n + 1):
            w = sum_w[last] - sum_w[first]
            variance = w - base_share * w * w + wave_variance[last - first] * w * w
            if variance <= 0:
                continue
            excess = (sum_wx[last] - sum_wx[first]) ** 2 / variance - least_z2[last - first]
            if excess > found[2]:
                found = (first, last, excess)
    return found
