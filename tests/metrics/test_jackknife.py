import math

import numpy as np
import pytest

from synthgen.metrics.column_sums import column_sums, identity, one_hot, squared
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.jackknife import (
    Resampled,
    agreement,
    alone,
    left_out,
    pearson,
    resampled,
    row_groups,
    slope,
)
from synthgen.rng import stream


def test_groups_are_of_nearly_equal_size_and_no_more_than_rows():
    assert sorted(np.bincount(row_groups(43, 0, 20)).tolist()) == [2] * 17 + [3] * 3
    assert sorted(row_groups(7, 0, 20).tolist()) == list(range(7))
    np.testing.assert_array_equal(row_groups(43, 5), row_groups(43, 5))


def test_sums_over_groups_leave_missing_values_out():
    values = np.array([[1.0, 2, np.nan, 4], [0, 1, 0, 5]], dtype=np.float32)
    weights = one_hot(np.array([0, 1, 0, -1]), 2)
    found = column_sums(values, weights, {"sum": identity, "square": squared, "zero": lambda b: b == 0})
    np.testing.assert_array_equal(found["present"], [[1, 2], [1, 1]])
    np.testing.assert_array_equal(found["sum"], [[1, 0], [2, 1]])
    np.testing.assert_array_equal(found["square"], [[1, 0], [4, 1]])
    np.testing.assert_array_equal(found["zero"], [[0, 2], [0, 0]])
    shifted = column_sums(values, weights, {"sum": identity}, np.array([1.0, 2.0]))
    np.testing.assert_array_equal(shifted["sum"], [[0, -4], [1, -1]])


def test_what_is_left_is_the_sum_of_the_other_groups():
    np.testing.assert_array_equal(left_out(np.array([[1.0], [2], [4]])), [[7], [6], [5], [3]])


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    rows = stream(0, "test.jackknife").normal(size=400)
    groups = row_groups(400, 0)
    sums = np.array([[rows[groups == g].sum()] for g in range(20)])
    counts = np.array([[(groups == g).sum()] for g in range(20)])
    found = alone(lambda x: float(x[0]), resampled(left_out(sums) / left_out(counts)))
    means = np.array([rows[groups == g].mean() for g in range(20)])
    expected = 1.96 * means.std(ddof=1) / math.sqrt(20)  # of twenty independent groups of one size
    assert found.value == pytest.approx(rows.mean())
    assert found.high - found.value == pytest.approx(expected, rel=1e-3)


def test_the_interval_of_a_correlation_covers_what_other_rows_give():
    """Of the means of forty columns in two tables, over fresh tables: about 95 in 100."""
    draw, true = stream(1, "test.jackknife"), np.linspace(0, 1, 40)

    def table():
        rows = true + draw.normal(size=(100, 40))
        groups = row_groups(100, 0)
        sums = np.stack([rows[groups == g].sum(axis=0) for g in range(20)])
        return resampled(left_out(sums) / left_out(np.full((20, 1), 5.0)))

    found = [agreement(pearson, table(), table(), (-1, 1)) for _ in range(300)]
    average = np.mean([f.value for f in found])
    covered = np.mean([f.low <= average <= f.high for f in found])
    assert 0.9 <= covered <= 0.99


def test_both_tables_rows_count():
    still = Resampled(np.arange(3.0), np.tile(np.arange(3.0), (4, 1)))
    moving = Resampled(np.array([0, 1.0, 3]), np.array([[0, 1, 3.0], [0, 2, 3], [0, 1, 3], [0, 1, 4]]))
    one, other = agreement(slope, still, moving), agreement(slope, moving, still)
    values = [slope(still.total, w) for w in moving.without]
    assert one.value == pytest.approx(1.5)
    assert one.high - one.value == pytest.approx(1.96 * math.sqrt(3 * np.var(values)), rel=1e-4)
    assert other.high > other.value


def test_without_a_value_there_is_no_interval():
    flat = Resampled(np.ones(5), np.ones((3, 5)))
    assert agreement(pearson, flat, flat) == Estimate(None)
    part = Resampled(np.arange(5.0), np.stack([np.arange(5.0), np.ones(5)]))
    found = agreement(pearson, part, part)
    assert found.value == pytest.approx(1) and found.low is None and found.high is None


def test_correlation_and_slope_leave_undefined_entries_out():
    draw = stream(2, "test.jackknife")
    a, b = draw.normal(size=(2, 50))
    a[3] = b[7] = np.nan
    kept = np.isfinite(a) & np.isfinite(b)
    assert pearson(a, b) == pytest.approx(np.corrcoef(a[kept], b[kept])[0, 1])
    assert slope(a, b) == pytest.approx(np.polyfit(a[kept], b[kept], 1)[0])
    assert math.isnan(pearson(a[:2], b[:2])) and math.isnan(slope(np.ones(5), np.arange(5.0)))
