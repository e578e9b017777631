"""Means of overlapping runs of bins, their steps, and bounded sums of squares, as they are defined."""

import math


def block_means(weight, weighted, first, last, n_bins, out_mean, out_variance):
    blocks = []
    for a, b in zip(first, last, strict=True):
        start = a
        while start + n_bins <= b:
            blocks.append((start, start + n_bins))
            start += n_bins // 2
    for i, (a, b) in enumerate(blocks):
        out_variance[i] = 1 / (weight[b] - weight[a])
        out_mean[i] = (weighted[b] - weighted[a]) * out_variance[i]
    return len(blocks)


def half_squares(values, n_blocks, lag, out_square):
    arm = [number for number, n in enumerate(n_blocks) for _ in range(n)]
    steps = [values[i + lag] - values[i] for i in range(len(arm) - lag) if arm[i] == arm[i + lag]]
    out_square[: len(steps)] = [step * step / 2 for step in steps]
    return len(steps)


def bounded_sums(squares, known, more, limit):
    own = [*known] * len(squares) if len(known) == 1 else [*known]
    pairs = [(square / (part + more), part + more) for square, part in zip(squares, own, strict=True)]
    kept = [(u, variance) for u, variance in pairs if not u >= limit]
    slope = math.fsum(u / variance for u, variance in kept)
    return math.fsum(u for u, _ in kept), slope, len(pairs) - len(kept)
