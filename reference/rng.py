"""SplitMix64 as a counter hash, in Python integers (doi 10.1145/2660193.2660195)."""

MASK = (1 << 64) - 1


def hash_u64(key, counter):
    z = (int(key) + (int(counter) + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniform(key, counter):
    return (hash_u64(key, counter) >> 11) / 2.0**53
