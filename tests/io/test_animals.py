"""Animal tables: what is read, and every fault with its line."""

import numpy as np
import pytest

from genostab.errors import GenostabErrors, InputError
from genostab.io.animals import read_animals

HEADER = "group,dose_cells,tested,positive\n"


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "animals.csv"
        path.write_text(text)
        return path

    return write


def faults(path):
    with pytest.raises(GenostabErrors) as caught:
        read_animals(path)
    return [(error.code, error.where.removeprefix(f"{path}:")) for error in caught.value.errors]


def test_rows_as_written(table):
    text = HEADER + "product,1e7,10,0\npositive_control,1000,10,10\nnegative_control,,5,0\n"
    group, dose, tested, positive = read_animals(table(text))
    assert group == ("product", "positive_control", "negative_control")
    np.testing.assert_array_equal(dose, [1e7, 1000.0, np.nan])
    assert tested.tolist() == [10, 10, 5]
    assert positive.tolist() == [0, 10, 0]
    assert (dose.dtype, tested.dtype, positive.dtype) == (np.float64, np.int64, np.int64)


def test_all_faults_come_together(table):
    text = HEADER + "products,1e7,10,0\nproduct,,10,0\nproduct,1e6,3,4\nproduct,-1,0,x\nproduct,0,9,1\n"
    assert faults(table(text)) == [
        ("GS-2202", "2:group"),
        ("GS-2202", "5:dose_cells"),
        ("GS-2202", "5:tested"),
        ("GS-2202", "5:positive"),
        ("GS-2202", "3:dose_cells"),
        ("GS-2202", "4:positive"),
        ("GS-2202", "6:dose_cells"),
    ]


def test_a_missing_column_is_named(table):
    assert faults(table("group,dose_cells,tested\nproduct,1e6,3\n")) == [("GS-2201", "1")]


def test_a_table_without_rows_is_refused(table):
    with pytest.raises(InputError) as caught:
        read_animals(table(HEADER))
    assert caught.value.code == "GS-2002"
