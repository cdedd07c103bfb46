import numpy as np
import pandas as pd
import pytest

from synthgen.metrics.features import (
    MAX_ONE_HOT_LEVELS,
    coordinate_widths,
    distance_matrix,
    pooled_codes,
    tree_matrix,
)

REAL = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.5], "g": ["a", "b", None, "a"]})


def gap(matrices, i, j):
    return float(np.linalg.norm(matrices[0][i].astype(float) - matrices[1][j].astype(float)))


def test_trees_get_numbers_codes_and_nan(coded):
    (matrix,), is_categorical = tree_matrix([coded(real=REAL)["real"]])
    np.testing.assert_array_equal(matrix, [[1, 0], [2, 1], [3, np.nan], [4.5, 0]])
    assert is_categorical.tolist() == [False, True]


def test_rare_levels_are_pooled_the_frequent_ones_kept(coded):
    frame = pd.DataFrame({"g": ["rare", "b", "b", "b", "a", "a", "odd", None]})
    (codes,) = pooled_codes([coded(real=frame)["real"].columns[0]], 2)
    np.testing.assert_array_equal(codes, [2, 1, 1, 1, 0, 0, 2, np.nan])


def test_distance_is_nought_for_copies_and_one_at_most(coded):
    other = pd.DataFrame({"x": [1.0, 99.0, np.nan, 4.5], "g": ["a", "z", "b", None]})
    tables = coded(real=REAL, synthetic=other)
    matrices = distance_matrix([tables["real"], tables["synthetic"]])
    assert gap(matrices, 0, 0) == 0
    assert gap(matrices, 0, 1) == pytest.approx(
        np.sqrt((1 + 0.875**2) / 2), abs=1e-6
    )  # below all / above all
    assert gap(matrices, 3, 3) == pytest.approx(
        np.sqrt(0.5), abs=1e-6
    )  # a level against missing, numbers equal
    largest = max(gap(matrices, i, j) for i in range(4) for j in range(4))
    assert largest <= 1 + 1e-6


@pytest.mark.parametrize("n_levels", [1, 3, MAX_ONE_HOT_LEVELS, MAX_ONE_HOT_LEVELS + 1, 150])
def test_the_widths_are_those_of_the_coordinates(coded, n_levels):
    frame = REAL.loc[np.arange(300) % 4].assign(g=[f"l{i % n_levels}" for i in range(300)], h="a")
    table = coded(real=frame.reset_index(drop=True).assign(empty=np.nan))["real"]
    widths = coordinate_widths(table)
    assert [distance_matrix([table.select([j])])[0].shape[1] for j in range(4)] == widths.tolist()


def test_distance_by_rank_ignores_the_scale(coded):
    tables = coded(real=REAL)["real"], coded(real=REAL.assign(x=np.exp(REAL.x * 10)))["real"]
    np.testing.assert_allclose(*(distance_matrix([t])[0] for t in tables))


def test_keys_are_equal_for_equal_rows_only(coded):
    other = pd.DataFrame({"x": [3.0, 1.0, 1.0, np.nan], "g": [None, "b", "a", "a"]})
    tables = coded(real=REAL, synthetic=other)
    real, synthetic = (tables[name].row_keys for name in ("real", "synthetic"))
    assert (synthetic[:, None] == real).tolist() == [
        [False, False, True, False],
        [False] * 4,
        [True, False, False, False],
        [False] * 4,
    ]
