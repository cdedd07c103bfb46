import math

import numpy as np
import pytest
from scipy.stats import false_discovery_control, ttest_ind

from synthgen.metrics.differential import differential, inflation, n_passing, n_top, top_overlap, welch
from synthgen.metrics.jackknife import row_groups
from synthgen.rng import stream


def two_groups(n=40, p=30, shift=1.5, seed=0):
    draw = stream(seed, "test.differential")
    labels = (np.arange(n) % 3 == 0).astype(int)
    values = draw.normal(5, 1 + labels, (p, n))
    values[: p // 3] += shift * (labels == 0)
    return values.astype(np.float32), labels


def found_in(values, labels):
    return differential(values, labels, row_groups(len(labels), 0), values.mean(axis=1))


def test_statistics_are_those_of_welchs_test():
    values, labels = two_groups()
    found = found_in(values, labels)
    first, second = (values[:, labels == c].astype(float) for c in (0, 1))
    expected = ttest_ind(first, second, axis=1, equal_var=False)
    np.testing.assert_allclose(found.statistics.total, expected.statistic, rtol=1e-4)
    np.testing.assert_allclose(found.fold_changes.total, first.mean(axis=1) - second.mean(axis=1), rtol=1e-4)
    passing = (false_discovery_control(expected.pvalue) <= 0.05).sum()
    assert found.n_passing.total[0] == passing > 0
    assert (found.n_first, found.n_second) == ((labels == 0).sum(), (labels == 1).sum())


def test_without_a_group_of_rows_they_are_those_of_the_other_rows():
    values, labels = two_groups()
    found, groups = found_in(values, labels), row_groups(40, 0)
    kept = groups != 4
    parts = [values[:, kept & (labels == c)].astype(float) for c in (0, 1)]
    expected = ttest_ind(*parts, axis=1, equal_var=False).statistic
    np.testing.assert_allclose(found.statistics.without[4], expected, rtol=1e-4)


def test_p_values_are_those_of_scipy():
    values, labels = two_groups(p=5)
    parts = [values[:, labels == c].astype(float) for c in (0, 1)]
    n, sums, squares = (
        [np.array([f(part)]).reshape(1, -1) for part in parts]
        for f in (
            lambda x: np.full(5, x.shape[1]),
            lambda x: x.sum(axis=1),
            lambda x: (x**2).sum(axis=1),
        )
    )
    _, _, p = welch(n, sums, squares)
    np.testing.assert_allclose(p[0], ttest_ind(*parts, axis=1, equal_var=False).pvalue, rtol=1e-9)


def test_a_constant_gene_passes_no_test_and_missing_values_are_left_out():
    values, labels = two_groups()
    values[0] = 3
    values[1, labels == 1] = np.nan
    values[2, :4] = np.nan
    found = differential(values, labels, row_groups(40, 0), np.full(30, 5.0))
    assert found.statistics.total[0] == 0 and found.statistics.total[1] == 0
    assert found.fold_changes.total[0] == pytest.approx(0, abs=1e-6)
    assert math.isnan(found.fold_changes.total[1])
    parts = [values[2, labels == c].astype(float) for c in (0, 1)]
    expected = ttest_ind(*parts, equal_var=False, nan_policy="omit").statistic
    assert found.statistics.total[2] == pytest.approx(expected, rel=1e-4)


def test_classes_of_too_few_rows_are_not_compared():
    values, _ = two_groups()
    labels = np.zeros(40, dtype=int)
    labels[:2] = 1
    assert found_in(values, labels) is None
    labels[2:] = -1
    assert found_in(values, labels) is None


def test_rows_of_neither_class_do_not_count():
    values, labels = two_groups()
    labels[:10] = -1
    kept = labels >= 0
    whole = found_in(values, labels)
    expected = ttest_ind(
        values[:, labels == 0].astype(float), values[:, labels == 1].astype(float), axis=1, equal_var=False
    )
    np.testing.assert_allclose(whole.statistics.total, expected.statistic, rtol=1e-4)
    assert whole.n_first + whole.n_second == kept.sum()


def test_benjamini_and_hochbergs_count():
    p = stream(3, "test.differential").random(200) ** 3
    assert n_passing(p) == (false_discovery_control(p) <= 0.05).sum()
    assert n_passing(np.ones(5)) == 0 and n_passing(np.zeros(5)) == 5


def test_overlap_of_the_most_different_genes():
    assert (n_top(10_000), n_top(1_000), n_top(3)) == (100, 50, 1)
    t = np.arange(400.0)
    assert top_overlap(t, -t) == 1
    assert top_overlap(t, t[::-1]) == 0
    assert top_overlap(t, np.roll(t, 10)) == pytest.approx(0.5)


def test_inflation_is_a_ratio_and_undefined_where_nothing_passes():
    assert inflation(np.array([4.0]), np.array([10.0])) == 2.5
    assert math.isnan(inflation(np.array([0.0]), np.array([10.0])))
