import numpy as np
import pytest

from synthgen.metrics.correlations import pair_correlations
from synthgen.metrics.jackknife import row_groups
from synthgen.rng import stream


def rows(n=60, p=8, seed=0):
    draw = stream(seed, "test.correlations")
    return (draw.normal(size=(p, 3)) @ draw.normal(size=(3, n)) + draw.normal(size=(p, n)) + 100).astype(
        np.float32
    )


def upper(matrix):
    return matrix[np.triu_indices(len(matrix), 1)]


def test_correlations_are_those_of_numpy_with_and_without_each_group():
    values = rows()
    found = pair_correlations(values, values.mean(axis=1), 0)
    np.testing.assert_allclose(found.total, upper(np.corrcoef(values.astype(float))), atol=2e-6)
    groups = row_groups(60, 0, 10)
    for g in range(10):
        expected = upper(np.corrcoef(values[:, groups != g].astype(float)))
        np.testing.assert_allclose(found.without[g], expected, atol=2e-6)


def test_squared_correlations():
    values = rows()
    plain, square = (pair_correlations(values, values.mean(axis=1), 0, square=s) for s in (False, True))
    np.testing.assert_allclose(square.total, plain.total**2, atol=1e-6)


def test_the_centre_changes_nothing():
    values = rows()
    near, off = (pair_correlations(values, values.mean(axis=1) + d, 0) for d in (0, 3))
    np.testing.assert_allclose(near.total, off.total, atol=1e-5)


def test_constant_columns_correlate_with_nothing():
    values = rows()
    values[2] = 7
    found = pair_correlations(values, np.where(np.arange(8) == 2, 3.0, 100.0), 0)
    involved = upper((np.arange(8)[:, None] == 2) | (np.arange(8) == 2))
    assert (found.total[involved] == 0).all() and (found.without[:, involved] == 0).all()
    assert (found.total[~involved] != 0).all()


def test_a_missing_value_counts_as_the_mean():
    values = rows()
    filled = values.astype(float)
    values[1, :6] = np.nan
    filled[1, :6] = np.nanmean(values[1])
    found = pair_correlations(values, np.full(8, 100.0), 0)
    np.testing.assert_allclose(found.total, upper(np.corrcoef(filled)), atol=2e-6)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_units_do_not_matter(scale):
    values = rows() - 100
    found = pair_correlations((values * scale).astype(np.float32), np.zeros(8), 0)
    np.testing.assert_allclose(found.total, upper(np.corrcoef(values.astype(float))), atol=1e-5)


def test_an_empty_column_and_few_rows_are_no_error():
    values = rows(n=3)
    values[0] = np.nan
    found = pair_correlations(values, np.zeros(8), 0)
    assert np.isfinite(found.total).all() and (found.total[:7] == 0).all()
