"""Counter-based random numbers: the value depends on (key, counter) alone, so any split of the work gives it again.

SplitMix64 (Steele, Lea, Flood 2014, doi 10.1145/2660193.2660195), read as a hash of a counter.
"""

from __future__ import annotations

import numpy as np

from genostab.kernels._jit import kernel


@kernel
def hash_u64(key: np.uint64, counter: np.uint64) -> np.uint64:
    """SplitMix64 output number `counter` of the stream `key`.

    Parameters
    ----------
    key : uint64, stream
    counter : uint64, index in the stream

    Returns
    -------
    uint64, uniform on 0..2**64-1
    """
    z = key + (counter + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def uniform(key: np.uint64, counter: np.uint64) -> float:
    """Uniform double in [0, 1) with 53 random bits: hash_u64 >> 11, times 2**-53.

    Parameters
    ----------
    key : uint64, stream
    counter : uint64, index in the stream

    Returns
    -------
    float64, 0 <= u < 1
    """
    return np.float64(hash_u64(key, counter) >> np.uint64(11)) * 1.1102230246251565e-16
