"""Bands of heterozygous probes, straight from their definitions."""

import numpy as np


def band_shares(residual, below, edges, split, shift, scale, out_share):
    values = np.repeat(residual, np.diff(below))
    n_bins = len(edges) - 1
    for row in range(len(split)):
        for j in range(n_bins):
            share = 0.0
            for place in (shift[row] + split[row], shift[row] - split[row]):
                low, high = ((edge - place) / scale[row] for edge in edges[j : j + 2])
                share += 0.5 * np.mean((values >= low) & (values < high))
            out_share[row, j] = (share + 1e-5) / (1 + 1e-5 * n_bins)


def best_shares(counts, het, homozygous, start, n_steps, out_share):
    for row in range(len(het)):
        share = start
        for _ in range(n_steps):
            mixed = share * het[row] + (1 - share) * homozygous
            slope = sum(counts * (het[row] - homozygous) / mixed)
            curvature = sum(counts * ((het[row] - homozygous) / mixed) ** 2)
            share = min(max(share + slope / max(curvature, 1e-12), 0.01), 0.99)
        out_share[row] = share
