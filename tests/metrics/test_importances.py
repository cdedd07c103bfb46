import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from synthgen.metrics import importances as module
from synthgen.metrics import predictors
from synthgen.metrics.baselines import independent_columns
from synthgen.metrics.importances import compared_columns, importance_agreement, loss_increases
from synthgen.metrics.intervals import Estimate
from synthgen.metrics.predictors import fit_predictor, predictions, predictor_matrix
from synthgen.metrics.tables import CodedColumn, CodedTable
from synthgen.metrics.utility import find_task, score
from synthgen.rng import stream

KINDS = ["number", "pair", "three"]


def make_frame(n, seed, weights=(3, 2, 1, 0, 0)):
    """Five numbers, of which the first ones decide, and targets of each kind."""
    draw = stream(seed, "test.importances")
    x = draw.normal(size=(n, 5))
    y = x @ np.array(weights) + draw.normal(size=n)
    frame = pd.DataFrame({f"x{j}": x[:, j] for j in range(5)})
    return frame.assign(
        number=y, pair=np.where(y > 0, "yes", "no"), three=np.array(["a", "b", "c"])[np.digitize(y, [-2, 2])]
    )


def keep(tables, target):
    """The tables with one of the targets only."""
    others = [kind for kind in KINDS if kind != target]
    for other in others:
        tables = {which: table.without(other) for which, table in tables.items()}
    return tables


def compared(tables, target, seed=0):
    tables = keep(tables, target)
    task = find_task(tables["real"], target)
    pair = [fit_predictor(tables[which], task, seed) for which in ("real", "synthetic")]
    columns = compared_columns(pair)
    return importance_agreement(*(loss_increases(p, tables["holdout"], columns, seed) for p in pair), seed)


@pytest.mark.parametrize("target", KINDS)
def test_rows_of_one_source_agree_and_shuffled_ones_do_not(coded, target):
    tables = coded(real=make_frame(600, 1), synthetic=make_frame(600, 2), holdout=make_frame(400, 3))
    same = compared(tables, target)
    assert [c.name for c in same.columns[:3]] == ["x0", "x1", "x2"]
    assert same.agreement.value >= 0.8
    assert (same.n_rows, same.n_columns) == (400, 5)
    wrong = make_frame(600, 2, (0, 0, 0, 2, 3))
    other = coded(real=make_frame(600, 1), synthetic=wrong, holdout=make_frame(400, 3))
    assert compared(other, target).agreement.low < 0 < same.agreement.low
    tables["synthetic"] = independent_columns(tables["real"], 600, stream(0, "test"))
    assert compared(tables, target).agreement.value < same.agreement.value


@pytest.mark.parametrize("target", KINDS)
def test_an_importance_is_the_rise_of_the_mean_loss(coded, target):
    tables = keep(coded(real=make_frame(300, 1), holdout=make_frame(200, 3)), target)
    real, holdout = tables["real"], tables["holdout"]
    predictor = fit_predictor(real, find_task(real, target), 0)
    found = loss_increases(predictor, holdout, ("x1",), 0)
    order = stream(0, "metrics.importances.shuffle", 0).permutation(200)
    shuffled = CodedTable(
        tuple(
            CodedColumn(c.name, c.kind, c.values[order] if c.name == "x1" else c.values, c.levels)
            for c in holdout.columns
        ),
        200,
    )
    if target == "number":
        wanted = score(predictor, holdout).value - score(predictor, shuffled).value
    else:
        y = np.array(holdout.column(target).values)
        before, after = (
            np.maximum(predictions(predictor, predictor_matrix(predictor, t))[np.arange(200), y], 1e-6)
            for t in (holdout, shuffled)
        )
        wanted = -np.log(after).mean() + np.log(before).mean()
    assert found.values.mean() == pytest.approx(wanted)


def test_the_agreement_is_spearman_s_of_importances_not_below_zero():
    draw = stream(0, "test.spearman")
    first, second = draw.normal(0.2, 1, (2, 50, 8))
    means = [np.maximum(x.mean(axis=0), 0) for x in (first, second)]
    found = importance_agreement(*(module.LossIncreases(tuple("abcdefgh"), x, 8) for x in (first, second)), 0)
    assert found.agreement.value == pytest.approx(spearmanr(*means).statistic)
    named = {c.name: (c.real, c.synthetic) for c in found.columns}
    assert named["c"] == pytest.approx((first[:, 2].mean(), second[:, 2].mean()))
    assert [c.real for c in found.columns] == sorted((c.real for c in found.columns), reverse=True)


def test_the_interval_is_wide_where_rows_differ_and_none_where_they_do_not():
    draw = stream(0, "test.rows")
    steady = np.tile([0.1, 0.2, 0.3, 0.4], (100, 1))
    noisy = steady + draw.normal(0, 1, (100, 4))

    def agreement(x):
        pair = (module.LossIncreases(tuple("abcd"), values, 4) for values in (steady, x))
        return importance_agreement(*pair, 0).agreement

    assert agreement(steady) == Estimate(pytest.approx(1), pytest.approx(1), pytest.approx(1))
    found = agreement(noisy)
    assert found.high - found.low > 0.3
    assert -1 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize("n_columns", [0, 1, 2])
def test_fewer_than_three_columns_have_no_order_to_agree_on(n_columns):
    values = stream(0, "test.few").normal(size=(20, n_columns))
    increases = module.LossIncreases(tuple("ab"[:n_columns]), values, n_columns)
    found = importance_agreement(increases, increases, 0)
    assert found.agreement == Estimate(None)
    assert len(found.columns) == n_columns


def test_a_predictor_that_heeds_no_column_agrees_with_none(coded):
    constant = make_frame(100, 2).assign(pair="yes")
    tables = coded(real=make_frame(100, 1), synthetic=constant, holdout=make_frame(50, 3))
    found = compared(tables, "pair")
    assert found.agreement == Estimate(None)
    assert all(c.synthetic == 0 for c in found.columns)


def test_test_rows_without_any_target(coded):
    tables = coded(
        real=make_frame(100, 1),
        synthetic=make_frame(100, 2),
        holdout=make_frame(50, 3).assign(number=np.nan),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = compared(tables, "number")
    assert (found.agreement, found.n_rows) == (Estimate(None), 0)
    assert all(c.real == 0 for c in found.columns)


def test_rows_are_capped(coded, monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 30)
    tables = coded(real=make_frame(100, 1), synthetic=make_frame(100, 2), holdout=make_frame(50, 3))
    assert compared(tables, "pair").n_rows == 30


def test_of_many_columns_the_ones_that_tell_most_are_shuffled(coded, monkeypatch):
    monkeypatch.setattr(module, "MAX_COLUMNS", 2)
    real, synthetic = make_frame(300, 1), make_frame(300, 2, (0, 0, 0, 1, 3))
    tables = keep(coded(real=real, synthetic=synthetic), "number")
    task = find_task(tables["real"], "number")
    pair = [fit_predictor(t, task, 0) for t in tables.values()]
    assert compared_columns(pair) == ("x0", "x4")
    assert compared_columns(pair[:1]) == ("x0", "x1")


def test_a_column_that_one_predictor_does_not_see_costs_it_nothing(coded, monkeypatch):
    monkeypatch.setattr(predictors, "MAX_COLUMNS", 2)
    monkeypatch.setattr(predictors, "_FEW_COLUMNS", 2)
    tables = coded(
        real=make_frame(300, 1), synthetic=make_frame(300, 2, (0, 0, 0, 2, 3)), holdout=make_frame(200, 3)
    )
    found = compared(tables, "number")
    assert {c.name for c in found.columns} == {"x0", "x1", "x3", "x4"}
    assert {c.name for c in found.columns if c.synthetic == 0} == {"x0", "x1"}
    assert {c.name for c in found.columns if c.real == 0} == {"x3", "x4"}
    assert found.n_columns == 5


def test_mixed_columns_with_missing_values(people, coded):
    tables = coded(real=people(200, 1), synthetic=people(200, 2), holdout=people(150, 3))
    task = find_task(tables["real"], "tall")
    pair = [fit_predictor(tables[which], task, 0) for which in ("real", "synthetic")]
    columns = compared_columns(pair)
    assert columns == ("height", "weight", "children", "group", "seen")
    found = importance_agreement(*(loss_increases(p, tables["holdout"], columns, 0) for p in pair), 0)
    assert found.columns[0].name == "height"
    again = importance_agreement(*(loss_increases(p, tables["holdout"], columns, 0) for p in pair), 0)
    assert again == found


def test_huge_numbers(coded):
    frames = [make_frame(100, seed) for seed in (1, 2, 3)]
    for frame in frames:
        frame["number"] *= 1e299
    tables = coded(real=frames[0], synthetic=frames[1], holdout=frames[2])
    found = compared(tables, "number")
    assert found.agreement.value is not None
    assert 0 < found.columns[0].real < 10
