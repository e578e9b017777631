"""Population doublings and doubling time against closed forms (assays.md section 6) and a plain regression."""

import numpy as np
import pytest
from scipy import stats

from genostab.arrays import Passages
from genostab.culture.growth import growth
from genostab.errors import GenostabErrors


def passages(day, seeded, harvested):
    return Passages(
        passage=np.arange(1, len(day) + 1),
        day=np.array(day, dtype=float),
        seeded=np.array(seeded, dtype=float),
        harvested=np.array(harvested, dtype=float),
    )


def test_one_passage_is_the_formula():
    doublings, time = growth(passages([0, 4], [5e5, 5e5], [8.4e6, np.nan]), source="passages.csv")
    assert doublings.metric == "culture.population_doublings"
    assert time.metric == "culture.doubling_time_h"
    assert doublings.estimate.estimate == pytest.approx(4.070389327891398, rel=1e-15)
    assert time.estimate.estimate == pytest.approx(23.58496749737974, rel=1e-15)
    assert (time.estimate.low, time.estimate.high, time.estimate.n) == (None, None, 1)
    assert "left out: passage 2" in doublings.note


def test_doublings_add_up_over_passages():
    doublings, _ = growth(passages([0, 4, 8], [1e5] * 3, [1.6e6, 8e5, 4e5]))
    assert doublings.estimate.estimate == pytest.approx(4 + 3 + 2, rel=1e-15)
    assert doublings.estimate.n == 3


def test_interval_is_the_mean_of_equal_passages():
    # With passages of one length the weighted regression through 0 is the mean doubling with its t interval.
    harvested = np.array([1.5e6, 1.7e6, 1.3e6, 2.0e6])
    _, time = growth(passages([0, 4, 8, 12, 16], [1e5] * 5, [*harvested, np.nan]))
    rates = np.log2(harvested / 1e5) / 96
    low, high = stats.t.interval(0.95, 3, rates.mean(), stats.sem(rates))
    assert time.estimate.estimate == pytest.approx(1 / rates.mean(), rel=1e-12)
    assert (time.estimate.low, time.estimate.high) == pytest.approx((1 / high, 1 / low), rel=1e-12)


def test_a_gap_is_stated_and_not_guessed():
    doublings, time = growth(passages([0, 4, 8, 12], [1e5] * 4, [1.6e6, np.nan, 8e5, np.nan]))
    assert doublings.estimate.status == "not_computed"
    assert doublings.estimate.estimate is None
    assert doublings.facts["counted_population_doublings"] == pytest.approx(7)
    assert "passage 2, 4" in doublings.note
    assert time.estimate.n == 2
    assert "1 passages not counted" in time.note


def test_a_counted_last_passage_gives_doublings_but_no_time():
    doublings, time = growth(passages([0], [1e5], [4e5]))
    assert doublings.estimate.estimate == 2.0
    assert time.estimate.status == "not_computed"
    assert time.note.startswith("the last passage has no day of harvest")


def test_no_growth_has_no_doubling_time():
    _, time = growth(passages([0, 4, 8], [1e6] * 3, [5e5, 5e5, np.nan]))
    assert (time.estimate.status, time.estimate.estimate) == ("not_computed", None)


def test_uncertain_growth_has_no_upper_limit():
    _, time = growth(passages([0, 4, 8], [1e5] * 3, [3.2e6, 1.1e5, np.nan]))
    assert time.estimate.high is None
    assert time.estimate.low is not None


def test_impossible_rows_come_together():
    with pytest.raises(GenostabErrors) as caught:
        growth(passages([0, 4, 4], [1e5, 0, 1e5], [1e6, -1, np.nan]), source="p.csv")
    assert [error.code for error in caught.value.errors] == ["GS-2202"] * 3
    assert {error.where for error in caught.value.errors} == {"p.csv, passage 2", "p.csv, passage 3"}
