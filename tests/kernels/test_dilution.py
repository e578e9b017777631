"""Limiting-dilution fit against exact 40-digit values and the 60-digit twin: relative 1e-13."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import reference.dilution
from genostab.kernels.dilution import fit

Z = 1.959963984540054
RELATIVE = 1e-13

# risk_and_simulation.md section 2.2: dose, tested, positive, 1 / (lower, estimate, upper).
B_DOSES = [30000, 20000, 4000, 500]
EXACT = {
    "A": (
        [50, 100, 200, 400, 800],
        24,
        [2, 6, 9, 15, 21],
        537.73923952048381,
        403.06318827298902675,
        302.11656840526814,
    ),
    "B g1": (B_DOSES, 6, [2, 3, 2, 1], 67165.435110097731728, 31863.531027495136155, 15116.177061547929234),
    "B g3": (B_DOSES, 6, [2, 3, 4, 2], 44524.68438775802667, 22490.225453704088976, 11360.22069361396335),
    "R1": ([1e6, 1e7, 1e8], 10, [0, 2, 8], 117499313.3343623, 59214606.707499211, 29841618.202022154),
    "R2": ([1e5, 1e6, 1e7], 10, [0, 1, 5], 31200048.515770723, 13748274.509803415, 6058165.3230881575),
    "R3": ([1e4, 1e5, 1e6], 6, [0, 1, 4], 2139071.7013753864, 844659.83415359072, 333532.64174063689),
    "R4": ([1e7, 1e8], 10, [0, 1], 7424689398.8888277, 1049205868.725707, 148266532.89135774),
    "NOG": ([10], 10, [5], 35.278483060016335, 10 / math.log(2), 5.8998256174018309),
}


def arrays(doses, tested, positive):
    tested = np.full(len(doses), tested) if np.isscalar(tested) else tested
    return np.array(doses, dtype=float), np.array(tested, dtype=np.int64), np.array(positive, dtype=np.int64)


@pytest.mark.parametrize("function", [fit, reference.dilution.fit], ids=["kernel", "reference"])
@pytest.mark.parametrize("name", EXACT)
def test_exact_values(function, name):
    doses, tested, positive, low, estimate, high = EXACT[name]
    frequency, log_error = function(*arrays(doses, tested, positive))
    assert 1 / frequency == pytest.approx(estimate, rel=RELATIVE)
    # The printed limits of A and NOG carry statmod's own error of about 1e-14.
    assert math.exp(Z * log_error) / frequency == pytest.approx(low, rel=2e-13)
    assert math.exp(-Z * log_error) / frequency == pytest.approx(high, rel=2e-13)


@pytest.mark.parametrize("scale", [1e4, 1e5, 1e8])
def test_rare_cells_are_as_exact_as_common_ones(scale):
    doses, tested, positive, _, estimate, _ = EXACT["A"]
    frequency, _ = fit(*arrays([scale * dose for dose in doses], tested, positive))
    assert 1 / frequency == pytest.approx(estimate * scale, rel=RELATIVE)


def test_no_root_where_all_or_none_are_positive():
    assert fit(*arrays([1e6], 65, [0]))[0] == 0.0
    assert fit(*arrays([1e2, 1e4], 6, [6, 6]))[0] == math.inf
    assert math.isnan(fit(*arrays([1e6], 65, [0]))[1])


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(st.floats(0, 9), st.integers(1, 60), st.floats(0, 1)), min_size=1, max_size=6),
)
def test_equals_bisection(rows):
    doses = np.array([10**exponent for exponent, _, _ in rows])
    tested = np.array([n for _, n, _ in rows])
    positive = np.array([round(n * share) for _, n, share in rows])
    assume(0 < positive.sum() < tested.sum())
    ours, exact = fit(doses, tested, positive), reference.dilution.fit(doses, tested, positive)
    assert ours == pytest.approx(exact, rel=RELATIVE)
