"""Single-hit limiting dilution (Hu and Smyth 2009, doi 10.1016/j.jim.2009.06.008), bisected, 60 digits."""

import math

import mpmath
from mpmath import mpf


def fit(dose, tested, positive):
    if sum(positive) == 0:
        return 0.0, math.nan
    if sum(tested) == sum(positive):
        return math.inf, math.nan
    with mpmath.workdps(60):
        doses = [mpf(float(d)) for d in dose]
        counts = [(int(n), int(k)) for n, k in zip(tested, positive, strict=True)]

        def score(log_f):
            """Derivative of sum k log(1 - exp(-f d)) - (n - k) f d over log f."""
            hits = [mpmath.exp(log_f) * d for d in doses]
            return sum(
                k * h * mpmath.exp(-h) / -mpmath.expm1(-h) - (n - k) * h
                for h, (n, k) in zip(hits, counts, strict=True)
            )

        low, high = mpf(-100), mpf(100)
        for _ in range(180):
            middle = (low + high) / 2
            low, high = (middle, high) if score(middle) > 0 else (low, middle)
        information = mpf(0)
        for d, (n, _) in zip(doses, counts, strict=True):
            h = mpmath.exp(low) * d
            # (dp / dlog f)^2 / (p (1 - p)) with p = 1 - exp(-h), whose 1 - p must not be taken by difference.
            information += n * h**2 * mpmath.exp(-h) / -mpmath.expm1(-h)
        return float(mpmath.exp(low)), float(1 / mpmath.sqrt(information))
