"""Copies and cell fraction of a region: its posterior against integrals of mpmath."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mpmath
import numpy as np
import pytest

from genostab.karyotype.allele_state import (
    STATES,
    Depth,
    Reading,
    ShiftCurve,
    read_region,
    shift_and_ratio,
    shift_curve,
)
from tests.domain.karyotype_data import SETTINGS

RESPONSE, CV = 0.8, 0.1


def test_shifts_and_ratios_in_closed_form() -> None:
    f = np.array([0.01, 0.2, 0.7, 1.0])
    shift, ratio = shift_and_ratio(f)
    # Gain f / (2 (2 + f)), loss f / (2 (2 - f)), copy-neutral f / 2, two copies more f / (2 (1 + f)).
    expected = np.array([f / (2 * (2 + f)), f / (2 * (2 - f)), f / 2, f / (2 * (1 + f))])
    assert shift == pytest.approx(expected, rel=1e-12)
    assert ratio == pytest.approx(np.log2([1 + f / 2, 1 - f / 2, np.ones(4), 1 + f]), abs=1e-12)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Alleles with a Gaussian likelihood of the shift about `shift`, and depth."""

    shift: float
    sd: float
    depth: Depth

    def log_ratio(self, tried: np.ndarray) -> np.ndarray:
        return np.asarray((self.shift * tried - tried**2 / 2.0) / self.sd**2)


CASES = (
    Case(shift=0.02, sd=0.002, depth=Depth(ratio_log2=0.045, sd_log2=0.01)),  # a gain in 8 %
    Case(shift=0.02, sd=0.002, depth=Depth(ratio_log2=0.0, sd_log2=np.inf)),  # alleles alone
    Case(shift=0.02, sd=0.002, depth=Depth(ratio_log2=-0.02, sd_log2=0.03)),  # a loss, or copy-neutral
    Case(shift=0.21, sd=0.004, depth=Depth(ratio_log2=0.6, sd_log2=0.02)),  # two copies more in 72 %
    Case(shift=0.1667, sd=0.001, depth=Depth(ratio_log2=0.47, sd_log2=0.005)),  # a gain in all cells
    Case(shift=0.05, sd=0.0005, depth=Depth(ratio_log2=0.0, sd_log2=np.inf)),  # sharp: 1 % of the shift
    Case(shift=0.3, sd=0.0004, depth=Depth(ratio_log2=0.001, sd_log2=0.002)),  # copy-neutral in 60 %, sharp
)


def share_of(k: int, shift: float) -> float:
    """Share of cells that shifts alleles by so much, up to 1: (minor, major) of 1+2, 0+1, 0+2, 1+3."""
    return (4 * shift / (1 - 2 * shift), 4 * shift / (1 + 2 * shift), 2 * shift, 2 * shift / (1 - 2 * shift))[
        k
    ]


def integrals(case: Case) -> tuple[list[mpmath.mpf], Callable[[int, float], mpmath.mpf]]:
    """Evidence of each state, and of each state up to a share of cells, at 30 digits."""
    least = mpmath.mpf(SETTINGS.least_fraction)
    clonal = mpmath.mpf(SETTINGS.clonal_share)

    def likelihood(k: int, f: mpmath.mpf) -> mpmath.mpf:
        minor, major = STATES[k].minor, STATES[k].major
        total = max(2 + f * (minor + major - 2), mpmath.mpf("0.002"))
        shift = (1 + f * (major - 1)) / total - mpmath.mpf(1) / 2
        value = (case.shift * shift - shift**2 / 2) / mpmath.mpf(case.sd) ** 2
        if np.isfinite(case.depth.sd_log2):
            seen, sd = mpmath.mpf(case.depth.ratio_log2), mpmath.mpf(case.depth.sd_log2)
            ratio = RESPONSE * mpmath.log(total / 2, 2)
            wide = mpmath.sqrt(sd**2 + (CV * ratio) ** 2)
            value += mpmath.log(mpmath.npdf(seen, ratio, wide) / mpmath.npdf(seen, 0, sd))
        return mpmath.exp(value)

    def below(k: int, f: float) -> mpmath.mpf:
        """Of shares of cells below f; even in log f, two copies more only above one half."""
        start = mpmath.mpf(1) / 2 if STATES[k].major == 3 else least
        if f <= start:
            return mpmath.mpf(0)
        # Where the alleles have their maximum the integrand is narrow.
        at, wide = (case.shift, case.sd) if case.sd < 1.0 else (0.05, 0.01)
        shifts = [at + z * wide for z in (-12, -6, -3, 0, 3, 6, 12)]
        inner = [share_of(k, s) for s in shifts if s > 0]
        places = [start, *sorted(x for x in inner if start < x < f), mpmath.mpf(f)]
        whole = mpmath.quad(
            lambda x: likelihood(k, mpmath.exp(x)), [mpmath.log(x) for x in places], maxdegree=5
        )
        return SETTINGS.state_shares[k] * (1 - clonal) * whole / -mpmath.log(least)

    in_all = [SETTINGS.state_shares[k] * clonal * likelihood(k, mpmath.mpf(1)) for k in range(len(STATES))]
    return [below(k, 1.0) + in_all[k] for k in range(len(STATES))], below


def reading(case: Case) -> Reading:
    curve = shift_curve(case.log_ratio, SETTINGS)
    return read_region(curve, case.depth, RESPONSE, CV, 100, SETTINGS)


@pytest.mark.parametrize("case", CASES)
def test_the_posterior_is_that_of_the_integrals(case: Case) -> None:
    found = reading(case)
    with mpmath.workdps(30):
        evidence, below = integrals(case)
        total = sum(evidence)
        expected = np.array([float(each / total) for each in evidence])
        chosen = int(np.argmax(expected))
        # Sums over grids instead of integrals: 2 % of the evidence.
        assert found.log_total == pytest.approx(float(mpmath.log(total)), abs=0.02)
        assert np.array(found.probability) == pytest.approx(expected, abs=0.005)
        assert found.state == STATES[chosen]
        estimate = found.cell_fraction
        for quantile, f in ((0.025, estimate.low), (0.5, estimate.estimate), (0.975, estimate.high)):
            assert f is not None
            share = float(below(chosen, f) / evidence[chosen])
            if f < 1.0:
                assert share == pytest.approx(quantile, abs=0.006)
            else:
                assert share <= quantile + 0.006  # the rest is in all cells


@pytest.mark.parametrize("case", CASES)
def test_the_evidence_of_either_is_weighed_by_the_other(case: Case) -> None:
    # log p(both) - log p(depth): what alleles add; without depth, all there is.
    found = reading(case)
    without_alleles = reading(Case(shift=0.0, sd=1e6, depth=case.depth))
    without_depth = reading(Case(shift=case.shift, sd=case.sd, depth=Depth(ratio_log2=0.0, sd_log2=np.inf)))
    # The grids of the three differ, and with them their sums.
    assert found.log_allele == pytest.approx(found.log_total - without_alleles.log_total, abs=0.1)
    assert found.log_depth == pytest.approx(found.log_total - without_depth.log_total, abs=0.1)


def test_a_curve_is_dense_where_it_matters() -> None:
    case = CASES[-1]
    curve: ShiftCurve = shift_curve(case.log_ratio, SETTINGS)
    best = int(np.argmax(curve.log_ratio))
    assert curve.shift[best] == pytest.approx(case.shift, abs=case.sd)
    assert np.diff(curve.shift)[best] < case.sd
    assert (curve.shift[0], curve.log_ratio[0]) == (0.0, 0.0)
