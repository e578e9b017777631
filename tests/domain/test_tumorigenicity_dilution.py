"""Limiting dilution and TPD50 against research 2.1, 2.2 (statmod 1.5.0, exact values) and 2.4 (tsk, Hamilton 1977)."""

import csv
import math

import numpy as np
import pytest
from scipy import special

from genostab.errors import GenostabErrors
from genostab.tumorigenicity.dilution import deviance, limiting_dilution, spearman_karber, tpd50

A = ([50, 100, 200, 400, 800], 24, [2, 6, 9, 15, 21])
B_DOSES = [30000, 20000, 4000, 500]
B = {"g1": [2, 3, 2, 1], "g2": [6, 5, 6, 1], "g3": [2, 3, 4, 2], "g4": [6, 6, 6, 1]}


def arrays(doses, tested, positive):
    doses = np.array(doses, dtype=float)
    return doses, np.broadcast_to(np.array(tested), doses.shape).copy(), np.array(positive)


def inverse(found):
    """1 / (low, estimate, high), None where there is none."""
    one = found.estimate
    return [None if value is None else 1 / value for value in (one.low, one.estimate, one.high)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (A, (537.73923952048381, 403.06318827298918, 302.11656840526814)),
        ((B_DOSES, 6, B["g1"]), (67165.435110097731728, 31863.531027495136155, 15116.177061547929234)),
        ((B_DOSES, 6, B["g3"]), (44524.68438775802667, 22490.225453704088976, 11360.22069361396335)),
        (([10], 10, [5]), (35.278483060016335, 14.426950408889638, 5.8998256174018309)),
        (([1e4], 10, [2]), (179703.09972266396, 44814.201177245486, 11175.726129677576)),
        (([10, 100, 1000], 6, [3, 4, 6]), (134.9130043884837, 55.336218058050029, 22.696826320394713)),
        (([1e6, 1e7, 1e8], 10, [0, 2, 8]), (117499313.3343623, 59214606.707499211, 29841618.202022154)),
        (([1e7, 1e8], 10, [0, 1]), (7424689398.8888277, 1049205868.725707, 148266532.89135774)),
    ],
)
def test_frequency_with_wald_limits(rows, expected):
    # statmod's own values (A, HeLa, the extreme pair) hold to its convergence, 1e-10 here.
    assert inverse(limiting_dilution(*arrays(*rows))) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("g2", (10251.721038141117, 4508.9409991397433, 1983.1352080381755)),
        ("g4", (3371.1503607657382, 1369.0541215964383, 555.98504583890963)),
    ],
)
def test_groups_known_from_statmod_alone(group, expected):
    assert inverse(limiting_dilution(*arrays(B_DOSES, 6, B[group]))) == pytest.approx(expected, rel=1e-8)


def test_another_level():
    found = limiting_dilution(*arrays(*A), level=0.90)
    assert inverse(found) == pytest.approx(
        (513.38491927547318, 403.06318827298918, 316.44858982235513), rel=1e-12
    )


@pytest.mark.parametrize(
    ("rows", "bound"),
    [
        (([1e6], 65, [0]), 21697533.045196719),
        (([1e4, 1e5, 1e6], 10, [0, 0, 0]), 3705271.0277182092),
        (([1e4], 10, [0]), 33380.820069533416),
        (([1.5e4], 26, [0]), 130185.19827118031),
        (([10, 100, 1000], 6, [0, 0, 0]), 2223.1626166309256),
        (([1e6], 9, [0]), 1 / 3.328591415e-07),
    ],
)
def test_no_animal_positive_is_a_one_sided_bound(rows, bound):
    found = limiting_dilution(*arrays(*rows))
    assert (found.estimate.status, found.estimate.estimate, found.estimate.low) == (
        "not_detected",
        None,
        None,
    )
    assert 1 / found.estimate.high == pytest.approx(bound, rel=1e-9 if bound < 3.1e6 else 1e-13)
    assert found.estimate.lod == found.estimate.high


@pytest.mark.parametrize(
    ("rows", "bound"),
    [
        (([100, 1000, 10000], 6, [6, 6, 6]), 107.06807113087187),
        (([1], 6, [6]), 1.0708362833758953),
        (([1e4], 10, [10]), 7399.4792184780317),
    ],
)
def test_all_animals_positive_is_a_one_sided_bound(rows, bound):
    found = limiting_dilution(*arrays(*rows))
    assert (found.estimate.estimate, found.estimate.high) == (None, None)
    # statmod solves the mixed doses by search: 1e-8.
    assert 1 / found.estimate.low == pytest.approx(bound, rel=1e-8)
    doses, tested, _ = arrays(*rows)
    chance = np.prod((-np.expm1(-found.estimate.low * doses)) ** tested)
    assert chance == pytest.approx(0.05, rel=1e-10)


def test_deviance_of_the_single_hit_model():
    found = limiting_dilution(*arrays(*A))
    assert found.facts["deviance"] == pytest.approx(0.46869043439281372, rel=1e-12)
    assert found.facts["deviance_p"] == pytest.approx(special.chdtrc(4, 0.46869043439281372))
    assert found.controls[0].passed


def test_groups_differ_by_their_deviances():
    # Likelihood-ratio statistic of the four groups of B: pooled less separate, 41.139 on 3 degrees of freedom.
    separate = 0.0
    for positive in B.values():
        rows = arrays(B_DOSES, 6, positive)
        separate += deviance(*rows, limiting_dilution(*rows).estimate.estimate)[0]
    rows = arrays(B_DOSES * 4, 6, [k for positive in B.values() for k in positive])
    pooled = deviance(*rows, limiting_dilution(*rows).estimate.estimate)[0]
    assert pooled - separate == pytest.approx(41.139221984584594, rel=1e-10)


def test_a_misfit_fails_its_control():
    # More tumours at the low doses than at the high one: no single-hit law.
    found = limiting_dilution(*arrays([100, 1000, 10000], 20, [18, 10, 9]))
    assert not found.controls[0].passed


def test_half_of_the_animals_by_the_single_hit_law():
    assert limiting_dilution(*arrays([10], 10, [5])).facts["tpd50_cells"] == pytest.approx(10, rel=1e-14)


def test_tsk_readme():
    found = tpd50(*arrays([1, 10, 100, 1000], 20, [0, 3, 17, 20]), source="dilution.csv")
    assert found.metric == "tumorigenicity.tpd50"
    assert found.estimate.estimate == pytest.approx(31.622776601683793, rel=1e-14)
    assert found.facts["geometric_sd"] == pytest.approx(1.2969280936504919, rel=1e-14)
    assert (found.estimate.low, found.estimate.high) == pytest.approx(
        (18.997169899691997, 52.639419728315005), rel=1e-13
    )
    assert found.facts["tumour_per_cell"] == pytest.approx(math.log(2) / 31.622776601683793)


def test_hamilton_1a():
    # The paper's fraction .0526 is 1 of 19, rounded: the table itself is met to 3e-5, the rounded one to all digits.
    doses, tested, positive = arrays(
        [15.54, 20.47, 27.92, 35.98, 55.52], [20, 20, 20, 19, 20], [0, 0, 0, 1, 20]
    )
    expected = (42.40538425612572, 43.893868971004544, 45.4346014554837)
    found = tpd50(doses, tested, positive).estimate
    assert (found.low, found.estimate, found.high) == pytest.approx(expected, rel=3e-5)
    middle, deviation = spearman_karber(np.log10(doses), tested, np.array([0, 0, 0, 0.0526, 1]), 0.0)
    reach = special.ndtri(0.975) * deviation
    rounded = (10 ** (middle - reach), 10**middle, 10 ** (middle + reach))
    assert rounded == pytest.approx(expected, rel=1e-13)
    assert 10**deviation == pytest.approx(1.0177578405909629, rel=1e-13)


@pytest.mark.parametrize(
    ("percent", "middle", "geometric_sd"),
    [
        ([0, 0, 10, 100, 100, 100], 26.745125, 1.049501),
        ([0, 0, 70, 100, 100, 100], 19.703206, 1.076594),
        ([0, 0, 10, 40, 100, 100], 36.137924, 1.095827),
        ([0, 0, 20, 70, 100, 100], 29.545134, 1.102006),
        ([0, 0, 20, 30, 100, 100], 36.110348, 1.102006),
    ],
)
def test_hamilton_4(percent, middle, geometric_sd):
    found = tpd50(*arrays([7.8, 13, 22, 36, 60, 100], 10, [p // 10 for p in percent]))
    assert found.estimate.estimate == pytest.approx(middle, abs=5e-7)
    assert found.facts["geometric_sd"] == pytest.approx(geometric_sd, abs=5e-7)


def test_trimmed_variance_is_the_slope_of_the_mean():
    log_dose, tested = np.array([0.0, 1.0, 2.5, 3.0, 4.0]), np.array([8, 9, 10, 11, 12])
    fraction, trim = np.array([0.1, 0.3, 0.45, 0.7, 0.85]), 0.2
    _, deviation = spearman_karber(log_dose, tested, fraction, trim)
    step, variance = 1e-6, 0.0
    for i in range(5):
        up, down = fraction.copy(), fraction.copy()
        up[i] += step
        down[i] -= step
        high, low = (spearman_karber(log_dose, tested, one, trim)[0] for one in (up, down))
        variance += ((high - low) / (2 * step)) ** 2 * fraction[i] * (1 - fraction[i]) / tested[i]
    assert deviation == pytest.approx(math.sqrt(variance), rel=1e-7)


def test_symmetric_trim_keeps_the_middle():
    found = tpd50(*arrays([1, 10, 100], 10, [2, 5, 8]))
    assert found.facts["trim"] == pytest.approx(0.2)
    assert found.estimate.estimate == pytest.approx(10, rel=1e-13)


def test_falling_fractions_are_pooled():
    fell, pooled = (
        tpd50(*arrays([1, 10, 100, 1000], 10, [0, 6, 4, 10])),
        tpd50(*arrays([1, 10, 100, 1000], 10, [0, 5, 5, 10])),
    )
    assert fell.estimate.estimate == pytest.approx(pooled.estimate.estimate, rel=1e-14)


@pytest.mark.parametrize("positive", [[0, 0, 1], [9, 10, 10], [0, 0, 0], [5, 5, 5]])
def test_one_half_must_be_bracketed(positive):
    found = tpd50(*arrays([1, 10, 100], 10, positive))
    assert (found.estimate.status, found.estimate.estimate) == ("not_computed", None)


def test_a_jump_has_the_doses_as_limits():
    found = tpd50(*arrays([1, 10, 100, 1000], 10, [0, 0, 10, 10]))
    assert (found.estimate.low, found.estimate.high) == pytest.approx((10, 100))
    assert found.estimate.estimate == pytest.approx(math.sqrt(1000))


@pytest.mark.parametrize("function", [limiting_dilution, tpd50])
def test_wrong_rows_come_together(function):
    with pytest.raises(GenostabErrors) as caught:
        function(*arrays([0, 10, math.nan], 5, [0, 6, 1]), source="dilution.csv")
    assert [error.code for error in caught.value.errors] == ["GS-1104"] * 3


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t"))


def test_published_tables_against_statmod(data_dir):
    folder = data_dir / "tumor_limiting_dilution"
    table = rows_of(folder / "limiting_dilution.tsv")
    compared = 0
    for known in rows_of(folder / "reference_elda.tsv"):
        rows = [row for row in table if (row["dataset"], row["group"]) == (known["dataset"], known["group"])]
        if rows:
            columns = [[float(row[name]) for row in rows] for name in ("dose_cells", "tested", "positive")]
            doses, tested, positive = (np.array(column) for column in columns)
            found = limiting_dilution(doses, tested.astype(int), positive.astype(int)).estimate
            expected = [float(known[f"freq_{name}"]) for name in ("lower", "estimate", "upper")]
            # Ten printed digits, less what statmod is off on B (up to 2.2e-8).
            assert [found.low, found.estimate, found.high] == pytest.approx(expected, rel=3e-8)
            compared += 1
    assert compared == 5


def test_kanemura_suspensions_without_a_tumour(data_dir):
    table = rows_of(data_dir / "tumor_limiting_dilution" / "limiting_dilution.tsv")
    lines = ("59-G3(1)", "K21-G18", "101-G25")
    rows = [row for row in table if row["group"] in {f"{line}_RPE_susp_matrigel" for line in lines}]
    doses = np.array([float(row["dose_cells"]) for row in rows])
    tested = np.array([int(row["tested"]) for row in rows])
    found = limiting_dilution(doses, tested, np.zeros(len(rows), dtype=int))
    assert found.estimate.n == 27
    assert found.estimate.high == pytest.approx(1.109530472e-07, rel=1e-9)
