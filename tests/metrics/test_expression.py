import numpy as np
import pytest

from synthgen.metrics.baselines import subsample
from synthgen.metrics.classes import TwoClasses, class_labels, two_classes
from synthgen.metrics.expression import MAX_CORRELATED, expression_basis, expression_profile
from synthgen.metrics.expression_scale import ExpressionScale, expression_scale, row_totals, to_scale
from synthgen.metrics.jackknife import row_groups
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.tasks import Task
from synthgen.metrics.value_block import ValueBlock, find_block
from synthgen.rng import stream


def counts(n=60, p=250, seed=0):
    """Counts of two classes; some genes are rare, one is never seen."""
    draw = stream(seed, "test.expression")
    labels = (np.arange(n) % 3 == 0).astype(np.int64)
    means = np.exp(draw.normal(0, 1.2, p))[:, None] * draw.uniform(0.5, 2, n)
    means[:20] *= np.where(labels == 1, 4, 1)
    values = draw.poisson(means).astype(float)
    values[30] = 0
    return values, labels


def as_table(values, labels=None):
    columns = [CodedColumn(f"gene{j}", "integer", v) for j, v in enumerate(values)]
    if labels is not None:
        columns.append(CodedColumn("class", "categorical", labels, ("a", "b")))
    return CodedTable(tuple(columns), values.shape[1])


CLASSES = TwoClasses("class", "a", "b", 0.0, 1.0)


def profiled(values, labels=None, classes=None):
    table = as_table(values, labels)
    block = find_block(table, "class")
    basis = expression_basis(table, block, classes, 0)
    return basis, expression_profile(table, basis, 0)


def logs(values):
    totals = values.sum(axis=0)
    return np.log1p(values / totals * np.median(totals))


def test_moments_are_those_of_logarithms_of_counts_per_library():
    values, _ = counts()
    basis, found = profiled(values)
    expected = logs(values)
    assert basis.scale == ExpressionScale("log of counts per library", np.median(values.sum(axis=0)))
    np.testing.assert_allclose(found.means.total, expected.mean(axis=1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.variances.total, expected.var(axis=1, ddof=1), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(found.zeros.total, (values == 0).mean(axis=1), rtol=1e-6)
    assert basis.has_zeros and found.variances.total[30] == 0 and found.zeros.total[30] == 1
    np.testing.assert_array_equal(found.totals, values.sum(axis=0))
    np.testing.assert_array_equal(found.detected, (values > 0).sum(axis=0))


def test_without_a_group_of_rows_they_are_those_of_the_other_rows():
    values, _ = counts()
    kept = row_groups(60, 0) != 3
    _, found = profiled(values)
    np.testing.assert_allclose(
        found.means.without[3], logs(values)[:, kept].mean(axis=1), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(
        found.variances.without[3], logs(values)[:, kept].var(axis=1, ddof=1), rtol=1e-3, atol=1e-6
    )


def test_correlations_are_those_of_the_chosen_genes():
    values, _ = counts()
    basis, found = profiled(values)
    chosen = logs(values)[basis.correlated]
    expected = np.corrcoef(chosen)[np.triu_indices(len(chosen), 1)]
    np.testing.assert_allclose(found.correlations.total, expected, atol=1e-4)


def test_genes_that_are_hardly_ever_seen_are_not_correlated_where_there_are_others():
    values, _ = counts()
    values[:40, 3:] = 0  # detected in a twentieth of the rows
    basis, _ = profiled(values)
    assert basis.correlated.min() >= 40
    values[:200, 3:] = 0
    basis, _ = profiled(values)
    assert basis.correlated.min() < 40


def test_of_many_genes_a_thousand_are_correlated():
    values = stream(1, "test.expression").normal(size=(MAX_CORRELATED + 200, 12))
    basis, found = profiled(values)
    assert len(basis.correlated) == MAX_CORRELATED
    assert len(found.correlations.total) == MAX_CORRELATED * (MAX_CORRELATED - 1) // 2


def test_classes_are_compared_on_the_same_scale():
    values, labels = counts()
    _, found = profiled(values, labels, CLASSES)
    expected = logs(values)
    difference = expected[:, labels == 0].mean(axis=1) - expected[:, labels == 1].mean(axis=1)
    np.testing.assert_allclose(found.differential.fold_changes.total, difference, rtol=1e-3, atol=1e-5)
    top = np.argsort(-np.abs(found.differential.statistics.total))[:10]
    assert top.max() < 20


def test_missing_values_are_left_out():
    values = stream(2, "test.expression").normal(10, 2, (220, 30))
    values[4, :6] = np.nan
    values[5] = np.nan
    _, found = profiled(values)
    assert found.means.total[4] == pytest.approx(np.nanmean(values[4]), rel=1e-5)
    assert found.variances.total[4] == pytest.approx(np.nanvar(values[4], ddof=1), rel=1e-4)
    assert np.isnan(found.means.total[5])


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("as given", lambda d: d.normal(5, 1, (220, 40))),
        ("log", lambda d: np.exp(d.normal(0, 3, (220, 40)))),
        ("arcsinh", lambda d: np.exp(d.normal(0, 3, (220, 40))) * d.choice([-1, 1], (220, 40))),
    ],
)
def test_logarithms_are_taken_where_few_values_dwarf_the_rest(kind, values):
    raw = values(stream(3, "test.expression")).astype(np.float32)
    scale = expression_scale(raw, ValueBlock("continuous", np.arange(220)))
    assert scale.kind == kind
    found = raw.copy()
    to_scale(found, scale)
    expected = {"as given": lambda x: x, "log": np.log1p, "arcsinh": np.arcsinh}[kind](raw)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_rows_without_any_count_stay_at_zero():
    values = np.array([[0, 2.0], [0, 6.0]], dtype=np.float32)
    scale = ExpressionScale("log of counts per library", 4.0)
    to_scale(values, scale, row_totals(values))
    np.testing.assert_allclose(values, np.log1p([[0, 1], [0, 3]]), rtol=1e-6)


def test_few_rows_and_a_table_of_nothing_but_zeros_are_no_error():
    values, _ = counts()
    basis, _ = profiled(values)
    few = expression_profile(subsample(as_table(values), 4, stream(0, "test")), basis, 0)
    assert few.n_rows == 4 and np.isfinite(few.means.total).all()
    none = expression_profile(as_table(np.zeros((250, 12))), basis, 0)
    assert (none.variances.total == 0).all() and (none.correlations.total == 0).all()


def class_column(labels, levels):
    return CodedTable((CodedColumn("class", "categorical", np.asarray(labels), levels),), len(labels))


def test_of_several_classes_the_largest_is_held_against_the_others_or_the_second():
    table = class_column([0] * 10 + [1] * 30 + [2] * 20 + [-1] * 5, ("x", "y", "z"))
    task = Task("class", "multiclass", "auc", (0.0, 1.0, 2.0))
    rest = two_classes(table, task, against_rest=True)
    assert (rest.first, rest.second) == ("y", "the other 2 classes")
    labels = class_labels(table, rest)
    assert [(labels == c).sum() for c in (0, 1, -1)] == [30, 30, 5]
    pair = two_classes(table, task, against_rest=False)
    assert (pair.first, pair.second) == ("y", "z")
    assert [(class_labels(table, pair) == c).sum() for c in (0, 1, -1)] == [30, 20, 15]


def test_classes_of_fewer_than_ten_rows_are_neither_compared_nor_named():
    table = class_column([0] * 30 + [1] * 9, ("x", "y"))
    assert two_classes(table, Task("class", "binary", "auc", (0.0, 1.0)), against_rest=True) is None
    assert two_classes(table, Task("class", "regression", "r2"), against_rest=True) is None
    assert two_classes(table, None, against_rest=True) is None
