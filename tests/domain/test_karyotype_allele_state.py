"""Copies and cell fraction of a region: its posterior against integrals of mpmath."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import mpmath
import numpy as np
import pytest

from genostab.karyotype.allele_state import (
    STATES,
    Depth,
    Reading,
    Response,
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
    assert shift[:4] == pytest.approx(expected, rel=1e-12)
    assert ratio[:4] == pytest.approx(np.log2([1 + f / 2, 1 - f / 2, np.ones(4), 1 + f]), abs=1e-12)


@pytest.mark.parametrize("f", [0.01, 0.2, 0.7, 1.0])
@pytest.mark.parametrize("k", range(len(STATES)))
def test_shifts_and_ratios_by_counting_copies(k: int, f: float) -> None:
    """Of 1,000 cells, by the copies of either allele that they hold."""
    changed = round(1000 * f)
    of_minor = changed * STATES[k].minor + 1000 - changed
    of_major = changed * STATES[k].major + 1000 - changed
    shift, ratio = (float(each[k, 0]) for each in shift_and_ratio(np.array([f])))
    if of_major == 0:
        assert shift == 0.0
        assert ratio < -9.0
        return
    assert shift == pytest.approx(of_major / (of_minor + of_major) - 0.5, abs=1e-12)
    assert ratio == pytest.approx(np.log2((of_minor + of_major) / 2000), abs=1e-12)


def test_copies_before_any_data_are_all_there_is() -> None:
    assert len(SETTINGS.state_shares) == len(STATES)
    assert sum(SETTINGS.state_shares) == pytest.approx(1.0, abs=1e-12)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Alleles with a Gaussian likelihood of the shift about `shift`, and depth."""

    shift: float
    sd: float
    depth: Depth
    of_reads: bool = False

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
    Case(shift=0.0, sd=0.004, depth=Depth(ratio_log2=-0.4, sd_log2=0.02), of_reads=True),  # none left in 30 %
    Case(shift=0.0, sd=0.004, depth=Depth(ratio_log2=-0.4, sd_log2=0.02)),  # the same level of intensity
    Case(shift=0.0, sd=0.004, depth=Depth(ratio_log2=0.56, sd_log2=0.02), of_reads=True),  # 2 + 2 in 60 %
    Case(shift=0.2, sd=0.003, depth=Depth(ratio_log2=0.3, sd_log2=0.03)),  # 0 + 3 in half of the cells
    Case(shift=0.3, sd=0.003, depth=Depth(ratio_log2=1.1, sd_log2=0.05)),  # three copies more in all cells
)


def share_of(k: int, shift: float) -> float:
    """Share of cells with state k that shifts alleles by so much: shift = f (b - a) / (2 (2 + f (a + b - 2)))."""
    minor, major = STATES[k].minor, STATES[k].major
    return 4 * shift / (major - minor - 2 * shift * (minor + major - 2))


def share_at(k: int, ratio_log2: float) -> float:
    """Share of cells with state k at such a ratio; 0 where it has as many copies as a normal cell."""
    more = STATES[k].minor + STATES[k].major - 2
    return (2 * 2 ** (ratio_log2 / RESPONSE) - 2) / more if more else 0.0


def least_of(k: int, least: mpmath.mpf) -> mpmath.mpf:
    """Two copies more of one allele only above one half, three above two thirds, and so on."""
    n_more = STATES[k].major - 1
    return max(least, 1 - mpmath.mpf(1) / n_more) if STATES[k].minor == 1 else least


def integrals(case: Case) -> tuple[list[mpmath.mpf], Callable[[int, float], mpmath.mpf]]:
    """Evidence of each state, and of each state up to a share of cells, at 30 digits."""
    least = mpmath.mpf(SETTINGS.least_fraction)
    clonal = mpmath.mpf(SETTINGS.clonal_share)
    prior = [
        share if case.of_reads or state.minor < state.major else 0.0
        for state, share in zip(STATES, SETTINGS.state_shares, strict=True)
    ]

    def likelihood(k: int, f: mpmath.mpf) -> mpmath.mpf:
        minor, major = STATES[k].minor, STATES[k].major
        total = max(2 + f * (minor + major - 2), mpmath.mpf("0.002"))
        shift = f * (major - minor) / (2 * total)
        value = (case.shift * shift - shift**2 / 2) / mpmath.mpf(case.sd) ** 2
        if np.isfinite(case.depth.sd_log2):
            seen, sd = mpmath.mpf(case.depth.ratio_log2), mpmath.mpf(case.depth.sd_log2)
            ratio = RESPONSE * mpmath.log(total / 2, 2)
            wide = mpmath.sqrt(sd**2 + (CV * ratio) ** 2)
            value += mpmath.log(mpmath.npdf(seen, ratio, wide) / mpmath.npdf(seen, 0, sd))
        return mpmath.exp(value)

    def below(k: int, f: float) -> mpmath.mpf:
        """Of shares of cells below f; even in log f."""
        start = least_of(k, least)
        if f <= start or prior[k] == 0:
            return mpmath.mpf(0)
        # Where the alleles have their maximum the integrand is narrow.
        at, wide = (case.shift, case.sd) if case.sd < 1.0 else (0.05, 0.01)
        shifts = [at + z * wide for z in (-12, -6, -3, 0, 3, 6, 12)]
        inner = [share_of(k, s) for s in shifts if s > 0 and STATES[k].major > STATES[k].minor]
        if np.isfinite(case.depth.sd_log2):
            wide = float(np.hypot(case.depth.sd_log2, CV * case.depth.ratio_log2))
            inner += [share_at(k, case.depth.ratio_log2 + z * wide) for z in (-12, -6, -3, 0, 3, 6, 12)]
        places = [start, *sorted(x for x in inner if start < x < f), mpmath.mpf(f)]
        whole = mpmath.quad(
            lambda x: likelihood(k, mpmath.exp(x)), [mpmath.log(x) for x in places], maxdegree=5
        )
        return prior[k] * (1 - clonal) * whole / -mpmath.log(least)

    in_all = [prior[k] * clonal * likelihood(k, mpmath.mpf(1)) for k in range(len(STATES))]
    return [below(k, 1.0) + in_all[k] for k in range(len(STATES))], below


def reading(case: Case) -> Reading:
    curve = shift_curve(case.log_ratio, SETTINGS)
    response = Response(mean=RESPONSE, cv=CV, place_cv=CV, stands_alone=case.of_reads)
    return read_region(curve, case.depth, response, 100, SETTINGS)


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
    without_alleles = reading(replace(case, shift=0.0, sd=1e6))
    without_depth = reading(replace(case, depth=Depth(ratio_log2=0.0, sd_log2=np.inf)))
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
