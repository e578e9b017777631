"""The endotoxin limit that a dose allows: K over M."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from genostab.compliance.profile import EndotoxinThreshold


class Dose(Protocol):
    """What a limit per dose needs; the dose block of a manifest has it."""

    @property
    def route(self) -> str | None:
        """Route of administration."""

    @property
    def volume_ml(self) -> float | None:
        """Volume given to one patient within one hour, mL."""

    @property
    def body_weight_kg(self) -> float | None:
        """Body weight of the patient, kg."""


def endotoxin_limit(k_eu_per_kg: float, volume_ml: float, body_weight_kg: float) -> float:
    """Highest endotoxin concentration [EU/mL] that keeps a dose under its pyrogenic threshold.

    Parameters
    ----------
    k_eu_per_kg : float, threshold pyrogenic dose K of the route, EU per kg and hour, > 0
    volume_ml : float, volume given to one patient, mL, > 0
    body_weight_kg : float, kg, > 0

    Returns
    -------
    float, EU/mL

    Notes
    -----
    Limit = K / M, where M = volume / body weight is the largest dose per kg and hour (USP <85>). The whole
    volume counts in one hour, the strictest reading. O(1).

    Examples
    --------
    >>> endotoxin_limit(0.2, volume_ml=10.0, body_weight_kg=70.0)
    1.4
    """
    return k_eu_per_kg * body_weight_kg / volume_ml


def threshold_for_route(route: str, thresholds: Sequence[EndotoxinThreshold]) -> EndotoxinThreshold | None:
    """The threshold whose routes name `route`, or None: an unknown route has no limit."""
    wanted = route.strip().casefold()
    for threshold in thresholds:
        if wanted in (name.casefold() for name in threshold.routes):
            return threshold
    return None


def limit_for_dose(dose: Dose | None, thresholds: Sequence[EndotoxinThreshold]) -> tuple[float | None, str]:
    """The endotoxin limit [EU/mL] of a dose and how it was found, or None and what is missing.

    Parameters
    ----------
    dose : Dose or None
    thresholds : sequence of EndotoxinThreshold, of the profile

    Returns
    -------
    limit_eu_per_ml : float or None
    reason : str
    """
    if dose is None or dose.route is None or dose.volume_ml is None or dose.body_weight_kg is None:
        return None, "the limit needs the dose's route, volume_ml and body_weight_kg"
    threshold = threshold_for_route(dose.route, thresholds)
    if threshold is None:
        return None, f"the profile has no endotoxin threshold for the route {dose.route!r}"
    numbers = (dose.volume_ml, dose.body_weight_kg)
    if not all(math.isfinite(number) and number > 0 for number in numbers):
        return None, "the dose's volume_ml and body_weight_kg must be greater than 0"
    limit = endotoxin_limit(threshold.k_eu_per_kg, *numbers)
    source = f"K from {threshold.source.ref}, {'+'.join(threshold.provenance)}"
    factors = f"{threshold.k_eu_per_kg:g} EU/kg x {dose.body_weight_kg:g} kg / {dose.volume_ml:g} mL"
    return limit, f"limit K/M = {factors} ({source})"
